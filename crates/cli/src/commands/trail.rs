//! `mtbsync trail board|set|name|gates|reference|watch` (docs/reference/cli.md#trail).

mod board;
mod edit;
mod reference;
mod watch;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
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
    /// All runs through all sections: who was faster, as far as anybody can tell
    Board(board::BoardArgs),
    /// Say who rode a run, when, on what; or hide it
    Set(edit::SetArgs),
    /// Name a trail
    Name(edit::NameArgs),
    /// Set the gates between which times are taken
    Gates(edit::GatesArgs),
    /// Make the recording of a run the reference of its trail
    Reference(reference::ReferenceArgs),
    /// Sync new recordings of a folder as they appear
    Watch(watch::WatchArgs),
}

/// Where the runs are.
#[derive(Args, Debug)]
pub struct RootArgs {
    /// Folder that holds the folders of the runs
    #[arg(value_name = "ROOT", value_hint = ValueHint::DirPath)]
    pub root: PathBuf,
}

/// Which of several trails.
#[derive(Args, Debug)]
pub struct WhichArgs {
    /// Id of the trail, where there are several
    #[arg(long, value_name = "ID")]
    pub trail: Option<String>,
}

/// Does it.
pub fn run(args: TrailArgs, session: &Session) -> Result<Outcome, PipelineError> {
    match args.action {
        TrailAction::Board(args) => board::run(args, session),
        TrailAction::Set(args) => edit::set(args, session),
        TrailAction::Name(args) => edit::name(&args, session),
        TrailAction::Gates(args) => edit::gates(&args, session),
        TrailAction::Reference(args) => reference::run(&args, session),
        TrailAction::Watch(args) => watch::run(args, session),
    }
}
