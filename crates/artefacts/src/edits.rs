//! What a person has set in a run: notes, moments of markers, anchors.
//!
//! Everything that reads markers of a run reads them through here, so that a moment set by hand is the moment
//! everywhere, whatever the map or an older table says: [`Edits::moments`] for markers in memory,
//! [`Edits::table`] for tables on the disk.

use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{FileSet, Replaces, WriteError};
use mtbsync_formats::read_bounded;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::{exists, folder_of};
use serde::Serialize;

use crate::anchors::{self, ANCHORS_FILE, AnchorRow};
use crate::annotations::{self, ANNOTATIONS_FILE, Annotation, SetMoments};
use crate::time_warp::NEW_MARKERS_FILE;
use crate::{pinned, run_set};

/// Most kept copies of files that were put aside; the search for a free name ends there.
const MAX_COPIES: usize = 1000;

/// The notes and anchors in a run folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    /// Of annotations.json.
    pub notes: Vec<Annotation>,
    /// Of anchors.csv, in order of the new run.
    pub anchors: Vec<AnchorRow>,
}

impl Edits {
    /// Reads what a person has set in `folder`; nothing without its files.
    ///
    /// # Errors
    /// Files that cannot be read, or that contradict themselves.
    pub fn read(folder: &Path) -> Result<Self, PipelineError> {
        let path = folder.join(ANCHORS_FILE);
        Ok(Self {
            notes: annotations::read(folder)?,
            anchors: if exists(&path)? {
                anchors::read_anchors(&path)?
            } else {
                Vec::new()
            },
        })
    }

    /// Reads the moments a person has set in the run that `file` belongs to: those in its folder. Anchors are
    /// in its map already.
    ///
    /// # Errors
    /// Notes that cannot be read.
    pub fn beside(file: &Path) -> Result<Self, PipelineError> {
        Ok(Self {
            notes: annotations::read(folder_of(file))?,
            anchors: Vec::new(),
        })
    }

    /// The moments a person has set, to be asked for by marker.
    pub fn moments(&self) -> SetMoments<'_> {
        SetMoments::of(&self.notes)
    }

    /// The table of markers in `csv` with the moments a person has set: confidence 1, status ok. What is no
    /// table of carried-over markers stays as it is.
    pub fn table(&self, csv: Vec<u8>) -> Vec<u8> {
        match pinned::pinned(&csv, &self.notes) {
            Ok(pinned) => pinned,
            // Who reads it next says better what is wrong with it.
            Err(_) => csv,
        }
    }

    /// How many of what.
    pub fn counts(&self) -> EditCounts {
        let set = |note: &&Annotation| note.marker_id.is_some() && note.t_new.is_some();
        let confirmed = self.notes.iter().filter(set).filter(|note| note.is_confirmed());
        let confirmed = confirmed.count();
        let moved = self.notes.iter().filter(set).count() - confirmed;
        EditCounts {
            confirmed,
            moved,
            notes: self.notes.len() - confirmed - moved,
            anchors: self.anchors.len(),
        }
    }
}

/// How much a person has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EditCounts {
    /// Markers found right as they are.
    pub confirmed: usize,
    /// Markers put elsewhere.
    pub moved: usize,
    /// Notes that set no moment.
    pub notes: usize,
    /// Anchors.
    pub anchors: usize,
}

impl EditCounts {
    /// In words; `None` when there is nothing.
    ///
    /// ```
    /// use mtbsync_artefacts::edits::EditCounts;
    ///
    /// let counts = EditCounts { confirmed: 4, anchors: 1, ..EditCounts::default() };
    /// assert_eq!(counts.words().as_deref(), Some("4 confirmed markers and 1 anchor"));
    /// assert_eq!(EditCounts::default().words(), None);
    /// ```
    pub fn words(&self) -> Option<String> {
        let counted = |count: usize, what: &str| {
            let plural = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {what}{plural}"))
        };
        let parts: Vec<String> = [
            counted(self.confirmed, "confirmed marker"),
            counted(self.moved, "moved marker"),
            counted(self.notes, "note"),
            counted(self.anchors, "anchor"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let (last, before) = parts.split_last()?;
        Some(if before.is_empty() {
            last.clone()
        } else {
            format!("{} and {last}", before.join(", "))
        })
    }
}

/// The table of markers at `path`, of at most `max_bytes`, as a person has left it: that of a run with the
/// moments set in its folder.
///
/// # Errors
/// Files that cannot be read.
pub fn read_table(path: &Path, max_bytes: u64) -> Result<Vec<u8>, PipelineError> {
    let csv = read_bounded(path, max_bytes)?;
    run_set::check(path, &csv)?;
    // A table of another name may be of another run.
    if path.file_name().is_none_or(|name| name != NEW_MARKERS_FILE) {
        return Ok(csv);
    }
    Ok(Edits::beside(path)?.table(csv))
}

/// Files that hold what a person has set.
pub const EDIT_FILES: [&str; 2] = [ANNOTATIONS_FILE, ANCHORS_FILE];

/// Puts those of the files `names` that are in `folder` aside under names that are free
/// (`annotations.json.bak`, `annotations.json.bak2`, …), as part of `set`. Returns the new paths.
///
/// # Errors
/// Files that cannot be read or copied.
pub fn put_aside(folder: &Path, names: &[&str], set: &mut FileSet) -> Result<Vec<PathBuf>, PipelineError> {
    let mut kept = Vec::new();
    for name in names {
        let path = folder.join(name);
        if !exists(&path)? {
            continue;
        }
        let bytes = read_bounded(&path, annotations::MAX_BYTES)?;
        let numbered = (2..MAX_COPIES).map(|n| format!("{name}.bak{n}"));
        let free = std::iter::once(format!("{name}.bak"))
            .chain(numbered)
            .map(|name| folder.join(name))
            .find(|copy| !copy.exists());
        let copy = free.ok_or_else(|| {
            let full = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            PipelineError::from(WriteError::from_io(&folder.join(format!("{name}.bak")), full))
        })?;
        // The name was free a moment ago.
        set.write(&copy, Replaces::NOTHING, &bytes)?;
        set.remove_stale(&path, Replaces::ANYTHING);
        kept.push(copy);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotations::CONFIRMED;

    fn about(id: Option<&str>, t_new: Option<f64>, label: &str) -> Annotation {
        Annotation {
            marker_id: id.map(str::to_owned),
            t_new,
            label: label.to_owned(),
            ..Annotation::default()
        }
    }

    #[test]
    fn what_is_kept_is_counted_by_kind() {
        let edits = Edits {
            notes: vec![
                about(Some("a"), Some(1.0), CONFIRMED),
                about(Some("b"), Some(2.0), CONFIRMED),
                about(Some("c"), Some(3.0), "here"),
                about(Some("d"), None, "look"),
                about(None, Some(4.0), ""),
            ],
            anchors: vec![AnchorRow::default()],
        };
        assert_eq!(
            edits.counts().words().as_deref(),
            Some("2 confirmed markers, 1 moved marker, 2 notes and 1 anchor")
        );
    }

    #[test]
    fn files_put_aside_never_replace_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for round in ["1", "2"] {
            std::fs::write(path(ANNOTATIONS_FILE), round).unwrap();
            let mut set = FileSet::new();
            put_aside(folder.path(), &EDIT_FILES, &mut set).unwrap();
            set.commit().unwrap();
            assert!(!path(ANNOTATIONS_FILE).exists());
        }
        let kept =
            ["annotations.json.bak", "annotations.json.bak2"].map(|name| std::fs::read(path(name)).unwrap());
        assert_eq!(kept, [b"1", b"2"]);
    }

    #[test]
    fn a_file_too_large_to_be_of_a_person_is_not_read_to_be_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join(ANNOTATIONS_FILE)).unwrap();
        file.set_len(annotations::MAX_BYTES + 1).unwrap();
        assert!(put_aside(folder.path(), &EDIT_FILES, &mut FileSet::new()).is_err());
    }

    #[test]
    fn tables_of_others_stay_as_they_are() {
        let edits = Edits {
            notes: vec![about(Some("1"), Some(9.0), "")],
            anchors: Vec::new(),
        };
        for other in ["name;t_ref\n# mine\nA;1\n", "nonsense", ""] {
            assert_eq!(edits.table(other.into()), other.as_bytes());
        }
    }
}
