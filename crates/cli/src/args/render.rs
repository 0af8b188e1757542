//! RENDER: what a rendered video looks like (docs/reference/cli.md#render).

use std::path::PathBuf;

use clap::{Args, ValueHint};
use mtbsync_pipeline::markers::export::RateChoice;
use mtbsync_pipeline::render::{
    Audio, Codec, DEFAULT_GHOST_OPACITY, DEFAULT_QUALITY, Layout, Lock, Look, Side, Stops, Timing,
};

use super::export::rate;
use super::values::{self, Choices};

static LOCKS: Choices<Lock> = Choices(&[
    ("place", Lock::Place, "Both show the same spot"),
    ("time", Lock::Time, "Both play at their own speed from --from"),
]);

static SIDES: Choices<Side> = Choices(&[
    ("new", Side::New, "The new run"),
    ("ref", Side::Reference, "The reference run"),
    ("reference", Side::Reference, ""),
]);

static STOPS: Choices<Stops> = Choices(&[
    ("hold", Stops::Hold, "The other picture stands as well"),
    ("skip", Stops::Skip, "The stop is cut out"),
]);

static LAYOUTS: Choices<Layout> = Choices(&[
    ("side-by-side", Layout::SideBySide, "Reference left, new right"),
    ("stacked", Layout::Stacked, "Reference above, new below"),
    ("ghost", Layout::Ghost, "New over reference, half transparent"),
]);

static CODECS: Choices<Codec> = Choices(&[
    ("h264", Codec::H264, "Plays everywhere"),
    ("hevc", Codec::Hevc, "Smaller"),
    ("av1", Codec::Av1, "Smaller still"),
]);

static SOUNDS: Choices<Audio> = Choices(&[
    ("master", Audio::Master, "The master's"),
    ("ref", Audio::Of(Side::Reference), "The reference run's"),
    ("new", Audio::Of(Side::New), "The new run's"),
    ("none", Audio::None, "No sound"),
]);

/// When what is shown.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Timing")]
pub struct TimingArgs {
    /// What both pictures have in common: the spot on the trail, or the time since --from
    #[arg(long, value_name = "KIND", value_parser = LOCKS.parser(), default_value = LOCKS.name(Lock::default()))]
    pub lock: Lock,

    /// Whose clock runs at normal speed
    #[arg(long, value_name = "RUN", value_parser = SIDES.parser(), default_value = SIDES.name(Side::default()))]
    pub master: Side,

    /// First moment, a time on the master [default: where the common stretch begins]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub from: Option<String>,

    /// Last moment, a time on the master [default: where the common stretch ends]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub to: Option<String>,

    /// A stop on the master: hold the other picture, or cut the stop out
    #[arg(long, value_name = "KIND", value_parser = STOPS.parser(), default_value = STOPS.name(Stops::default()))]
    pub stops: Stops,

    /// Frames per second [default: auto, those of the master]
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub fps: Option<RateChoice>,
}

/// What the frames look like.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Picture")]
pub struct LookArgs {
    /// How both pictures share the frame; ghost: new over reference
    #[arg(long, value_name = "KIND", value_parser = LAYOUTS.parser(), default_value = LAYOUTS.name(Layout::default()))]
    pub layout: Layout,

    /// Opacity of the new run in the ghost layout, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = DEFAULT_GHOST_OPACITY, value_parser = values::share, allow_negative_numbers = true)]
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
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
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
    #[arg(long, value_name = "NAME", value_parser = CODECS.parser(), default_value = CODECS.name(Codec::default()))]
    pub codec: Codec,

    /// Constant quality, 0 best to 51 worst
    #[arg(long, value_name = "N", default_value_t = DEFAULT_QUALITY, value_parser = clap::value_parser!(u32).range(0..=51), allow_negative_numbers = true)]
    pub quality: u32,

    /// Whose sound is heard; that of a run whose speed follows the other changes its pitch
    #[arg(long, value_name = "RUN", value_parser = SOUNDS.parser(), default_value = SOUNDS.name(Audio::default()))]
    pub audio: Audio,
}

impl TimingArgs {
    /// What the flags mean.
    pub fn resolved(self) -> Timing {
        Timing {
            lock: self.lock,
            master: self.master,
            from: self.from,
            to: self.to,
            stops: self.stops,
            rate: self.fps.unwrap_or(RateChoice::Auto),
        }
    }
}

impl LookArgs {
    /// What the flags mean.
    pub fn resolved(self) -> Look {
        Look {
            layout: self.layout,
            ghost_opacity: self.ghost_opacity,
            size: self.size,
            delta_bar: self.delta_bar,
            labels: self.labels || !self.no_labels,
            markers: self.markers,
        }
    }
}
