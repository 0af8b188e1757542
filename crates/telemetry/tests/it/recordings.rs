//! Whole MP4 files: the sample pair of the repository, and files made here.

use std::io::Cursor;

use mtbsync_telemetry::hilight::{ChapterSpan, HilightKind, hilights_from_udta};
use mtbsync_telemetry::identity::Identity;
use mtbsync_telemetry::{FileTelemetry, Fix};

fn race_lap(name: &str) -> FileTelemetry {
    let path = format!("{}/../../data/race-lap/{name}", env!("CARGO_MANIFEST_DIR"));
    FileTelemetry::read(&mut Cursor::new(std::fs::read(path).unwrap())).unwrap()
}

#[test]
fn race_lap_telemetry_is_read_without_a_media_library() {
    for (name, payloads, video_secs) in [("pass1.mp4", 37, 37.1), ("pass2.mp4", 44, 44.4)] {
        let recording = race_lap(name);
        assert!((recording.duration_secs - video_secs).abs() < 0.1, "{name}");
        assert_eq!(recording.not_real_time, None, "{name}");
        let telemetry = recording.telemetry.as_ref().unwrap();
        assert_eq!(telemetry.payload_count, payloads, "{name}");
        let gps = telemetry.gps.as_ref().unwrap();
        assert!(
            gps.samples.iter().all(|sample| sample.fix == Fix::ThreeD),
            "{name}"
        );
        assert!(
            (telemetry.stream(b"GPS5").unwrap().rate_hz - 18.2).abs() < 0.3,
            "{name}"
        );
        for key in [b"ACCL", b"GYRO", b"CORI", b"IORI", b"GRAV"] {
            assert!(telemetry.stream(key).is_some(), "{name}");
        }
        assert!(recording.warnings.is_empty(), "{name}: {:?}", recording.warnings);
    }
}

#[test]
fn header_with_three_hilights() {
    let path = format!(
        "{}/tests/data/gpmf/telemetry-mp4header.raw",
        env!("CARGO_MANIFEST_DIR")
    );
    let gpmf = std::fs::read(path).unwrap();
    let (tags, warnings) = hilights_from_udta(Some(&gpmf), None, ChapterSpan::single(60.0));
    assert!(warnings.is_empty());
    assert_eq!(tags.len(), 3);
    assert_eq!(tags[0].time_secs, 0.8);
    assert_eq!(tags[0].range_secs, (0.8, 0.8));
    assert_eq!(tags[0].confidence_percent, Some(100.0));
    assert!(tags.iter().all(|tag| tag.kind == HilightKind::Manual));
    let mut identity = Identity::default();
    identity.fill_from_gpmf(&gpmf);
    assert_eq!(identity.model.as_deref(), Some("HERO7 Black"));
    assert_eq!(identity.firmware.as_deref(), Some("HD7.01.01.90.00"));
    assert_eq!(identity.media_id.map(|id| id.len()), Some(32));
}
