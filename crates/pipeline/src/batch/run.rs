//! A batch: worker threads take pairs from a list; the calling thread keeps summary, history and order.
//!
//! The summary is rewritten after every pair. The history grows in the order of pair names, so a pair that
//! finishes early waits for those before it; a killed batch therefore leaves a history that ends at some
//! pair, and `--resume` goes on from there. That a pair is in the history once and not twice is settled by
//! its note: the time is written there first, the history second, and a resumed batch looks whether the
//! history has that record.

use mtbsync_artefacts::run_set::write_files;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use mtbsync_formats::atomic::Replaces;
use mtbsync_quality::batch_summary::{self, BatchRow, SUMMARY_FILE, to_csv};
use mtbsync_quality::history::{self, HistoryRecord};
use mtbsync_quality::regression::{self, RegressionSettings, RegressionStatus};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::{Cancel, Progress};

use super::lock::lock;
use super::pair::{Finished, Workshop};
use super::pairing::{PairingSettings, Plan, PlannedPair};
use super::process::PairProgram;
use super::totals::{PairStatus, Totals};
use crate::context::Context;
use crate::recordings::index::prepare_folder;
use crate::sync::SyncRequest;
use crate::sync::error::SyncProblem;

/// What to do with the pairs of a plan.
#[derive(Clone, Debug)]
pub struct BatchRequest {
    /// Where the pairs came from and where results go.
    pub pairing: PairingSettings,
    /// What every pair is asked for; recordings, folders, markers and history are filled in.
    pub each: SyncRequest,
    /// How a process that does one pair is started.
    pub program: PairProgram,
    /// Pairs at the same time.
    pub jobs: usize,
    /// Skip pairs that are finished.
    pub resume: bool,
    /// Compare with earlier runs; `None`: keep no history.
    pub regression: Option<RegressionSettings>,
}

/// A pair as the person hears of it.
#[derive(Clone, Debug)]
pub struct PairDone {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: PairStatus,
    /// Its row of the summary.
    pub row: BatchRow,
    /// It was finished before.
    pub resumed: bool,
    /// Comparison with earlier runs.
    pub regression: Option<RegressionStatus>,
}

/// Told about running pairs, by the threads that run them.
pub trait Observer: Sync {
    /// A pair begins; its stages go to what is returned, which is dropped when it ends.
    fn pair(&self, name: &str) -> Box<dyn Progress + '_>;
}

/// What came of a batch.
#[derive(Clone, Debug)]
pub struct BatchReport {
    /// Counts.
    pub totals: Totals,
    /// Worst comparison with earlier runs.
    pub regression: Option<RegressionStatus>,
    /// The summary.
    pub summary: PathBuf,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// Does all pairs of `plan`. `done` is told about each on the calling thread, in the order of pair names.
///
/// # Errors
/// The output folder cannot be used or another batch uses it; an interruption. A failed pair is no error.
pub fn batch(
    request: &BatchRequest,
    plan: &Plan,
    context: &Context<'_>,
    observer: &dyn Observer,
    done: &mut dyn FnMut(&PairDone),
) -> Result<BatchReport, PipelineError> {
    let out_dir = &request.pairing.out_dir;
    prepare_folder(out_dir)?;
    let may_summary = context
        .outputs([])
        .allow(&out_dir.join(SUMMARY_FILE), batch_summary::OWN)?;
    let _lock = lock(out_dir)?;
    let jobs = request.jobs.clamp(1, plan.pairs.len().max(1));
    let workshop = Workshop::new(request, context, plan.pairs.len());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    let mut ledger = Ledger::new(request, plan, context, done, may_summary);
    std::thread::scope(|scope| {
        for worker in 0..jobs {
            let crew = Crew {
                pairs: &plan.pairs,
                next: &next,
                observer,
                // The first workers take what does not divide evenly.
                threads: (context.task.threads / jobs + usize::from(worker < context.task.threads % jobs))
                    .max(1),
                workshop: &workshop,
            };
            let sender = sender.clone();
            scope.spawn(move || crew.work(context.task.cancel, &sender));
        }
        drop(sender);
        let kept = ledger.keep(&receiver);
        if kept.is_err() {
            context.task.cancel.request();
        }
        kept
    })?;
    context.task.cancel.check()?;
    Ok(ledger.report())
}

/// Place of a pair in the plan, and what became of it.
type Message = (usize, Result<Finished, PipelineError>);

/// What a worker thread knows.
struct Crew<'a> {
    pairs: &'a [PlannedPair],
    next: &'a AtomicUsize,
    observer: &'a dyn Observer,
    threads: usize,
    workshop: &'a Workshop<'a>,
}

impl Crew<'_> {
    fn work(&self, cancel: &Cancel, results: &Sender<Message>) {
        loop {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(pair) = self.pairs.get(index).filter(|_| !cancel.is_requested()) else {
                return;
            };
            let progress = self.observer.pair(&pair.name);
            let finished = self.workshop.run(pair, self.threads, &*progress);
            drop(progress);
            if results.send((index, finished)).is_err() {
                return;
            }
        }
    }
}

/// Everything that belongs to the batch as a whole.
struct Ledger<'a> {
    request: &'a BatchRequest,
    plan: &'a Plan,
    context: &'a Context<'a>,
    done: &'a mut dyn FnMut(&PairDone),
    /// Finished pairs by their place in the plan; notes are taken out once they are in the history.
    finished: Vec<Option<Finished>>,
    /// The first pair that is not settled.
    next: usize,
    totals: Totals,
    regression: Option<RegressionStatus>,
    warnings: Vec<String>,
    /// What the summary may replace.
    may_summary: Replaces,
}

impl<'a> Ledger<'a> {
    fn new(
        request: &'a BatchRequest,
        plan: &'a Plan,
        context: &'a Context<'a>,
        done: &'a mut dyn FnMut(&PairDone),
        may_summary: Replaces,
    ) -> Self {
        Self {
            request,
            plan,
            context,
            done,
            finished: plan.pairs.iter().map(|_| None).collect(),
            next: 0,
            totals: Totals::default(),
            regression: None,
            warnings: plan.warnings.clone(),
            may_summary,
        }
    }

    fn keep(&mut self, results: &Receiver<Message>) -> Result<(), PipelineError> {
        for (index, finished) in results {
            let finished = finished?;
            if let Some(place) = self.finished.get_mut(index) {
                *place = Some(finished);
            }
            self.settle()?;
            self.write_summary()?;
        }
        Ok(())
    }

    /// Settles pairs as far as they are finished without a gap.
    fn settle(&mut self) -> Result<(), PipelineError> {
        let plan = self.plan;
        while let Some(pair) = plan.pairs.get(self.next) {
            let Some(mut finished) = self.finished.get_mut(self.next).and_then(Option::take) else {
                break;
            };
            let regression = self.join_history(pair, &mut finished)?;
            let status = PairStatus::of(&finished.row);
            self.totals.add(status);
            self.regression = self.regression.max(regression);
            let named = |warning: &String| format!("{}: {warning}", pair.name);
            self.warnings.extend(finished.warnings.iter().map(named));
            (self.done)(&PairDone {
                name: pair.name.clone(),
                status,
                row: finished.row.clone(),
                resumed: finished.resumed,
                regression,
            });
            if let Some(place) = self.finished.get_mut(self.next) {
                *place = Some(finished);
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Adds an aligned pair to the history, unless a killed batch has done so, and judges it.
    fn join_history(
        &self,
        pair: &PlannedPair,
        finished: &mut Finished,
    ) -> Result<Option<RegressionStatus>, PipelineError> {
        let (Some(settings), Some(record)) = (&self.request.regression, &mut finished.record) else {
            return Ok(None);
        };
        let Some(metrics) = record.metrics.clone() else {
            return Ok(None);
        };
        let root = &self.request.pairing.out_dir;
        let run_id = format!("batch:{}", pair.name);
        let known = record
            .history_ts
            .clone()
            .filter(|ts| history_has(root, &run_id, ts));
        let is_there = known.is_some();
        // Not when it ended: the history is in order of time, and pairs join it in that of their names.
        let ts = known.unwrap_or_else(|| self.context.now_utc());
        if !is_there {
            record.history_ts = Some(ts.clone());
            record.write(&root.join(&pair.name))?;
        }
        let entry: Vec<HistoryRecord> = (!is_there)
            .then(|| metrics.at(&ts, &run_id))
            .into_iter()
            .collect();
        let appended =
            history::append(root, &entry).map_err(|error| SyncProblem::History(error, root.clone()))?;
        finished.warnings.extend(appended.warnings);
        let Some(report) = regression::judge_run(&appended.history.records, &run_id, &ts, settings) else {
            return Ok(None);
        };
        regression::write(root, &report).map_err(|error| SyncProblem::Regression(error, root.clone()))?;
        Ok(Some(report.status))
    }

    fn write_summary(&self) -> Result<(), PipelineError> {
        let rows: Vec<BatchRow> = self.finished.iter().flatten().map(|f| f.row.clone()).collect();
        let path = self.request.pairing.out_dir.join(SUMMARY_FILE);
        write_files(&[(&path, self.may_summary, &to_csv(&rows))])
    }

    fn report(self) -> BatchReport {
        BatchReport {
            totals: self.totals,
            regression: self.regression,
            summary: self.request.pairing.out_dir.join(SUMMARY_FILE),
            warnings: self.warnings,
        }
    }
}

fn history_has(root: &Path, run_id: &str, ts: &str) -> bool {
    let same = |record: &HistoryRecord| record.run_id == run_id && record.ts == ts;
    history::read(root).is_ok_and(|history| history.records.iter().any(same))
}
