//! Editor files in (docs/reference/importers.md#how-each-format-is-read): told apart by content, read
//! tolerantly, turned into reference markers in seconds from the start of the timeline.
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
mod timeline;
mod xmeml;
mod xml;

pub use detect::ImportFormat;
pub use error::ImportError;

use std::collections::BTreeMap;

use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_formats::{TextEncoding, decode_text};

use crate::colour::MarkerColour;
use crate::time::{Counting, Rate};

/// Larger inputs are refused: no editor writes marker files of this size.
pub const MAX_IMPORT_BYTES: usize = 64 << 20;
/// Warnings kept of one file: a file of another kind would give one for each line.
const MAX_WARNINGS: usize = 64;
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
struct FoundMarkers {
    rate: Option<Rate>,
    start: Option<String>,
    markers: Vec<ImportedMarker>,
    warnings: Vec<String>,
}

/// Reads the markers of an editor file. `format` = `None` tells the format by its content.
///
/// ```
/// use mtbsync_markers::import::{ImportFormat, ImportOptions, import};
///
/// let chapters = "0:00 Start\nMy favourite part:\n1:02:03 Rock garden\n";
/// let imported = import(chapters.as_bytes(), None, &ImportOptions::default())?;
/// assert_eq!(imported.format, Some(ImportFormat::Youtube));
/// assert_eq!(imported.markers[1].t_ref_secs, 3723.0);
/// # Ok::<(), mtbsync_markers::import::ImportError>(())
/// ```
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
        FoundMarkers {
            markers: tags,
            ..FoundMarkers::default()
        },
    )
}

fn finish(format: Option<ImportFormat>, found: FoundMarkers) -> Result<Imported, ImportError> {
    let FoundMarkers {
        rate,
        start,
        mut markers,
        warnings,
    } = found;
    markers.retain(|marker| marker.t_ref_secs.is_finite());
    markers.sort_by(|a, b| a.t_ref_secs.total_cmp(&b.t_ref_secs));
    // Time of the last marker kept of each name: a file may hold any number of markers at one time.
    let mut last_secs: BTreeMap<String, f64> = BTreeMap::new();
    markers.retain(|marker| {
        let is_double = last_secs
            .get(&marker.name)
            .is_some_and(|last| marker.t_ref_secs - last <= SAME_TIME_SECS);
        if !is_double {
            last_secs.insert(marker.name.clone(), marker.t_ref_secs);
        }
        !is_double
    });
    if markers.is_empty() {
        return Err(ImportError::NoMarkers { warnings });
    }
    Ok(Imported {
        format,
        rate,
        start,
        markers,
        warnings,
    })
}

/// Keeps a warning, as long as there are not too many.
fn warn(warnings: &mut Vec<String>, warning: String) {
    match warnings.len() {
        MAX_WARNINGS.. => {}
        len if len + 1 == MAX_WARNINGS => warnings.push("further warnings are left out".to_owned()),
        _ => warnings.push(warning),
    }
}

/// This program's name for a colour of an editor.
fn own_colour(text: &str, warnings: &mut Vec<String>) -> String {
    match MarkerColour::parse(text) {
        Ok(colour) => colour.own_name(),
        Err(unknown) => {
            let warning = unknown.to_string();
            if !warnings.contains(&warning) {
                warn(warnings, warning);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_a_strange_file_are_few() {
        let mut text = String::from("A marker\t00:00:01:00\tV1\tred\tx\n");
        text.push_str(&"nonsense\n".repeat(1000));
        let options = ImportOptions::default();
        let imported = import(text.as_bytes(), Some(ImportFormat::Avid), &options).unwrap();
        assert_eq!(imported.warnings.len(), MAX_WARNINGS);
        assert_eq!(imported.warnings.last().unwrap(), "further warnings are left out");
    }

    #[test]
    fn doubles_go_and_a_hundred_thousand_markers_of_one_time_stay() {
        let marker = |name: usize, t_ref_secs: f64| ImportedMarker {
            name: name.to_string(),
            t_ref_secs,
            ..ImportedMarker::default()
        };
        let mut tags: Vec<ImportedMarker> = (0..100_000).map(|name| marker(name, 1.0)).collect();
        tags.extend([marker(7, 1.000_000_5), marker(7, 1.1), marker(8, 0.9)]);
        let imported = from_tags(tags).unwrap();
        assert_eq!(imported.markers.len(), 100_002);
    }
}
