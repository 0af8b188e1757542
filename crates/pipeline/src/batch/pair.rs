//! One pair of a batch: a process of its own does it. Whatever goes wrong becomes the pair's row.

use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::atomic::sweep;
use mtbsync_quality::perf;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use mtbsync_formats::json;
use mtbsync_index::describe::absolute;
use mtbsync_quality::batch_summary::BatchRow;
use mtbsync_quality::perf::{PERF_FILE, Perf, PerfPair, Timings};
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::progress::Progress;
use serde::{Deserialize, Serialize};

use super::pairing::PlannedPair;
use super::process::ProcessError;
use super::record::Record;
use super::run::BatchRequest;
use super::wire::{PairJob, PairTask, Reply};
use crate::context::Context;
use crate::map::delta::Delta;
use crate::recordings::index::prepare_folder;
use crate::resources::Used;

/// Index of the shared reference while a batch without a cache runs, in its output folder.
const SHARED_INDEX_FILE: &str = ".batch_reference.npz";

/// A pair that is done, well or badly.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// Its row of the summary.
    pub row: BatchRow,
    /// Its note; `None` for a failed pair.
    pub record: Option<Record>,
    /// What the new run took longer than the reference on what both show; `None` where that was not asked
    /// again or is not known.
    pub delta: Option<Delta>,
    /// Nothing had to be done.
    pub resumed: bool,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// What the threads of a batch need to have pairs done.
pub struct Workshop<'a> {
    request: &'a BatchRequest,
    context: &'a Context<'a>,
    shared: Option<SharedReference>,
}

impl<'a> Workshop<'a> {
    /// For a batch of `pairs` pairs.
    pub fn new(request: &'a BatchRequest, context: &'a Context<'a>, pairs: usize) -> Self {
        let reference = request.pairing.reference.as_ref().filter(|_| pairs > 1);
        let own_index = context
            .cache
            .is_none()
            .then(|| request.pairing.out_dir.join(SHARED_INDEX_FILE));
        Self {
            request,
            context,
            shared: reference.map(|reference| SharedReference {
                reference: reference.clone(),
                own_index,
                described: Mutex::new(None),
            }),
        }
    }

    /// Does one pair, or finds it done.
    ///
    /// # Errors
    /// Only an interruption; everything else is in the row.
    pub fn run(
        &self,
        pair: &PlannedPair,
        threads: usize,
        progress: &dyn Progress,
    ) -> Result<Finished, PipelineError> {
        let begun = Instant::now();
        let failure = match self.attempt(pair, threads, progress) {
            Ok(Reply::Finished(finished)) => return Ok(*finished),
            Ok(Reply::Failed { error, used }) => PairFailure {
                error,
                used,
                warnings: Vec::new(),
            },
            Ok(Reply::NotFinished | Reply::Described | Reply::Whole) => {
                PairFailure::of(&ProcessError::NoReply(None))
            }
            Err(ProcessError::Interrupted) => return Err(TaskProblem::Interrupted.into()),
            Err(error) => PairFailure::of(&error),
        };
        self.context.task.cancel.check()?;
        Ok(self.failed(pair, failure, begun.elapsed().as_secs_f64()))
    }

    fn attempt(
        &self,
        pair: &PlannedPair,
        threads: usize,
        progress: &dyn Progress,
    ) -> Result<Reply, ProcessError> {
        let have_done = |task: PairTask| {
            let job = PairJob { task, threads };
            self.request.program.run(&job, progress, self.context.task.cancel)
        };
        if self.request.resume && self.shared.is_some() {
            // The shared reference is described only when a pair is left that needs it.
            let found = have_done(PairTask::LookUp(pair.clone()))?;
            if !matches!(found, Reply::NotFinished) {
                return Ok(found);
            }
        }
        let index = match &self.shared {
            Some(shared) => shared.described(have_done)?,
            None => None,
        };
        have_done(PairTask::Align {
            pair: pair.clone(),
            index,
        })
    }

    /// The row and the telemetry of a pair that has no result.
    fn failed(&self, pair: &PlannedPair, failure: PairFailure, total_sec: f64) -> Finished {
        let folder = self.request.pairing.out_dir.join(&pair.name);
        // What its process was writing when it died.
        sweep(&folder);
        let row = BatchRow {
            ok: false,
            error: Some(failure.error),
            total_sec: Some(total_sec),
            ..with_paths(BatchRow::default(), pair, &folder)
        };
        let perf = Perf {
            ok: false,
            cmd: "batch_item".to_owned(),
            out: absolute(&folder),
            pair: PerfPair {
                reference: absolute(&pair.reference),
                new: absolute(&pair.new),
            },
            timings: Timings {
                total_sec: Some(total_sec),
                ..Timings::default()
            },
            cpu_pct: failure.used.cpu_pct,
            rss_mb: failure.used.rss_mb,
            gpu_util: failure.used.gpu_util,
            gpu_mem_mb: failure.used.gpu_mem_mb,
            error: row.error.clone(),
            ts: self.context.now_utc(),
            ..Perf::default()
        };
        let mut warnings = failure.warnings;
        warnings.extend(write_perf(&folder, &perf).err().map(|error| error.to_string()));
        Finished {
            row,
            record: None,
            delta: None,
            resumed: false,
            warnings,
        }
    }
}

/// Why a pair has no result.
struct PairFailure {
    error: String,
    used: Used,
    warnings: Vec<String>,
}

impl PairFailure {
    fn of(error: &ProcessError) -> Self {
        Self {
            error: error.to_string(),
            used: Used::default(),
            warnings: error.hint().into_iter().collect(),
        }
    }
}

/// A reference that all pairs of a batch share: described once, by a process of its own, when the first pair
/// needs it.
struct SharedReference {
    reference: PathBuf,
    /// Where its index goes when there is no cache.
    own_index: Option<PathBuf>,
    /// Whether that was tried, and what went wrong; pairs wait for each other here.
    described: Mutex<Option<Result<(), String>>>,
}

impl SharedReference {
    /// The index that pairs are to use; `None`: that of the cache, or their own.
    fn described(
        &self,
        have_done: impl FnOnce(PairTask) -> Result<Reply, ProcessError>,
    ) -> Result<Option<PathBuf>, ProcessError> {
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        if described.is_none() {
            let task = PairTask::DescribeReference {
                reference: self.reference.clone(),
                out: self.own_index.clone(),
            };
            *described = Some(match have_done(task) {
                // A reference that cannot be read is each pair's own error, in its own words.
                Ok(_) => Ok(()),
                Err(ProcessError::Interrupted) => return Err(ProcessError::Interrupted),
                Err(error) => Err(error.to_string()),
            });
        }
        match &*described {
            Some(Err(error)) => Err(ProcessError::Reference(error.clone())),
            _ => Ok(self.own_index.clone().filter(|index| index.exists())),
        }
    }
}

impl Drop for SharedReference {
    fn drop(&mut self) {
        if let Some(index) = &self.own_index {
            // There is none when nothing was left to do.
            let _ = std::fs::remove_file(index);
        }
    }
}

/// The row of a pair with today's paths.
pub fn with_paths(row: BatchRow, pair: &PlannedPair, folder: &Path) -> BatchRow {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    BatchRow {
        ref_video: text(&pair.reference),
        new_video: text(&pair.new),
        out_dir: text(folder),
        ..row
    }
}

fn write_perf(folder: &Path, perf: &Perf) -> Result<(), PipelineError> {
    prepare_folder(folder)?;
    let bytes = json::to_vec(perf)?;
    write_files(&[(&folder.join(PERF_FILE), perf::OWN, &bytes)])
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use mtbsync_align::WarpSettings;
    use mtbsync_matching::settings::MatchSettings;
    use mtbsync_task::progress::{Cancel, Silent};

    use super::*;
    use crate::batch::pairing::PairingSettings;
    use crate::batch::process::PairProgram;
    use crate::markers::export::ExportSettings;
    use crate::settings::AnalysisSettings;
    use crate::sync::{RunName, SyncRequest};

    /// A clock on which every look takes a second.
    fn ticking() -> String {
        static LOOKS: AtomicUsize = AtomicUsize::new(0);
        format!("2026-06-01T09:00:{:02}Z", LOOKS.fetch_add(1, Ordering::SeqCst))
    }

    fn request(out_dir: &Path) -> BatchRequest {
        BatchRequest {
            pairing: PairingSettings {
                input_dir: PathBuf::new(),
                out_dir: out_dir.to_owned(),
                ref_suffix: String::new(),
                new_suffix: String::new(),
                reference: None,
                recursive: false,
                single_file: false,
                ref_markers: None,
            },
            each: SyncRequest {
                reference: PathBuf::new(),
                new: PathBuf::new(),
                index: None,
                out: None,
                root: None,
                ref_markers: None,
                review_threshold: 0.6,
                exports: Vec::new(),
                export: ExportSettings::default(),
                analysis: AnalysisSettings::default(),
                matching: MatchSettings::default(),
                warp: WarpSettings::default(),
                discard_edits: false,
                stop_after_pairs: false,
                plot: false,
                regression: None,
                run: RunName::Batch(String::new()),
            },
            program: PairProgram {
                program: "/bin/sh".into(),
                args: vec!["-c".into(), "read job; exit 7".into()],
                silence: Duration::from_secs(600),
                outlives_ctrl_c: false,
            },
            jobs: 1,
            resume: false,
            regression: None,
        }
    }

    #[test]
    fn each_pair_has_the_time_at_which_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let request = request(folder.path());
        let cancel = Cancel::default();
        let context = Context::silent(&cancel, ticking, false);
        let workshop = Workshop::new(&request, &context, 2);
        let ended = ["a", "b"].map(|name| {
            let pair = PlannedPair {
                name: name.to_owned(),
                reference: "ref.mp4".into(),
                new: "new.mp4".into(),
                ref_track: None,
                new_track: None,
                ref_markers: None,
            };
            workshop.run(&pair, 1, &Silent).unwrap();
            let perf: Perf = json::read(&folder.path().join(name).join(PERF_FILE)).unwrap();
            perf.ts
        });
        assert!(ended[0] < ended[1], "{ended:?}");
    }
}
