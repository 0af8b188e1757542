//! Commands on one recording: describe it once, make a small copy.

mod clock;
pub(crate) mod error;
pub mod index;
pub(crate) mod lens;
pub mod proxy;

pub use clock::clock;
