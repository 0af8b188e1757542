//! OpenTimelineIO JSON. Markers of timelines, stacks, tracks and clips are brought to timeline time through
//! source ranges, the order of tracks and linear time warps.

use serde_json::Value;

use super::error::ImportError;
use super::found::{Imported, ImportedMarker};
use super::timeline::{Content, TimelineView, Walker};
use crate::time::{Rate, Timebase};

/// Deepest nesting of stacks in tracks in stacks.
const MAX_NESTING: usize = 60;

pub(super) fn read(text: &str) -> Result<Imported, ImportError> {
    let root: Value = serde_json::from_str(text)?;
    let timelines: Vec<&Value> = match schema(&root) {
        "SerializableCollection" => items(&root, "children").collect(),
        _ => vec![&root],
    };
    let mut walker = Walker::default();
    let mut rate = None;
    let named = timelines
        .into_iter()
        .map(|timeline| (text_of(timeline, "name"), timeline));
    walker.read_first("timeline", named, |walker, timeline| {
        if schema(timeline) != "Timeline" {
            walker.walk(
                timeline,
                place(timeline, 0.0, TimelineView::WHOLE),
                &mut |item, view| contents(item, view, &mut rate),
            );
            return Ok(());
        }
        let start = timeline.get("global_start_time");
        if let Some(start_rate) = start.and_then(rate_of) {
            rate = Some(start_rate);
            let base = Timebase::non_drop(start_rate.for_timecode());
            let frame = |secs| base.format(base.rate().frame_at(secs));
            walker.found.start = start.and_then(secs).map(frame);
        }
        let mut contents = |item, view| contents(item, view, &mut rate);
        walker.walk(timeline, TimelineView::WHOLE, &mut contents);
        if let Some(tracks) = timeline.get("tracks") {
            walker.walk(tracks, place(tracks, 0.0, TimelineView::WHOLE), &mut contents);
        }
        Ok(())
    })?;
    walker.found.rate = rate;
    Ok(walker.finish())
}

/// The view of an item whose first shown moment is at `own_secs` of its parent.
fn place(item: &Value, own_secs: f64, parent: TimelineView) -> TimelineView {
    TimelineView {
        timeline_start: parent.timeline(own_secs),
        own_start: shown_range(item).map_or(0.0, |(start, _)| start),
        speed: parent.speed * speed_of(item),
        ..parent
    }
}

/// What is in an item; `rate` becomes that of the first marker when nothing else has told it.
fn contents<'a>(item: &'a Value, view: TimelineView, rate: &mut Option<Rate>) -> Vec<Content<&'a Value>> {
    // An item shows a range of its own time.
    let shown = item.get("source_range").and_then(range);
    let shown = shown.map_or(TimelineView::WHOLE.shown, |(start, length)| {
        (start, start + length)
    });
    let markers = items(item, "markers");
    let mut contents: Vec<_> = markers
        .map(|marker| read_marker(marker, shown, view, rate))
        .collect();
    if view.depth >= MAX_NESTING {
        return contents;
    }
    let depth = view.depth + 1;
    let view = TimelineView { depth, ..view };
    match schema(item) {
        "Stack" => {
            let children = items(item, "children");
            contents.extend(children.map(|child| Content::Nested(child, place(child, 0.0, view))));
        }
        "Track" => {
            let mut own_secs = 0.0;
            for child in items(item, "children").filter(|child| schema(child) != "Transition") {
                contents.push(Content::Nested(child, place(child, own_secs, view)));
                own_secs += length_of(child, depth);
            }
        }
        _ => {}
    }
    contents
}

/// A marker of an item that shows `shown` of its own time.
fn read_marker<N>(
    marker: &Value,
    shown: (f64, f64),
    view: TimelineView,
    rate: &mut Option<Rate>,
) -> Content<N> {
    let marked = marker.get("marked_range");
    let Some((start, length)) = marked.and_then(range) else {
        return Content::Unplaced("a marker without a range is skipped");
    };
    let marker_rate = marked.and_then(|range| range.get("start_time")).and_then(rate_of);
    *rate = rate.or(marker_rate);
    let frame_secs = marker_rate.map_or(0.0, |rate| rate.secs_at(1));
    if start < shown.0 - frame_secs / 2.0 || start > shown.1 - frame_secs / 2.0 {
        return Content::Hidden;
    }
    Content::Marker(ImportedMarker {
        t_ref_secs: view.timeline(start),
        t_ref_end_secs: (length > 1.5 * frame_secs).then(|| view.timeline(start + length)),
        name: text_of(marker, "name").to_owned(),
        colour: text_of(marker, "color").to_owned(),
        comment: text_of(marker, "comment").to_owned(),
        ..ImportedMarker::default()
    })
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The schema's name without its version.
fn schema(value: &Value) -> &str {
    text_of(value, "OTIO_SCHEMA")
        .split('.')
        .next()
        .unwrap_or_default()
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A RationalTime in seconds.
fn secs(time: &Value) -> Option<f64> {
    let (value, rate) = (time.get("value")?.as_f64()?, time.get("rate")?.as_f64()?);
    let exact = Rate::nearest(rate).filter(|_| rate > 0.0);
    let secs = match exact {
        // Frame counts convert exactly; rates are often written with few decimals.
        Some(exact) if value.fract() == 0.0 && value.abs() < 1e12 => exact.secs_at(value as i64),
        Some(_) | None => value / rate,
    };
    secs.is_finite().then_some(secs)
}

fn rate_of(time: &Value) -> Option<Rate> {
    let rate = time.get("rate")?.as_f64()?;
    Rate::nearest(rate).filter(|_| rate >= 1.0)
}

/// A TimeRange as start and length in seconds.
fn range(range: &Value) -> Option<(f64, f64)> {
    Some((secs(range.get("start_time")?)?, secs(range.get("duration")?)?))
}

/// What an item shows of itself: its source range, or all of its media.
fn shown_range(item: &Value) -> Option<(f64, f64)> {
    let media = || {
        let current = item.get("media_reference").or_else(|| {
            let key = item
                .get("active_media_reference_key")
                .and_then(Value::as_str)
                .unwrap_or("DEFAULT_MEDIA");
            item.get("media_references")?.get(key)
        });
        range(current?.get("available_range")?)
    };
    item.get("source_range").and_then(range).or_else(media)
}

/// How long an item is in its parent, in seconds. Time warps do not change that in OpenTimelineIO.
fn length_of(item: &Value, depth: usize) -> f64 {
    if depth > MAX_NESTING {
        return 0.0;
    }
    let lengths = || {
        items(item, "children")
            .filter(|child| schema(child) != "Transition")
            .map(|c| length_of(c, depth + 1))
    };
    match (shown_range(item), schema(item)) {
        (Some((_, length)), _) => length,
        (None, "Track") => lengths().sum(),
        (None, "Stack") => lengths().fold(0.0, f64::max),
        (None, _) => 0.0,
    }
}

/// The product of an item's linear time warps; a freeze frame has no speed to divide by.
fn speed_of(item: &Value) -> f64 {
    let warps = items(item, "effects").filter(|effect| schema(effect) == "LinearTimeWarp");
    let speed: f64 = warps
        .filter_map(|warp| warp.get("time_scalar")?.as_f64())
        .product();
    if speed.is_finite() && speed > 0.0 {
        speed
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn time(value: f64) -> Value {
        json!({"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": 25.0})
    }

    fn range(start: f64, duration: f64) -> Value {
        json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(duration)})
    }

    fn marker(name: &str, start: f64) -> Value {
        json!({"OTIO_SCHEMA": "Marker.1", "name": name, "color": "RED", "marked_range": range(start, 1.0)})
    }

    #[test]
    fn source_ranges_gaps_nesting_and_time_warps_are_followed() {
        let clip = json!({
            "OTIO_SCHEMA": "Clip.1",
            "source_range": range(250.0, 100.0),
            "effects": [{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": 2.0}],
            "markers": [marker("in clip", 300.0), marker("not shown", 240.0)],
        });
        let inner = json!({
            "OTIO_SCHEMA": "Stack.1",
            "source_range": range(25.0, 75.0),
            "markers": [marker("in stack", 50.0)],
            "children": [{"OTIO_SCHEMA": "Track.1", "children": [clip]}],
        });
        let gap = json!({"OTIO_SCHEMA": "Gap.1", "source_range": range(0.0, 50.0)});
        let transition =
            json!({"OTIO_SCHEMA": "Transition.1", "in_offset": time(5.0), "out_offset": time(5.0)});
        let timeline = json!({
            "OTIO_SCHEMA": "Timeline.1",
            "global_start_time": time(90_000.0),
            "tracks": {"OTIO_SCHEMA": "Stack.1", "markers": [marker("on timeline", 10.0)], "children": [
                {"OTIO_SCHEMA": "Track.1", "children": [gap, transition, inner]},
            ]},
        });
        let found = read(&timeline.to_string()).unwrap();
        let markers: Vec<_> = found
            .markers
            .iter()
            .map(|m| (m.name.as_str(), m.t_ref_secs))
            .collect();
        // The stack begins at 2 s and shows itself from 1 s; the clip in it runs at twice its speed.
        assert_eq!(
            markers,
            [("on timeline", 0.4), ("in stack", 3.0), ("in clip", 2.0)]
        );
        assert_eq!(
            (found.start.as_deref(), found.warnings.len()),
            (Some("01:00:00:00"), 1)
        );
    }
}
