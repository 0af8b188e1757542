//! What can go wrong in a watch as a whole.

use mtbsync_task::error::{Failure, Problem};

/// What can go wrong in a watch as a whole.
#[derive(Debug, thiserror::Error)]
pub enum WatchProblem {
    /// Nothing to sync against.
    #[error("no run below the root that names its reference")]
    NoRun,
    /// The recording that all are compared with.
    #[error("reference is not there")]
    NoReference,
    /// So many names are taken.
    #[error("no free name for a run folder")]
    NoName,
    /// The note of failures is nobody's, or of a newer program.
    #[error("not a note of what failed")]
    Note,
}

impl Problem for WatchProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRun => "name the recording to compare with: ‹reference›",
            Self::NoReference => "mount its disk, or name another ‹reference›",
            Self::Note => "delete it; what failed is then tried again",
            Self::NoName => return None,
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        Failure::Failed
    }
}
