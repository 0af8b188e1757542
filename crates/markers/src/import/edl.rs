//! EDL of both kinds: Resolve's marker lines below events, CMX3600 locators, and plain events
//! (docs/reference/importers.md#how-each-format-is-read).

use super::start::{Clock, guess_rate};
use super::{Found, ImportError, ImportOptions, ImportedMarker, warn};
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
struct Event {
    number: String,
    is_cut: bool,
    record_in: Groups,
}

fn event(line: &str) -> Option<Event> {
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
    Some(Event {
        number,
        is_cut: *transition == "C",
        record_in,
    })
}

/// What a line says about a marker, before the rate is known.
enum Item {
    Event {
        number: String,
        at: (Groups, Counting),
        is_cut: bool,
        name: String,
        comment: String,
    },
    Resolve {
        at: (Groups, Counting),
        name: String,
        comment: String,
        colour: String,
        frames: i64,
    },
    Locator {
        at: (Groups, Counting),
        name: String,
        comment: String,
        colour: String,
    },
}

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Found, ImportError> {
    let items = items(text, options);
    let timecodes: Vec<(Groups, Counting)> = items
        .iter()
        .map(|item| match item {
            Item::Event { at, .. } | Item::Resolve { at, .. } | Item::Locator { at, .. } => *at,
        })
        .collect();
    let rate = guess_rate(options, &timecodes);
    let clock = Clock::new(rate, timecodes.first().copied(), options)?;
    let has_resolve = items.iter().any(|item| matches!(item, Item::Resolve { .. }));
    let has_locators = items.iter().any(|item| matches!(item, Item::Locator { .. }));
    let mut found = Found {
        rate: Some(rate),
        start: Some(clock.start.clone()),
        ..Found::default()
    };
    for item in items {
        let (at, frames, name, comment, colour) = match item {
            Item::Resolve {
                at,
                name,
                comment,
                colour,
                frames,
            } => (at, frames, name, comment, colour),
            Item::Locator {
                at,
                name,
                comment,
                colour,
            } if !has_resolve => (at, 1, name, comment, colour),
            Item::Event {
                number,
                at,
                is_cut: true,
                name,
                comment,
            } if !has_resolve && !has_locators => {
                let name = match (name.is_empty(), comment.is_empty()) {
                    (false, _) => name,
                    (true, false) => comment,
                    (true, true) => format!("Marker {number}"),
                };
                (at, 1, name, String::new(), String::new())
            }
            _ => continue,
        };
        let Some(frame) = clock.frame(at.0, at.1) else {
            warn(
                &mut found.warnings,
                format!("marker `{name}` has a timecode that does not exist at {rate} fps"),
            );
            continue;
        };
        found.markers.push(ImportedMarker {
            t_ref_secs: rate.secs_at(frame),
            t_ref_end_secs: (frames > 1).then(|| rate.secs_at(frame.saturating_add(frames))),
            name,
            colour,
            comment,
            source: String::new(),
        });
    }
    Ok(found)
}

fn items(text: &str, options: &ImportOptions) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut mode = Counting::NonDrop;
    let mut record_in = None;
    for line in text.lines() {
        let line = line.trim();
        let counting = |groups: Groups| {
            let by_mark = if groups.has_semicolon {
                Counting::Drop
            } else {
                mode
            };
            (groups, options.counting.unwrap_or(by_mark))
        };
        if let Some(fcm) = line.strip_prefix("FCM:") {
            let is_non_drop = fcm.to_ascii_uppercase().contains("NON");
            mode = if is_non_drop {
                Counting::NonDrop
            } else {
                Counting::Drop
            };
        } else if let Some(event) = event(line) {
            let at = counting(event.record_in);
            record_in = Some(at);
            items.push(Item::Event {
                number: event.number,
                at,
                is_cut: event.is_cut,
                name: String::new(),
                comment: String::new(),
            });
        } else if let Some((at, marker)) = record_in.zip(resolve_marker(line)) {
            let ResolveMarker {
                note,
                colour,
                name,
                frames,
            } = marker;
            items.push(Item::Resolve {
                at,
                name,
                comment: note,
                colour,
                frames,
            });
        } else if let Some(remark) = line.strip_prefix('*') {
            read_remark(remark.trim_start(), &mut items, counting);
        }
    }
    items
}

/// A line that starts with `*`: a locator, or more about the latest event.
fn read_remark(remark: &str, items: &mut Vec<Item>, counting: impl Fn(Groups) -> (Groups, Counting)) {
    if let Some(locator) = remark.strip_prefix("LOC:") {
        let mut words = locator.trim_start().splitn(2, char::is_whitespace);
        if let Some(groups) = words.next().and_then(split_groups) {
            let rest = words.next().unwrap_or("").trim();
            let (colour, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            items.push(Item::Locator {
                at: counting(groups),
                name: name.trim().to_owned(),
                comment: String::new(),
                colour: colour.to_owned(),
            });
        }
    } else if let Some(clip_name) = remark.strip_prefix("FROM CLIP NAME:") {
        if let Some(Item::Event { name, .. }) = items.last_mut() {
            *name = clip_name.trim().to_owned();
        }
    } else if let Some(text) = remark.strip_prefix("COMMENT:")
        && let Some(Item::Event { comment, .. } | Item::Locator { comment, .. }) = items.last_mut()
    {
        *comment = text.trim().to_owned();
    }
}

struct ResolveMarker {
    note: String,
    colour: String,
    name: String,
    frames: i64,
}

/// `NOTE |C:ResolveColorX |M:NAME |D:FRAMES`
fn resolve_marker(line: &str) -> Option<ResolveMarker> {
    let (note, rest) = line.split_once("|C:")?;
    let (colour, rest) = rest.split_once("|M:")?;
    let (name, frames) = rest.rsplit_once("|D:")?;
    let digits = frames.trim_end();
    let digits = digits
        .find(|c: char| !c.is_ascii_digit())
        .map_or(digits, |end| digits.get(..end).unwrap_or(""));
    Some(ResolveMarker {
        note: note.trim().to_owned(),
        colour: colour.trim().to_owned(),
        name: name.trim().to_owned(),
        frames: digits.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Found {
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
