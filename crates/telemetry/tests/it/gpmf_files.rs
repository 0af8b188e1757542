//! The GPMF reader on bytes real cameras wrote.

use mtbsync_telemetry::gpmf::klv::{KlvItem, items};
use mtbsync_telemetry::gpmf::stream::StreamPart;
use mtbsync_telemetry::gpmf::{Telemetry, untimed_payloads};
use mtbsync_telemetry::{Fix, TrackSource, Warnings};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/gpmf/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn telemetry(name: &str) -> Telemetry {
    let bytes = fixture(name);
    let payloads = untimed_payloads(&bytes);
    Telemetry::read(&payloads)
}

fn nested<'a>(list: &'a [u8], key: &[u8; 4]) -> Vec<KlvItem<'a>> {
    let found = items(list).map(Result::unwrap);
    found.filter(|item| item.key == key).collect()
}

/// Values per sample, and the values of all streams with this key.
fn values(name: &str, key: &[u8; 4]) -> (usize, Vec<f64>) {
    let bytes = fixture(name);
    let devices = nested(&bytes, b"DEVC").into_iter();
    let (mut axes, mut all) = (0, Vec::new());
    for stream in devices.flat_map(|device| nested(device.data, b"STRM")) {
        let part = StreamPart::read(stream.data, &mut Warnings::default()).unwrap();
        if part.key == key {
            let (width, values) = part.values(&mut Warnings::default()).unwrap();
            axes = width;
            all.extend(values);
        }
    }
    (axes, all)
}

#[test]
fn hero5_has_gps_and_fast_gyro_in_one_payload() {
    let telemetry = telemetry("hero5.raw");
    assert_eq!(telemetry.payload_count, 1);
    assert_eq!(telemetry.devices[0].name, "Camera");
    let gps = telemetry.gps.as_ref().unwrap();
    assert_eq!((gps.samples.len(), gps.fixed_count()), (18, 18));
    assert!((gps.samples[0].lat_deg - 33.126_5).abs() < 1e-3);
    assert!((gps.samples[0].lon_deg + 117.327_4).abs() < 1e-3);
    assert_eq!(gps.samples[0].dop, Some(6.06));
    let gyro = telemetry.stream(b"GYRO").unwrap();
    assert_eq!(gyro.samples, 399);
    assert!((gyro.rate_hz - 398.6).abs() < 0.1);
    // At rest the accelerometer shows gravity, on the up axis of this older order.
    let (_, accl) = values("hero5.raw", b"ACCL");
    assert!((accl[0] - 9.77).abs() < 0.05, "{}", accl[0]);
    assert!(telemetry.warnings.is_empty(), "{:?}", telemetry.warnings);
}

#[test]
fn samples_without_fix_are_there_but_marked() {
    for name in ["hero6.raw", "hero6+ble.raw", "telemetry-consecutive1.raw"] {
        let gps = telemetry(name).gps.unwrap();
        assert!(!gps.samples.is_empty());
        assert!(gps.samples.iter().all(|sample| sample.fix == Fix::None), "{name}");
        assert_eq!(gps.utc_at_zero(), None, "{name}");
    }
}

#[test]
fn second_devices_are_listed() {
    let ble = telemetry("hero6+ble.raw");
    let names: Vec<_> = ble.devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["Hero6 Black", "SENSORB6"]);
    assert_eq!(ble.stream(b"acc1").unwrap().samples, 82);
    let karma = telemetry("karma.raw");
    assert_eq!(karma.devices[1].name, "GoPro Karma v1.0");
    assert!(karma.gps.is_none(), "a drone's GPRI is no GPS5");
}

#[test]
fn fusion_floats_and_magnetometer() {
    let telemetry = telemetry("Fusion.raw");
    assert_eq!(telemetry.stream(b"GYRO").unwrap().samples, 3300);
    let (axes, magn) = values("Fusion.raw", b"MAGN");
    assert_eq!((axes, magn.len()), (3, 3 * 25));
    assert_eq!(telemetry.stream(b"MAGN").unwrap().units, ["µT"]);
}

#[test]
fn hero11_prefers_gps9_which_equals_gps5() {
    let telemetry = telemetry("telemetry-hero11.raw");
    let gps = telemetry.gps.as_ref().unwrap();
    assert_eq!(gps.source, TrackSource::Gps9);
    assert_eq!(
        telemetry.stream(b"GPS5").unwrap().samples,
        telemetry.stream(b"GPS9").unwrap().samples
    );
    let first = gps.samples[0];
    assert_eq!(first.fix, Fix::ThreeD);
    // Day 8298 since 2000 is 2022-09-20; the second payload begins 48577899 ms into it.
    let utc = gps.samples[10].utc_unix_secs.unwrap();
    assert!((utc - 1_663_680_577.899).abs() < 1e-6, "{utc}");
    let zero = gps.utc_at_zero().unwrap();
    assert!((zero.utc_unix_secs - first.utc_unix_secs.unwrap()).abs() < zero.sigma_secs);
    let (_, cori) = values("telemetry-hero11.raw", b"CORI");
    assert!(!cori.is_empty());
    for quaternion in cori.chunks_exact(4) {
        let norm: f64 = quaternion.iter().map(|v| v * v).sum::<f64>().sqrt();
        assert!((norm - 1.0).abs() < 1e-3, "{quaternion:?}");
    }
}

#[test]
fn hero8_walk_locks_late() {
    let telemetry = telemetry("dustin-hero8-walking.gpmf");
    let gps = telemetry.gps.as_ref().unwrap();
    assert_eq!(gps.samples.len(), 897);
    assert_eq!(gps.samples[0].fix, Fix::None);
    assert!(gps.fixed_count() > 0 && gps.fixed_count() < 897);
    assert!(
        gps.samples
            .windows(2)
            .all(|pair| pair[0].time_secs < pair[1].time_secs)
    );
}
