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
use mtbsync_formats::csv::MAX_CSV_BYTES;
use mtbsync_formats::{TextEncoding, decode_text};

use crate::colour::MarkerColour;

/// Larger files of editors are refused: none writes marker files of this size. Tables may be larger.
const MAX_EDITOR_BYTES: usize = 64 << 20;
/// Most bytes of any input.
pub const MAX_IMPORT_BYTES: usize = MAX_CSV_BYTES as usize;

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
    if bytes.len() > MAX_EDITOR_BYTES && format != ImportFormat::Csv {
        return Err(ImportError::TooLarge);
    }
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
    fn markers_no_recording_reaches_are_skipped_in_every_format() {
        let files = [
            ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=9000000000000\ntitle=far\n[CHAPTER]\nTIMEBASE=1/1\nSTART=2\ntitle=near\n",
            "0:02 near\n9999:59:59 far\n",
            "near\t50\tV1\tred\tnear\nfar\t9223372036854775807\tV1\tred\tfar\n",
            r#"{"OTIO_SCHEMA":"Timeline.1","tracks":{"OTIO_SCHEMA":"Stack.1","markers":[
                {"OTIO_SCHEMA":"Marker.2","name":"far","marked_range":{"start_time":{"value":1e300,"rate":25},"duration":{"value":1e308,"rate":25}}},
                {"OTIO_SCHEMA":"Marker.2","name":"near","marked_range":{"start_time":{"value":50,"rate":25},"duration":{"value":1,"rate":25}}}]}}"#,
            r#"<fcpxml version="1.10"><resources><format id="f" frameDuration="1/25s"/></resources><project><sequence format="f"><spine>
                <gap offset="0s" duration="9000000000000000s"><marker start="8000000000000000s" value="far"/><marker start="2s" value="near"/></gap>
                </spine></sequence></project></fcpxml>"#,
            "<xmeml version=\"5\"><sequence><rate><timebase>25</timebase></rate>\
                <marker><name>far</name><in>9223372036854775807</in></marker><marker><name>near</name><in>50</in></marker></sequence></xmeml>",
        ];
        for text in files {
            let options = ImportOptions {
                rate: Some(crate::time::Rate::whole(25)),
                ..ImportOptions::default()
            };
            let imported = import(text.as_bytes(), None, &options).unwrap();
            let found: Vec<_> = imported
                .markers
                .iter()
                .map(|m| (m.name.as_str(), m.t_ref_secs))
                .collect();
            assert_eq!(found, [("near", 2.0)], "{text}");
            let is_told = imported
                .warnings
                .iter()
                .any(|w| w.contains("`far` lies beyond 7 days"));
            assert!(
                is_told || text.starts_with("0:02"),
                "{text}: {:?}",
                imported.warnings
            );
        }
        // Tables name the line of a cell that is no time.
        let table = import(b"name,t_ref\nnear,2\nfar,1e15\n", None, &ImportOptions::default()).unwrap_err();
        assert_eq!(table.to_string(), "a time beyond 7 days (line 3, column t_ref)");
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
