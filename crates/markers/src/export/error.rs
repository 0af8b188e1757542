//! Why an export is refused.

use crate::time::TimecodeError;

/// An export that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Rate, counting or timeline start.
    #[error(transparent)]
    Timecode(#[from] TimecodeError),
    /// A reel name editors would cut or refuse.
    #[error("`{reel}` is not a reel name")]
    BadReel {
        /// What was given.
        reel: String,
    },
    /// YouTube ignores shorter lists.
    #[error("YouTube needs at least 3 chapters")]
    TooFewChapters,
    /// The values cannot be written; a defect of the program, not of the input.
    #[error("cannot be written: {reason}")]
    Unwritable {
        /// What the writer said.
        reason: String,
    },
}

impl ExportError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Timecode(error) => error.hint(),
            Self::BadReel { .. } => Some("use 2 to 8 characters of A-Z, 0-9 and _".to_owned()),
            Self::TooFewChapters => Some("chapters must be at least 10 s apart".to_owned()),
            Self::Unwritable { .. } => None,
        }
    }

    /// Whether the options are wrong (exit 2), not the markers (exit 1).
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Timecode(_) | Self::BadReel { .. })
    }
}
