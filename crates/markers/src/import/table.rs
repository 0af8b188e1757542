//! Tables of markers: this program's CSV and JSON, Premiere's list, Resolve-like lists.

use mtbsync_formats::csv::{CellErrorKind, CsvWriter, Delimiter, Row, Table};
use serde_json::Value;

use super::error::ImportError;
use super::found::{ImportOptions, Imported, ImportedMarker};
use super::start::{CountedGroups, TimelineClock, counted};
use crate::read::{
    COLOUR_COLUMNS, CellProblem, CellReader, ReadMarkersError, TIME_COLUMNS, known_columns, text_cell,
    warnings_of,
};
use crate::time::{Counting, Groups, parse_time, split_groups};

const LIST_NAME_COLUMNS: [&str; 4] = ["name", "marker name", "marker_id", "id"];
const LIST_TIME_COLUMNS: [&str; 5] = ["in", "start tc", "record in", "t_new", "t_new_est"];
const LIST_COMMENT_COLUMNS: [&str; 5] = ["comment", "note", "label", "description", "notes"];

fn list_columns() -> Vec<&'static str> {
    let lists = LIST_NAME_COLUMNS
        .iter()
        .chain(&LIST_TIME_COLUMNS)
        .chain(&LIST_COMMENT_COLUMNS);
    known_columns().into_iter().chain(lists.copied()).collect()
}

fn time_column(table: &Table) -> Option<usize> {
    table
        .column(&TIME_COLUMNS)
        .or_else(|| table.column(&LIST_TIME_COLUMNS))
}

/// Whether the first line names a time column.
pub(super) fn is_marker_table(text: &str) -> bool {
    let header = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let table = Table::parse(header.unwrap_or("").as_bytes(), &list_columns());
    table.is_ok_and(|table| time_column(&table).is_some())
}

pub(super) fn read_csv(bytes: &[u8], options: &ImportOptions) -> Result<Imported, ImportError> {
    let table = Table::parse(bytes, &list_columns()).map_err(ReadMarkersError::from)?;
    let time = time_column(&table).ok_or_else(|| ReadMarkersError::no_time(&table, "t_ref"))?;
    let counted = |groups: Groups| counted(groups, Counting::NonDrop, options);
    let timecodes = table.rows.iter().filter_map(|row| split_groups(row.text(time)));
    let timecodes: Vec<CountedGroups> = timecodes.map(counted).collect();
    let clock = match timecodes.is_empty() {
        true => None,
        false => Some(TimelineClock::new(&timecodes, options)?),
    };
    let decimal_comma = table.delimiter != Delimiter::Comma;
    let rate = clock.as_ref().map(|clock| clock.rate);
    let secs_of = |text: &str| {
        let timecode = split_groups(text).map(counted).zip(clock.as_ref());
        let frame = timecode.and_then(|(timecode, clock)| clock.frame(timecode));
        match frame.zip(rate) {
            Some((frame, rate)) => Ok(rate.secs_at(frame)),
            None => parse_time(text, rate, decimal_comma),
        }
    };

    let name = table.column(&LIST_NAME_COLUMNS);
    let colour = table.column(&COLOUR_COLUMNS);
    let comment = table.column(&LIST_COMMENT_COLUMNS);
    let end = table.column(&["t_ref_end", "out"]);
    // Spreadsheets show a leading apostrophe as nothing; `premiere-csv` writes one before formulas.
    let text = |row: &Row, column: Option<usize>| {
        let text = text_cell(row, column);
        let formula = text.strip_prefix('\'');
        let formula = formula.filter(|rest| rest.starts_with(['=', '+', '-', '@']));
        formula.map(str::to_owned).unwrap_or(text)
    };
    let mut cells = CellReader::new(&table, None);
    let mut found = Imported::default();
    for row in &table.rows {
        let secs = match row.text(time).trim() {
            "" => Err(CellErrorKind::Missing.into()),
            cell => secs_of(cell).map_err(CellProblem::from),
        };
        let Some(t_ref_secs) = cells.check(row, time, secs) else {
            continue;
        };
        let end_secs = end.and_then(|column| secs_of(row.text(column)).ok());
        found.markers.push(ImportedMarker {
            t_ref_secs,
            t_ref_end_secs: end_secs.filter(|end| *end > t_ref_secs),
            name: text(row, name),
            colour: text(row, colour),
            comment: text(row, comment),
            ..ImportedMarker::default()
        });
    }
    cells.finish()?;
    found.warnings = warnings_of(&table);
    found.rate = rate;
    found.start = clock.map(|clock| clock.start);
    Ok(found)
}

/// This program's JSON: an object with `markers`, or the list itself. Read as a table of its own columns.
pub(super) fn read_json(text: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let value: Value = serde_json::from_str(text)?;
    let markers = match &value {
        Value::Array(markers) => markers,
        Value::Object(object) => match object.get("markers") {
            Some(Value::Array(markers)) => markers,
            Some(_) | None => return Err(ImportError::UnknownFormat),
        },
        _ => return Err(ImportError::UnknownFormat),
    };
    if markers.is_empty() {
        return Ok(Imported::default());
    }
    // Only columns that hold anything, so that the first time column present is one with times.
    let present = |name: &&str| {
        markers
            .iter()
            .any(|marker| marker.get(name).is_some_and(|value| !value.is_null()))
    };
    let columns: Vec<&str> = list_columns().into_iter().filter(present).collect();
    let mut writer = CsvWriter::new(&columns);
    for marker in markers {
        let cell = |column: &&str| match marker.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => String::new(),
        };
        writer.row(&columns.iter().map(cell).collect::<Vec<_>>());
    }
    read_csv(&writer.into_bytes(), options)
}
