//! From a recording to its features: decoding and describing, the camera's own telemetry, its tracks, and the
//! index file that keeps it all.

pub mod camera;
pub mod column;
pub mod describe;
pub mod error;
pub mod features;
pub mod file;
pub mod tracks;
