//! What editors are told about a recording.

use crate::time::Rate;

/// A recording as editors need to know it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipInfo {
    /// Absolute path with the system's separators; becomes a file URL.
    pub path: String,
    /// Length in frames of `rate`.
    pub frames: i64,
    /// The recording's own rate.
    pub rate: Rate,
    /// Width in pixels as shown.
    pub width: u32,
    /// Height in pixels as shown.
    pub height: u32,
    /// Timecode of the first frame from the timecode track (a semicolon means drop-frame).
    pub start_timecode: Option<String>,
    /// The sound, where there is any.
    pub audio: Option<AudioInfo>,
}

/// The sound of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioInfo {
    /// Number of channels.
    pub channels: u32,
    /// Samples a second.
    pub sample_rate: u32,
}

impl ClipInfo {
    /// The file name.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path)
    }

    /// The file name without its extension.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}
