//! Commands on a finished map: fit it again, draw it, where time was lost.

pub mod delta;
pub mod doubt;
pub mod error;
pub mod refit;
pub mod refusal;
pub mod run_folder;
pub mod splits;
pub mod viewer;
pub mod warp;
