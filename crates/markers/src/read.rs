//! Marker CSV in (docs/reference/files.md#marker-tables): columns by meaning, times in any usual form,
//! everything else carried along.

use mtbsync_formats::csv::{CsvError, Row, Table};

use crate::marker::{Marker, MarkerTable};
use crate::time::{Rate, TimeError, parse_time};

/// Column names that mean the time of a marker, first present wins.
pub(crate) const TIME_COLUMNS: [&str; 4] = ["t_ref", "time", "timecode", "start"];
pub(crate) const COLOUR_COLUMNS: [&str; 2] = ["colour", "color"];
pub(crate) const COMMENT_COLUMNS: [&str; 3] = ["comment", "note", "label"];
pub(crate) const NAME_COLUMNS: [&str; 3] = ["name", "marker_id", "id"];
pub(crate) const ID_COLUMNS: [&str; 2] = ["marker_id", "id"];
/// Columns of new_markers.csv that are computed or rewritten; input columns of these names are replaced.
pub(crate) const OUTPUT_COLUMNS: [&str; 12] = [
    "marker_id",
    "name",
    "t_ref",
    "t_new_est",
    "t_new",
    "t_new_low",
    "t_new_high",
    "confidence",
    "needs_review",
    "status",
    "colour",
    "comment",
];
/// Column of new_markers.csv that is added last for markers with a length.
pub(crate) const END_COLUMN: &str = "t_new_end";
/// Every name a header of markers may be known by.
pub(crate) const KNOWN_COLUMNS: [&str; 22] = [
    "marker_id",
    "id",
    "name",
    "t_ref",
    "time",
    "timecode",
    "start",
    "t_ref_end",
    "duration",
    "colour",
    "color",
    "comment",
    "note",
    "label",
    "t_new",
    "t_new_est",
    "t_new_low",
    "t_new_high",
    "t_new_end",
    "confidence",
    "needs_review",
    "status",
];
/// Bad rows listed in an error; more would hide the first.
const LISTED_ROWS: usize = 5;

/// A marker file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadMarkersError {
    /// Not a table.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// None of the columns that could mean the time.
    #[error("column {column} missing (line {line})")]
    NoTimeColumn {
        /// The column looked for.
        column: String,
        /// Line of the header.
        line: usize,
    },
    /// Cells that are not what their column needs.
    #[error("{}", list_rows(.first, *.total))]
    BadRows {
        /// The first five.
        first: Vec<BadCell>,
        /// How many there are.
        total: usize,
    },
}

/// A cell that is not what its column needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (line {line}, column {column})")]
pub struct BadCell {
    /// What is wrong.
    pub problem: String,
    /// Line of the row.
    pub line: usize,
    /// Column as named in the header.
    pub column: String,
}

impl ReadMarkersError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Csv(error) => error.hint(),
            Self::NoTimeColumn { column, .. } => Some(format!("name the column with the times `{column}`")),
            Self::BadRows { first, .. } => {
                let needs_rate = TimeError::NeedsRate.to_string();
                let has_timecode = first.iter().any(|cell| cell.problem == needs_rate);
                has_timecode.then(|| TimeError::NeedsRate.hint()).flatten()
            }
        }
    }
}

fn list_rows(first: &[BadCell], total: usize) -> String {
    let mut text = first
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if total > first.len() {
        text.push_str(&format!(" and {} more", total - first.len()));
    }
    text
}

/// Collects bad cells so that a user sees more than one at a time.
#[derive(Debug, Default)]
pub(crate) struct BadCells {
    first: Vec<BadCell>,
    total: usize,
}

impl BadCells {
    pub fn push(&mut self, table: &Table, row: &Row, column: usize, problem: &impl ToString) {
        self.total += 1;
        if self.first.len() < LISTED_ROWS {
            let column = table.headers.get(column).cloned().unwrap_or_default();
            self.first.push(BadCell {
                problem: problem.to_string(),
                line: row.line,
                column,
            });
        }
    }

    pub fn into_result(self) -> Result<(), ReadMarkersError> {
        if self.total == 0 {
            return Ok(());
        }
        Err(ReadMarkersError::BadRows {
            first: self.first,
            total: self.total,
        })
    }
}

/// The time in a cell, in seconds; `None` when the cell is blank.
pub(crate) fn time_cell(
    table: &Table,
    row: &Row,
    column: usize,
    rate: Option<Rate>,
) -> Result<Option<f64>, TimeError> {
    let text = row.text(column).trim();
    if text.is_empty() {
        return Ok(None);
    }
    let decimal_comma = table.delimiter != mtbsync_formats::csv::Delimiter::Comma;
    parse_time(text, rate, decimal_comma).map(Some)
}

/// Reads a marker CSV. `rate` is only needed for times written as timecode.
///
/// # Errors
/// Not a table, no time column, or bad rows (the first five are named).
pub fn read_markers(bytes: &[u8], rate: Option<Rate>) -> Result<MarkerTable, ReadMarkersError> {
    let table = Table::parse(bytes, &KNOWN_COLUMNS)?;
    let Some(time) = table.column(&TIME_COLUMNS) else {
        return Err(ReadMarkersError::NoTimeColumn {
            column: "t_ref".to_owned(),
            line: table.header_line,
        });
    };
    let id = table.column(&ID_COLUMNS);
    let name = table.column(&NAME_COLUMNS);
    let colour = table.column(&COLOUR_COLUMNS);
    let comment = table.column(&COMMENT_COLUMNS);
    let end = table.column(&["t_ref_end"]);
    let duration = table.column(&["duration"]);
    let is_replaced = |header: &String| {
        OUTPUT_COLUMNS
            .iter()
            .chain([&END_COLUMN])
            .any(|column| header.eq_ignore_ascii_case(column))
    };
    let extra: Vec<usize> = table
        .headers
        .iter()
        .enumerate()
        .filter(|(_, header)| !is_replaced(header))
        .map(|(i, _)| i)
        .collect();
    let text = |row: &Row, column: Option<usize>| column.map(|c| row.text(c).to_owned()).unwrap_or_default();

    let mut markers = Vec::with_capacity(table.rows.len());
    let mut bad = BadCells::default();
    for (index, row) in table.rows.iter().enumerate() {
        let t_ref_secs = match time_cell(&table, row, time, rate) {
            Ok(Some(secs)) => secs,
            Ok(None) => {
                bad.push(&table, row, time, &"value missing");
                continue;
            }
            Err(error) => {
                bad.push(&table, row, time, &describe(&error));
                continue;
            }
        };
        let (end_column, is_length) = match (end, duration) {
            (Some(column), _) => (Some(column), false),
            (None, column) => (column, true),
        };
        let t_ref_end_secs = match end_column.map(|column| (column, time_cell(&table, row, column, rate))) {
            None => None,
            Some((_, Ok(secs))) => secs.map(|secs| if is_length { t_ref_secs + secs } else { secs }),
            Some((column, Err(error))) => {
                bad.push(&table, row, column, &describe(&error));
                continue;
            }
        };
        let id = match text(row, id) {
            given if given.trim().is_empty() => (index + 1).to_string(),
            given => given,
        };
        markers.push(Marker {
            id,
            name: text(row, name),
            t_ref_secs,
            t_ref_end_secs,
            colour: text(row, colour),
            comment: text(row, comment),
            extra: extra.iter().map(|&column| row.text(column).to_owned()).collect(),
        });
    }
    bad.into_result()?;
    Ok(MarkerTable {
        extra_columns: extra
            .iter()
            .filter_map(|&column| table.headers.get(column).cloned())
            .collect(),
        has_ends: end.or(duration).is_some(),
        markers,
        warnings: table.warnings.iter().map(ToString::to_string).collect(),
    })
}

/// In a table the usual mistake is a word where a number should be.
pub(crate) fn describe(error: &TimeError) -> String {
    match error {
        TimeError::NotATime => "not a number".to_owned(),
        TimeError::NeedsRate | TimeError::Timecode(_) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> MarkerTable {
        read_markers(text.as_bytes(), None).unwrap()
    }

    #[test]
    fn columns_are_found_by_meaning_and_the_rest_is_kept() {
        let table = read("Color;lap;Time;ID;label\nred;3;1:02,5;M01;hello\n;;7;;\n");
        assert_eq!(table.extra_columns, ["Color", "lap", "Time", "ID", "label"]);
        let [first, second] = table.markers.as_slice() else {
            panic!()
        };
        assert_eq!(
            (first.id.as_str(), first.name.as_str(), first.t_ref_secs),
            ("M01", "M01", 62.5)
        );
        assert_eq!((first.colour.as_str(), first.comment.as_str()), ("red", "hello"));
        assert_eq!(first.extra, ["red", "3", "1:02,5", "M01", "hello"]);
        assert_eq!((second.id.as_str(), second.name.as_str()), ("2", ""));
    }

    #[test]
    fn lengths_become_ends() {
        let table = read("name,t_ref,duration\nA,10,2.5\nB,20,\n");
        assert!(table.has_ends);
        assert_eq!(table.markers[0].t_ref_end_secs, Some(12.5));
        assert_eq!(table.markers[1].t_ref_end_secs, None);
        assert_eq!(
            read("t_ref,t_ref_end\n1,3\n").markers[0].t_ref_end_secs,
            Some(3.0)
        );
    }

    #[test]
    fn errors_name_rows_and_columns() {
        let error = read_markers(b"name,t_ref\nA,1\nB,x\nC,\n", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not a number (line 3, column t_ref), value missing (line 4, column t_ref)"
        );
        let many = format!("t_ref\n{}", "x\n".repeat(7));
        let error = read_markers(many.as_bytes(), None).unwrap_err().to_string();
        assert!(error.ends_with("(line 6, column t_ref) and 2 more"), "{error}");
        let error = read_markers(b"\nname,foo\nA,1\n", None).unwrap_err();
        assert_eq!(error.to_string(), "column t_ref missing (line 2)");
        assert!(read_markers(b"", None).is_err());
    }

    #[test]
    fn timecode_needs_a_rate() {
        let bytes = b"name,timecode\nA,00:00:10:00\n";
        let error = read_markers(bytes, None).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("give the rate with --fps"));
        let table = read_markers(bytes, Some(Rate::whole(25))).unwrap();
        assert_eq!(table.markers[0].t_ref_secs, 10.0);
    }

    #[test]
    fn a_header_alone_is_no_markers() {
        assert!(read("name,t_ref\n").markers.is_empty());
    }
}
