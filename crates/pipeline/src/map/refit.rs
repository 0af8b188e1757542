//! A run fitted again with moments a person has pinned: the map, its files and the markers, without a video
//! (docs/reference/http.md#notes-and-anchors).

use std::path::{Path, PathBuf};

use mtbsync_align::WarpSettings;
use mtbsync_align::fit::{Anchor, ContradictoryAnchors, fit_warp, sort_anchors};
use mtbsync_align::gates::judge;
use mtbsync_align::pair::Pair;
use mtbsync_artefacts::annotations::{self, Annotation};
use mtbsync_artefacts::moments;
use mtbsync_artefacts::pairs::{PAIRS_FILE, read_pairs};
use mtbsync_artefacts::time_warp::{
    NEW_MARKERS_FILE, TIMEWARP_FILE, TimeWarpFile, WARP_FILE, model_of, read_warp,
};
use mtbsync_formats::atomic::FileSet;
use mtbsync_formats::csv::{CsvWriter, MAX_CSV_BYTES, Table, seconds6, spreadsheet_safe};
use mtbsync_formats::read_bounded;
use mtbsync_markers::{DEFAULT_REVIEW_THRESHOLD, new_markers_csv};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;
use serde::{Deserialize, Serialize};

use crate::map::error::MapProblem;
use crate::map::viewer::needed_column;
use crate::markers::import::read_marker_table;
use crate::markers::transfer::carry_over;

/// Name of the file with anchors in a run folder.
pub const ANCHORS_FILE: &str = "anchors.csv";
/// The refusal that no gate expresses and no anchor heals.
const REVERSED: &str = "reference looks reversed";

/// An anchor with what the person wrote about it; seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnchorRow {
    /// Moment of the new run.
    pub t_new: f64,
    /// The same place in the reference.
    pub t_ref: f64,
    /// Free text.
    #[serde(default)]
    pub note: String,
}

/// Reads anchors.csv, as written; none without the file.
///
/// # Errors
/// Not a table with the columns `t_new,t_ref`, or a cell that is no number.
pub fn read_rows(path: &Path) -> Result<Vec<AnchorRow>, PipelineError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = read_bounded(path, MAX_CSV_BYTES)?;
    rows_of(&bytes).map_err(|error| error.at(path))
}

fn rows_of(csv: &[u8]) -> Result<Vec<AnchorRow>, PipelineError> {
    let table = Table::parse(csv, &["t_new", "t_ref", "note"])?;
    let (new_column, ref_column) = (needed_column(&table, "t_new")?, needed_column(&table, "t_ref")?);
    let note = table.column(&["note"]);
    let row = |row| {
        Ok(AnchorRow {
            t_new: table.required_number(row, new_column)?,
            t_ref: table.required_number(row, ref_column)?,
            note: note.map(|column| row.text(column).to_owned()).unwrap_or_default(),
        })
    };
    table.rows.iter().map(row).collect()
}

/// The bytes of anchors.csv.
pub fn rows_csv(rows: &[AnchorRow]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&["t_new", "t_ref", "note"]);
    for row in rows {
        let note = spreadsheet_safe(&row.note).into_owned();
        csv.row(&[seconds6(row.t_new), seconds6(row.t_ref), note]);
    }
    csv.into_bytes()
}

/// The rows in order of the new run.
///
/// # Errors
/// Two of them that no forward ride can both meet; indices into `rows`.
pub fn sorted_rows(rows: &[AnchorRow]) -> Result<Vec<AnchorRow>, ContradictoryAnchors> {
    sort_anchors(&rows.iter().map(anchor).collect::<Vec<_>>())?;
    let mut sorted = rows.to_vec();
    sorted.sort_by(|a, b| a.t_new.total_cmp(&b.t_new));
    Ok(sorted)
}

fn anchor(row: &AnchorRow) -> Anchor {
    Anchor {
        t_new_secs: row.t_new,
        t_ref_secs: row.t_ref,
    }
}

/// What a run becomes with its anchors; nothing is written yet.
#[derive(Clone, Debug)]
pub struct Refit {
    /// timewarp.json.
    pub file: TimeWarpFile,
    /// new_markers.csv, for runs that have one.
    pub markers_csv: Option<Vec<u8>>,
    /// Ids of markers whose moment or status is another than before.
    pub changed: Vec<String>,
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
    let anchors: Vec<Anchor> = rows.iter().map(anchor).collect();
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
    let markers = folder.join(NEW_MARKERS_FILE);
    let (markers_csv, changed) = if markers.is_file() {
        let (csv, changed) = moved_markers(&markers, &file, &annotations::read(folder)?)?;
        (Some(csv), changed)
    } else {
        (None, Vec::new())
    };
    Ok(Refit {
        file,
        markers_csv,
        changed,
        folder: folder.to_owned(),
        rows,
    })
}

impl Refit {
    /// Writes anchors.csv, timewarp.json, warp.npz and new_markers.csv: all of them, or none.
    ///
    /// # Errors
    /// The folder does not allow it, or no space.
    pub fn write(&self) -> Result<(), PipelineError> {
        let mut set = FileSet::new();
        let mut put = |name: &str, bytes: &[u8]| {
            set.write(&self.folder.join(name), bytes)
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
            set.remove_stale(&self.folder.join(WARP_FILE));
        }
        set.commit()?;
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
    let notes = annotations::read(folder)?;
    if notes.is_empty() || !path.is_file() {
        return Ok(None);
    }
    let before = read_bounded(&path, MAX_CSV_BYTES)?;
    let after = annotations::pinned(&before, &notes).map_err(|error| error.at(&path))?;
    Ok((before != after).then_some(after))
}

/// The markers of the table at `path` through the map of `file`, and the ids of those that changed.
fn moved_markers(
    path: &Path,
    file: &TimeWarpFile,
    notes: &[Annotation],
) -> Result<(Vec<u8>, Vec<String>), PipelineError> {
    let before = moments::read(path)?;
    let table = read_marker_table(&Input::File(path.to_owned()), None)?;
    // Runs do not record the threshold they were made with.
    let moved = carry_over(&table, file, DEFAULT_REVIEW_THRESHOLD, !file.ok);
    let csv = annotations::pinned(&new_markers_csv(&table, &moved), notes).map_err(|error| error.at(path))?;
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
