//! `avid`: Media Composer's marker list (docs/reference/exporters.md#avid).

use super::clean::flat;
use super::error::ExportError;
use super::job::{ExportJob, Written};

const USER: &str = "mtbsync";
const TRACK: &str = "V1";

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let mut text = String::new();
    for (name, marker) in job.named_markers() {
        let (name, note) = (flat(&name), flat(&marker.note));
        let comment = if note.is_empty() {
            name
        } else {
            format!("{name}: {note}")
        };
        let colour = marker.colour.avid().to_ascii_lowercase();
        let timecode = job.timecode(marker.frame);
        text.push_str(&format!("{USER}\t{timecode}\t{TRACK}\t{colour}\t{comment}\r\n"));
    }
    Ok(job.written(text))
}
