//! What a running command tells about itself, and how it is told to stop.
//!
//! The pipeline reports stages; what becomes of them (bars, plain lines, server events, nothing) is the
//! caller's choice.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::{PipelineError, TaskProblem};

/// A part of a command, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Opening recordings and reading their packet index.
    Open,
    /// Decoding and describing the reference.
    Index,
    /// Decoding and describing the new recording.
    Features,
    /// Describing frames by the learned network.
    Learned,
    /// Comparing all places.
    Retrieval,
    /// Finding the path through the places.
    Sequence,
    /// Locating to a fraction of a frame.
    Refine,
    /// Fitting the time warp.
    Warp,
    /// Carrying markers over.
    Markers,
    /// Writing editor files.
    Export,
    /// Writing an index.
    Write,
    /// Reading the folders of finished runs.
    Runs,
    /// Drawing and encoding the frames of a video.
    Render,
    /// Comparing what is stored with its checksums.
    Check,
}

impl Stage {
    /// Short name for bars and lines.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Index => "index reference",
            Self::Features => "read new run",
            Self::Learned => "learned features",
            Self::Retrieval => "retrieval",
            Self::Sequence => "sequence",
            Self::Refine => "refine",
            Self::Warp => "warp",
            Self::Markers => "markers",
            Self::Export => "export",
            Self::Write => "write",
            Self::Runs => "read runs",
            Self::Render => "render",
            Self::Check => "check",
        }
    }
}

/// Receives progress; called from one thread at a time per stage.
pub trait Progress: Sync {
    /// A stage begins. `total` is its amount of work where known; `media_secs` the seconds of recording it
    /// covers, for a speed in "x real time".
    fn start(&self, stage: Stage, total: Option<u64>, media_secs: Option<f64>);
    /// `done` units of the running stage are finished.
    fn advance(&self, stage: Stage, done: u64);
    /// The stage ended.
    fn finish(&self, stage: Stage);
}

/// Reports nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: Stage, _: Option<u64>, _: Option<f64>) {}
    fn advance(&self, _: Stage, _: u64) {}
    fn finish(&self, _: Stage) {}
}

/// A shared wish to stop; commands look at it between frames.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ask to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// # Errors
    /// [`TaskProblem::Interrupted`] once a stop was asked for.
    pub fn check(&self) -> Result<(), PipelineError> {
        if self.is_requested() {
            Err(TaskProblem::Interrupted.into())
        } else {
            Ok(())
        }
    }
}

/// What a long job is given besides its own settings.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// Where progress goes.
    pub progress: &'a dyn Progress,
    /// Whether to stop.
    pub cancel: &'a Cancel,
    /// Worker threads, at least 1. Results do not depend on it.
    pub threads: usize,
    /// Folder of nameless working files; `None`: the system's temporary folder.
    pub scratch: Option<&'a Path>,
}

impl Task<'_> {
    /// The threads that do the work of a stage.
    ///
    /// # Errors
    /// The system has no threads to give.
    pub fn workers(&self) -> Result<rayon::ThreadPool, PipelineError> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()
            .map_err(|error| TaskProblem::Threads(error).into())
    }
}
