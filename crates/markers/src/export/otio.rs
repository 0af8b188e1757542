//! `otio`: an OpenTimelineIO timeline (editors.md section 4.7), markers on its stack in timeline time.

use mtbsync_formats::json;
use serde_json::{Value, json};

use super::error::ExportError;
use super::job::Job;
use super::options::ClipInfo;
use super::place::Placed;
use super::xml::file_url;
use super::{Exporter, Written};
use crate::time::Rate;
use crate::write::typed_object;

pub(super) struct Otio;

impl Exporter for Otio {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let rate = job.base.rate();
        let markers: Vec<Value> = job
            .placement
            .markers
            .iter()
            .map(|marker| marker_object(job, marker))
            .collect();
        let item = match &job.options.clip {
            Some(clip) => clip_object(job, clip),
            None => json!({
                "OTIO_SCHEMA": "Gap.1", "metadata": {}, "name": "",
                "source_range": range(0, job.total_frames, rate),
                "effects": [], "markers": [], "enabled": true,
            }),
        };
        let timeline = json!({
            "OTIO_SCHEMA": "Timeline.1",
            "metadata": {},
            "name": job.label(),
            "global_start_time": instant(job.start_frame, rate),
            "tracks": {
                "OTIO_SCHEMA": "Stack.1",
                "metadata": {},
                "name": "tracks",
                "source_range": null,
                "effects": [],
                "markers": markers,
                "enabled": true,
                "children": [{
                    "OTIO_SCHEMA": "Track.1", "metadata": {}, "name": "V1", "source_range": null,
                    "effects": [], "markers": [], "enabled": true, "children": [item], "kind": "Video",
                }],
            },
        });
        let bytes = json::to_vec(&timeline).map_err(|error| ExportError::Unwritable {
            reason: error.to_string(),
        })?;
        Ok(Written::one(bytes, job.placement.markers.len()))
    }
}

fn instant(frame: i64, rate: Rate) -> Value {
    json!({"OTIO_SCHEMA": "RationalTime.1", "value": frame as f64, "rate": rate.as_f64()})
}

fn range(start: i64, length: i64, rate: Rate) -> Value {
    json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": instant(start, rate), "duration": instant(length, rate)})
}

fn marker_object(job: &Job<'_>, marker: &Placed) -> Value {
    let row = job.table.markers.get(marker.row);
    let columns = row.map(|row| typed_object(&job.table.columns, &row.cells));
    json!({
        "OTIO_SCHEMA": "Marker.2",
        "name": marker.name(&job.options.review_prefix, ""),
        "color": marker.colour.otio(),
        "comment": marker.note,
        "metadata": {"mtbsync": columns},
        "marked_range": range(marker.frame, marker.length_frames.unwrap_or(1), job.base.rate()),
    })
}

fn clip_object(job: &Job<'_>, clip: &ClipInfo) -> Value {
    let shown = range(job.clip_start_frame(), job.total_frames, job.base.rate());
    json!({
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {},
        "name": clip.stem(),
        "source_range": shown,
        "effects": [],
        "markers": [],
        "enabled": true,
        "media_references": {"DEFAULT_MEDIA": {
            "OTIO_SCHEMA": "ExternalReference.1",
            "metadata": {},
            "name": clip.file_name(),
            "available_range": shown,
            "available_image_bounds": null,
            "target_url": file_url(&clip.path),
        }},
        "active_media_reference_key": "DEFAULT_MEDIA",
    })
}
