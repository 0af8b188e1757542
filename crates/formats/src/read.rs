//! Opening files, and reading a whole one into memory with an upper bound, so that a wrong path (a video
//! given as a CSV, a pipe nobody writes into) is a clear error and not an exhausted machine or one that
//! waits.

use std::fs::{self, File, FileType, OpenOptions};
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
    /// What the path names has no end, or none yet; holds what it is.
    #[error("is a {0}, not a file")]
    NotAFile(&'static str),
    /// The file is larger than its kind ever is.
    #[error("larger than {limit_mib} MiB")]
    TooLarge {
        /// The bound in MiB.
        limit_mib: u64,
    },
    /// Anything else the system reports.
    #[error("cannot be read ({0})")]
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
            ReadErrorKind::NotAFile(_) => Some("save what it gives as a file, and name that".to_owned()),
            ReadErrorKind::TooLarge { .. } => Some("check that this is the right file".to_owned()),
            ReadErrorKind::NotFound | ReadErrorKind::Io(_) => None,
        }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match error.kind {
            ReadErrorKind::Io(error) => return error,
            ReadErrorKind::NotFound => io::ErrorKind::NotFound,
            ReadErrorKind::IsFolder => io::ErrorKind::IsADirectory,
            ReadErrorKind::PermissionDenied => io::ErrorKind::PermissionDenied,
            ReadErrorKind::NotAFile(_) | ReadErrorKind::TooLarge { .. } => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error.kind)
    }
}

/// Opens the file at `path` for reading, and never waits: a pipe or a device is refused without being opened.
///
/// # Errors
/// Missing, a folder, no file, not readable.
pub fn open_file(path: &Path) -> Result<File, ReadError> {
    let from_io = |error| ReadError::from_io(path, error);
    let check = |file_type: FileType| match refused_kind(file_type) {
        Some(kind) => Err(ReadError::new(path, kind)),
        None => Ok(()),
    };
    check(fs::metadata(path).map_err(from_io)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe put in the file's place by now is opened at once, and refused below.
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path).map_err(from_io)?;
    check(file.metadata().map_err(from_io)?.file_type())?;
    Ok(file)
}

/// Why something of this type is not opened.
fn refused_kind(file_type: FileType) -> Option<ReadErrorKind> {
    if file_type.is_file() {
        return None;
    }
    if file_type.is_dir() {
        return Some(ReadErrorKind::IsFolder);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return Some(ReadErrorKind::NotAFile("pipe"));
        }
        if file_type.is_socket() {
            return Some(ReadErrorKind::NotAFile("socket"));
        }
    }
    Some(ReadErrorKind::NotAFile("device"))
}

/// The open pipe that `path` names as the shell does for `<(...)`, such as `/dev/fd/63`.
#[cfg(unix)]
fn open_pipe(path: &Path) -> Option<io::Result<File>> {
    use std::os::fd::BorrowedFd;
    use std::os::unix::fs::FileTypeExt;

    let number = if path == Path::new("/dev/stdin") {
        0
    } else {
        let folder = path.parent()?;
        let is_list = ["/dev/fd", "/proc/self/fd"]
            .iter()
            .any(|list| folder == Path::new(list));
        let name = path.file_name()?.to_str().filter(|_| is_list)?;
        name.parse().ok().filter(|number| *number >= 0)?
    };
    if !fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo()) {
        return None;
    }
    // SAFETY: the descriptor was open a moment ago, and nothing in this program closes one it was started
    // with; duplicating a closed one would be an error, not a fault.
    let pipe = unsafe { BorrowedFd::borrow_raw(number) };
    Some(pipe.try_clone_to_owned().map(File::from))
}

#[cfg(not(unix))]
fn open_pipe(_: &Path) -> Option<io::Result<File>> {
    None
}

/// Reads the file at `path`, at most `max_bytes` long. A pipe that is open already (`<(...)` of the shell,
/// `/dev/stdin`) is read to its end like a file; one on the disk is refused.
///
/// # Errors
/// Missing, a folder, no file, not readable, or longer than `max_bytes`.
pub fn read_bounded(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let file = match open_pipe(path) {
        Some(pipe) => pipe.map_err(|error| ReadError::from_io(path, error))?,
        None => open_file(path)?,
    };
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
        fs::write(&path, b"12345").unwrap();
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

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for (path, what) in [
            (fifo.as_path(), "is a pipe, not a file"),
            (Path::new("/dev/zero"), "is a device, not a file"),
            (Path::new("/dev/null"), "is a device, not a file"),
        ] {
            assert_eq!(open_file(path).unwrap_err().to_string(), what);
            let error = read_bounded(path, 5).unwrap_err();
            assert_eq!(error.to_string(), what);
            assert!(error.hint().is_some());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_is_open_already_is_read_with_the_bound() {
        use std::io::Write;
        use std::os::fd::AsRawFd;

        for (bound, fits) in [(5, true), (4, false)] {
            let (reader, mut writer) = io::pipe().unwrap();
            writer.write_all(b"12345").unwrap();
            drop(writer);
            let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
            let read = read_bounded(&path, bound);
            assert_eq!(read.is_ok(), fits);
            assert!(read.is_ok_and(|bytes| bytes == b"12345") == fits);
        }
    }
}
