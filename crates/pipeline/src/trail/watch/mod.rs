//! `trail watch`: new recordings of a folder are synced against the reference of a trail as they appear.
//!
//! A look at the folder (`folder`) goes into the `roster`, which knows what stands still since when. What is
//! written is identified by content: a run below the root (`runs`) or a remembered failure (`failures`) of
//! that content ends it there, so that each recording is done once, whatever it is called, wherever it lies
//! and however often the watcher is started. Everything outside, the clock included, is a [`World`], so that
//! tests need neither to wait nor to align; `machine` is the real one, whose pairs are done by processes of
//! their own, as in `batch`.

pub(crate) mod error;
mod failures;
mod folder;
mod machine;
mod roster;
mod runs;
#[cfg(test)]
mod tests;
mod tuning;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mtbsync_formats::fingerprint;
use mtbsync_index::describe;
use mtbsync_task::error::PipelineError;

use self::error::WatchProblem;
use self::failures::Failures;
use self::folder::{FileState, Seen};
use self::roster::Roster;
use self::runs::Runs;
use crate::batch::lock::lock;
use crate::batch::pairing::{OneReference, PlannedPair};
use crate::map::delta::Delta;
use crate::recordings::index::prepare_folder;
use crate::trail::error::TrailProblem;

pub use self::failures::WATCH_FILE;
pub use self::folder::Look;
pub use self::machine::Machine;
pub use self::runs::reference_of_root;
pub use self::tuning::SETTLE;

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchRequest {
    /// The folder that recordings come into.
    pub folder: PathBuf,
    /// The folder of the runs.
    pub root: PathBuf,
    /// What they are synced against; `None`: the reference of the newest run below the root.
    pub reference: Option<PathBuf>,
    /// End when everything that is there is done.
    pub once: bool,
    /// A recording that did not change for this long is written.
    pub settle: Duration,
}

/// What became of a pair.
#[derive(Clone, Debug)]
pub enum SyncEnd {
    /// The run is there, aligned or not.
    Finished {
        /// The map passed its gates.
        is_aligned: bool,
        /// Why not.
        reasons: Vec<String>,
        /// What it took longer than the reference.
        delta: Option<Delta>,
        /// Lines for the person.
        warnings: Vec<String>,
    },
    /// There is no run, and why, in one line.
    Failed(String),
}

/// Everything around a watch.
pub trait World {
    /// A clock that only goes forward.
    fn now(&self) -> Duration;
    /// Looks at `folder` and below, but not into `root`.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    fn look(&mut self, folder: &Path, root: &Path) -> Result<Look, PipelineError>;
    /// Whether a recording is all there. `Ok(Some)`: it is not, and why.
    ///
    /// # Errors
    /// An interruption.
    fn examine(&mut self, recording: &Path) -> Result<Option<String>, PipelineError>;
    /// Syncs a pair into the folder of its name.
    ///
    /// # Errors
    /// An interruption.
    fn sync(&mut self, pair: &PlannedPair) -> Result<SyncEnd, PipelineError>;
    /// Waits for something to happen in the folder, `at_most` so long.
    fn wait(&mut self, at_most: Duration);
    /// Whether to end after what is running.
    fn is_ending(&self) -> bool;
}

/// Something that the person may want to know. Recordings are called by the name of their first file.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// Looking for recordings, which are synced against that one.
    Watching {
        /// The reference.
        reference: PathBuf,
    },
    /// A recording is being written.
    Waiting(String),
    /// A recording that has its run, or is the reference.
    Known {
        /// The recording.
        name: String,
        /// Its run; `None` for a reference without any.
        run: Option<PathBuf>,
    },
    /// A recording that failed before and has not changed since.
    FailedBefore {
        /// The recording.
        name: String,
        /// Why.
        why: String,
    },
    /// A recording that stands still and is not whole.
    Broken {
        /// The recording.
        name: String,
        /// Why.
        why: String,
    },
    /// A sync begins.
    Syncing {
        /// The recording.
        name: String,
        /// Folder of the run.
        out: PathBuf,
    },
    /// A sync is done.
    Synced {
        /// The recording.
        name: String,
        /// Folder of the run.
        out: PathBuf,
        /// The map passed its gates.
        is_aligned: bool,
        /// Why not.
        reasons: Vec<String>,
        /// What it took longer than the reference.
        delta: Option<Delta>,
        /// Lines for the person.
        warnings: Vec<String>,
    },
    /// A sync failed.
    Failed {
        /// The recording.
        name: String,
        /// Why.
        why: String,
    },
    /// A recording, or the reference, was taken away while it was synced.
    Gone {
        /// The recording.
        name: String,
        /// What the sync said.
        why: String,
    },
    /// The reference is not there; recordings wait for it.
    NoReference(PathBuf),
    /// The folder is not there, or cannot be read; it is waited for.
    NoFolder(PipelineError),
}

/// What a watch did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchReport {
    /// Aligned runs.
    pub synced: usize,
    /// Runs that are not aligned.
    pub not_aligned: usize,
    /// Recordings that failed, or are broken.
    pub failed: usize,
    /// Recordings that had their run, or had failed, before.
    pub known: usize,
}

/// Watches until the world ends it, or with `once` until everything is done.
///
/// # Errors
/// No root, no reference, another watch or batch at work there; with `once` also no folder. An interruption.
pub fn watch(
    request: &WatchRequest,
    world: &mut dyn World,
    say: &mut dyn FnMut(&WatchEvent),
) -> Result<WatchReport, PipelineError> {
    let mut watch = Watch::new(request, world, say)?;
    while !watch.world.is_ending() {
        if watch.step()? {
            continue;
        }
        if request.once && watch.is_done {
            break;
        }
        let now = watch.world.now();
        let next = watch.roster.next(now).unwrap_or(tuning::POLL);
        watch.world.wait(next.min(tuning::POLL));
    }
    Ok(watch.report)
}

/// The recording that all are compared with.
struct Reference {
    path: PathBuf,
    /// Its files, the first chapter first.
    chapters: Vec<PathBuf>,
    fingerprint: String,
}

impl Reference {
    fn open(request: &WatchRequest) -> Result<Self, PipelineError> {
        let path = match &request.reference {
            Some(path) => path.clone(),
            None => reference_of_root(&request.root)?,
        };
        if !path.is_file() {
            return Err(PipelineError::from(WatchProblem::NoReference).at(&path));
        }
        let opened = describe::open(&path, false, true)?;
        let chapters = opened.recording.chapters().iter();
        Ok(Self {
            chapters: chapters.map(|chapter| chapter.path.clone()).collect(),
            fingerprint: opened.source.fingerprint,
            path,
        })
    }

    /// Whether it can be read and is what it was.
    fn is_there(&self) -> bool {
        fingerprint(&self.chapters).is_ok_and(|now| now == self.fingerprint)
    }
}

struct Watch<'a> {
    request: &'a WatchRequest,
    world: &'a mut dyn World,
    say: &'a mut dyn FnMut(&WatchEvent),
    reference: Reference,
    roster: Roster,
    runs: Runs,
    failures: Failures,
    report: WatchReport,
    /// Nothing is left to do.
    is_done: bool,
    /// The person knows that the folder is not there.
    is_folder_said: bool,
    /// The person knows that the reference is not there.
    is_reference_said: bool,
    _lock: std::fs::File,
}

impl<'a> Watch<'a> {
    fn new(
        request: &'a WatchRequest,
        world: &'a mut dyn World,
        say: &'a mut dyn FnMut(&WatchEvent),
    ) -> Result<Self, PipelineError> {
        let root = &request.root;
        if !root.is_dir() {
            return Err(PipelineError::from(TrailProblem::NoRoot).at(root));
        }
        prepare_folder(root)?;
        let lock = lock(root)?;
        let reference = Reference::open(request)?;
        // Whoever looks once does not wait for a copy that stands still.
        let patience = if request.once {
            request.settle
        } else {
            tuning::PATIENCE
        };
        say(&WatchEvent::Watching {
            reference: reference.path.clone(),
        });
        Ok(Self {
            request,
            world,
            say,
            reference,
            roster: Roster::new(request.settle, patience),
            runs: Runs::below(root)?,
            failures: Failures::read(root)?,
            report: WatchReport::default(),
            is_done: false,
            is_folder_said: false,
            is_reference_said: false,
            _lock: lock,
        })
    }

    /// One look, and one recording looked into, if one is ready. `false`: there was nothing to do.
    fn step(&mut self) -> Result<bool, PipelineError> {
        let look = match self.world.look(&self.request.folder, &self.request.root) {
            Ok(look) => look,
            Err(error) if self.request.once => return Err(error),
            Err(error) => {
                if !std::mem::replace(&mut self.is_folder_said, true) {
                    (self.say)(&WatchEvent::NoFolder(error));
                }
                return Ok(false);
            }
        };
        self.is_folder_said = false;
        let now = self.world.now();
        for name in self.roster.update(&look, now) {
            (self.say)(&WatchEvent::Waiting(name));
        }
        self.is_done = self.roster.is_done();
        let Some(key) = self.roster.ready(now) else {
            return Ok(false);
        };
        let Some(seen) = self.roster.get(&key).map(|item| item.seen.clone()) else {
            return Ok(false);
        };
        self.look_into(&key, &seen, &look)
    }

    /// A recording that stands still.
    fn look_into(&mut self, key: &Path, seen: &Seen, look: &Look) -> Result<bool, PipelineError> {
        let name = seen.name();
        let content = match fingerprint(&seen.paths()) {
            Ok(content) => content,
            Err(error) => return self.not_whole(key, seen, None, &PipelineError::from(error).to_string()),
        };
        self.runs.refresh()?;
        let run = self.runs.holding(&content).map(Path::to_owned);
        if run.is_some() || content == self.reference.fingerprint {
            self.report.known += 1;
            (self.say)(&WatchEvent::Known { name, run });
            self.roster.close(key);
            return Ok(true);
        }
        if let Some(why) = self.failures.why(seen, &content) {
            self.report.known += 1;
            let why = why.to_owned();
            (self.say)(&WatchEvent::FailedBefore { name, why });
            self.roster.close(key);
            return Ok(true);
        }
        let not_whole = match (&seen.missing, seen.files.first()) {
            (Some(missing), _) => Some(format!("chapter {missing} is missing")),
            (None, Some(first)) => self.world.examine(&first.path)?,
            (None, None) => None,
        };
        if let Some(why) = not_whole {
            return self.not_whole(key, seen, Some(&content), &why);
        }
        if !self.reference.is_there() {
            return self.without_reference();
        }
        self.is_reference_said = false;
        self.sync(key, seen, &content, look)
    }

    fn not_whole(
        &mut self,
        key: &Path,
        seen: &Seen,
        content: Option<&str>,
        why: &str,
    ) -> Result<bool, PipelineError> {
        let name = seen.name();
        if !self.roster.is_broken(key, self.world.now()) {
            if self.roster.say_waiting(key) {
                (self.say)(&WatchEvent::Waiting(name));
            }
            return Ok(true);
        }
        self.report.failed += 1;
        if let Some(content) = content {
            self.failures.add(seen, content, why)?;
        }
        let why = why.to_owned();
        (self.say)(&WatchEvent::Broken { name, why });
        Ok(true)
    }

    /// Nothing can be synced; the recording stays ready.
    fn without_reference(&mut self) -> Result<bool, PipelineError> {
        let path = self.reference.path.clone();
        if self.request.once {
            return Err(PipelineError::from(WatchProblem::NoReference).at(&path));
        }
        if !std::mem::replace(&mut self.is_reference_said, true) {
            (self.say)(&WatchEvent::NoReference(path));
        }
        Ok(false)
    }

    fn sync(&mut self, key: &Path, seen: &Seen, content: &str, look: &Look) -> Result<bool, PipelineError> {
        let (name, pair) = (seen.name(), self.pair(seen, look)?);
        let out = self.request.root.join(&pair.name);
        (self.say)(&WatchEvent::Syncing {
            name: name.clone(),
            out: out.clone(),
        });
        match self.world.sync(&pair)? {
            SyncEnd::Finished {
                is_aligned,
                reasons,
                delta,
                warnings,
            } => {
                if is_aligned {
                    self.report.synced += 1;
                } else {
                    self.report.not_aligned += 1;
                }
                self.roster.close(key);
                self.failures.remove(content)?;
                (self.say)(&WatchEvent::Synced {
                    name,
                    out,
                    is_aligned,
                    reasons,
                    delta,
                    warnings,
                });
            }
            SyncEnd::Failed(why) if !self.is_still_there(seen, content) => {
                self.roster.forget(key);
                (self.say)(&WatchEvent::Gone { name, why });
            }
            SyncEnd::Failed(why) => {
                self.report.failed += 1;
                self.roster.close(key);
                self.failures.add(seen, content, &why)?;
                (self.say)(&WatchEvent::Failed { name, why });
            }
        }
        Ok(true)
    }

    /// The pair, with what lies beside both recordings. The markers of the reference are those of its newest
    /// run, which were chosen once; before there is one, those beside it.
    fn pair(&self, seen: &Seen, look: &Look) -> Result<PlannedPair, PipelineError> {
        let first = seen
            .files
            .first()
            .map(|file| file.path.clone())
            .unwrap_or_default();
        let mut reference = OneReference::new(&self.reference.path, &self.request.folder, &look.folders);
        let of_run = self.runs.markers_of(&self.reference.fingerprint);
        reference.markers = of_run.or(reference.markers);
        Ok(PlannedPair {
            name: self.runs.free_name(&first)?,
            ..reference.pair(&first, &look.folders)
        })
    }

    /// Whether both recordings can still be read and are what they were.
    fn is_still_there(&self, seen: &Seen, content: &str) -> bool {
        self.reference.is_there()
            && seen
                .files
                .iter()
                .all(|file| FileState::of(&file.path).as_ref() == Some(file))
            && fingerprint(&seen.paths()).is_ok_and(|now| now == content)
    }
}
