//! `mtbsync prune-perf`: keep the newest perf.json files below a folder (docs/reference/cli.md#prune-perf).

use std::path::PathBuf;

use clap::Args;
use mtbsync_quality::prune::{PruneReport, prune_perf};
use mtbsync_task::error::PipelineError;
use serde_json::json;

use crate::error::CliProblem;
use crate::exit::Exit;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `prune-perf`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  mtbsync prune-perf --root batch_out --keep 200 --dry-run")]
pub struct PruneArgs {
    /// Folder below which perf.json files are looked for; links are not followed
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,

    /// Newest files to keep
    #[arg(long, value_name = "N", default_value_t = 200, allow_negative_numbers = true)]
    pub keep: u32,

    /// List what would be deleted, delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Prunes.
pub fn run(args: &PruneArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let report = prune_perf(&args.root, args.keep as usize, args.dry_run).map_err(CliProblem::Prune)?;
    print(&report, args.dry_run, session);
    let mut outcome = Outcome::done(json!({
        "kept": report.kept.len(),
        "deleted": report.deleted.len(),
        "total": report.total(),
    }));
    outcome.warnings = report
        .failed
        .iter()
        .map(|(path, why)| format!("{}: {why}", path.display()))
        .collect();
    if !report.failed.is_empty() {
        outcome.exit = Exit::Error;
    }
    Ok(outcome)
}

fn print(report: &PruneReport, dry_run: bool, session: &Session) {
    let done = if dry_run { "would delete" } else { "deleted" };
    for path in &report.deleted {
        session.printer.line(&format!("{done} {}", path.display()));
    }
    session.printer.line(&format!(
        "Kept: {}, {done}: {}, total: {}",
        report.kept.len(),
        report.deleted.len(),
        report.total()
    ));
}
