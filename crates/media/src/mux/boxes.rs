//! Boxes of an index in memory: taken apart, put together.

use crate::mp4box::BoxType;

/// Boxes looked at in one list.
const MAX_CHILDREN: usize = 4096;

/// A box inside another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child<'a> {
    pub kind: BoxType,
    pub payload: &'a [u8],
    /// Header and payload.
    pub whole: &'a [u8],
}

/// The boxes of a list, as far as they fit into it.
pub(super) fn children(mut list: &[u8]) -> Vec<Child<'_>> {
    let mut found = Vec::new();
    while let Some((child, rest)) = split_first(list).filter(|_| found.len() < MAX_CHILDREN) {
        found.push(child);
        list = rest;
    }
    found
}

fn split_first(list: &[u8]) -> Option<(Child<'_>, &[u8])> {
    let (size, behind) = list.split_first_chunk::<4>()?;
    let (kind, behind) = behind.split_first_chunk::<4>()?;
    let (header_len, length) = match u32::from_be_bytes(*size) {
        0 => (8, list.len()),
        1 => {
            let (large, _) = behind.split_first_chunk::<8>()?;
            (16, usize::try_from(u64::from_be_bytes(*large)).ok()?)
        }
        size => (8, size as usize),
    };
    let whole = list.get(..length)?;
    let child = Child {
        kind: *kind,
        payload: whole.get(header_len..)?,
        whole,
    };
    Some((child, list.get(length..)?))
}

/// A box of these parts; `None` beyond 4 GiB.
pub(super) fn mp4_box(kind: &BoxType, parts: &[&[u8]]) -> Option<Vec<u8>> {
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

fn word_at(bytes: &[u8], offset: usize) -> Option<u32> {
    words(bytes.get(offset..)?).next()
}

/// Ticks a second and length in ticks, from the payload of `mvhd`.
pub(super) fn movie_times(mvhd: &[u8]) -> Option<(u32, u64)> {
    let is_long = *mvhd.first()? == 1;
    let (timescale, ticks) = if is_long {
        let (high, low) = (word_at(mvhd, 24)?, word_at(mvhd, 28)?);
        (word_at(mvhd, 20)?, u64::from(high) << 32 | u64::from(low))
    } else {
        (word_at(mvhd, 12)?, u64::from(word_at(mvhd, 16)?))
    };
    (timescale > 0).then_some((timescale, ticks))
}

/// Track number, from the payload of `tkhd`.
pub(super) fn track_id(tkhd: &[u8]) -> Option<u32> {
    word_at(tkhd, if *tkhd.first()? == 1 { 20 } else { 12 })
}

/// `mvhd` with the number of the next track to come, its last word.
pub(super) fn with_next_track(mvhd: &Child<'_>, id: u32) -> Option<Vec<u8>> {
    let at = mvhd.whole.len().checked_sub(4)?;
    let mut bytes = mvhd.whole.get(..at)?.to_vec();
    bytes.extend(id.to_be_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_where_a_box_does_not_fit() {
        let list = [
            mp4_box(b"aaaa", &[&[1, 2]]).unwrap(),
            vec![0, 0, 0, 1, b'b', b'b', b'b', b'b', 0, 0, 0, 0, 0, 0, 0, 17, 7],
            vec![0, 0, 0, 99, b'c', b'c', b'c', b'c'],
        ]
        .concat();
        let found = children(&list);
        let payloads: Vec<&[u8]> = found.iter().map(|child| child.payload).collect();
        assert_eq!(payloads, [&[1, 2][..], &[7]]);
        for cut in 0..list.len() {
            assert!(children(&list[..cut]).len() <= 2);
        }
        assert!(
            children(&[0, 0, 0, 7, 1, 1, 1, 1]).is_empty(),
            "smaller than its header"
        );
    }

    #[test]
    fn both_versions_of_headers_are_read() {
        let mut mvhd = vec![0; 12];
        mvhd.extend([0, 0, 3, 232, 0, 0, 39, 16]);
        assert_eq!(movie_times(&mvhd), Some((1000, 10_000)));
        let mut long = vec![0; 20];
        long[0] = 1;
        long.extend([0, 0, 3, 232, 0, 0, 0, 1, 0, 0, 0, 5]);
        assert_eq!(movie_times(&long), Some((1000, (1 << 32) + 5)));
        assert_eq!(movie_times(&[0; 20]), None, "no ticks");
        assert_eq!(movie_times(&[]), None);
    }
}
