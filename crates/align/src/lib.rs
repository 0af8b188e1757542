//! From evidence to a time warp: sequence model, refinement, fusion with GPS, monotone fit, gates.
//!
//! Pure functions on numbers; no files, no pictures. The order in which they are used: [`evidence`] turns
//! similarities into log-likelihood ratios, [`sequence`] finds the path and where there is none, [`refine`]
//! measures along the path to a fraction of a frame, [`fit`] makes pairs into a [`TimeWarp`], and [`gates`]
//! says whether to trust it. [`compose`] joins maps.

pub mod ambiguity;
pub mod band;
mod carry;
pub mod compose;
pub mod confidence;
pub mod curve;
pub mod evidence;
pub mod fit;
pub mod fusion;
pub mod gates;
mod isotonic;
mod locate;
pub mod pair;
pub mod path;
pub mod refine;
pub mod robust;
pub mod sequence;
pub mod settings;
mod smooth;
mod stats;
mod tuning;
pub mod warp;

pub use compose::{Composition, Place, Step};
pub use locate::NewTimeEstimate;
pub use settings::{WarpModel, WarpSettings};
pub use warp::{Segment, Stop, StopSide, TimeWarp};
