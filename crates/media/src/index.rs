//! First pass over a file: the time stamps and key flags of all video packets, without decoding any. Everything
//! later (sampling, decoding only what is needed, telling a lost frame from an unwanted one) rests on this index.

use crate::demux::{Demuxer, Next, Wanted};

/// One shown frame of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Presentation time in the stream's ticks, as the decoder will report it.
    pub pts: i64,
    pub is_key: bool,
    /// Ordinal of the group of pictures (in decoding order) this frame is stored in.
    pub gop: u32,
}

/// The shown frames of one video stream in presentation order.
#[derive(Debug, Clone, Default)]
pub(crate) struct PacketIndex {
    pub entries: Vec<IndexEntry>,
    /// Presentation time of the key frame that starts each group of pictures.
    pub gop_key_pts: Vec<i64>,
    /// Ticks the last frame is shown.
    pub last_duration: i64,
    /// The file ends before its video does.
    pub is_truncated: bool,
}

/// Counts groups of pictures while packets are read in file order. The same rule is applied when indexing and when
/// decoding, so that both agree on which packet belongs to which group.
#[derive(Debug, Default)]
pub(crate) struct GopCounter {
    keys_seen: u32,
}

impl GopCounter {
    /// Group of the next packet. Packets in front of the first key frame belong to group 0.
    pub fn next(&mut self, is_key: bool) -> u32 {
        if is_key {
            self.keys_seen = self.keys_seen.saturating_add(1);
        }
        self.keys_seen.saturating_sub(1)
    }
}

/// Reads all packets of `stream`.
pub(crate) fn read_index(demuxer: &mut Demuxer, stream: usize) -> PacketIndex {
    demuxer.select(stream, Wanted::All);
    let mut index = PacketIndex {
        is_truncated: demuxer.index_exceeds_file(stream),
        ..PacketIndex::default()
    };
    let mut gops = GopCounter::default();
    let mut durations = (i64::MIN, 0);
    loop {
        let facts = match demuxer.read() {
            Next::Packet(facts, _) if facts.stream == stream => facts,
            Next::Packet(..) => continue,
            Next::End => break,
            Next::Failed => {
                index.is_truncated = true;
                break;
            }
        };
        let gop = gops.next(facts.is_key);
        let Some(pts) = facts.pts else { continue };
        if facts.is_key {
            index.gop_key_pts.resize(gop as usize + 1, pts);
        }
        if facts.is_hidden || facts.is_damaged {
            continue;
        }
        index.entries.push(IndexEntry {
            pts,
            is_key: facts.is_key,
            gop,
        });
        durations = durations.max((pts, facts.duration));
    }
    index.last_duration = durations.1;
    // Two packets with one time cannot both be shown; keep the first read (the sort is stable).
    index.entries.sort_by_key(|entry| entry.pts);
    index.entries.dedup_by_key(|entry| entry.pts);
    index
}

impl PacketIndex {
    /// Position of the frame the decoder reports with time `pts`.
    pub fn position(&self, pts: i64) -> Option<usize> {
        self.entries.binary_search_by_key(&pts, |entry| entry.pts).ok()
    }

    /// Marks the groups that must be decoded to see the frames at `positions`: their own, and the one before
    /// where a frame is shown ahead of its group's key frame (open group of pictures).
    pub fn gops_for(&self, positions: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut needed = vec![false; self.gop_key_pts.len().max(1)];
        for entry in positions.filter_map(|position| self.entries.get(position)) {
            let gop = entry.gop as usize;
            let leads = self
                .gop_key_pts
                .get(gop)
                .is_some_and(|key_pts| entry.pts < *key_pts);
            for wanted in [Some(gop), gop.checked_sub(1).filter(|_| leads)]
                .into_iter()
                .flatten()
            {
                if let Some(flag) = needed.get_mut(wanted) {
                    *flag = true;
                }
            }
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_frames_need_the_group_before() {
        let entry = |pts, is_key, gop| IndexEntry { pts, is_key, gop };
        let index = PacketIndex {
            entries: vec![
                entry(0, true, 0),
                entry(1, false, 0),
                entry(2, false, 1),
                entry(3, true, 1),
                entry(4, false, 1),
            ],
            gop_key_pts: vec![0, 3],
            ..PacketIndex::default()
        };
        assert_eq!(index.gops_for([2].into_iter()), [true, true]);
        assert_eq!(index.gops_for([4, 99].into_iter()), [false, true]);
        assert_eq!(index.position(3), Some(3));
        assert_eq!(index.position(7), None);
    }

    #[test]
    fn packets_before_the_first_key_frame_join_group_zero() {
        let mut gops = GopCounter::default();
        let seen: Vec<u32> = [false, true, false, true]
            .into_iter()
            .map(|key| gops.next(key))
            .collect();
        assert_eq!(seen, [0, 0, 0, 1]);
    }
}
