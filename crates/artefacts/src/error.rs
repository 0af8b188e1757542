//! What can be wrong with the files of a run.

use std::error::Error;

use mtbsync_align::fit::ContradictoryAnchors;
use mtbsync_formats::json::JsonError;
use mtbsync_task::error::Problem;

/// What can be wrong with the files of a run.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactProblem {
    /// Neither a timewarp.json nor a warp.npz.
    #[error("not a warp")]
    NotAWarp,
    /// A warp that maps nothing.
    #[error("not a warp (no rising map in it)")]
    NoRisingMap,
    /// A time in a map or a note that no recording has.
    #[error("{secs:e} s is no time of a recording, which lasts at most 7 days ({field})")]
    TooFar {
        /// Where, as a path of keys.
        field: String,
        /// What stands there.
        secs: f64,
    },
    /// A table without a column it needs.
    #[error("column {column} missing (line 1)")]
    ColumnMissing {
        /// Which.
        column: &'static str,
        /// What the person can do.
        hint: &'static str,
    },
    /// Anchors that no rising map meets.
    #[error("{source} (lines {} and {})", .lines[0], .lines[1])]
    Contradictory {
        /// Lines of both in the table.
        lines: [usize; 2],
        /// Which ones.
        source: ContradictoryAnchors,
    },
    /// annotations.json holds something else.
    #[error("not a list of annotations")]
    NotAnnotations(#[source] JsonError),
    /// trail.json holds something else.
    #[error("not a trail.json ({0})")]
    NotATrail(#[source] JsonError),
    /// More of something than trail.json may hold.
    #[error("trail.json holds too many {0}")]
    TooMany(&'static str),
    /// A trail of no id, or of that of another one.
    #[error("trails[{0}] in trail.json has no id of its own")]
    NoId(usize),
    /// A text that is longer than trail.json may hold.
    #[error("a text is too long ({0})")]
    TooLong(String),
    /// A run was interrupted while its files got their names.
    #[error("files of two runs are mixed here: {newer} of the newer, {older} of the older")]
    HalfWritten {
        /// Names of files of the newer run.
        newer: String,
        /// Names of files of the older run.
        older: String,
    },
    /// The content has no JSON form.
    #[error("{0}")]
    NoJson(#[source] JsonError),
    /// warp.npz could not be put together.
    #[error("warp.npz could not be made ({0})")]
    NoNpz(#[source] Box<dyn Error + Send + Sync>),
}

impl Problem for ArtefactProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAWarp => "give the timewarp.json or warp.npz of a sync",
            Self::NoRisingMap => "make it again with mtbsync sync",
            Self::TooFar { .. } => "times are seconds: correct this one, or make the file again",
            Self::ColumnMissing { hint, .. } => hint,
            Self::Contradictory { .. } => {
                "a later moment of the new run must lie later in the reference: correct or remove one of the two"
            }
            Self::HalfWritten { .. } => "make the run again with mtbsync sync",
            Self::NotATrail(_) | Self::TooMany(_) | Self::NoId(_) => "repair or remove trail.json",
            Self::TooLong(_) => "names have at most 200 characters, notes 4000",
            Self::NotAnnotations(_) => "repair or remove annotations.json",
            Self::NoJson(_) | Self::NoNpz(_) => return None,
        };
        Some(hint.to_owned())
    }
}
