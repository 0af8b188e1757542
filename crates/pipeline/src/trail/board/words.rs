//! A board in sentences: for the terminal and the page.

use super::{Board, Consistency, Progress, Row};

/// Signs beside a cell or a rank, and what they mean.
pub const SIGNS: [(char, &str); 5] = [
    ('*', "* best of its section"),
    ('?', "? nobody can tell who was faster"),
    ('!', "! set by hand"),
    ('=', "= too close to call"),
    ('-', "- was not there"),
];

/// The rows to show: those with a time unless `all` are wanted.
pub fn shown(board: &Board, all: bool) -> Vec<&Row> {
    let rows = board.rows.iter();
    rows.filter(|row| all || row.total.is_some() || row.outside < row.sections.len())
        .collect()
}

/// What happened, in a sentence.
pub fn headline(board: &Board) -> String {
    let shown = || board.rows.iter().filter(|row| !row.hidden);
    let timed = shown().filter(|row| row.total.is_some()).count();
    let runs = if timed == 1 {
        "1 run".to_owned()
    } else {
        format!("{timed} runs")
    };
    let fastest = shown().filter_map(|row| Some((row, row.total?)));
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
pub fn losses(board: &Board) -> Vec<String> {
    let slower = board
        .rows
        .iter()
        .filter(|row| !row.hidden && row.gap_sec.is_some_and(|gap| gap > 0.0));
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
            "{}: {:.1} s behind {of}, most in {} - {} ({:+.1} s{stood})",
            row.run, row.gap_sec?, section.from, section.to, loss.sec
        ))
    });
    told.collect()
}

/// How a rider did from the first date to the last; `None` for one date.
pub fn progress(progress: &Progress) -> Option<String> {
    let (first, last) = (progress.runs.first()?, progress.runs.last()?);
    if first.date == last.date {
        return None;
    }
    Some(format!(
        "{}: {:.3} s on {}, {:.3} s on {} ({:+.3} s)",
        rider_or(&progress.rider, "All"),
        first.sec,
        first.date,
        last.sec,
        last.date,
        last.sec - first.sec
    ))
}

/// Where the runs of a rider differ most; `None` where nothing can differ.
pub fn least_consistent(board: &Board, rider: &Consistency) -> Option<String> {
    let (k, sd) = rider.most_spread()?;
    let section = board.sections.get(k)?;
    Some(format!(
        "Least consistent of {}: {} - {} (±{sd:.3} s)",
        rider_or(&rider.rider, "runs"),
        section.from,
        section.to
    ))
}

fn rider_or<'t>(rider: &'t str, nobody: &'t str) -> &'t str {
    if rider.is_empty() { nobody } else { rider }
}
