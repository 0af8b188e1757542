//! EXPORT: what editor files look like (docs/reference/cli.md#editor-file-flags).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_markers::time::Rate;
use mtbsync_pipeline::markers::export::{ExportSettings, RateChoice};

/// Flags of editor files, without the rate, whose name depends on the command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Editor files")]
pub struct ExportArgs {
    /// Count in drop-frame timecode (29.97 and 59.94 only)
    #[arg(long, conflicts_with = "non_drop")]
    pub drop_frame: bool,

    /// Count in non-drop timecode; the default
    #[arg(long)]
    pub non_drop: bool,

    /// Timecode of the timeline's first frame [default: the preset's]
    ///
    /// Must be what the editor shows at the start of its timeline, 01:00:00:00 in DaVinci Resolve unless
    /// changed.
    #[arg(long, value_name = "TC")]
    pub timeline_start: Option<String>,

    /// Reel name, 2 to 8 characters [default: the preset's]
    #[arg(long, value_name = "NAME")]
    pub reel: Option<String>,

    /// Title, project or sequence name [default: the name of the input]
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,

    /// The new recording: gives rate, length, size and start timecode
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub video: Option<PathBuf>,

    /// Put before the names of markers that need review; empty for nothing [default: "REVIEW "]
    #[arg(long, value_name = "TEXT")]
    pub review_prefix: Option<String>,

    /// Do not turn markers that need review red
    #[arg(long)]
    pub keep_colours: bool,
}

impl ExportArgs {
    /// What the flags mean, with the rate given beside them.
    pub fn settings(&self, rate: Option<RateChoice>) -> ExportSettings {
        let counting = (self.drop_frame || self.non_drop).then_some(self.drop_frame);
        ExportSettings {
            rate,
            drop_frame: counting,
            timeline_start: self.timeline_start.clone(),
            reel: self.reel.clone(),
            label: self.label.clone(),
            video: self.video.clone(),
            review_prefix: self.review_prefix.clone(),
            keep_colours: self.keep_colours,
        }
    }
}

/// A frame rate (docs/reference/cli.md#times-and-frame-rates).
pub fn rate(text: &str) -> Result<RateChoice, String> {
    if text == "auto" {
        return Ok(RateChoice::Auto);
    }
    Rate::parse(text)
        .map(RateChoice::Fixed)
        .map_err(|error| match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        })
}
