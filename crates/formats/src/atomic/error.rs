//! Why an output could not be written.

use std::io;
use std::path::{Path, PathBuf};

/// An output that could not be written; Display says what, [`WriteError::path`] which.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct WriteError {
    /// The output (not its temporary file), or the folder that was checked.
    pub path: PathBuf,
    /// What was wrong.
    #[source]
    pub kind: WriteErrorKind,
}

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// The folder or an existing file does not allow it.
    #[error("permission denied")]
    PermissionDenied,
    /// No space, or the quota is used up.
    #[error("disk full")]
    DiskFull,
    /// More bytes than the file system, or the limit of the process, allows for a file.
    #[error("file too large for this disk or this process")]
    FileTooLarge,
    /// The disk is mounted read-only.
    #[error("disk is read-only")]
    ReadOnly,
    /// The output is an existing folder.
    #[error("is a folder")]
    IsFolder,
    /// The output is a device, socket or pipe, which a rename would replace.
    #[error("is not a regular file")]
    NotRegular,
    /// A part of the path of a folder is a file.
    #[error("is not a folder")]
    NotAFolder,
    /// The path has no file name.
    #[error("is not a file name")]
    NoName,
    /// The folder does not exist.
    #[error("folder not found")]
    FolderNotFound,
    /// A file of another kind is there, which the output must not replace.
    #[error("another file is there")]
    NotOurs,
    /// [`cleanup_all`](super::cleanup_all) ran: the program is about to end.
    #[error("interrupted")]
    Interrupted,
    /// Anything else the system reports.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl WriteError {
    pub(super) fn new(path: &Path, kind: WriteErrorKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
        }
    }

    /// Sorts an error of the system that came up while `path` was written; for errors of writers that were
    /// given a [`StagedFile`](super::StagedFile).
    pub fn from_io(path: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => WriteErrorKind::PermissionDenied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => WriteErrorKind::DiskFull,
            io::ErrorKind::FileTooLarge => WriteErrorKind::FileTooLarge,
            io::ErrorKind::ReadOnlyFilesystem => WriteErrorKind::ReadOnly,
            io::ErrorKind::IsADirectory => WriteErrorKind::IsFolder,
            io::ErrorKind::NotADirectory => WriteErrorKind::NotAFolder,
            io::ErrorKind::NotFound => WriteErrorKind::FolderNotFound,
            _ => WriteErrorKind::Io(error),
        };
        Self::new(path, kind)
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.kind {
            WriteErrorKind::PermissionDenied | WriteErrorKind::ReadOnly => {
                "choose another output folder or make this one writable"
            }
            WriteErrorKind::DiskFull => "free some space or choose another output folder",
            WriteErrorKind::FileTooLarge => "see ulimit -f, or choose another output folder",
            WriteErrorKind::IsFolder => "name a file in it",
            WriteErrorKind::NotRegular | WriteErrorKind::NotAFolder | WriteErrorKind::NoName => {
                "choose another output path"
            }
            WriteErrorKind::FolderNotFound => "create the folder first",
            WriteErrorKind::NotOurs => "name another output, or replace the file with ‹overwrite›",
            WriteErrorKind::Interrupted | WriteErrorKind::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}
