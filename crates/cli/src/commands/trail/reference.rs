//! `mtbsync trail reference`: the places of a trail on another recording.

use std::path::{Path, PathBuf};

use clap::Args;
use mtbsync_artefacts::run_set::write_files;
use mtbsync_artefacts::trail_file::TrailFile;
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_pipeline::map::run_folder::RunFolder;
use mtbsync_pipeline::sync::{SyncRequest, sync};
use mtbsync_pipeline::trail::edit::{RunChange, change, set_run};
use mtbsync_pipeline::trail::places::Places;
use mtbsync_pipeline::trail::reference::{Repointed, repoint};
use mtbsync_pipeline::trail::runs::Root;
use mtbsync_task::error::{Failure, PipelineError};
use serde_json::json;
use tempfile::TempDir;

use super::RootArgs;
use super::edit::written;
use crate::args::pair::PairArgs;
use crate::error::CliProblem;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `trail reference`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  mtbsync trail reference runs GX010102_sync\n  mtbsync trail reference runs GX010102_sync --resync"
)]
pub struct ReferenceArgs {
    #[command(flatten)]
    root: RootArgs,

    /// The run whose recording becomes the reference: its folder below ROOT
    #[arg(value_name = "RUN")]
    run: String,

    /// Sync the runs that no composed map places well with it; each gets a new folder, the old one is hidden
    #[arg(long)]
    resync: bool,
}

/// Most folders of one name.
const MAX_NAMES: usize = 1000;

/// A run that was synced with the new reference.
struct Resynced {
    run: String,
    folder: String,
    ok: bool,
}

/// Makes another recording the reference.
pub fn run(args: &ReferenceArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let repointed = |root: &Root, file: &mut TrailFile| repoint(root, file, &args.run);
    let report = change(&args.root.root, Root::read, repointed)?;
    for line in lines(&report) {
        session.printer.line(&line);
    }
    let mut outcome = written(&args.root, json!(report));
    if !args.resync {
        if !report.to_sync.is_empty() {
            session.printer.line("--resync syncs them.");
        }
        return Ok(outcome);
    }
    let mut done = Vec::new();
    for run in &report.to_sync {
        session.printer.line(&format!("{}: syncing", run.run));
        match resync(&args.root.root, &run.run, session) {
            Ok(resynced) => {
                let end = if resynced.ok {
                    "synced"
                } else {
                    "not aligned, and left as it was"
                };
                session
                    .printer
                    .line(&format!("{} {end}: {}", run.run, resynced.folder));
                done.push(json!({"run": resynced.run, "folder": resynced.folder, "ok": resynced.ok}));
            }
            Err(error) if error.failure() == Failure::Interrupted => return Err(error),
            Err(error) => outcome.warnings.push(format!("{}: {}", run.run, error.what())),
        }
    }
    outcome.result["resynced"] = json!(done);
    Ok(outcome)
}

/// Syncs a run with the reference of its trail, into a folder of its own. The old folder stays, with what a
/// person has set in it, and is hidden from the board once the new one stands.
fn resync(folder: &Path, name: &str, session: &Session) -> Result<Resynced, PipelineError> {
    let root = Root::read(folder)?;
    let run = root.run(name)?;
    let places = Places::new(&root, root.trail_of(name)?);
    let opened = RunFolder::open(&run.folder)?;
    let temporary = TempDir::with_prefix("mtbsync-").map_err(CliProblem::TemporaryFolder)?;
    let out = free_name(folder, name);
    let request = SyncRequest {
        reference: places.reference_recording()?,
        new: opened.new_recording()?,
        ref_markers: gates(&places, temporary.path())?,
        out: Some(folder.join(&out)),
        regression: None,
        ..PairArgs::unsaid()?.request(session)?
    };
    let report = sync(&request, &session.context())?;
    if report.ok {
        let hidden = RunChange {
            hidden: Some(true),
            ..RunChange::default()
        };
        let note = places.trail().entry.runs.get(name).cloned().unwrap_or_default();
        let said = RunChange {
            rider: Some(note.rider),
            date: Some(note.date),
            bike: Some(note.bike),
            note: Some(note.note),
            hidden: Some(note.hidden),
            rest: note.rest,
        };
        set_run(folder, &out, &said)?;
        set_run(folder, name, &hidden)?;
    }
    Ok(Resynced {
        run: name.to_owned(),
        folder: out,
        ok: report.ok,
    })
}

/// `<run>_2` and so on, the first that is free.
fn free_name(root: &Path, run: &str) -> String {
    let mut names = (2..MAX_NAMES).map(|number| format!("{run}_{number}"));
    names
        .find(|name| !root.join(name).exists())
        .unwrap_or_else(|| format!("{run}_{MAX_NAMES}"))
}

/// The gates as a table of markers of the reference.
fn gates(places: &Places<'_>, folder: &Path) -> Result<Option<PathBuf>, PipelineError> {
    if places.gates().is_empty() {
        return Ok(None);
    }
    let mut csv = CsvWriter::new(&["name", "t_ref"]);
    for gate in places.gates() {
        csv.row(&[gate.name.clone(), seconds6(gate.t_ref_secs)]);
    }
    let path = folder.join("gates.csv");
    write_files(&[(&path, Replaces::NOTHING, &csv.into_bytes())])?;
    Ok(Some(path))
}

fn lines(report: &Repointed) -> Vec<String> {
    let runs = |count: usize| {
        if count == 1 {
            "1 run".to_owned()
        } else {
            format!("{count} runs")
        }
    };
    let mut lines = vec![format!(
        "{} is the reference: {} kept, {} composed, {} to be synced.",
        report.reference,
        runs(report.kept.len()),
        report.composed.len(),
        report.to_sync.len()
    )];
    let composed = report.composed.iter();
    lines.extend(composed.map(|run| format!("  composed  {}  ±{:.3} s", run.run, run.half_width_sec)));
    let to_sync = report.to_sync.iter();
    lines.extend(to_sync.map(|run| format!("  to sync   {}  {}", run.run, run.why)));
    if !report.gates_apart.is_empty() {
        lines.push(format!(
            "  gates it never passed: {}",
            report.gates_apart.join(", ")
        ));
    }
    lines
}
