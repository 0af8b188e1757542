//! Avid Media Composer's marker list: tab separated, without a header.

use super::start::{Clock, guess_rate};
use super::{Found, ImportError, ImportOptions, ImportedMarker, warn};
use crate::time::{Counting, Groups, split_groups};

/// A position: timecode, or a frame number from the start of the timeline.
enum Position {
    Timecode(Groups),
    Frame(i64),
}

struct Line<'a> {
    position: Position,
    colour: &'a str,
    comment: &'a str,
    frames: Option<i64>,
}

fn line(text: &str) -> Option<Line<'_>> {
    let cells: Vec<&str> = text.split('\t').map(str::trim).collect();
    let [_, position, track, colour, comment, ..] = cells.as_slice() else {
        return None;
    };
    let is_track = track.starts_with(['V', 'A', 'T', 'D']) && track.len() <= 5;
    let position = match split_groups(position) {
        Some(groups) => Position::Timecode(groups),
        None => Position::Frame(position.parse().ok().filter(|frame| *frame >= 0)?),
    };
    let frames = cells
        .get(5)
        .and_then(|cell| cell.parse().ok())
        .filter(|frames| *frames > 1);
    is_track.then_some(Line {
        position,
        colour,
        comment,
        frames,
    })
}

/// Whether the first line is one of this list.
pub(super) fn is_avid(text: &str) -> bool {
    text.lines()
        .find(|text| !text.trim().is_empty())
        .is_some_and(|text| line(text).is_some())
}

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Found, ImportError> {
    let counting = |groups: Groups| {
        let by_mark = if groups.has_semicolon {
            Counting::Drop
        } else {
            Counting::NonDrop
        };
        (groups, options.counting.unwrap_or(by_mark))
    };
    let mut found = Found::default();
    let mut lines = Vec::new();
    for (index, text) in text
        .lines()
        .enumerate()
        .filter(|(_, text)| !text.trim().is_empty())
    {
        match line(text) {
            Some(line) => lines.push(line),
            None => warn(&mut found.warnings, format!("line {} is no marker", index + 1)),
        }
    }
    let timecodes: Vec<_> = lines
        .iter()
        .filter_map(|line| match line.position {
            Position::Timecode(groups) => Some(counting(groups)),
            Position::Frame(_) => None,
        })
        .collect();
    let rate = guess_rate(options, &timecodes);
    let clock = Clock::new(rate, timecodes.first().copied(), options)?;
    for Line {
        position,
        colour,
        comment,
        frames,
    } in lines
    {
        let frame = match position {
            Position::Frame(frame) => Some(frame),
            Position::Timecode(groups) => {
                let (groups, counting) = counting(groups);
                clock.frame(groups, counting)
            }
        };
        let Some(frame) = frame else {
            warn(
                &mut found.warnings,
                format!("marker `{comment}` has a timecode that does not exist at {rate} fps"),
            );
            continue;
        };
        let (name, note) = comment.split_once(": ").unwrap_or((comment, ""));
        found.markers.push(ImportedMarker {
            t_ref_secs: rate.secs_at(frame),
            t_ref_end_secs: frames.map(|frames| rate.secs_at(frame.saturating_add(frames))),
            name: name.to_owned(),
            colour: colour.to_owned(),
            comment: note.to_owned(),
            source: String::new(),
        });
    }
    found.rate = Some(rate);
    found.start = Some(clock.start);
    Ok(found)
}
