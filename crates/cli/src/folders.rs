//! Folders a command creates for its outputs go again when it fails.

use std::path::{Path, PathBuf};

/// Remembers which folders of a path do not exist yet; dropped without [`keep`](Self::keep), those that were
/// created since and are empty are removed.
pub struct CreatedFolders {
    missing: Vec<PathBuf>,
}

impl CreatedFolders {
    /// To be called before anything is created.
    pub fn below(folder: &Path) -> Self {
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        Self {
            missing: folder
                .ancestors()
                .take_while(is_missing)
                .map(Path::to_owned)
                .collect(),
        }
    }

    /// For the folder of an output file.
    pub fn for_file(file: &Path) -> Self {
        Self::below(file.parent().unwrap_or(Path::new("")))
    }

    /// The command succeeded.
    pub fn keep(mut self) {
        self.missing.clear();
    }
}

impl Drop for CreatedFolders {
    fn drop(&mut self) {
        for folder in &self.missing {
            // Only empty folders can be removed this way, and one that was never created is no loss.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_and_empty_folders_go_unless_kept() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        let guard = CreatedFolders::below(&deep);
        std::fs::create_dir_all(&deep).unwrap();
        drop(guard);
        assert!(!root.path().join("a").exists());
        let guard = CreatedFolders::below(&deep);
        std::fs::create_dir_all(&deep).unwrap();
        guard.keep();
        assert!(deep.exists() && root.path().exists());
    }

    #[test]
    fn folders_with_content_and_older_ones_stay() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        let guard = CreatedFolders::below(&deep);
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.path().join("a/note"), "x").unwrap();
        drop(guard);
        assert!(root.path().join("a").exists() && !deep.exists());
    }
}
