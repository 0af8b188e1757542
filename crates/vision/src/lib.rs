//! Static mask, dense place descriptor, ORB features, matching and geometry.

pub mod image;
