//! Final Cut Pro XML, versions 1.5 to 1.14.
//!
//! Every element of a timeline has a place in its parent (`offset`) and a clock of its own that shows `start`
//! there. [`View`] carries that relation down: it maps an element's own time to the time of the sequence and
//! knows which part of it is shown. Positions are kept in seconds: the file's own fractions have too many
//! denominators to add exactly, and a frame is found again with the slack of the rounding rule.
//!
//! Markers on a retimed clip (`timeMap`) count in the retimed time; the content of a compound clip counts in the
//! time of its own sequence, so there the map applies.

use std::collections::BTreeMap;

use super::xml::{Element, parse};
use super::{Found, ImportError, ImportOptions, ImportedMarker};
use crate::time::{Counting, Rate, Timebase};

/// Compound clips in compound clips, as deep as is believable; more is a loop.
const MAX_NESTING: usize = 16;
/// Timeline elements visited in one file: compound clips used many times, or in a loop, multiply.
const MAX_VISITS: usize = 1_000_000;
/// A transition's own clock shows this at its start.
const TRANSITION_START_SECS: f64 = 3600.0;
/// Slack at the ends of the shown range: below every frame duration.
const EDGE_SECS: f64 = 1e-4;
pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Found, ImportError> {
    let (root, damage) = parse(text)?;
    let mut reader = Reader::new(&root);
    reader.found.warnings.extend(damage);
    let projects = root.outermost("project");
    let sequences: Vec<&Element> = projects
        .iter()
        .filter_map(|project| project.child("sequence"))
        .collect();
    if sequences.is_empty() {
        reader.read_browser_clips(&root);
    }
    for (sequence, project) in sequences.iter().zip(&projects) {
        if reader.found.markers.is_empty() {
            reader.read_project(sequence, options)?;
        } else {
            let name = project.attribute("name").unwrap_or_default();
            reader
                .found
                .warnings
                .push(format!("only one project is read, not `{name}`"));
        }
    }
    if reader.hidden > 0 {
        reader.found.warnings.push(format!(
            "{} markers outside of what clips show are skipped",
            reader.hidden
        ));
    }
    Ok(reader.found)
}

/// From an element's own time to that of the timeline, and what of it is shown.
#[derive(Clone, Copy)]
struct View {
    /// Timeline time where the own clock shows `own_start`.
    timeline_start: f64,
    own_start: f64,
    /// Timeline seconds per own second.
    scale: f64,
    /// Timeline seconds per second of the sequence the element is in: its own conforming does not reach the
    /// clips that are attached to it.
    sequence_scale: f64,
    /// Shown range in timeline time.
    shown: (f64, f64),
}

impl View {
    fn timeline(&self, own_secs: f64) -> f64 {
        self.timeline_start + (own_secs - self.own_start) * self.scale
    }

    fn shows(&self, own_secs: f64) -> bool {
        let secs = self.timeline(own_secs);
        secs >= self.shown.0 - EDGE_SECS && secs < self.shown.1 - EDGE_SECS
    }

    /// The shown part of an element at `own_offset`, `length_secs` long in its sequence.
    fn cut_to(&self, own_offset: f64, length_secs: f64) -> (f64, f64) {
        let start = self.timeline(own_offset);
        (
            start.max(self.shown.0),
            (start + length_secs * self.sequence_scale).min(self.shown.1),
        )
    }
}

struct Reader<'a> {
    resources: BTreeMap<&'a str, &'a Element>,
    found: Found,
    hidden: usize,
    visits: usize,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Element) -> Self {
        let resources = root
            .children_named("resources")
            .flat_map(|resources| &resources.children);
        let by_id = |resource: &'a Element| Some((resource.attribute("id")?, resource));
        Self {
            resources: resources.filter_map(by_id).collect(),
            found: Found::default(),
            hidden: 0,
            visits: 0,
        }
    }

    fn format_rate(&self, element: &Element) -> Option<Rate> {
        let format = self.resources.get(element.attribute("format")?)?;
        let (duration, rate) = format
            .attribute("frameDuration")?
            .trim_end_matches('s')
            .split_once('/')?;
        Rate::new(rate.trim().parse().ok()?, duration.trim().parse().ok()?)
    }

    fn read_project(&mut self, sequence: &'a Element, options: &ImportOptions) -> Result<(), ImportError> {
        let rate = self
            .format_rate(sequence)
            .or(options.rate)
            .unwrap_or(Rate::whole(30));
        let is_drop = sequence.attribute("tcFormat") == Some("DF");
        let by_file = if is_drop && Timebase::has_drop_frame(rate) {
            Counting::Drop
        } else {
            Counting::NonDrop
        };
        let file_start = time(sequence, "tcStart").unwrap_or(0.0);
        let base = Timebase::new(rate.for_timecode(), options.counting.unwrap_or(by_file))?;
        let start = match &options.timeline_start {
            Some(start) => rate.secs_at(base.parse(start)?),
            None => file_start,
        };
        self.found.rate = Some(rate);
        self.found.start = Some(base.format(base.rate().frame_at(start)));
        let length = time(sequence, "duration").unwrap_or(f64::INFINITY);
        let view = View {
            timeline_start: file_start - start,
            own_start: file_start,
            scale: 1.0,
            sequence_scale: 1.0,
            shown: (file_start - start, file_start - start + length),
        };
        self.read_spines(sequence, view, rate, 0);
        Ok(())
    }

    /// Clips of an event, without a project: each is a timeline of its own, the first with markers is read.
    fn read_browser_clips(&mut self, root: &'a Element) {
        let events = root.outermost("event");
        for clip in events.into_iter().chain([root]).flat_map(|event| &event.children) {
            if is_clip(&clip.name) && self.found.markers.is_empty() {
                let own_start = time(clip, "start").unwrap_or(0.0);
                let rate = self.format_rate(clip).unwrap_or(Rate::whole(30));
                let shown = (0.0, time(clip, "duration").unwrap_or(f64::INFINITY));
                self.found.rate = Some(rate);
                self.read_content(
                    clip,
                    View {
                        timeline_start: 0.0,
                        own_start,
                        scale: 1.0,
                        sequence_scale: 1.0,
                        shown,
                    },
                    rate,
                    0,
                );
            }
        }
    }

    fn read_spines(&mut self, sequence: &'a Element, view: View, rate: Rate, depth: usize) {
        for spine in sequence.children_named("spine") {
            self.read_spine(spine, view, rate, depth);
        }
    }

    /// Elements one after the other; those without `offset` follow the one before.
    fn read_spine(&mut self, spine: &'a Element, view: View, rate: Rate, depth: usize) {
        let mut next = view.own_start;
        for item in &spine.children {
            let offset = time(item, "offset").unwrap_or(next);
            self.read_item(item, offset, view, rate, depth);
            if item.name != "transition" {
                next = offset + time(item, "duration").unwrap_or(0.0);
            }
        }
    }

    /// An element at `offset` of its parent's time.
    fn read_item(&mut self, item: &'a Element, offset: f64, parent: View, rate: Rate, depth: usize) {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            return;
        }
        match item.name.as_str() {
            // A storyline beside the main one: its own clock starts at 0 where it is attached.
            "spine" => {
                let view = View {
                    timeline_start: parent.timeline(offset),
                    own_start: 0.0,
                    scale: parent.sequence_scale,
                    ..parent
                };
                self.read_spine(item, view, rate, depth);
            }
            // Of several takes the first one is the one shown.
            "audition" => {
                if let Some(take) = item.children.iter().find(|child| is_clip(&child.name)) {
                    self.read_item(take, offset, parent, rate, depth);
                }
            }
            name if is_clip(name) => {
                let is_transition = name == "transition";
                let default_start = if is_transition { TRANSITION_START_SECS } else { 0.0 };
                let own_start = time(item, "start").unwrap_or(default_start);
                let length = time(item, "duration").unwrap_or(f64::INFINITY);
                let view = View {
                    timeline_start: parent.timeline(offset),
                    own_start,
                    scale: parent.sequence_scale * conform_scale(item, rate),
                    sequence_scale: parent.sequence_scale,
                    shown: parent.cut_to(offset, length),
                };
                self.read_content(item, view, rate, depth);
            }
            _ => {}
        }
    }

    /// Markers and children of a clip, and what it refers to.
    fn read_content(&mut self, clip: &'a Element, view: View, rate: Rate, depth: usize) {
        for child in &clip.children {
            match child.name.as_str() {
                "marker" | "chapter-marker" => self.read_marker(child, view),
                _ => self.read_item(
                    child,
                    time(child, "offset").unwrap_or(view.own_start),
                    view,
                    rate,
                    depth,
                ),
            }
        }
        let media = clip
            .attribute("ref")
            .and_then(|id| self.resources.get(id).copied());
        let Some(media) = media.filter(|media| media.name == "media" && depth < MAX_NESTING) else {
            return;
        };
        if let Some(sequence) = media.child("sequence") {
            let inner = content_view(clip, view, time(sequence, "tcStart").unwrap_or(0.0));
            self.read_spines(sequence, inner, rate, depth + 1);
        }
        if let Some(multicam) = media.child("multicam") {
            let inner = content_view(clip, view, time(multicam, "tcStart").unwrap_or(0.0));
            for angle in multicam.children_named("mc-angle") {
                let is_used = |source: &Element| {
                    source.attribute("angleID") == angle.attribute("angleID")
                        && source.attribute("srcEnable") != Some("none")
                };
                if clip.children_named("mc-source").any(is_used) {
                    self.read_spine(angle, inner, rate, depth + 1);
                }
            }
        }
    }

    fn read_marker(&mut self, marker: &Element, view: View) {
        let Some(start) = time(marker, "start") else {
            self.found
                .warnings
                .push("a marker without start is skipped".to_owned());
            return;
        };
        if !view.shows(start) {
            self.hidden += 1;
            return;
        }
        let t_ref_secs = view.timeline(start);
        // Points are one frame long, or one audio sample: both are points here.
        let frame_secs = self.found.rate.map_or(0.0, |rate| rate.secs_at(1));
        let length = time(marker, "duration").unwrap_or(0.0) * view.scale;
        let has_length = length > 1.5 * frame_secs;
        let to_do = match marker.attribute("completed") {
            Some("0") => "to-do",
            Some("1") => "done",
            _ => "",
        };
        let parts = [marker.attribute("note").unwrap_or_default(), to_do];
        let comment = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        self.found.markers.push(ImportedMarker {
            t_ref_secs,
            t_ref_end_secs: has_length.then_some(t_ref_secs + length),
            name: marker.attribute("value").unwrap_or_default().to_owned(),
            comment,
            ..ImportedMarker::default()
        });
    }
}

fn is_clip(name: &str) -> bool {
    matches!(
        name,
        "asset-clip"
            | "clip"
            | "ref-clip"
            | "sync-clip"
            | "mc-clip"
            | "video"
            | "audio"
            | "title"
            | "gap"
            | "transition"
    )
}

/// The view of what a compound clip refers to: shifted to the start of its clock, retimed by a `timeMap`.
fn content_view(clip: &Element, view: View, content_start: f64) -> View {
    // Without `start` the clip shows its content from the content's own start.
    let own_start = if clip.attribute("start").is_some() {
        view.own_start
    } else {
        content_start
    };
    let view = View {
        own_start,
        sequence_scale: view.scale,
        ..view
    };
    let Some((from, to)) = clip.child("timeMap").and_then(first_and_last_point) else {
        return view;
    };
    let speed = (to.1 - from.1) / (to.0 - from.0);
    if !speed.is_finite() || speed <= 0.0 {
        return view;
    }
    // Retimed time is `from.0 + (content - from.1) / speed`.
    let content_at_start = from.1 + (own_start - from.0) * speed;
    View {
        own_start: content_at_start,
        scale: view.scale / speed,
        sequence_scale: view.scale / speed,
        ..view
    }
}

/// `(time, value)` of the ends of a retiming; between them it is taken as even.
fn first_and_last_point(map: &Element) -> Option<((f64, f64), (f64, f64))> {
    let point = |point: &Element| Some((time(point, "time")?, time(point, "value")?));
    let points: Vec<_> = map.children_named("timept").filter_map(point).collect();
    points.first().copied().zip(points.last().copied())
}

/// Timeline seconds per second of a clip whose frame rate is conformed to that of the sequence: frames are kept,
/// so that NTSC material in a timeline of a whole rate runs faster by 0.1 %.
fn conform_scale(clip: &Element, rate: Rate) -> f64 {
    let Some(conform) = clip.child("conform-rate") else {
        return 1.0;
    };
    if conform.attribute("scaleEnabled") == Some("0") || clip.child("timeMap").is_some() {
        return 1.0;
    }
    let source = conform
        .attribute("srcFrameRate")
        .and_then(|text| Rate::parse(text).ok());
    // Final Cut's own exports conform 23.98 to the whole rates 24, 30, 50 and 60 by this factor alone, and
    // leave rates of one family as they are.
    match source.map(|source| (source.is_ntsc(), rate.is_ntsc())) {
        Some((true, false)) => 1000.0 / 1001.0,
        Some((false, true)) => 1001.0 / 1000.0,
        Some(_) | None => 1.0,
    }
}

/// A time attribute in seconds: `5s`, `1001/30000s`, `1.5s`.
fn time(element: &Element, name: &str) -> Option<f64> {
    let text = element.attribute(name)?.trim();
    let text = text.strip_suffix('s').unwrap_or(text);
    let secs = match text.split_once('/') {
        Some((num, den)) => num.trim().parse::<i64>().ok()? as f64 / den.trim().parse::<i64>().ok()? as f64,
        None => text.parse::<f64>().ok()?,
    };
    secs.is_finite().then_some(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_timeline(resources: &str, spine: &str) -> Vec<(String, f64)> {
        let text = format!(
            "<fcpxml version=\"1.10\"><resources><format id=\"f\" frameDuration=\"1/25s\"/>{resources}</resources>\
             <project><sequence format=\"f\" tcStart=\"3600s\" duration=\"100s\"><spine>{spine}</spine></sequence></project></fcpxml>"
        );
        let found = read(&text, &ImportOptions::default()).unwrap();
        assert_eq!(found.start.as_deref(), Some("01:00:00:00"));
        found
            .markers
            .into_iter()
            .map(|marker| (marker.name, marker.t_ref_secs))
            .collect()
    }

    #[test]
    fn a_retimed_compound_clip_maps_what_is_inside() {
        let media = "<media id=\"m\"><sequence format=\"f\" tcStart=\"10s\"><spine>\
            <asset-clip offset=\"10s\" start=\"5s\" duration=\"40s\"><marker start=\"25s\" value=\"inside\"/></asset-clip>\
            </spine></sequence></media>";
        let clip = "<ref-clip ref=\"m\" offset=\"3602s\" start=\"10s\" duration=\"20s\">\
            <timeMap><timept time=\"10s\" value=\"10s\"/><timept time=\"30s\" value=\"50s\"/></timeMap>\
            <marker start=\"11s\" value=\"on it\"/></ref-clip>";
        // 20 s into the content, at double speed 10 s into the clip, which begins at 2 s.
        assert_eq!(
            read_timeline(media, clip),
            [("on it".to_owned(), 3.0), ("inside".to_owned(), 12.0)]
        );
    }

    #[test]
    fn elements_without_offset_follow_each_other_and_decimals_are_read() {
        let spine = "<gap duration=\"4s\"/><video start=\"7.5s\" duration=\"50/25s\"><marker start=\"8.5s\" value=\"a\"/>\
            <marker start=\"9.5s\" value=\"after its end\"/></video>";
        assert_eq!(read_timeline("", spine), [("a".to_owned(), 5.0)]);
    }
}
