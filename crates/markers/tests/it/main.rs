//! Marker files, made here and by other programs.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed helper fails its test")]

mod hostile;
mod matrix;
mod real_files;
mod retime;
mod samples;
