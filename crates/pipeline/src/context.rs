//! What every command is given besides its own settings.

use std::path::Path;

use mtbsync_task::files::Outputs;
use mtbsync_task::progress::Task;
#[cfg(test)]
use mtbsync_task::progress::{Cancel, Silent};

use crate::cache::Cache;

/// What every command is given besides its own settings.
pub struct Context<'a> {
    /// Progress, cancelling, threads.
    pub task: Task<'a>,
    /// The index cache; `None`: neither read nor written.
    pub cache: Option<Cache>,
    /// Tells the time, UTC, RFC 3339, for the fields that record it. Never used in a result.
    pub clock: fn() -> String,
    /// Go on with a warp whose gates failed; its markers are all marked for review.
    pub force: bool,
    /// Outputs may replace other files than those of their own kind.
    pub overwrite: bool,
}

impl Context<'_> {
    /// Where the outputs of a call that reads `inputs` may go.
    pub fn outputs<'p>(&self, inputs: impl IntoIterator<Item = &'p Path>) -> Outputs {
        Outputs::new(self.overwrite, inputs)
    }

    /// The task, with working files in the cache where there is one.
    pub fn task_with_scratch(&self) -> Task<'_> {
        Task {
            scratch: self.cache.as_ref().and_then(Cache::work_folder),
            ..self.task
        }
    }

    /// The time, UTC, RFC 3339.
    pub fn now_utc(&self) -> String {
        (self.clock)()
    }
}

#[cfg(test)]
impl<'a> Context<'a> {
    /// One silent thread without a cache.
    pub fn silent(cancel: &'a Cancel, clock: fn() -> String, force: bool) -> Self {
        Self {
            task: Task {
                progress: &Silent,
                cancel,
                threads: 1,
                scratch: None,
            },
            cache: None,
            clock,
            force,
            overwrite: false,
        }
    }
}
