//! What two pictures show of one place: static mask, dense and learned place descriptors and their
//! similarity, structure from motion, ORB features, matching, two-view geometry. Knows pictures; knows
//! neither time nor files.

mod area_average;
pub mod clahe;
pub mod dense;
mod dispatch;
mod dots;
pub mod foreground;
pub mod geometry;
pub mod grid_window;
pub mod image;
pub mod learned;
pub mod mask;
pub mod matching;
pub mod orb;
mod orientation_grid;
mod overlap;
mod random;
pub mod recurring;
pub mod remap;
pub mod scenery;
pub mod similarity;
pub mod structure;
pub mod thumbnail;
mod tuning;
