//! The bytes of a recording. FFmpeg's demuxers take a failed read for the end of the file, so they read
//! through here, where the system's answer is kept: a disk that fails must not look like a recording that is
//! short.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use mtbsync_formats::open_file;

use crate::error::OpenError;

/// Which content a file has, as far as the system tells without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and number of the file on it, where the system has them.
    number: Option<(u64, u64)>,
}

impl FileIdentity {
    fn of(metadata: &Metadata) -> FileIdentity {
        FileIdentity {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            number: number_of(metadata),
        }
    }
}

#[cfg(unix)]
fn number_of(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn number_of(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// The bytes of an open file, for a demuxer.
pub(crate) struct Source {
    file: File,
    position: u64,
    length: u64,
    failure: Arc<OnceLock<OpenError>>,
}

/// An open file, and what became of its [`Source`] while a demuxer has that.
pub(crate) struct SourceWatch {
    path: PathBuf,
    file: File,
    identity: FileIdentity,
    failure: Arc<OnceLock<OpenError>>,
}

/// Opens the file at `path`.
pub(crate) fn open(path: &Path) -> Result<SourceWatch, OpenError> {
    let file = open_file(path)?;
    Ok(SourceWatch {
        path: path.to_owned(),
        identity: FileIdentity::of(&file.metadata()?),
        file,
        failure: Arc::new(OnceLock::new()),
    })
}

impl SourceWatch {
    /// The bytes from the start; to be asked for once, as all readers of one file move together.
    pub fn reader(&self) -> io::Result<Source> {
        Ok(Source {
            file: self.file.try_clone()?,
            position: 0,
            length: self.identity.length,
            failure: Arc::clone(&self.failure),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that was opened.
    pub fn identity(&self) -> FileIdentity {
        self.identity
    }

    /// What the system said of the first read that failed.
    pub fn failure(&self) -> Option<OpenError> {
        self.failure.get().cloned()
    }

    /// Asked after the last read: no read failed, and the file is the one that was opened.
    pub fn check(&self) -> Result<(), OpenError> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        let now = FileIdentity::of(&self.file.metadata()?);
        // Another file under the name is not what was read; a card pulled out after the last read is no harm.
        let named = std::fs::metadata(&self.path).ok();
        let is_replaced = named.is_some_and(|named| number_of(&named) != self.identity.number);
        if now != self.identity || is_replaced {
            return Err(OpenError::Changed);
        }
        Ok(())
    }
}

impl Source {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            // Later failures follow from the first.
            let _ = self.failure.set(OpenError::Io(error.to_string()));
        }
        result
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        let read = self.note(read)?;
        self.position = self.position.saturating_add(read as u64);
        if read == 0 && self.position < self.length {
            // There was more when the file was opened.
            let _ = self.failure.set(OpenError::Changed);
        }
        Ok(read)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // Where the file ended when it was opened, also for a table of what lies in it.
        let to = match to {
            SeekFrom::End(offset) => SeekFrom::Start(self.length.saturating_add_signed(offset)),
            to => to,
        };
        // Damaged tables lead to places that cannot be gone to, so failing here says nothing of the disk.
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}
