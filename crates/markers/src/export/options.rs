//! What an export needs to know beside the markers (docs/reference/cli.md#editor-file-flags).

use crate::clip::ClipInfo;
use crate::retime::Retime;
use crate::time::{Counting, Rate};

/// Options of an export; [`ExportOptions::new`] gives the defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportOptions {
    /// Frame rate of the timeline.
    pub rate: Rate,
    /// The rate was not given by hand: a rate above 60 fps is divided for timecode instead of refused.
    pub rate_is_auto: bool,
    /// Drop-frame or not.
    pub counting: Counting,
    /// Timecode of the timeline's first frame; `None` = the preset's default.
    pub timeline_start: Option<String>,
    /// Reel name; `None` = the preset's default.
    pub reel: Option<String>,
    /// Title, project, sequence or JSON label; `None` = `stem`, for JSON `markers`.
    pub label: Option<String>,
    /// Stem of the input's file name.
    pub stem: String,
    /// The new recording, where it is known.
    pub clip: Option<ClipInfo>,
    /// Length of the new recording, used without a clip; `None` = last marker + 10 s.
    pub duration_secs: Option<f64>,
    /// Put before the names of markers that need review.
    pub review_prefix: String,
    /// Markers that need review keep their colour instead of becoming red.
    pub keep_colours: bool,
    /// Puts the reference on the timeline and the new run (`clip`, required) beside it, retimed; marker times
    /// are then times of the reference.
    pub retime: Option<Retime>,
}

impl ExportOptions {
    /// The default options at `rate` for an input file with this stem.
    pub fn new(rate: Rate, stem: &str) -> Self {
        Self {
            rate,
            rate_is_auto: false,
            counting: Counting::NonDrop,
            timeline_start: None,
            reel: None,
            label: None,
            stem: stem.to_owned(),
            clip: None,
            duration_secs: None,
            review_prefix: "REVIEW ".to_owned(),
            keep_colours: false,
            retime: None,
        }
    }
}
