//! `premiere-csv`: a marker list as Premiere exports it, for people and spreadsheets
//! (docs/reference/exporters.md#premiere-csv).

use mtbsync_formats::csv::spreadsheet_safe;

use super::clean::flat;
use super::error::ExportError;
use super::job::{ExportJob, Written};
use crate::time::Counting;

const HEADER: &str = "Marker Name\tDescription\tIn\tOut\tDuration\tMarker Type";
const BYTE_ORDER_MARK: &str = "\u{FEFF}";
const HINT: &str =
    "Premiere writes such lists but does not read them: use `premiere` for markers in Premiere";

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let list_timecode = |timecode: String| match job.base.counting() {
        Counting::NonDrop => timecode,
        Counting::Drop => timecode.replace(':', ";"),
    };
    let no_duration = list_timecode(job.base.format(0));
    let mut text = format!("{BYTE_ORDER_MARK}{HEADER}\r\n");
    for marker in &job.placement.markers {
        let (name, note) = (cell(&job.name(marker)), cell(&marker.note));
        let timecode = list_timecode(job.timecode(marker.frame));
        text.push_str(&format!(
            "{name}\t{note}\t{timecode}\t{timecode}\t{no_duration}\tComment\r\n"
        ));
    }
    Ok(Written {
        hint: Some(HINT.to_owned()),
        ..job.written(text)
    })
}

/// One cell: on one line, harmless in a spreadsheet, and quoted where a quote would start it.
fn cell(text: &str) -> String {
    let text = flat(text);
    let safe = spreadsheet_safe(&text);
    if safe.contains('"') {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe.into_owned()
    }
}
