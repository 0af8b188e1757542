//! Static mask, dense place descriptor, ORB features, matching and geometry.

pub mod clahe;
pub mod dense;
mod dispatch;
pub mod geometry;
pub mod image;
pub mod mask;
pub mod matching;
pub mod orb;
mod orientation_grid;
mod random;
pub mod recurring;
pub mod similarity;
pub mod structure;
