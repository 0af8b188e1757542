//! The files of a run as one set.
//!
//! `manifest.json` lists what a run wrote, each with its digest. It says that the set is not whole before the
//! first file gets its name, and that it is after the last one did: whoever reads a file of a run that was
//! killed in between is told which files do not belong together. One process at a time writes into a run
//! ([`RunLock`]).

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_formats::{hex, json, read_bounded, sha256_hex};
use mtbsync_task::error::{PipelineError, optional};
use mtbsync_task::files::{Output, folder_of};
use serde::{Deserialize, Serialize};

use crate::edits::EDIT_FILES;
use crate::error::ArtefactProblem;

/// The list of a run's files, in its folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Knows such a list.
pub const OWN: Replaces = Replaces::own(|ends| ends.has_keys(&["version", "whole", "files"]));
/// Version of the list.
const VERSION: u32 = 1;
/// Largest file that is compared with its digest, bytes: none that is read whole is larger.
const MAX_COMPARED_BYTES: u64 = 256 << 20;

/// Files that say when and how long, which no other file of the run depends on.
const NOT_LISTED: [&str; 2] = ["perf.json", "batch_item.json"];

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    /// False from the first rename of a set to its last.
    whole: bool,
    /// SHA-256 by file name, hex.
    files: BTreeMap<String, String>,
    /// While the set is not whole: the same of the set before it, where that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    before: BTreeMap<String, String>,
}

impl Manifest {
    /// The list in `folder`; nothing where there is none, or a damaged one.
    ///
    /// # Errors
    /// The system cannot read it.
    fn read(folder: &Path) -> Result<Option<Self>, PipelineError> {
        let list: Option<Self> = optional(json::read(&folder.join(MANIFEST_FILE)))?;
        Ok(list.filter(|list| list.version <= VERSION))
    }

    fn staged(&self, folder: &Path, may: Replaces) -> Result<StagedFile, WriteError> {
        let path = folder.join(MANIFEST_FILE);
        let bytes =
            json::to_vec(self).map_err(|error| WriteError::from_io(&path, std::io::Error::other(error)))?;
        StagedFile::of_bytes(&path, may, &bytes)
    }

    /// Takes over what `set` writes to and removes from `folder`.
    fn update(&mut self, set: &FileSet, folder: &Path) {
        let in_folder = |path: &Path| {
            let name = path.file_name()?.to_str()?;
            let is_listed = !EDIT_FILES.contains(&name) && !NOT_LISTED.contains(&name);
            (is_listed && is_same_folder(folder_of(path), folder)).then(|| name.to_owned())
        };
        for name in set.stale().filter_map(in_folder) {
            self.files.remove(&name);
        }
        for (path, digest) in set.digests() {
            if let Some(name) = in_folder(path) {
                self.files.insert(name, hex(digest));
            }
        }
    }

    /// Of a set that is not whole: the files that only it has, and those that only the set before it had.
    ///
    /// # Errors
    /// The system cannot read one of them.
    fn compared(&self, folder: &Path) -> Result<(Vec<String>, Vec<String>), PipelineError> {
        let (mut newer, mut older) = (Vec::new(), Vec::new());
        for (name, digest) in &self.files {
            let found = optional(read_bounded(&folder.join(name), MAX_COMPARED_BYTES))?;
            let found = found.map(|bytes| sha256_hex(&bytes));
            let is_new = found.as_ref() == Some(digest);
            if is_new && self.before.get(name) != Some(digest) {
                newer.push(name.clone());
            } else if !is_new {
                older.push(name.clone());
            }
        }
        Ok((newer, older))
    }

    /// The list of what is in `folder`: one that was left half written is the set before where none of its
    /// files got its name, and whole where all did.
    ///
    /// # Errors
    /// The system cannot read a file of it.
    fn settled(self, folder: &Path) -> Result<Self, PipelineError> {
        if self.whole {
            return Ok(self);
        }
        let (newer, older) = self.compared(folder)?;
        Ok(match (newer.is_empty(), older.is_empty()) {
            (false, false) => self,
            (_, true) => Self {
                whole: true,
                before: BTreeMap::new(),
                ..self
            },
            (true, false) => Self {
                whole: true,
                files: self.before,
                before: BTreeMap::new(),
                ..self
            },
        })
    }
}

fn is_same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The right to write into the folder of a run: until it is dropped, nobody else changes what a person has
/// set there, or makes files of it. Where the system locks no folders, there is nothing to wait for.
#[derive(Debug)]
pub struct RunLock {
    folder: PathBuf,
    _held: Option<File>,
}

impl RunLock {
    /// Waits for it.
    pub fn wait(folder: &Path) -> Self {
        let held = File::open(folder).ok().filter(|folder| folder.lock().is_ok());
        Self {
            folder: folder.to_owned(),
            _held: held,
        }
    }

    /// The lock of the run in whose folder `file` lies; `None` where it lies in no run.
    pub fn of_run_with(file: &Path) -> Option<Self> {
        let folder = folder_of(file);
        // Where the disk cannot tell, the list is read, which is the error.
        let is_none = matches!(folder.join(MANIFEST_FILE).try_exists(), Ok(false));
        (!is_none).then(|| Self::wait(folder))
    }

    /// Writes the whole of a run: what an earlier one listed and this one does not make is no part of it.
    /// `may` is what its list may replace ([`OWN`]).
    ///
    /// # Errors
    /// As [`FileSet::commit`], or the list of the run cannot be read.
    pub fn commit_run(&self, set: FileSet, may: Replaces) -> Result<Vec<PathBuf>, PipelineError> {
        self.commit(set, Manifest::default(), may)
    }

    /// Writes some files of a run that is there.
    ///
    /// # Errors
    /// As [`FileSet::commit`], or the list of the run cannot be read.
    pub fn commit_some(&self, set: FileSet) -> Result<Vec<PathBuf>, PipelineError> {
        match Manifest::read(&self.folder)? {
            Some(list) => self.commit(set, list.settled(&self.folder)?, OWN),
            None => Ok(set.commit()?),
        }
    }

    fn commit(
        &self,
        mut set: FileSet,
        mut list: Manifest,
        may: Replaces,
    ) -> Result<Vec<PathBuf>, PipelineError> {
        let was_whole = list.whole || list.files.is_empty();
        let before = Manifest::read(&self.folder)?.unwrap_or_default();
        list.version = VERSION;
        list.update(&set, &self.folder);
        list.whole = false;
        list.before = if before.whole { before.files } else { before.before };
        let opening = list.staged(&self.folder, may)?;
        // A set that was left half written is not made whole by one of its files.
        list.whole = was_whole;
        if was_whole {
            list.before.clear();
        }
        let closing = list.staged(&self.folder, may)?;
        set.enclose(opening, closing);
        Ok(set.commit()?)
    }
}

/// Writes all of `files`, or none of them; those that lie in the folder of a run become part of it.
///
/// # Errors
/// A folder that does not allow it, another file in an output's place, or no space.
pub fn write_files(files: &[Output<'_>]) -> Result<(), PipelineError> {
    let lock = files.iter().find_map(|(path, ..)| RunLock::of_run_with(path));
    write_files_under(lock.as_ref(), files)
}

/// The same under a lock that was taken before what is written was read; without one for files in no run.
///
/// # Errors
/// As [`write_files`].
pub fn write_files_under(lock: Option<&RunLock>, files: &[Output<'_>]) -> Result<(), PipelineError> {
    let mut set = FileSet::new();
    for (path, replaces, bytes) in files {
        set.write(path, *replaces, bytes)?;
    }
    match lock {
        Some(lock) => lock.commit_some(set)?,
        None => set.commit()?,
    };
    Ok(())
}

/// What became of `file` since its run was written, in words; `None` where it is as it was, or where nobody
/// knows.
///
/// # Errors
/// [`ArtefactProblem::HalfWritten`]: the run was interrupted while its files got their names.
fn change(file: &Path, content: &[u8]) -> Result<Option<String>, PipelineError> {
    let folder = folder_of(file);
    let Some(list) = Manifest::read(folder)? else {
        return Ok(None);
    };
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let digest = sha256_hex(content);
    let mut listed = vec![&list.files];
    if !list.whole {
        let (newer, older) = list.compared(folder)?;
        if !newer.is_empty() && !older.is_empty() {
            let mixed = ArtefactProblem::HalfWritten {
                newer: newer.join(", "),
                older: older.join(", "),
            };
            return Err(PipelineError::from(mixed).at(file));
        }
        // Killed before the first rename: the set before is all there.
        listed.push(&list.before);
    }
    let mut known = listed.iter().filter_map(|files| files.get(name)).peekable();
    let is_other = known.peek().is_some() && known.all(|known| *known != digest);
    Ok(is_other.then(|| name.to_owned()))
}

/// Refuses a file whose run was interrupted while its files got their names. One that a person has put there
/// is theirs: see [`changed`].
///
/// # Errors
/// [`ArtefactProblem::HalfWritten`].
pub fn check(file: &Path, content: &[u8]) -> Result<(), PipelineError> {
    change(file, content).map(|_| ())
}

/// Whether `file` is one that its run lists, as the run wrote it.
///
/// # Errors
/// The file or the list is there and cannot be read.
pub fn is_listed(file: &Path) -> Result<bool, PipelineError> {
    let Some(list) = Manifest::read(folder_of(file))? else {
        return Ok(false);
    };
    let Some(content) = optional(read_bounded(file, MAX_COMPARED_BYTES))? else {
        return Ok(false);
    };
    let (name, digest) = (
        file.file_name().and_then(|name| name.to_str()),
        sha256_hex(&content),
    );
    let known = |files: &BTreeMap<String, String>| name.and_then(|name| files.get(name)) == Some(&digest);
    Ok(known(&list.files) || known(&list.before))
}

/// A line for the person where `file` is not the one that its run wrote with the others.
pub fn changed(file: &Path) -> Option<String> {
    if !folder_of(file).join(MANIFEST_FILE).is_file() {
        return None;
    }
    let content = read_bounded(file, MAX_COMPARED_BYTES).ok()?;
    let name = change(file, &content).ok()??;
    Some(format!(
        "{name} was changed or replaced after its run was written: the other files in its folder may not belong to it"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::time_warp::NEW_MARKERS_FILE;

    fn set(folder: &Path, files: &[(&str, &str)]) -> FileSet {
        let mut set = FileSet::new();
        for (name, content) in files {
            set.write(&folder.join(name), Replaces::ANYTHING, content.as_bytes())
                .unwrap();
        }
        set
    }

    fn half_written(folder: &Path) {
        let path = folder.join(MANIFEST_FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"whole\": true", "\"whole\": false")).unwrap();
    }

    #[test]
    fn files_of_two_runs_are_told_apart() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let (map, table) = (folder.join("timewarp.json"), folder.join(NEW_MARKERS_FILE));
        let lock = RunLock::wait(folder);
        lock.commit_run(
            set(folder, &[("timewarp.json", "a"), (NEW_MARKERS_FILE, "a")]),
            OWN,
        )
        .unwrap();
        assert!(check(&map, b"a").is_ok());
        assert_eq!(changed(&table), None);
        // Killed after the first rename of the next run.
        lock.commit_run(
            set(folder, &[("timewarp.json", "b"), (NEW_MARKERS_FILE, "b")]),
            OWN,
        )
        .unwrap();
        half_written(folder);
        fs::write(&table, "a").unwrap();
        let told = check(&map, b"b").unwrap_err().to_string();
        assert!(
            told.contains("timewarp.json") && told.contains(NEW_MARKERS_FILE),
            "{told}"
        );
        assert!(check(&table, b"a").is_err());
        // One file more does not make it whole; the next run does.
        lock.commit_some(set(folder, &[("x.edl", "x")])).unwrap();
        assert!(check(&map, b"b").is_err());
        lock.commit_run(
            set(folder, &[("timewarp.json", "c"), (NEW_MARKERS_FILE, "c")]),
            OWN,
        )
        .unwrap();
        assert!(check(&map, b"c").is_ok());
    }

    #[test]
    fn a_kill_before_the_first_or_after_the_last_rename_leaves_a_whole_set() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let map = folder.join("timewarp.json");
        let lock = RunLock::wait(folder);
        lock.commit_run(set(folder, &[("timewarp.json", "a"), ("warp.npz", "same")]), OWN)
            .unwrap();
        let mut next = set(folder, &[("timewarp.json", "b"), ("warp.npz", "same")]);
        let mut list = Manifest::default();
        list.update(&next, folder);
        list.before = Manifest::read(folder).unwrap().unwrap().files;
        next.push(list.staged(folder, OWN).unwrap());
        next.commit().unwrap();
        assert!(check(&map, b"b").is_ok());
        fs::write(&map, "a").unwrap();
        assert!(check(&map, b"a").is_ok());
        fs::write(&map, "c").unwrap();
        assert!(changed(&map).is_some());
    }

    #[test]
    fn a_file_is_listed_as_long_as_it_is_what_the_run_wrote() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let chapters = folder.join("new_markers_youtube.txt");
        fs::write(&chapters, "0:00 typed").unwrap();
        assert!(!is_listed(&chapters).unwrap());
        let made = set(folder, &[("new_markers_youtube.txt", "0:00 made")]);
        RunLock::wait(folder).commit_run(made, OWN).unwrap();
        assert!(is_listed(&chapters).unwrap());
        fs::write(&chapters, "0:00 made and edited").unwrap();
        assert!(!is_listed(&chapters).unwrap());
        assert!(!is_listed(&folder.join("none")).unwrap());
    }

    #[test]
    fn what_was_replaced_later_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let files = [("timewarp.json", "a"), (NEW_MARKERS_FILE, "a")];
        RunLock::wait(folder)
            .commit_run(set(folder, &files), OWN)
            .unwrap();
        let (map, table) = (folder.join("timewarp.json"), folder.join(NEW_MARKERS_FILE));
        assert_eq!(changed(&map), None);
        fs::write(&map, "other").unwrap();
        assert!(changed(&map).unwrap().contains("timewarp.json"));
        fs::write(&table, "edited").unwrap();
        assert!(changed(&table).unwrap().contains(NEW_MARKERS_FILE));
        assert!(check(&table, b"edited").is_ok());
        write_files(&[(&table, Replaces::ANYTHING, b"by a command")]).unwrap();
        assert_eq!(changed(&table), None);
    }

    #[test]
    fn a_file_more_makes_no_mixed_set_of_a_whole_one() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let (map, table) = (folder.join("timewarp.json"), folder.join(NEW_MARKERS_FILE));
        let lock = RunLock::wait(folder);
        let files = |text| set(folder, &[("timewarp.json", text), (NEW_MARKERS_FILE, text)]);
        lock.commit_run(files("a"), OWN).unwrap();
        // Killed between the list of the next run and its first file: all is as it was.
        let mut list = Manifest::default();
        list.update(&files("b"), folder);
        list.before = Manifest::read(folder).unwrap().unwrap().files;
        let mut killed = FileSet::new();
        killed.push(list.staged(folder, OWN).unwrap());
        killed.commit().unwrap();
        write_files_under(
            Some(&lock),
            &[(&table, Replaces::ANYTHING, b"carried over again")],
        )
        .unwrap();
        assert!(check(&map, b"a").is_ok());
        assert_eq!((changed(&map), changed(&table)), (None, None));
    }

    #[test]
    fn another_program_s_list_is_replaced_only_when_told_to() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        fs::write(folder.join(MANIFEST_FILE), r#"{"name":"my web app"}"#).unwrap();
        let lock = RunLock::wait(folder);
        let files = || set(folder, &[("timewarp.json", "a")]);
        assert!(lock.commit_run(files(), OWN).is_err() && !folder.join("timewarp.json").exists());
        lock.commit_run(files(), Replaces::ANYTHING).unwrap();
        assert!(Manifest::read(folder).unwrap().is_some());
    }
}
