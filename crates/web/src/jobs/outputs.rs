//! Where a job may write: never over a recording, and never over what it reads.

use std::path::{Path, PathBuf};

use mtbsync_task::files::is_same_file;

use crate::error::{ApiError, Kind};
use crate::media::container;

/// Refuses outputs that would cost a file which no job can make again.
///
/// # Errors
/// An output is an input of the same job, or a recording.
pub fn check(inputs: &[PathBuf], outputs: &[PathBuf]) -> Result<(), ApiError> {
    let taken = |output: &Path, why: &str| {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        Err(ApiError::new(
            Kind::Taken,
            format!("{name} {why}; choose another name"),
        ))
    };
    for output in outputs.iter().filter(|output| output.is_file()) {
        if inputs.iter().any(|input| is_same_file(input, output)) {
            return taken(output, "is an input of this job");
        }
        if container::is_recording(output) {
            return taken(output, "is a recording, which no job may replace");
        }
    }
    Ok(())
}
