//! Puts an external track file on a recording's clock.
//!
//! A watch and a camera never agree on the time. Priors of the offset come from the UTC in the recording's
//! own GPS, or from the file's creation time, which is local time of a clock set by hand. [`offsets`]
//! searches within them for what explains speeds and pictures best.

mod search;
mod side;
mod signal;

use crate::gpmf::UtcAtZero;
use crate::read::TrackFile;
use crate::tuning::{CLOCK_CAMERA_SIGMA_SECS, CLOCK_UTC_SIGMA_SECS, CLOCK_ZONE_MIN_COVERED};
pub use search::{Offsets, SearchSide, SeenPath, interpolate, offsets};
use serde::Serialize;
pub use side::{SideTrack, TrackClock};
pub use signal::Signal;

/// Farthest time zones, quarter hours from UTC (UTC-12 to UTC+14).
const ZONE_QUARTERS: std::ops::RangeInclusive<i32> = -48..=56;
/// Seconds of a quarter hour: every zone is a whole number of them.
const QUARTER_SECS: f64 = 900.0;

/// Track time at video zero: `t_track = t_video + offset_secs`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OffsetEstimate {
    /// The offset.
    pub offset_secs: f64,
    /// Its 1-sigma error.
    pub sigma_secs: f64,
}

/// Offset from the UTC of the recording's own GPS. `None` when the track has no date.
pub fn offset_from_utc(video: UtcAtZero, track: &TrackFile) -> Option<OffsetEstimate> {
    Some(OffsetEstimate {
        offset_secs: video.utc_unix_secs - track.start_utc_unix_secs?,
        sigma_secs: video.sigma_secs.hypot(CLOCK_UTC_SIGMA_SECS),
    })
}

/// Offsets the creation time allows, the most plausible first: one for each time zone in which the recording
/// lies inside the track. The zone the track file tells comes first, then UTC, whole hours, the others.
pub fn offsets_from_creation_time(
    creation_unix_secs: f64,
    video_secs: f64,
    track: &TrackFile,
) -> Vec<OffsetEstimate> {
    let (Some(start_utc), Some((first_secs, last_secs))) =
        (track.start_utc_unix_secs, track.track.span_secs())
    else {
        return Vec::new();
    };
    let told = track
        .local_time_offset_secs
        .map(|secs| (secs / QUARTER_SECS).round() as i32);
    let rank = |quarters: i32| match quarters {
        _ if told == Some(quarters) => 0,
        0 => 1,
        _ if quarters % 4 == 0 => 2,
        _ => 3,
    };
    // The clock may be wrong by minutes, so the recording may seem to begin before the track.
    let slack_secs = 2.0 * CLOCK_CAMERA_SIGMA_SECS;
    let mut zones: Vec<i32> = ZONE_QUARTERS.collect();
    zones.sort_by_key(|&quarters| (rank(quarters), quarters.abs(), quarters));
    zones
        .into_iter()
        .map(|quarters| creation_unix_secs - f64::from(quarters) * QUARTER_SECS - start_utc)
        .filter(|offset_secs| {
            let covered_secs = (offset_secs + video_secs).min(last_secs + slack_secs)
                - offset_secs.max(first_secs - slack_secs);
            covered_secs >= CLOCK_ZONE_MIN_COVERED * video_secs
        })
        .map(|offset_secs| OffsetEstimate {
            offset_secs,
            sigma_secs: CLOCK_CAMERA_SIGMA_SECS,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read_track;

    fn hour_from(start: &str, end: &str) -> TrackFile {
        let point = |time: &str| format!("<trkpt lat='47' lon='8'><time>{time}</time></trkpt>");
        let gpx = format!(
            "<gpx><trk><trkseg>{}{}</trkseg></trk></gpx>",
            point(start),
            point(end)
        );
        read_track(gpx.as_bytes()).unwrap()
    }

    #[test]
    fn utc_gives_the_offset_at_once() {
        let track = hour_from("2024-06-01T10:00:00Z", "2024-06-01T11:00:00Z");
        let start = track.start_utc_unix_secs.unwrap();
        let video = UtcAtZero {
            utc_unix_secs: start + 90.25,
            sigma_secs: 0.3,
        };
        let estimate = offset_from_utc(video, &track).unwrap();
        assert_eq!(estimate.offset_secs, 90.25);
        assert!(estimate.sigma_secs > 0.5);
    }

    #[test]
    fn creation_time_is_tried_in_every_zone_that_fits() {
        let track = hour_from("2024-06-01T10:00:00Z", "2024-06-01T11:00:00Z");
        let start = track.start_utc_unix_secs.unwrap();
        // Local time two hours ahead, ten minutes into the ride.
        let local = start + 600.0 + 7200.0;
        let offsets: Vec<f64> = offsets_from_creation_time(local, 300.0, &track)
            .iter()
            .map(|e| e.offset_secs)
            .collect();
        assert_eq!(offsets[0], 600.0, "whole hours first");
        assert!(offsets.contains(&1500.0), "quarter hours too");
        assert_eq!(offsets.len(), 4);
        assert!(offsets_from_creation_time(start - 1e7, 300.0, &track).is_empty());
    }
}
