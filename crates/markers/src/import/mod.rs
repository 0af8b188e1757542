//! Editor files in (editors.md section 5): told apart by content, read tolerantly, turned into reference
//! markers in seconds from the start of the timeline.
//!
//! Each reader takes text and gives the markers it found; what they share, sorting, doubles, ids, is done here.
//! A damaged part of a file gives a warning and the rest is read.

mod avid;
mod chapters;
mod detect;
mod edl;
mod error;
mod fcpxml;
mod otio;
mod start;
mod table;
mod xmeml;
mod xml;

pub use detect::ImportFormat;
pub use error::ImportError;

use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_formats::{TextEncoding, decode_text};

use crate::colour::MarkerColour;
use crate::time::{Counting, Rate};

/// Larger inputs are refused: no editor writes marker files of this size.
pub const MAX_IMPORT_BYTES: usize = 64 << 20;
/// Two markers of one name this close together are one (a marker on a sequence and on its clip).
const SAME_TIME_SECS: f64 = 1e-6;

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
#[derive(Debug, Clone, PartialEq)]
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

/// What a reader found in a text.
#[derive(Debug, Default)]
struct Found {
    rate: Option<Rate>,
    start: Option<String>,
    markers: Vec<ImportedMarker>,
    warnings: Vec<String>,
}

/// Reads the markers of an editor file. `format` = `None` tells the format by its content.
///
/// # Errors
/// Unknown, too large, refused or damaged content; or no marker in it.
pub fn import(
    bytes: &[u8],
    format: Option<ImportFormat>,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    if bytes.len() > MAX_IMPORT_BYTES {
        return Err(ImportError::TooLarge);
    }
    let (text, encoding) = decode_text(bytes);
    let format = format
        .or_else(|| detect::detect(&text))
        .ok_or(ImportError::UnknownFormat)?;
    let mut found = match format {
        ImportFormat::ResolveEdl | ImportFormat::Edl => edl::read(&text, options)?,
        ImportFormat::Fcpxml => fcpxml::read(&text, options)?,
        ImportFormat::Xmeml => xmeml::read(&text, options)?,
        ImportFormat::Otio => otio::read(&text)?,
        ImportFormat::Avid => avid::read(&text, options)?,
        ImportFormat::Youtube => chapters::read_youtube(&text),
        ImportFormat::Ffmetadata => chapters::read_ffmetadata(&text),
        ImportFormat::Json => table::read_json(&text, options)?,
        ImportFormat::Csv => table::read_csv(bytes, options)?,
    };
    if encoding == TextEncoding::Windows1252 && format != ImportFormat::Csv {
        found.warnings.push("not UTF-8, read as Windows-1252".to_owned());
    }
    for marker in &mut found.markers {
        marker.source = format.name().to_owned();
        marker.colour = own_colour(&marker.colour, &mut found.warnings);
    }
    finish(Some(format), found)
}

/// Markers from tags inside a video (HiLights, chapters), read by the crates that know containers.
///
/// # Errors
/// No tag at all.
pub fn from_tags(tags: Vec<ImportedMarker>) -> Result<Imported, ImportError> {
    finish(
        None,
        Found {
            markers: tags,
            ..Found::default()
        },
    )
}

fn finish(format: Option<ImportFormat>, found: Found) -> Result<Imported, ImportError> {
    let Found {
        rate,
        start,
        mut markers,
        warnings,
    } = found;
    markers.retain(|marker| marker.t_ref_secs.is_finite());
    markers.sort_by(|a, b| a.t_ref_secs.total_cmp(&b.t_ref_secs));
    let mut kept: Vec<ImportedMarker> = Vec::with_capacity(markers.len());
    for marker in markers {
        let near = kept
            .iter()
            .rev()
            .take_while(|other| marker.t_ref_secs - other.t_ref_secs <= SAME_TIME_SECS);
        if !near.into_iter().any(|other| other.name == marker.name) {
            kept.push(marker);
        }
    }
    if kept.is_empty() {
        return Err(ImportError::NoMarkers { warnings });
    }
    Ok(Imported {
        format,
        rate,
        start,
        markers: kept,
        warnings,
    })
}

/// This program's name for a colour of an editor.
fn own_colour(text: &str, warnings: &mut Vec<String>) -> String {
    match MarkerColour::parse(text) {
        Ok(colour) => colour.own_name(),
        Err(unknown) => {
            let warning = unknown.to_string();
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
            String::new()
        }
    }
}

impl Imported {
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
