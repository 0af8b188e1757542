//! Static mask, dense place descriptor, ORB features, matching and geometry.

pub mod clahe;
mod dispatch;
pub mod geometry;
pub mod dense;
pub mod image;
pub mod mask;
pub mod matching;
pub mod orb;
mod random;
pub mod similarity;
