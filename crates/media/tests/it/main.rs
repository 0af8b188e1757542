//! Recordings of every kind, made with the `ffmpeg` program and held against what it and `ffprobe` say.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed helper fails its test"
)]

mod colour;
mod common;
mod damaged;
mod encode;
mod fence;
mod gopro;
mod mux;
mod pictures;
mod times;
