//! Why an archive could not be read or written.

use std::io;

/// An archive or a member that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpzError {
    /// The file is no zip archive, or a damaged one.
    #[error("not an npz archive: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A member that must be there is not.
    #[error("member `{name}` is missing")]
    Missing {
        /// Name without `.npy`.
        name: String,
    },
    /// A member that is not a plain array.
    #[error("member `{name}`: {problem}")]
    Member {
        /// Name without `.npy`.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More members than any file of this program has.
    #[error("{count} members are too many")]
    TooManyMembers {
        /// Members found.
        count: usize,
    },
}

impl NpzError {
    /// The system's own error, where it could not read the file: what is in it, nobody knows.
    pub fn system_error(&self) -> Option<&io::Error> {
        let error = match self {
            Self::Io(error) | Self::Zip(zip::result::ZipError::Io(error)) => error,
            _ => return None,
        };
        error.raw_os_error().map(|_| error)
    }

    pub(super) fn member(name: &str, problem: impl Into<String>) -> Self {
        Self::Member {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }

    /// What the user can do about it. Callers who know which command makes the file can say more.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io(_) => None,
            _ => Some("rebuild it".to_owned()),
        }
    }
}
