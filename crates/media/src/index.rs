//! First pass over a file: the time stamps and key flags of all video packets, without decoding any.
//! Everything later (sampling, decoding only what is needed, telling a lost frame from an unwanted one) rests
//! on this index.

use std::path::Path;

use crate::demux::{Demuxer, Next, PacketFacts, PacketFilter, StreamFacts, TableRow};
use crate::error::OpenError;
use crate::mp4box;

/// Codecs whose packets FFmpeg hands out exactly as the container's table lists them.
const TABLE_CODECS: [&str; 2] = ["h264", "hevc"];

/// One shown frame of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Presentation time in the stream's ticks, as the decoder will report it.
    pub pts: i64,
    pub is_key: bool,
    /// Ordinal of the group of pictures (in decoding order) this frame is stored in.
    pub gop: usize,
}

/// The shown frames of one video stream in presentation order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PacketIndex {
    pub entries: Vec<IndexEntry>,
    /// The key frame of each group of pictures, in stored order.
    pub gop_keys: Vec<GopKey>,
    /// Decoding times stand in the container and thus identify a packet. (Its key flag does not: FFmpeg takes
    /// it back when the packet is damaged.)
    pub has_exact_dts: bool,
    /// Ticks the last frame is shown.
    pub last_duration: i64,
    /// The file ends before its video does.
    pub is_truncated: bool,
}

/// The key frame that starts a group of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GopKey {
    pub pts: i64,
    pub dts: Option<i64>,
}

/// Tells which group of pictures a packet belongs to while packets are read in stored order.
#[derive(Debug, Default)]
pub(crate) struct GopLocator {
    keys_seen: usize,
}

impl GopLocator {
    /// Group of the next packet and whether it starts it. Packets in front of the first key frame belong to
    /// group 0.
    pub fn locate(&mut self, index: &PacketIndex, facts: &PacketFacts) -> (usize, bool) {
        if let Some(dts) = facts.dts.filter(|_| index.has_exact_dts) {
            let started = index.gop_keys.partition_point(|key| key.dts <= Some(dts));
            let gop = started.saturating_sub(1);
            return (
                gop,
                index.gop_keys.get(gop).is_some_and(|key| key.dts == Some(dts)),
            );
        }
        self.keys_seen += usize::from(facts.is_key);
        (self.keys_seen.saturating_sub(1), facts.is_key)
    }
}

/// Indexes the `video` stream of the file at `path`. Where the container's own table already says all (MP4
/// whose frames are shown in stored order, as GoPro writes it), no packet is read, which saves going through
/// gigabytes.
///
/// # Errors
/// The system could not read the file.
pub(crate) fn read_index(
    demuxer: &mut Demuxer,
    video: &StreamFacts,
    path: &Path,
) -> Result<PacketIndex, OpenError> {
    let table = demuxer.index_table(video.index);
    let has_table =
        TABLE_CODECS.contains(&video.codec.as_str()) && mp4box::is_shown_as_stored(path, video.id)?;
    let mut builder = IndexBuilder::default();
    builder.index.is_truncated = table.iter().any(|row| !row.is_in_file);
    builder.index.has_exact_dts = demuxer.container().starts_with("mov");
    if has_table {
        index_table(&mut builder, &table, video.duration_ticks);
    } else {
        index_packets(&mut builder, demuxer, video.index)?;
    }
    Ok(builder.finish())
}

/// Takes the container's table for the index.
fn index_table(builder: &mut IndexBuilder, table: &[TableRow], duration_ticks: i64) {
    // Behind the first missing packet nothing is read either.
    let readable = table.iter().take_while(|row| row.is_in_file);
    for (number, row) in readable.enumerate() {
        let next = table
            .get(number + 1)
            .map_or(duration_ticks, |next| next.timestamp);
        builder.add(&PacketFacts {
            stream: 0,
            pts: Some(row.timestamp),
            dts: Some(row.timestamp),
            duration: next.saturating_sub(row.timestamp),
            is_key: row.is_key,
            is_hidden: row.is_hidden,
            is_damaged: false,
        });
    }
}

/// Reads all packets of `stream`.
fn index_packets(builder: &mut IndexBuilder, demuxer: &mut Demuxer, stream: usize) -> Result<(), OpenError> {
    demuxer.select(stream, PacketFilter::All);
    loop {
        match demuxer.read()? {
            Next::Packet(facts, _) if facts.stream == stream => builder.add(&facts),
            Next::Packet(..) => {}
            Next::End => return Ok(()),
            Next::Damaged => {
                builder.index.is_truncated = true;
                return Ok(());
            }
        }
    }
}

#[derive(Default)]
struct IndexBuilder {
    index: PacketIndex,
    last: Option<(i64, i64)>,
}

impl IndexBuilder {
    fn add(&mut self, facts: &PacketFacts) {
        let Some(pts) = facts.pts else { return };
        if facts.is_key {
            self.index.gop_keys.push(GopKey { pts, dts: facts.dts });
        }
        if facts.is_hidden || facts.is_damaged {
            return;
        }
        let gop = self.index.gop_keys.len().saturating_sub(1);
        self.index.entries.push(IndexEntry {
            pts,
            is_key: facts.is_key,
            gop,
        });
        self.last = self.last.max(Some((pts, facts.duration)));
    }

    fn finish(self) -> PacketIndex {
        let mut index = self.index;
        index.last_duration = self.last.map_or(0, |(_, duration)| duration);
        // Two packets with one time cannot both be shown; keep the first read (the sort is stable).
        index.entries.sort_by_key(|entry| entry.pts);
        index.entries.dedup_by_key(|entry| entry.pts);
        index
    }
}

impl PacketIndex {
    /// Presentation time of the first shown frame in the stream's ticks.
    pub fn first_pts(&self) -> i64 {
        self.entries.first().map_or(0, |entry| entry.pts)
    }

    /// Position of the frame the decoder reports with time `pts`.
    pub fn position(&self, pts: i64) -> Option<usize> {
        self.entries.binary_search_by_key(&pts, |entry| entry.pts).ok()
    }

    /// Marks the groups that must be decoded to see the frames at `positions`: their own, and the one before
    /// where a frame is shown ahead of its group's key frame (open group of pictures).
    pub fn gops_for(&self, positions: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut needed = vec![false; self.gop_keys.len().max(1)];
        for entry in positions.filter_map(|position| self.entries.get(position)) {
            let gop = entry.gop;
            let leads = self.gop_keys.get(gop).is_some_and(|key| entry.pts < key.pts);
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
            gop_keys: vec![GopKey { pts: 0, dts: None }, GopKey { pts: 3, dts: None }],
            ..PacketIndex::default()
        };
        assert_eq!(index.gops_for([2].into_iter()), [true, true]);
        assert_eq!(index.gops_for([4, 99].into_iter()), [false, true]);
        assert_eq!(index.position(3), Some(3));
        assert_eq!(index.position(7), None);
    }

    #[test]
    fn the_table_says_what_the_packets_say() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, args: &str| {
            let path = folder.path().join(name);
            let mut ffmpeg = std::process::Command::new("ffmpeg");
            ffmpeg
                .args(["-v", "error"])
                .args(args.split(' '))
                .arg(&path)
                .current_dir(folder.path());
            assert!(ffmpeg.status().unwrap().success());
            path
        };
        let source = "-f lavfi -i testsrc2=size=64x48:rate=30:duration=3 -c:v libx264 -bf 0 -g 12 -movflags +faststart";
        let whole = make("whole.mp4", source);
        let edited = make("edited.mp4", "-ss 0.9 -i whole.mp4 -c copy -movflags +faststart");
        let uneven = make(
            "uneven.mp4",
            &format!("{source} -vf select=mod(n\\,5) -fps_mode vfr"),
        );
        let cut = folder.path().join("cut.mp4");
        let bytes = std::fs::read(&whole).unwrap();
        std::fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
        for path in [whole, edited, uneven, cut] {
            let mut demuxer = Demuxer::open(&path).unwrap();
            let video = demuxer.streams().swap_remove(0);
            assert!(mp4box::is_shown_as_stored(&path, video.id).unwrap());
            let from_table = read_index(&mut demuxer, &video, &path).unwrap();
            let mut builder = IndexBuilder::default();
            builder.index.is_truncated = path.ends_with("cut.mp4");
            builder.index.has_exact_dts = true;
            index_packets(&mut builder, &mut demuxer, video.index).unwrap();
            assert_eq!(from_table, builder.finish(), "{}", path.display());
        }
        let reordered = make("reordered.mp4", "-i whole.mp4 -c:v libx264 -bf 2");
        let video = Demuxer::open(&reordered).unwrap().streams().swap_remove(0);
        assert!(!mp4box::is_shown_as_stored(&reordered, video.id).unwrap());
    }

    #[test]
    fn groups_are_found_by_time_or_by_counting() {
        let packet = |dts, is_key| PacketFacts {
            stream: 0,
            pts: Some(dts),
            dts: Some(dts),
            duration: 1,
            is_key,
            is_hidden: false,
            is_damaged: false,
        };
        let key = |dts| GopKey {
            pts: dts,
            dts: Some(dts),
        };
        let packets = [
            packet(-1, false),
            packet(0, true),
            packet(1, false),
            packet(2, true),
            packet(3, false),
        ];
        let mut index = PacketIndex {
            gop_keys: vec![key(0), key(2)],
            ..PacketIndex::default()
        };
        for has_exact_dts in [false, true] {
            index.has_exact_dts = has_exact_dts;
            let mut locator = GopLocator::default();
            let located: Vec<_> = packets
                .iter()
                .map(|packet| locator.locate(&index, packet))
                .collect();
            assert_eq!(
                located,
                [(0, false), (0, true), (0, false), (1, true), (1, false)]
            );
        }
        let mut locator = GopLocator::default();
        assert_eq!(locator.locate(&index, &packet(2, false)), (1, true));
    }
}
