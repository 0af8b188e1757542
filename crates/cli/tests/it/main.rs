//! The real program in a folder of its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a failed helper fails its test, a table of cases is long"
)]

mod bad_input;
mod batch;
mod batch_processes;
mod command_lines;
mod common;
mod editors;
mod edits;
mod examples;
mod extreme_times;
#[cfg(target_os = "linux")]
mod faults;
mod gps;
mod gps_files;
mod grammar;
mod ideal;
mod interrupted;
mod jobs;
mod learned;
mod lens;
mod markers;
mod outputs;
mod quality;
mod regression;
mod render;
mod rider;
mod servers;
mod splits;
mod summary;
mod sync;
mod terminal;
mod trail;
mod trail_watch;
