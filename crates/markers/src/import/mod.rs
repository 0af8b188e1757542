//! Editor files in (docs/reference/importers.md#how-each-format-is-read): told apart by content, read
//! tolerantly, turned into reference markers in seconds from the start of the timeline.
//!
//! Each reader takes text and gives the markers it found; what they share, sorting, doubles, ids, is done
//! here. A damaged part of a file gives a warning and the rest is read.

mod avid;
mod chapters;
mod detect;
mod edl;
mod error;
mod fcpxml;
mod format;
mod found;
mod otio;
mod start;
mod table;
mod timeline;
mod xmeml;
mod xml;

pub use error::ImportError;
pub use format::ImportFormat;
pub use found::{ImportOptions, Imported, ImportedMarker};

use found::warn;
use mtbsync_formats::{TextEncoding, decode_text};

use crate::colour::MarkerColour;

/// Larger inputs are refused: no editor writes marker files of this size.
pub const MAX_IMPORT_BYTES: usize = 64 << 20;

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
    found.format = Some(format);
    found.finish()
}

/// Markers from tags inside a video (HiLights, chapters), read by the crates that know containers.
///
/// # Errors
/// No tag at all.
pub fn from_tags(tags: Vec<ImportedMarker>) -> Result<Imported, ImportError> {
    let found = Imported {
        markers: tags,
        ..Imported::default()
    };
    found.finish()
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

#[cfg(test)]
mod tests {
    use super::found::MAX_WARNINGS;
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
