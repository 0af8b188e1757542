//! Formats by content.

use super::format::ImportFormat;
use super::{avid, chapters, edl, table};

/// Bytes looked at to find a word that gives a format away.
const HEAD_BYTES: usize = 64 << 10;

/// The format of a text, by what is in it.
pub(super) fn detect(text: &str) -> Option<ImportFormat> {
    let trimmed = text.trim_start();
    let mut end = trimmed.len().min(HEAD_BYTES);
    while !trimmed.is_char_boundary(end) {
        end -= 1;
    }
    let head = trimmed.get(..end).unwrap_or(trimmed);
    if head.starts_with('<') {
        return if head.contains("<fcpxml") {
            Some(ImportFormat::Fcpxml)
        } else if head.contains("<xmeml") {
            Some(ImportFormat::Xmeml)
        } else {
            None
        };
    }
    if head.starts_with(['{', '[']) {
        let is_otio = head.contains("\"OTIO_SCHEMA\"");
        return Some(if is_otio {
            ImportFormat::Otio
        } else {
            ImportFormat::Json
        });
    }
    if head.starts_with(";FFMETADATA") {
        return Some(ImportFormat::Ffmetadata);
    }
    if edl::is_edl(head) {
        let is_resolve = text.contains("|M:");
        return Some(if is_resolve {
            ImportFormat::ResolveEdl
        } else {
            ImportFormat::Edl
        });
    }
    if avid::is_avid(head) {
        return Some(ImportFormat::Avid);
    }
    if chapters::is_youtube(head) {
        return Some(ImportFormat::Youtube);
    }
    table::is_marker_table(head).then_some(ImportFormat::Csv)
}
