//! What is decoded for one chapter of a recording.

use std::path::PathBuf;

use crate::error::OpenError;
use crate::index::PacketIndex;
use crate::opened_file::OpenedFile;
use crate::orientation::Orientation;
use crate::rational::Rational;
use crate::source::FileIdentity;

/// The frames of a chapter, its own or those of its proxy.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub path: PathBuf,
    /// What the file was when it was indexed.
    pub identity: FileIdentity,
    pub stream: usize,
    pub index: PacketIndex,
    pub coded: (usize, usize),
    pub sample_aspect: Option<Rational>,
    pub orientation: Orientation,
    /// Index in the recording's timeline of the chapter's first frame.
    first_index: usize,
    /// For a proxy: which frame of the chapter each of its frames shows.
    shows: Option<Vec<usize>>,
}

impl Part {
    pub fn new(opened: OpenedFile, first_index: usize, shows: Option<Vec<usize>>) -> Part {
        Part {
            path: opened.path,
            identity: opened.identity,
            stream: opened.video.index,
            index: opened.index,
            coded: (opened.info.coded_width, opened.info.coded_height),
            sample_aspect: opened.video.sample_aspect,
            orientation: opened.video.orientation,
            first_index,
            shows,
        }
    }

    /// Says which file `error` happened to, where it is not the one that the recording is known by.
    pub fn blamed(&self, error: OpenError) -> OpenError {
        if self.first_index == 0 && self.shows.is_none() {
            error
        } else {
            error.of(&self.path)
        }
    }

    /// Index in the recording's timeline of the frame at `position` of this part's packet index.
    pub fn timeline_index(&self, position: usize) -> usize {
        let shown = self.shows.as_ref().and_then(|shows| shows.get(position).copied());
        self.first_index + shown.unwrap_or(position)
    }
}
