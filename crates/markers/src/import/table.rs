//! Tables of markers: this program's CSV and JSON, Premiere's list, Resolve-like lists.

use mtbsync_formats::csv::{CsvWriter, Delimiter, Row, Table};
use serde_json::Value;

use super::start::{Clock, guess_rate};
use super::{Found, ImportError, ImportOptions, ImportedMarker};
use crate::read::{BadCells, KNOWN_COLUMNS, ReadMarkersError, TIME_COLUMNS, describe};
use crate::time::{Counting, Groups, parse_time, split_groups};

const LIST_NAME_COLUMNS: [&str; 4] = ["name", "marker name", "marker_id", "id"];
const LIST_TIME_COLUMNS: [&str; 5] = ["in", "start tc", "record in", "t_new", "t_new_est"];
const LIST_COMMENT_COLUMNS: [&str; 5] = ["comment", "note", "label", "description", "notes"];

fn known_columns() -> Vec<&'static str> {
    let lists = LIST_NAME_COLUMNS
        .iter()
        .chain(&LIST_TIME_COLUMNS)
        .chain(&LIST_COMMENT_COLUMNS);
    KNOWN_COLUMNS.iter().chain(lists).copied().collect()
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
    let table = Table::parse(header.unwrap_or("").as_bytes(), &known_columns());
    table.is_ok_and(|table| time_column(&table).is_some())
}

pub(super) fn read_csv(bytes: &[u8], options: &ImportOptions) -> Result<Found, ImportError> {
    let table = Table::parse(bytes, &known_columns()).map_err(ReadMarkersError::from)?;
    let Some(time) = time_column(&table) else {
        let column = "t_ref".to_owned();
        return Err(ReadMarkersError::NoTimeColumn {
            column,
            line: table.header_line,
        }
        .into());
    };
    let counting = |groups: Groups| {
        let by_mark = if groups.has_semicolon {
            Counting::Drop
        } else {
            Counting::NonDrop
        };
        (groups, options.counting.unwrap_or(by_mark))
    };
    let timecodes: Vec<(Groups, Counting)> = table
        .rows
        .iter()
        .filter_map(|row| split_groups(row.text(time)))
        .map(counting)
        .collect();
    let clock = match timecodes.first() {
        Some(first) => Some(Clock::new(
            guess_rate(options, &timecodes),
            Some(*first),
            options,
        )?),
        None => None,
    };
    let decimal_comma = table.delimiter != Delimiter::Comma;
    let secs_of = |text: &str| {
        let timecode = split_groups(text).map(counting).zip(clock.as_ref());
        match timecode
            .and_then(|((groups, counting), clock)| Some(clock.rate.secs_at(clock.frame(groups, counting)?)))
        {
            Some(secs) => Ok(secs),
            None => parse_time(text, clock.as_ref().map(|clock| clock.rate), decimal_comma),
        }
    };

    let name = table.column(&LIST_NAME_COLUMNS);
    let colour = table.column(&["colour", "color"]);
    let comment = table.column(&LIST_COMMENT_COLUMNS);
    let end = table.column(&["t_ref_end", "out"]);
    // Spreadsheets show a leading apostrophe as nothing; `premiere-csv` writes one before formulas.
    let text = |row: &Row, column: Option<usize>| {
        let text = column.map(|column| row.text(column)).unwrap_or_default();
        let formula = text
            .strip_prefix('\'')
            .filter(|rest| rest.starts_with(['=', '+', '-', '@']));
        formula.unwrap_or(text).to_owned()
    };
    let mut bad = BadCells::default();
    let mut found = Found::default();
    for row in &table.rows {
        let cell = row.text(time).trim();
        if cell.is_empty() {
            bad.push(&table, row, time, &"value missing");
            continue;
        }
        let t_ref_secs = match secs_of(cell) {
            Ok(secs) => secs,
            Err(error) => {
                bad.push(&table, row, time, &describe(&error));
                continue;
            }
        };
        let end_secs = end.and_then(|column| secs_of(row.text(column)).ok());
        found.markers.push(ImportedMarker {
            t_ref_secs,
            t_ref_end_secs: end_secs.filter(|end| *end > t_ref_secs),
            name: text(row, name),
            colour: text(row, colour),
            comment: text(row, comment),
            source: String::new(),
        });
    }
    bad.into_result()?;
    found.warnings = table.warnings.iter().map(ToString::to_string).collect();
    found.rate = clock.as_ref().map(|clock| clock.rate);
    found.start = clock.map(|clock| clock.start);
    Ok(found)
}

/// This program's JSON: an object with `markers`, or the list itself. Read as a table of its own columns.
pub(super) fn read_json(text: &str, options: &ImportOptions) -> Result<Found, ImportError> {
    let value: Value = serde_json::from_str(text).map_err(|error| ImportError::damaged(error.to_string()))?;
    let markers = match &value {
        Value::Array(markers) => markers,
        Value::Object(object) => match object.get("markers") {
            Some(Value::Array(markers)) => markers,
            Some(_) | None => return Err(ImportError::UnknownFormat),
        },
        _ => return Err(ImportError::UnknownFormat),
    };
    if markers.is_empty() {
        return Ok(Found::default());
    }
    // Only columns that hold anything, so that the first time column present is one with times.
    let present = |name: &&str| {
        markers
            .iter()
            .any(|marker| marker.get(name).is_some_and(|value| !value.is_null()))
    };
    let columns: Vec<&str> = known_columns().into_iter().filter(present).collect();
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
