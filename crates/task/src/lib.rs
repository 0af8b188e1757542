//! What every long job needs: errors in a person's words, progress, a way to stop, small inputs and outputs.

pub mod clock;
pub mod error;
pub mod files;
pub mod progress;
