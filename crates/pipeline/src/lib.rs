//! The stages joined into commands: index, sync, warp, transfer, export. Everything a face of the program (command
//! line, batch, server) needs, and no text for a terminal.

pub mod align_run;
pub mod anchors;
pub mod annotations;
pub mod artefacts;
pub mod batch;
pub mod cache;
pub mod config;
pub mod describe;
pub mod doctor;
pub mod error;
pub mod export;
pub mod features;
pub mod gps;
pub mod import;
pub mod index;
pub mod index_file;
pub mod missing;
pub mod moments;
pub mod mux;
pub mod progress;
pub mod recorded;
pub mod refit;
pub mod render;
pub mod resources;
pub mod retime;
pub mod sample;
pub mod settings;
pub mod source;
pub mod splits;
pub mod sync;
pub mod transfer;
pub mod verify;
pub mod video_tags;
pub mod viewer;
pub mod warp;
