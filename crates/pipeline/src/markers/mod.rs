//! Commands on markers: read, carry over, write for an editor, write into a recording.

pub mod error;
pub mod export;
pub mod import;
pub mod map;
pub mod mux;
pub mod retime;
pub mod transfer;
pub mod video_tags;
