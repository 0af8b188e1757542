//! Tracks, telemetry and the boxes of recordings, made here and by real devices.
#![allow(clippy::unwrap_used, reason = "a failed helper fails its test")]

mod gpmf_files;
mod hostile;
mod made_recordings;
mod place;
mod recordings;
