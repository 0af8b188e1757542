//! What a person has set in the folder of a run that is made again.

use std::path::{Path, PathBuf};

use mtbsync_align::WarpSettings;
use mtbsync_align::fit::Anchor;
use mtbsync_align::pair::Pair;
use mtbsync_artefacts::anchors::{ANCHORS_FILE, AnchorRow, joined, rows_csv};
use mtbsync_artefacts::edits::{EDIT_FILES, EditCounts, Edits, put_aside};
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, TIMEWARP_FILE, TimeWarpFile, read_warp};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;

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
    pub counts: EditCounts,
    /// Lines for the person.
    pub warnings: Vec<String>,
    /// Anchors that are not from the run.
    given: Vec<Anchor>,
    /// Why the files are put aside, if they are.
    aside: Option<&'static str>,
    /// Whether the anchors are others than those in the folder.
    new_anchors: bool,
}

impl KeptEdits {
    /// Reads what was set in `folder` before. It counts when the folder holds a run of the same two
    /// recordings, or nobody can say of which, unless it is to be dropped.
    pub fn of(request: &SyncRequest, folder: &Path, inputs: &Inputs) -> Result<Self, PipelineError> {
        let given = &inputs.anchors;
        let aside = if request.discard_edits {
            Some("as asked")
        } else if is_of_another_pair(folder, inputs) {
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
                .filter(|row| anchors.contains(row))
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
            aside,
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

    /// Where no markers were named and a person has set some of those in the run's own table, these count.
    pub fn add_markers(&self, inputs: &mut Inputs, folder: &Path) -> Result<(), PipelineError> {
        let path = folder.join(NEW_MARKERS_FILE);
        if inputs.markers.is_none() && self.counts.confirmed + self.counts.moved > 0 && path.is_file() {
            inputs.markers = Some(read_marker_table(&Input::File(path), None)?);
        }
        Ok(())
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
        if self.new_anchors {
            run.put(ANCHORS_FILE, &rows_csv(&self.edits.anchors))?;
        }
        Ok(())
    }
}

/// The names of files for a person.
pub(super) fn names(paths: &[PathBuf]) -> String {
    let names = paths.iter().filter_map(|path| path.file_name());
    names
        .map(|name| name.to_string_lossy())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether the map in `folder` says it is of other recordings.
fn is_of_another_pair(folder: &Path, inputs: &Inputs) -> bool {
    // A map that cannot be read says nothing.
    let Ok(TimeWarpFile { reference, new, .. }) = read_warp(&folder.join(TIMEWARP_FILE)) else {
        return false;
    };
    let differs =
        |known: Option<String>, is: &str| known.is_some_and(|known| !known.is_empty() && known != is);
    differs(
        reference.map(|side| side.fingerprint),
        &inputs.reference.source.fingerprint,
    ) || differs(new.map(|side| side.fingerprint), &inputs.new.source.fingerprint)
}
