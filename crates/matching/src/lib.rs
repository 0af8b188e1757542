//! From two sets of features to pairs of times: compare → locate → refine → structure → fuse, see [`align::align`].

pub mod align;
pub mod compare;
pub mod displaced;
pub mod error;
pub mod gps;
pub mod picture_speed;
pub mod settings;
mod structure;
pub mod verify;
