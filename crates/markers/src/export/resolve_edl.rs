//! `resolve-edl`: the timeline markers EDL of DaVinci Resolve (docs/reference/exporters.md#resolve-edl). Each
//! marker is a one-frame event, and the line below it carries what a CMX EDL has no place for.

use std::fmt::Write;

use super::clean::one_line;
use super::edl::{event_chunks, header, reel_or};
use super::error::ExportError;
use super::job::Job;
use super::place::Placed;
use super::{Exporter, Written};

const DEFAULT_REEL: &str = "001";

pub(super) struct ResolveEdl;

impl Exporter for ResolveEdl {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let reel = reel_or(job, DEFAULT_REEL)?;
        let write = |text: &mut String, event, index, marker: &Placed| {
            write_event(text, job, &reel, event, index, marker);
        };
        let (files, warnings) = event_chunks(job, &header(job), write);
        let hint = format!("import with timeline at {}", job.timeline_in_words());
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
    let colour = marker.colour.resolve();
    let frames = marker.length_frames.unwrap_or(1);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{event:03}  {reel:<8} V     C        {tc_in} {tc_out} {tc_in} {tc_out}  "
    );
    let _ = writeln!(text, "{note} |C:ResolveColor{colour} |M:{name} |D:{frames}\n");
}
