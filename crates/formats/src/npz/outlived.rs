//! A writer whose first failure is its last: what an archive still wants to write when it is dropped goes
//! nowhere. The zip library completes an archive that is given up, and prints to stderr when it cannot.

use std::io::{self, Seek, SeekFrom, Write};

/// Passes on everything up to the first error.
pub(super) struct Outlived<W> {
    inner: W,
    has_failed: bool,
    /// Where a file would be now, and how long, once nothing is passed on any more.
    position: u64,
    length: u64,
}

impl<W> Outlived<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            has_failed: false,
            position: 0,
            length: 0,
        }
    }

    pub fn into_inner(self) -> W {
        self.inner
    }

    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        let is_failure = |error: &io::Error| error.kind() != io::ErrorKind::Interrupted;
        self.has_failed |= result.as_ref().is_err_and(is_failure);
        result
    }
}

impl<W: Write> Write for Outlived<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.has_failed {
            bytes.len()
        } else {
            let result = self.inner.write(bytes);
            self.noted(result)?
        };
        self.position = self.position.saturating_add(written as u64);
        self.length = self.length.max(self.position);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.noted(result)
    }
}

impl<W: Seek> Seek for Outlived<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = if self.has_failed {
            match to {
                SeekFrom::Start(position) => position,
                SeekFrom::Current(by) => self.position.saturating_add_signed(by),
                SeekFrom::End(by) => self.length.saturating_add_signed(by),
            }
        } else {
            let result = self.inner.seek(to);
            self.noted(result)?
        };
        self.length = self.length.max(self.position);
        Ok(self.position)
    }
}
