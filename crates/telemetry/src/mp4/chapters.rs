//! Chapter marks of MP4 files, in the two ways programs write them.

use mtbsync_formats::bmff::ChapterMark;
use mtbsync_formats::bytes::{be_u16, be_u64};

use super::{Mp4Sample, Mp4Track};

/// Ticks per second of the `chpl` box.
const CHPL_TICKS_PER_SEC: f64 = 10_000_000.0;
/// Most chapters of one file.
const MAX_CHAPTERS: usize = 10_000;

/// The `chpl` box: version and flags, a reserved word in version 1, a count byte, then start in 100 ns,
/// length byte and UTF-8 title of each chapter.
pub(super) fn from_chpl(chpl: &[u8]) -> Vec<ChapterMark> {
    let header_len = if chpl.first() == Some(&0) { 4 } else { 8 };
    let Some(&count) = chpl.get(header_len) else {
        return Vec::new();
    };
    let mut chapters = Vec::new();
    let mut at = header_len + 1;
    for _ in 0..count {
        let (Some(ticks), Some(&title_len)) = (be_u64(chpl, at), chpl.get(at + 8)) else {
            break;
        };
        let Some(title) = chpl.get(at + 9..at + 9 + usize::from(title_len)) else {
            break;
        };
        chapters.push(ChapterMark {
            start_secs: ticks as f64 / CHPL_TICKS_PER_SEC,
            title: String::from_utf8_lossy(title).into_owned(),
        });
        at += 9 + usize::from(title_len);
    }
    chapters
}

/// A text track: a length word and the title in every sample, UTF-8 or UTF-16 with a byte order mark.
pub(super) fn from_text_track(track: &Mp4Track, samples: &[(Mp4Sample, Vec<u8>)]) -> Vec<ChapterMark> {
    samples
        .iter()
        .take(MAX_CHAPTERS)
        .filter_map(|(sample, bytes)| {
            let length = usize::from(be_u16(bytes, 0)?);
            let title = bytes.get(2..2 + length)?;
            Some(ChapterMark {
                start_secs: track.pts_secs(sample),
                title: decode_title(title),
            })
        })
        .collect()
}

fn decode_title(title: &[u8]) -> String {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|&pair| read(pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match title {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        utf8 => String::from_utf8_lossy(utf8).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chpl_lists_and_survives_being_cut() {
        let mut chpl = vec![1, 0, 0, 0, 0, 0, 0, 0, 2];
        for (ticks, title) in [(0_u64, "Start"), (25_000_000, "Drop \u{e9}")] {
            chpl.extend(ticks.to_be_bytes());
            chpl.push(title.len() as u8);
            chpl.extend(title.as_bytes());
        }
        let chapters = from_chpl(&chpl);
        assert_eq!(chapters.len(), 2);
        assert_eq!(
            chapters[1],
            ChapterMark {
                start_secs: 2.5,
                title: "Drop \u{e9}".to_owned()
            }
        );
        assert_eq!(from_chpl(&chpl[..chpl.len() - 1]).len(), 1);
        assert!(from_chpl(&[]).is_empty());
    }

    #[test]
    fn titles_in_utf16() {
        assert_eq!(decode_title(&[0xfe, 0xff, 0, b'A', 0, 0xe9]), "A\u{e9}");
        assert_eq!(decode_title(&[0xff, 0xfe, b'A', 0]), "A");
        assert_eq!(decode_title("Z\u{fc}rich".as_bytes()), "Z\u{fc}rich");
    }
}
