//! Any two runs of a trail as if one had been synced with the other.

use std::path::{Path, PathBuf};

use mtbsync_align::compose::{Composition, Step};
use mtbsync_artefacts::error::ArtefactProblem;
use mtbsync_artefacts::run_set::write_files;
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, TIMEWARP_FILE, TimeWarpFile};
use mtbsync_formats::atomic::Replaces;
use mtbsync_formats::json;
use mtbsync_markers::{
    DEFAULT_REVIEW_THRESHOLD, Marker, MarkerTable, TransferOptions, new_markers_csv, transfer,
};
use mtbsync_task::error::{PipelineError, TaskProblem};

use super::error::TrailProblem;
use super::places::{Places, itself};
use super::runs::{Root, TrailRun};
use crate::map::run_folder::recording;
use crate::markers::map::MarkerMap;

/// The map from moments of one run to those of another.
///
/// # Errors
/// One of them was not aligned, or they have no part of the trail in common.
pub fn map(places: &Places<'_>, from: &TrailRun, to: &TrailRun) -> Result<TimeWarpFile, PipelineError> {
    let side = |run: &TrailRun| {
        let named = run.file.new.clone();
        named.ok_or_else(|| PipelineError::from(TrailProblem::NoRecording(run.name.clone())))
    };
    let (new, reference) = (side(from)?, side(to)?);
    let way = way(places, from, to)?;
    let apart = || TrailProblem::NothingInCommon {
        a: from.name.clone(),
        b: to.name.clone(),
    };
    let warp = way.and_then(|way| way.to_warp()).ok_or_else(apart)?;
    Ok(TimeWarpFile::composed(&warp, reference, new))
}

/// The way between two runs: by their own maps where those are of one reference.
fn way(places: &Places<'_>, from: &TrailRun, to: &TrailRun) -> Result<Option<Composition>, PipelineError> {
    let aligned = |run: &TrailRun| {
        let warp = run.warp.clone();
        warp.ok_or_else(|| PipelineError::from(TrailProblem::NotAligned(run.name.clone())).at(&run.folder))
    };
    if from.is_recording(to.new_key()) {
        return Ok(Some(itself(from.file.new_duration_secs())));
    }
    let (a, b) = (aligned(from)?, aligned(to)?);
    if from.reference_key() == to.reference_key() {
        return Ok(Some(Composition::new(vec![
            Step::forwards(a),
            Step::backwards(b),
        ])));
    }
    Ok(places.between(from.new_key(), to.new_key()))
}

/// Two runs of a root in a folder of their own, as if they had been synced.
pub struct ComposedPair {
    /// The recording of the first.
    pub reference: PathBuf,
    /// The recording of the second.
    pub new: PathBuf,
    /// The map from the second to the first.
    pub map: PathBuf,
    /// The gates as markers; `None` where neither run passes one.
    pub markers: Option<PathBuf>,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

impl ComposedPair {
    /// Writes the map from run `b` to run `a`, and the gates as markers of `b`, into `folder`.
    ///
    /// # Errors
    /// No such run, runs of different trails, nothing in common, recordings that are gone, or a folder that
    /// cannot be written.
    pub fn write(root: &Path, a: &str, b: &str, folder: &Path) -> Result<Self, PipelineError> {
        let root = Root::read(root)?;
        let mut warnings = root.warnings.clone();
        let (a, b) = (root.run(a)?, root.run(b)?);
        let places = Places::new(&root, root.trail_of(&a.name)?);
        warnings.extend(places.warnings.iter().cloned());
        let file = map(&places, b, a)?;
        let path = |run: &TrailRun, setting| {
            recording(run.file.new.as_ref(), setting, &run.folder.join(TIMEWARP_FILE))
        };
        let (reference, new) = (path(a, "reference")?, path(b, "new")?);
        std::fs::create_dir_all(folder)
            .map_err(|error| PipelineError::from(TaskProblem::Unreadable(error)).at(folder))?;
        let target = folder.join(TIMEWARP_FILE);
        let bytes = json::to_vec(&file).map_err(ArtefactProblem::NoJson)?;
        write_files(&[(&target, Replaces::ANYTHING, &bytes)])?;
        let markers = match markers(&places, &file, a, b) {
            Some(csv) => {
                let path = folder.join(NEW_MARKERS_FILE);
                write_files(&[(&path, Replaces::ANYTHING, &csv)])?;
                Some(path)
            }
            None => None,
        };
        Ok(Self {
            reference,
            new,
            map: target,
            markers,
            warnings,
        })
    }
}

/// The gates that run `a` passes, carried over to `b`; a moment set by hand in either is kept.
fn markers(places: &Places<'_>, file: &TimeWarpFile, a: &TrailRun, b: &TrailRun) -> Option<Vec<u8>> {
    let at = |run| places.passages(run).into_iter();
    let passed: Vec<_> = places.gates().iter().zip(at(a)).zip(at(b)).collect();
    let markers = passed.iter().enumerate().filter_map(|(k, ((gate, of_a), _))| {
        Some(Marker {
            id: (k + 1).to_string(),
            name: gate.name.clone(),
            t_ref_secs: (*of_a)?.t_secs,
            t_ref_end_secs: None,
            colour: String::new(),
            comment: String::new(),
            extra: Vec::new(),
        })
    });
    let table = MarkerTable {
        markers: markers.collect(),
        ..MarkerTable::default()
    };
    let warp = file.warp()?;
    let carrier = MarkerMap {
        warp: &warp,
        new_duration_secs: file.new_duration_secs(),
    };
    let options = TransferOptions {
        review_threshold: DEFAULT_REVIEW_THRESHOLD,
        forced: false,
        new_duration_secs: Some(file.new_duration_secs()),
    };
    let mut moved = transfer(&table.markers, &carrier, options);
    for marker in &mut moved {
        let of_b = passed
            .iter()
            .enumerate()
            .find(|(k, _)| (k + 1).to_string() == marker.marker.id);
        if let Some((_, (_, Some(of_b)))) = of_b
            && of_b.is_confirmed
        {
            marker.set_by_hand(of_b.t_secs);
        }
    }
    (!moved.is_empty()).then(|| new_markers_csv(&table, &moved))
}
