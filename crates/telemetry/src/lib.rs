//! What a recording or a watch knew besides the picture: GPS, motion sensors, HiLight tags, identity.
//!
//! Pure parsing on bytes, no media library. Three ways in:
//!
//! - [`FileTelemetry::read`]: everything in one MP4 file; or [`gpmf::Telemetry::read`] with payloads from any
//!   demuxer.
//! - [`read_track`]: GPX, FIT and TCX files, told apart by content.
//! - [`place::PlaceEvidence`]: two tracks to evidence of where one run is on the other, with
//!   [`clock`] to put an external file on a recording's clock.
//!
//! ```
//! use mtbsync_telemetry::{clean, read_track};
//!
//! let gpx = r#"<gpx><trk><trkseg>
//!     <trkpt lat="46.50000" lon="7.20000"><time>2024-06-01T10:00:00Z</time></trkpt>
//!     <trkpt lat="46.50005" lon="7.20000"><time>2024-06-01T10:00:01Z</time></trkpt>
//! </trkseg></trk></gpx>"#;
//! let file = read_track(gpx.as_bytes())?;
//! let (track, report) = clean::clean(&file.track);
//! assert_eq!((track.span_secs(), report.kept), (Some((0.0, 1.0)), 2));
//! # Ok::<(), mtbsync_telemetry::TrackError>(())
//! ```
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
pub mod lens;
pub mod mp4;
pub mod place;
mod read;
pub mod realtime;
mod recording;
mod stats;
pub mod track;
mod tuning;
mod utc;
mod warning;

pub use fourcc::FourCc;
pub use read::{TrackError, TrackFile, read_track};
pub use recording::FileTelemetry;
pub use track::{Fix, Track, TrackPoint, TrackSource};
pub use warning::{Warning, Warnings};
