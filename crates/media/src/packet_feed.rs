//! Which packets of a file go to the decoder: those of the groups of pictures that hold a planned frame, and
//! none that refer to a group that was left out.

use ffmpeg_next as ffmpeg;

use crate::demux::{Demuxer, Next, PacketFilter};
use crate::error::OpenError;
use crate::index::{GopLocator, PacketIndex};
use crate::part::Part;

/// The packets worth decoding, in stored order.
pub(crate) struct PacketFeed {
    demuxer: Demuxer,
    stream: usize,
    wanted: PacketFilter,
    needed_gops: Vec<bool>,
    last_needed_gop: usize,
    locator: GopLocator,
    /// Groups whose key frames went to the decoder last and second to last, without a break since.
    current_gop: Option<usize>,
    previous_gop: Option<usize>,
}

impl PacketFeed {
    /// Opens the file of `part` for the frames at `positions` of its index.
    pub fn open(
        part: &Part,
        wanted: PacketFilter,
        positions: impl Iterator<Item = usize>,
    ) -> Result<PacketFeed, OpenError> {
        let needed_gops = part.index.gops_for(positions);
        let first_needed_gop = needed_gops.iter().position(|needed| *needed).unwrap_or(0);
        let last_needed_gop = needed_gops.iter().rposition(|needed| *needed).unwrap_or(0);
        let demuxer = open_at(part, wanted, first_needed_gop)?;
        Ok(PacketFeed {
            demuxer,
            stream: part.stream,
            wanted,
            needed_gops,
            last_needed_gop,
            locator: GopLocator::default(),
            current_gop: None,
            previous_gop: None,
        })
    }

    /// The container, to open a decoder for it.
    pub fn demuxer(&self) -> &Demuxer {
        &self.demuxer
    }

    /// The next packet to decode and its presentation time; `None` when there are no more. `index` is the
    /// file's.
    ///
    /// # Errors
    /// The system could not read the file.
    pub fn next(&mut self, index: &PacketIndex) -> Result<Option<(ffmpeg::Packet, i64)>, OpenError> {
        loop {
            let Next::Packet(facts, packet) = self.demuxer.read()? else {
                return Ok(None);
            };
            if facts.stream != self.stream {
                continue;
            }
            let (gop, is_key) = self.locator.locate(index, &facts);
            if gop > self.last_needed_gop {
                return Ok(None);
            }
            if facts.is_damaged || !self.needed_gops.get(gop).copied().unwrap_or(false) {
                continue;
            }
            if is_key {
                self.previous_gop = self.current_gop.replace(gop);
            }
            let key_pts = index.gop_keys.get(gop).map(|key| key.pts);
            let is_usable = match self.wanted {
                PacketFilter::KeyFrames => is_key,
                PacketFilter::All => self.is_decodable(gop, facts.pts < key_pts),
            };
            if !is_usable {
                continue;
            }
            // FFmpeg's MP4 demuxer loses count of the B-frame offsets when it drops packets, so a key frame's
            // time comes from the index.
            let pts = if is_key { key_pts } else { facts.pts };
            if let Some(pts) = pts {
                return Ok(Some((packet, pts)));
            }
        }
    }

    /// Forgets what the decoder has seen: it starts again at the next key frame.
    pub fn restart_at_key_frame(&mut self) {
        self.current_gop = None;
        self.previous_gop = None;
    }

    /// Whether the decoder has all that a packet of group `gop` may refer to. A packet shown ahead of its
    /// group's key frame (`leads`) may refer to the group before as well.
    fn is_decodable(&self, gop: usize, leads: bool) -> bool {
        let has_group_before = gop
            .checked_sub(1)
            .is_some_and(|before| self.previous_gop == Some(before));
        self.current_gop == Some(gop) && (!leads || has_group_before)
    }
}

/// Opens the file of `part` where group `gop` begins, so that gigabytes before it are not read. Only where
/// decoding times tell the groups apart: elsewhere they are counted from the start of the file.
fn open_at(part: &Part, wanted: PacketFilter, gop: usize) -> Result<Demuxer, OpenError> {
    let open = || -> Result<Demuxer, OpenError> {
        let mut demuxer = Demuxer::open_again(&part.path, part.identity)?;
        demuxer.select(part.stream, wanted);
        Ok(demuxer)
    };
    let mut demuxer = open()?;
    let key = part
        .index
        .gop_keys
        .get(gop)
        .filter(|_| part.index.has_exact_dts && gop > 0);
    match key.and_then(|key| key.dts) {
        Some(dts) if !demuxer.seek(part.stream, dts) => open(),
        _ => Ok(demuxer),
    }
}
