//! Jobs: the program itself, started as a child on behalf of a page.
//!
//! One job runs at a time, others wait. A job ends with the server. What a page may ask for is what the
//! program says of its command line ([`command`]); each value is checked before anything starts
//! ([`request`]).

pub mod command;
pub mod outputs;
pub mod process;
pub mod record;
pub mod request;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mtbsync_artefacts::run_set::{RunLock, write_files_under};
use mtbsync_artefacts::time_warp::NEW_MARKERS_FILE;
use mtbsync_formats::atomic::Replaces;
use mtbsync_pipeline::map::refit::repinned;
use process::OutputLine;
use record::{JobEvent, JobRecord, JobState};
use request::Order;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, watch};

use crate::blocking::blocking;
use crate::clock::now_unix;
use crate::config::{Log, ServerConfig};
use crate::error::{ApiError, Kind};
use crate::http::etag;

/// Most jobs that wait (docs/reference/http.md#writing-and-jobs).
const MAX_QUEUED: usize = 32;
/// Most jobs remembered.
const MAX_KEPT: usize = 200;
/// Lines of a program waiting to be taken.
const LINES: usize = 64;
/// Most folders below the output of a batch that are looked into for markers.
const MAX_FOLDERS: usize = 10_000;
/// Hex digits that tell jobs of this server from those of an earlier one.
const ERA_DIGITS: usize = 6;

/// All jobs of a server; a clone is another handle to the same.
#[derive(Clone)]
pub struct Jobs(Arc<Worker>);

struct Worker {
    list: Mutex<List>,
    /// Something is to be done by the worker.
    work: Notify,
    /// Counts what happened to any job, for streams.
    changes: watch::Sender<u64>,
    /// The running job is to stop.
    stop: watch::Sender<bool>,
    /// The worker has ended.
    ended: watch::Sender<bool>,
    program: PathBuf,
    root: PathBuf,
    /// How long a job waits for files to be looked at, before and after the program runs.
    file_time: Duration,
    log: Log,
}

#[derive(Default)]
struct List {
    jobs: VecDeque<JobRecord>,
    era: String,
    count: u64,
}

impl List {
    fn find(&mut self, id: &str) -> Result<&mut JobRecord, ApiError> {
        let found = self.jobs.iter_mut().find(|job| job.id == id);
        found.ok_or_else(|| ApiError::not_found("job"))
    }
}

impl Jobs {
    /// Starts the worker, which ends when `stopping` becomes true.
    pub fn start(config: &ServerConfig, stopping: watch::Receiver<bool>) -> Self {
        let era = format!("{:.6}", now_unix());
        let jobs = Self(Arc::new(Worker {
            list: Mutex::new(List {
                era: etag::hex(era.as_bytes(), ERA_DIGITS),
                ..List::default()
            }),
            work: Notify::new(),
            changes: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            program: config.program.clone(),
            root: config.root.clone(),
            file_time: config.limits.answer,
            log: Arc::clone(&config.log),
        }));
        tokio::spawn(jobs.clone().work(stopping));
        jobs
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    /// Puts a job into the queue; its id.
    ///
    /// # Errors
    /// As many wait as may.
    pub fn add(&self, order: Order) -> Result<String, ApiError> {
        let mut list = self.list();
        let waiting = list
            .jobs
            .iter()
            .filter(|job| job.state == JobState::Queued)
            .count();
        if waiting >= MAX_QUEUED {
            return Err(ApiError::new(Kind::TooMany, "too many jobs are waiting"));
        }
        list.count += 1;
        let id = format!("{}-{}", list.era, list.count);
        list.jobs.push_back(JobRecord::new(id.clone(), order, now_unix()));
        while list.jobs.len() > MAX_KEPT
            && let Some(oldest) = list.jobs.iter().position(|job| job.state.is_ended())
        {
            list.jobs.remove(oldest);
        }
        drop(list);
        self.changed();
        self.0.work.notify_one();
        Ok(id)
    }

    /// Stops a job.
    ///
    /// # Errors
    /// There is none of that id, or it has ended.
    pub fn cancel(&self, id: &str) -> Result<(), ApiError> {
        let mut list = self.list();
        let job = list.find(id)?;
        match job.state {
            JobState::Queued => job.enter(JobState::Cancelled, now_unix()),
            JobState::Running => {
                job.cancel_wanted = true;
                self.0.stop.send_replace(true);
            }
            JobState::Done | JobState::Failed | JobState::Cancelled => {
                return Err(ApiError::new(Kind::RunBusy, "the job has ended"));
            }
        }
        drop(list);
        self.changed();
        Ok(())
    }

    /// All jobs, newest first.
    pub fn all(&self) -> Vec<Value> {
        self.list().jobs.iter().rev().map(JobRecord::to_json).collect()
    }

    /// One job with its log and result.
    ///
    /// # Errors
    /// There is none of that id.
    pub fn details(&self, id: &str) -> Result<Value, ApiError> {
        self.list().find(id).map(|job| job.details())
    }

    /// What happened to a job after event `seen`, and whether it has ended.
    ///
    /// # Errors
    /// There is none of that id.
    pub fn since(&self, id: &str, seen: u64) -> Result<(Vec<JobEvent>, bool), ApiError> {
        self.list()
            .find(id)
            .map(|job| (job.since(seen), job.state.is_ended()))
    }

    /// Changes whenever something happens to any job.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Whether the running job writes into `folder`.
    pub fn is_busy_in(&self, folder: &Path) -> bool {
        self.list().jobs.iter().any(|job| job.is_busy_in(folder))
    }

    /// Waits until the worker has ended; it does so once the server is told to stop.
    pub async fn ended(&self) {
        crate::stopping::stopped(&mut self.0.ended.subscribe()).await;
    }

    async fn work(self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            let Some((id, order)) = self.next() else {
                tokio::select! {
                    () = self.0.work.notified() => {}
                    () = crate::stopping::stopped(&mut stopping) => {}
                }
                continue;
            };
            self.run(&id, &order, &mut stopping).await;
        }
        self.0.ended.send_replace(true);
    }

    fn next(&self) -> Option<(String, Order)> {
        let mut list = self.list();
        let job = list.jobs.iter_mut().find(|job| job.state == JobState::Queued)?;
        self.0.stop.send_replace(false);
        job.enter(JobState::Running, now_unix());
        let next = (job.id.clone(), job.order.clone());
        drop(list);
        self.changed();
        Some(next)
    }

    async fn run(&self, id: &str, order: &Order, stopping: &mut watch::Receiver<bool>) {
        let checked = {
            let order = order.clone();
            blocking(self.0.file_time, move || order.check_outputs()).await
        };
        if let Err(error) = checked {
            self.take(id, OutputLine::Text(error.to_string()));
            self.end(id, JobState::Failed, None, None);
            return;
        }
        let (sender, mut lines) = mpsc::channel(LINES);
        let stop = self.0.stop.subscribe();
        let running = process::run(&self.0.program, &order.args, &self.0.root, sender, stop);
        tokio::pin!(running);
        let ended = loop {
            tokio::select! {
                ended = &mut running => break ended,
                Some(line) = lines.recv() => self.take(id, line),
                () = crate::stopping::stopped(stopping), if !*self.0.stop.borrow() => {
                    self.0.stop.send_replace(true);
                }
            }
        };
        while let Ok(line) = lines.try_recv() {
            self.take(id, line);
        }
        let (exit_code, summary) = match ended {
            Ok(ended) => (ended.exit_code, ended.summary),
            Err(error) => {
                (self.0.log)(&format!("job {id} could not be run: {error}"));
                self.take(id, OutputLine::Text("the program could not be run".to_owned()));
                (None, None)
            }
        };
        let output = order.output.clone();
        let pin = move || pin_again(&output).map_err(ApiError::unusable);
        if let Err(error) = blocking(self.0.file_time, pin).await {
            self.take(id, OutputLine::Text(error.to_string()));
        }
        let cancel_wanted = self.list().find(id).is_ok_and(|job| job.cancel_wanted);
        let state = match exit_code {
            Some(0) => JobState::Done,
            _ if cancel_wanted || *stopping.borrow() => JobState::Cancelled,
            _ => JobState::Failed,
        };
        self.end(id, state, exit_code, summary);
    }

    fn end(&self, id: &str, state: JobState, exit_code: Option<i32>, summary: Option<Value>) {
        if let Ok(job) = self.list().find(id) {
            job.end(state, exit_code, summary, now_unix());
        }
        self.changed();
    }

    fn take(&self, id: &str, line: OutputLine) {
        if let Ok(job) = self.list().find(id) {
            match line {
                OutputLine::Progress(data) => job.progress(data),
                OutputLine::Text(text) => job.log(&text),
            }
        }
        self.changed();
    }
}

/// Puts the moments a person has set back into the tables of markers a job wrote at or below `output`.
fn pin_again(output: &Path) -> Result<(), String> {
    let folder = if output.is_dir() {
        output
    } else {
        output.parent().unwrap_or(output)
    };
    let inner = std::fs::read_dir(folder).into_iter().flatten().take(MAX_FOLDERS);
    let inner = inner.filter_map(|entry| Some(entry.ok()?.path()));
    for folder in std::iter::once(folder.to_owned()).chain(inner) {
        let failed = |what: String| format!("moments set by hand were not put back: {what}");
        let table = folder.join(NEW_MARKERS_FILE);
        let lock = RunLock::of_run_with(&table);
        if let Some(csv) = repinned(&folder).map_err(|error| failed(error.what()))? {
            write_files_under(lock.as_ref(), &[(&table, Replaces::ANYTHING, &csv)])
                .map_err(|error| failed(error.to_string()))?;
        }
    }
    Ok(())
}
