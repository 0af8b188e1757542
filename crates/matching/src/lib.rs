//! From two sets of features to pairs of times: compare → locate → refine → structure → fuse, see
//! [`align::align`].

pub mod align;
pub mod compare;
pub mod displaced;
pub mod error;
pub mod gps;
pub mod locate;
pub mod picture_speed;
mod refine;
mod report;
pub mod settings;
mod structure;
mod tuning;
pub mod verify;
