//! `watch.json`: what failed, so that it is not tried again and again (docs/reference/files.md#watchjson).
//!
//! A failure is that of a content written at one moment. Files that are changed or copied anew have another
//! moment and are tried again; a renamed or moved one is the same.

use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::json::{self, JsonError};
use mtbsync_index::describe;
use mtbsync_task::error::{PipelineError, Problem};
use mtbsync_task::files::write_files;
use serde::{Deserialize, Serialize};

use super::error::WatchProblem;
use super::folder::Seen;

/// Name of the file in the root.
pub const WATCH_FILE: &str = "watch.json";
/// Its layout.
const VERSION: u64 = 1;
/// The newest so many are remembered; a card holds a few hundred recordings.
const MAX_FAILURES: usize = 1000;
/// Longest reason kept, characters; usual ones have a hundred.
const MAX_WHY_CHARS: usize = 500;
/// Knows a file of its kind.
const OWN: Replaces = Replaces::own(|ends| ends.has_keys(&["version", "failed"]));

/// A recording that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its first file, where it was; absolute.
    pub path: String,
    /// Its content.
    pub fingerprint: String,
    /// Why.
    pub why: String,
    /// Bytes of all its files.
    pub bytes: u64,
    /// When the last of its files was written, milliseconds since 1970.
    pub modified_ms: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    version: u64,
    failed: Vec<Failure>,
}

/// What failed, oldest first.
pub struct Failures {
    path: PathBuf,
    failed: Vec<Failure>,
}

impl Failures {
    /// Those remembered in `root`.
    ///
    /// # Errors
    /// The file cannot be read, or is none of these.
    pub fn read(root: &Path) -> Result<Self, PipelineError> {
        let path = root.join(WATCH_FILE);
        if !path.exists() {
            return Ok(Self {
                path,
                failed: Vec::new(),
            });
        }
        let other = || PipelineError::from(WatchProblem::Note).at(&path);
        let content: Content = json::read(&path).map_err(|error| match error {
            error @ JsonError::Read(_) if error.is_failed_read() => PipelineError::from(error),
            _ => other(),
        })?;
        json::check_version(content.version, VERSION).map_err(|_| other())?;
        let failed = content.failed;
        Ok(Self { path, failed })
    }

    /// Why the recording failed before, if it did and has not changed since.
    pub fn why(&self, seen: &Seen, fingerprint: &str) -> Option<&str> {
        let modified_ms = modified_ms(seen);
        let same =
            |failure: &&Failure| failure.fingerprint == fingerprint && failure.modified_ms == modified_ms;
        self.failed.iter().find(same).map(|failure| failure.why.as_str())
    }

    /// Remembers that it failed.
    ///
    /// # Errors
    /// The root does not allow it.
    pub fn add(&mut self, seen: &Seen, fingerprint: &str, why: &str) -> Result<(), PipelineError> {
        let path = seen.files.first().map(|file| describe::absolute(&file.path));
        self.failed.retain(|failure| failure.fingerprint != fingerprint);
        self.failed.push(Failure {
            path: path.unwrap_or_default(),
            fingerprint: fingerprint.to_owned(),
            why: why.chars().take(MAX_WHY_CHARS).collect(),
            bytes: seen.files.iter().map(|file| file.bytes).sum(),
            modified_ms: modified_ms(seen),
        });
        let old = self.failed.len().saturating_sub(MAX_FAILURES);
        self.failed.drain(..old);
        self.write()
    }

    /// Forgets that it failed: it is done.
    ///
    /// # Errors
    /// The root does not allow it.
    pub fn remove(&mut self, fingerprint: &str) -> Result<(), PipelineError> {
        let before = self.failed.len();
        self.failed.retain(|failure| failure.fingerprint != fingerprint);
        if self.failed.len() == before {
            return Ok(());
        }
        self.write()
    }

    fn write(&self) -> Result<(), PipelineError> {
        let content = Content {
            version: VERSION,
            failed: self.failed.clone(),
        };
        write_files(&[(&self.path, OWN, &json::to_vec(&content)?)])
    }
}

fn modified_ms(seen: &Seen) -> u64 {
    seen.files.iter().map(|file| file.modified_ms).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::watch::folder::FileState;

    fn seen(modified_ms: u64) -> Seen {
        Seen {
            files: vec![FileState {
                path: "/card/a.mp4".into(),
                bytes: 7,
                modified_ms,
            }],
            missing: None,
            has_chapters: false,
        }
    }

    #[test]
    fn a_failure_is_that_of_a_content_and_a_moment() {
        let root = tempfile::tempdir().unwrap();
        let mut failures = Failures::read(root.path()).unwrap();
        failures.add(&seen(1), "a", &"x".repeat(2000)).unwrap();
        failures.add(&seen(2), "a", "no video").unwrap();
        for k in 0..MAX_FAILURES - 1 {
            failures.failed.push(Failure {
                fingerprint: k.to_string(),
                ..failures.failed[0].clone()
            });
        }
        failures.add(&seen(3), "b", &"x".repeat(2000)).unwrap();
        let read = Failures::read(root.path()).unwrap();
        assert_eq!(read.failed.len(), MAX_FAILURES);
        assert_eq!(read.why(&seen(2), "a"), None, "the oldest is forgotten");
        assert_eq!(read.why(&seen(2), "0"), Some("no video"));
        assert_eq!(read.why(&seen(3), "0"), None, "written again");
        assert_eq!(read.why(&seen(3), "b").map(str::len), Some(MAX_WHY_CHARS));
    }

    #[test]
    fn another_file_of_that_name_stays() {
        let root = tempfile::tempdir().unwrap();
        for text in ["", "[]", "{\"version\": 99, \"failed\": []}", "mine"] {
            std::fs::write(root.path().join(WATCH_FILE), text).unwrap();
            let error = Failures::read(root.path()).err().unwrap();
            assert!(error.hint().unwrap().contains("delete it"), "{text}: {error}");
        }
    }
}
