//! The board as files.

use std::path::{Path, PathBuf};

use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::csv::{CsvWriter, seconds6, spreadsheet_safe};
use mtbsync_task::error::PipelineError;

use super::board::{Board, Row, Secs};
use super::places::Places;
use crate::context::Context;

/// Columns of the table; the first of them know it again.
const COLUMNS: [&str; 16] = [
    "run",
    "rider",
    "date",
    "rank",
    "section",
    "from",
    "to",
    "sec",
    "low",
    "high",
    "loss",
    "loss_low",
    "loss_high",
    "status",
    "best",
    "stopped_sec",
];
const OWN: Replaces = Replaces::own(|ends| ends.has_header("run,rider,date,rank,section,"));

/// Writes the table of `board`: a line for each section of each run, and one for its total.
///
/// # Errors
/// It cannot be written, or would replace another file.
pub fn write_csv(
    places: &Places<'_>,
    board: &Board,
    path: &Path,
    context: &Context<'_>,
) -> Result<(), PipelineError> {
    let inputs = places.inputs();
    let may = context
        .outputs(inputs.iter().map(PathBuf::as_path))
        .check(path, OWN)?;
    write_files(&[(path, may, &csv(board))])?;
    Ok(())
}

fn csv(board: &Board) -> Vec<u8> {
    let mut csv = CsvWriter::new(&COLUMNS);
    let secs = |secs: Option<Secs>| {
        let cell = |value: fn(&Secs) -> f64| {
            secs.as_ref()
                .map(|secs| seconds6(value(secs)))
                .unwrap_or_default()
        };
        [cell(|s| s.sec), cell(|s| s.low), cell(|s| s.high)]
    };
    for row in &board.rows {
        let head = |row: &Row| {
            let rank = row.rank.map(|rank| rank.to_string()).unwrap_or_default();
            let text = |text: &str| spreadsheet_safe(text).into_owned();
            [text(&row.run), text(&row.rider), text(&row.date), rank]
        };
        for (k, (cell, section)) in row.sections.iter().zip(&board.sections).enumerate() {
            let [sec, low, high] =
                [cell.sec, cell.low, cell.high].map(|secs| secs.map(seconds6).unwrap_or_default());
            let [loss, loss_low, loss_high] = secs(cell.loss);
            let names = [&section.from, &section.to].map(|name| spreadsheet_safe(name).into_owned());
            let rest = [
                sec,
                low,
                high,
                loss,
                loss_low,
                loss_high,
                cell.status.name().to_owned(),
                cell.best.to_string(),
                seconds6(cell.stopped_sec),
            ];
            let cells = head(row)
                .into_iter()
                .chain([(k + 1).to_string()])
                .chain(names)
                .chain(rest);
            csv.row(&cells.collect::<Vec<_>>());
        }
        let [sec, low, high] = secs(row.total);
        let gap = row.gap_sec.map(seconds6).unwrap_or_default();
        let none = String::new;
        let ends = [board.gates.first(), board.gates.last()]
            .map(|gate| gate.map_or_else(none, |gate| spreadsheet_safe(&gate.name).into_owned()));
        let status = if row.total.is_some() { "" } else { "outside" }.to_owned();
        let rest = [sec, low, high, gap, none(), none(), status, none(), none()];
        let cells = head(row)
            .into_iter()
            .chain(["total".to_owned()])
            .chain(ends)
            .chain(rest);
        csv.row(&cells.collect::<Vec<_>>());
    }
    csv.into_bytes()
}
