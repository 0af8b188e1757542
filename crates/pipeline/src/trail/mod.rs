//! All runs of one trail.

pub mod watch;
