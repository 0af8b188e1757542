//! GPMF, GPX, FIT and TCX tracks and HiLight tags.

mod bytes;
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
pub mod track;
mod utc;
mod warning;

pub use fourcc::FourCc;
pub use read::{TrackError, TrackFile, read_track};
pub use recording::Recording;
pub use track::{Fix, Track, TrackPoint, TrackSource};
pub use warning::{Warning, Warnings};
