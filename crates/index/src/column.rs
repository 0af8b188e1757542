//! A column of an index: rows of bytes, in memory after describing, in the index file after reading.
//!
//! The local features of an hour take half a gigabyte, and an alignment looks at each frame's for a moment.
//! So an index that was read leaves its large members on disk, and what is needed is read when it is needed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use mtbsync_task::error::PipelineError;

use crate::error::IndexProblem;

/// Bytes read at once where a whole column is.
const READ_BYTES: usize = 1 << 18;

/// The open file of an index, shared by its columns.
#[derive(Debug)]
pub(crate) struct IndexFile {
    file: Mutex<File>,
    /// The first read that failed. The work goes on with zeros, and its result is refused at the end.
    failed: OnceLock<String>,
}

impl IndexFile {
    /// Of an open file; nobody else may move its cursor.
    pub(crate) fn new(file: File) -> Arc<Self> {
        Arc::new(Self {
            file: Mutex::new(file),
            failed: OnceLock::new(),
        })
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(out)
    }
}

/// Rows of equal length.
#[derive(Clone, Debug)]
pub struct Column {
    width: usize,
    rows: usize,
    place: Storage,
}

#[derive(Clone, Debug)]
enum Storage {
    Memory(Arc<Vec<u8>>),
    File(Arc<IndexFile>, u64),
}

impl Column {
    /// Rows of `width` bytes each, held in memory. What does not fill a row is cut off.
    pub fn of_bytes(width: usize, bytes: Vec<u8>) -> Self {
        Self {
            width,
            rows: bytes.len() / width.max(1),
            place: Storage::Memory(Arc::new(bytes)),
        }
    }

    /// `rows` rows of `width` bytes each that begin at `offset` of a file.
    pub(crate) fn in_file(width: usize, rows: usize, file: &Arc<IndexFile>, offset: u64) -> Self {
        Self {
            width,
            rows,
            place: Storage::File(Arc::clone(file), offset),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Append the bytes of some rows to `out`. Rows beyond the end, and those that cannot be read, are zeros;
    /// the latter are remembered, see [`Column::check`].
    pub fn read(&self, rows: Range<usize>, out: &mut Vec<u8>) {
        let end = out.len() + rows.len() * self.width;
        let within = rows.start.min(self.rows)..rows.end.min(self.rows);
        if let Err(error) = self.try_read(within, out)
            && let Storage::File(file, _) = &self.place
        {
            let _ = file.failed.set(error.to_string());
        }
        out.resize(end, 0);
    }

    fn try_read(&self, rows: Range<usize>, out: &mut Vec<u8>) -> io::Result<()> {
        let bytes = rows.start * self.width..rows.end * self.width;
        match &self.place {
            Storage::Memory(all) => out.extend_from_slice(all.get(bytes).unwrap_or_default()),
            Storage::File(file, offset) => {
                let from = out.len();
                out.resize(from + bytes.len(), 0);
                if let Err(error) = file.read_at(offset + bytes.start as u64, &mut out[from..]) {
                    out.truncate(from);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether all that was read could be read.
    ///
    /// # Errors
    /// The first reading that failed.
    pub fn check(&self) -> Result<(), PipelineError> {
        match &self.place {
            Storage::File(file, _) => match file.failed.get() {
                Some(why) => Err(IndexProblem::Unreadable(why.clone()).into()),
                None => Ok(()),
            },
            Storage::Memory(_) => Ok(()),
        }
    }

    /// All bytes, from the first row to the last.
    pub fn reader(&self) -> impl Read + '_ {
        ColumnReader {
            column: self,
            next: 0,
            piece: Vec::new(),
            at: 0,
        }
    }
}

/// Equal rows, wherever they are.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        let all = |column: &Self| {
            let mut bytes = Vec::new();
            column.read(0..column.rows, &mut bytes);
            bytes
        };
        (self.width, self.rows) == (other.width, other.rows) && all(self) == all(other)
    }
}

struct ColumnReader<'a> {
    column: &'a Column,
    next: usize,
    piece: Vec<u8>,
    at: usize,
}

impl Read for ColumnReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            let column = self.column;
            let to = (self.next + (READ_BYTES / column.width.max(1)).max(1)).min(column.rows);
            self.piece.clear();
            self.at = 0;
            column.try_read(self.next..to, &mut self.piece)?;
            self.next = to;
        }
        let count = out.len().min(self.piece.len() - self.at);
        out[..count].copy_from_slice(&self.piece[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_disk(bytes: &[u8], rows: usize) -> Column {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"head").unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        Column::in_file(3, rows, &IndexFile::new(file), 4)
    }

    #[test]
    fn a_column_reads_the_same_from_memory_and_from_disk() {
        let bytes: Vec<u8> = (0..30).collect();
        let (memory, disk) = (Column::of_bytes(3, bytes.clone()), on_disk(&bytes, 10));
        assert_eq!(memory, disk);
        for column in [&memory, &disk] {
            let mut out = vec![99];
            column.read(2..4, &mut out);
            assert_eq!(out, [99, 6, 7, 8, 9, 10, 11]);
            let mut all = Vec::new();
            column.reader().read_to_end(&mut all).unwrap();
            assert_eq!(all, bytes);
            assert!(column.check().is_ok());
        }
    }

    #[test]
    fn a_file_that_shrank_gives_zeros_and_is_found_out() {
        let column = on_disk(&[1; 12], 10);
        let mut out = Vec::new();
        column.read(0..4, &mut out);
        assert!(column.check().is_ok());
        column.read(3..6, &mut out);
        assert_eq!(out.len(), 21);
        assert!(out[12..].iter().all(|&b| b == 0));
        let error = column.check().unwrap_err();
        assert!(error.to_string().contains("the index cannot be read"), "{error}");
    }
}
