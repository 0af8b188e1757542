//! The reader: bytes to a table of text cells, and cells to values with errors that name line and column.

use std::borrow::Cow;

use super::lexer::{CsvRecord, Lexer, UnclosedQuote};
use crate::seconds::is_moment;
use crate::text::{TextEncoding, decode_text};

/// Bound for CSV input: more than twice what new_markers.csv of a million markers has.
pub const MAX_CSV_BYTES: u64 = 256 << 20;
/// Bound on rows, above anything [`MAX_CSV_BYTES`] holds in files of this program.
const MAX_ROWS: usize = 4_000_000;
/// Bound on columns; spreadsheets end at 16,384.
const MAX_COLUMNS: usize = 16_384;

/// Bound on rows times columns: short rows count in full, as every reader keeps a text for each of their
/// cells (24 bytes of memory beside its characters). A million markers have 13 columns.
const MAX_CELLS: usize = 32_000_000;

/// What separates cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`, with a decimal point.
    Comma,
    /// `;`, with a decimal point or comma.
    Semicolon,
    /// Tab, with a decimal point or comma.
    Tab,
}

impl Delimiter {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    fn as_char(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }
}

/// A table of text cells. Every row has exactly as many cells as there are headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Trimmed column names as written.
    pub headers: Vec<String>,
    /// Line (from 1) of the header.
    pub header_line: usize,
    /// Rows in file order.
    pub rows: Vec<Row>,
    /// The delimiter found.
    pub delimiter: Delimiter,
    /// What was guessed or repaired.
    pub warnings: Vec<CsvWarning>,
}

/// One row, in two pieces of memory however many cells it has: a table may have a million rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line (from 1) the row starts on.
    pub line: usize,
    /// The cells, one after the other.
    text: Box<str>,
    /// Where in `text` each of them ends; a table is smaller than 4 GiB.
    ends: Box<[u32]>,
}

impl Row {
    /// `count` cells: those given and empty ones.
    fn new(line: usize, cells: &[Cow<'_, str>], count: usize) -> Self {
        let mut text = String::with_capacity(cells.iter().map(|cell| cell.len()).sum());
        let mut ends = Vec::with_capacity(count);
        for cell in cells {
            text.push_str(cell);
            ends.push(text.len() as u32);
        }
        ends.resize(count, text.len() as u32);
        Self {
            line,
            text: text.into(),
            ends: ends.into(),
        }
    }

    /// The cell in `column` as written, untrimmed; empty when there is none.
    pub fn text(&self, column: usize) -> &str {
        let end = |column: usize| self.ends.get(column).map(|end| *end as usize);
        let start = column.checked_sub(1).map_or(Some(0), end);
        let range = start.zip(end(column));
        range
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or("")
    }

    /// All cells as written.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|column| self.text(column))
    }

    /// Puts another text into a cell, where there is one.
    pub fn set(&mut self, column: usize, text: &str) {
        let mut cells: Vec<Cow<'_, str>> = self.cells().map(Cow::Borrowed).collect();
        if let Some(cell) = cells.get_mut(column) {
            *cell = Cow::Borrowed(text);
            *self = Self::new(self.line, &cells, cells.len());
        }
    }
}

/// Something a reader guessed or repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvWarning {
    /// The bytes are not UTF-8.
    #[error("not UTF-8, read as Windows-1252")]
    Windows1252,
}

/// A text that is not a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// No byte, or nothing but blanks and comments.
    #[error("is empty")]
    Empty,
    /// The first record holds none of the known names.
    #[error("no header with known column names (line {line})")]
    NoHeader {
        /// Line of the first record.
        line: usize,
    },
    /// A quoted cell without an end.
    #[error("quote is not closed (record from line {line})")]
    UnclosedQuote {
        /// Line the record starts on.
        line: usize,
    },
    /// More cells than headers.
    #[error("{cells} cells but {headers} columns (line {line})")]
    LongRow {
        /// Line of the row.
        line: usize,
        /// Cells found.
        cells: usize,
        /// Columns in the header.
        headers: usize,
    },
    /// More bytes, rows, columns or cells than any sensible table has.
    #[error("table is too large (line {line})")]
    TooLarge {
        /// Where the bound was passed.
        line: usize,
    },
}

impl CsvError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::LongRow { .. } => Some("quote cells that hold the delimiter".to_owned()),
            Self::NoHeader { .. } => Some("the first line must name the columns".to_owned()),
            Self::UnclosedQuote { .. } => Some("close the quote or double it".to_owned()),
            Self::Empty | Self::TooLarge { .. } => None,
        }
    }
}

impl From<UnclosedQuote> for CsvError {
    fn from(quote: UnclosedQuote) -> Self {
        Self::UnclosedQuote { line: quote.line }
    }
}

/// A cell that does not hold what its column needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (line {line}, column {column})")]
pub struct CellError {
    /// What is wrong.
    pub kind: CellErrorKind,
    /// Line of the row.
    pub line: usize,
    /// Name of the column as written in the header.
    pub column: String,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellErrorKind {
    /// Not a finite decimal number.
    #[error("not a number")]
    NotANumber,
    /// Not one of true, false, 1, 0, yes, no.
    #[error("not a boolean")]
    NotABoolean,
    /// Empty although a value is required.
    #[error("value missing")]
    Missing,
    /// A time that no recording has ([`crate::LONGEST_SECS`]).
    #[error("a time beyond 7 days")]
    TooFar,
}

impl Table {
    /// Reads a table whose header holds at least one of `known_names` (compared trimmed, without case).
    ///
    /// # Errors
    /// See [`CsvError`]; a header without rows is a table of zero rows, not an error.
    pub fn parse(bytes: &[u8], known_names: &[&str]) -> Result<Self, CsvError> {
        if bytes.len() as u64 > MAX_CSV_BYTES {
            return Err(CsvError::TooLarge { line: 1 });
        }
        let (text, encoding) = decode_text(bytes);
        let warnings = match encoding {
            TextEncoding::Windows1252 => vec![CsvWarning::Windows1252],
            TextEncoding::Utf8 | TextEncoding::Utf16 => Vec::new(),
        };
        let delimiter = sniff(&text, known_names)?;
        let mut lexer = Lexer::new(&text, delimiter.as_char());
        let header = lexer.next_record()?.ok_or(CsvError::Empty)?;
        if header.cells.len() > MAX_COLUMNS {
            return Err(CsvError::TooLarge { line: header.line });
        }
        let headers: Vec<String> = header.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let mut rows = Vec::new();
        while let Some(CsvRecord { line, cells }) = lexer.next_record()? {
            if cells.len() > headers.len() {
                return Err(CsvError::LongRow {
                    line,
                    cells: cells.len(),
                    headers: headers.len(),
                });
            }
            if rows.len() == MAX_ROWS || (rows.len() + 1) * headers.len() > MAX_CELLS {
                return Err(CsvError::TooLarge { line });
            }
            rows.push(Row::new(line, &cells, headers.len()));
        }
        Ok(Self {
            headers,
            header_line: header.line,
            rows,
            delimiter,
            warnings,
        })
    }

    /// The column of the first of `aliases` that is present, compared without case.
    pub fn column(&self, aliases: &[&str]) -> Option<usize> {
        aliases.iter().find_map(|alias| {
            self.headers
                .iter()
                .position(|header| header.eq_ignore_ascii_case(alias))
        })
    }

    /// The finite number in a cell, `None` when the cell is blank.
    ///
    /// # Errors
    /// Anything else than a decimal number.
    pub fn number(&self, row: &Row, column: usize) -> Result<Option<f64>, CellError> {
        let text = row.text(column).trim();
        if text.is_empty() {
            return Ok(None);
        }
        self.parse_number(text)
            .map(Some)
            .ok_or_else(|| self.cell_error(CellErrorKind::NotANumber, row, column))
    }

    /// The time in a cell, seconds of a recording; `None` when the cell is blank.
    ///
    /// # Errors
    /// As [`number`](Self::number), and a time that no recording has.
    pub fn moment(&self, row: &Row, column: usize) -> Result<Option<f64>, CellError> {
        match self.number(row, column)? {
            Some(secs) if !is_moment(secs) => Err(self.cell_error(CellErrorKind::TooFar, row, column)),
            moment => Ok(moment),
        }
    }

    /// The time in a cell that must not be blank, seconds of a recording.
    ///
    /// # Errors
    /// As [`moment`](Self::moment), and blank.
    pub fn required_moment(&self, row: &Row, column: usize) -> Result<f64, CellError> {
        self.moment(row, column)?
            .ok_or_else(|| self.cell_error(CellErrorKind::Missing, row, column))
    }

    /// The boolean in a cell, `None` when the cell is blank.
    ///
    /// # Errors
    /// Anything else than true, false, 1, 0, yes, no.
    pub fn boolean(&self, row: &Row, column: usize) -> Result<Option<bool>, CellError> {
        match row.text(column).trim().to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "true" | "1" | "yes" => Ok(Some(true)),
            "false" | "0" | "no" => Ok(Some(false)),
            _ => Err(self.cell_error(CellErrorKind::NotABoolean, row, column)),
        }
    }

    /// Parses a number in the dialect of this table (decimal comma unless the comma is the delimiter).
    pub fn parse_number(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        let looks_decimal = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.,eE".contains(&byte));
        if !looks_decimal {
            return None;
        }
        let number = match self.delimiter {
            Delimiter::Comma => text.parse::<f64>(),
            Delimiter::Semicolon | Delimiter::Tab if text.contains('.') => text.parse::<f64>(),
            Delimiter::Semicolon | Delimiter::Tab => text.replacen(',', ".", 1).parse::<f64>(),
        };
        number.ok().filter(|number| number.is_finite())
    }

    /// An error about one cell of this table.
    pub fn cell_error(&self, kind: CellErrorKind, row: &Row, column: usize) -> CellError {
        let column = self.headers.get(column).cloned().unwrap_or_default();
        CellError {
            kind,
            line: row.line,
            column,
        }
    }
}

/// The delimiter that splits the header into most known names; the comma wins a tie.
fn sniff(text: &str, known_names: &[&str]) -> Result<Delimiter, CsvError> {
    let mut best: Option<(usize, Delimiter)> = None;
    let mut header_line = 1;
    for delimiter in Delimiter::ALL {
        // A quote that only closes with another delimiter is no reason to give up here.
        let Ok(record) = Lexer::new(text, delimiter.as_char()).next_record() else {
            continue;
        };
        let Some(record) = record else {
            return Err(CsvError::Empty);
        };
        header_line = record.line;
        let is_known = |cell: &&Cow<'_, str>| {
            known_names
                .iter()
                .any(|name| cell.trim().eq_ignore_ascii_case(name))
        };
        let known = record.cells.iter().filter(is_known).count();
        if known > best.map_or(0, |(most, _)| most) {
            best = Some((known, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
        .ok_or(CsvError::NoHeader { line: header_line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 3] = ["name", "t_ref", "comment"];

    fn parse(text: &str) -> Table {
        Table::parse(text.as_bytes(), &KNOWN).unwrap()
    }

    #[test]
    fn short_rows_below_a_wide_header_are_bounded_by_their_cells() {
        let header = format!("t_ref{}\n", ",c".repeat(MAX_COLUMNS - 1));
        let rows = MAX_CELLS / MAX_COLUMNS;
        assert!(Table::parse((header.clone() + "1\n").as_bytes(), &KNOWN).is_ok());
        let refused = Table::parse((header + &"1\n".repeat(rows + 1)).as_bytes(), &KNOWN);
        assert_eq!(refused, Err(CsvError::TooLarge { line: rows + 2 }));
    }

    #[test]
    fn dialects_of_the_same_table_read_alike() {
        let dialects: [&[u8]; 4] = [
            b"name,t_ref\nA,1.5\n",
            b"\xEF\xBB\xBF Name ; T_REF \r\n\r\n# note\r\nA;1,5\r\n",
            b"name\tt_ref\rA\t1,5",
            b"# made by hand\n\"name\";\"t_ref\"\n\"A\";\"1.5\"",
        ];
        for bytes in dialects {
            let table = Table::parse(bytes, &KNOWN).unwrap();
            let time = table.column(&["t_ref"]).unwrap();
            let row = &table.rows[0];
            assert_eq!(
                (row.text(0), table.number(row, time)),
                ("A", Ok(Some(1.5))),
                "{bytes:?}"
            );
            assert_eq!(table.rows.len(), 1);
        }
    }

    #[test]
    fn quoted_cells_keep_delimiters_quotes_and_line_ends() {
        let table = parse("name,t_ref,comment\n\"a, \"\"b\"\"\",1,\"two\r\nlines\"\nB,2\n");
        let cells = |row: usize| table.rows[row].cells().collect::<Vec<_>>();
        assert_eq!(cells(0), ["a, \"b\"", "1", "two\r\nlines"]);
        assert_eq!(cells(1), ["B", "2", ""]);
        assert_eq!((table.rows[0].line, table.rows[1].line), (2, 4));
    }

    #[test]
    fn a_cell_is_replaced_without_touching_the_others() {
        let mut table = parse("name,t_ref,comment\nA,1,x\n");
        let row = &mut table.rows[0];
        row.set(1, "12.5");
        row.set(0, "");
        row.set(3, "nowhere");
        assert_eq!(row.cells().collect::<Vec<_>>(), ["", "12.5", "x"]);
        assert_eq!(row.text(3), "");
    }

    #[test]
    fn errors_name_their_line() {
        let long = Table::parse(b"name,t_ref\nA,1\n\nB,2,3\n", &KNOWN).unwrap_err();
        assert_eq!(
            long,
            CsvError::LongRow {
                line: 4,
                cells: 3,
                headers: 2
            }
        );
        let open = Table::parse(b"name,t_ref\n\"A,1\n", &KNOWN).unwrap_err();
        assert_eq!(open, CsvError::UnclosedQuote { line: 2 });
        assert_eq!(Table::parse(b"\n# x\n", &KNOWN), Err(CsvError::Empty));
        assert_eq!(
            Table::parse(b"\nfoo,bar\n", &KNOWN),
            Err(CsvError::NoHeader { line: 2 })
        );
        let table = parse("name,t_ref\nA,1\nB,nan\n");
        let error = table.number(&table.rows[1], 1).unwrap_err();
        assert_eq!(error.to_string(), "not a number (line 3, column t_ref)");
    }

    #[test]
    fn other_encodings_are_read_with_a_warning() {
        let table = Table::parse(b"name,t_ref\nCaf\xE9,1\n", &KNOWN).unwrap();
        assert_eq!(table.rows[0].text(0), "Café");
        assert_eq!(table.warnings, [CsvWarning::Windows1252]);
    }

    #[test]
    fn the_first_alias_present_wins() {
        let table = parse("comment,name,t_ref\nx,A,1\n");
        assert_eq!(table.column(&["time", "T_Ref", "name"]), Some(2));
        assert_eq!(table.column(&["id"]), None);
    }

    #[test]
    fn times_beyond_a_week_are_refused_with_their_line() {
        let table = parse("name,t_ref\nA,604800\nB,1e15\nC,-1e300\nD,5e-324\nE,\n");
        let read: Vec<_> = table.rows.iter().map(|row| table.moment(row, 1)).collect();
        assert_eq!((&read[0], &read[4]), (&Ok(Some(604_800.0)), &Ok(None)));
        assert!(read[1].is_err() && read[2].is_err() && read[3].is_ok());
        let error = table.required_moment(&table.rows[1], 1).unwrap_err();
        assert_eq!(error.to_string(), "a time beyond 7 days (line 3, column t_ref)");
    }

    #[test]
    fn numbers_are_decimal_and_finite() {
        let comma = parse("name,t_ref\n");
        let semicolon = parse("name;t_ref\n");
        assert_eq!(comma.parse_number("1e3"), Some(1000.0));
        for bad in ["1,5", "inf", "NaN", "0x10", "1e999", "1 5", ""] {
            assert_eq!(comma.parse_number(bad), None, "{bad}");
        }
        assert_eq!(semicolon.parse_number("-0,25"), Some(-0.25));
        assert_eq!(semicolon.parse_number("1.234,5"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_table_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut input = b"name;t_ref\n".to_vec();
            input.extend(&bytes);
            if let Ok(table) = Table::parse(&input, &KNOWN) {
                prop_assert!(table.rows.iter().all(|row| row.cells().count() == table.headers.len()));
            }
            let _ = Table::parse(&bytes, &KNOWN);
        }
    }
}
