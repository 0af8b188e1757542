//! CSV as people and programs really write it, and CSV as this program writes it
//! (docs/reference/files.md#csv).
//!
//! [`Table::parse`] takes any of the common dialects and keeps the line number of every row, so that an
//! error can say where it is. [`CsvWriter`] knows one dialect only.
//!
//! ```
//! use mtbsync_formats::csv::{CsvWriter, Table};
//!
//! let mut writer = CsvWriter::new(&["name", "t_ref"]);
//! writer.row(&["Drop, left", "12.500000"]);
//! let table = Table::parse(&writer.into_bytes(), &["name", "t_ref"])?;
//! let (row, t_ref) = (&table.rows[0], table.column(&["t_ref"]).unwrap_or(1));
//! assert_eq!(row.text(0), "Drop, left");
//! assert_eq!(table.number(row, t_ref)?, Some(12.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod lexer;
mod table;
mod writer;

pub use table::{CellError, CellErrorKind, CsvError, CsvWarning, Delimiter, MAX_CSV_BYTES, Row, Table};
pub use writer::{CsvWriter, seconds6, share4, spreadsheet_safe};
