//! `mtbsync splits`: time won and lost, section by section (docs/reference/cli.md#splits).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_pipeline::map::splits::{RunSplits, Section, SplitsReport, SplitsRequest, SplitsTable, splits};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;
use serde_json::{Value, json};

use crate::args::values;
use crate::session::Session;
use crate::summary::Outcome;
use crate::table::padded;

/// So many runs stand beside each other: more are wider than a terminal.
const RUNS_ABREAST: usize = 8;

/// Flags of `splits`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  mtbsync splits monday_sync friday_sync\n  \
    mtbsync splits batch_out --sections \"Start,Fork,Finish\" --plot delta.png\n  \
    mtbsync splits --ref-markers gates.csv --timewarp-json monday/timewarp.json --timewarp-json friday/timewarp.json\n\n\
    Gates are the markers that the runs carried over, unless --ref-markers names others. Runs of different references \
    get a table each.")]
pub struct SplitsArgs {
    /// Folder of a finished sync, or a folder of such folders; repeatable
    #[arg(value_name = "RUN_DIR", value_hint = ValueHint::DirPath)]
    pub run_dirs: Vec<PathBuf>,

    /// Markers of the reference; each is a gate [default: those of the runs]
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH")]
    pub ref_markers: Option<PathBuf>,

    /// Map of a run; repeatable
    #[arg(long, value_name = "PATH", required_unless_present_any = ["root", "run_dirs"], display_order = 200)]
    pub timewarp_json: Vec<PathBuf>,

    /// All run folders directly below this folder
    #[arg(long, value_name = "DIR", display_order = 201)]
    pub root: Option<PathBuf>,

    /// Show all runs, not only the fastest eight
    #[arg(long)]
    pub all: bool,

    /// Table of the sections
    #[arg(long, value_name = "PATH.csv", default_value = "splits.csv")]
    pub out: PathBuf,

    /// Also write the continuous time delta
    #[arg(long, value_name = "PATH.csv")]
    pub delta_out: Option<PathBuf>,

    /// Step of the continuous delta, seconds
    #[arg(long, value_name = "SEC", default_value_t = 0.1, value_parser = values::positive, allow_negative_numbers = true)]
    pub step: f64,

    /// Names of the markers used as gates, joined by commas [default: all]
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub sections: Option<Vec<String>>,

    /// Draw the continuous delta: .png or .svg
    #[arg(long, value_name = "PATH")]
    pub plot: Option<PathBuf>,
}

/// Compares.
pub fn run(args: SplitsArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let names = args
        .sections
        .map(|names| names.iter().map(|name| name.trim().to_owned()).collect());
    let context = session.context();
    let request = SplitsRequest {
        markers: args.ref_markers.as_deref().map(Input::new),
        warps: args.timewarp_json,
        folders: args.run_dirs,
        root: args.root,
        sections: names,
        out: args.out,
        delta_out: args.delta_out,
        step_secs: args.step,
        plot: args.plot,
    };
    let report = splits(&request, &context)?;
    for line in lines(&report, args.all) {
        session.printer.line(&line);
    }
    for (_, path) in &report.outputs {
        session.printer.line(&format!("-> {}", path.display()));
    }
    let mut outcome = Outcome::done(result(&report));
    outcome.outputs = report.outputs;
    outcome.warnings = report.warnings;
    Ok(outcome)
}

/// The tables, what stands below each, and what their signs mean.
fn lines(report: &SplitsReport, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for table in &report.tables {
        if report.tables.len() > 1 {
            let reference = if table.reference.is_empty() {
                "an unknown reference"
            } else {
                &table.reference
            };
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(format!("Against {reference}:"));
        }
        lines.extend(blocks(table, all));
        if let Some(ideal_secs) = table.ideal_secs.filter(|_| table.runs.len() > 1) {
            lines.push(format!("Ideal: {ideal_secs:.3} s, the best of each section"));
        }
    }
    let shows = |sign: &str| lines.iter().any(|line| line.contains(sign));
    let signs = [
        (shows(")*") || shows("?*"), "* best of its section"),
        (
            shows(") ?"),
            "? a gate is not sure: less than 60 %, or the rider stood there",
        ),
        (shows("outside"), "outside: the run was not at a gate"),
    ];
    let legend: Vec<&str> = signs
        .into_iter()
        .filter_map(|(is_shown, meaning)| is_shown.then_some(meaning))
        .collect();
    if !legend.is_empty() {
        lines.push(legend.join("; "));
    }
    lines
}

/// The runs of one reference; of many the fastest, unless all are asked for.
fn blocks(table: &SplitsTable, all: bool) -> Vec<String> {
    let mut order: Vec<usize> = (0..table.runs.len()).collect();
    let count = order.len();
    if count <= RUNS_ABREAST {
        return block(table, &order);
    }
    let total_secs = |&run: &usize| {
        let total = table.runs.get(run).and_then(|run| run.total.as_ref());
        total.and_then(Section::new_secs).unwrap_or(f64::INFINITY)
    };
    order.sort_by(|a, b| total_secs(a).total_cmp(&total_secs(b)));
    let shown = if all { count } else { RUNS_ABREAST };
    let mut lines = Vec::new();
    for (number, runs) in order.chunks(RUNS_ABREAST).enumerate() {
        let (from, to) = (number * RUNS_ABREAST + 1, number * RUNS_ABREAST + runs.len());
        if from > shown {
            break;
        }
        lines.push(format!("Runs {from} to {to} of {count}, by total time:"));
        lines.extend(block(table, runs));
    }
    if shown < count {
        lines.push(format!("{} slower runs: --all shows them", count - shown));
    }
    lines
}

/// Columns padded to their widest cell; the best time of a section has a star.
fn block(table: &SplitsTable, order: &[usize]) -> Vec<String> {
    let runs: Vec<(usize, &RunSplits)> = order
        .iter()
        .filter_map(|&i| Some((i, table.runs.get(i)?)))
        .collect();
    let Some((_, first)) = runs.first() else {
        return Vec::new();
    };
    let head = ["section".to_owned(), "reference".to_owned()];
    let mut rows = vec![
        head.into_iter()
            .chain(runs.iter().map(|(_, run)| run.name.clone()))
            .collect(),
    ];
    for (k, section) in first.sections.iter().enumerate() {
        let cells = runs.iter().map(|(i, run)| {
            // Of one run every section would be the best.
            let is_best = table.runs.len() > 1 && table.best.get(k) == Some(&Some(*i));
            let star = if is_best { "*" } else { " " };
            format!("{}{star}", run.sections.get(k).map_or_else(String::new, cell))
        });
        rows.push(row_of(
            &format!("{} - {}", section.gates.0, section.gates.1),
            section,
            cells,
        ));
    }
    if let Some(total) = &first.total {
        let totals = runs
            .iter()
            .map(|(_, run)| run.total.as_ref().map_or_else(String::new, cell));
        rows.push(row_of("total", total, totals.map(|cell| format!("{cell} "))));
    }
    padded(&rows, 1)
}

fn row_of(name: &str, section: &Section, cells: impl Iterator<Item = String>) -> Vec<String> {
    [name.to_owned(), format!("{:.3}", section.ref_secs())]
        .into_iter()
        .chain(cells)
        .collect()
}

/// `61.204 (+1.310)`; words where there is no time.
fn cell(section: &Section) -> String {
    match section.new_secs().zip(section.delta) {
        Some((secs, (delta, _, _))) => {
            let doubt = if section.status == "ok" { "" } else { " ?" };
            format!("{secs:.3} ({delta:+.3}){doubt}")
        }
        None => section.status.to_owned(),
    }
}

fn result(report: &SplitsReport) -> Value {
    let section = |s: &Section| {
        json!({
            "from": s.gates.0,
            "to": s.gates.1,
            "ref_time": s.ref_secs(),
            "new_time": s.new_secs(),
            "delta": s.delta.map(|d| d.0),
            "status": s.status,
        })
    };
    let total = |run: &RunSplits| json!({"run": run.name, "total": run.total.as_ref().map(section)});
    let runs: Vec<&RunSplits> = report.tables.iter().flat_map(|table| &table.runs).collect();
    // One sum makes sense of one reference only.
    let ideal = match report.tables.as_slice() {
        [table] => table.ideal_secs,
        _ => None,
    };
    let of_reference = |table: &SplitsTable| {
        json!({
            "reference": table.reference,
            "runs": table.runs.iter().map(|run| &run.name).collect::<Vec<_>>(),
            "ideal": table.ideal_secs,
        })
    };
    json!({
        "runs": runs.iter().map(|run| &run.name).collect::<Vec<_>>(),
        "sections": runs.iter()
            .map(|run| json!({"run": run.name, "sections": run.sections.iter().map(section).collect::<Vec<_>>()}))
            .collect::<Vec<_>>(),
        "totals": runs.iter().map(|run| total(run)).collect::<Vec<_>>(),
        "ideal": ideal,
        "references": report.tables.iter().map(of_reference).collect::<Vec<_>>(),
    })
}
