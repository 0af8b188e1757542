//! The world of a watch as it is: the system's clock and events, and pairs done by processes of their own.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use mtbsync_formats::atomic::sweep;
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::progress::{Cancel, Task};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::tuning::GATHER;
use super::{Look, SyncEnd, World};
use crate::batch::pairing::PlannedPair;
use crate::batch::process::ProcessError;
use crate::batch::wire::{PairJob, PairTask, Reply};
use crate::batch::{PairProgram, PairStatus};

/// How often a waiting watch looks whether it is to end.
const TICK: Duration = Duration::from_millis(100);

/// The signal of Ctrl-C.
const CTRL_C: i32 = 2;

/// The system, and the program that does a pair.
pub struct Machine<'a> {
    task: Task<'a>,
    ending: &'a Cancel,
    program: PairProgram,
    root: PathBuf,
    started: Instant,
    events: Option<Events>,
}

/// Tells that something happened in a folder.
struct Events {
    happened: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl<'a> Machine<'a> {
    /// Pairs are done by `program` and go below `root`; `ending` is set when the watch is to end after the
    /// running one, the task's own when at once.
    pub fn new(program: PairProgram, root: &Path, task: Task<'a>, ending: &'a Cancel) -> Self {
        Self {
            task,
            ending,
            program,
            root: root.to_owned(),
            started: Instant::now(),
            events: None,
        }
    }

    fn have_done(&self, task: PairTask) -> Result<Result<Reply, ProcessError>, PipelineError> {
        let threads = self.task.threads;
        let job = PairJob { task, threads };
        let run = || self.program.run(&job, self.task.progress, self.task.cancel);
        let mut reply = run();
        if matches!(reply, Err(ProcessError::Signal(CTRL_C))) && self.ending.is_requested() {
            // It came while the process was being started, which was not yet out of its reach.
            reply = run();
        }
        if matches!(reply, Err(ProcessError::Interrupted)) || self.task.cancel.is_requested() {
            return Err(TaskProblem::Interrupted.into());
        }
        Ok(reply)
    }
}

impl World for Machine<'_> {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn look(&mut self, folder: &Path, root: &Path) -> Result<Look, PipelineError> {
        let look = Look::at(folder, root);
        if look.is_err() {
            // Whatever is mounted there next is another folder to the system.
            self.events = None;
        } else if self.events.is_none() {
            self.events = listen(folder);
        }
        look
    }

    fn examine(&mut self, recording: &Path) -> Result<Option<String>, PipelineError> {
        Ok(match self.have_done(PairTask::Examine(recording.to_owned()))? {
            Ok(Reply::Whole) => None,
            Ok(Reply::Failed { error, .. }) => Some(error),
            Ok(_) => Some(ProcessError::NoReply(None).to_string()),
            Err(error) => Some(error.to_string()),
        })
    }

    fn sync(&mut self, pair: &PlannedPair) -> Result<SyncEnd, PipelineError> {
        let task = PairTask::Align {
            pair: pair.clone(),
            index: None,
        };
        let why = match self.have_done(task)? {
            Ok(Reply::Finished(finished)) => {
                return Ok(SyncEnd::Finished {
                    is_aligned: PairStatus::of(&finished.row) == PairStatus::Aligned,
                    reasons: finished.row.reasons,
                    delta: finished.delta,
                    warnings: finished.warnings,
                });
            }
            Ok(Reply::Failed { error, .. }) => error,
            Ok(_) => ProcessError::NoReply(None).to_string(),
            Err(error) => error.to_string(),
        };
        let folder = self.root.join(&pair.name);
        // What its process was writing when it died; a folder with anything in it stays.
        sweep(&folder);
        let _ = std::fs::remove_dir(&folder);
        Ok(SyncEnd::Failed(why))
    }

    fn wait(&mut self, at_most: Duration) {
        let mut until = Instant::now() + at_most;
        while !self.is_ending() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let tick = TICK.min(left);
            match self
                .events
                .as_ref()
                .map(|events| events.happened.recv_timeout(tick))
            {
                Some(Ok(())) => until = until.min(Instant::now() + GATHER),
                Some(Err(RecvTimeoutError::Timeout)) => {}
                Some(Err(RecvTimeoutError::Disconnected)) => self.events = None,
                None => std::thread::sleep(tick),
            }
        }
    }

    fn is_ending(&self) -> bool {
        self.ending.is_requested() || self.task.cancel.is_requested()
    }
}

/// `None` where the system has no events for that folder; it is looked at all the same, only later.
fn listen(folder: &Path) -> Option<Events> {
    let (sender, happened) = channel();
    let tell = move |event: notify::Result<notify::Event>| {
        // That files are read, by this program among others, changes nothing.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Nobody listens when the watch is over.
            let _ = sender.send(());
        }
    };
    let mut watcher = notify::recommended_watcher(tell).ok()?;
    watcher.watch(folder, RecursiveMode::Recursive).ok()?;
    Some(Events {
        happened,
        _watcher: watcher,
    })
}
