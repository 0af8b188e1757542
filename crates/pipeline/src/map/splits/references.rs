//! Which runs are of one reference, and which markers are its gates.

use std::path::{Path, PathBuf};

use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, RecordingFile};
use mtbsync_markers::Marker;
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;

use super::files::DeltaCurve;
use super::{RunSplits, SAME_GATE_SECS, SplitRun, SplitsRequest, SplitsTable, ideal};
use crate::map::error::MapProblem;
use crate::markers::import::read_marker_table;

/// Times of one marker in two tables differ at most by this, seconds: they are written with six decimals, and
/// editors count frames of at least a hundredth.
const SAME_MARKER_SECS: f64 = 5e-3;

/// Runs of one reference and the markers on it, in order of reference time.
pub(super) struct GatedRuns {
    reference: String,
    runs: Vec<SplitRun>,
    gates: Vec<Marker>,
}

impl GatedRuns {
    /// All runs through all sections.
    pub fn table(&self) -> SplitsTable {
        let runs: Vec<RunSplits> = self.runs.iter().map(|run| run.through(&self.gates)).collect();
        let (best, ideal_secs) = ideal(&runs);
        SplitsTable {
            reference: self.reference.clone(),
            runs,
            best,
            ideal_secs,
        }
    }

    /// The continuous delta of each run.
    ///
    /// # Errors
    /// Steps too small for the length of the reference.
    pub fn curves(&self, step_secs: f64) -> impl Iterator<Item = Result<DeltaCurve, MapProblem>> {
        let secs = |gate: Option<&Marker>| gate.map_or(0.0, |gate| gate.t_ref_secs);
        let ends = (secs(self.gates.first()), secs(self.gates.last()));
        self.runs.iter().map(move |run| {
            Ok(DeltaCurve {
                reference: self.reference.clone(),
                name: run.name.clone(),
                rows: run.delta(ends, step_secs)?,
            })
        })
    }
}

/// The runs of each reference with its gates, references in the order in which they come first.
///
/// # Errors
/// No reference has two gates, or markers were named and it cannot be told of which reference they are.
pub(super) fn by_reference(
    runs: Vec<SplitRun>,
    request: &SplitsRequest,
    warnings: &mut Vec<String>,
) -> Result<Vec<GatedRuns>, PipelineError> {
    let mut groups: Vec<(String, Vec<SplitRun>)> = Vec::new();
    for run in runs {
        let key = reference_key(&run);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    let named = match &request.markers {
        Some(input) => Some((input, read_gates(input, warnings)?)),
        None => None,
    };
    let is_alone = groups.len() == 1;
    let names = reference_names(&groups);
    let (mut gated, mut first_error) = (Vec::new(), None);
    let mut is_named_used = false;
    for ((_, runs), reference) in groups.into_iter().zip(names) {
        let own = if is_alone && named.is_some() {
            Ok(None)
        } else {
            own_gates(&runs, warnings)
        };
        let has_named =
            |gates: &[Marker]| is_alone || matches!(&own, Ok(Some(own)) if holds(&own.gates, gates));
        let (gates, source) = match named.as_ref().filter(|(_, gates)| has_named(gates)) {
            Some((input, gates)) => {
                is_named_used = true;
                (gates.clone(), input.path().to_owned())
            }
            None => match own {
                Ok(Some(own)) => {
                    warnings.extend(own.warnings);
                    (own.gates, own.path)
                }
                without => {
                    let folder = runs.first().map(|run| run.folder.clone()).unwrap_or_default();
                    let none = || PipelineError::from(MapProblem::NoMarkers).at(&folder);
                    let error = without.err().unwrap_or_else(none);
                    if !is_alone {
                        warnings.push(left_out(&reference, &error));
                    }
                    first_error.get_or_insert(error);
                    continue;
                }
            },
        };
        match select(gates, request.sections.as_deref(), &source) {
            Ok(gates) => gated.push(GatedRuns {
                reference,
                runs,
                gates,
            }),
            Err(error) => {
                if !is_alone {
                    warnings.push(left_out(&reference, &error));
                }
                first_error.get_or_insert(error);
            }
        }
    }
    match (&named, first_error) {
        (Some((input, _)), _) if !is_named_used => {
            Err(PipelineError::from(MapProblem::WhoseMarkers).at(input.path()))
        }
        (_, Some(error)) if gated.is_empty() => Err(error),
        _ => Ok(gated),
    }
}

fn left_out(reference: &str, error: &PipelineError) -> String {
    format!("runs of {reference} are left out: {}", error.what())
}

/// What tells references apart: content, where the map knows it, else the path.
fn reference_key(run: &SplitRun) -> String {
    let reference = run.file.reference.as_ref();
    reference.map_or("", RecordingFile::key).to_owned()
}

/// What each reference is called: the name of its file, and its path where another has the same name.
fn reference_names(groups: &[(String, Vec<SplitRun>)]) -> Vec<String> {
    let path = |runs: &Vec<SplitRun>| {
        let reference = runs.first().and_then(|run| run.file.reference.as_ref());
        reference.map_or_else(String::new, |reference| reference.path.clone())
    };
    let name = |path: &String| {
        let name = Path::new(path).file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    let paths: Vec<String> = groups.iter().map(|(_, runs)| path(runs)).collect();
    let is_shared = |own: &String| paths.iter().filter(|path| name(path) == *own).count() > 1;
    paths
        .iter()
        .map(|path| {
            Some(name(path))
                .filter(|own| !is_shared(own))
                .unwrap_or_else(|| path.clone())
        })
        .collect()
}

/// Markers that a run carried over.
struct OwnGates {
    gates: Vec<Marker>,
    path: PathBuf,
    warnings: Vec<String>,
}

/// The markers of the first run that carried some over; says when another run has others. A table that cannot
/// be read is left out with a warning.
///
/// # Errors
/// There are tables, and none of them can be read.
fn own_gates(runs: &[SplitRun], warnings: &mut Vec<String>) -> Result<Option<OwnGates>, PipelineError> {
    let (mut found, mut first_error): (Option<OwnGates>, _) = (None, None);
    for run in runs {
        let path = run.folder.join(NEW_MARKERS_FILE);
        if matches!(path.try_exists(), Ok(false)) {
            continue;
        }
        let gates = match read_gates(&Input::new(&path), &mut Vec::new()) {
            Ok(gates) => gates,
            Err(error) => {
                warnings.push(format!("{} is left out: {}", path.display(), error.what()));
                first_error.get_or_insert(error);
                continue;
            }
        };
        match &mut found {
            None => {
                let warnings = Vec::new();
                found = Some(OwnGates {
                    gates,
                    path,
                    warnings,
                });
            }
            Some(first) if !(holds(&first.gates, &gates) && holds(&gates, &first.gates)) => {
                let (path, gates) = (path.display(), first.path.display());
                first.warnings.push(format!(
                    "{path} has other markers than {gates}, which are the gates"
                ));
            }
            Some(_) => {}
        }
    }
    match first_error {
        Some(error) if found.is_none() => Err(error),
        _ => Ok(found),
    }
}

/// Whether each of the markers is in the table.
fn holds(table: &[Marker], markers: &[Marker]) -> bool {
    let mut places: Vec<f64> = table.iter().map(|marker| marker.t_ref_secs).collect();
    places.sort_by(f64::total_cmp);
    markers.iter().all(|marker| {
        let from = places.partition_point(|secs| *secs <= marker.t_ref_secs - SAME_MARKER_SECS);
        let next = places.get(from);
        next.is_some_and(|secs| *secs < marker.t_ref_secs + SAME_MARKER_SECS)
    })
}

fn read_gates(input: &Input, warnings: &mut Vec<String>) -> Result<Vec<Marker>, PipelineError> {
    let table = read_marker_table(input, None)?;
    warnings.extend(table.warnings);
    Ok(table.markers)
}

/// The markers that divide the trail, in order of reference time.
fn select(
    mut gates: Vec<Marker>,
    names: Option<&[String]>,
    source: &Path,
) -> Result<Vec<Marker>, PipelineError> {
    if let Some(names) = names {
        let is_missing = |name: &&String| gates.iter().all(|gate| gate.name != **name);
        if let Some(missing) = names.iter().find(is_missing) {
            return Err(PipelineError::from(MapProblem::NoSuchMarker(missing.clone())).at(source));
        }
        gates.retain(|gate| names.contains(&gate.name));
    }
    gates.sort_by(|a, b| a.t_ref_secs.total_cmp(&b.t_ref_secs));
    gates.dedup_by(|a, b| a.t_ref_secs - b.t_ref_secs < SAME_GATE_SECS);
    if gates.len() < 2 {
        return Err(PipelineError::from(MapProblem::FewGates(gates.len())).at(source));
    }
    Ok(gates)
}
