//! `avid`: Media Composer's marker list (docs/reference/exporters.md#avid).

use super::clean::flat;
use super::error::ExportError;
use super::job::Job;
use super::{Exporter, Written};

const USER: &str = "mtbsync";
const TRACK: &str = "V1";

pub(super) struct Avid;

impl Exporter for Avid {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let mut text = String::new();
        for (index, marker) in job.placement.markers.iter().enumerate() {
            let name = flat(&job.numbered_name(index, marker));
            let note = flat(&marker.note);
            let comment = if note.is_empty() {
                name
            } else {
                format!("{name}: {note}")
            };
            let colour = marker.colour.avid().to_ascii_lowercase();
            let timecode = job.timecode(marker.frame);
            text.push_str(&format!("{USER}\t{timecode}\t{TRACK}\t{colour}\t{comment}\r\n"));
        }
        Ok(Written::one(text.into_bytes(), job.placement.markers.len()))
    }
}
