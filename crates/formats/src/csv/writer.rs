//! The writer: UTF-8, comma, LF, quotes only where they are needed.

use std::borrow::Cow;

/// Builds a CSV text row by row.
#[derive(Debug, Default, Clone)]
pub struct CsvWriter {
    text: String,
}

impl CsvWriter {
    /// Starts a table with its header line.
    pub fn new<S: AsRef<str>>(headers: &[S]) -> Self {
        let mut writer = Self::default();
        writer.row(headers);
        writer
    }

    /// Appends one row.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) {
        for (column, cell) in cells.iter().enumerate() {
            if column > 0 {
                self.text.push(',');
            }
            let cell = cell.as_ref();
            // A comment mark at the start of a line, or a line of one empty cell, would be lost in reading.
            let is_hidden =
                column == 0 && (cell.starts_with('#') || cells.len() == 1 && cell.trim().is_empty());
            push_cell(&mut self.text, cell, is_hidden);
        }
        self.text.push('\n');
    }

    /// The finished text.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

fn push_cell(text: &mut String, cell: &str, force_quotes: bool) {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let needs_quotes =
        cell.contains([',', '"', '\r', '\n']) || cell.starts_with(is_blank) || cell.ends_with(is_blank);
    if needs_quotes || force_quotes {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

/// Seconds with 6 decimals; empty for NaN and infinities.
pub fn seconds6(seconds: f64) -> String {
    fixed(seconds, 6)
}

/// A share or confidence with 4 decimals; empty for NaN and infinities.
pub fn share4(share: f64) -> String {
    fixed(share, 4)
}

fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let text = format!("{value:.decimals$}");
    // Rounded to zero from below, the sign says nothing.
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| byte == b'0' || byte == b'.') => digits.to_owned(),
        _ => text,
    }
}

/// Protects a cell for spreadsheets, which run cells that start with `= + - @` as formulas: such a cell gets
/// a leading `'` unless it is a number.
pub fn spreadsheet_safe(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
    if is_formula {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_only_where_needed() {
        let mut writer = CsvWriter::new(&["name", "note"]);
        writer.row(&["plain text", "a,b"]);
        writer.row(&["say \"hi\"", " lead"]);
        writer.row(&["#1", ""]);
        let expected = "name,note\nplain text,\"a,b\"\n\"say \"\"hi\"\"\",\" lead\"\n\"#1\",\n";
        assert_eq!(writer.into_bytes(), expected.as_bytes());
    }

    #[test]
    fn numbers_are_fixed_and_never_nan() {
        assert_eq!(seconds6(2.5), "2.500000");
        assert_eq!(seconds6(-0.000_000_1), "0.000000");
        assert_eq!(seconds6(-1.0), "-1.000000");
        assert_eq!(share4(f64::NAN), "");
    }

    #[test]
    fn formulas_are_defused_and_numbers_kept() {
        assert_eq!(spreadsheet_safe("=1+1"), "'=1+1");
        assert_eq!(spreadsheet_safe("@x"), "'@x");
        assert_eq!(spreadsheet_safe("-0.5"), "-0.5");
        assert_eq!(spreadsheet_safe("a=b"), "a=b");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in proptest::collection::vec(
            proptest::collection::vec("[ -~\u{e9}\n\r\t#\"]{0,8}", 2), 0..6)) {
            let mut writer = CsvWriter::new(&["a", "b"]);
            for row in &rows {
                writer.row(row);
            }
            let table = Table::parse(&writer.into_bytes(), &["a", "b"]).unwrap();
            let cells: Vec<Vec<_>> = table.rows.iter().map(|row| row.cells().collect()).collect();
            prop_assert_eq!(cells, rows);
        }
    }
}
