//! What a camera or a watch wrote: telemetry of a recording, track files, bare GPMF.

use std::path::Path;

use mtbsync_formats::read_bounded;
use mtbsync_index::camera::CameraTelemetry;
use mtbsync_index::error::IndexProblem;
use mtbsync_task::error::PipelineError;
use mtbsync_telemetry::clean::clean;
use mtbsync_telemetry::gpmf::{Telemetry, USUAL_PAYLOAD_SECS, untimed_payloads};
use mtbsync_telemetry::hilight::{ChapterSpan, hilights_from_udta};
use mtbsync_telemetry::lens::Lenses;
use mtbsync_telemetry::{Track, TrackError, TrackFile, Warnings, read_track};

use super::{Check, Level};
use crate::recordings::lens::change_warning;

/// HiLight tags named one by one.
const SHOWN_HILIGHTS: usize = 10;
/// Share of usable samples below which GPS helps little.
const POOR_GPS_SHARE: f64 = 0.5;
/// Largest file read that is no recording; the reader of tracks has the same bound.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// Bare GPMF begins with a device.
const GPMF_START: &[u8] = b"DEVC";

/// Looks at a file without pictures; `None` when it is neither a track file nor bare GPMF.
pub fn check_without_pictures(path: &Path) -> Option<Result<Vec<Check>, PipelineError>> {
    let bytes = read_bounded(path, MAX_FILE_BYTES).ok()?;
    if bytes.starts_with(GPMF_START) {
        return Some(Ok(check_bare_gpmf(&bytes)));
    }
    match read_track(&bytes) {
        Ok(file) => Some(Ok(check_track(&file))),
        Err(TrackError::UnknownFormat { .. } | TrackError::Empty) => None,
        Err(error) => Some(Err(PipelineError::from(IndexProblem::Track(error)).at(path))),
    }
}

fn check_bare_gpmf(bytes: &[u8]) -> Vec<Check> {
    let payloads = untimed_payloads(bytes);
    let (hilights, mut warnings) = hilights_from_udta(Some(bytes), None, ChapterSpan::single(f64::MAX));
    let telemetry = Telemetry::read(&payloads);
    let lenses = Lenses::read(None, &payloads, &mut warnings);
    warnings.extend(telemetry.warnings);
    let mut checks = vec![Check::new(
        Level::Ok,
        "GPMF",
        format!(
            "{} without times; {USUAL_PAYLOAD_SECS} s each are assumed",
            counted(payloads.len(), "payload")
        ),
    )];
    checks.extend(check_telemetry(&CameraTelemetry {
        gps: telemetry.gps,
        streams: telemetry.streams,
        lenses,
        hilights,
        warnings,
        ..CameraTelemetry::default()
    }));
    checks
}

fn check_track(file: &TrackFile) -> Vec<Check> {
    let track = &file.track;
    let length_secs = track.span_secs().map_or(0.0, |(first, last)| last - first);
    let step = track
        .median_step_secs()
        .map(|secs| format!(", one every {secs:.1} s"))
        .unwrap_or_default();
    let mut checks = vec![
        Check::new(
            Level::Ok,
            "track",
            format!(
                "{} in {}, {length_secs:.0} s{step}",
                counted(track.points.len(), "point"),
                counted(file.segments, "segment")
            ),
        ),
        check_points(track),
    ];
    checks.extend(check_warnings("track", &file.warnings));
    checks
}

/// What the camera wrote besides pictures and sound.
pub fn check_telemetry(recorded: &CameraTelemetry) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(model) = &recorded.model {
        checks.push(Check::new(Level::Ok, "camera", model.clone()));
    }
    if let [lens, ..] = recorded.lenses.as_slice() {
        let text = format!("{} by its telemetry", lens.lens.words());
        checks.push(Check::new(Level::Ok, "lens", text));
    }
    if let Some(changes) = change_warning(&recorded.lenses) {
        checks.push(Check::new(Level::Warn, "lens", changes));
    }
    if recorded.streams.is_empty() {
        checks.push(Check::new(Level::Ok, "telemetry", "none"));
    } else {
        let streams: Vec<String> = recorded
            .streams
            .iter()
            .map(|stream| format!("{} {:.0} Hz", stream.key, stream.rate_hz))
            .collect();
        checks.push(Check::new(Level::Ok, "telemetry", streams.join(", ")));
        checks.push(match &recorded.gps {
            Some(gps) => check_points(&gps.to_track()),
            None => Check::new(
                Level::Ok,
                "GPS",
                "none: give a watch's track with ‹ref-gpx› or ‹new-gpx›, or rely on the pictures",
            ),
        });
    }
    if let Some(why) = &recorded.not_real_time {
        checks.push(Check::new(
            Level::Warn,
            "real time",
            format!("no, {why}: it looks like TimeWarp or time-lapse and cannot be aligned"),
        ));
    }
    if !recorded.hilights.is_empty() {
        let times: Vec<String> = recorded
            .hilights
            .iter()
            .take(SHOWN_HILIGHTS)
            .map(|tag| format!("{:.1} s", tag.time_secs))
            .collect();
        let more = if recorded.hilights.len() > SHOWN_HILIGHTS {
            ", ..."
        } else {
            ""
        };
        checks.push(Check::new(
            Level::Ok,
            "HiLight tags",
            format!("{} ({}{more})", recorded.hilights.len(), times.join(", ")),
        ));
    }
    checks.extend(check_warnings("telemetry", &recorded.warnings));
    checks
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn check_warnings(name: &'static str, warnings: &Warnings) -> impl Iterator<Item = Check> {
    let check =
        move |warning: &mtbsync_telemetry::Warning| Check::new(Level::Warn, name, warning.to_string());
    warnings.as_slice().iter().map(check)
}

/// How good the points are.
fn check_points(track: &Track) -> Check {
    let (track, report) = clean(track);
    let usable = report.kept as f64 / report.before.max(1) as f64;
    let mut errors: Vec<f64> = track.points.iter().map(|point| point.error_m).collect();
    errors.sort_by(f64::total_cmp);
    let error = errors
        .get(errors.len() / 2)
        .map(|metres| format!(", 1-sigma error {metres:.1} m"))
        .unwrap_or_default();
    let first = track
        .points
        .first()
        // Adding zero makes a negative one positive.
        .map(|point| format!(", first fix at {:.1} s", point.time_secs + 0.0))
        .unwrap_or_default();
    let level = if usable < POOR_GPS_SHARE {
        Level::Warn
    } else {
        Level::Ok
    };
    Check::new(
        level,
        "GPS",
        format!(
            "{} of {} samples usable ({:.0} %){first}{error}",
            report.kept,
            report.before,
            100.0 * usable
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks_of(bytes: &[u8]) -> Option<Result<Vec<Check>, PipelineError>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        check_without_pictures(file.path())
    }

    fn telemetry_data(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../telemetry/tests/data");
        std::fs::read(folder.join(name)).unwrap()
    }

    fn text(checks: &[Check], name: &str) -> String {
        let found = checks.iter().find(|check| check.name == name);
        found.map(|check| check.text.clone()).unwrap_or_default()
    }

    #[test]
    fn bare_telemetry_is_looked_at() {
        let header = checks_of(&telemetry_data("gpmf/telemetry-mp4header.raw"))
            .unwrap()
            .unwrap();
        assert!(text(&header, "HiLight tags").starts_with("3 ("), "{header:?}");
        assert_eq!(text(&header, "lens"), "wide by its telemetry");
        let ride = checks_of(&telemetry_data("gpmf/dustin-hero8-walking.gpmf"))
            .unwrap()
            .unwrap();
        assert!(
            text(&ride, "GPS").starts_with("728 of 897 samples usable"),
            "{ride:?}"
        );
        assert_eq!(text(&ride, "lens"), "", "nothing where nothing is said");
    }

    #[test]
    fn track_files_are_looked_at() {
        let ride = checks_of(&telemetry_data("gpx/hyde_park_1.gpx"))
            .unwrap()
            .unwrap();
        assert!(text(&ride, "track").starts_with("310 points in 1 segment, 1370 s"));
        assert!(ride.iter().all(|check| check.level == Level::Ok), "{ride:?}");
        let hike = checks_of(&telemetry_data("gpx/gpxpy-Mojstrovka.gpx"))
            .unwrap()
            .unwrap();
        assert!(hike.iter().any(|check| check.level == Level::Warn), "{hike:?}");
    }

    #[test]
    fn what_is_wrong_with_a_track_file_is_said() {
        let planned = b"<gpx><trk><trkseg><trkpt lat='1' lon='2'/></trkseg></trk></gpx>";
        let error = checks_of(planned).unwrap().unwrap_err();
        assert!(error.what().contains("has a time"), "{error:?}");
        assert!(checks_of(b"hello").is_none());
        assert!(checks_of(b"").is_none());
    }
}
