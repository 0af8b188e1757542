//! All runs of one trail: which they are, how long each took through the sections, any two of them side by
//! side, one of them as the reference, and new ones as they appear.

pub mod best;
pub mod board;
pub mod board_files;
pub mod curves;
pub mod edit;
mod error;
pub mod page;
pub mod pair;
pub mod places;
pub mod reference;
mod roads;
pub mod runs;
pub mod suggest;
pub mod watch;

#[cfg(test)]
mod tests;
