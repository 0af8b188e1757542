//! What can go wrong in a run besides its steps: an index that does not fit, and the history of the folder.

use std::path::{Path, PathBuf};

use mtbsync_quality::history::HistoryError;
use mtbsync_quality::regression::RegressionError;
use mtbsync_task::error::Problem;

/// What can go wrong in a run besides its steps.
#[derive(Debug, thiserror::Error)]
pub enum SyncProblem {
    /// The index was built with other settings.
    #[error("index was built with {setting} {built}, not {wanted}")]
    BuiltWith {
        /// Name of the setting.
        setting: &'static str,
        /// Its value in the index.
        built: String,
        /// The value asked for.
        wanted: String,
    },
    /// Contrast was equalised, and is not wanted.
    #[error("index was built with CLAHE")]
    WithClahe,
    /// Places of features are too coarse.
    #[error("index was built without ‹precise›")]
    NotPrecise,
    /// The index describes the recording at this path.
    #[error("index is of another recording ({0})")]
    AnotherRecording(String),
    /// The history; and its folder.
    #[error("{0}")]
    History(#[source] HistoryError, PathBuf),
    /// The comparison with earlier runs; and its folder.
    #[error("{0}")]
    Regression(#[source] RegressionError, PathBuf),
}

impl Problem for SyncProblem {
    fn hint(&self) -> Option<String> {
        let setting = match self {
            Self::BuiltWith { setting, .. } => setting,
            Self::WithClahe => "no-clahe",
            Self::NotPrecise => "precise",
            Self::AnotherRecording(_) => {
                return Some("rebuild it with mtbsync index, or drop ‹index›".to_owned());
            }
            Self::History(error, _) => return error.hint(),
            Self::Regression(error, _) => return error.hint(),
        };
        Some(format!("drop ‹{setting}› or rebuild the index"))
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::History(error, folder) => Some(error.path().unwrap_or(folder)),
            Self::Regression(error, folder) => Some(error.path().unwrap_or(folder)),
            _ => None,
        }
    }
}
