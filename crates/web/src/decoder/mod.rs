//! Everything the server does with FFmpeg, in child processes with limits on memory and time.
//!
//! Recordings come from anywhere, and a decoder that crashes, hangs or eats all memory must cost one answer
//! and not the server. The program is its own child, as with jobs: [`pool`] starts it and asks, [`worker`] is
//! what it does there, [`protocol`] is what they say to each other.

pub mod pool;
pub mod protocol;
pub mod worker;

pub use pool::{DecodeError, Decoders};
