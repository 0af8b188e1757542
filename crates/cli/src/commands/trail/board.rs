//! `mtbsync trail board`: all runs through all sections.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtbsync_pipeline::trail::board::{Board, BoardRequest, Cell, Order, Row, board, words};
use mtbsync_pipeline::trail::board_files::write_csv;
use mtbsync_pipeline::trail::page::write_page;
use mtbsync_pipeline::trail::places::Places;
use mtbsync_pipeline::trail::runs::Root;
use mtbsync_task::error::PipelineError;
use serde_json::json;

use super::{RootArgs, WhichArgs};
use crate::session::Session;
use crate::summary::Outcome;
use crate::table::padded;

/// Columns before the sections.
const HEAD: [&str; 6] = ["", "run", "rider", "date", "total", "gap"];

/// Flags of `trail board`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  mtbsync trail board runs\n  \
    mtbsync trail board runs --against GX010102_sync --csv board.csv\n  \
    mtbsync trail board runs --html board.html\n\n\
    Gates are those of trail.json, else the markers of the newest run.")]
pub struct BoardArgs {
    #[command(flatten)]
    root: RootArgs,

    #[command(flatten)]
    which: WhichArgs,

    /// Compare with this run, not with the best
    #[arg(long, value_name = "RUN")]
    against: Option<String>,

    /// Only runs of this rider
    #[arg(long, value_name = "NAME")]
    rider: Option<String>,

    /// Order of the runs
    #[arg(long, value_name = "ORDER", value_enum, default_value_t)]
    sort: Sort,

    /// Also write the board as a table
    #[arg(long, value_name = "PATH.csv")]
    csv: Option<PathBuf>,

    /// Also write the board, the curves and stills of the gates as a page
    #[arg(long, value_name = "PATH.html")]
    html: Option<PathBuf>,

    /// Hidden runs too, and those without a time
    #[arg(long)]
    all: bool,
}

/// Order of the runs.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Sort {
    /// Fastest first
    #[default]
    Total,
    /// Oldest first
    Date,
    /// By rider, each fastest first
    Rider,
}

/// Shows it.
pub fn run(args: BoardArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let context = session.context();
    let root = Root::read(&args.root.root)?;
    let mut warnings = root.warnings.clone();
    let trail = root.trail(args.which.trail.as_deref(), &mut warnings)?;
    let places = Places::new(&root, trail);
    warnings.extend(places.warnings.iter().cloned());
    let request = BoardRequest {
        against: args.against.map(|run| run.trim_end_matches('/').to_owned()),
        rider: args.rider,
        order: match args.sort {
            Sort::Total => Order::Total,
            Sort::Date => Order::Date,
            Sort::Rider => Order::Rider,
        },
        hidden: args.all,
    };
    let board = board(&places, &request)?;
    for line in lines(&board, args.all) {
        session.printer.line(&line);
    }
    let mut outcome = Outcome::done(json!(board));
    if let Some(path) = &args.csv {
        write_csv(&places, &board, path, &context)?;
        session.printer.line(&format!("-> {}", path.display()));
        outcome.outputs.push(("csv".to_owned(), path.clone()));
    }
    if let Some(path) = &args.html {
        warnings.extend(write_page(&places, &board, args.all, path, &context)?);
        session.printer.line(&format!("-> {}", path.display()));
        outcome.outputs.push(("html".to_owned(), path.clone()));
    }
    outcome.warnings = warnings;
    Ok(outcome)
}

fn lines(board: &Board, all: bool) -> Vec<String> {
    let mut lines = vec![words::headline(board)];
    lines.extend(words::losses(board).iter().map(|line| format!("  {line}")));
    let shown = words::shown(board, all);
    let numbers = (1..=board.sections.len()).map(|k| k.to_string());
    let mut rows = vec![
        HEAD.map(str::to_owned)
            .into_iter()
            .chain(numbers)
            .collect::<Vec<_>>(),
    ];
    rows.extend(shown.iter().map(|row| row_cells(row, board)));
    if let Some(ideal) = &board.ideal {
        let cells = ideal.sections.iter().map(|sec| format!("{sec:.3} "));
        let head = ["", "ideal", "", "", &format!("{:.3}", ideal.secs.sec), ""].map(str::to_owned);
        rows.push(head.into_iter().chain(cells).collect());
    }
    let own = board.reference.sections.iter().map(|sec| format!("{sec:.3} "));
    let head = [
        "",
        "reference",
        "",
        "",
        &format!("{:.3}", board.reference.total_sec),
        "",
    ]
    .map(str::to_owned);
    rows.push(head.into_iter().chain(own).collect());
    lines.extend(padded(&rows, 4));
    let names = board
        .sections
        .iter()
        .enumerate()
        .map(|(k, section)| format!("{} {} - {}", k + 1, section.from, section.to));
    lines.push(format!("Sections: {}", names.collect::<Vec<_>>().join("; ")));
    lines.extend(legend(&rows));
    lines.extend(board.progress.iter().filter_map(words::progress));
    let spread = board.consistency.iter();
    lines.extend(spread.filter_map(|rider| words::least_consistent(board, rider)));
    let left_out = board.rows.len() - shown.len();
    if left_out > 0 {
        lines.push(format!("{left_out} without a time: --all shows them"));
    }
    lines
}

fn row_cells(row: &Row, board: &Board) -> Vec<String> {
    let rank = row.rank_text();
    let total = row
        .total
        .map_or_else(|| "-".to_owned(), |total| format!("{:.3}", total.sec));
    let gap = row
        .gap_sec
        .filter(|gap| *gap != 0.0)
        .map_or_else(String::new, |gap| format!("{gap:+.3}"));
    let name = if row.hidden {
        format!("({})", row.run)
    } else {
        row.run.clone()
    };
    let cells = row
        .sections
        .iter()
        .map(|cell| cell_text(cell, board.against.is_some()));
    [rank, name, row.rider.clone(), row.date.clone(), total, gap]
        .into_iter()
        .chain(cells)
        .collect()
}

/// The time of the best, what others lost; `-` where the run was not.
fn cell_text(cell: &Cell, is_against: bool) -> String {
    let sign = cell.sign().unwrap_or(' ');
    match (cell.sec, cell.told_loss(is_against)) {
        (Some(_), Some(loss)) => format!("{:+.3}{sign}", loss.sec),
        (Some(sec), None) => format!("{sec:.3}{sign}"),
        (None, _) => "- ".to_owned(),
    }
}

fn legend(rows: &[Vec<String>]) -> Option<String> {
    let cells = || {
        rows.iter()
            .flat_map(|row| row.iter().take(1).chain(row.iter().skip(HEAD.len())))
    };
    let is_used = |sign: char| cells().any(|cell| cell.trim_end().ends_with(sign));
    let used: Vec<&str> = words::SIGNS
        .into_iter()
        .filter(|(sign, _)| is_used(*sign))
        .map(|(_, meaning)| meaning)
        .collect();
    (!used.is_empty()).then(|| used.join("; "))
}
