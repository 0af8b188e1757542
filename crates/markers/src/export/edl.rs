//! `resolve-edl` and `edl`: EDL whose events are one frame long.
//!
//! Below each event stands what a CMX3600 EDL has no place for: for DaVinci Resolve the line of its timeline
//! markers EDL (docs/reference/exporters.md#resolve-edl), for other editors a locator and comments
//! (docs/reference/exporters.md#edl).

use std::fmt::Write;

use super::clean::one_line;
use super::error::ExportError;
use super::job::{ExportJob, Written};
use super::place::PlacedMarker;
use crate::time::Counting;

/// Event numbers have three digits.
const MAX_EVENTS: usize = 999;
/// Longest title editors accept.
const MAX_TITLE_CHARS: usize = 70;
/// Characters of a reel name.
const REEL_CHARS: std::ops::RangeInclusive<usize> = 2..=8;

pub(super) fn write_resolve(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let hint = format!("import with timeline at {}", job.timeline_in_words());
    write(job, "001", hint, |marker, [name, note, _]| {
        let colour = marker.colour.resolve();
        let frames = marker.length_frames.unwrap_or(1);
        // The event line ends in two blanks, as in the files of the editor.
        format!("  \n{note} |C:ResolveColor{colour} |M:{name} |D:{frames}\n\n")
    })
}

pub(super) fn write_cmx3600(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let hint = format!(
        "timeline at {}; Premiere shows this file as cuts (use `premiere`), Resolve as clips (use `resolve-edl`)",
        job.timeline_in_words()
    );
    write(job, "AX", hint, |marker, [name, note, tc_in]| {
        let colour = marker.colour.avid();
        let comment = if note.is_empty() {
            String::new()
        } else {
            format!("* COMMENT: {note}\n")
        };
        format!("\n* FROM CLIP NAME: {name}\n* LOC: {tc_in} {colour:<7} {name}\n{comment}\n")
    })
}

/// Writes all events, a new file after every 999th; `rest` gives what follows the timecodes of an event, from
/// its marker, name, note and timecode.
fn write(
    job: &ExportJob<'_>,
    default_reel: &str,
    hint: String,
    rest: impl Fn(&PlacedMarker, [&str; 3]) -> String,
) -> Result<Written, ExportError> {
    let reel = reel_or(job, default_reel)?;
    let header = header(job);
    let mut files = vec![header.clone()];
    for (index, (name, marker)) in job.named_markers().enumerate() {
        if index > 0 && index % MAX_EVENTS == 0 {
            files.push(header.clone());
        }
        let (number, name) = (index % MAX_EVENTS + 1, one_line(&name, &['|']));
        let note = one_line(&marker.note, &['|']);
        let (tc_in, tc_out) = (job.timecode(marker.frame), job.timecode(marker.frame + 1));
        if let Some(text) = files.last_mut() {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{number:03}  {reel:<8} V     C        {tc_in} {tc_out} {tc_in} {tc_out}{}",
                rest(marker, [&name, &note, &tc_in])
            );
        }
    }
    let mut warnings = Vec::new();
    if files.len() > 1 {
        let endings = match files.len() {
            2 => "the ending _2".to_owned(),
            last => format!("the endings _2 to _{last}"),
        };
        warnings.push(format!(
            "more than {MAX_EVENTS} markers: the rest is in further files with {endings}"
        ));
    }
    Ok(Written {
        warnings,
        files: files.into_iter().map(String::into_bytes).collect(),
        hint: Some(hint),
        ..job.written([])
    })
}

/// `TITLE`, `FCM` and the blank line after them.
fn header(job: &ExportJob<'_>) -> String {
    let title: String = one_line(job.label(), &[]).chars().take(MAX_TITLE_CHARS).collect();
    let mode = match job.base.counting() {
        Counting::NonDrop => "NON-DROP FRAME",
        Counting::Drop => "DROP FRAME",
    };
    format!("TITLE: {}\nFCM: {mode}\n\n", title.trim_end())
}

/// The reel name asked for, checked, or `default`.
fn reel_or(job: &ExportJob<'_>, default: &str) -> Result<String, ExportError> {
    let reel = job.options.reel.as_deref().unwrap_or(default).to_owned();
    let is_allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if REEL_CHARS.contains(&reel.len()) && reel.chars().all(is_allowed) {
        Ok(reel)
    } else {
        Err(ExportError::BadReel { reel })
    }
}
