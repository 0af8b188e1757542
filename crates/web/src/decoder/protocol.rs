//! What a server and its decoders say to each other: one JSON object a line, and after an answer as many
//! bytes as it announces.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What a decoder is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Index a recording. The answer is [`Said::Opened`] with the times of all frames, f64 little-endian,
    /// seconds.
    Open {
        /// One of its files.
        path: PathBuf,
    },
    /// Decode one frame. The answer is [`Said::Done`] with a JPEG.
    Frame {
        /// A file of the recording.
        path: PathBuf,
        /// The moment it is shown at, seconds.
        t_secs: f64,
        /// Its width, pixels; never enlarged.
        width: usize,
    },
    /// Make the copy for browsers of one file. Answers are [`Said::Progress`], then [`Said::Done`].
    Copy {
        /// The file.
        path: PathBuf,
        /// Key of the copy in the cache.
        key: String,
        /// Folder of the cache.
        cache: PathBuf,
        /// Most bytes of the cache.
        max_bytes: u64,
    },
}

impl Ask {
    /// The file it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Open { path } | Self::Frame { path, .. } | Self::Copy { path, .. } => path,
        }
    }
}

/// What a decoder answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// How far it is.
    Progress {
        /// Frames done.
        done: u64,
        /// Frames in all.
        total: u64,
    },
    /// Facts about a recording.
    Opened(Facts),
    /// It is done.
    Done,
    /// It cannot be done; says what is wrong with the recording, without its path.
    Failed(String),
}

/// A line of a decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it says.
    pub said: Said,
    /// Bytes that follow the line.
    pub bytes: u64,
}

/// What pages are told about a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// From the first shown frame to the end of the last one, seconds.
    pub duration_secs: f64,
    /// Nominal frames per second, `N/D`.
    pub frame_rate: String,
    /// Width in pixels as shown.
    pub width: usize,
    /// Height in pixels as shown.
    pub height: usize,
    /// Codec of the pictures.
    pub codec: String,
    /// Bits per luma sample.
    pub bit_depth: u32,
    /// Clockwise turn applied to the stored picture, degrees.
    pub rotation_deg: u32,
    /// Its files, in order.
    pub chapters: Vec<ChapterFacts>,
}

/// What is known about one file of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChapterFacts {
    /// The original.
    pub path: PathBuf,
    /// Moment of its first frame in the recording, seconds.
    pub start_secs: f64,
    /// What browsers are given in its place.
    pub stand_in: StandIn,
}

/// What browsers are given in place of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandIn {
    /// The camera's own small copy.
    Camera(PathBuf),
    /// A copy that is made here: its key in the cache.
    Made(String),
    /// Nothing: they play the original.
    NotNeeded,
}
