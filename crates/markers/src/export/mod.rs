//! Editor files out (docs/reference/exporters.md).
//!
//! The table in `preset.rs` has a row for each format and names the function that writes it. Everything they
//! share happens before: markers are read from a table ([`ExportTable`]), put on frames and given their final
//! name, note and colour. Nothing here touches the disk: the result is bytes and a summary.

mod avid;
mod clean;
mod columns;
mod edl;
mod error;
mod fcpxml;
mod ffmetadata;
mod input;
mod job;
mod options;
mod otio;
mod place;
mod premiere;
mod premiere_csv;
mod preset;
mod xml;
mod youtube;

pub use error::ExportError;
pub use input::{ExportMarker, ExportTable, TableOptions};
pub use options::ExportOptions;
pub use preset::Preset;

pub use crate::clip::{AudioInfo, ClipInfo};
use job::ExportJob;

/// A finished export.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The content of the output and, beyond 999 events, of its further files; see [`numbered_name`].
    pub files: Vec<Vec<u8>>,
    /// What happened.
    pub summary: ExportSummary,
}

/// What happened in an export.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExportSummary {
    /// Markers in the output.
    pub exported: usize,
    /// Markers left out: without a time, outside, or below the confidence asked for.
    pub skipped: usize,
    /// Markers moved to the next free frame.
    pub shifted: usize,
    /// Markers joined with another one.
    pub merged: usize,
    /// Markers moved into the clip.
    pub clamped: usize,
    /// Frame rate of the output, where it has frames.
    pub rate: Option<crate::time::Rate>,
    /// Start timecode of the output, where it has one.
    pub start: Option<String>,
    /// What to do with the file.
    pub hints: Vec<String>,
    /// What was changed or guessed.
    pub warnings: Vec<String>,
}

/// Exports the markers of `table` in the format of `preset`.
///
/// ```
/// use mtbsync_markers::export::{ExportOptions, ExportTable, Preset, TableOptions, export};
/// use mtbsync_markers::time::Rate;
///
/// let table = ExportTable::parse(b"name,t_new\nRock garden,10.01\n", TableOptions::default())?;
/// let made = export(Preset::ResolveEdl, &table, &ExportOptions::new(Rate::parse("29.97")?, "new_markers"))?;
/// let text = String::from_utf8_lossy(&made.files[0]);
/// assert!(text.contains("C        01:00:10:00 01:00:10:01"));
/// assert!(text.contains("|M:Rock garden |D:1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Options that do not fit the format, or too few markers for it; see [`ExportError`].
pub fn export(preset: Preset, table: &ExportTable, options: &ExportOptions) -> Result<Export, ExportError> {
    let job = ExportJob::new(preset.format(), table, options)?;
    let written = (preset.format().write)(&job)?;
    let mut warnings = job.warnings.clone();
    warnings.extend(written.warnings);
    if written.exported == 0 {
        warnings.push("no markers to export".to_owned());
    }
    // Formats without frames did not use the placement.
    let on_frames = |count: usize| if preset.has_frames() { count } else { 0 };
    let summary = ExportSummary {
        exported: written.exported,
        skipped: table.skipped,
        shifted: on_frames(job.placement.shifted),
        merged: on_frames(job.placement.merged) + written.merged,
        clamped: on_frames(job.placement.clamped),
        rate: preset.has_frames().then_some(job.base.rate()),
        start: preset.has_timecode().then(|| job.base.format(job.start_frame)),
        hints: written.hint.into_iter().collect(),
        warnings,
    };
    Ok(Export {
        files: written.files,
        summary,
    })
}

/// The name of the further file `number` (from 2) beside `name`: `markers.edl` becomes `markers_2.edl`.
pub fn numbered_name(name: &str, number: usize) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem}_{number}.{extension}"),
        Some(_) | None => format!("{name}_{number}"),
    }
}
