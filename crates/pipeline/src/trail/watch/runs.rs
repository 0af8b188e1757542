//! The runs below the root: which recordings they are of, and what a new one starts from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mtbsync_artefacts::lenient::read_leniently;
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, RecordingFile, TIMEWARP_FILE, TimeWarpFile};
use mtbsync_formats::atomic::sweep;
use mtbsync_task::error::{PipelineError, TaskProblem};

use super::error::WatchProblem;
use crate::map::run_folder::RunFolder;
use crate::trail::places::Places;
use crate::trail::runs::{Root, run_folders};

/// Runs of recordings of one name; more is a loop.
const MAX_NAMES: usize = 10_000;

/// What is known of a run.
struct Run {
    /// When its map was written, and its length.
    stamp: (SystemTime, u64),
    reference: String,
    new: String,
}

/// The runs below the root, each read once.
pub struct Runs {
    root: PathBuf,
    runs: BTreeMap<PathBuf, Run>,
}

impl Runs {
    /// Those below `root`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn below(root: &Path) -> Result<Self, PipelineError> {
        let mut runs = Self {
            root: root.to_owned(),
            runs: BTreeMap::new(),
        };
        runs.refresh()?;
        Ok(runs)
    }

    /// Takes in what others have written since. A map that cannot be read is of no recording.
    ///
    /// # Errors
    /// The root cannot be read.
    pub fn refresh(&mut self) -> Result<(), PipelineError> {
        // A root whose disk is gone has no runs, and everything would be done again.
        fs::read_dir(&self.root)
            .map_err(|error| PipelineError::from(TaskProblem::Unreadable(error)).at(&self.root))?;
        let mut before = std::mem::take(&mut self.runs);
        for folder in run_folders(&self.root).into_values() {
            let map = folder.join(TIMEWARP_FILE);
            let Some(stamp) = stamp(&map) else { continue };
            let known = before.remove(&folder).filter(|run| run.stamp == stamp);
            let run = known.unwrap_or_else(|| {
                let file = read_leniently(&map).ok();
                let of = |side: fn(&_) -> Option<&RecordingFile>| {
                    let side = file.as_ref().and_then(side);
                    side.map_or_else(String::new, |side| side.fingerprint.clone())
                };
                Run {
                    stamp,
                    reference: of(|file: &TimeWarpFile| file.reference.as_ref()),
                    new: of(|file| file.new.as_ref()),
                }
            });
            self.runs.insert(folder, run);
        }
        Ok(())
    }

    /// The run that a recording takes part in.
    pub fn holding(&self, fingerprint: &str) -> Option<&Path> {
        let mut runs = self.runs.iter();
        let holds = |run: &Run| run.new == fingerprint || run.reference == fingerprint;
        runs.find(|(_, run)| holds(run))
            .map(|(folder, _)| folder.as_path())
    }

    /// The markers of the newest run of that reference that has some.
    pub fn markers_of(&self, reference: &str) -> Option<PathBuf> {
        let runs = self.runs.iter().filter(|(_, run)| run.reference == reference);
        let marked = runs.filter_map(|(folder, run)| {
            let markers = folder.join(NEW_MARKERS_FILE);
            markers.is_file().then_some((run.stamp.0, markers))
        });
        marked.max().map(|(_, markers)| markers)
    }

    /// A name for the folder of a new run: `<stem of the recording>_sync`, numbered where it is taken.
    ///
    /// # Errors
    /// There is none.
    pub fn free_name(&self, recording: &Path) -> Result<String, PipelineError> {
        let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
        let wanted = format!("{stem}_sync");
        let names = (2..=MAX_NAMES).map(|number| format!("{wanted}_{number}"));
        let is_free = |name: &String| is_free(&self.root.join(name));
        std::iter::once(wanted.clone())
            .chain(names)
            .find(is_free)
            .ok_or_else(|| PipelineError::from(WatchProblem::NoName).at(&self.root.join(&wanted)))
    }
}

/// The reference recording of the trail that the newest run below `root` is of.
///
/// # Errors
/// There is no run, or the recording is not there any more.
pub fn reference_of_root(root: &Path) -> Result<PathBuf, PipelineError> {
    let read = Root::read(root)?;
    let newest = read.runs.iter().max_by_key(|run| (run.modified, &run.name));
    let Some(newest) = newest else {
        return Err(PipelineError::from(WatchProblem::NoRun).at(root));
    };
    match Places::new(&read, read.trail_of(&newest.name)?).reference_path() {
        Some(path) => Ok(path),
        None => RunFolder::open(&newest.folder)?.reference(),
    }
}

/// Whether nothing is there, or a folder with nothing in it: a killed sync leaves one behind.
fn is_free(path: &Path) -> bool {
    sweep(path);
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => fs::symlink_metadata(path).is_err(),
    }
}

fn stamp(map: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(map).ok()?;
    Some((
        metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        metadata.len(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(root: &Path, name: &str, reference: &str, new: &str) {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        let side = |path: &str| format!(r#"{{"path":"{path}","fingerprint":"of {path}"}}"#);
        let map = format!(
            r#"{{"ok":false,"version":2,"model":"monotone","params":null,"reference":{},"new":{}}}"#,
            side(reference),
            side(new)
        );
        fs::write(folder.join(TIMEWARP_FILE), map).unwrap();
    }

    fn aged(root: &Path, name: &str, secs: u64) {
        let map = fs::File::options()
            .append(true)
            .open(root.join(name).join(TIMEWARP_FILE));
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(secs);
        map.unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn the_newest_run_says_what_is_compared_with_and_its_markers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let none = reference_of_root(root).unwrap_err();
        assert!(none.hint().unwrap().contains("‹reference›"), "{none}");
        let reference = root.join("best.mp4");
        fs::write(&reference, "x").unwrap();
        let reference = reference.to_str().unwrap();
        for (name, of, at) in [
            ("a", "/other.mp4", 10),
            ("b", reference, 30),
            ("c", reference, 20),
        ] {
            run(root, name, of, &format!("/{name}.mp4"));
            aged(root, name, at);
        }
        assert_eq!(reference_of_root(root).unwrap(), Path::new(reference));
        for name in ["a", "c"] {
            fs::write(root.join(name).join(NEW_MARKERS_FILE), "").unwrap();
        }
        let mut runs = Runs::below(root).unwrap();
        let of = format!("of {reference}");
        assert_eq!(runs.markers_of(&of), Some(root.join("c").join(NEW_MARKERS_FILE)));
        assert_eq!(runs.holding("of /b.mp4"), Some(root.join("b").as_path()));
        assert_eq!(runs.holding(&of), Some(root.join("b").as_path()));
        assert_eq!(runs.holding("of /d.mp4"), None);
        run(root, "june/d", reference, "/d.mp4");
        fs::remove_dir_all(root.join("b")).unwrap();
        runs.refresh().unwrap();
        assert_eq!(runs.holding("of /d.mp4"), Some(root.join("june/d").as_path()));
        assert_eq!(runs.holding("of /b.mp4"), None);
        fs::remove_file(reference).unwrap();
        let gone = reference_of_root(root).unwrap_err();
        assert_eq!(gone.file(), Some(Path::new(reference)), "{gone}");
    }

    #[test]
    fn names_that_are_taken_are_numbered() {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::below(folder.path()).unwrap();
        let recording = Path::new("/card/GX010105.MP4");
        assert_eq!(runs.free_name(recording).unwrap(), "GX010105_sync");
        let taken = folder.path().join("GX010105_sync");
        fs::create_dir(&taken).unwrap();
        assert_eq!(
            runs.free_name(recording).unwrap(),
            "GX010105_sync",
            "left by a kill"
        );
        fs::write(taken.join("note"), "").unwrap();
        assert_eq!(runs.free_name(recording).unwrap(), "GX010105_sync_2");
    }
}
