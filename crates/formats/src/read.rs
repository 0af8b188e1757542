//! Reading a whole file into memory with an upper bound, so that a wrong path (a video given as a CSV) is a
//! clear error and not an exhausted machine.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that could not be read; Display says what, [`ReadError::path`] which.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct ReadError {
    /// The file asked for.
    pub path: PathBuf,
    /// What was wrong with it.
    #[source]
    pub kind: ReadErrorKind,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// There is no such file.
    #[error("file not found")]
    NotFound,
    /// The path names a folder.
    #[error("is a folder")]
    IsFolder,
    /// The file may not be opened.
    #[error("permission denied")]
    PermissionDenied,
    /// The file is larger than its kind ever is.
    #[error("larger than {limit_mib} MiB")]
    TooLarge {
        /// The bound in MiB.
        limit_mib: u64,
    },
    /// Anything else the system reports.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl ReadError {
    fn new(path: &Path, kind: ReadErrorKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
        }
    }

    /// The system's word about `path`.
    pub fn from_io(path: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ReadErrorKind::NotFound,
            io::ErrorKind::IsADirectory => ReadErrorKind::IsFolder,
            io::ErrorKind::PermissionDenied => ReadErrorKind::PermissionDenied,
            _ => ReadErrorKind::Io(error),
        };
        Self::new(path, kind)
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self.kind {
            ReadErrorKind::IsFolder => Some("name a file in it".to_owned()),
            ReadErrorKind::PermissionDenied => Some("make the file readable".to_owned()),
            ReadErrorKind::TooLarge { .. } => Some("check that this is the right file".to_owned()),
            ReadErrorKind::NotFound | ReadErrorKind::Io(_) => None,
        }
    }
}

/// Reads the file at `path`, at most `max_bytes` long.
///
/// # Errors
/// Missing, a folder, not readable, or longer than `max_bytes`.
pub fn read_bounded(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::from_io(path, error))?;
    let metadata = file.metadata().map_err(|error| ReadError::from_io(path, error))?;
    if metadata.is_dir() {
        return Err(ReadError::new(path, ReadErrorKind::IsFolder));
    }
    // The length is not trusted (pipes report 0, files grow): one byte past the bound tells.
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::from_io(path, error))?;
    if bytes.len() as u64 > max_bytes {
        return Err(ReadError::new(
            path,
            ReadErrorKind::TooLarge {
                limit_mib: max_bytes >> 20,
            },
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_inclusive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"12345");
        assert!(matches!(
            read_bounded(&path, 4).unwrap_err().kind,
            ReadErrorKind::TooLarge { .. }
        ));
    }

    #[test]
    fn missing_files_and_folders_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read_bounded(&folder.path().join("no"), 5).unwrap_err();
        assert_eq!(missing.to_string(), "file not found");
        assert_eq!(
            read_bounded(folder.path(), 5).unwrap_err().to_string(),
            "is a folder"
        );
    }
}
