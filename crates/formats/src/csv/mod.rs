//! CSV as people and programs really write it, and CSV as this program writes it
//! (docs/reference/files.md#csv).
//!
//! [`Table::parse`] takes any of the common dialects and keeps the line number of every row, so that an
//! error can say where it is. [`CsvWriter`] knows one dialect only.

mod lexer;
mod table;
mod writer;

pub use table::{CellError, CellErrorKind, CsvError, CsvWarning, Delimiter, MAX_CSV_BYTES, Row, Table};
pub use writer::{CsvWriter, seconds6, share4, spreadsheet_safe};
