//! From a recording to its features: decoding and describing, the camera's own telemetry, its tracks, and the
//! index file that keeps it all.
//!
//! ```
//! use std::path::Path;
//!
//! use mtbsync_index::describe::{describe, open};
//! use mtbsync_index::features::IndexParams;
//! use mtbsync_task::progress::{Cancel, Silent, Stage, Task};
//!
//! # fn main() -> Result<(), mtbsync_task::error::PipelineError> {
//! let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sample/reference.mp4");
//! let opened = open(&sample, false, false)?;
//! let params = IndexParams { fps: 1.0, n_features: 100, clahe: true, precise: false };
//! let task = Task { progress: &Silent, cancel: &Cancel::default(), threads: 2, scratch: None };
//! let (features, _) = describe(&opened, params, Stage::Index, &task)?;
//! assert!(features.t_secs.len() > 15, "a frame a second of 20 seconds");
//! # Ok(())
//! # }
//! ```

pub mod camera;
pub mod column;
pub mod describe;
pub mod error;
pub mod features;
pub mod file;
pub mod learned;
pub mod remapped;
mod spool;
pub mod tracks;
mod tuning;
