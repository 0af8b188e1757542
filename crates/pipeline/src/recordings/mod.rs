//! Commands on one recording: describe it once, make a small copy.

pub mod index;
pub mod proxy;
