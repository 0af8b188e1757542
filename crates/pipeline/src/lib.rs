//! The stages joined into commands: index, sync, warp, transfer, export. Everything a face of the program (command
//! line, batch, server) needs, and no text for a terminal.

pub mod error;
pub mod progress;
pub mod settings;
