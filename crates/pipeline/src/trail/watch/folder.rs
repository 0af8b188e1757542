//! One look at the watched folder: which recordings there are, and what the files of each look like.
//!
//! Nothing is opened. Which files are recordings, and which hidden ones are not, is what `batch` says;
//! temporary names of copies end otherwise. Chapters are told by their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use mtbsync_media::gopro::{Family, GoProName};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::folder_of;

use crate::batch::pairing::{Folders, Reach, is_recording};

/// A file as it looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The file.
    pub path: PathBuf,
    /// Bytes.
    pub bytes: u64,
    /// When it was written, milliseconds since 1970; 0 where the disk does not say.
    pub modified_ms: u64,
}

impl FileState {
    /// `None` where it is gone or cannot be asked.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Self {
            path: path.to_owned(),
            bytes: metadata.len(),
            modified_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// A recording by the names of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its files, the first chapter first.
    pub files: Vec<FileState>,
    /// The first chapter that should be there and is not.
    pub missing: Option<String>,
    /// A camera may still be about to write, or somebody to copy, its next chapter.
    pub has_chapters: bool,
}

impl Seen {
    /// What it is called: the name of its first file.
    pub fn name(&self) -> String {
        let name = self.files.first().and_then(|file| file.path.file_name());
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Its files.
    pub fn paths(&self) -> Vec<&Path> {
        self.files.iter().map(|file| file.path.as_path()).collect()
    }
}

/// What was there at one moment.
pub struct Look {
    /// Every file, for what lies beside a recording.
    pub(super) folders: Folders,
    /// The recordings, by their first file or where that would be.
    pub recordings: BTreeMap<PathBuf, Seen>,
    /// Files of recordings and their proxies, by folder.
    pub by_folder: BTreeMap<PathBuf, Vec<FileState>>,
}

impl Look {
    /// Looks at `folder` and everything below it but `root`.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn at(folder: &Path, root: &Path) -> Result<Self, PipelineError> {
        let folders = Folders::read(folder, root, Reach::BelowWhereAllowed)?;
        let mut by_folder: BTreeMap<PathBuf, Vec<FileState>> = BTreeMap::new();
        let mut found: BTreeMap<PathBuf, Vec<(u8, FileState)>> = BTreeMap::new();
        for path in folders
            .files()
            .filter(|path| is_recording(path) || is_proxy(path))
        {
            let Some(state) = FileState::of(path) else {
                continue;
            };
            by_folder
                .entry(folder_of(path).to_owned())
                .or_default()
                .push(state.clone());
            if is_recording(path) {
                let (first, chapter) = place_of(path);
                found.entry(first).or_default().push((chapter, state));
            }
        }
        let recordings = found.into_iter().map(|(first, mut chapters)| {
            chapters.sort_by(|a, b| (a.0, &a.1.path).cmp(&(b.0, &b.1.path)));
            let seen = Seen {
                missing: missing(&first, &chapters),
                has_chapters: GoProName::parse(&first).is_some(),
                files: chapters.into_iter().map(|(_, state)| state).collect(),
            };
            (first, seen)
        });
        Ok(Self {
            recordings: recordings.collect(),
            folders,
            by_folder,
        })
    }
}

fn is_proxy(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("lrv"))
}

/// Chapters are counted from 1, by older cameras from 0.
fn first_chapter(name: &GoProName) -> u8 {
    u8::from(name.family != Family::Legacy)
}

/// Where the first file of the recording is that the file belongs to, and which chapter it is.
fn place_of(path: &Path) -> (PathBuf, u8) {
    match GoProName::parse(path) {
        Some(name) => {
            let first = name.with_chapter(first_chapter(&name)).file_name();
            (path.with_file_name(first), name.chapter)
        }
        None => (path.to_owned(), 0),
    }
}

/// The first chapter that is not among those of the recording that begins at `first`.
fn missing(first: &Path, chapters: &[(u8, FileState)]) -> Option<String> {
    let name = GoProName::parse(first)?;
    let mut expected = first_chapter(&name);
    for (chapter, _) in chapters {
        if *chapter > expected {
            return Some(name.with_chapter(expected).file_name());
        }
        expected = chapter.saturating_add(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, files and missing chapter of what is seen in a folder of these files.
    fn seen(files: &[&str]) -> Vec<(String, usize, Option<String>)> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
        let look = Look::at(folder.path(), &folder.path().join("runs")).unwrap();
        let recordings = look.recordings.values();
        recordings
            .map(|seen| (seen.name(), seen.files.len(), seen.missing.clone()))
            .collect()
    }

    #[test]
    fn chapters_are_one_recording_and_holes_are_seen() {
        let whole = |name: &str, files| (name.to_owned(), files, None);
        assert_eq!(
            seen(&[
                "DCIM/100GOPRO/GX010105.MP4",
                "DCIM/100GOPRO/gx020105.mp4",
                "DCIM/100GOPRO/GL010105.LRV",
                "DCIM/100GOPRO/GX010105.THM",
                "DCIM/101GOPRO/GX010105.MP4",
                "DCIM/100GOPRO/GOPR0007.MP4",
                "DCIM/100GOPRO/GP010007.MP4",
                "ride.mov",
            ]),
            [
                whole("GOPR0007.MP4", 2),
                whole("GX010105.MP4", 2),
                whole("GX010105.MP4", 1),
                whole("ride.mov", 1)
            ]
        );
        let holed = |name: &str, files, missing: &str| (name.to_owned(), files, Some(missing.to_owned()));
        assert_eq!(
            seen(&["GX010001.MP4", "GX030001.MP4", "GX020002.MP4", "GP010003.MP4"]),
            [
                holed("GP010003.MP4", 1, "GOPR0003.MP4"),
                holed("GX010001.MP4", 2, "GX020001.MP4"),
                holed("GX020002.MP4", 1, "GX010002.MP4"),
            ]
        );
    }

    #[test]
    fn what_is_hidden_half_copied_or_a_result_is_no_recording() {
        let none = [
            "._GX010105.MP4",
            ".Trashes/GX010106.MP4",
            "GX010105.MP4.part",
            "ride.mp4.tmp",
            "ride.mp4.crdownload",
            "GL010105.LRV",
            "GX010105.THM",
            "runs/side_by_side.mp4",
        ];
        assert_eq!(seen(&none), []);
    }
}
