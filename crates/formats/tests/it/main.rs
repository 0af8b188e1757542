//! Files on the disk, and those that other programs wrote.
#![allow(clippy::unwrap_used, reason = "a failed helper fails its test")]

mod atomic;
mod numpy;
