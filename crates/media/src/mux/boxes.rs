//! Boxes of a new index.

use mtbsync_formats::bmff::{BoxName, MemoryBox};

/// A box of these parts; `None` beyond 4 GiB.
pub(super) fn mp4_box(kind: &BoxName, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(u32::try_from(length).ok()?.to_be_bytes());
    bytes.extend(kind);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    Some(bytes)
}

/// Big-endian words.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word))
}

/// `mvhd` with the number of the next track to come, its last word.
pub(super) fn with_next_track(mvhd: &MemoryBox<'_>, id: u32) -> Option<Vec<u8>> {
    let at = mvhd.whole.len().checked_sub(4)?;
    let mut bytes = mvhd.whole.get(..at)?.to_vec();
    bytes.extend(id.to_be_bytes());
    Some(bytes)
}
