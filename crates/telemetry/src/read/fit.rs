//! FIT, Garmin's binary format: definition messages say how the data messages after them are laid out.
//!
//! Only two of its hundreds of messages matter here: `record` (a track point) and `activity` (local time).
//! Everything else, developer fields included, is stepped over by its declared size, so an unknown profile
//! cannot harm. Files chained behind one another are read as segments.

use mtbsync_formats::bytes::array_at;

use super::{RawPoint, RawTrack};
use crate::track::TrackSource;
use crate::utc::FIT_EPOCH_UNIX_SECS;
use crate::warning::Warning;

/// Shortest header.
const MIN_HEADER_LEN: usize = 12;
/// Global number of the `record` message.
const RECORD: u16 = 20;
/// Global number of the `activity` message.
const ACTIVITY: u16 = 34;
/// Field number of the timestamp in every message.
const TIMESTAMP: u8 = 253;
/// Smaller timestamps count from switching the device on, by the FIT specification.
const FIRST_ABSOLUTE_TIMESTAMP: u32 = 0x1000_0000;
/// Degrees per semicircle.
const DEGREES_PER_SEMICIRCLE: f64 = 180.0 / 2_147_483_648.0;

/// True for the signature of a FIT header.
pub(super) fn is_fit(bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(b".FIT".as_slice())
}

/// Reads all chained files.
pub(super) fn read(bytes: &[u8]) -> RawTrack {
    let mut track = RawTrack::new(TrackSource::Fit);
    let mut at = 0_usize;
    while let Some(rest) = bytes.get(at..).filter(|rest| is_fit(rest)) {
        track.begin_segment();
        let Some(length) = read_one(rest, at, &mut track) else {
            break;
        };
        at += length;
    }
    track
}

/// Reads one file of a chain and returns its length. `None` when the chain cannot go on behind it.
fn read_one(bytes: &[u8], offset: usize, track: &mut RawTrack) -> Option<usize> {
    let header_len = usize::from(*bytes.first()?);
    let data_len = u32::from_le_bytes(array_at(bytes, 4)?) as usize;
    if header_len < MIN_HEADER_LEN {
        track.warnings.push(Warning::FitDamaged { offset });
        return None;
    }
    let end = header_len.checked_add(data_len)?;
    let data = bytes.get(header_len..end.min(bytes.len()))?;
    let mut messages = Messages::new(data);
    while messages.at < data.len() {
        if messages.step(track).is_none() {
            track.warnings.push(Warning::FitDamaged {
                offset: offset + header_len + messages.at,
            });
            return None;
        }
    }
    if end > bytes.len() {
        track.warnings.push(Warning::FitDamaged {
            offset: offset + bytes.len(),
        });
        return None;
    }
    let checksum = array_at(bytes, end).map(u16::from_le_bytes);
    if checksum.is_some_and(|expected| expected != 0 && expected != crc16(bytes.get(..end).unwrap_or(bytes)))
    {
        track.warnings.push(Warning::FitChecksum);
    }
    Some(end + 2)
}

/// One field of a definition.
#[derive(Debug, Clone, Copy)]
struct Field {
    number: u8,
    size: usize,
}

/// A definition message: the layout of data messages of one local type.
#[derive(Debug, Clone)]
struct Definition {
    message: u16,
    big_endian: bool,
    fields: Vec<Field>,
    /// Length of the developer fields behind the others.
    developer_len: usize,
}

/// Walks the records of one file.
struct Messages<'a> {
    data: &'a [u8],
    at: usize,
    definitions: [Option<Definition>; 16],
    last_timestamp: Option<u32>,
}

impl<'a> Messages<'a> {
    fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            definitions: Default::default(),
            last_timestamp: None,
        }
    }

    /// Reads one record; `None` when it cannot be understood.
    fn step(&mut self, track: &mut RawTrack) -> Option<()> {
        let header = *self.data.get(self.at)?;
        if header & 0x80 != 0 {
            // Compressed timestamp: local type in bits 5 and 6, seconds modulo 32 in the rest.
            let timestamp = self.last_timestamp.map(|last| {
                let low = u32::from(header & 0x1f);
                last.wrapping_add(low.wrapping_sub(last) & 0x1f)
            });
            self.read_data(usize::from(header >> 5 & 0x03), timestamp, track)
        } else if header & 0x40 != 0 {
            self.read_definition(usize::from(header & 0x0f), header & 0x20 != 0)
        } else {
            self.read_data(usize::from(header & 0x0f), None, track)
        }
    }

    fn read_definition(&mut self, local: usize, has_developer_fields: bool) -> Option<()> {
        let body = self.data.get(self.at + 1..)?;
        let big_endian = *body.get(1)? == 1;
        let raw = array_at(body, 2)?;
        let message = if big_endian {
            u16::from_be_bytes(raw)
        } else {
            u16::from_le_bytes(raw)
        };
        let field_count = usize::from(*body.get(4)?);
        let fields_end = 5 + 3 * field_count;
        let fields = body
            .get(5..fields_end)?
            .chunks_exact(3)
            .filter_map(|field| {
                Some(Field {
                    number: *field.first()?,
                    size: usize::from(*field.get(1)?),
                })
            })
            .collect();
        let (developer_len, length) = if has_developer_fields {
            let count = usize::from(*body.get(fields_end)?);
            let end = fields_end + 1 + 3 * count;
            let developer = body.get(fields_end + 1..end)?;
            (
                developer
                    .iter()
                    .skip(1)
                    .step_by(3)
                    .map(|&size| usize::from(size))
                    .sum(),
                end,
            )
        } else {
            (0, fields_end)
        };
        *self.definitions.get_mut(local)? = Some(Definition {
            message,
            big_endian,
            fields,
            developer_len,
        });
        self.at += 1 + length;
        Some(())
    }

    fn read_data(&mut self, local: usize, timestamp: Option<u32>, track: &mut RawTrack) -> Option<()> {
        let definition = self.definitions.get(local)?.as_ref()?;
        let length: usize =
            definition.fields.iter().map(|field| field.size).sum::<usize>() + definition.developer_len;
        let body = self.data.get(self.at + 1..self.at + 1 + length)?;
        let mut values = Values::default();
        let mut offset = 0;
        for field in &definition.fields {
            let bytes = body.get(offset..offset + field.size)?;
            values.take(
                definition.message,
                field.number,
                unsigned(bytes, definition.big_endian),
            );
            offset += field.size;
        }
        let timestamp = values.timestamp.or(timestamp);
        self.last_timestamp = timestamp.or(self.last_timestamp);
        match definition.message {
            RECORD => {
                track.has_utc &= timestamp.is_none_or(|t| t >= FIRST_ABSOLUTE_TIMESTAMP);
                // Records without a position (indoors, before the first fix) are no points of a track.
                if values.point.lat_deg.is_some() && values.point.lon_deg.is_some() {
                    let time_secs = timestamp.map(|t| f64::from(t) + FIT_EPOCH_UNIX_SECS);
                    track.push(RawPoint {
                        time_secs,
                        ..values.point
                    });
                }
            }
            ACTIVITY => {
                if let (Some(utc), Some(local)) = (timestamp, values.local_timestamp) {
                    track.local_time_offset_secs = Some(f64::from(local) - f64::from(utc));
                }
            }
            _ => {}
        }
        self.at += 1 + length;
        Some(())
    }
}

/// Fields of one data message that are of use.
#[derive(Debug, Clone, Copy, Default)]
struct Values {
    timestamp: Option<u32>,
    local_timestamp: Option<u32>,
    point: RawPoint,
}

impl Values {
    /// Field numbers, scales and offsets are those of the FIT profile; all bits set means no value.
    fn take(&mut self, message: u16, number: u8, value: Option<(u64, usize)>) {
        let Some((raw, size)) = value else { return };
        match (message, number) {
            (_, TIMESTAMP) => self.timestamp = u32::try_from(raw).ok(),
            (ACTIVITY, 5) => self.local_timestamp = u32::try_from(raw).ok(),
            (RECORD, 0) => self.point.lat_deg = semicircles(raw, size),
            (RECORD, 1) => self.point.lon_deg = semicircles(raw, size),
            (RECORD, 2) if self.point.altitude_m.is_none() => self.point.altitude_m = Some(altitude(raw)),
            (RECORD, 78) => self.point.altitude_m = Some(altitude(raw)),
            (RECORD, 6) if self.point.speed_mps.is_none() => self.point.speed_mps = Some(raw as f64 / 1000.0),
            (RECORD, 73) => self.point.speed_mps = Some(raw as f64 / 1000.0),
            (RECORD, 31) => self.point.accuracy_m = Some(raw as f64),
            _ => {}
        }
    }
}

fn altitude(raw: u64) -> f64 {
    raw as f64 / 5.0 - 500.0
}

/// Degrees from a signed 32-bit number of semicircles, whose "no value" is its largest.
fn semicircles(raw: u64, size: usize) -> Option<f64> {
    let raw = u32::try_from(raw).ok().filter(|_| size == 4)?;
    let signed = raw.cast_signed();
    (signed != i32::MAX).then(|| f64::from(signed) * DEGREES_PER_SEMICIRCLE)
}

/// An unsigned number of 1, 2, 4 or 8 bytes; `None` for other sizes and for all bits set.
fn unsigned(bytes: &[u8], big_endian: bool) -> Option<(u64, usize)> {
    let size = bytes.len();
    if !matches!(size, 1 | 2 | 4 | 8) || bytes.iter().all(|&byte| byte == 0xff) {
        return None;
    }
    let fold = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    let value = if big_endian {
        bytes.iter().fold(0, fold)
    } else {
        bytes.iter().rev().fold(0, fold)
    };
    Some((value, size))
}

/// The checksum of FIT, CRC-16/ARC.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0_u16, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_track;
    use super::*;

    /// A FIT file of these records.
    fn file(records: &[Vec<u8>]) -> Vec<u8> {
        let data = records.concat();
        let mut bytes = vec![12, 0x10, 0, 0];
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(b".FIT");
        bytes.extend(&data);
        bytes.extend(crc16(&bytes).to_le_bytes());
        bytes
    }

    /// Defines local type 0 as a record of timestamp, position and (big-endian) enhanced speed, with three
    /// bytes of developer data.
    fn definition() -> Vec<u8> {
        vec![
            0x60, 0, 1, 0, 20, 4, 253, 4, 0x86, 0, 4, 0x85, 1, 4, 0x85, 73, 4, 0x86, 1, 0, 3, 0,
        ]
    }

    fn record(header: u8, timestamp: u32, lat: i32, lon: i32, speed: u32) -> Vec<u8> {
        let mut bytes = vec![header];
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(lat.to_be_bytes());
        bytes.extend(lon.to_be_bytes());
        bytes.extend(speed.to_be_bytes());
        bytes.extend([1, 2, 3]);
        bytes
    }

    #[test]
    fn chained_files_developer_fields_and_missing_values() {
        let start = 1_000_000_000;
        let first = file(&[
            definition(),
            record(0, start, 1 << 29, -(1 << 28), 4_500),
            record(0, start + 1, i32::MAX, i32::MAX, u32::MAX),
        ]);
        let second = file(&[definition(), record(0, start + 60, 1 << 29, 0, u32::MAX)]);
        let track = read_track(&[first, second].concat()).unwrap();
        assert_eq!(track.segments, 2);
        let points = &track.track.points;
        assert_eq!(points.len(), 2, "a record without position is no point");
        assert_eq!((points[0].lat_deg, points[0].lon_deg), (45.0, -22.5));
        assert_eq!((points[0].speed_mps, points[1].speed_mps), (Some(4.5), None));
        assert_eq!(points[1].time_secs, 60.0);
        assert_eq!(track.start_utc_unix_secs, Some(1_631_065_600.0));
        assert!(track.warnings.is_empty(), "{:?}", track.warnings);
    }

    #[test]
    fn compressed_timestamps_roll_over() {
        let short = vec![0x41, 0, 1, 0, 20, 2, 0, 4, 0x85, 1, 4, 0x85];
        let compressed = |seconds: u8| {
            let mut bytes = vec![0x80 | 1 << 5 | seconds];
            bytes.extend([0x20, 0, 0, 0, 0, 0, 0, 0]);
            bytes
        };
        let start = 1_000_000_000_u32 & !0x1f | 30;
        let bytes = file(&[
            definition(),
            record(0, start, 1 << 29, 0, 0),
            short,
            compressed(31),
            compressed(1),
        ]);
        let times: Vec<f64> = read_track(&bytes)
            .unwrap()
            .track
            .points
            .iter()
            .map(|p| p.time_secs)
            .collect();
        assert_eq!(times, [0.0, 1.0, 3.0]);
    }

    #[test]
    fn damage_keeps_what_came_before() {
        let good = file(&[definition(), record(0, 1_000_000_000, 1 << 29, 0, 0)]);
        let mut wrong_sum = good.clone();
        *wrong_sum.last_mut().unwrap() ^= 1;
        assert_eq!(
            read_track(&wrong_sum).unwrap().warnings.as_slice(),
            [Warning::FitChecksum]
        );
        let undefined = file(&[
            definition(),
            record(0, 1_000_000_000, 1 << 29, 0, 0),
            vec![0x05, 0, 0],
        ]);
        let track = read_track(&undefined).unwrap();
        assert_eq!(track.track.points.len(), 1);
        assert!(matches!(track.warnings.as_slice(), [Warning::FitDamaged { .. }]));
        assert!(matches!(
            read_track(&good[..good.len() - 4]).map(|t| t.warnings.is_empty()),
            Ok(false) | Err(_)
        ));
    }
}
