//! From two sets of features to pairs of times: compare → locate → refine → structure → fuse, see
//! [`align::align`].
//!
//! ```no_run
//! use std::path::Path;
//!
//! use mtbsync_index::{file, tracks::Tracks};
//! use mtbsync_matching::{align::align, settings::MatchSettings};
//! use mtbsync_task::progress::{Cancel, Silent, Task};
//!
//! # fn main() -> Result<(), mtbsync_task::error::PipelineError> {
//! let (reference, new) = (file::read(Path::new("ref.npz"))?, file::read(Path::new("new.npz"))?);
//! let task = Task { progress: &Silent, cancel: &Cancel::default(), threads: 2, scratch: None };
//! let found = align(&reference, &new, &Tracks::default(), &MatchSettings::default(), &task)?;
//! for pair in &found.pairs {
//!     println!("{:.3} s of the new run is {:.3} s of the reference", pair.t_new_secs, pair.t_ref_secs);
//! }
//! # Ok(())
//! # }
//! ```

pub mod align;
mod compare;
mod displaced;
mod error;
mod foreground;
pub mod geometry;
mod gps;
mod learned;
mod locate;
pub mod lookalikes;
mod picture_speed;
mod refine;
mod report;
mod reweight;
pub mod settings;
mod structure;
mod tuning;
mod verify;
