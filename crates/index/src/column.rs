//! A column of an index: rows of bytes, in a file, or in memory where somebody made it up.
//!
//! What is described goes to a file at once, and an alignment looks at each frame's features for a moment. So
//! large columns stay on disk, and what is needed is read when it is needed, in blocks with a checksum each.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use mtbsync_task::error::PipelineError;

use crate::error::IndexProblem;

/// Bytes read at once where a whole column is.
const READ_BYTES: usize = 1 << 18;
/// Bytes under one checksum: a HOG grid or a picture. Part of the format of an index.
pub(crate) const BLOCK_BYTES: usize = 1 << 14;

/// CRC-32 of the blocks of a column, on the way.
#[derive(Default)]
pub(crate) struct BlockSums {
    sums: Vec<u32>,
    running: crc32fast::Hasher,
    filled: usize,
}

impl BlockSums {
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.filled));
            self.running.update(now);
            self.filled += now.len();
            if self.filled == BLOCK_BYTES {
                self.close();
            }
            bytes = later;
        }
    }

    fn close(&mut self) {
        self.sums.push(std::mem::take(&mut self.running).finalize());
        self.filled = 0;
    }

    pub(crate) fn finish(mut self) -> Vec<u32> {
        if self.filled > 0 {
            self.close();
        }
        self.sums
    }
}

/// Sums up what is read through it.
pub(crate) struct Summed<R> {
    inner: R,
    sums: BlockSums,
}

impl<R: Read> Summed<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            sums: BlockSums::default(),
        }
    }

    /// The checksums of all blocks.
    pub(crate) fn finish(self) -> Vec<u32> {
        self.sums.finish()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.sums.update(&out[..count]);
        Ok(count)
    }
}

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
    File(Arc<FilePart>),
}

/// A part of a file.
#[derive(Debug)]
struct FilePart {
    file: Arc<IndexFile>,
    offset: u64,
    /// CRC-32 of each [`BLOCK_BYTES`], the last as long as it is.
    sums: Vec<u32>,
}

impl FilePart {
    /// Appends the bytes `wanted` of `total` to `out`: whole blocks are read and checked.
    fn read(&self, wanted: Range<usize>, total: usize, out: &mut Vec<u8>) -> io::Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let from = out.len();
        let first = wanted.start / BLOCK_BYTES;
        let start = first * BLOCK_BYTES;
        let end = wanted.end.next_multiple_of(BLOCK_BYTES).min(total);
        out.resize(from + end - start, 0);
        self.file.read_at(self.offset + start as u64, &mut out[from..])?;
        for (number, block) in (first..).zip(out[from..].chunks(BLOCK_BYTES)) {
            if self.sums.get(number) != Some(&crc32fast::hash(block)) {
                let words = format!("checksum of block {number} does not hold");
                return Err(io::Error::new(io::ErrorKind::InvalidData, words));
            }
        }
        out.copy_within(from + wanted.start - start..from + wanted.end - start, from);
        out.truncate(from + wanted.len());
        Ok(())
    }
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

    /// `rows` rows of `width` bytes each that begin at `offset` of a file, with the checksums of their
    /// blocks.
    pub(crate) fn in_file(
        [rows, width]: [usize; 2],
        file: &Arc<IndexFile>,
        offset: u64,
        sums: Vec<u32>,
    ) -> Self {
        let file = Arc::clone(file);
        Self {
            width,
            rows,
            place: Storage::File(Arc::new(FilePart { file, offset, sums })),
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
            && let Storage::File(part) = &self.place
        {
            let _ = part.file.failed.set(error.to_string());
        }
        out.resize(end, 0);
    }

    fn try_read(&self, rows: Range<usize>, out: &mut Vec<u8>) -> io::Result<()> {
        let bytes = rows.start * self.width..rows.end * self.width;
        match &self.place {
            Storage::Memory(all) => out.extend_from_slice(all.get(bytes).unwrap_or_default()),
            Storage::File(part) => {
                let from = out.len();
                let read = part.read(bytes, self.rows * self.width, out);
                if read.is_err() {
                    out.truncate(from);
                }
                return read;
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
            Storage::File(part) => match part.file.failed.get() {
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

    fn on_disk(bytes: &[u8], rows: usize) -> (Column, File) {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"head").unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        let mut sums = BlockSums::default();
        // In two pieces that end within a block.
        let (one, two) = bytes.split_at(bytes.len() / 3);
        sums.update(one);
        sums.update(two);
        let again = file.try_clone().unwrap();
        let column = Column::in_file([rows, 3], &IndexFile::new(file), 4, sums.finish());
        (column, again)
    }

    #[test]
    fn a_column_reads_the_same_from_memory_and_from_disk() {
        let bytes: Vec<u8> = (0..3 * 20_000u32).map(|i| (i * i / 7) as u8).collect();
        let (memory, (disk, _)) = (Column::of_bytes(3, bytes.clone()), on_disk(&bytes, 20_000));
        assert_eq!(memory, disk);
        for column in [&memory, &disk] {
            for rows in [2..4, 5460..5463, 0..0, 5000..17_000, 19_999..20_000] {
                let mut out = vec![99];
                column.read(rows.clone(), &mut out);
                assert_eq!(out[0], 99);
                assert_eq!(out[1..], bytes[3 * rows.start..3 * rows.end]);
            }
            let mut all = Vec::new();
            column.reader().read_to_end(&mut all).unwrap();
            assert_eq!(all, bytes);
            assert!(column.check().is_ok());
        }
    }

    #[test]
    fn what_changed_on_disk_is_zeros_and_found_out() {
        let rows = 20_000;
        let change = |change: &dyn Fn(&mut File)| {
            let (column, mut file) = on_disk(&vec![1; 3 * rows], rows);
            change(&mut file);
            let mut out = Vec::new();
            column.read(0..4, &mut out);
            assert_eq!(out, [1; 12]);
            assert!(column.check().is_ok());
            column.read(rows - 3..rows + 1, &mut out);
            assert_eq!(out.len(), 24);
            assert!(out[12..].iter().all(|&b| b == 0));
            assert!(column.reader().read_to_end(&mut Vec::new()).is_err());
            column.check().unwrap_err().to_string()
        };
        let shrunk = change(&|file| file.set_len(4 + 3 * rows as u64 - 1).unwrap());
        assert!(shrunk.contains("the index cannot be read"), "{shrunk}");
        let flipped = change(&|file| {
            file.seek(SeekFrom::End(-2)).unwrap();
            io::Write::write_all(file, &[3]).unwrap();
        });
        assert!(flipped.contains("checksum of block 3 does not hold"), "{flipped}");
    }
}
