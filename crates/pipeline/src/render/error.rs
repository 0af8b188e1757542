//! What can go wrong when two runs are shown in one video.

use mtbsync_markers::time::TimeError;
use mtbsync_media::FrameError;
use mtbsync_media::encode::EncodeError;
use mtbsync_media::scale::MAX_SIDE;
use mtbsync_plot::PlotError;
use mtbsync_task::error::{Failure, Problem};

use super::geometry::MIN_SIDE;

/// What can go wrong when two runs are shown in one video.
#[derive(Debug, thiserror::Error)]
pub enum RenderProblem {
    /// No name of a movie.
    #[error("output must end in .mp4 or .mov")]
    Suffix,
    /// Runs that are locked by time have no stops to skip.
    #[error("‹stops› skip cannot be used with ‹lock› time")]
    StopsByTime,
    /// The layout of these recordings; pixels.
    #[error("a video of {width}x{height} pixels is too large")]
    TooLarge {
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// A size that was asked for, pixels.
    #[error("bad size {width}x{height}")]
    Size {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The value of `from` or `to`.
    #[error("bad value for ‹{setting}›: {error}")]
    Time {
        /// Which.
        setting: &'static str,
        /// What is wrong with it.
        #[source]
        error: TimeError,
    },
    /// Nothing of the master is left; seconds of its time.
    #[error("nothing to show from {from_secs:.3} s to {to_secs:.3} s")]
    EmptyRange {
        /// Begin.
        from_secs: f64,
        /// End.
        to_secs: f64,
    },
    /// Runs that are locked by time have to start at one place; holds what they share, seconds of the master.
    #[error("no common place between ‹from› and ‹to› to start both runs from")]
    NoStart(Option<(f64, f64)>),
    /// A map without segments.
    #[error("the map is empty")]
    EmptyMap,
    /// The content of a recording is not that which the map names.
    #[error("not the recording the map was made of")]
    AnotherRecording,
    /// A recording breaks off.
    #[error(transparent)]
    Frame(FrameError),
    /// A caption.
    #[error(transparent)]
    Plot(PlotError),
    /// The movie.
    #[error(transparent)]
    Encode(EncodeError),
}

impl Problem for RenderProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Suffix => "name it for example compare.mp4",
            Self::StopsByTime => "locked by time, both runs play through",
            Self::TooLarge { .. } => "give a smaller one with ‹size›",
            Self::Size { .. } => {
                return Some(format!(
                    "both sides must be even and {MIN_SIDE} to {MAX_SIDE} pixels"
                ));
            }
            Self::Time { error, .. } => return error.hint(),
            Self::EmptyRange { .. } => "see ‹from› and ‹to›, which count on the master",
            Self::NoStart(shared) => {
                return shared.map(|(first, last)| format!("the runs share {first:.1} to {last:.1} s"));
            }
            Self::EmptyMap => "run mtbsync sync again",
            Self::AnotherRecording => {
                "give the recording named in timewarp.json, run mtbsync sync again, or use ‹force›"
            }
            Self::Frame(error) => return error.hint(),
            Self::Plot(error) => return error.hint(),
            Self::Encode(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::EmptyMap | Self::AnotherRecording | Self::Frame(_) | Self::Plot(_) | Self::Encode(_) => {
                Failure::Failed
            }
            _ => Failure::Usage,
        }
    }
}
