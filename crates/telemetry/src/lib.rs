//! GPMF, GPX, FIT and TCX tracks and HiLight tags.

mod bytes;
mod fourcc;
pub mod gpmf;
pub mod hilight;
pub mod identity;
pub mod mp4;
pub mod realtime;
mod recording;
pub mod track;
mod utc;
mod warning;

pub use fourcc::FourCc;
pub use recording::Recording;
pub use track::{Fix, Track, TrackPoint, TrackSource};
pub use warning::{Warning, Warnings};
