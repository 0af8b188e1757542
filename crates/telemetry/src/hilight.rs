//! HiLight tags: the moments a rider marked while recording.
//!
//! Cameras keep them in the file header, in two generations: `HLMT` entries inside the `GPMF` box, and the
//! older `HMMT` box with bare times. Newer cameras write both, so `HMMT` counts only when `HLMT` has nothing.

use mtbsync_formats::bytes::{array_at, be_u32};

use crate::FourCc;
use crate::gpmf::klv::{KlvItem, items};
use crate::gpmf::value::numbers;
use crate::warning::{Warning, Warnings};

/// Most tags read from one file; the older box has 100 slots.
const MAX_HILIGHTS: usize = 10_000;
/// Scale of HLMT positions when `SCAL` does not say.
const DEGREE_SCALE: f64 = 10_000_000.0;

/// Who set a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HilightKind {
    /// Pressed or spoken by the rider (`MANL`), and every tag of the older box.
    Manual,
    /// Found by the camera in its motion (`AIMU`).
    Motion,
    /// Found by the camera in a sudden sound (`AACD`).
    Sound,
    /// Found by the camera from several signs (`FUSE`).
    Fused,
    /// A kind this program does not know.
    Other(FourCc),
}

/// One tag, on the clock of the whole recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hilight {
    /// When.
    pub time_secs: f64,
    /// Start and end of a tagged stretch; both equal the time for manual tags.
    pub range_secs: (f64, f64),
    /// Who.
    pub kind: HilightKind,
    /// Confidence of the camera, percent.
    pub confidence_percent: Option<f32>,
    /// Latitude and longitude in degrees; absent without a fix.
    pub position_deg: Option<(f64, f64)>,
}

/// Where the file with the tags lies inside a recording of one or several chapters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChapterSpan {
    /// Start of this chapter on the recording's clock.
    pub start_secs: f64,
    /// Length of this chapter.
    pub chapter_secs: f64,
    /// Length of the whole recording.
    pub recording_secs: f64,
}

impl ChapterSpan {
    /// A recording of one file.
    pub fn single(duration_secs: f64) -> Self {
        Self {
            start_secs: 0.0,
            chapter_secs: duration_secs,
            recording_secs: duration_secs,
        }
    }

    /// A time in the file on the recording's clock; beyond the chapter it counts from the recording's start.
    fn place(&self, file_secs: f64) -> Option<f64> {
        if file_secs <= self.chapter_secs {
            Some(self.start_secs + file_secs)
        } else if file_secs <= self.recording_secs {
            Some(file_secs)
        } else {
            None
        }
    }
}

/// Tags of one file, in time order.
///
/// `gpmf` and `hmmt` are the contents of `moov/udta/GPMF` and `moov/udta/HMMT`.
pub fn hilights_from_udta(
    gpmf: Option<&[u8]>,
    hmmt: Option<&[u8]>,
    span: ChapterSpan,
) -> (Vec<Hilight>, Warnings) {
    let mut warnings = Warnings::default();
    let mut raw = gpmf
        .map(|gpmf| read_hlmt(gpmf, &mut warnings))
        .unwrap_or_default();
    if raw.is_empty() {
        raw = hmmt
            .map(|hmmt| read_hmmt(hmmt, &mut warnings))
            .unwrap_or_default();
    }
    let mut tags: Vec<Hilight> = Vec::with_capacity(raw.len());
    for tag in raw {
        match span.place(tag.time_secs) {
            Some(time_secs) => {
                let shift_secs = time_secs - tag.time_secs;
                let range_secs = (tag.range_secs.0 + shift_secs, tag.range_secs.1 + shift_secs);
                tags.push(Hilight {
                    time_secs,
                    range_secs,
                    ..tag
                });
            }
            None => warnings.push(Warning::HilightBeyondEnd {
                time_secs: tag.time_secs,
            }),
        }
    }
    tags.sort_by(|a, b| a.time_secs.total_cmp(&b.time_secs));
    tags.dedup_by(|b, a| a.time_secs == b.time_secs);
    (tags, warnings)
}

fn read_hlmt(gpmf: &[u8], warnings: &mut Warnings) -> Vec<Hilight> {
    let mut tags = Vec::new();
    for devc in nested(gpmf, b"DEVC", warnings) {
        for strm in nested(devc.data, b"STRM", warnings) {
            let mut degree_scale = DEGREE_SCALE;
            for item in items(strm.data).map_while(Result::ok) {
                match &item.key.0 {
                    b"SCAL" => degree_scale = numbers(&item).get(3).copied().unwrap_or(DEGREE_SCALE),
                    b"HLMT" if item.size > 0 => {
                        let room = MAX_HILIGHTS.saturating_sub(tags.len());
                        let entries = item.data.chunks_exact(item.size).take(room);
                        tags.extend(entries.filter_map(|entry| read_entry(entry, degree_scale)));
                    }
                    _ => {}
                }
            }
        }
    }
    tags
}

/// Nested items with this key in one container.
fn nested<'a>(container: &'a [u8], key: &[u8; 4], warnings: &mut Warnings) -> Vec<KlvItem<'a>> {
    let mut found = Vec::new();
    for item in items(container) {
        match item {
            Ok(item) if item.key == key && item.is_nested() => found.push(item),
            Ok(_) => {}
            Err(warning) => warnings.push(warning),
        }
    }
    found
}

/// One HLMT structure: time, in, out (u32 ms), latitude, longitude (i32), altitude (f32), kind, confidence
/// (f32), score (f32). What a shorter structure lacks is unknown.
fn read_entry(entry: &[u8], degree_scale: f64) -> Option<Hilight> {
    let millis = |offset: usize| be_u32(entry, offset).map(|ms| f64::from(ms) / 1000.0);
    let degrees = |offset: usize| {
        let raw = i32::from_be_bytes(array_at(entry, offset)?);
        Some(f64::from(raw) / if degree_scale == 0.0 { 1.0 } else { degree_scale })
    };
    let time_secs = millis(0)?;
    let position_deg = degrees(12)
        .zip(degrees(16))
        .filter(|&position| position != (0.0, 0.0));
    let kind = match FourCc::at(entry, 24) {
        Some(FourCc([b'M', b'A', b'N', b'L'])) | None => HilightKind::Manual,
        Some(FourCc([b'A', b'I', b'M', b'U'])) => HilightKind::Motion,
        Some(FourCc([b'A', b'A', b'C', b'D'])) => HilightKind::Sound,
        Some(FourCc([b'F', b'U', b'S', b'E'])) => HilightKind::Fused,
        Some(other) => HilightKind::Other(other),
    };
    Some(Hilight {
        time_secs,
        range_secs: (millis(4).unwrap_or(time_secs), millis(8).unwrap_or(time_secs)),
        kind,
        confidence_percent: array_at(entry, 28)
            .map(f32::from_be_bytes)
            .filter(|percent| percent.is_finite()),
        position_deg,
    })
}

/// The older box: a count, then that many times in ms, in a fixed number of slots; unused slots are zero.
fn read_hmmt(hmmt: &[u8], warnings: &mut Warnings) -> Vec<Hilight> {
    let Some(claimed) = be_u32(hmmt, 0) else {
        return Vec::new();
    };
    let slots = hmmt.len() / 4 - 1;
    let count = claimed as usize;
    if count > slots {
        warnings.push(Warning::HilightCountTooLarge { claimed, slots });
    }
    (0..count.min(slots).min(MAX_HILIGHTS))
        .map_while(|slot| be_u32(hmmt, 4 + 4 * slot).filter(|&ms| ms != 0 || slot == 0))
        .map(|ms| {
            let time_secs = f64::from(ms) / 1000.0;
            Hilight {
                time_secs,
                range_secs: (time_secs, time_secs),
                kind: HilightKind::Manual,
                confidence_percent: None,
                position_deg: None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpmf::testing::{device, item};

    fn hmmt(count: u32, times_ms: &[u32]) -> Vec<u8> {
        let mut bytes = count.to_be_bytes().to_vec();
        bytes.extend(times_ms.iter().flat_map(|ms| ms.to_be_bytes()));
        bytes.resize(404, 0);
        bytes
    }

    fn times(gpmf: Option<&[u8]>, hmmt: Option<&[u8]>, span: ChapterSpan) -> Vec<f64> {
        hilights_from_udta(gpmf, hmmt, span)
            .0
            .iter()
            .map(|tag| tag.time_secs)
            .collect()
    }

    fn hlmt(times_ms: &[u32]) -> Vec<u8> {
        let mut data = Vec::new();
        for ms in times_ms {
            for _ in 0..3 {
                data.extend(ms.to_be_bytes());
            }
            data.extend([0; 12]);
            data.extend(b"MANL\x42\xc8\0\0\x42\xc8\0\0");
        }
        device(1, &[item(b"HLMT", b'?', 36, &data)])
    }

    #[test]
    fn the_older_box_stops_at_count_zero_and_end() {
        let span = ChapterSpan::single(100.0);
        assert_eq!(times(None, Some(&hmmt(2, &[5000, 3000, 9000])), span), [3.0, 5.0]);
        assert_eq!(times(None, Some(&hmmt(3, &[0, 2000, 0])), span), [0.0, 2.0]);
        assert!(times(None, Some(&hmmt(0, &[])), span).is_empty());
        assert!(times(None, Some(&[0, 0]), span).is_empty());
        let (tags, warnings) = hilights_from_udta(None, Some(&hmmt(200, &[1000, 1000, 2000])), span);
        assert_eq!(tags.len(), 2, "equal times once");
        assert_eq!(
            warnings.as_slice(),
            [Warning::HilightCountTooLarge {
                claimed: 200,
                slots: 100
            }]
        );
    }

    #[test]
    fn the_newer_list_wins_unless_it_is_empty() {
        let span = ChapterSpan::single(100.0);
        let old = hmmt(1, &[7000]);
        assert_eq!(times(Some(&hlmt(&[800, 4000])), Some(&old), span), [0.8, 4.0]);
        assert_eq!(times(Some(&hlmt(&[])), Some(&old), span), [7.0]);
        assert_eq!(times(Some(b"garbage!"), Some(&old), span), [7.0]);
    }

    #[test]
    fn times_beyond_the_chapter_count_from_the_recording_start() {
        let second = ChapterSpan {
            start_secs: 60.0,
            chapter_secs: 30.0,
            recording_secs: 90.0,
        };
        let (tags, warnings) = hilights_from_udta(Some(&hlmt(&[10_000, 75_000, 95_000])), None, second);
        assert_eq!(
            tags.iter().map(|tag| tag.time_secs).collect::<Vec<_>>(),
            [70.0, 75.0]
        );
        assert_eq!(tags[0].range_secs, (70.0, 70.0));
        assert_eq!(
            warnings.as_slice(),
            [Warning::HilightBeyondEnd { time_secs: 95.0 }]
        );
    }
}
