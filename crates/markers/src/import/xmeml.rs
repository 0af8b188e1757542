//! Final Cut Pro 7 XML, versions 4 and 5, as Premiere, Resolve and others write it.
//!
//! Frames are counted at the rate of the element that holds them; a clip's markers count from the start of
//! its media, of which the clip shows the part from `in` to `out` at `start` of the sequence.

use super::error::ImportError;
use super::found::{ImportOptions, Imported, ImportedMarker};
use super::timeline::{Content, TimelineView, Walker};
use super::xml::{XmlElement, parse};
use crate::colour::Colour;
use crate::time::{Counting, Rate, Timebase};

/// Sequences in sequences, as deep as is believable.
const MAX_NESTING: usize = 16;
/// A file shows nothing before its start.
const FROM_START: TimelineView = TimelineView {
    shown: (0.0, f64::INFINITY),
    ..TimelineView::WHOLE
};

/// A sequence or clip, and the rate its frames are counted at.
type RatedElement<'a> = (&'a XmlElement, Rate);

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let (root, damage) = parse(text)?;
    let mut walker = Walker::default();
    walker.found.warnings.extend(damage);
    let given_rate = |element| rate_of(element).or(options.rate).unwrap_or(Rate::whole(30));
    let sequences = root.outermost("sequence");
    if sequences.is_empty() {
        // A file with clips only: the first one with markers, counted from its start.
        for clip in root.outermost("clip") {
            if walker.found.markers.is_empty() {
                let rate = given_rate(clip);
                walker.found.rate = Some(rate);
                walker.walk((clip, rate), FROM_START, &mut contents);
            }
        }
    }
    let named = sequences.iter().map(|sequence| {
        let name = sequence.child_text("name").unwrap_or_default();
        (name, *sequence)
    });
    walker.read_first("sequence", named, |walker, sequence| {
        let rate = given_rate(sequence);
        walker.found.rate = Some(rate);
        if let Some(timecode) = sequence.child("timecode") {
            let by_file = Counting::drop_if(timecode.child_text("displayformat") == Some("DF"));
            let counting = options.counting.unwrap_or(by_file.possible_at(rate));
            let base = Timebase::new(rate.for_timecode(), counting)?;
            walker.found.start = frames(timecode, "frame").map(|frame| base.format(frame));
        }
        walker.walk((sequence, rate), FROM_START, &mut contents);
        Ok(())
    })?;
    Ok(walker.finish())
}

fn contents<'a>((element, rate): RatedElement<'a>, view: TimelineView) -> Vec<Content<RatedElement<'a>>> {
    let markers = element.children_named("marker");
    let mut contents: Vec<_> = markers.map(|marker| read_marker(marker, view, rate)).collect();
    if element.name == "sequence" {
        let media = element.child("media");
        let kinds = media.into_iter().flat_map(|media| &media.children);
        for track in kinds.flat_map(|kind| kind.children_named("track")) {
            let clips = track.children_named("clipitem");
            for clip in clips.chain(track.children_named("generatoritem")) {
                contents.extend(place_clip(clip, view, rate));
            }
        }
    } else if let Some(nested) = element.child("sequence").filter(|_| view.depth < MAX_NESTING) {
        let depth = view.depth + 1;
        let node = (nested, rate_of(nested).unwrap_or(rate));
        contents.push(Content::Nested(node, TimelineView { depth, ..view }));
    }
    contents
}

fn place_clip<'a>(
    clip: &'a XmlElement,
    parent: TimelineView,
    sequence_rate: Rate,
) -> Option<Content<RatedElement<'a>>> {
    let rate = rate_of(clip).unwrap_or(sequence_rate);
    let (in_frame, out_frame) = (frames(clip, "in")?, frames(clip, "out")?);
    // An end under a transition is -1; the other end and the length tell where the clip lies.
    let length = out_frame.saturating_sub(in_frame);
    let start = match (frames(clip, "start"), frames(clip, "end")) {
        (Some(start), _) if start >= 0 => start,
        (_, Some(end)) if end >= 0 => end.saturating_sub(length),
        _ => return None,
    };
    let start_secs = parent.timeline_start + sequence_rate.secs_at(start);
    let (in_secs, out_secs) = (rate.secs_at(in_frame), rate.secs_at(out_frame));
    let view = TimelineView {
        timeline_start: start_secs - in_secs,
        shown: parent.cut_to((start_secs, start_secs + out_secs - in_secs)),
        ..parent
    };
    Some(Content::Nested((clip, rate), view))
}

fn read_marker<N>(marker: &XmlElement, view: TimelineView, rate: Rate) -> Content<N> {
    let Some(frame) = frames(marker, "in") else {
        return Content::Unplaced("a marker without a position is skipped");
    };
    let t_ref_secs = view.timeline(rate.secs_at(frame));
    let slack_secs = rate.secs_at(1) / 2.0;
    if t_ref_secs < view.shown.0 - slack_secs || t_ref_secs > view.shown.1 - slack_secs {
        return Content::Hidden;
    }
    let out = frames(marker, "out").filter(|out| *out > frame);
    let ppro = marker.child_text("pproColor").and_then(|text| text.parse().ok());
    let text = |name| {
        marker
            .child(name)
            .map(|child| child.text.clone())
            .unwrap_or_default()
    };
    Content::Marker(ImportedMarker {
        t_ref_secs,
        t_ref_end_secs: out.map(|out| view.timeline(rate.secs_at(out))),
        name: text("name"),
        colour: ppro.map_or("", |ppro| Colour::from_ppro(ppro).name()).to_owned(),
        comment: text("comment"),
        ..ImportedMarker::default()
    })
}

fn frames(element: &XmlElement, name: &str) -> Option<i64> {
    element.child_text(name)?.parse().ok()
}

fn rate_of(element: &XmlElement) -> Option<Rate> {
    let rate = element.child("rate")?;
    let timebase: u32 = rate.child_text("timebase")?.parse().ok()?;
    let is_ntsc = rate
        .child_text("ntsc")
        .is_some_and(|ntsc| ntsc.eq_ignore_ascii_case("true"));
    if is_ntsc {
        Rate::new(timebase.checked_mul(1000)?, 1001)
    } else {
        Rate::new(timebase, 1)
    }
}
