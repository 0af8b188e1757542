//! `edl`: a CMX3600 EDL with one-frame events, locators and comments (docs/reference/exporters.md#edl).

use std::fmt::Write;

use super::clean::one_line;
use super::edl::{event_chunks, header, reel_or};
use super::error::ExportError;
use super::job::Job;
use super::place::Placed;
use super::{Exporter, Written};

const DEFAULT_REEL: &str = "AX";

pub(super) struct Cmx3600;

impl Exporter for Cmx3600 {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let reel = reel_or(job, DEFAULT_REEL)?;
        let write = |text: &mut String, event, index, marker: &Placed| {
            write_event(text, job, &reel, event, index, marker);
        };
        let (files, warnings) = event_chunks(job, &header(job), write);
        let hint = format!(
            "timeline at {}; Premiere shows this file as cuts (use `premiere`), Resolve as clips (use `resolve-edl`)",
            job.timeline_in_words()
        );
        let exported = job.placement.markers.len();
        Ok(Written {
            files,
            warnings,
            ..Written::one(Vec::new(), exported).with_hint(hint)
        })
    }
}

fn write_event(text: &mut String, job: &Job<'_>, reel: &str, event: usize, index: usize, marker: &Placed) {
    let (tc_in, tc_out) = (job.timecode(marker.frame), job.timecode(marker.frame + 1));
    let name = one_line(&job.numbered_name(index, marker), &['|']);
    let note = one_line(&marker.note, &['|']);
    let colour = marker.colour.avid();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{event:03}  {reel:<8} V     C        {tc_in} {tc_out} {tc_in} {tc_out}"
    );
    let _ = writeln!(text, "* FROM CLIP NAME: {name}");
    let _ = writeln!(text, "* LOC: {tc_in} {colour:<7} {name}");
    if !note.is_empty() {
        let _ = writeln!(text, "* COMMENT: {note}");
    }
    text.push('\n');
}
