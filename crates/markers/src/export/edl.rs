//! What both kinds of EDL share: header, reel names, and the limit of 999 events a file.

use super::clean::one_line;
use super::error::ExportError;
use super::job::Job;
use super::place::Placed;
use crate::time::Counting;

/// Event numbers have three digits.
const MAX_EVENTS: usize = 999;
/// Longest title editors accept.
const MAX_TITLE_CHARS: usize = 70;
/// Characters of a reel name.
const REEL_CHARS: std::ops::RangeInclusive<usize> = 2..=8;

/// `TITLE`, `FCM` and the blank line after them.
pub(super) fn header(job: &Job<'_>) -> String {
    let title: String = one_line(job.label(), &[]).chars().take(MAX_TITLE_CHARS).collect();
    let mode = match job.base.counting() {
        Counting::NonDrop => "NON-DROP FRAME",
        Counting::Drop => "DROP FRAME",
    };
    format!("TITLE: {}\nFCM: {mode}\n\n", title.trim_end())
}

/// The reel name asked for, checked, or `default`.
pub(super) fn reel_or(job: &Job<'_>, default: &str) -> Result<String, ExportError> {
    let reel = job.options.reel.as_deref().unwrap_or(default);
    let is_allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if REEL_CHARS.contains(&reel.len()) && reel.chars().all(is_allowed) {
        Ok(reel.to_owned())
    } else {
        Err(ExportError::BadReel {
            reel: reel.to_owned(),
        })
    }
}

/// Writes all events, a new file after every 999th. `write_event` gets the text, the event number within its
/// file, the index of the marker, and the marker.
pub(super) fn event_chunks(
    job: &Job<'_>,
    header: &str,
    write_event: impl Fn(&mut String, usize, usize, &Placed),
) -> (Vec<Vec<u8>>, Vec<String>) {
    let markers = &job.placement.markers;
    let mut files = Vec::new();
    for (chunk_index, chunk) in markers.chunks(MAX_EVENTS).enumerate() {
        let mut text = header.to_owned();
        for (position, marker) in chunk.iter().enumerate() {
            write_event(
                &mut text,
                position + 1,
                chunk_index * MAX_EVENTS + position,
                marker,
            );
        }
        files.push(text.into_bytes());
    }
    if files.is_empty() {
        files.push(header.as_bytes().to_vec());
    }
    let mut warnings = Vec::new();
    if files.len() > 1 {
        let names: Vec<String> = (2..=files.len()).map(|number| format!("_{number}")).collect();
        warnings.push(format!(
            "more than {MAX_EVENTS} markers: the rest is in further files with the endings {}",
            names.join(", ")
        ));
    }
    (files, warnings)
}
