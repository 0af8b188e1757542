//! Fusion of pairs by pictures with pairs by GPS. What it needs of a track comes in as numbers.

mod bias;
mod epoch;
mod fuse;
mod kalman;
mod outliers;

pub use fuse::{FusedPair, fuse};
