//! What is exported: any table with a time column, usually new_markers.csv.

use mtbsync_formats::csv::{Delimiter, Row, Table, seconds6, share4};

use crate::read::{
    BadCells, COLOUR_COLUMNS, COMMENT_COLUMNS, KNOWN_COLUMNS, NAME_COLUMNS, ReadMarkersError, TIME_COLUMNS,
    describe, time_cell,
};
use crate::time::Rate;

/// Time columns looked for when none is named: the new run first.
const EXPORT_TIME_COLUMNS: [&str; 2] = ["t_new", "t_new_est"];

/// Markers to be exported, in file order, and the whole table they came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExportTable {
    /// All column names.
    pub columns: Vec<String>,
    /// The markers.
    pub markers: Vec<ExportMarker>,
    /// Rows left out: without a time, with status `outside`, or below the confidence asked for.
    pub skipped: usize,
    /// What was guessed or repaired, for people.
    pub warnings: Vec<String>,
}

/// A marker on its way to an editor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExportMarker {
    /// Time in the recording the timeline shows.
    pub t_secs: f64,
    /// End, for markers with a length.
    pub end_secs: Option<f64>,
    /// Name, may be empty.
    pub name: String,
    /// Colour as written.
    pub colour: String,
    /// Free text.
    pub comment: String,
    /// Whether a person should look at it.
    pub needs_review: bool,
    /// Probability that the time is right.
    pub confidence: Option<f64>,
    /// 90 % interval of the time.
    pub interval_secs: Option<(f64, f64)>,
    /// The cells of [`ExportTable::columns`]; times and shares in this program's own notation.
    pub cells: Vec<String>,
}

/// Which rows and which time column are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TableOptions<'a> {
    /// Name of the time column; `None` = `t_new`, else `t_new_est`, else `t_ref` and its aliases.
    pub time_column: Option<&'a str>,
    /// Markers with a lower confidence are left out; those without one stay.
    pub min_confidence: f64,
    /// Rate for times written as timecode.
    pub rate: Option<Rate>,
}

impl ExportTable {
    /// Reads a CSV.
    ///
    /// # Errors
    /// Not a table, no time column, or bad cells.
    pub fn parse(bytes: &[u8], options: TableOptions<'_>) -> Result<Self, ReadMarkersError> {
        let mut known = KNOWN_COLUMNS.to_vec();
        known.extend(options.time_column);
        let table = Table::parse(bytes, &known)?;
        let time = match options.time_column {
            Some(name) => table.column(&[name]),
            None => table
                .column(&EXPORT_TIME_COLUMNS)
                .or_else(|| table.column(&TIME_COLUMNS)),
        };
        let Some(time) = time else {
            let column = options.time_column.unwrap_or("t_new").to_owned();
            return Err(ReadMarkersError::NoTimeColumn {
                column,
                line: table.header_line,
            });
        };
        let reader = RowReader::new(&table, time, options.rate);
        let mut bad = BadCells::default();
        let mut markers = Vec::with_capacity(table.rows.len());
        let mut skipped = 0;
        for row in &table.rows {
            let marker = reader.read(row, &mut bad);
            let confident = |marker: &ExportMarker| {
                marker
                    .confidence
                    .is_none_or(|confidence| confidence >= options.min_confidence)
            };
            match marker.filter(confident) {
                Some(marker) => markers.push(marker),
                None => skipped += 1,
            }
        }
        bad.into_result()?;
        let warnings = table.warnings.iter().map(ToString::to_string).collect();
        Ok(Self {
            columns: table.headers,
            markers,
            skipped,
            warnings,
        })
    }
}

/// The columns of a table by meaning.
struct RowReader<'a> {
    table: &'a Table,
    rate: Option<Rate>,
    time: usize,
    end: Option<usize>,
    duration: Option<usize>,
    name: Option<usize>,
    colour: Option<usize>,
    comment: Option<usize>,
    needs_review: Option<usize>,
    status: Option<usize>,
    confidence: Option<usize>,
    low: Option<usize>,
    high: Option<usize>,
}

impl<'a> RowReader<'a> {
    fn new(table: &'a Table, time: usize, rate: Option<Rate>) -> Self {
        let is_new = table
            .headers
            .get(time)
            .is_some_and(|name| name.to_ascii_lowercase().starts_with("t_new"));
        let when = |wanted: bool, name: &str| if wanted { table.column(&[name]) } else { None };
        Self {
            table,
            rate,
            time,
            end: table.column(&[if is_new { "t_new_end" } else { "t_ref_end" }]),
            duration: when(!is_new, "duration"),
            name: table.column(&NAME_COLUMNS),
            colour: table.column(&COLOUR_COLUMNS),
            comment: table.column(&COMMENT_COLUMNS),
            needs_review: table.column(&["needs_review"]),
            status: table.column(&["status"]),
            confidence: table.column(&["confidence"]),
            low: table.column(&["t_new_low"]),
            high: table.column(&["t_new_high"]),
        }
    }

    /// The marker of a row; `None` when it is left out or bad.
    fn read(&self, row: &Row, bad: &mut BadCells) -> Option<ExportMarker> {
        let mut time = |column: Option<usize>| {
            let column = column?;
            match time_cell(self.table, row, column, self.rate) {
                Ok(secs) => secs,
                Err(error) => {
                    bad.push(self.table, row, column, &describe(&error));
                    None
                }
            }
        };
        let t_secs = time(Some(self.time));
        let end_secs = match (time(self.end), time(self.duration), t_secs) {
            (Some(end), _, _) => Some(end),
            (None, Some(length), Some(start)) => Some(start + length),
            (None, _, _) => None,
        };
        let interval_secs = time(self.low).zip(time(self.high));
        let confidence = self.number(row, self.confidence, bad);
        let needs_review = self.boolean(row, self.needs_review, bad);
        let text = |column: Option<usize>| column.map(|column| row.text(column)).unwrap_or_default();
        let is_outside = text(self.status).trim().eq_ignore_ascii_case("outside");
        let t_secs = t_secs.filter(|_| !is_outside)?;
        Some(ExportMarker {
            t_secs,
            end_secs,
            name: text(self.name).to_owned(),
            colour: text(self.colour).to_owned(),
            comment: text(self.comment).to_owned(),
            needs_review,
            confidence,
            interval_secs,
            cells: self.own_notation(row),
        })
    }

    fn number(&self, row: &Row, column: Option<usize>, bad: &mut BadCells) -> Option<f64> {
        let column = column?;
        match self.table.number(row, column) {
            Ok(number) => number,
            Err(error) => {
                bad.push(self.table, row, column, &error.kind);
                None
            }
        }
    }

    fn boolean(&self, row: &Row, column: Option<usize>, bad: &mut BadCells) -> bool {
        let Some(column) = column else { return false };
        match self.table.boolean(row, column) {
            Ok(value) => value.unwrap_or(false),
            Err(error) => {
                bad.push(self.table, row, column, &error.kind);
                false
            }
        }
    }

    /// The row's cells, numbers of another dialect rewritten in this program's own.
    fn own_notation(&self, row: &Row) -> Vec<String> {
        let is_own_dialect = self.table.delimiter == Delimiter::Comma;
        let cell = |(column, header): (usize, &String)| {
            let text = row.text(column);
            match header.to_ascii_lowercase().as_str() {
                name if name.starts_with("t_") || name == "confidence" => {
                    let number = time_cell(self.table, row, column, self.rate).ok().flatten();
                    let format = if name == "confidence" { share4 } else { seconds6 };
                    number.map_or_else(|| text.to_owned(), format)
                }
                _ if is_own_dialect => text.to_owned(),
                _ => self
                    .table
                    .parse_number(text)
                    .map_or_else(|| text.to_owned(), |_| text.replacen(',', ".", 1)),
            }
        };
        self.table.headers.iter().enumerate().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, options: TableOptions<'_>) -> ExportTable {
        ExportTable::parse(text.as_bytes(), options).unwrap()
    }

    #[test]
    fn rows_without_a_place_or_confidence_are_counted() {
        let text = "name,t_ref,t_new,confidence,status\nA,1,2,0.9,ok\nB,1,,0,outside\nC,1,5,0.3,review\nD,4,6,,\nE,4,6,1,outside\n";
        let table = parse(
            text,
            TableOptions {
                min_confidence: 0.5,
                ..Default::default()
            },
        );
        let times: Vec<_> = table
            .markers
            .iter()
            .map(|marker| (marker.name.as_str(), marker.t_secs))
            .collect();
        assert_eq!((times, table.skipped), (vec![("A", 2.0), ("D", 6.0)], 3));
    }

    #[test]
    fn the_time_column_decides_which_end_counts() {
        let text = "t_ref,t_ref_end,t_new,t_new_end\n1,2,3,4\n";
        assert_eq!(
            parse(text, TableOptions::default()).markers[0].end_secs,
            Some(4.0)
        );
        let by_reference = TableOptions {
            time_column: Some("T_REF"),
            ..Default::default()
        };
        assert_eq!(parse(text, by_reference).markers[0].end_secs, Some(2.0));
        assert_eq!(
            parse("time,duration\n1,2\n", TableOptions::default()).markers[0].end_secs,
            Some(3.0)
        );
    }

    #[test]
    fn missing_columns_and_bad_cells_are_named() {
        let error = |text: &str| {
            ExportTable::parse(text.as_bytes(), TableOptions::default())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error("name\nA\n"), "column t_new missing (line 1)");
        assert_eq!(error("name,t_new\nA,x\n"), "not a number (line 2, column t_new)");
        assert_eq!(
            error("t_new,needs_review\n1,maybe\n"),
            "not a boolean (line 2, column needs_review)"
        );
    }

    #[test]
    fn numbers_of_other_dialects_are_rewritten() {
        let table = parse(
            "name;t_new;speed;note\nA;1:02,5;3,5;a,b\n",
            TableOptions::default(),
        );
        assert_eq!(table.markers[0].cells, ["A", "62.500000", "3.5", "a,b"]);
    }
}
