//! What a recording or a watch knew besides the picture: GPS, motion sensors, HiLight tags, identity.
//!
//! Pure parsing on bytes, no media library. Three ways in:
//!
//! - [`Recording::read`]: everything in one MP4 file; or [`gpmf::Telemetry::read`] with payloads from any
//!   demuxer.
//! - [`read_track`]: GPX, FIT and TCX files, told apart by content.
//! - [`place::PlaceEvidence`]: two tracks to evidence of where one run is on the other, with
//!   [`clock`] to put an external file on a recording's clock.
//!
//! In between there is one type, [`Track`], cleaned by [`clean::clean`]. Every reader is bounded and
//! survives damage: it skips what it cannot read and leaves a [`Warning`].

pub mod clean;
pub mod clock;
mod fourcc;
pub mod geometry;
pub mod gpmf;
pub mod hilight;
pub mod identity;
pub mod mp4;
pub mod place;
mod read;
pub mod realtime;
mod recording;
mod stats;
pub mod track;
mod utc;
mod warning;

pub use fourcc::FourCc;
pub use read::{TrackError, TrackFile, read_track};
pub use recording::Recording;
pub use track::{Fix, Track, TrackPoint, TrackSource};
pub use warning::{Warning, Warnings};
