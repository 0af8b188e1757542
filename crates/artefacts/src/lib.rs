//! The files of a run, read and written here only: `timewarp.json` and `warp.npz`, the pairs tables, anchors,
//! annotations and what they change, maps sampled for pages; and `trail.json` above the runs.
//!
//! ```
//! use mtbsync_artefacts::time_warp::TimeWarpFile;
//!
//! let text = r#"{"model":"affine","params":{"a":1.25,"b":-2.0}}"#;
//! let file: TimeWarpFile = serde_json::from_str(text).unwrap();
//! let warp = file.warp().unwrap();
//! assert_eq!(warp.ref_from_new(10.0), Some(10.5));
//! ```

pub mod anchors;
pub mod annotations;
pub mod edits;
pub mod error;
pub mod geometry;
pub mod lenient;
pub mod moments;
pub mod pairs;
pub mod pinned;
pub mod run_set;
pub mod sample;
pub mod time_warp;
pub mod trail_file;
