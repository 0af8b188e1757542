//! Several outputs that belong together.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::{WriteError, WriteErrorKind};
use super::registry;
use super::staged::{StagedFile, folder_of};

/// Outputs of one run: all are written and flushed first, then all are renamed. Dropped without
/// [`commit`](Self::commit), nothing of it stays and older outputs are as they were.
#[derive(Debug, Default)]
pub struct FileSet {
    staged: Vec<StagedFile>,
    stale: Vec<PathBuf>,
}

impl FileSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stages `bytes` as the content of `target`.
    ///
    /// # Errors
    /// See [`StagedFile::create`]; or the disk is full.
    pub fn write(&mut self, target: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let mut file = StagedFile::create(target)?;
        file.write_all(bytes)
            .map_err(|error| WriteError::from_io(target, error))?;
        self.push(file);
        Ok(())
    }

    /// Adds a file that was staged and written elsewhere.
    pub fn push(&mut self, file: StagedFile) {
        self.staged.push(file);
    }

    /// Lets the commit remove the file `path` when it exists: an artefact of an earlier run that this run
    /// does not produce. Files of the set itself are never removed.
    pub fn remove_stale(&mut self, path: &Path) {
        self.stale.push(path.to_owned());
    }

    /// Flushes every file, then renames them all, then removes the stale ones. Returns the targets in the
    /// order they were added.
    ///
    /// # Errors
    /// Up to the first rename, an error leaves every older output untouched.
    pub fn commit(self) -> Result<Vec<PathBuf>, WriteError> {
        let Self { mut staged, stale } = self;
        for file in &mut staged {
            file.flush_to_disk()?;
        }
        let mut registry = registry::lock();
        if registry.is_closed() {
            let path = staged.first().map(StagedFile::target).unwrap_or(Path::new(""));
            return Err(WriteError::new(path, WriteErrorKind::Interrupted));
        }
        let mut targets = Vec::with_capacity(staged.len());
        for file in staged {
            targets.push(file.rename(&mut registry)?);
        }
        for path in stale.iter().filter(|path| !targets.contains(path)) {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WriteError::from_io(path, error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        flush_folders(&targets);
        Ok(targets)
    }
}

/// Makes the renames themselves durable. Not every file system can; the files are whole either way.
fn flush_folders(targets: &[PathBuf]) {
    let mut folders: Vec<&Path> = targets.iter().map(|target| folder_of(target)).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
    }
}
