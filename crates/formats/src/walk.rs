//! What lies below a folder: a walk with bounds on its depth and its length.

use std::collections::VecDeque;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

/// Most entries looked at.
pub const MAX_ENTRIES: usize = 50_000;
/// Deepest folder looked into; the root has depth 0.
pub const MAX_DEPTH: usize = 8;

/// Something below a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Path below the folder, joined by `/`.
    pub rel: String,
    /// Where it is.
    pub path: PathBuf,
    /// A link is a link, whatever it leads to.
    pub kind: FileType,
}

/// Walks `root` level by level, so that what is cut off lies deepest; `each` is given every entry, folders
/// before what is in them. Hidden entries and names that are not Unicode are passed over, folders behind
/// links are not looked into, and what cannot be listed is empty. `spelled` gives the form of a name that
/// paths are told in. Says whether there was more than is looked at.
pub fn walk(root: &Path, spelled: impl Fn(&str) -> String, mut each: impl FnMut(&Entry)) -> bool {
    let mut truncated = false;
    let mut folders = VecDeque::from([(root.to_owned(), String::new(), 0)]);
    let mut entries_left = MAX_ENTRIES;
    while let Some((folder, prefix, depth)) = folders.pop_front() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if entries_left == 0 {
                truncated = true;
                break;
            }
            entries_left -= 1;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let entry = Entry {
                rel: format!("{prefix}{}", spelled(name)),
                name: name.to_owned(),
                path: entry.path(),
                kind,
            };
            each(&entry);
            if kind.is_dir() {
                if depth < MAX_DEPTH {
                    folders.push_back((entry.path, format!("{}/", entry.rel), depth + 1));
                } else {
                    truncated = true;
                }
            }
        }
    }
    truncated
}
