//! Marker CSV in (docs/reference/files.md#marker-tables): columns by meaning, times in any usual form,
//! everything else carried along.

use mtbsync_formats::csv::{CellErrorKind, CsvError, Delimiter, Row, Table};

use crate::marker::{Marker, MarkerTable};
use crate::time::{Rate, TimeError, parse_time};

/// Column names that mean the time of a marker, first present wins.
pub(crate) const TIME_COLUMNS: [&str; 4] = ["t_ref", "time", "timecode", "start"];
pub(crate) const COLOUR_COLUMNS: [&str; 2] = ["colour", "color"];
pub(crate) const COMMENT_COLUMNS: [&str; 3] = ["comment", "note", "label"];
pub(crate) const NAME_COLUMNS: [&str; 3] = ["name", "marker_id", "id"];
const ID_COLUMNS: [&str; 2] = ["marker_id", "id"];
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
/// Columns for the length of a marker: its end, or its duration.
pub(crate) const REF_END_COLUMN: &str = "t_ref_end";
pub(crate) const DURATION_COLUMN: &str = "duration";
/// Bad rows listed in an error; more would hide the first.
const LISTED_ROWS: usize = 5;

/// Every name a header of markers may be known by. JSON is read as a table of these columns, in this order.
pub(crate) fn known_columns() -> Vec<&'static str> {
    let what = [&ID_COLUMNS[..], &NAME_COLUMNS, &TIME_COLUMNS].concat();
    let more = [
        &[REF_END_COLUMN, DURATION_COLUMN][..],
        &COLOUR_COLUMNS,
        &COMMENT_COLUMNS,
    ]
    .concat();
    let mut known: Vec<&str> = Vec::new();
    for name in [&what[..], &more, &OUTPUT_COLUMNS, &[END_COLUMN]].concat() {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

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
    #[source]
    pub problem: CellProblem,
    /// Line of the row.
    pub line: usize,
    /// Column as named in the header.
    pub column: String,
}

/// What is wrong with a cell of a marker table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellProblem {
    /// Missing or of another kind; what is no time at all is `not a number`, the usual mistake being a word.
    #[error(transparent)]
    Kind(#[from] CellErrorKind),
    /// A timecode that cannot be read.
    #[error(transparent)]
    Time(TimeError),
}

impl From<TimeError> for CellProblem {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::NotATime => Self::Kind(CellErrorKind::NotANumber),
            TimeError::TooFar => Self::Kind(CellErrorKind::TooFar),
            TimeError::NeedsRate | TimeError::Timecode(_) => Self::Time(error),
        }
    }
}

impl ReadMarkersError {
    /// `table` has no column with times, which people would name `column`.
    pub(crate) fn no_time(table: &Table, column: &str) -> Self {
        Self::NoTimeColumn {
            column: column.to_owned(),
            line: table.header_line,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Csv(error) => error.hint(),
            Self::NoTimeColumn { column, .. } => Some(format!("name the column with the times `{column}`")),
            Self::BadRows { first, .. } => {
                let needs_rate = CellProblem::Time(TimeError::NeedsRate);
                let has_timecode = first.iter().any(|cell| cell.problem == needs_rate);
                has_timecode.then(|| TimeError::NeedsRate.hint()).flatten()
            }
        }
    }
}

fn list_rows(first: &[BadCell], total: usize) -> String {
    let cells: Vec<String> = first.iter().map(ToString::to_string).collect();
    match total - first.len() {
        0 => cells.join(", "),
        more => format!("{} and {more} more", cells.join(", ")),
    }
}

/// Reads cells and collects the bad ones, so that a user sees more than one at a time.
pub(crate) struct CellReader<'a> {
    table: &'a Table,
    /// Rate of times written as timecode.
    rate: Option<Rate>,
    first_bad: Vec<BadCell>,
    total_bad: usize,
}

impl<'a> CellReader<'a> {
    pub fn new(table: &'a Table, rate: Option<Rate>) -> Self {
        Self {
            table,
            rate,
            first_bad: Vec::new(),
            total_bad: 0,
        }
    }

    /// The value, or `None` and a note of what is wrong with its cell.
    pub fn check<T, E: Into<CellProblem>>(
        &mut self,
        row: &Row,
        column: usize,
        value: Result<T, E>,
    ) -> Option<T> {
        let problem = match value {
            Ok(value) => return Some(value),
            Err(problem) => problem.into(),
        };
        self.total_bad += 1;
        if self.first_bad.len() < LISTED_ROWS {
            let column = self.table.headers.get(column).cloned().unwrap_or_default();
            self.first_bad.push(BadCell {
                problem,
                line: row.line,
                column,
            });
        }
        None
    }

    /// The time in a cell, in seconds; `None` when the cell is blank or bad.
    pub fn time(&mut self, row: &Row, column: Option<usize>) -> Option<f64> {
        let column = column?;
        let secs = time_cell(self.table, row, column, self.rate);
        self.check(row, column, secs).flatten()
    }

    /// The time in a cell that must not be blank.
    pub fn required_time(&mut self, row: &Row, column: usize) -> Option<f64> {
        if row.text(column).trim().is_empty() {
            return self.check(row, column, Err(CellErrorKind::Missing));
        }
        self.time(row, Some(column))
    }

    /// The number in a cell; `None` when the cell is blank or bad.
    pub fn number(&mut self, row: &Row, column: Option<usize>) -> Option<f64> {
        let column = column?;
        let number = self.table.number(row, column).map_err(|error| error.kind);
        self.check(row, column, number).flatten()
    }

    /// The boolean in a cell; `None` when the cell is blank or bad.
    pub fn boolean(&mut self, row: &Row, column: Option<usize>) -> Option<bool> {
        let column = column?;
        let value = self.table.boolean(row, column).map_err(|error| error.kind);
        self.check(row, column, value).flatten()
    }

    /// # Errors
    /// There were bad cells.
    pub fn finish(self) -> Result<(), ReadMarkersError> {
        if self.total_bad == 0 {
            return Ok(());
        }
        Err(ReadMarkersError::BadRows {
            first: self.first_bad,
            total: self.total_bad,
        })
    }
}

/// The text of a cell, empty without such a column.
pub(crate) fn text_cell(row: &Row, column: Option<usize>) -> String {
    column
        .map(|column| row.text(column).to_owned())
        .unwrap_or_default()
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
    parse_time(text, rate, table.delimiter != Delimiter::Comma).map(Some)
}

/// What was repaired in a table, for people.
pub(crate) fn warnings_of(table: &Table) -> Vec<String> {
    table.warnings.iter().map(ToString::to_string).collect()
}

/// Reads a marker CSV. `rate` is only needed for times written as timecode.
///
/// # Errors
/// Not a table, no time column, or bad rows (the first five are named).
///
/// ```
/// let csv = b"name,t_ref,colour,lap\nStart gate,2.5,red,3\nCar park,15:00,,3\n";
/// let table = mtbsync_markers::read_markers(csv, None)?;
/// assert_eq!(table.markers[1].t_ref_secs, 900.0);
/// assert_eq!(table.extra_columns, ["lap"]);
/// # Ok::<(), mtbsync_markers::ReadMarkersError>(())
/// ```
pub fn read_markers(bytes: &[u8], rate: Option<Rate>) -> Result<MarkerTable, ReadMarkersError> {
    let table = Table::parse(bytes, &known_columns())?;
    let time = table.column(&TIME_COLUMNS);
    let time = time.ok_or_else(|| ReadMarkersError::no_time(&table, "t_ref"))?;
    let (id, name) = (table.column(&ID_COLUMNS), table.column(&NAME_COLUMNS));
    let (colour, comment) = (table.column(&COLOUR_COLUMNS), table.column(&COMMENT_COLUMNS));
    let end = table.column(&[REF_END_COLUMN]);
    let duration = table.column(&[DURATION_COLUMN]);
    let is_kept = |header: &str| {
        let mut replaced = OUTPUT_COLUMNS.iter().chain([&END_COLUMN]);
        !replaced.any(|column| header.eq_ignore_ascii_case(column))
    };
    let headers = table.headers.iter().enumerate();
    let extra: Vec<(usize, &String)> = headers.filter(|(_, header)| is_kept(header)).collect();

    let mut markers = Vec::with_capacity(table.rows.len());
    let mut cells = CellReader::new(&table, rate);
    for (index, row) in table.rows.iter().enumerate() {
        let Some(t_ref_secs) = cells.required_time(row, time) else {
            continue;
        };
        let t_ref_end_secs = match end {
            Some(_) => cells.time(row, end),
            None => cells.time(row, duration).map(|secs| t_ref_secs + secs),
        };
        let id = match text_cell(row, id) {
            given if given.trim().is_empty() => (index + 1).to_string(),
            given => given,
        };
        markers.push(Marker {
            id,
            name: text_cell(row, name),
            t_ref_secs,
            t_ref_end_secs,
            colour: text_cell(row, colour),
            comment: text_cell(row, comment),
            extra: extra
                .iter()
                .map(|(column, _)| row.text(*column).to_owned())
                .collect(),
        });
    }
    cells.finish()?;
    Ok(MarkerTable {
        extra_columns: extra.iter().map(|(_, header)| (*header).clone()).collect(),
        has_ends: end.or(duration).is_some(),
        markers,
        warnings: warnings_of(&table),
    })
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
        assert_eq!(error.hint().as_deref(), Some("give the rate with ‹fps›"));
        let table = read_markers(bytes, Some(Rate::whole(25))).unwrap();
        assert_eq!(table.markers[0].t_ref_secs, 10.0);
    }

    #[test]
    fn a_header_alone_is_no_markers() {
        assert!(read("name,t_ref\n").markers.is_empty());
    }
}
