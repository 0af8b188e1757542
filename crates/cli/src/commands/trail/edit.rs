//! `mtbsync trail set|name|gates`: what a person says of a trail.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueHint};
use mtbsync_artefacts::trail_file::{Gate, trail_path};
use mtbsync_pipeline::trail::edit::{RunChange, clear_gates, put_gates, set_gates, set_name, set_run};
use mtbsync_pipeline::trail::places::Places;
use mtbsync_pipeline::trail::runs::Root;
use mtbsync_pipeline::trail::suggest::{Suggestion, suggest};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;
use serde_json::json;

use super::{RootArgs, WhichArgs};
use crate::args::values;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `trail set`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync trail set runs GX010102_sync --rider Ana --bike Hardtail",
    group(ArgGroup::new("said").required(true).multiple(true).args(["rider", "date", "bike", "note", "hide", "show"]))
)]
pub struct SetArgs {
    #[command(flatten)]
    root: RootArgs,

    /// The run: its folder below ROOT
    #[arg(value_name = "RUN")]
    run: String,

    /// Who rode
    #[arg(long, value_name = "NAME")]
    rider: Option<String>,

    /// When, as 2026-06-14; empty: as the recording says
    #[arg(long, value_name = "DATE")]
    date: Option<String>,

    /// On what
    #[arg(long, value_name = "BIKE")]
    bike: Option<String>,

    /// A text
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    /// Leave it out of the board
    #[arg(long, conflicts_with = "show")]
    hide: bool,

    /// Show it on the board again
    #[arg(long)]
    show: bool,
}

/// Says something of a run.
pub fn set(args: SetArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let said = RunChange {
        rider: args.rider,
        date: args.date,
        bike: args.bike,
        note: args.note,
        hidden: (args.hide || args.show).then_some(args.hide),
        ..RunChange::default()
    };
    let trail = set_run(&args.root.root, &args.run, &said)?;
    session.printer.line(&format!("Noted for {}.", args.run));
    Ok(written(&args.root, json!({ "trail": trail, "run": args.run })))
}

/// Flags of `trail name`.
#[derive(Args, Debug)]
pub struct NameArgs {
    #[command(flatten)]
    root: RootArgs,

    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    which: WhichArgs,
}

/// Names a trail.
pub fn name(args: &NameArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let id = set_name(&args.root.root, args.which.trail.as_deref(), &args.name)?;
    session
        .printer
        .line(&format!("The trail is called {} ({id}).", args.name.trim()));
    Ok(written(
        &args.root,
        json!({ "trail": id, "name": args.name.trim() }),
    ))
}

/// Flags of `trail gates`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  mtbsync trail gates runs --from gates.csv\n  mtbsync trail gates runs --suggest 8",
    group(ArgGroup::new("what").required(true).args(["from", "suggest", "clear"]))
)]
pub struct GatesArgs {
    #[command(flatten)]
    root: RootArgs,

    #[command(flatten)]
    which: WhichArgs,

    /// Markers of the trail's reference: each is a gate, the first starts and the last stops the clock
    #[arg(long, value_name = "MARKERS", value_hint = ValueHint::FilePath)]
    from: Option<PathBuf>,

    /// Find N places that no other looks like and that the runs are well located at
    #[arg(long, value_name = "N", value_parser = values::count(2..=200))]
    suggest: Option<usize>,

    /// Set what --suggest finds
    #[arg(long, requires = "suggest", conflicts_with_all = ["from", "clear"])]
    accept: bool,

    /// No gates: the markers of the newest run serve again
    #[arg(long)]
    clear: bool,
}

/// Sets the gates.
pub fn gates(args: &GatesArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let (root, id) = (&args.root.root, args.which.trail.as_deref());
    if let Some(count) = args.suggest {
        return suggested(args, count, session);
    }
    let gates: Vec<Gate> = match &args.from {
        Some(markers) => set_gates(root, id, &Input::new(markers))?,
        None => {
            let count = clear_gates(root, id)?;
            session.printer.line(&format!(
                "{count} gates taken away: the markers of the newest run serve."
            ));
            Vec::new()
        }
    };
    for gate in &gates {
        session.printer.line(&format!(
            "{:>10.3} s  {}",
            gate.t_ref.unwrap_or_default(),
            gate.name
        ));
    }
    if !gates.is_empty() {
        session
            .printer
            .line(&format!("{} gates, {} sections.", gates.len(), gates.len() - 1));
    }
    Ok(written(&args.root, json!({ "gates": gates })))
}

/// Says which places make good gates and why, and sets them when asked to.
fn suggested(args: &GatesArgs, count: usize, session: &Session) -> Result<Outcome, PipelineError> {
    let (folder, id) = (&args.root.root, args.which.trail.as_deref());
    let root = Root::read(folder)?;
    let places = Places::new(&root, root.one_trail(id)?);
    let found = suggest(&places, count, &session.context())?;
    for gate in &found {
        let alike = gate.likeness.map_or_else(String::new, |share| {
            format!("; the place most like it looks {:.0} % like it", 100.0 * share)
        });
        session.printer.line(&format!(
            "{:>9.2} s  {:<8}  known to ±{:.3} s in {} runs{alike}",
            gate.t_ref, gate.name, gate.half_width_sec, gate.runs
        ));
    }
    let result = json!({ "suggested": found, "accepted": args.accept });
    if !args.accept {
        session.printer.line("Nothing is set yet: --accept sets them.");
        return Ok(Outcome::done(result));
    }
    put_gates(folder, id, found.iter().map(Suggestion::gate).collect())?;
    session
        .printer
        .line(&format!("{} gates, {} sections.", found.len(), found.len() - 1));
    Ok(written(&args.root, result))
}

pub(super) fn written(root: &RootArgs, result: serde_json::Value) -> Outcome {
    let mut outcome = Outcome::done(result);
    outcome.outputs = vec![("trail".to_owned(), trail_path(&root.root))];
    outcome
}
