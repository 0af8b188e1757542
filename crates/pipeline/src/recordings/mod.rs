//! Commands on one recording: describe it once, make a small copy.

pub(crate) mod error;
pub mod index;
pub mod proxy;
