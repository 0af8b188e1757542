//! A run fitted again with moments a person has pinned: the map, its files and the markers, without a video
//! (docs/reference/http.md#notes-and-anchors).

use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::time_warp::OWN_NPZ;
use std::path::{Path, PathBuf};

use mtbsync_align::WarpSettings;
use mtbsync_align::fit::{Anchor, fit_warp};
use mtbsync_align::gates::judge;
use mtbsync_align::pair::Pair;
use mtbsync_artefacts::anchors::{ANCHORS_FILE, AnchorRow, read_rows, rows_csv};
use mtbsync_artefacts::annotations::{self, ANNOTATIONS_FILE, Annotation};
use mtbsync_artefacts::edits::Edits;
use mtbsync_artefacts::moments;
use mtbsync_artefacts::pairs::{PAIRS_FILE, read_pairs};
use mtbsync_artefacts::pinned;
use mtbsync_artefacts::time_warp::{
    NEW_MARKERS_FILE, TIMEWARP_FILE, TimeWarpFile, WARP_FILE, model_of, read_warp,
};
use mtbsync_formats::atomic::{FileSet, Replaces};
use mtbsync_formats::csv::MAX_CSV_BYTES;
use mtbsync_formats::read_bounded;
use mtbsync_markers::{DEFAULT_REVIEW_THRESHOLD, new_markers_csv};
use mtbsync_task::error::{PipelineError, optional};
use mtbsync_task::files::{Input, exists};

use crate::map::doubt::{Doubt, doubts};
use crate::map::error::MapProblem;
use crate::map::refusal::REVERSED;
use crate::markers::import::read_marker_table;
use crate::markers::transfer::carry_over;

/// What a run becomes with its anchors; nothing is written yet.
#[derive(Clone, Debug)]
pub struct Refit {
    /// timewarp.json.
    pub file: TimeWarpFile,
    /// new_markers.csv, for runs that have one.
    pub markers_csv: Option<Vec<u8>>,
    /// Ids of markers whose moment or status is another than before.
    pub changed: Vec<String>,
    /// New anchors that the curve contradicts, one of which is probably a mistake.
    pub doubts: Vec<Doubt>,
    folder: PathBuf,
    rows: Vec<AnchorRow>,
}

/// Fits the run in `folder` again from its pairs and `rows` (sorted, see [`sorted_rows`]), with the settings
/// it was fitted with. Markers a person has set keep their moments.
///
/// # Errors
/// A run without map or pairs, an affine one, files that cannot be read, or anchors that leave no map.
pub fn refit(folder: &Path, rows: Vec<AnchorRow>) -> Result<Refit, PipelineError> {
    let before = read_warp(&folder.join(TIMEWARP_FILE))?;
    let settings = settings_of(&before);
    if !rows.is_empty() && before.model != WarpSettings::default().model.name() {
        return Err(MapProblem::NoAnchors(before.model).into());
    }
    let pairs = read_pairs(&folder.join(PAIRS_FILE))?;
    let anchors: Vec<Anchor> = rows.iter().map(AnchorRow::anchor).collect();
    let new_secs = known_secs(before.new.as_ref().map(|new| new.duration), &pairs, |p| {
        p.t_new_secs
    });
    let ref_secs = known_secs(before.reference.as_ref().map(|r| r.duration), &pairs, |p| {
        p.t_ref_secs
    });
    let warp = fit_warp(&pairs, &anchors, &settings, (new_secs, ref_secs));
    if warp.segments().is_empty() && !before.segments.is_empty() {
        return Err(MapProblem::NothingLeft.into());
    }
    let mut verdict = judge(&warp, &pairs, new_secs, &settings);
    if before.reasons.iter().any(|reason| reason == REVERSED) {
        verdict.ok = false;
        verdict.reasons = vec![REVERSED.to_owned()];
    }
    let file = TimeWarpFile {
        reference: before.reference.clone(),
        new: before.new,
        geometry: before.geometry,
        matcher: before.matcher,
        ..TimeWarpFile::new(&warp, &verdict, &settings)
    };
    let edits = Edits {
        notes: annotations::read(folder)?,
        anchors: Vec::new(),
    };
    // A file that is no table any more is about to be replaced.
    let stored = optional(read_rows(&folder.join(ANCHORS_FILE)))?.unwrap_or_default();
    let is_new = |anchor: &&Anchor| !stored.iter().any(|known| is_same(known, anchor));
    let new: Vec<Anchor> = anchors.iter().filter(is_new).copied().collect();
    let doubts = doubts(&pairs, &anchors, &new, &settings, (new_secs, ref_secs));
    let markers = folder.join(NEW_MARKERS_FILE);
    let (markers_csv, changed) = if exists(&markers)? {
        let (csv, changed) = moved_markers(&markers, &file, &edits)?;
        (Some(csv), changed)
    } else {
        (None, Vec::new())
    };
    Ok(Refit {
        file,
        markers_csv,
        changed,
        doubts,
        folder: folder.to_owned(),
        rows,
    })
}

/// Whether an anchor is the one on the disk, whose times have six decimals.
fn is_same(stored: &AnchorRow, anchor: &Anchor) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-5;
    near(stored.t_new, anchor.t_new_secs) && near(stored.t_ref, anchor.t_ref_secs)
}

impl Refit {
    /// Writes anchors.csv, timewarp.json, warp.npz and new_markers.csv: all of them, or none.
    ///
    /// # Errors
    /// The folder does not allow it, or no space.
    pub fn write(&self, lock: &RunLock) -> Result<(), PipelineError> {
        let mut set = FileSet::new();
        let mut put = |name: &str, bytes: &[u8]| {
            // All of them were read to fit the map again; the anchors stand for those that their writer saw.
            set.write(&self.folder.join(name), Replaces::ANYTHING, bytes)
                .map_err(PipelineError::from)
        };
        put(ANCHORS_FILE, &rows_csv(&self.rows))?;
        put(TIMEWARP_FILE, &self.file.to_json()?)?;
        if let Some(csv) = &self.markers_csv {
            put(NEW_MARKERS_FILE, csv)?;
        }
        if self.file.ok {
            put(WARP_FILE, &self.file.to_npz()?)?;
        } else {
            set.remove_stale(&self.folder.join(WARP_FILE), OWN_NPZ);
        }
        lock.commit_some(set)?;
        Ok(())
    }
}

/// The table of markers in `folder` after something else wrote it, with the moments a person has set put
/// back. `None` when it is as it should be.
///
/// # Errors
/// Files that cannot be read.
pub fn repinned(folder: &Path) -> Result<Option<Vec<u8>>, PipelineError> {
    let path = folder.join(NEW_MARKERS_FILE);
    let edits = Edits::beside(&path)?;
    if edits.notes.is_empty() || !exists(&path)? {
        return Ok(None);
    }
    let before = read_bounded(&path, MAX_CSV_BYTES)?;
    let after = edits.table(before.clone());
    Ok((before != after).then_some(after))
}

/// Writes the notes of the run in `folder`, and its table of markers with the moments they set; both, or
/// neither. `before` are the notes so far. A table or map that is damaged keeps no note from being written.
///
/// # Errors
/// The folder does not allow it, or no space.
pub fn write_notes(
    lock: &RunLock,
    folder: &Path,
    before: &[Annotation],
    after: &[Annotation],
) -> Result<(), PipelineError> {
    let mut set = FileSet::new();
    // Both were read: the notes by who changes them.
    set.write(
        &folder.join(ANNOTATIONS_FILE),
        Replaces::ANYTHING,
        &annotations::to_json(after)?,
    )?;
    let table = folder.join(NEW_MARKERS_FILE);
    if let Ok(Some(csv)) = noted_table(folder, before, after) {
        set.write(&table, Replaces::ANYTHING, &csv)?;
    }
    lock.commit_some(set)?;
    Ok(())
}

/// The table of markers in `folder` with the moments that `after` sets in place of those of `before`; `None`
/// where it is to stay as it is.
fn noted_table(
    folder: &Path,
    before: &[Annotation],
    after: &[Annotation],
) -> Result<Option<Vec<u8>>, PipelineError> {
    let path = folder.join(NEW_MARKERS_FILE);
    let csv = read_bounded(&path, MAX_CSV_BYTES)?;
    let predicted = match read_warp(&folder.join(TIMEWARP_FILE)) {
        Ok(file) => Some(carried(&path, &file, &Edits::default())?),
        Err(_) => None,
    };
    pinned::noted(&csv, predicted.as_deref(), before, after)
}

/// The table of markers at `path` through the map of `file`.
fn carried(path: &Path, file: &TimeWarpFile, edits: &Edits) -> Result<Vec<u8>, PipelineError> {
    let table = read_marker_table(&Input::File(path.to_owned()), None)?;
    // Runs do not record the threshold they were made with.
    let moved = carry_over(&table, file, DEFAULT_REVIEW_THRESHOLD, !file.ok, edits);
    Ok(new_markers_csv(&table, &moved))
}

/// The same, and the ids of the markers that changed.
fn moved_markers(
    path: &Path,
    file: &TimeWarpFile,
    edits: &Edits,
) -> Result<(Vec<u8>, Vec<String>), PipelineError> {
    let before = moments::read(path)?;
    let csv = carried(path, file, edits)?;
    let changed = moments::changed(&before, &moments::parse(&csv)?);
    Ok((csv, changed))
}

/// The settings a map was fitted and judged with, as far as its file records them.
fn settings_of(file: &TimeWarpFile) -> WarpSettings {
    let default = WarpSettings::default();
    let limit = |name: &str| {
        file.gates
            .iter()
            .find(|gate| gate.name == name)
            .map(|gate| gate.limit)
    };
    WarpSettings {
        model: model_of(&file.model),
        window_secs: file.window_sec.unwrap_or(default.window_secs),
        max_ppm: limit("max_ppm").unwrap_or(default.max_ppm),
        min_inlier_frac: limit("min_inlier_frac").unwrap_or(default.min_inlier_frac),
        min_coverage: limit("min_coverage").unwrap_or(default.min_coverage),
        max_p90_secs: limit("max_p90"),
        ..default
    }
}

/// A recorded length, else the last pair's time.
fn known_secs(told: Option<f64>, pairs: &[Pair], time: impl Fn(&Pair) -> f64) -> f64 {
    let last = || pairs.iter().map(time).fold(0.0, f64::max);
    told.filter(|secs| *secs > 0.0).unwrap_or_else(last)
}

#[cfg(all(test, unix))]
mod tests {
    use mtbsync_artefacts::annotations::ANNOTATIONS_FILE;

    use super::*;

    #[test]
    fn a_table_the_disk_cannot_tell_of_is_not_absent() {
        let folder = tempfile::tempdir().unwrap();
        let notes = r#"[{"marker_id": "1", "t_new": 2.0}]"#;
        std::fs::write(folder.path().join(ANNOTATIONS_FILE), notes).unwrap();
        assert_eq!(repinned(folder.path()).unwrap(), None);
        let table = folder.path().join(NEW_MARKERS_FILE);
        // A link to itself: there is something, and neither its kind nor its content can be had.
        std::os::unix::fs::symlink(&table, &table).unwrap();
        assert!(repinned(folder.path()).is_err());
    }
}
