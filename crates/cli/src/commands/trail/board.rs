//! `mtbsync trail board`: all runs through all sections.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtbsync_pipeline::trail::board::{Board, BoardRequest, Cell, CellStatus, Order, Row, board};
use mtbsync_pipeline::trail::board_files::write_csv;
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
    mtbsync trail board runs --against GX010102_sync --csv board.csv\n\n\
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
        write_csv(&board, path, &context)?;
        session.printer.line(&format!("-> {}", path.display()));
        outcome.outputs.push(("csv".to_owned(), path.clone()));
    }
    outcome.warnings = warnings;
    Ok(outcome)
}

fn lines(board: &Board, all: bool) -> Vec<String> {
    let mut lines = vec![headline(board)];
    lines.extend(told_losses(board));
    let shown: Vec<&Row> = board
        .rows
        .iter()
        .filter(|row| all || row.total.is_some() || row.outside < row.sections.len())
        .collect();
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
    lines.extend(spread(board));
    let left_out = board.rows.len() - shown.len();
    if left_out > 0 {
        lines.push(format!("{left_out} without a time: --all shows them"));
    }
    lines
}

/// What happened, in a sentence.
fn headline(board: &Board) -> String {
    let timed = board.rows.iter().filter(|row| row.total.is_some()).count();
    let runs = if timed == 1 {
        "1 run".to_owned()
    } else {
        format!("{timed} runs")
    };
    let fastest = board.rows.iter().filter_map(|row| Some((row, row.total?)));
    let fastest = fastest.min_by(|a, b| a.1.sec.total_cmp(&b.1.sec));
    let Some((row, total)) = fastest else {
        return format!(
            "{}: no run passed both the first and the last gate.",
            board.trail.name
        );
    };
    let who = [row.rider.as_str(), row.date.as_str()]
        .into_iter()
        .filter(|word| !word.is_empty());
    let who = who.collect::<Vec<_>>().join(", ");
    let who = if who.is_empty() {
        String::new()
    } else {
        format!(" ({who})")
    };
    let tie = match row.tie_with.as_slice() {
        [] => String::new(),
        ties => format!("; too close to call with {}", ties.join(", ")),
    };
    format!(
        "{}: {runs}. Fastest: {}{who}, {:.3} s{tie}.",
        board.trail.name, row.run, total.sec
    )
}

/// Where each slower run lost most, where that is certain.
fn told_losses(board: &Board) -> Vec<String> {
    let slower = board
        .rows
        .iter()
        .filter(|row| row.gap_sec.is_some_and(|gap| gap > 0.0));
    let told = slower.filter_map(|row| {
        let clear = row.sections.iter().enumerate().filter_map(|(k, cell)| {
            Some((
                k,
                cell,
                cell.loss.filter(|loss| loss.is_clear() && loss.sec > 0.0)?,
            ))
        });
        let (k, cell, loss) = clear.max_by(|a, b| a.2.sec.total_cmp(&b.2.sec))?;
        let section = board.sections.get(k)?;
        let stood = if cell.stopped_sec > 0.0 {
            format!(", stood {:.1} s", cell.stopped_sec)
        } else {
            String::new()
        };
        let of = board.against.as_deref().unwrap_or("the fastest");
        Some(format!(
            "  {}: {:.1} s behind {of}, most in {} - {} ({:+.1} s{stood})",
            row.run, row.gap_sec?, section.from, section.to, loss.sec
        ))
    });
    told.collect()
}

fn row_cells(row: &Row, board: &Board) -> Vec<String> {
    let rank = match row.rank {
        Some(rank) if row.tie_with.is_empty() => rank.to_string(),
        Some(rank) => format!("{rank}="),
        None => String::new(),
    };
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
    let sign = match cell.status {
        _ if cell.best => '*',
        CellStatus::Unsure => '?',
        CellStatus::Confirmed => '!',
        CellStatus::Ok | CellStatus::Outside => ' ',
    };
    let is_own = cell
        .loss
        .is_some_and(|loss| loss.low == loss.high && loss.sec == 0.0);
    match (cell.sec, cell.loss) {
        (Some(sec), _) if is_own || (cell.best && !is_against) => format!("{sec:.3}{sign}"),
        (Some(_), Some(loss)) => format!("{:+.3}{sign}", loss.sec),
        (Some(sec), None) => format!("{sec:.3}{sign}"),
        (None, _) => "- ".to_owned(),
    }
}

fn legend(rows: &[Vec<String>]) -> Option<String> {
    let signs = [
        ('*', "* best of its section"),
        ('?', "? nobody can tell who was faster"),
        ('!', "! set by hand"),
        ('=', "= too close to call"),
        ('-', "- was not there"),
    ];
    let cells = || {
        rows.iter()
            .flat_map(|row| row.iter().take(1).chain(row.iter().skip(HEAD.len())))
    };
    let is_used = |sign: char| cells().any(|cell| cell.trim_end().ends_with(sign));
    let used: Vec<&str> = signs
        .into_iter()
        .filter(|(sign, _)| is_used(*sign))
        .map(|(_, meaning)| meaning)
        .collect();
    (!used.is_empty()).then(|| used.join("; "))
}

/// How each rider did over the dates, and where their runs differ most.
fn spread(board: &Board) -> Vec<String> {
    let mut lines = Vec::new();
    for progress in &board.progress {
        let ([first, ..], [.., last]) = (progress.runs.as_slice(), progress.runs.as_slice()) else {
            continue;
        };
        if progress.runs.len() < 2 || first.date == last.date {
            continue;
        }
        let who = if progress.rider.is_empty() {
            "All"
        } else {
            &progress.rider
        };
        lines.push(format!(
            "{who}: {:.3} s on {}, {:.3} s on {} ({:+.3} s)",
            first.sec,
            first.date,
            last.sec,
            last.date,
            last.sec - first.sec
        ));
    }
    for rider in &board.consistency {
        let known = rider
            .section_sd
            .iter()
            .enumerate()
            .filter_map(|(k, sd)| Some((k, (*sd)?)));
        let Some((k, sd)) = known.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            continue;
        };
        let Some(section) = board.sections.get(k) else {
            continue;
        };
        let who = if rider.rider.is_empty() {
            "runs"
        } else {
            &rider.rider
        };
        lines.push(format!(
            "Least consistent of {who}: {} - {} (±{sd:.3} s)",
            section.from, section.to
        ));
    }
    lines
}
