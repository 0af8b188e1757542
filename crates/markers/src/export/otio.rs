//! `otio`: an OpenTimelineIO timeline (docs/reference/exporters.md#otio), markers on its stack in timeline
//! time.

use mtbsync_formats::json;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::job::{ExportJob, Written};
use super::place::PlacedMarker;
use super::xml::file_url;
use crate::clip::ClipInfo;
use crate::retime::pieces;
use crate::time::Rate;
use crate::write::{Lazily, typed_object};

pub(super) fn write(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let rate = job.base.rate();
    let item = match job.main_clip() {
        Some(clip) => clip_object(job, clip),
        None => gap_object(job.total_frames, rate),
    };
    let mut tracks = vec![track_object("V1", &[item])];
    if let Some(clip) = job.retimed_clip() {
        tracks.push(track_object("V2", &retimed_items(job, clip)));
    }
    let nothing = || Value::Object(Map::new());
    let timeline = Timeline {
        schema: "Timeline.1",
        // Known by it when it is to be replaced.
        metadata: json!({"mtbsync": {}}),
        name: job.label(),
        global_start_time: instant(job.start_frame, rate),
        tracks: Stack {
            schema: "Stack.1",
            metadata: nothing(),
            name: "tracks",
            source_range: None,
            effects: [],
            markers: Lazily(|| {
                job.placement
                    .markers
                    .iter()
                    .map(|marker| marker_object(job, marker))
            }),
            enabled: true,
            children: tracks,
        },
    };
    Ok(job.written(json::to_vec(&timeline)?))
}

/// The whole file.
#[derive(Serialize)]
struct Timeline<'a, M: Serialize> {
    #[serde(rename = "OTIO_SCHEMA")]
    schema: &'a str,
    metadata: Value,
    name: &'a str,
    global_start_time: Value,
    tracks: Stack<'a, M>,
}

/// All tracks, with the markers in timeline time.
#[derive(Serialize)]
struct Stack<'a, M: Serialize> {
    #[serde(rename = "OTIO_SCHEMA")]
    schema: &'a str,
    metadata: Value,
    name: &'a str,
    source_range: Option<Value>,
    effects: [Value; 0],
    markers: M,
    enabled: bool,
    children: Vec<Value>,
}

fn instant(frame: i64, rate: Rate) -> Value {
    json!({"OTIO_SCHEMA": "RationalTime.1", "value": frame as f64, "rate": rate.as_f64()})
}

fn range(start: i64, length: i64, rate: Rate) -> Value {
    json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": instant(start, rate), "duration": instant(length, rate)})
}

fn marker_object(job: &ExportJob<'_>, marker: &PlacedMarker) -> Value {
    let row = job.table.markers.get(marker.row);
    let columns = row.map(|row| typed_object(&job.table.columns, &row.cells));
    json!({
        "OTIO_SCHEMA": "Marker.2",
        "name": job.name(marker),
        "color": marker.colour.otio(),
        "comment": marker.note,
        "metadata": {"mtbsync": columns},
        "marked_range": range(marker.frame, marker.length_frames.unwrap_or(1), job.base.rate()),
    })
}

fn track_object(name: &str, children: &[Value]) -> Value {
    json!({
        "OTIO_SCHEMA": "Track.1", "metadata": {}, "name": name, "source_range": null,
        "effects": [], "markers": [], "enabled": true, "children": children, "kind": "Video",
    })
}

fn gap_object(frames: i64, rate: Rate) -> Value {
    json!({
        "OTIO_SCHEMA": "Gap.1", "metadata": {}, "name": "",
        "source_range": range(0, frames, rate),
        "effects": [], "markers": [], "enabled": true,
    })
}

/// The whole recording at normal speed.
fn clip_object(job: &ExportJob<'_>, clip: &ClipInfo) -> Value {
    let shown = range(job.clip_start_frame(clip), job.total_frames, job.base.rate());
    media_object(job, clip, &shown, &[])
}

fn media_object(job: &ExportJob<'_>, clip: &ClipInfo, shown: &Value, effects: &[Value]) -> Value {
    let available = range(job.clip_start_frame(clip), job.clip_frames(clip), job.base.rate());
    json!({
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {},
        "name": clip.stem(),
        "source_range": shown,
        "effects": effects,
        "markers": [],
        "enabled": true,
        "media_references": {"DEFAULT_MEDIA": {
            "OTIO_SCHEMA": "ExternalReference.1",
            "metadata": {},
            "name": clip.file_name(),
            "available_range": available,
            "available_image_bounds": null,
            "target_url": file_url(&clip.path),
        }},
        "active_media_reference_key": "DEFAULT_MEDIA",
    })
}

/// The new run beside the reference: one clip per piece of constant speed, gaps where it has no counterpart.
fn retimed_items(job: &ExportJob<'_>, clip: &ClipInfo) -> Vec<Value> {
    let rate = job.base.rate();
    let media_start = job.clip_start_frame(clip) as f64;
    let mut items = Vec::new();
    let mut filled = 0;
    for piece in job.strands.iter().flat_map(|strand| pieces(strand)) {
        if piece.from.frame > filled {
            items.push(gap_object(piece.from.frame - filled, rate));
        }
        filled = piece.to.frame;
        let shown = json!({
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": {
                "OTIO_SCHEMA": "RationalTime.1",
                "value": media_start + piece.from.t_new_secs * rate.as_f64(),
                "rate": rate.as_f64(),
            },
            "duration": instant(piece.frames(), rate),
        });
        let warp = json!({
            "OTIO_SCHEMA": "LinearTimeWarp.1", "metadata": {}, "name": "", "effect_name": "LinearTimeWarp",
            "enabled": true, "time_scalar": piece.speed(rate),
        });
        items.push(media_object(job, clip, &shown, &[warp]));
    }
    items
}
