//! Final Cut Pro XML, versions 1.5 to 1.14.
//!
//! Every element of a timeline has a place in its parent (`offset`) and a clock of its own that shows `start`
//! there. Markers on a retimed clip (`timeMap`) count in the retimed time; the content of a compound clip
//! counts in the time of its own sequence, so there the map applies.

use std::collections::BTreeMap;

use super::error::ImportError;
use super::found::{ImportOptions, Imported, ImportedMarker};
use super::timeline::{Content, TimelineView, Walker};
use super::xml::{XmlElement, parse};
use crate::time::{Counting, Rate, Timebase};
use crate::tuning::EDGE_SECS;

/// Compound clips in compound clips, as deep as is believable; more is a loop.
const MAX_NESTING: usize = 16;
/// A transition's own clock shows this at its start.
const TRANSITION_START_SECS: f64 = 3600.0;

pub(super) fn read(text: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let (root, damage) = parse(text)?;
    let resources = root.children_named("resources");
    let by_id = |resource| Some((XmlElement::attribute(resource, "id")?, resource));
    let resources = resources.flat_map(|resources| &resources.children);
    let mut file = Fcpxml {
        resources: resources.filter_map(by_id).collect(),
        rate: Rate::whole(30),
    };
    let mut walker = Walker::default();
    walker.found.warnings.extend(damage);
    let projects = root.outermost("project");
    let projects = projects.iter().filter_map(|project| {
        let name = project.attribute("name").unwrap_or_default();
        Some((name, project.child("sequence")?))
    });
    let projects: Vec<_> = projects.collect();
    if projects.is_empty() {
        file.read_browser_clips(&root, &mut walker);
    }
    walker.read_first("project", projects, |walker, sequence| {
        file.read_project(sequence, options, walker)
    })?;
    Ok(walker.finish())
}

/// The file around a timeline.
struct Fcpxml<'a> {
    resources: BTreeMap<&'a str, &'a XmlElement>,
    /// Rate of the timeline that is read.
    rate: Rate,
}

type Contents<'a> = Vec<Content<&'a XmlElement>>;

impl<'a> Fcpxml<'a> {
    fn format_rate(&self, element: &XmlElement) -> Option<Rate> {
        let format = self.resources.get(element.attribute("format")?)?;
        let (duration, rate) = format
            .attribute("frameDuration")?
            .trim_end_matches('s')
            .split_once('/')?;
        Rate::new(rate.trim().parse().ok()?, duration.trim().parse().ok()?)
    }

    fn read_project(
        &mut self,
        sequence: &'a XmlElement,
        options: &ImportOptions,
        walker: &mut Walker,
    ) -> Result<(), ImportError> {
        let rate = self.format_rate(sequence).or(options.rate);
        self.rate = rate.unwrap_or(Rate::whole(30));
        let by_file = Counting::drop_if(sequence.attribute("tcFormat") == Some("DF"));
        let counting = options.counting.unwrap_or(by_file.possible_at(self.rate));
        let base = Timebase::new(self.rate.for_timecode(), counting)?;
        let file_start = time(sequence, "tcStart").unwrap_or(0.0);
        let start = match &options.timeline_start {
            Some(start) => self.rate.secs_at(base.parse(start)?),
            None => file_start,
        };
        walker.found.rate = Some(self.rate);
        walker.found.start = Some(base.format(base.rate().frame_at(start)));
        let length = time(sequence, "duration").unwrap_or(f64::INFINITY);
        let view = TimelineView {
            timeline_start: file_start - start,
            own_start: file_start,
            shown: (file_start - start, file_start - start + length),
            ..TimelineView::WHOLE
        };
        walker.walk(sequence, view, &mut |element, view| self.contents(element, view));
        Ok(())
    }

    /// Clips of an event, without a project: each is a timeline of its own, the first with markers is read.
    fn read_browser_clips(&mut self, root: &'a XmlElement, walker: &mut Walker) {
        let events = root.outermost("event");
        for clip in events.into_iter().chain([root]).flat_map(|event| &event.children) {
            if is_clip(&clip.name) && walker.found.markers.is_empty() {
                self.rate = self.format_rate(clip).unwrap_or(Rate::whole(30));
                walker.found.rate = Some(self.rate);
                let view = TimelineView {
                    own_start: time(clip, "start").unwrap_or(0.0),
                    shown: (0.0, time(clip, "duration").unwrap_or(f64::INFINITY)),
                    ..TimelineView::WHOLE
                };
                walker.walk(clip, view, &mut |element, view| self.contents(element, view));
            }
        }
    }

    fn contents(&self, element: &'a XmlElement, view: TimelineView) -> Contents<'a> {
        match element.name.as_str() {
            "sequence" => {
                let spines = element.children_named("spine");
                spines.flat_map(|spine| self.spine(spine, view)).collect()
            }
            "spine" | "mc-angle" => self.spine(element, view),
            _ => self.clip(element, view),
        }
    }

    /// Elements one after the other; those without `offset` follow the one before.
    fn spine(&self, spine: &'a XmlElement, view: TimelineView) -> Contents<'a> {
        let mut next = view.own_start;
        let place = |item: &'a XmlElement| {
            let offset = time(item, "offset").unwrap_or(next);
            if item.name != "transition" {
                next = offset + time(item, "duration").unwrap_or(0.0);
            }
            self.item(item, offset, view)
        };
        spine.children.iter().map(place).collect()
    }

    /// An element at `offset` of its parent's time.
    fn item(&self, item: &'a XmlElement, offset: f64, parent: TimelineView) -> Content<&'a XmlElement> {
        let timeline_start = parent.timeline(offset);
        match item.name.as_str() {
            // A storyline beside the main one: its own clock starts at 0 where it is attached.
            "spine" => {
                let view = TimelineView {
                    timeline_start,
                    own_start: 0.0,
                    scale: parent.sequence_scale,
                    ..parent
                };
                Content::Nested(item, view)
            }
            // Of several takes the first one is the one shown.
            "audition" => match item.children.iter().find(|child| is_clip(&child.name)) {
                Some(take) => self.item(take, offset, parent),
                None => Content::Other,
            },
            name if is_clip(name) => {
                let is_transition = name == "transition";
                let default_start = if is_transition { TRANSITION_START_SECS } else { 0.0 };
                let length = time(item, "duration").unwrap_or(f64::INFINITY);
                let timeline_end = timeline_start + length * parent.sequence_scale;
                let view = TimelineView {
                    timeline_start,
                    own_start: time(item, "start").unwrap_or(default_start),
                    scale: parent.sequence_scale * conform_scale(item, self.rate),
                    shown: parent.cut_to((timeline_start, timeline_end)),
                    ..parent
                };
                Content::Nested(item, view)
            }
            _ => Content::Other,
        }
    }

    /// Markers and children of a clip, and what it refers to.
    fn clip(&self, clip: &'a XmlElement, view: TimelineView) -> Contents<'a> {
        let child = |child: &'a XmlElement| match child.name.as_str() {
            "marker" | "chapter-marker" => self.marker(child, view),
            _ => self.item(child, time(child, "offset").unwrap_or(view.own_start), view),
        };
        let mut contents: Contents<'a> = clip.children.iter().map(child).collect();
        let media = clip
            .attribute("ref")
            .and_then(|id| self.resources.get(id).copied());
        let Some(media) = media.filter(|media| media.name == "media" && view.depth < MAX_NESTING) else {
            return contents;
        };
        if let Some(sequence) = media.child("sequence") {
            contents.push(Content::Nested(sequence, content_view(clip, view, sequence)));
        }
        if let Some(multicam) = media.child("multicam") {
            let inner = content_view(clip, view, multicam);
            let is_used = |angle: &&XmlElement| {
                clip.children_named("mc-source").any(|source| {
                    source.attribute("angleID") == angle.attribute("angleID")
                        && source.attribute("srcEnable") != Some("none")
                })
            };
            let angles = multicam.children_named("mc-angle").filter(is_used);
            contents.extend(angles.map(|angle| Content::Nested(angle, inner)));
        }
        contents
    }

    fn marker(&self, marker: &XmlElement, view: TimelineView) -> Content<&'a XmlElement> {
        let Some(start) = time(marker, "start") else {
            return Content::Unplaced("a marker without start is skipped");
        };
        let t_ref_secs = view.timeline(start);
        if !(t_ref_secs >= view.shown.0 - EDGE_SECS && t_ref_secs < view.shown.1 - EDGE_SECS) {
            return Content::Hidden;
        }
        // Points are one frame long, or one audio sample: both are points here.
        let length = time(marker, "duration").unwrap_or(0.0) * view.scale;
        let has_length = length > 1.5 * self.rate.secs_at(1);
        let to_do = match marker.attribute("completed") {
            Some("0") => "to-do",
            Some("1") => "done",
            _ => "",
        };
        let mut parts = vec![marker.attribute("note").unwrap_or_default(), to_do];
        parts.retain(|part| !part.is_empty());
        Content::Marker(ImportedMarker {
            t_ref_secs,
            t_ref_end_secs: has_length.then_some(t_ref_secs + length),
            name: marker.attribute("value").unwrap_or_default().to_owned(),
            comment: parts.join(" "),
            ..ImportedMarker::default()
        })
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
fn content_view(clip: &XmlElement, view: TimelineView, content: &XmlElement) -> TimelineView {
    // Without `start` the clip shows its content from the content's own start.
    let own_start = if clip.attribute("start").is_some() {
        view.own_start
    } else {
        time(content, "tcStart").unwrap_or(0.0)
    };
    let view = TimelineView {
        own_start,
        sequence_scale: view.scale,
        depth: view.depth + 1,
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
    TimelineView {
        own_start: from.1 + (own_start - from.0) * speed,
        scale: view.scale / speed,
        sequence_scale: view.scale / speed,
        ..view
    }
}

/// `(time, value)` of the ends of a retiming; between them it is taken as even.
fn first_and_last_point(map: &XmlElement) -> Option<((f64, f64), (f64, f64))> {
    let point = |point: &XmlElement| Some((time(point, "time")?, time(point, "value")?));
    let points: Vec<_> = map.children_named("timept").filter_map(point).collect();
    points.first().copied().zip(points.last().copied())
}

/// Timeline seconds per second of a clip whose frame rate is conformed to that of the sequence: frames are
/// kept, so that NTSC material in a timeline of a whole rate runs faster by 0.1 %.
fn conform_scale(clip: &XmlElement, rate: Rate) -> f64 {
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
fn time(element: &XmlElement, name: &str) -> Option<f64> {
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
