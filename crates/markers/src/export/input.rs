//! What is exported: any table with a time column, usually new_markers.csv.

use mtbsync_formats::csv::{Delimiter, Row, Table, seconds6, share4};

use crate::read::{
    COLOUR_COLUMNS, COMMENT_COLUMNS, CellReader, DURATION_COLUMN, END_COLUMN, NAME_COLUMNS, REF_END_COLUMN,
    ReadMarkersError, TIME_COLUMNS, known_columns, text_cell, time_cell, warnings_of,
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
        let mut known = known_columns();
        known.extend(options.time_column);
        let table = Table::parse(bytes, &known)?;
        let time = match options.time_column {
            Some(name) => table.column(&[name]),
            None => table
                .column(&EXPORT_TIME_COLUMNS)
                .or_else(|| table.column(&TIME_COLUMNS)),
        };
        let wanted = options.time_column.unwrap_or("t_new");
        let time = time.ok_or_else(|| ReadMarkersError::no_time(&table, wanted))?;
        let columns = ExportColumns::of(&table, time);
        let mut cells = CellReader::new(&table, options.rate);
        let mut markers = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let marker = columns.read(row, &mut cells);
            let is_wanted =
                |marker: &ExportMarker| marker.confidence.is_none_or(|c| c >= options.min_confidence);
            markers.extend(marker.filter(is_wanted).map(|marker| ExportMarker {
                cells: own_notation(&table, row, options.rate),
                ..marker
            }));
        }
        cells.finish()?;
        let warnings = warnings_of(&table);
        Ok(Self {
            skipped: table.rows.len() - markers.len(),
            columns: table.headers,
            markers,
            warnings,
        })
    }
}

/// The columns of a table by meaning.
struct ExportColumns {
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

impl ExportColumns {
    fn of(table: &Table, time: usize) -> Self {
        let header = table.headers.get(time);
        let is_new = header.is_some_and(|name| name.to_ascii_lowercase().starts_with("t_new"));
        let end = if is_new { END_COLUMN } else { REF_END_COLUMN };
        let duration = if is_new {
            None
        } else {
            table.column(&[DURATION_COLUMN])
        };
        Self {
            time,
            end: table.column(&[end]),
            duration,
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

    /// The marker of a row, without its cells; `None` when it is left out or bad.
    fn read(&self, row: &Row, cells: &mut CellReader<'_>) -> Option<ExportMarker> {
        let t_secs = cells.time(row, Some(self.time));
        let end_secs = cells.time(row, self.end);
        let length_secs = cells.time(row, self.duration);
        let low_secs = cells.time(row, self.low);
        let interval_secs = low_secs.zip(cells.time(row, self.high));
        let confidence = cells.number(row, self.confidence);
        let needs_review = cells.boolean(row, self.needs_review).unwrap_or(false);
        let is_outside = text_cell(row, self.status).trim().eq_ignore_ascii_case("outside");
        let t_secs = t_secs.filter(|_| !is_outside)?;
        Some(ExportMarker {
            t_secs,
            end_secs: end_secs.or(length_secs.map(|length| t_secs + length)),
            name: text_cell(row, self.name),
            colour: text_cell(row, self.colour),
            comment: text_cell(row, self.comment),
            needs_review,
            confidence,
            interval_secs,
            cells: Vec::new(),
        })
    }
}

/// The cells of a row, numbers of another dialect rewritten in this program's own.
fn own_notation(table: &Table, row: &Row, rate: Option<Rate>) -> Vec<String> {
    let is_own_dialect = table.delimiter == Delimiter::Comma;
    let cell = |(column, header): (usize, &String)| {
        let text = row.text(column);
        match header.to_ascii_lowercase().as_str() {
            name if name.starts_with("t_") || name == "confidence" => {
                let number = time_cell(table, row, column, rate).ok().flatten();
                let format = if name == "confidence" { share4 } else { seconds6 };
                number.map_or_else(|| text.to_owned(), format)
            }
            _ if !is_own_dialect && table.parse_number(text).is_some() => text.replacen(',', ".", 1),
            _ => text.to_owned(),
        }
    };
    table.headers.iter().enumerate().map(cell).collect()
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
