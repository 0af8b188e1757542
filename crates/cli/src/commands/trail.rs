//! `mtbsync trail`: all runs of one trail (docs/reference/cli.md#trail).

mod watch;

use clap::{Args, Subcommand};
use mtbsync_task::error::PipelineError;

use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `trail`.
#[derive(Args, Debug)]
pub struct TrailArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: TrailAction,
}

/// What to do with the runs of a trail.
#[derive(Subcommand, Debug)]
pub enum TrailAction {
    /// Sync new recordings of a folder as they appear
    Watch(watch::WatchArgs),
}

/// Does it.
pub fn run(args: TrailArgs, session: &Session) -> Result<Outcome, PipelineError> {
    match args.action {
        TrailAction::Watch(args) => watch::run(args, session),
    }
}
