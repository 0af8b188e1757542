//! The files of a run, read and written here only: `timewarp.json` and `warp.npz`, the pairs tables, anchors,
//! annotations, and maps sampled for pages.

pub mod anchors;
pub mod annotations;

pub mod error;
pub mod lenient;
pub mod moments;
pub mod pairs;
pub mod sample;
pub mod time_warp;
