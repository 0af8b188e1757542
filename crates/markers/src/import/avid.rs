//! Avid Media Composer's marker list: tab separated, without a header.

use super::error::ImportError;
use super::found::{ImportOptions, Imported, ImportedMarker, warn};
use super::start::{CountedGroups, TimelineClock, counted};
use crate::time::{Counting, Groups, split_groups};

/// A position: timecode, or a frame number from the start of the timeline.
enum Position {
    Timecode(Groups),
    Frame(i64),
}

struct AvidLine<'a> {
    position: Position,
    colour: &'a str,
    comment: &'a str,
    frames: Option<i64>,
}

fn line(text: &str) -> Option<AvidLine<'_>> {
    let cells: Vec<&str> = text.split('\t').map(str::trim).collect();
    let [_, position, track, colour, comment, ..] = cells.as_slice() else {
        return None;
    };
    let is_track = track.starts_with(['V', 'A', 'T', 'D']) && track.len() <= 5;
    let position = match split_groups(position) {
        Some(groups) => Position::Timecode(groups),
        None => Position::Frame(position.parse().ok().filter(|frame| *frame >= 0)?),
    };
    is_track.then_some(AvidLine {
        position,
        colour,
        comment,
        frames: cells.get(5).and_then(|cell| cell.parse().ok()),
    })
}

/// Whether the first line is one of this list.
pub(super) fn is_avid(text: &str) -> bool {
    let first = text.lines().find(|text| !text.trim().is_empty());
    first.is_some_and(|text| line(text).is_some())
}

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let counted = |groups: Groups| counted(groups, Counting::NonDrop, options);
    let mut found = Imported::default();
    let mut lines = Vec::new();
    for (index, text) in text.lines().enumerate() {
        match line(text) {
            Some(line) => lines.push(line),
            None if text.trim().is_empty() => {}
            None => warn(&mut found.warnings, format!("line {} is no marker", index + 1)),
        }
    }
    let timecode = |line: &AvidLine<'_>| match line.position {
        Position::Timecode(groups) => Some(counted(groups)),
        Position::Frame(_) => None,
    };
    let timecodes: Vec<CountedGroups> = lines.iter().filter_map(timecode).collect();
    let clock = TimelineClock::new(&timecodes, options)?;
    for line in lines {
        let frame = match line.position {
            Position::Frame(frame) => Some(frame),
            Position::Timecode(groups) => clock.frame(counted(groups)),
        };
        let Some(frame) = frame else {
            warn(&mut found.warnings, clock.no_frame(line.comment));
            continue;
        };
        let (name, note) = line.comment.split_once(": ").unwrap_or((line.comment, ""));
        found.markers.push(ImportedMarker {
            name: name.to_owned(),
            colour: line.colour.to_owned(),
            comment: note.to_owned(),
            ..clock.marker(frame, line.frames.unwrap_or(1))
        });
    }
    found.rate = Some(clock.rate);
    found.start = Some(clock.start);
    Ok(found)
}
