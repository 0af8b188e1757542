//! Help when an artefact is not where it was said to be (docs/reference/cli.md#missing-artefacts).
//!
//! No artefact is ever picked up by itself: a stale warp of another pair is worse than an error. The error
//! only says where one of that name lies.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mtbsync_task::error::PipelineError;
use mtbsync_task::files::folder_of;

/// Subfolders looked into; more is a sign of a folder that is no working directory.
const MAX_FOLDERS: usize = 1000;

/// Adds a hint to the error about a file that was not found: the newest file of its name in the folder of
/// `out` and in direct subfolders of the working directory.
pub fn suggest(error: PipelineError, path: &Path, out: Option<&Path>) -> PipelineError {
    if path.exists() || error.hint().is_some() {
        return error;
    }
    let found = path
        .file_name()
        .and_then(|name| newest(Path::new(name), out.map(folder_of)));
    error.with_hint(
        found.map(|(file, written)| format!("did you mean {} (written {})?", file.display(), age(written))),
    )
}

fn newest(name: &Path, out_folder: Option<&Path>) -> Option<(PathBuf, SystemTime)> {
    let subfolders = fs::read_dir(".").ok()?.take(MAX_FOLDERS).filter_map(Result::ok);
    let subfolders = subfolders
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|folder| folder.is_dir());
    let mut folders: Vec<PathBuf> = out_folder
        .map(Path::to_owned)
        .into_iter()
        .chain(subfolders)
        .collect();
    folders.sort();
    let written = |file: PathBuf| {
        let metadata = fs::metadata(&file).ok().filter(fs::Metadata::is_file)?;
        Some((file, metadata.modified().ok()?))
    };
    folders
        .iter()
        .map(|folder| folder.join(name))
        .filter_map(written)
        .max_by_key(|(_, time)| *time)
}

fn age(written: SystemTime) -> String {
    let secs = SystemTime::now()
        .duration_since(written)
        .map_or(0, |age| age.as_secs());
    match secs {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", secs / 60),
        3600..86_400 => format!("{} h ago", secs / 3600),
        _ => format!("{} days ago", secs / 86_400),
    }
}
