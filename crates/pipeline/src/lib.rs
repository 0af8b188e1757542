//! The stages joined into commands: index, sync, warp, transfer, export. Everything a face of the program (command
//! line, batch, server) needs, and no text for a terminal.

pub mod config;
pub mod describe;
pub mod features;
pub mod index_file;
pub mod error;
pub mod export;
pub mod missing;
pub mod progress;
pub mod settings;
pub mod source;
