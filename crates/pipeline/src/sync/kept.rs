//! What a person has set in the folder of a run that is made again.

use std::path::{Path, PathBuf};

use mtbsync_align::fit::Anchor;
use mtbsync_align::pair::Pair;
use mtbsync_align::{WarpModel, WarpSettings};
use mtbsync_artefacts::anchors::{ANCHORS_FILE, AnchorRow, joined, rows_csv};
use mtbsync_artefacts::annotations::{ANNOTATIONS_FILE, Annotation};
use mtbsync_artefacts::edits::{EDIT_FILES, EditCounts, Edits, put_aside};
use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, TIMEWARP_FILE, TimeWarpFile, read_warp};
use mtbsync_formats::json;
use mtbsync_index::describe::absolute;
use mtbsync_markers::Marker;
use mtbsync_quality::perf::{PERF_FILE, Perf};
use mtbsync_task::error::{PipelineError, optional};
use mtbsync_task::files::{Input, exists};

use super::SyncRequest;
use super::inputs::Inputs;
use super::outputs::SyncRun;
use crate::map::doubt::{Doubt, doubts};
use crate::markers::import::read_marker_table;

/// The notes and anchors of the run, and what becomes of its files.
pub(super) struct KeptEdits {
    /// Notes of the run; anchors of the run, and those that were named.
    pub edits: Edits,
    /// Of the run, and kept.
    counts: EditCounts,
    /// Nobody else changes them until the run is written.
    pub lock: RunLock,
    /// Lines for the person.
    pub warnings: Vec<String>,
    /// Anchors that are not from the run.
    given: Vec<Anchor>,
    /// Why the files are put aside, if they are.
    aside: Option<&'static str>,
    /// Whether the anchors are others than those in the folder.
    new_anchors: bool,
    /// Anchors of the run that others take the place of.
    replaced: usize,
}

impl KeptEdits {
    /// Reads what was set in `folder` before. It counts when the folder holds a run of the same two
    /// recordings, or nobody can say of which, unless it is to be dropped.
    pub fn of(request: &SyncRequest, folder: &Path, inputs: &Inputs) -> Result<Self, PipelineError> {
        let lock = RunLock::wait(folder);
        let given = &inputs.anchors;
        let aside = if request.discard_edits {
            Some("as asked")
        } else if is_of_another_pair(request, folder, inputs)? {
            Some("they belong to other recordings")
        } else {
            None
        };
        let earlier = match aside {
            Some(_) => Edits::default(),
            None => Edits::read(folder)?,
        };
        let (anchors, replaced) = joined(given, &earlier.anchors);
        let mut warnings = Vec::new();
        let counts_anchors = request.warp.model != WarpModel::Affine;
        if !counts_anchors && !anchors.is_empty() {
            warnings.push("anchors do not count for one straight line (‹warp-model affine›)".to_owned());
        }
        if replaced > 0 {
            let plural = if replaced == 1 { "" } else { "s" };
            warnings.push(format!(
                "{replaced} earlier anchor{plural} of this run replaced by what was given"
            ));
        }
        let counts = Edits {
            notes: earlier.notes.clone(),
            anchors: earlier
                .anchors
                .iter()
                .filter(|row| counts_anchors && anchors.contains(row))
                .cloned()
                .collect(),
        }
        .counts();
        Ok(Self {
            new_anchors: anchors != earlier.anchors,
            given: given
                .iter()
                .filter(|row| !earlier.anchors.contains(row))
                .map(AnchorRow::anchor)
                .collect(),
            edits: Edits {
                notes: earlier.notes,
                anchors,
            },
            counts,
            warnings,
            replaced,
            aside,
            lock,
        })
    }

    /// The anchors as the fit takes them.
    pub fn anchors(&self) -> Vec<Anchor> {
        self.edits.anchors.iter().map(AnchorRow::anchor).collect()
    }

    /// What the pictures say against anchors that were given.
    pub fn doubts(&self, pairs: &[Pair], inputs: &Inputs, settings: &WarpSettings) -> Vec<String> {
        let durations_secs = (
            inputs.new.source.duration_secs,
            inputs.reference.source.duration_secs,
        );
        let doubts = doubts(pairs, &self.anchors(), &self.given, settings, durations_secs);
        doubts.iter().map(Doubt::warning).collect()
    }

    /// Where no markers were named and a person has set something, those in the run's own table go on.
    pub fn add_markers(&self, inputs: &mut Inputs, folder: &Path) -> Result<(), PipelineError> {
        let path = folder.join(NEW_MARKERS_FILE);
        if inputs.markers.is_none() && self.counts != EditCounts::default() && exists(&path)? {
            inputs.markers = Some(read_marker_table(&Input::File(path), None)?);
        }
        Ok(())
    }

    /// How much of what was set before counts for `markers`, and a line for those moments that are at none of
    /// them any more.
    pub fn counted(&self, markers: &[Marker]) -> (EditCounts, Option<String>) {
        let is_set = |note: &&Annotation| note.marker_id.is_some() && note.t_new.is_some();
        let is_met = |note: &Annotation| markers.iter().any(|m| note.is_about(&m.id, m.t_ref_secs));
        let unmet: Vec<&Annotation> = self
            .edits
            .notes
            .iter()
            .filter(is_set)
            .filter(|note| !is_met(note))
            .collect();
        let confirmed = unmet.iter().filter(|note| note.is_confirmed()).count();
        let counts = EditCounts {
            confirmed: self.counts.confirmed - confirmed,
            moved: self.counts.moved - (unmet.len() - confirmed),
            ..self.counts
        };
        let place = |note: &&Annotation| match note.t_ref {
            Some(secs) => format!("{secs:.2} s"),
            None => format!("marker {}", note.marker_id.as_deref().unwrap_or_default()),
        };
        let line = unmet.first().map(|first| {
            let more = match unmet.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            format!(
                "set by hand, but no marker is there any more: {} of the reference{more}; the notes stay in {ANNOTATIONS_FILE}",
                place(first)
            )
        });
        (counts, line)
    }

    /// Writes the anchors that counted, and puts the files aside that do not count.
    pub fn write(&self, run: &mut SyncRun<'_>) -> Result<(), PipelineError> {
        if let Some(why) = self.aside {
            let copies = put_aside(&run.target.folder, &EDIT_FILES, &mut run.set)?;
            if !copies.is_empty() {
                run.warnings.push(format!(
                    "earlier notes and anchors are not used, {why}: kept as {}",
                    names(&copies)
                ));
            }
        }
        // Of a run that is refused, nobody knows whether the given ones were right.
        if self.new_anchors && run.usable {
            if self.replaced > 0 {
                put_aside(&run.target.folder, &[ANCHORS_FILE], &mut run.set)?;
            }
            run.put_anchors(&rows_csv(&self.edits.anchors))?;
        }
        Ok(())
    }
}

/// The names of files for a person.
fn names(paths: &[PathBuf]) -> String {
    let names = paths.iter().filter_map(|path| path.file_name());
    names
        .map(|name| name.to_string_lossy())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether the files in `folder` say that they are of other recordings: its map, else its telemetry.
///
/// # Errors
/// Files that are there and that the system cannot read.
fn is_of_another_pair(request: &SyncRequest, folder: &Path, inputs: &Inputs) -> Result<bool, PipelineError> {
    let (is_reference, is_new) = (&inputs.reference.source, &inputs.new.source);
    // A map that is damaged says nothing.
    if let Some(TimeWarpFile { reference, new, .. }) = optional(read_warp(&folder.join(TIMEWARP_FILE)))? {
        let differs =
            |known: Option<String>, is: &str| known.is_some_and(|known| !known.is_empty() && known != is);
        return Ok(
            differs(reference.map(|side| side.fingerprint), &is_reference.fingerprint)
                || differs(new.map(|side| side.fingerprint), &is_new.fingerprint),
        );
    }
    let perf = optional(json::read::<Perf>(&folder.join(PERF_FILE)))?;
    Ok(perf.is_some_and(|perf| {
        perf.pair.reference != absolute(&request.reference) || perf.pair.new != absolute(&request.new)
    }))
}
