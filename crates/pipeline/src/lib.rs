//! The commands: everything a face of the program (command line, batch, server) needs, and no text for a
//! terminal.

pub mod batch;
pub mod cache;
pub mod config;
pub mod context;
pub mod doctor;
pub mod map;
pub mod markers;
pub mod missing;
pub mod recordings;
pub mod render;
pub mod resources;
pub mod settings;
pub mod sync;
pub mod trail;
