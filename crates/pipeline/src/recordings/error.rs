//! What can go wrong when an index or a small copy is written.

use mtbsync_media::encode::EncodeError;
use mtbsync_task::error::{Failure, Problem};

/// What can go wrong when an index or a small copy is written.
#[derive(Debug, thiserror::Error)]
pub enum RecordingProblem {
    /// Neither a file nor a cache.
    #[error("nowhere to write the index")]
    NoOutput,
    /// The copy.
    #[error(transparent)]
    Encode(EncodeError),
}

impl Problem for RecordingProblem {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoOutput => Some("give ‹out›, or drop ‹no-cache›".to_owned()),
            Self::Encode(error) => error.hint(),
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::NoOutput => Failure::Usage,
            Self::Encode(_) => Failure::Failed,
        }
    }
}
