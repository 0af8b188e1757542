//! The server as a client sees it: real sockets, plain bytes, a prepared run on the disk.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed helper fails its test"
)]

mod anchors;
mod annotations;
mod decoder;
mod guard;
mod hostile;
mod jobs;
mod limits;
mod media;
mod mutants;
mod place;
mod read;
mod streams;
mod trails;
mod writes;
