//! What readers are given and what they find.

use std::collections::BTreeMap;

use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_formats::is_moment;

use super::error::ImportError;
use super::format::ImportFormat;
use crate::time::{Counting, Rate};
use crate::tuning::SAME_TIME_SECS;

/// Warnings kept of one file: a file of another kind would give one for each line.
pub(super) const MAX_WARNINGS: usize = 64;

/// What the file may not say itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportOptions {
    /// Frame rate for files that count frames without saying at which rate.
    pub rate: Option<Rate>,
    /// Counting of timecode, against what the file says.
    pub counting: Option<Counting>,
    /// Timecode of the start of the timeline, against what the file says.
    pub timeline_start: Option<String>,
}

/// The markers of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imported {
    /// What the file was read as; `None` for tags of a video.
    pub format: Option<ImportFormat>,
    /// Frame rate of the file, or the one assumed; `None` where times are seconds.
    pub rate: Option<Rate>,
    /// Timecode the times are counted from, where the file has timecode.
    pub start: Option<String>,
    /// In order of time.
    pub markers: Vec<ImportedMarker>,
    /// What was skipped or guessed.
    pub warnings: Vec<String>,
}

/// A marker of an editor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportedMarker {
    /// Seconds from the start of the timeline or clip.
    pub t_ref_secs: f64,
    /// End, for markers with a length.
    pub t_ref_end_secs: Option<f64>,
    /// Name, may be empty.
    pub name: String,
    /// Colour name of this program, empty without one.
    pub colour: String,
    /// Free text.
    pub comment: String,
    /// Where it comes from: a format's name, `hilight`, `chapters`.
    pub source: String,
}

/// Keeps a warning, as long as there are not too many.
pub(super) fn warn(warnings: &mut Vec<String>, warning: String) {
    match warnings.len() {
        MAX_WARNINGS.. => {}
        len if len + 1 == MAX_WARNINGS => warnings.push("further warnings are left out".to_owned()),
        _ => warnings.push(warning),
    }
}

impl Imported {
    /// Sorts the markers and removes doubles, and what lies where no recording is.
    ///
    /// # Errors
    /// No marker is left.
    pub(super) fn finish(mut self) -> Result<Self, ImportError> {
        let mut warnings = std::mem::take(&mut self.warnings);
        self.markers.retain_mut(|marker| {
            marker.t_ref_end_secs = marker.t_ref_end_secs.filter(|secs| is_moment(*secs));
            let is_believed = is_moment(marker.t_ref_secs);
            if !is_believed {
                warn(
                    &mut warnings,
                    format!("marker `{}` lies beyond 7 days and is skipped", marker.name),
                );
            }
            is_believed
        });
        self.warnings = warnings;
        self.markers.sort_by(|a, b| a.t_ref_secs.total_cmp(&b.t_ref_secs));
        // Time of the last marker kept of each name: a file may hold any number of markers at one time.
        let mut last_secs: BTreeMap<String, f64> = BTreeMap::new();
        self.markers.retain(|marker| {
            let last = last_secs.get(&marker.name);
            let is_double = last.is_some_and(|last| marker.t_ref_secs - last <= SAME_TIME_SECS);
            if !is_double {
                last_secs.insert(marker.name.clone(), marker.t_ref_secs);
            }
            !is_double
        });
        if self.markers.is_empty() {
            let warnings = self.warnings;
            return Err(ImportError::NoMarkers { warnings });
        }
        Ok(self)
    }

    /// The marker CSV: `marker_id,name,t_ref,t_ref_end,colour,comment,source`.
    pub fn to_csv(&self) -> Vec<u8> {
        let columns = [
            "marker_id",
            "name",
            "t_ref",
            "t_ref_end",
            "colour",
            "comment",
            "source",
        ];
        let mut writer = CsvWriter::new(&columns);
        for (index, marker) in self.markers.iter().enumerate() {
            writer.row(&[
                &format!("M{:03}", index + 1),
                &marker.name,
                &seconds6(marker.t_ref_secs),
                &marker.t_ref_end_secs.map(seconds6).unwrap_or_default(),
                &marker.colour,
                &marker.comment,
                &marker.source,
            ]);
        }
        writer.into_bytes()
    }
}
