//! Several outputs that belong together.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::{WriteError, WriteErrorKind};
use super::registry;
use super::replaces::Replaces;
use super::staged::{Kept, StagedFile, folder_of};

/// Outputs of one run: all are written and flushed first, then all are renamed. Dropped without
/// [`commit`](Self::commit), nothing of it stays and older outputs are as they were.
#[derive(Debug, Default)]
pub struct FileSet {
    opening: Vec<StagedFile>,
    staged: Vec<StagedFile>,
    stale: Vec<(PathBuf, Replaces)>,
    closing: Vec<StagedFile>,
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
    pub fn write(&mut self, target: &Path, replaces: Replaces, bytes: &[u8]) -> Result<(), WriteError> {
        self.push(StagedFile::of_bytes(target, replaces, bytes)?);
        Ok(())
    }

    /// Adds a file that was staged and written elsewhere.
    pub fn push(&mut self, file: StagedFile) {
        self.staged.push(file);
    }

    /// Lets the commit remove the file `path` when it exists and is one that `replaces` knows: an artefact of
    /// an earlier run that this run does not produce. Files of the set itself are never removed.
    pub fn remove_stale(&mut self, path: &Path, replaces: Replaces) {
        self.stale.push((path.to_owned(), replaces));
    }

    /// The files that were staged with their whole content: name and digest. Not those that a program writes
    /// by path.
    pub fn digests(&self) -> impl Iterator<Item = (&Path, &[u8; 32])> {
        self.staged
            .iter()
            .filter_map(|file| Some((file.target(), file.digest()?)))
    }

    /// The files that the commit is to remove.
    pub fn stale(&self) -> impl Iterator<Item = &Path> {
        self.stale.iter().map(|(path, _)| path.as_path())
    }

    /// Adds a file that is renamed before all others, and one that is renamed after all others were renamed
    /// or removed. Both may have the same target: what it says in between is that the set is not whole.
    pub fn enclose(&mut self, opening: StagedFile, closing: StagedFile) {
        self.opening.push(opening);
        self.closing.push(closing);
    }

    /// Flushes every file, then renames them all and removes the stale ones. Returns the targets of the set
    /// in the order they were added.
    ///
    /// # Errors
    /// Every older output is as it was, unless the system refuses that too.
    pub fn commit(self) -> Result<Vec<PathBuf>, WriteError> {
        let Self {
            mut opening,
            mut staged,
            stale,
            mut closing,
        } = self;
        for file in opening.iter_mut().chain(&mut staged).chain(&mut closing) {
            file.flush_to_disk()?;
        }
        let targets: Vec<PathBuf> = staged.iter().map(|file| file.target().to_owned()).collect();
        let mut registry = registry::lock();
        if registry.is_closed() {
            let path = targets.first().map_or(Path::new(""), PathBuf::as_path);
            return Err(WriteError::new(path, WriteErrorKind::Interrupted));
        }
        let mut done = Vec::new();
        let all = || {
            for file in opening.into_iter().chain(staged) {
                done.push(file.rename(&mut registry)?);
            }
            for (path, replaces) in stale.iter().filter(|(path, _)| !targets.contains(path)) {
                done.extend(remove(path, *replaces, &mut registry)?);
            }
            for file in closing {
                done.push(file.rename(&mut registry)?);
            }
            Ok(())
        };
        if let Err(error) = all() {
            done.into_iter()
                .rev()
                .for_each(|kept| kept.put_back(&mut registry));
            return Err(error);
        }
        flush_folders(&targets);
        done.into_iter().for_each(|kept| kept.forget(&mut registry));
        Ok(targets)
    }
}

/// Takes a stale file away, in a way that can be taken back.
fn remove(
    path: &Path,
    replaces: Replaces,
    registry: &mut registry::Locked,
) -> Result<Option<Kept>, WriteError> {
    let fail = |error| WriteError::from_io(path, error);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
        Ok(_) | Err(_) => return Ok(None),
    }
    if !replaces.allows(path).map_err(fail)? {
        return Ok(None);
    }
    let kept = Kept::of(path, registry);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            kept.forget(registry);
            Err(fail(error))
        }
        Ok(()) | Err(_) => Ok(Some(kept)),
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

impl StagedFile {
    /// A file with that content.
    ///
    /// # Errors
    /// See [`StagedFile::create`]; or the disk is full.
    pub fn of_bytes(target: &Path, replaces: Replaces, bytes: &[u8]) -> Result<Self, WriteError> {
        let mut file = Self::create(target, replaces)?;
        file.write_all(bytes)
            .map_err(|error| WriteError::from_io(target, error))?;
        file.set_digest(bytes);
        Ok(file)
    }
}
