//! Splits CSV text into records of cells. Quotes count only at the start of a cell; inside quotes, doubled
//! quotes, delimiters and line ends are data. Blank lines and lines starting with `#` are no records.

use std::borrow::Cow;

/// One record and the line (from 1) it starts on.
pub(super) struct CsvRecord<'a> {
    pub line: usize,
    pub cells: Vec<Cow<'a, str>>,
}

/// A quote that is never closed, and the line its record starts on.
pub(super) struct UnclosedQuote {
    pub line: usize,
}

pub(super) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    delimiter: char,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, delimiter: char) -> Self {
        Self {
            rest: text,
            line: 1,
            delimiter,
        }
    }

    /// Takes one line end (CRLF, LF or CR) off the front; false when there is none.
    fn take_line_end(&mut self) -> bool {
        let rest = self.rest;
        let after = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix(['\n', '\r']));
        if let Some(after) = after {
            self.rest = after;
            self.line += 1;
        }
        after.is_some()
    }

    /// Takes everything up to the next line end or, with `delimiter`, up to the next delimiter.
    fn take_plain(&mut self, delimiter: Option<char>) -> &'a str {
        let is_end = |c: char| c == '\n' || c == '\r' || Some(c) == delimiter;
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn skip_blank_and_comment_lines(&mut self) {
        loop {
            let line = self.rest.split(['\n', '\r']).next().unwrap_or("");
            let is_skipped = line.starts_with('#') || line.trim().is_empty();
            if !is_skipped || self.rest.is_empty() {
                return;
            }
            self.take_plain(None);
            self.take_line_end();
        }
    }

    /// The text of a quoted cell whose opening quote was just taken, and whatever follows the closing quote.
    fn take_quoted(&mut self, record_line: usize) -> Result<String, UnclosedQuote> {
        let mut cell = String::new();
        loop {
            let Some(end) = self.rest.find('"') else {
                return Err(UnclosedQuote { line: record_line });
            };
            let (taken, rest) = self.rest.split_at(end);
            cell.push_str(taken);
            self.line += count_line_ends(taken);
            self.rest = rest.get(1..).unwrap_or("");
            match self.rest.strip_prefix('"') {
                Some(after) => {
                    cell.push('"');
                    self.rest = after;
                }
                None => break,
            }
        }
        cell.push_str(self.take_plain(Some(self.delimiter)));
        Ok(cell)
    }

    fn take_cell(&mut self, record_line: usize) -> Result<Cow<'a, str>, UnclosedQuote> {
        match self.rest.strip_prefix('"') {
            Some(after) => {
                self.rest = after;
                self.take_quoted(record_line).map(Cow::Owned)
            }
            None => Ok(Cow::Borrowed(self.take_plain(Some(self.delimiter)))),
        }
    }

    /// The next record, or `None` at the end of the text.
    pub fn next_record(&mut self) -> Result<Option<CsvRecord<'a>>, UnclosedQuote> {
        self.skip_blank_and_comment_lines();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        let mut cells = vec![self.take_cell(line)?];
        while let Some(after) = self.rest.strip_prefix(self.delimiter) {
            self.rest = after;
            cells.push(self.take_cell(line)?);
        }
        self.take_line_end();
        Ok(Some(CsvRecord { line, cells }))
    }
}

fn count_line_ends(text: &str) -> usize {
    let line_feeds = text.matches('\n').count();
    let returns = text.matches('\r').count();
    line_feeds + returns - text.matches("\r\n").count()
}
