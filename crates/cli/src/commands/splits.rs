//! `mtbsync splits`: time won and lost, section by section (docs/reference/cli.md#splits).

use std::path::PathBuf;

use clap::Args;
use mtbsync_pipeline::map::splits::{RunSplits, Section, SplitsReport, SplitsRequest, splits};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;
use serde_json::{Value, json};

use crate::args::values;
use crate::session::Session;
use crate::summary::Outcome;

/// The table on the terminal is for so many runs at most.
const MAX_SHOWN_RUNS: usize = 8;

/// Flags of `splits`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mtbsync splits --ref-markers gates.csv --timewarp-json monday/timewarp.json \
    --timewarp-json friday/timewarp.json --plot delta.png"
)]
pub struct SplitsArgs {
    /// Markers of the reference run; each is a gate
    #[arg(long, visible_alias = "reference-markers", value_name = "PATH")]
    pub ref_markers: PathBuf,

    /// Map of a run; repeatable
    #[arg(long, value_name = "PATH", required_unless_present = "root")]
    pub timewarp_json: Vec<PathBuf>,

    /// All run folders directly below this folder
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

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
    let report = splits(&SplitsRequest {
        markers: Input::new(&args.ref_markers),
        warps: args.timewarp_json,
        root: args.root,
        sections: names,
        out: args.out,
        delta_out: args.delta_out,
        step_secs: args.step,
        plot: args.plot,
    })?;
    if report.runs.len() <= MAX_SHOWN_RUNS {
        for line in table(&report) {
            session.printer.line(&line);
        }
    }
    if let Some(ideal_secs) = report.ideal_secs {
        session
            .printer
            .line(&format!("Ideal: {ideal_secs:.3} s, the best of each section"));
    }
    for (_, path) in &report.outputs {
        session.printer.line(&format!("-> {}", path.display()));
    }
    let mut outcome = Outcome::done(result(&report));
    outcome.outputs = report.outputs;
    outcome.warnings = report.warnings;
    Ok(outcome)
}

/// Columns padded to their widest cell; the best time of a section has a star.
fn table(report: &SplitsReport) -> Vec<String> {
    let Some(first) = report.runs.first() else {
        return Vec::new();
    };
    let head = ["section".to_owned(), "reference".to_owned()];
    let mut rows = vec![
        head.into_iter()
            .chain(report.runs.iter().map(|run| run.name.clone()))
            .collect(),
    ];
    for (k, section) in first.sections.iter().enumerate() {
        let cells = report.runs.iter().enumerate().map(|(i, run)| {
            let star = if report.best.get(k) == Some(&Some(i)) {
                "*"
            } else {
                " "
            };
            format!("{}{star}", run.sections.get(k).map_or_else(String::new, cell))
        });
        rows.push(row_of(
            &format!("{} - {}", section.gates.0, section.gates.1),
            section,
            cells,
        ));
    }
    if let Some(total) = &first.total {
        let totals = report
            .runs
            .iter()
            .map(|run| run.total.as_ref().map_or_else(String::new, cell));
        rows.push(row_of("total", total, totals.map(|cell| format!("{cell} "))));
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row: &Vec<String>| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| {
                    if column == 0 {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
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
    json!({
        "runs": report.runs.iter().map(|run| &run.name).collect::<Vec<_>>(),
        "sections": report.runs.iter()
            .map(|run| json!({"run": run.name, "sections": run.sections.iter().map(section).collect::<Vec<_>>()}))
            .collect::<Vec<_>>(),
        "totals": report.runs.iter().map(total).collect::<Vec<_>>(),
        "ideal": report.ideal_secs,
    })
}
