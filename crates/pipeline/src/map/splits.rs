//! `splits`: where runs won and lost time against the reference, section by section and continuously.
//!
//! Markers of the reference are gates. A run's time through a section is the difference of the moments at
//! which it passed both gates; what it took longer than the reference is its delta. Gates are places on one
//! reference, so runs of different references are never in one table. The files:
//! docs/reference/files.md#splitscsv.

mod files;
mod references;

use super::viewer;
use crate::context::Context;
use mtbsync_artefacts::run_set::{changed, write_files};
use std::path::{Path, PathBuf};

use mtbsync_align::TimeWarp;
use mtbsync_artefacts::annotations::SetMoments;
use mtbsync_artefacts::edits::Edits;
use mtbsync_artefacts::time_warp::{TIMEWARP_FILE, TimeWarpFile, read_warp};
use mtbsync_markers::export::numbered_name;
use mtbsync_markers::{DEFAULT_REVIEW_THRESHOLD, InverseMap, Marker};
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::files::{Input, folder_of};

use self::files::{DeltaCurve, delta_csv, picture, splits_csv};
use self::references::{GatedRuns, by_reference};
use crate::map::delta::Delta;
use crate::map::error::MapProblem;
use crate::markers::map::MarkerMap;

/// Most points of one run's continuous delta: more than a day at a tenth of a second.
const MAX_POINTS: usize = 1_000_000;
/// Most folders looked into for runs.
const MAX_FOLDERS: usize = 10_000;
/// Gates closer together than this are one, seconds.
pub(crate) const SAME_GATE_SECS: f64 = 1e-6;

/// What to compare.
#[derive(Clone, Debug)]
pub struct SplitsRequest {
    /// Markers of the reference; `None`: those that the runs carried over.
    pub markers: Option<Input>,
    /// Maps of runs.
    pub warps: Vec<PathBuf>,
    /// Folders of runs: with a map, or whose direct subfolders hold maps.
    pub folders: Vec<PathBuf>,
    /// Folder whose direct subfolders (and itself) hold more.
    pub root: Option<PathBuf>,
    /// Names of the markers used as gates; `None`: all.
    pub sections: Option<Vec<String>>,
    /// The table of sections.
    pub out: PathBuf,
    /// The continuous delta.
    pub delta_out: Option<PathBuf>,
    /// Its step, seconds.
    pub step_secs: f64,
    /// Its picture: SVG by suffix, else PNG.
    pub plot: Option<PathBuf>,
}

/// One section of one run; the total of a run has the same shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Names of the gates.
    pub gates: (String, String),
    /// Reference times of the gates, seconds.
    pub t_ref_secs: (f64, f64),
    /// New times of the gates; `None` when one of them has no counterpart.
    pub t_new_secs: Option<(f64, f64)>,
    /// New minus reference time and its 90 % interval, seconds.
    pub delta: Option<(f64, f64, f64)>,
    /// Delta since the first gate, seconds.
    pub delta_cumulative: Option<f64>,
    /// `ok`, `review` or `outside`.
    pub status: &'static str,
}

impl Section {
    /// Seconds the reference took.
    pub fn ref_secs(&self) -> f64 {
        self.t_ref_secs.1 - self.t_ref_secs.0
    }

    /// Seconds the run took.
    pub fn new_secs(&self) -> Option<f64> {
        self.t_new_secs.map(|(from, to)| to - from)
    }
}

/// One run through all sections.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSplits {
    /// Its name.
    pub name: String,
    /// Its sections, in order.
    pub sections: Vec<Section>,
    /// From the first gate to the last.
    pub total: Option<Section>,
}

/// The runs of one reference.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitsTable {
    /// The reference: the name of its file, its path where another has that name, or nothing where the maps
    /// do not say.
    pub reference: String,
    /// All its runs.
    pub runs: Vec<RunSplits>,
    /// Best run of each section, an index into `runs`.
    pub best: Vec<Option<usize>>,
    /// Sum of the best sections, when each section has one.
    pub ideal_secs: Option<f64>,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct SplitsReport {
    /// A table for each reference.
    pub tables: Vec<SplitsTable>,
    /// Written files, by kind.
    pub outputs: Vec<(String, PathBuf)>,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// Run the command.
///
/// # Errors
/// Unreadable inputs, fewer than two gates, no usable run.
pub fn splits(request: &SplitsRequest, context: &Context<'_>) -> Result<SplitsReport, PipelineError> {
    let markers = match &request.markers {
        Some(Input::File(path)) => Some(path.as_path()),
        Some(Input::Stdin) | None => None,
    };
    let maps = request.warps.iter().map(PathBuf::as_path);
    let outputs = context.outputs(maps.chain(markers));
    let may = outputs.check(&request.out, files::OWN_SECTIONS)?;
    let may_delta = request
        .delta_out
        .as_ref()
        .map(|path| outputs.check(path, files::OWN_DELTA));
    let may_delta = may_delta.transpose()?;
    if let Some(path) = &request.plot {
        outputs.check(path, viewer::OWN)?;
    }
    let mut warnings = Vec::new();
    let runs = usable_runs(request, &mut warnings)?;
    let groups = by_reference(runs, request, &mut warnings)?;
    let tables: Vec<SplitsTable> = groups.iter().map(GatedRuns::table).collect();
    let mut made = vec![("splits".to_owned(), request.out.clone(), may, splits_csv(&tables))];
    if request.delta_out.is_some() || request.plot.is_some() {
        let curves: Vec<DeltaCurve> = groups
            .iter()
            .flat_map(|group| group.curves(request.step_secs))
            .collect::<Result<_, _>>()?;
        if let Some((path, may)) = request.delta_out.as_ref().zip(may_delta) {
            made.push(("delta".to_owned(), path.clone(), may, delta_csv(&curves)));
        }
        if let Some(path) = &request.plot {
            for (kind, path, bytes) in pictures(path, &tables, &curves)? {
                let may = outputs.check(&path, viewer::OWN)?;
                made.push((kind, path, may, bytes));
            }
        }
    }
    let written = made
        .iter()
        .map(|(_, path, may, bytes)| (path.as_path(), *may, bytes.as_slice()));
    write_files(&written.collect::<Vec<_>>())?;
    Ok(SplitsReport {
        tables,
        outputs: made.into_iter().map(|(kind, path, ..)| (kind, path)).collect(),
        warnings,
    })
}

/// A picture for each reference, the first at `path`, the others numbered beside it.
fn pictures(
    path: &Path,
    tables: &[SplitsTable],
    curves: &[DeltaCurve],
) -> Result<Vec<(String, PathBuf, Vec<u8>)>, PipelineError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let pictures = tables.iter().enumerate().map(|(k, table)| {
        let (kind, path) = match k {
            0 => ("plot".to_owned(), path.to_owned()),
            _ => (
                format!("plot_{}", k + 1),
                path.with_file_name(numbered_name(&name, k + 1)),
            ),
        };
        let is_of = |curve: &&DeltaCurve| table.runs.iter().any(|run| run.name == curve.name);
        let curves: Vec<&DeltaCurve> = curves.iter().filter(is_of).collect();
        let bytes = picture(&path, &curves)?;
        Ok((kind, path, bytes))
    });
    pictures.collect()
}

/// The table of sections of one run (docs/reference/files.md#splitscsv), without writing it.
///
/// # Errors
/// As [`splits`].
pub fn table(markers: Input, warp: PathBuf, sections: Option<Vec<String>>) -> Result<Vec<u8>, PipelineError> {
    let request = SplitsRequest {
        markers: Some(markers),
        warps: vec![warp],
        folders: Vec::new(),
        root: None,
        sections,
        out: PathBuf::new(),
        delta_out: None,
        step_secs: 0.0,
        plot: None,
    };
    let runs = usable_runs(&request, &mut Vec::new())?;
    let groups = by_reference(runs, &request, &mut Vec::new())?;
    let tables: Vec<SplitsTable> = groups.iter().map(GatedRuns::table).collect();
    Ok(splits_csv(&tables))
}

/// A run and its map.
struct SplitRun {
    name: String,
    folder: PathBuf,
    file: TimeWarpFile,
    warp: TimeWarp,
    edits: Edits,
}

fn usable_runs(request: &SplitsRequest, warnings: &mut Vec<String>) -> Result<Vec<SplitRun>, PipelineError> {
    let mut paths = request.warps.clone();
    for folder in &request.folders {
        paths.extend(maps_in(folder)?);
    }
    if let Some(root) = &request.root {
        paths.extend(maps_below(root)?);
    }
    if paths.is_empty() {
        return Err(MapProblem::NoRun.into());
    }
    let mut runs: Vec<SplitRun> = Vec::new();
    for path in &paths {
        let file = read_warp(path)?;
        warnings.extend(changed(path));
        let warp = file.warp().filter(|warp| file.ok && !warp.segments().is_empty());
        match warp {
            Some(warp) => {
                let name = free_name(run_name(path, &file), &runs);
                let edits = Edits::beside(path)?;
                runs.push(SplitRun {
                    name,
                    folder: folder_of(path).to_owned(),
                    file,
                    warp,
                    edits,
                });
            }
            None => warnings.push(format!("{} is left out: its run is not aligned", path.display())),
        }
    }
    if runs.is_empty() {
        return Err(MapProblem::NoUsableRun.into());
    }
    Ok(runs)
}

/// The map of a run by its folder (or by itself); else those of the runs in the folder.
fn maps_in(folder: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let own = folder.join(TIMEWARP_FILE);
    if !folder.exists() {
        return Err(PipelineError::from(MapProblem::RunNotFound).at(folder));
    }
    if own.is_file() {
        return Ok(vec![own]);
    }
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let maps = maps_below(folder)?;
    if maps.is_empty() {
        return Err(PipelineError::from(MapProblem::NotARun).at(folder));
    }
    Ok(maps)
}

/// `timewarp.json` in the folder and its direct subfolders, by name.
fn maps_below(root: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let entries = std::fs::read_dir(root)
        .map_err(|error| PipelineError::from(TaskProblem::Unreadable(error)).at(root))?;
    let mut folders: Vec<PathBuf> = entries
        .take(MAX_FOLDERS)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.push(root.to_owned());
    folders.sort();
    let maps = folders.into_iter().map(|folder| folder.join(TIMEWARP_FILE));
    Ok(maps.filter(|path| path.is_file()).collect())
}

/// The folder of the run, else the file name of its recording.
fn run_name(path: &Path, file: &TimeWarpFile) -> String {
    let folder = path.parent().and_then(Path::file_name);
    let recording = || Path::new(&file.new.as_ref()?.path).file_stem();
    folder
        .or_else(recording)
        .map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn free_name(name: String, runs: &[SplitRun]) -> String {
    let is_free = |name: &String| runs.iter().all(|run| run.name != *name);
    let numbered = (2..).map(|n| format!("{name}_{n}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(is_free)
        .unwrap_or(name)
}

/// A gate as a run passed it.
#[derive(Clone, Copy)]
struct Passed {
    t_new_secs: f64,
    half_width_secs: f64,
    sure: bool,
}

/// One row of the continuous delta.
struct DeltaRow {
    t_ref_secs: f64,
    /// New time, delta and its 90 % interval; `None` where unmapped.
    known: Option<(f64, f64, f64, f64)>,
}

impl SplitRun {
    fn passed(&self, t_ref_secs: f64) -> Option<Passed> {
        let map = MarkerMap {
            warp: &self.warp,
            new_duration_secs: self.file.new_duration_secs(),
        };
        let place = map.locate(t_ref_secs)?;
        Some(Passed {
            t_new_secs: place.t_new_secs,
            half_width_secs: place.half_width_secs(),
            sure: place.confidence >= DEFAULT_REVIEW_THRESHOLD && !place.in_stop,
        })
    }

    /// At a gate that is a marker a person has set, the moment is theirs.
    fn passed_gate(&self, gate: &Marker, set: &SetMoments<'_>) -> Option<Passed> {
        match set.of_marker(&gate.id, gate.t_ref_secs) {
            Some(t_new_secs) => Some(Passed {
                t_new_secs,
                half_width_secs: 0.0,
                sure: true,
            }),
            None => self.passed(gate.t_ref_secs),
        }
    }

    fn through(&self, gates: &[Marker]) -> RunSplits {
        let set = self.edits.moments();
        let passed: Vec<(&Marker, Option<Passed>)> = gates
            .iter()
            .map(|gate| (gate, self.passed_gate(gate, &set)))
            .collect();
        let start = passed.first();
        let section = |from: &(&Marker, Option<Passed>), to: &(&Marker, Option<Passed>)| {
            let delta = delta(from, to);
            let since_start = start.and_then(|start| self::delta(start, to));
            Section {
                gates: (from.0.name.clone(), to.0.name.clone()),
                t_ref_secs: (from.0.t_ref_secs, to.0.t_ref_secs),
                t_new_secs: from.1.zip(to.1).map(|(a, b)| (a.t_new_secs, b.t_new_secs)),
                delta: delta.map(|delta| (delta.secs, delta.interval().0, delta.interval().1)),
                delta_cumulative: since_start.map(|delta| delta.secs),
                status: match from.1.zip(to.1) {
                    None => "outside",
                    // Gates out of order: one of them is not where it was set or found.
                    Some((a, b)) if a.sure && b.sure && b.t_new_secs > a.t_new_secs => "ok",
                    Some(_) => "review",
                },
            }
        };
        let sections: Vec<Section> = passed
            .iter()
            .zip(passed.iter().skip(1))
            .map(|(from, to)| section(from, to))
            .collect();
        RunSplits {
            name: self.name.clone(),
            total: start.zip(passed.last()).map(|(from, to)| section(from, to)),
            sections,
        }
    }

    /// Delta from the first gate to the end of the reference, or to the last gate where nobody knows that
    /// end. Without a counterpart of the first gate nothing is known.
    ///
    /// # Errors
    /// More points than a table can hold.
    fn delta(&self, (from_secs, last_secs): (f64, f64), step_secs: f64) -> Result<Vec<DeltaRow>, MapProblem> {
        let told = self
            .file
            .reference
            .as_ref()
            .map(|r| r.duration)
            .filter(|d| *d > 0.0);
        // A line of version 1 has no ends of its own.
        let segment = self.warp.segments().last().filter(|_| self.file.line().is_none());
        let to_secs = told.unwrap_or(segment.map_or(last_secs, |s| s.ref_range().1));
        let start = self.passed(from_secs);
        let steps = ((to_secs - from_secs) / step_secs + 1e-9).max(0.0);
        if steps >= MAX_POINTS as f64 {
            return Err(MapProblem::StepTooSmall);
        }
        let rows = (0..=steps as usize).map(|k| {
            let t_ref_secs = from_secs + k as f64 * step_secs;
            let known = start.zip(self.passed(t_ref_secs)).map(|(start, here)| {
                // A place differs from itself by nothing, however badly it is known.
                let ends = [start, here].map(|passed| if k == 0 { 0.0 } else { passed.half_width_secs });
                let new_secs = here.t_new_secs - start.t_new_secs;
                let delta = Delta::of(t_ref_secs - from_secs, new_secs, ends);
                let (low, high) = delta.interval();
                (here.t_new_secs, delta.secs, low, high)
            });
            DeltaRow { t_ref_secs, known }
        });
        Ok(rows.collect())
    }
}

/// What a run took longer from gate to gate than the reference.
fn delta(from: &(&Marker, Option<Passed>), to: &(&Marker, Option<Passed>)) -> Option<Delta> {
    let (a, b) = from.1.zip(to.1)?;
    Some(Delta::of(
        to.0.t_ref_secs - from.0.t_ref_secs,
        b.t_new_secs - a.t_new_secs,
        [a.half_width_secs, b.half_width_secs],
    ))
}

/// Best run of each section, and the sum of those.
fn ideal(runs: &[RunSplits]) -> (Vec<Option<usize>>, Option<f64>) {
    let count = runs.first().map_or(0, |run| run.sections.len());
    let time = |run: &RunSplits, k: usize| run.sections.get(k).and_then(Section::new_secs);
    let best: Vec<(Option<usize>, Option<f64>)> = (0..count)
        .map(|k| {
            let timed = runs
                .iter()
                .enumerate()
                .filter_map(|(i, run)| Some((i, time(run, k)?)));
            timed
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map_or((None, None), |(i, secs)| (Some(i), Some(secs)))
        })
        .collect();
    let sum = best.iter().map(|(_, secs)| *secs).sum();
    (best.into_iter().map(|(run, _)| run).collect(), sum)
}
