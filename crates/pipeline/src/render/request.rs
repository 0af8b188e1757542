//! What is asked of `render`, and what came of it.

use std::path::PathBuf;

use mtbsync_media::encode::VideoCodec;

use super::error::RenderProblem;
use crate::markers::export::RateChoice;

/// Opacity of the new run in [`Layout::Ghost`] unless asked otherwise.
pub const DEFAULT_GHOST_OPACITY: f64 = 0.5;
/// Constant quality unless asked otherwise.
pub const DEFAULT_QUALITY: u32 = 20;

/// One of the two runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The reference run.
    Reference,
    /// The new run.
    #[default]
    New,
}

/// How both pictures share the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Reference left, new right.
    #[default]
    SideBySide,
    /// Reference above, new below.
    Stacked,
    /// New over reference, half transparent.
    Ghost,
}

/// What both pictures have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// The spot on the trail.
    #[default]
    Place,
    /// The time since the first frame.
    Time,
}

/// What becomes of a stretch in which the master stands still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stops {
    /// It is shown; the other picture stands as well.
    #[default]
    Hold,
    /// It is cut out.
    Skip,
}

/// Whose sound is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audio {
    /// The master's, at its own speed.
    #[default]
    Master,
    /// This run's; when it is not the master and both are locked by place, its pitch changes with its speed.
    Of(Side),
    /// Nobody's.
    None,
}

/// When what is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// What the pictures have in common.
    pub lock: Lock,
    /// Whose clock runs at normal speed.
    pub master: Side,
    /// First moment, a TIME on the master; `None`: where the common stretch begins.
    pub from: Option<String>,
    /// Last moment; `None`: where the common stretch ends.
    pub to: Option<String>,
    /// Stretches in which the master stands.
    pub stops: Stops,
    /// Frames per second; by default those of the master.
    pub rate: RateChoice,
}

/// What the frames look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// How both pictures share the frame.
    pub layout: Layout,
    /// Opacity of the new run's picture in [`Layout::Ghost`], 0..1.
    pub ghost_opacity: f64,
    /// Width and height of the video; `None`: from the recordings.
    pub size: Option<(u32, u32)>,
    /// Show how far the new run is behind or ahead.
    pub delta_bar: bool,
    /// Say which run is which, and its time.
    pub labels: bool,
    /// Show names of these markers: of the reference run, or carried over.
    pub markers: Option<PathBuf>,
}

/// One call of `render`.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderRequest {
    /// Recording of the reference run.
    pub reference: PathBuf,
    /// Recording of the new run.
    pub new: PathBuf,
    /// The map; several files must describe the same one.
    pub warps: Vec<PathBuf>,
    /// The video, `.mp4` or `.mov`.
    pub out: PathBuf,
    /// When what is shown.
    pub timing: Timing,
    /// What it looks like.
    pub look: Look,
    /// Codec.
    pub codec: VideoCodec,
    /// Constant quality, 0 best to 51 worst.
    pub quality: u32,
    /// Sound.
    pub audio: Audio,
}

/// What a rendering came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderReport {
    /// Frames written.
    pub frames: u64,
    /// Length in seconds.
    pub duration_secs: f64,
    /// Width and height in pixels.
    pub size: (usize, usize),
    /// The video.
    pub out: PathBuf,
    /// What the person should know.
    pub warnings: Vec<String>,
}

impl RenderRequest {
    /// Refuses settings that cannot be had together.
    pub(super) fn check(&self) -> Result<(), RenderProblem> {
        if self.timing.stops == Stops::Skip && self.timing.lock == Lock::Time {
            return Err(RenderProblem::StopsByTime);
        }
        Ok(())
    }

    /// The run whose sound is heard.
    pub(super) fn sound_side(&self) -> Option<Side> {
        match self.audio {
            Audio::Master => Some(self.timing.master),
            Audio::Of(side) => Some(side),
            Audio::None => None,
        }
    }
}
