//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders at the top that hold files of the project.
pub const FOLDERS: [&str; 9] = [
    ".ci", ".github", "crates", "data", "docs", "examples", "fuzz", "scripts", "web",
];
/// Folders that hold what is built or found, wherever they are.
const MADE: [&str; 5] = ["target", "node_modules", "dist", "corpus", "artifacts"];
/// Suffixes of text people write.
const TEXT: [&str; 10] = ["rs", "md", "toml", "ts", "tsx", "css", "mjs", "py", "sh", "yml"];

/// A text file of the repository.
pub struct TextFile {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub text: String,
}

impl TextFile {
    pub fn is(&self, suffix: &str) -> bool {
        self.path.ends_with(suffix)
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// All text files, in order of their paths.
pub fn text_files() -> Vec<TextFile> {
    let root = root();
    let mut paths: Vec<PathBuf> = entries(&root).into_iter().filter(|path| path.is_file()).collect();
    for folder in FOLDERS {
        walk(&root.join(folder), &mut paths);
    }
    let is_text = |path: &PathBuf| {
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        suffix.is_some_and(|suffix| TEXT.contains(&suffix)) || path.ends_with("Makefile")
    };
    paths.retain(is_text);
    paths.sort();
    let read = |path: PathBuf| TextFile {
        path: path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_file() {
            paths.push(path);
        } else if !path.is_symlink() && !MADE.iter().any(|made| path.ends_with(made)) {
            walk(&path, paths);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}
