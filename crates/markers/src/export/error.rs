//! Why an export is refused.

use mtbsync_formats::json::JsonError;

use crate::retime::RetimeError;
use crate::time::TimecodeError;

/// An export that cannot be made.
#[derive(Debug, thiserror::Error)]
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
    /// A format without retiming.
    #[error("there is no retiming in `{preset}` files")]
    NoRetiming {
        /// The preset's name.
        preset: &'static str,
    },
    /// Retiming needs to know the new recording.
    #[error("retiming needs the new recording")]
    NoClip,
    /// A map that cannot be retimed by.
    #[error(transparent)]
    Retime(#[from] RetimeError),
    /// The values cannot be written; a defect of the program, not of the input.
    #[error(transparent)]
    Json(#[from] JsonError),
}

impl ExportError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Timecode(error) => error.hint(),
            Self::BadReel { .. } => Some("use 2 to 8 characters of A-Z, 0-9 and _".to_owned()),
            Self::TooFewChapters => Some("chapters must be at least 10 s apart".to_owned()),
            Self::NoRetiming { .. } => Some("use fcpxml, premiere or otio".to_owned()),
            Self::NoClip => Some("give it with ‹video›".to_owned()),
            Self::Retime(_) | Self::Json(_) => None,
        }
    }

    /// Whether the options are wrong (exit 2), not the markers (exit 1).
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Timecode(_) | Self::BadReel { .. } | Self::NoRetiming { .. } | Self::NoClip
        )
    }
}
