//! Builders of GPMF bytes for the tests of this crate.

use super::Payload;

/// One payload a second.
pub(crate) fn each_second(seconds: &[Vec<u8>]) -> Vec<Payload<'_>> {
    seconds
        .iter()
        .enumerate()
        .map(|(k, bytes)| Payload {
            pts_secs: k as f64,
            duration_secs: 1.0,
            bytes,
        })
        .collect()
}

/// One item with padding.
pub(crate) fn item(key: &[u8; 4], kind: u8, size: u8, data: &[u8]) -> Vec<u8> {
    let repeat = u16::try_from(data.len() / usize::from(size.max(1))).unwrap();
    let mut bytes = key.to_vec();
    bytes.extend([kind, size]);
    bytes.extend(repeat.to_be_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A nested item of other items.
pub(crate) fn nest(key: &[u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    item(key, 0, 1, &parts.concat())
}

/// A device with one stream.
pub(crate) fn device(id: u32, strm: &[Vec<u8>]) -> Vec<u8> {
    nest(
        b"DEVC",
        &[item(b"DVID", b'L', 4, &id.to_be_bytes()), nest(b"STRM", strm)],
    )
}

/// Accelerometer data of `count` samples with its running total.
pub(crate) fn accl(total: u32, count: usize) -> Vec<Vec<u8>> {
    vec![
        item(b"TSMP", b'L', 4, &total.to_be_bytes()),
        item(b"SCAL", b's', 2, &[0, 1]),
        item(b"ACCL", b's', 6, &vec![1; count * 6]),
    ]
}

/// A GPS5 stream: raw rows of five numbers under one fix and one DOP (times 100).
pub(crate) fn gps5(fix: u32, dop: u16, utc: &str, rows: &[[i32; 5]]) -> Vec<Vec<u8>> {
    let scale: Vec<u8> = [10_000_000_i32, 10_000_000, 1000, 1000, 100]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect();
    vec![
        item(b"GPSF", b'L', 4, &fix.to_be_bytes()),
        item(b"GPSP", b'S', 2, &dop.to_be_bytes()),
        item(b"GPSU", b'U', 16, utc.as_bytes()),
        item(b"SCAL", b'l', 4, &scale),
        item(
            b"GPS5",
            b'l',
            20,
            &rows
                .iter()
                .flatten()
                .flat_map(|v| v.to_be_bytes())
                .collect::<Vec<u8>>(),
        ),
    ]
}
