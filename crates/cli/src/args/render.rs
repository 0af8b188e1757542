//! RENDER: what a rendered video looks like (docs/reference/cli.md#render).

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mtbsync_pipeline::export::RateChoice;
use mtbsync_pipeline::render::{self, Audio, Codec, Look, Side, Timing};

use super::export::rate;
use super::values;

/// When what is shown.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Timing")]
pub struct TimingArgs {
    /// What both pictures have in common: the spot on the trail, or the time since --from
    #[arg(long, value_enum, value_name = "KIND", default_value = "place")]
    pub lock: LockArg,

    /// Whose clock runs at normal speed
    #[arg(long, value_enum, value_name = "RUN", default_value = "new")]
    pub master: SideArg,

    /// First moment, a time on the master [default: where the common stretch begins]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub from: Option<String>,

    /// Last moment, a time on the master [default: where the common stretch ends]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub to: Option<String>,

    /// A stop on the master: hold the other picture, or cut the stop out
    #[arg(long, value_enum, value_name = "KIND", default_value = "hold")]
    pub stops: StopsArg,

    /// Frames per second [default: auto, those of the master]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub fps: Option<RateChoice>,
}

/// What the frames look like.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Picture")]
pub struct LookArgs {
    /// How both pictures share the frame; ghost: new over reference
    #[arg(long, value_enum, value_name = "KIND", default_value = "side-by-side")]
    pub layout: LayoutArg,

    /// Opacity of the new run in the ghost layout, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = values::share, allow_negative_numbers = true)]
    pub ghost_opacity: f64,

    /// Show how far the new run is behind or ahead
    #[arg(long)]
    pub delta_bar: bool,

    /// Say which run is which, and its time; the default
    #[arg(long, overrides_with = "no_labels")]
    pub labels: bool,

    /// No captions
    #[arg(long)]
    pub no_labels: bool,

    /// Show names of these markers: of the reference run, or carried over
    #[arg(long, value_name = "PATH")]
    pub markers: Option<PathBuf>,

    /// Size of the video in pixels [default: each picture up to 1920 wide]
    #[arg(long, value_name = "WxH", value_parser = values::picture_size)]
    pub size: Option<(u32, u32)>,
}

/// How the video is encoded.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Encoding")]
pub struct EncodingArgs {
    /// Codec of the pictures
    #[arg(long, value_enum, value_name = "NAME", default_value = "h264")]
    pub codec: CodecArg,

    /// Constant quality, 0 best to 51 worst
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=51), allow_negative_numbers = true)]
    pub quality: u32,

    /// Whose sound is heard; that of a run whose speed follows the other changes its pitch
    #[arg(long, value_enum, value_name = "RUN", default_value = "master")]
    pub audio: AudioArg,
}

/// `--lock`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LockArg {
    /// Both show the same spot
    Place,
    /// Both play at their own speed from --from
    Time,
}

/// `--master`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SideArg {
    /// The new run
    New,
    /// The reference run
    #[value(alias = "reference")]
    Ref,
}

/// `--stops`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StopsArg {
    /// The other picture stands as well
    Hold,
    /// The stop is cut out
    Skip,
}

/// `--layout`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LayoutArg {
    /// Reference left, new right
    SideBySide,
    /// Reference above, new below
    Stacked,
    /// New over reference, half transparent
    Ghost,
}

/// `--codec`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CodecArg {
    /// Plays everywhere
    H264,
    /// Smaller
    Hevc,
    /// Smaller still
    Av1,
}

/// `--audio`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AudioArg {
    /// The master's
    Master,
    /// The reference run's
    Ref,
    /// The new run's
    New,
    /// No sound
    None,
}

impl TimingArgs {
    /// What the flags mean.
    pub fn resolved(self) -> Timing {
        Timing {
            lock: match self.lock {
                LockArg::Place => render::Lock::Place,
                LockArg::Time => render::Lock::Time,
            },
            master: match self.master {
                SideArg::New => Side::New,
                SideArg::Ref => Side::Reference,
            },
            from: self.from,
            to: self.to,
            stops: match self.stops {
                StopsArg::Hold => render::Stops::Hold,
                StopsArg::Skip => render::Stops::Skip,
            },
            rate: self.fps.unwrap_or(RateChoice::Auto),
        }
    }
}

impl LookArgs {
    /// What the flags mean.
    pub fn resolved(self) -> Look {
        Look {
            layout: match self.layout {
                LayoutArg::SideBySide => render::Layout::SideBySide,
                LayoutArg::Stacked => render::Layout::Stacked,
                LayoutArg::Ghost => render::Layout::Ghost,
            },
            ghost_opacity: self.ghost_opacity,
            size: self.size,
            delta_bar: self.delta_bar,
            labels: self.labels || !self.no_labels,
            markers: self.markers,
        }
    }
}

impl CodecArg {
    /// What the flag means.
    pub fn resolved(self) -> Codec {
        match self {
            Self::H264 => Codec::H264,
            Self::Hevc => Codec::Hevc,
            Self::Av1 => Codec::Av1,
        }
    }
}

impl AudioArg {
    /// What the flag means.
    pub fn resolved(self) -> Audio {
        match self {
            Self::Master => Audio::Master,
            Self::Ref => Audio::Of(Side::Reference),
            Self::New => Audio::Of(Side::New),
            Self::None => Audio::None,
        }
    }
}
