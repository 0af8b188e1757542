//! Track files of the cases: read, moved, written.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use mtbsync_telemetry::geometry::metres_between;
use mtbsync_telemetry::{FileTelemetry, Track, TrackFile, read_track};
use serde_json::Value;

/// Degrees of latitude of a metre.
const DEGREES_PER_M: f64 = 1.0 / 111_195.0;

/// The track that a camera recorded.
pub fn of_camera(recording: &Path) -> Result<Track> {
    let mut file = fs::File::open(recording)?;
    let gps = FileTelemetry::read(&mut file)?
        .telemetry
        .and_then(|telemetry| telemetry.gps);
    Ok(gps
        .with_context(|| format!("no GPS in {}", recording.display()))?
        .to_track())
}

/// A track file.
pub fn read(path: &Path) -> Result<TrackFile> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    read_track(&bytes).with_context(|| path.display().to_string())
}

/// The track as GPX, moved to the north. Its times keep their distances, but their date says nothing.
pub fn gpx_moved_north(track: &Track, metres: f64) -> String {
    let mut gpx = "<gpx version=\"1.1\"><trk><trkseg>".to_owned();
    for point in &track.points {
        let lat_deg = point.lat_deg + metres * DEGREES_PER_M;
        let (minutes, secs) = ((point.time_secs / 60.0).floor(), point.time_secs.rem_euclid(60.0));
        let _ = write!(
            gpx,
            "<trkpt lat=\"{lat_deg:.7}\" lon=\"{:.7}\"><time>2000-01-01T12:{minutes:02}:{secs:06.3}Z</time></trkpt>",
            point.lon_deg
        );
    }
    gpx + "</trkseg></trk></gpx>"
}

/// Track time at video zero of one run, from `pair.json` of a rendered pair and the first point of its track.
pub fn true_offset_secs(pair_json: &[u8], run: &str, track: &TrackFile) -> Result<f64> {
    let facts: Value = serde_json::from_slice(pair_json)?;
    let zero = facts["runs"][run]["gpx_time_of_video_zero"]
        .as_str()
        .context("pair.json does not tell gpx_time_of_video_zero")?;
    let start = track.start_utc_unix_secs.context("the track has no UTC")?;
    Ok(unix_secs(zero)? - start)
}

/// A time such as `2025-06-14T09:20:23.610000Z`, read by the reader of track files.
fn unix_secs(time: &str) -> Result<f64> {
    let gpx =
        format!("<gpx><trk><trkseg><trkpt lat='0' lon='0'><time>{time}</time></trkpt></trkseg></trk></gpx>");
    read_track(gpx.as_bytes())?.start_utc_unix_secs.context("no UTC")
}

/// Where the track is at a time on its clock, degrees: on the straight line between its points. Nothing of
/// the program under test takes part.
fn position_at(track: &Track, time_secs: f64) -> Option<(f64, f64)> {
    let k = track.points.partition_point(|point| point.time_secs < time_secs);
    let after = track.points.get(k)?;
    let Some(before) = k.checked_sub(1).and_then(|k| track.points.get(k)) else {
        return (after.time_secs == time_secs).then_some((after.lat_deg, after.lon_deg));
    };
    let share = (time_secs - before.time_secs) / (after.time_secs - before.time_secs);
    let mix = |a: f64, b: f64| a + share * (b - a);
    Some((
        mix(before.lat_deg, after.lat_deg),
        mix(before.lon_deg, after.lon_deg),
    ))
}

/// Metres between both tracks at matched times `(t_ref, t_new)`, sorted.
pub fn distances_m(reference: &Track, new: &Track, matched_secs: &[(f64, f64)]) -> Vec<f64> {
    let mut distances: Vec<f64> = matched_secs
        .iter()
        .filter_map(|&(t_ref, t_new)| {
            Some(metres_between(
                position_at(reference, t_ref)?,
                position_at(new, t_new)?,
            ))
        })
        .collect();
    distances.sort_by(f64::total_cmp);
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ride to the north at 10 m/s, a point every two seconds.
    fn ride(start_m: f64) -> Track {
        let points: String = (0..30)
            .map(|k| {
                let lat = 46.0 + (start_m + 20.0 * f64::from(k)) * DEGREES_PER_M;
                format!(
                    "<trkpt lat='{lat:.9}' lon='7'><time>2025-06-14T09:20:{:02}Z</time></trkpt>",
                    2 * k
                )
            })
            .collect();
        read_track(format!("<gpx><trk><trkseg>{points}</trkseg></trk></gpx>").as_bytes())
            .unwrap()
            .track
    }

    #[test]
    fn distances_are_taken_at_matched_times() {
        let (reference, new) = (ride(0.0), ride(50.0));
        let right = distances_m(&reference, &new, &[(6.0, 1.0), (26.5, 21.5)]);
        assert!(right.len() == 2 && right.iter().all(|m| *m < 0.01), "{right:?}");
        let late = distances_m(&reference, &new, &[(6.0, 2.0), (500.0, 1.0)]);
        assert!(late.len() == 1 && (late[0] - 10.0).abs() < 0.02, "{late:?}");
    }

    #[test]
    fn a_moved_track_keeps_its_times() {
        let moved = read_track(gpx_moved_north(&ride(0.0), 100.0).as_bytes())
            .unwrap()
            .track;
        assert_eq!(moved.span_secs(), Some((0.0, 58.0)));
        let distances = distances_m(&ride(0.0), &moved, &[(0.0, 0.0), (31.0, 31.0)]);
        assert!(distances.iter().all(|m| (m - 100.0).abs() < 0.1), "{distances:?}");
    }

    #[test]
    fn the_true_offset_counts_from_the_first_point() {
        let facts = br#"{"runs":{"new":{"gpx_time_of_video_zero":"2025-06-14T09:20:05.250000Z"}}}"#;
        let track = read_track(
            b"<gpx><trk><trkseg><trkpt lat='1' lon='1'><time>2025-06-14T09:20:00Z</time></trkpt></trkseg></trk></gpx>",
        )
        .unwrap();
        let offset = true_offset_secs(facts, "new", &track).unwrap();
        assert!((offset - 5.25).abs() < 1e-6);
        assert!(true_offset_secs(facts, "reference", &track).is_err());
    }
}
