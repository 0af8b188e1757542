//! Bytes nobody meant: every parser must answer, never panic, and never grow beyond its input.

use std::io::Cursor;
use std::sync::LazyLock;

use mtbsync_telemetry::gpmf::klv::items;
use mtbsync_telemetry::gpmf::stream::StreamPart;
use mtbsync_telemetry::gpmf::{Telemetry, untimed_payloads};
use mtbsync_telemetry::hilight::{ChapterSpan, hilights_from_udta};
use mtbsync_telemetry::lens::Lenses;
use mtbsync_telemetry::{FileTelemetry, Warnings, clean, read_track};
use proptest::collection::vec;
use proptest::prelude::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

static GPMF: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    [
        "gpmf/hero5.raw",
        "gpmf/karma.raw",
        "gpmf/hero6+ble.raw",
        "gpmf/telemetry-consecutive2.raw",
    ]
    .map(fixture)
    .to_vec()
});
static HEADER: LazyLock<Vec<u8>> = LazyLock::new(|| fixture("gpmf/telemetry-mp4header.raw"));
static TRACKS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    [
        "fit/elemnt-bolt-no-application-id-inside-developer-data-id.fit",
        "gpx/gpxpy-gpx1.0_with_all_fields.gpx",
        "gpx/gpxpy-gpx1.1_with_all_fields.gpx",
        "gpx/gpxpy-track-with-empty-segment.gpx",
    ]
    .map(fixture)
    .to_vec()
});
/// The index of a real recording, with its sample data left out.
static MP4: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = format!("{}/../../data/race-lap/pass1.mp4", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let moov = bytes.windows(4).rposition(|word| word == b"moov").unwrap() - 4;
    [&bytes[..32], &bytes[moov..]].concat()
});

/// Single bytes to overwrite, and where to cut.
#[derive(Debug, Clone)]
struct Damage {
    bytes: Vec<(prop::sample::Index, u8)>,
    cut: Option<prop::sample::Index>,
}

fn damage() -> impl Strategy<Value = Damage> {
    (
        vec((any::<prop::sample::Index>(), any::<u8>()), 0..24),
        any::<Option<prop::sample::Index>>(),
    )
        .prop_map(|(bytes, cut)| Damage { bytes, cut })
}

fn damaged(original: &[u8], damage: &Damage) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for (index, value) in &damage.bytes {
        let at = index.index(bytes.len());
        bytes[at] = *value;
    }
    if let Some(cut) = &damage.cut {
        bytes.truncate(cut.index(original.len()));
    }
    bytes
}

fn check_gpmf(bytes: &[u8]) {
    let payloads = untimed_payloads(bytes);
    let telemetry = Telemetry::read(&payloads);
    let inside = |list| items(list).map_while(Result::ok);
    let devices = payloads.iter().flat_map(|payload| inside(payload.bytes));
    let parts = devices.flat_map(|device| inside(device.data));
    let mut warnings = Warnings::default();
    for part in parts {
        let part = StreamPart::read(part.data, &mut warnings);
        if let Some((axes, values)) = part.and_then(|part| part.values(&mut warnings)) {
            assert!(values.len() <= bytes.len());
            assert_eq!(values.len() % axes, 0);
        }
    }
    assert!(Lenses::read(Some(bytes), &payloads, &mut warnings).is_sound());
    if let Some(gps) = &telemetry.gps {
        assert!(gps.samples.len() <= bytes.len() / 20);
        check_clean(&gps.to_track());
    }
}

fn check_clean(track: &mtbsync_telemetry::Track) {
    let (cleaned, report) = clean::clean(track);
    assert!(
        cleaned
            .points
            .windows(2)
            .all(|pair| pair[0].time_secs < pair[1].time_secs)
    );
    let removed =
        report.no_fix + report.poor_dop + report.impossible + report.time_back + report.frozen + report.jumps;
    assert_eq!(
        (report.before, report.kept),
        (track.points.len(), cleaned.points.len())
    );
    assert_eq!(report.kept + removed, report.before);
}

fn check_track(bytes: &[u8]) {
    match read_track(bytes) {
        Ok(file) => {
            assert!(!file.track.points.is_empty() && file.track.points.len() <= bytes.len());
            check_clean(&file.track);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check_recording(bytes: Vec<u8>) {
    if let Ok(recording) = FileTelemetry::read(&mut Cursor::new(bytes)) {
        assert!(recording.warnings.as_slice().len() <= 64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..2000)) {
        check_gpmf(&bytes);
        check_track(&bytes);
        check_recording([b"\0\0\0\x08ftyp", bytes.as_slice()].concat());
        hilights_from_udta(Some(&bytes), Some(&bytes), ChapterSpan::single(60.0));
    }

    #[test]
    fn arbitrary_bytes_behind_the_right_signature(bytes in vec(any::<u8>(), 0..500)) {
        check_track(&[b"\x0c\x10\0\0\xff\0\0\0.FIT", bytes.as_slice()].concat());
        check_track(&[b"<gpx>", bytes.as_slice()].concat());
        check_track(&[b"<TrainingCenterDatabase>", bytes.as_slice()].concat());
    }

    #[test]
    fn damaged_payloads(which in 0..4_usize, damage in damage()) {
        check_gpmf(&damaged(&GPMF[which], &damage));
    }

    #[test]
    fn damaged_headers(damage in damage()) {
        let bytes = damaged(&HEADER[..1000], &damage);
        check_gpmf(&bytes);
        let (tags, warnings) = hilights_from_udta(Some(&bytes), Some(&bytes), ChapterSpan::single(60.0));
        prop_assert!(tags.len() <= 10_000 && warnings.as_slice().len() <= 64);
        prop_assert!(tags.windows(2).all(|pair| pair[0].time_secs < pair[1].time_secs));
    }

    #[test]
    fn damaged_tracks(which in 0..4_usize, damage in damage()) {
        check_track(&damaged(&TRACKS[which], &damage));
    }

    #[test]
    fn damaged_recordings(damage in damage()) {
        check_recording(damaged(&MP4, &damage));
    }
}
