//! What lies below the root: a walk with bounds on its depth and its length.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use mtbsync_formats::walk::{MAX_DEPTH, MAX_ENTRIES, walk};

use super::artefacts;
use crate::guard::paths::normal_form;

/// A file of the artefact list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Path below the root, joined by `/`, in normal form C.
    pub rel: String,
    /// Where it is; canonical, below the root.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Time of change.
    pub modified: SystemTime,
}

impl FoundFile {
    /// The part of `rel` after the last `/`.
    pub fn name(&self) -> &str {
        self.rel.rsplit('/').next().unwrap_or(&self.rel)
    }

    /// The folder it lies in, as a path below the root; `.` for the root.
    pub fn folder_rel(&self) -> &str {
        self.rel.rsplit_once('/').map_or(".", |(folder, _)| folder)
    }

    /// How many folders lie between it and the root.
    pub fn depth(&self) -> usize {
        self.rel.matches('/').count()
    }

    /// Time of change as Unix seconds.
    pub fn mtime(&self) -> f64 {
        unix_secs(self.modified)
    }
}

/// Seconds since 1970; 0 for times before.
pub fn unix_secs(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0.0, |age| age.as_secs_f64())
}

/// All files of the artefact list below a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Sorted by path.
    pub files: Vec<FoundFile>,
    /// Paths below the root, as in [`FoundFile::rel`], of what has such a name and is no file: pipes,
    /// devices, folders; not links.
    pub odd: Vec<String>,
    /// There was more than is looked at.
    pub truncated: bool,
}

impl Scan {
    /// The file of that path.
    pub fn find(&self, rel: &str) -> Option<&FoundFile> {
        let index = self
            .files
            .binary_search_by(|file| file.rel.as_str().cmp(rel))
            .ok()?;
        self.files.get(index)
    }

    /// All files of that name, newest first; of equal age the shallow ones first.
    pub fn named(&self, name: &str) -> Vec<&FoundFile> {
        let mut found: Vec<&FoundFile> = self.files.iter().filter(|file| file.name() == name).collect();
        found.sort_by(|a, b| b.modified.cmp(&a.modified).then(a.depth().cmp(&b.depth())));
        found
    }

    /// The file of that name in the root, else the newest below it.
    pub fn in_root_or_newest(&self, name: &str) -> Option<&FoundFile> {
        self.find(name).or_else(|| self.named(name).first().copied())
    }
}

/// Walks `root` (a canonical path) level by level, so that what is cut off lies deepest. Hidden entries and
/// names that are not Unicode are passed over; folders behind links too, and files behind links that lead out
/// of the root.
pub fn scan(root: &Path) -> Scan {
    let mut found = Scan::default();
    found.truncated = walk(root, normal_form, |entry| {
        if !artefacts::is_listed(&entry.name) {
            return;
        }
        if entry.kind.is_file() || entry.kind.is_symlink() {
            let file = file(root, &entry.path, entry.rel.clone(), entry.kind.is_symlink());
            found.files.extend(file);
        } else {
            found.odd.push(entry.rel.clone());
        }
    });
    found.files.sort_by(|a, b| a.rel.cmp(&b.rel));
    found.odd.sort();
    found
}

/// The links in `folder` and below; `None` where there is more below it than is looked at.
pub fn links(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = VecDeque::from([(folder.to_owned(), 0)]);
    let mut entries_left = MAX_ENTRIES;
    while let Some((folder, depth)) = folders.pop_front() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries {
            entries_left = usize::checked_sub(entries_left, 1)?;
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => found.push(entry.path()),
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => {
                    folders.push_back((entry.path(), depth + 1));
                }
                Ok(kind) if kind.is_dir() => return None,
                Ok(_) | Err(_) => {}
            }
        }
    }
    Some(found)
}

fn file(root: &Path, path: &Path, rel: String, is_link: bool) -> Option<FoundFile> {
    let path = if is_link {
        path.canonicalize().ok().filter(|real| real.starts_with(root))?
    } else {
        path.to_owned()
    };
    let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
    Some(FoundFile {
        rel,
        path,
        size: metadata.len(),
        modified: metadata.modified().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rels(root: &Path) -> Vec<String> {
        scan(&root.canonicalize().unwrap())
            .files
            .into_iter()
            .map(|file| file.rel)
            .collect()
    }

    #[test]
    fn artefacts_are_found_and_hidden_things_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for rel in [
            "b/timewarp.json",
            "a/x/perf.json",
            "pairs.csv",
            ".git/perf.json",
            "b/.perf.json",
            "b/ride.mp4",
        ] {
            let path = folder.path().join(rel);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        assert_eq!(
            rels(folder.path()),
            ["a/x/perf.json", "b/timewarp.json", "pairs.csv"]
        );
    }

    #[test]
    fn deep_folders_are_cut_and_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let deep = (0..=MAX_DEPTH).fold(folder.path().to_owned(), |path, _| path.join("d"));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("perf.json"), "x").unwrap();
        fs::write(deep.parent().unwrap().join("perf.json"), "x").unwrap();
        let found = scan(&folder.path().canonicalize().unwrap());
        assert_eq!((found.files.len(), found.truncated), (1, true));
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_root_are_absent() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("perf.json"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("run")).unwrap();
        fs::write(folder.path().join("run/perf.json"), "own").unwrap();
        symlink(
            outside.path().join("perf.json"),
            folder.path().join("timewarp.json"),
        )
        .unwrap();
        symlink(outside.path(), folder.path().join("linked")).unwrap();
        symlink("run/perf.json", folder.path().join("perf.json")).unwrap();
        symlink(folder.path(), folder.path().join("loop")).unwrap();
        assert_eq!(rels(folder.path()), ["perf.json", "run/perf.json"]);
    }
}
