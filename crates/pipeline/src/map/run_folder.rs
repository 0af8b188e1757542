//! The folder a sync wrote: which files a run consists of, and which recordings it was made of.

use std::path::{Path, PathBuf};

use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, RecordingFile, TIMEWARP_FILE, TimeWarpFile, read_warp};
use mtbsync_task::error::PipelineError;

use crate::map::error::MapProblem;

/// A run by its folder.
pub struct RunFolder {
    folder: PathBuf,
    file: TimeWarpFile,
}

impl RunFolder {
    /// Reads the map in `folder`.
    ///
    /// # Errors
    /// The folder holds no map, or one that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, PipelineError> {
        let map = folder.join(TIMEWARP_FILE);
        if !folder.exists() {
            return Err(PipelineError::from(MapProblem::RunNotFound).at(folder));
        }
        if !map.is_file() {
            return Err(PipelineError::from(MapProblem::NotARun).at(folder));
        }
        Ok(Self {
            folder: folder.to_owned(),
            file: read_warp(&map)?,
        })
    }

    /// Its map.
    pub fn map(&self) -> PathBuf {
        self.folder.join(TIMEWARP_FILE)
    }

    /// Its markers, where it has any.
    pub fn markers(&self) -> Option<PathBuf> {
        let markers = self.folder.join(NEW_MARKERS_FILE);
        // One that the disk cannot tell of is an error to whoever reads it.
        (!matches!(markers.try_exists(), Ok(false))).then_some(markers)
    }

    /// The reference recording.
    ///
    /// # Errors
    /// The map names none, or it is no longer there; the setting `reference` can name another.
    pub fn reference(&self) -> Result<PathBuf, PipelineError> {
        recording(self.file.reference.as_ref(), "reference", &self.map())
    }

    /// The new recording.
    ///
    /// # Errors
    /// As [`reference`](Self::reference); the setting is `new`.
    pub fn new_recording(&self) -> Result<PathBuf, PipelineError> {
        recording(self.file.new.as_ref(), "new", &self.map())
    }
}

/// A recording as the map at `map` names it; `setting` can name another.
///
/// # Errors
/// None is named, or it is no longer there.
pub(crate) fn recording(
    named: Option<&RecordingFile>,
    setting: &'static str,
    map: &Path,
) -> Result<PathBuf, PipelineError> {
    let Some(named) = named.filter(|named| !named.path.is_empty()) else {
        return Err(PipelineError::from(MapProblem::RecordingUnknown(setting)).at(map));
    };
    let path = PathBuf::from(&named.path);
    if path.is_file() {
        Ok(path)
    } else {
        Err(PipelineError::from(MapProblem::RecordingGone(setting)).at(&path))
    }
}

#[cfg(test)]
mod tests {
    use mtbsync_task::error::Failure;

    use super::*;

    #[test]
    fn a_run_knows_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let missing = RunFolder::open(&folder.path().join("gone")).err().unwrap();
        assert_eq!(missing.what(), "folder not found");
        let none = RunFolder::open(folder.path()).err().unwrap();
        assert_eq!(
            (none.what().as_str(), none.failure()),
            ("is no run: it holds no timewarp.json", Failure::Failed)
        );
        let new = folder.path().join("new.mp4");
        let map = format!(
            r#"{{"ok":false,"version":2,"model":"monotone","params":null,
            "reference":{{"path":"/nowhere/ref.mp4"}},"new":{{"path":"{}"}}}}"#,
            new.display()
        );
        std::fs::write(folder.path().join(TIMEWARP_FILE), map).unwrap();
        std::fs::write(&new, "").unwrap();
        let run = RunFolder::open(folder.path()).unwrap();
        assert_eq!(run.new_recording().unwrap(), new);
        let gone = run.reference().unwrap_err();
        assert_eq!(gone.file(), Some(Path::new("/nowhere/ref.mp4")));
        assert!(gone.hint().unwrap().contains("‹reference›"), "{gone}");
        assert_eq!(run.markers(), None);
    }
}
