//! EDL of both kinds: Resolve's marker lines below events, CMX3600 locators, and plain events
//! (docs/reference/importers.md#how-each-format-is-read).

use super::error::ImportError;
use super::found::{ImportOptions, Imported, ImportedMarker, warn};
use super::start::{CountedGroups, TimelineClock, counted};
use crate::time::{Counting, Groups, split_groups};

/// Lines looked at before deciding that a text is no EDL.
const PROBED_LINES: usize = 200;

/// Whether the text has a header or an event of an EDL.
pub(super) fn is_edl(text: &str) -> bool {
    text.lines()
        .take(PROBED_LINES)
        .any(|line| line.starts_with("FCM:") || event(line).is_some())
}

/// A line with a number, a reel, tracks, a transition, and four timecodes.
struct EdlEvent {
    number: String,
    is_cut: bool,
    record_in: Groups,
}

fn event(line: &str) -> Option<EdlEvent> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let number = words
        .first()
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number = (*number).to_owned();
    let tail = words.split_off(words.len().checked_sub(4)?);
    let timecodes: Option<Vec<Groups>> = tail.into_iter().map(split_groups).collect();
    let record_in = *timecodes?.get(2)?;
    // 001 REEL V C: the transition is the first word after the tracks that looks like one.
    let transition = words.get(3..)?.first()?;
    Some(EdlEvent {
        number,
        is_cut: *transition == "C",
        record_in,
    })
}

/// What a marker is read from.
#[derive(PartialEq)]
enum Origin {
    /// The event itself.
    Event { number: String, is_cut: bool },
    /// Resolve's line below an event.
    Resolve,
    /// A `LOC` remark.
    Locator,
}

/// What a line says about a marker, before the rate is known.
struct EdlMarker {
    origin: Origin,
    at: CountedGroups,
    name: String,
    comment: String,
    colour: String,
    frames: i64,
}

impl EdlMarker {
    fn new(origin: Origin, at: CountedGroups) -> Self {
        Self {
            origin,
            at,
            name: String::new(),
            comment: String::new(),
            colour: String::new(),
            frames: 1,
        }
    }
}

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let lines = marker_lines(text, options);
    let timecodes: Vec<CountedGroups> = lines.iter().map(|line| line.at).collect();
    let clock = TimelineClock::new(&timecodes, options)?;
    let has_resolve = lines.iter().any(|line| line.origin == Origin::Resolve);
    let has_locators = lines.iter().any(|line| line.origin == Origin::Locator);
    let mut found = Imported::default();
    for mut line in lines {
        match line.origin {
            Origin::Resolve => {}
            Origin::Locator if !has_resolve => {}
            Origin::Event { number, is_cut: true } if !has_resolve && !has_locators => {
                let comment = std::mem::take(&mut line.comment);
                line.name = match (line.name.is_empty(), comment.is_empty()) {
                    (false, _) => line.name,
                    (true, false) => comment,
                    (true, true) => format!("Marker {number}"),
                };
            }
            Origin::Locator | Origin::Event { .. } => continue,
        }
        match clock.frame(line.at) {
            Some(frame) => found.markers.push(ImportedMarker {
                name: line.name,
                colour: line.colour,
                comment: line.comment,
                ..clock.marker(frame, line.frames)
            }),
            None => warn(&mut found.warnings, clock.no_frame(&line.name)),
        }
    }
    found.rate = Some(clock.rate);
    found.start = Some(clock.start);
    Ok(found)
}

fn marker_lines(text: &str, options: &ImportOptions) -> Vec<EdlMarker> {
    let mut lines: Vec<EdlMarker> = Vec::new();
    let mut mode = Counting::NonDrop;
    let mut record_in = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(fcm) = line.strip_prefix("FCM:") {
            mode = Counting::drop_if(!fcm.to_ascii_uppercase().contains("NON"));
        } else if let Some(EdlEvent {
            number,
            is_cut,
            record_in: groups,
        }) = event(line)
        {
            let at = counted(groups, mode, options);
            record_in = Some(at);
            lines.push(EdlMarker::new(Origin::Event { number, is_cut }, at));
        } else if let Some(marker) = record_in.and_then(|at| resolve_marker(line, at)) {
            lines.push(marker);
        } else if let Some(remark) = line.strip_prefix('*') {
            read_remark(remark.trim_start(), &mut lines, |groups| {
                counted(groups, mode, options)
            });
        }
    }
    lines
}

/// A line that starts with `*`: a locator, or more about the latest event.
fn read_remark(remark: &str, lines: &mut Vec<EdlMarker>, counted: impl Fn(Groups) -> CountedGroups) {
    if let Some(locator) = remark.strip_prefix("LOC:") {
        let mut words = locator.trim_start().splitn(2, char::is_whitespace);
        if let Some(groups) = words.next().and_then(split_groups) {
            let rest = words.next().unwrap_or("").trim();
            let (colour, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            lines.push(EdlMarker {
                name: name.trim().to_owned(),
                colour: colour.to_owned(),
                ..EdlMarker::new(Origin::Locator, counted(groups))
            });
        }
    } else if let Some(last) = lines.last_mut() {
        if let Some(clip_name) = remark.strip_prefix("FROM CLIP NAME:") {
            if matches!(last.origin, Origin::Event { .. }) {
                last.name = clip_name.trim().to_owned();
            }
        } else if let Some(text) = remark.strip_prefix("COMMENT:")
            && last.origin != Origin::Resolve
        {
            last.comment = text.trim().to_owned();
        }
    }
}

/// `NOTE |C:ResolveColorX |M:NAME |D:FRAMES`
fn resolve_marker(line: &str, at: CountedGroups) -> Option<EdlMarker> {
    let (note, rest) = line.split_once("|C:")?;
    let (colour, rest) = rest.split_once("|M:")?;
    let (name, frames) = rest.rsplit_once("|D:")?;
    let digits = frames.trim_end();
    let digits = digits
        .find(|c: char| !c.is_ascii_digit())
        .map_or(digits, |end| digits.get(..end).unwrap_or(""));
    Some(EdlMarker {
        name: name.trim().to_owned(),
        comment: note.trim().to_owned(),
        colour: colour.trim().to_owned(),
        frames: digits.parse().ok()?,
        ..EdlMarker::new(Origin::Resolve, at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Imported {
        read(text, &ImportOptions::default()).unwrap()
    }

    #[test]
    fn resolve_markers_belong_to_the_event_above() {
        let found = read_text(
            "TITLE: x\nFCM: DROP FRAME\n\n\
             001  001 V C 01:00:10;00 01:00:10;01 01:00:10;00 01:00:10;01\n\
             left |line |C:ResolveColorSky |M:Rock |D:30\n",
        );
        let marker = &found.markers[0];
        assert_eq!(
            (found.rate.unwrap().to_string().as_str(), found.start.as_deref()),
            ("29.97", Some("01:00:00;00"))
        );
        assert_eq!(
            (marker.name.as_str(), marker.comment.as_str()),
            ("Rock", "left |line")
        );
        assert!((marker.t_ref_secs - 10.01).abs() < 1e-9);
        assert!((marker.t_ref_end_secs.unwrap() - 11.011).abs() < 1e-9);
    }

    #[test]
    fn locators_beat_events_and_events_stand_alone() {
        let event = "001\tAX\tV\tC\t00:00:00:00 00:00:01:00 00:00:02:00 00:00:03:00\n*FROM CLIP NAME: clip\n";
        let found = read_text(event);
        assert_eq!(
            (found.markers[0].name.as_str(), found.markers[0].t_ref_secs),
            ("clip", 2.0)
        );
        let found = read_text(&format!("{event}*LOC: 00:00:02:15 RED   Fix it\n"));
        assert_eq!(found.markers.len(), 1);
        assert_eq!(
            (found.markers[0].name.as_str(), found.markers[0].t_ref_secs),
            ("Fix it", 2.5)
        );
        let transition = "002 AX V D 024 00:00:00:00 00:00:01:00 00:00:02:00 00:00:03:00\n";
        assert!(read_text(transition).markers.is_empty());
        assert_eq!(
            read_text(event.trim_end_matches("*FROM CLIP NAME: clip\n")).markers[0].name,
            "Marker 001"
        );
    }

    #[test]
    fn the_start_and_the_rate_can_be_given() {
        let text = "001 AX V C 00:00:00:00 00:00:01:00 02:00:02:00 02:00:03:00\n";
        let options = ImportOptions {
            rate: Some(crate::time::Rate::whole(25)),
            timeline_start: Some("02:00:01:00".to_owned()),
            counting: None,
        };
        assert_eq!(read(text, &options).unwrap().markers[0].t_ref_secs, 1.0);
        assert_eq!(read_text(text).markers[0].t_ref_secs, 2.0);
        let fast = "001 AX V C 00:00:00:00 00:00:01:00 00:00:00:45 00:00:03:00\n";
        assert_eq!(read_text(fast).rate, Some(crate::time::Rate::whole(60)));
    }
}
