//! OpenTimelineIO JSON. Markers of timelines, stacks, tracks and clips are brought to timeline time through
//! source ranges, the order of tracks and linear time warps.

use serde_json::Value;

use super::{Found, ImportError, ImportedMarker};
use crate::time::{Rate, Timebase};

/// Deepest nesting of stacks in tracks in stacks.
const MAX_NESTING: usize = 60;

pub(super) fn read(text: &str) -> Result<Found, ImportError> {
    let root: Value = serde_json::from_str(text).map_err(|error| ImportError::damaged(error.to_string()))?;
    let timelines: Vec<&Value> = match schema(&root) {
        "SerializableCollection" => items(&root, "children").collect(),
        _ => vec![&root],
    };
    let mut reader = Reader {
        found: Found::default(),
        hidden: 0,
    };
    for timeline in timelines {
        if !reader.found.markers.is_empty() {
            let name = timeline.get("name").and_then(Value::as_str).unwrap_or_default();
            reader
                .found
                .warnings
                .push(format!("only one timeline is read, not `{name}`"));
            continue;
        }
        match schema(timeline) {
            "Timeline" => {
                let start = timeline.get("global_start_time");
                if let Some(rate) = start.and_then(rate_of) {
                    reader.found.rate = Some(rate);
                    let base = Timebase::non_drop(rate.for_timecode());
                    reader.found.start = start
                        .and_then(secs)
                        .map(|secs| base.format(base.rate().frame_at(secs)));
                }
                reader.read_markers(timeline, View::whole());
                if let Some(tracks) = timeline.get("tracks") {
                    reader.read_item(tracks, View::whole(), 0);
                }
            }
            _ => reader.read_item(timeline, View::whole(), 0),
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

/// From an item's own time to that of the timeline.
#[derive(Clone, Copy)]
struct View {
    timeline_start: f64,
    own_start: f64,
    /// Own seconds per timeline second.
    speed: f64,
    /// Own time that is shown.
    shown: (f64, f64),
}

impl View {
    fn whole() -> Self {
        Self {
            timeline_start: 0.0,
            own_start: 0.0,
            speed: 1.0,
            shown: (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    fn timeline(&self, own_secs: f64) -> f64 {
        self.timeline_start + (own_secs - self.own_start) / self.speed
    }
}

struct Reader {
    found: Found,
    hidden: usize,
}

impl Reader {
    /// An item whose first shown moment is at `outer.own_start` of `outer`.
    fn read_item(&mut self, item: &Value, outer: View, depth: usize) {
        if depth > MAX_NESTING {
            return;
        }
        let source = shown_range(item);
        let own_start = source.map_or(0.0, |(start, _)| start);
        let view = View {
            timeline_start: outer.timeline(outer.own_start),
            own_start,
            speed: outer.speed * speed_of(item),
            shown: item
                .get("source_range")
                .and_then(range)
                .map_or((f64::NEG_INFINITY, f64::INFINITY), |(start, length)| {
                    (start, start + length)
                }),
        };
        self.read_markers(item, view);
        match schema(item) {
            "Stack" => {
                for child in items(item, "children") {
                    self.read_item(
                        child,
                        View {
                            own_start: 0.0,
                            timeline_start: view.timeline(0.0),
                            ..view
                        },
                        depth + 1,
                    );
                }
            }
            "Track" => {
                let mut own_secs = 0.0;
                for child in items(item, "children").filter(|child| schema(child) != "Transition") {
                    let at = View {
                        own_start: own_secs,
                        timeline_start: view.timeline(own_secs),
                        ..view
                    };
                    self.read_item(child, at, depth + 1);
                    own_secs += length_of(child, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn read_markers(&mut self, item: &Value, view: View) {
        for marker in items(item, "markers") {
            let Some((start, length)) = marker.get("marked_range").and_then(range) else {
                self.found
                    .warnings
                    .push("a marker without a range is skipped".to_owned());
                continue;
            };
            let rate = marker
                .get("marked_range")
                .and_then(|range| range.get("start_time"))
                .and_then(rate_of);
            self.found.rate = self.found.rate.or(rate);
            let frame_secs = rate.map_or(0.0, |rate| rate.secs_at(1));
            if start < view.shown.0 - frame_secs / 2.0 || start > view.shown.1 - frame_secs / 2.0 {
                self.hidden += 1;
                continue;
            }
            let text = |key: &str| {
                marker
                    .get(key)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            self.found.markers.push(ImportedMarker {
                t_ref_secs: view.timeline(start),
                t_ref_end_secs: (length > 1.5 * frame_secs).then(|| view.timeline(start + length)),
                name: text("name"),
                colour: text("color"),
                comment: text("comment"),
                source: String::new(),
            });
        }
    }
}

/// The schema's name without its version.
fn schema(value: &Value) -> &str {
    let name = value
        .get("OTIO_SCHEMA")
        .and_then(Value::as_str)
        .unwrap_or_default();
    name.split('.').next().unwrap_or_default()
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
