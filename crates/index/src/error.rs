//! What can go wrong between a recording and its features.

use mtbsync_formats::npz::NpzError;
use mtbsync_media::{FrameError, OpenError};
use mtbsync_task::error::Problem;
use mtbsync_telemetry::TrackError;
use mtbsync_telemetry::realtime::NotRealTime;
use mtbsync_vision::image::LumaError;
use mtbsync_vision::learned::ModelProblem;

/// What can go wrong between a recording and its features.
#[derive(Debug, thiserror::Error)]
pub enum IndexProblem {
    /// A recording that cannot be opened.
    #[error(transparent)]
    Open(OpenError),
    /// Decoding broke off.
    #[error(transparent)]
    Frame(FrameError),
    /// A frame that is no picture.
    #[error(transparent)]
    Luma(LumaError),
    /// A second of the recording is not a second of the ride.
    #[error("TimeWarp or time-lapse recording ({0})")]
    NotRealTime(NotRealTime),
    /// Most of the recording is damaged.
    #[error("{skipped} of {planned} frames are unreadable")]
    ManyUnreadable {
        /// Frames that could not be read.
        skipped: usize,
        /// Frames asked for.
        planned: usize,
    },
    /// Nothing could be decoded.
    #[error("no decodable frame")]
    NoFrame,
    /// Nothing to compare along.
    #[error("shorter than two analysed frames")]
    TooShort,
    /// An external track that is none.
    #[error(transparent)]
    Track(TrackError),
    /// A folder in place of an index.
    #[error("is a folder")]
    IsFolder,
    /// A file of another kind.
    #[error("not an index")]
    NotAnIndex,
    /// Ours, but wrong inside.
    #[error("not an index (damaged)")]
    Damaged,
    /// Made by an earlier program.
    #[error("index of an older version")]
    Older,
    /// Made by a later program.
    #[error("index of a newer version")]
    Newer,
    /// An index in use that can no longer be read, in the system's words.
    #[error("the index cannot be read ({0})")]
    Unreadable(String),
    /// A learned model that cannot be used.
    #[error(transparent)]
    Model(ModelProblem),
    /// No room for what was described.
    #[error("working files cannot be written ({0})")]
    Temporary(#[source] std::io::Error),
    /// An index that cannot be put together.
    #[error(transparent)]
    Npz(NpzError),
}

/// Reading: a member that is missing or wrong. (Writing names [`IndexProblem::Npz`].)
impl From<NpzError> for IndexProblem {
    fn from(error: NpzError) -> Self {
        Self::read(&error, Self::Damaged)
    }
}

impl IndexProblem {
    /// What a failed read means: `content`, unless the system could not read at all.
    pub(crate) fn read(error: &NpzError, content: Self) -> Self {
        match error.system_error() {
            Some(error) => Self::Unreadable(error.to_string()),
            None => content,
        }
    }
}

impl Problem for IndexProblem {
    fn is_failed_read(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open(error) => return error.hint(),
            Self::Frame(error) => return error.hint(),
            Self::Luma(error) => return error.hint(),
            Self::Track(error) => return error.hint(),
            Self::Npz(error) => return error.hint(),
            Self::Model(error) => return error.hint(),
            Self::NotRealTime(_) => "give a recording in real time, or ‹force›",
            Self::ManyUnreadable { .. } | Self::NoFrame => "copy the file from the camera again",
            Self::TooShort => "give a longer recording or a higher ‹fps›",
            Self::IsFolder => "name an index file in it",
            Self::NotAnIndex => "run mtbsync index",
            Self::Damaged | Self::Unreadable(_) | Self::Older => "rebuild it with mtbsync index",
            Self::Temporary(_) => {
                "make room in the cache folder, or where there is none set TMPDIR to a folder that has room"
            }
            Self::Newer => "update mtbsync or rebuild the index",
        };
        Some(hint.to_owned())
    }
}
