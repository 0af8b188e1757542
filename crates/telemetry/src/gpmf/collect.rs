//! Gathers the streams of all payloads and puts them on the clock.

use mtbsync_formats::bytes::be_u32;

use crate::FourCc;
use crate::gpmf::gps::GpsStream;
use crate::gpmf::klv::{KlvItem, items};
use crate::gpmf::stream::StreamPart;
use crate::gpmf::timing::{Chunk, ChunkTime, chunk_times};
use crate::gpmf::{Device, GpmfStream, Payload, Telemetry, value};
use crate::track::TrackSource;
use crate::warning::{Warning, Warnings};

/// Most streams of one recording; a HERO11 writes 25, a drone as many again.
const MAX_STREAMS: usize = 256;
/// Motion sensors: only counted, but what could not be read of them is said.
const MOTION_KEYS: [&[u8; 4]; 6] = [b"ACCL", b"GYRO", b"GRAV", b"CORI", b"IORI", b"MAGN"];

/// All parts of one stream of one device.
struct Gathered<'a> {
    device: usize,
    key: FourCc,
    /// Which of several streams with this key in the same device.
    ordinal: usize,
    parts: Vec<(usize, StreamPart<'a>)>,
}

pub(super) fn read(payloads: &[Payload<'_>]) -> Telemetry {
    let mut telemetry = Telemetry {
        payload_count: payloads.len(),
        ..Telemetry::default()
    };
    let mut gathered: Vec<Gathered<'_>> = Vec::new();
    for (index, payload) in payloads.iter().enumerate() {
        gather_payload(index, payload.bytes, &mut telemetry, &mut gathered);
    }
    let mut gps_streams = Vec::new();
    for stream in &gathered {
        let chunks: Vec<Chunk> = stream
            .parts
            .iter()
            .map(|(payload, part)| Chunk {
                payload: *payload,
                count: part.sample_count(),
                total_samples: part.total_samples,
            })
            .collect();
        let chunk_times = chunk_times(stream.key, &chunks, payloads, &mut telemetry.warnings);
        telemetry.streams.push(summary(stream, &chunks, &chunk_times));
        match &stream.key.0 {
            b"GPS5" | b"GPS9" => {
                gps_streams.push(gps(stream, &chunk_times, &mut telemetry.warnings));
            }
            key if MOTION_KEYS.contains(&key) => check_layouts(stream, &mut telemetry.warnings),
            _ => {}
        }
    }
    // A HERO11 writes the same samples as GPS5 and GPS9; the latter has fix, DOP and UTC per sample.
    telemetry.gps = gps_streams
        .into_iter()
        .filter(|stream| !stream.samples.is_empty())
        .rev()
        .max_by_key(|stream| (stream.source == TrackSource::Gps9, stream.fixed_count()));
    telemetry
}

fn gather_payload<'a>(
    index: usize,
    bytes: &'a [u8],
    telemetry: &mut Telemetry,
    gathered: &mut Vec<Gathered<'a>>,
) {
    for item in items(bytes) {
        match item {
            Ok(item) if item.key == b"DEVC" && item.is_nested() => {
                gather_device(index, item.data, telemetry, gathered);
            }
            Ok(_) => {}
            Err(warning) => telemetry.warnings.push(warning),
        }
    }
}

fn gather_device<'a>(
    index: usize,
    devc: &'a [u8],
    telemetry: &mut Telemetry,
    gathered: &mut Vec<Gathered<'a>>,
) {
    let mut id = 0;
    let mut name = String::new();
    let mut parts = Vec::new();
    for item in items(devc) {
        match item {
            Ok(item) if item.key == b"DVID" => id = device_id(&item),
            Ok(item) if item.key == b"DVNM" => name = value::text(&item),
            Ok(item) if item.key == b"STRM" && item.is_nested() => {
                parts.extend(StreamPart::read(item.data, &mut telemetry.warnings));
            }
            Ok(_) => {}
            Err(warning) => telemetry.warnings.push(warning),
        }
    }
    let device = telemetry
        .devices
        .iter()
        .position(|known| known.id == id)
        .unwrap_or_else(|| {
            // Hostile bytes could name a new device in every item.
            if telemetry.devices.len() < MAX_STREAMS {
                telemetry.devices.push(Device { id, name });
            }
            telemetry.devices.len() - 1
        });
    let mut seen: Vec<FourCc> = Vec::new();
    for part in parts {
        let ordinal = seen.iter().filter(|key| **key == part.key).count();
        seen.push(part.key);
        let known = gathered
            .iter_mut()
            .find(|stream| stream.device == device && stream.key == part.key && stream.ordinal == ordinal);
        if let Some(stream) = known {
            stream.parts.push((index, part));
        } else if gathered.len() < MAX_STREAMS {
            gathered.push(Gathered {
                device,
                key: part.key,
                ordinal,
                parts: vec![(index, part)],
            });
        } else {
            telemetry
                .warnings
                .push(Warning::TooManyStreams { limit: MAX_STREAMS });
            break;
        }
    }
}

/// `DVID` is a number, or a four-character code taken as one.
fn device_id(item: &KlvItem<'_>) -> u32 {
    be_u32(item.data, 0).unwrap_or(0)
}

fn summary(stream: &Gathered<'_>, chunks: &[Chunk], times: &[ChunkTime]) -> GpmfStream {
    let samples = chunks.iter().map(|chunk| chunk.count).sum();
    let seconds: f64 = chunks
        .iter()
        .zip(times)
        .map(|(chunk, time)| chunk.count as f64 * time.step_secs)
        .sum();
    let first = stream.parts.first().map(|(_, part)| part);
    GpmfStream {
        key: stream.key,
        device: stream.device,
        name: first.map(|part| part.name.clone()).unwrap_or_default(),
        units: first.map(|part| part.units.clone()).unwrap_or_default(),
        payloads: chunks.len(),
        samples,
        rate_hz: if seconds > 0.0 {
            samples as f64 / seconds
        } else {
            0.0
        },
    }
}

fn gps(stream: &Gathered<'_>, times: &[ChunkTime], warnings: &mut Warnings) -> GpsStream {
    let is_gps9 = stream.key == b"GPS9";
    let mut gps = GpsStream::new(if is_gps9 {
        TrackSource::Gps9
    } else {
        TrackSource::Gps5
    });
    for ((_, part), time) in stream.parts.iter().zip(times) {
        gps.add(part, *time, warnings);
    }
    gps
}

/// Warns of parts that cannot be read, and of those with another number of axes than the first that can.
fn check_layouts(stream: &Gathered<'_>, warnings: &mut Warnings) {
    let mut known_axes = None;
    for (_, part) in &stream.parts {
        let axes = part.scaled_layout(warnings).map(|(layout, _)| layout.axes());
        known_axes = known_axes.or(axes);
        if axes.is_some() && axes != known_axes {
            warnings.push(Warning::BadLayout { key: stream.key });
        }
    }
}

/// Length of a payload as cameras write them, seconds.
pub const USUAL_PAYLOAD_SECS: f64 = 1.001;

/// Payloads of a file of bare GPMF, which tells no times: [`USUAL_PAYLOAD_SECS`] each, one after the other.
pub fn untimed_payloads(bytes: &[u8]) -> Vec<Payload<'_>> {
    let timed = |(k, bytes)| Payload {
        pts_secs: k as f64 * USUAL_PAYLOAD_SECS,
        duration_secs: USUAL_PAYLOAD_SECS,
        bytes,
    };
    split_payloads(bytes).into_iter().enumerate().map(timed).collect()
}

/// Cuts a file of bare GPMF (payload after payload, without times) into payloads: one ends where a device
/// comes again.
fn split_payloads(bytes: &[u8]) -> Vec<&[u8]> {
    let mut payloads = Vec::new();
    let mut seen: Vec<u32> = Vec::new();
    let mut start = 0_usize;
    let mut offset = 0_usize;
    for item in items(bytes).map_while(Result::ok) {
        // Padding between items belongs to the item before.
        offset = item
            .data
            .as_ptr()
            .addr()
            .saturating_sub(bytes.as_ptr().addr() + 8);
        let id = items(item.data)
            .map_while(Result::ok)
            .find(|inner| inner.key == b"DVID")
            .map_or(0, |inner| device_id(&inner));
        if seen.contains(&id) {
            payloads.extend(bytes.get(start..offset));
            start = offset;
            seen.clear();
        }
        seen.push(id);
    }
    if offset >= start && start < bytes.len() {
        payloads.extend(bytes.get(start..));
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpmf::testing::{accl, device, each_second, gps5};
    use crate::track::Fix;

    fn read_seconds(payloads: &[Vec<u8>]) -> Telemetry {
        Telemetry::read(&each_second(payloads))
    }

    #[test]
    fn devices_are_kept_apart() {
        let both = [device(1, &accl(200, 200)), device(7, &accl(50, 50))].concat();
        let telemetry = read_seconds(&[both.clone(), both]);
        assert_eq!(telemetry.devices.len(), 2);
        let streams = telemetry.streams.iter();
        let samples: Vec<_> = streams.map(|stream| (stream.device, stream.samples)).collect();
        assert_eq!(samples, [(0, 400), (1, 100)]);
        assert_eq!(telemetry.stream(b"ACCL").unwrap().device, 0);
    }

    #[test]
    fn fix_lost_midway_marks_only_its_payloads() {
        let row = [470_000_000, 80_000_000, 500_000, 5_000, 500];
        let payloads: Vec<Vec<u8>> = [(3, 150), (0, 9999), (2, 300)]
            .iter()
            .map(|&(fix, dop)| device(1, &gps5(fix, dop, "220920132937.923", &[row; 18])))
            .collect();
        let gps = read_seconds(&payloads).gps.unwrap();
        assert_eq!(gps.samples.len(), 54);
        assert_eq!(gps.fixed_count(), 36);
        assert_eq!(gps.samples[20].fix, Fix::None);
        assert_eq!(gps.samples[0].lat_deg, 47.0);
        assert_eq!(gps.samples[0].speed_2d_mps, 5.0);
        let track = gps.to_track();
        assert_eq!(track.points[0].error_m, 3.75);
        assert_eq!(track.points[40].error_m, 15.0, "2D fix doubles the error");
    }

    #[test]
    fn empty_and_garbage_payloads_are_survived() {
        let telemetry = read_seconds(&[Vec::new(), vec![0xff; 33], device(1, &accl(10, 10))]);
        assert_eq!(telemetry.payload_count, 3);
        assert_eq!(telemetry.streams.len(), 1);
        assert!(!telemetry.warnings.is_empty());
    }

    #[test]
    fn payloads_split_where_a_device_returns() {
        let second = [device(1, &accl(9, 3)), device(2, &accl(4, 2))].concat();
        let bytes = [second.clone(), second.clone(), second.clone()].concat();
        let payloads = split_payloads(&bytes);
        assert_eq!(payloads, [&second[..], &second[..], &second[..]]);
        assert!(split_payloads(&[]).is_empty());
    }
}
