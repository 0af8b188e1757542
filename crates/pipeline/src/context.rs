//! What every command is given besides its own settings.

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
}

impl Context<'_> {
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
            },
            cache: None,
            clock,
            force,
        }
    }
}
