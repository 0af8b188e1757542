//! Pairs by pictures and pairs by GPS joined into one list: numbers only.
//!
//! - [`fuse`]: pairs of both sources as one list;
//! - `drift`, `kalman`: what both being apart is made of.

mod drift;
mod fuse;
mod kalman;
mod moment;

pub use fuse::{FusedPair, fuse};
