//! Decodes the planned frames of one file, whatever pictures are made of them.
//!
//! Damage needs care. Pictures that refer to one that could not be decoded are no good either, and with
//! several threads it matters how far each was when it happened. So after an error the decoder is emptied and
//! starts again at the next key frame. If it ran with several threads, the file is first opened again with
//! one; frames are held back for as long as an error may still be on its way, so that nothing was handed out
//! that one thread would not have. What comes out thus does not depend on the number of threads.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use crate::decoder::{Decoded, VideoDecoder, is_damaged};
use crate::demux::PacketFilter;
use crate::error::{FrameError, OpenError};
use crate::packet_feed::PacketFeed;
use crate::part::Part;
use crate::plan::PlannedFrame;
use crate::scale::PictureConverter;

/// Frames held back with several threads. FFmpeg runs at most 16 packets ahead and reorders at most 16
/// pictures.
const HELD_BACK: usize = 32;

/// How far the plan has come.
#[derive(Debug, Clone, Copy, Default)]
struct PlanProgress {
    /// First planned frame not yet decoded or passed.
    next: usize,
    /// Planned frames passed because they could not be decoded.
    skipped: usize,
}

/// The planned frames of one file, being decoded.
pub(crate) struct PartStream<C: PictureConverter> {
    part: Part,
    frames: Vec<PlannedFrame>,
    progress: PlanProgress,
    /// Decoded frames not handed out yet, each with the progress after it; and the progress after the last
    /// one that was.
    held: VecDeque<((PlannedFrame, C::Picture), PlanProgress)>,
    handed_out: PlanProgress,
    /// Position of the last decoded picture, planned or not, since the decoder was opened or emptied.
    last_position: Option<usize>,
    wanted: PacketFilter,
    threads: usize,
    feed: PacketFeed,
    decoder: VideoDecoder,
    phase: Phase,
    converter: C,
    picture: ffmpeg::frame::Video,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Feeding,
    /// Delivering what was decoded before an error; then on to the next key frame.
    Emptying,
    /// Delivering the last pictures.
    Ending,
}

impl<C: PictureConverter> PartStream<C> {
    /// Opens the file of `part` for `frames`, which are planned in it.
    pub fn open(
        part: Part,
        frames: Vec<PlannedFrame>,
        wanted: PacketFilter,
        converter: C,
        threads: usize,
    ) -> Result<PartStream<C>, FrameError> {
        let (feed, decoder) =
            open_decoder(&part, &frames, wanted, threads).map_err(|error| part.blamed(error))?;
        Ok(PartStream {
            part,
            frames,
            progress: PlanProgress::default(),
            held: VecDeque::new(),
            handed_out: PlanProgress::default(),
            last_position: None,
            wanted,
            threads,
            feed,
            decoder,
            phase: Phase::Feeding,
            converter,
            picture: ffmpeg::frame::Video::empty(),
        })
    }

    /// Planned frames that could not be decoded, up to the last one handed out.
    pub fn skipped(&self) -> usize {
        self.handed_out.skipped
    }

    /// The next planned frame that can be decoded.
    pub fn next_frame(&mut self) -> Result<Option<(PlannedFrame, C::Picture)>, FrameError> {
        loop {
            let hold_back = if self.threads == 1 { 0 } else { HELD_BACK };
            if self.held.len() <= hold_back
                && let Some(frame) = self.decode_next()?
            {
                self.held.push_back((frame, self.progress));
                continue;
            }
            let Some((frame, progress)) = self.held.pop_front() else {
                self.handed_out = self.progress;
                return Ok(None);
            };
            self.handed_out = progress;
            return Ok(Some(frame));
        }
    }

    fn decode_next(&mut self) -> Result<Option<(PlannedFrame, C::Picture)>, FrameError> {
        while self.progress.next < self.frames.len() {
            match self.decoder.receive(&mut self.picture) {
                Decoded::Picture if is_damaged(&self.picture) => self.recover()?,
                Decoded::Picture => {
                    let position = self.picture.pts().and_then(|pts| self.part.index.position(pts));
                    let Some(position) = position else { continue };
                    let last_position = self.last_position.replace(position);
                    if last_position.is_some_and(|last| self.is_picture_missing(last, position)) {
                        self.recover()?;
                    } else if let Some(planned) = self.planned_at(position) {
                        return Ok(Some((planned, self.converter.convert(&self.picture)?)));
                    }
                }
                Decoded::Damaged => self.recover()?,
                Decoded::NoMemory => return Err(OpenError::NoMemory.into()),
                Decoded::NeedsPacket => self.feed_decoder()?,
                Decoded::End if self.phase == Phase::Emptying => {
                    self.decoder.flush();
                    self.last_position = None;
                    self.phase = Phase::Feeding;
                }
                Decoded::End => break,
            }
        }
        let source = self.feed.demuxer().check_source();
        source.map_err(|error| self.part.blamed(error))?;
        self.progress.skipped += self.frames.len() - self.progress.next;
        self.progress.next = self.frames.len();
        Ok(None)
    }

    /// Hands the decoder its next packet, or says that there is none.
    fn feed_decoder(&mut self) -> Result<(), FrameError> {
        let next = self.feed.next(&self.part.index);
        match next.map_err(|error| self.part.blamed(error))? {
            Some((packet, pts)) => {
                if !self.decoder.send(packet, pts)? {
                    self.recover()?;
                }
            }
            None => {
                self.phase = Phase::Ending;
                self.decoder.finish();
            }
        }
        Ok(())
    }

    /// Whether the decoder silently left out a picture between those at `last` and `position`, which then may
    /// refer to it. Only asked where every packet holds one picture (MP4), and within one group of pictures.
    fn is_picture_missing(&self, last: usize, position: usize) -> bool {
        let entries = &self.part.index.entries;
        let group = |position: usize| entries.get(position).map(|entry| entry.gop);
        self.wanted == PacketFilter::All
            && self.phase == Phase::Feeding
            && self.part.index.has_exact_dts
            && position > last + 1
            && (last + 1..=position).all(|between| group(between) == group(last))
    }

    /// The planned frame at `position` of the file's index, if there is one. Planned frames before it will
    /// not come any more.
    fn planned_at(&mut self, position: usize) -> Option<PlannedFrame> {
        let progress = &mut self.progress;
        while self
            .frames
            .get(progress.next)
            .is_some_and(|frame| frame.position < position)
        {
            progress.next += 1;
            progress.skipped += 1;
        }
        let planned = self
            .frames
            .get(progress.next)
            .copied()
            .filter(|frame| frame.position == position)?;
        progress.next += 1;
        Some(planned)
    }

    /// After an error: see the module's description.
    fn recover(&mut self) -> Result<(), FrameError> {
        if self.threads != 1 {
            return self.reopen_single_threaded();
        }
        if self.phase == Phase::Feeding {
            self.phase = Phase::Emptying;
            self.feed.restart_at_key_frame();
            self.decoder.finish();
        }
        Ok(())
    }

    fn reopen_single_threaded(&mut self) -> Result<(), FrameError> {
        self.held.clear();
        self.progress = self.handed_out;
        self.last_position = None;
        let remaining = self.frames.get(self.progress.next..).unwrap_or_default();
        (self.feed, self.decoder) =
            open_decoder(&self.part, remaining, self.wanted, 1).map_err(|error| self.part.blamed(error))?;
        self.threads = 1;
        self.phase = Phase::Feeding;
        Ok(())
    }
}

fn open_decoder(
    part: &Part,
    frames: &[PlannedFrame],
    wanted: PacketFilter,
    threads: usize,
) -> Result<(PacketFeed, VideoDecoder), OpenError> {
    let feed = PacketFeed::open(part, wanted, frames.iter().map(|frame| frame.position))?;
    let decoder = VideoDecoder::open(feed.demuxer(), part.stream, threads)?;
    Ok((feed, decoder))
}
