//! Laws of features and geometry on made scenes.

mod geometry;
mod orb;
