//! What can go wrong in a batch as a whole, and in the process of a pair besides the work itself.

use std::io;

use mtbsync_task::error::{Failure, Problem};

use super::pairing::MAX_FILES;

/// What can go wrong in a batch as a whole, and in the process of a pair besides the work itself.
#[derive(Debug, thiserror::Error)]
pub enum BatchProblem {
    /// Two batches, one output folder.
    #[error("another batch or watch is writing here")]
    Busy,
    /// A killed batch left processes that do not end.
    #[error("processes of an earlier batch are still writing here")]
    LeftBehind,
    /// No lock file can be made.
    #[error("cannot be locked ({0})")]
    Lock(#[source] io::Error),
    /// Nothing there.
    #[error("folder not found")]
    NoFolder,
    /// A file in place of the input folder.
    #[error("is not a folder")]
    NotAFolder,
    /// The shared reference is not there.
    #[error("file not found")]
    NoReference,
    /// Somebody's whole disk.
    #[error("more than {MAX_FILES} files")]
    ManyFiles,
    /// No name could tell the sides apart.
    #[error("‹ref-suffix› and ‹new-suffix› are the same")]
    SameSuffix,
    /// Nothing to align with the reference.
    #[error("no recording besides the reference")]
    NoNew,
    /// No recording has a partner.
    #[error("no pairs: no recordings named *{ref_suffix} and *{new_suffix} with the same beginning")]
    NoPairs {
        /// How names of references end.
        ref_suffix: String,
        /// How names of new recordings end.
        new_suffix: String,
    },
    /// The process of a pair was told nonsense.
    #[error("not a job of a batch ({0})")]
    NotAJob(#[source] serde_json::Error),
    /// The result cannot be vouched for.
    #[error("an input changed while it was read")]
    InputChanged,
    /// An artefact that was just written.
    #[error("artefact cannot be read back")]
    Artefact,
    /// A recording that is still being written, or was cut off.
    #[error("ends before its video does")]
    CutOff,
    /// Files that do not make one recording, in the words of whoever opened them.
    #[error("{0}")]
    Chapters(String),
    /// A panic, in its own words.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Problem for BatchProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Busy => "wait for it or end it, or give another folder",
            Self::LeftBehind => "end them, or give another folder",
            Self::NotAFolder => "give the folder that holds the recordings",
            Self::ManyFiles => "give a folder that holds the recordings only",
            Self::NoNew | Self::NoPairs { .. } => {
                "see ‹ref-suffix›, ‹new-suffix›, ‹reference› and ‹recursive›"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::SameSuffix | Self::NotAJob(_) => Failure::Usage,
            _ => Failure::Failed,
        }
    }
}
