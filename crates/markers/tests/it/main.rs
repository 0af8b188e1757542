//! Marker files, made here and by other programs.
#![allow(
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a failed helper fails its test, a table of cases is long"
)]

mod hostile;
mod matrix;
mod real_files;
mod retime;
mod samples;
