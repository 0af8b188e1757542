//! Decodes the planned frames of one file.
//!
//! Damage needs care. Pictures that refer to one that could not be decoded are no good either, and with several threads
//! it matters how far each was when it happened. So after an error the decoder is emptied and starts again at the next
//! key frame; and if it ran with several threads, the file is first opened again with one, which delivers exactly the
//! same frames up to the error. What comes out thus does not depend on the number of threads.

use ffmpeg_next as ffmpeg;

use crate::decoder::{Decoded, VideoDecoder, is_damaged, picture_pts};
use crate::demux::Wanted;
use crate::error::{FrameError, OpenError};
use crate::frames::{FrameOptions, LumaFrame};
use crate::luma::LumaConverter;
use crate::packet_feed::PacketFeed;
use crate::plan::PlannedFrame;
use crate::recording::Part;

/// The planned frames of one file, being decoded.
pub(crate) struct PartStream {
    part: Part,
    frames: Vec<PlannedFrame>,
    /// First planned frame not yet delivered or passed.
    next: usize,
    wanted: Wanted,
    threads: usize,
    feed: PacketFeed,
    decoder: VideoDecoder,
    phase: Phase,
    converter: LumaConverter,
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

impl PartStream {
    /// Opens the file of `part` for `frames`, which are planned in it.
    pub fn open(
        part: Part,
        frames: Vec<PlannedFrame>,
        wanted: Wanted,
        options: FrameOptions,
    ) -> Result<PartStream, FrameError> {
        let (feed, decoder) = open_decoder(&part, &frames, wanted, options.threads)?;
        let converter = LumaConverter::new(part.coded, part.sample_aspect, part.orientation, options.max_dim);
        Ok(PartStream {
            part,
            frames,
            next: 0,
            wanted,
            threads: options.threads,
            feed,
            decoder,
            phase: Phase::Feeding,
            converter,
            picture: ffmpeg::frame::Video::empty(),
        })
    }

    /// The next planned frame that can be decoded; adds to `skipped` the planned ones that cannot.
    pub fn next_frame(&mut self, skipped: &mut usize) -> Result<Option<LumaFrame>, FrameError> {
        while self.next < self.frames.len() {
            match self.decoder.receive(&mut self.picture) {
                Decoded::Picture if is_damaged(&self.picture) => self.recover()?,
                Decoded::Picture => {
                    if let Some(planned) = self.planned_frame_of_picture(skipped) {
                        return self.deliver(&planned).map(Some);
                    }
                }
                Decoded::Damaged => self.recover()?,
                Decoded::NeedsPacket => match self.feed.next(&self.part.index) {
                    Some((packet, pts)) => {
                        if !self.decoder.send(packet, pts) {
                            self.recover()?;
                        }
                    }
                    None => {
                        self.phase = Phase::Ending;
                        self.decoder.finish();
                    }
                },
                Decoded::End if self.phase == Phase::Emptying => {
                    self.decoder.flush();
                    self.phase = Phase::Feeding;
                }
                Decoded::End => break,
            }
        }
        *skipped += self.frames.len() - self.next;
        self.next = self.frames.len();
        Ok(None)
    }

    /// The planned frame that the decoded picture shows, if it shows one. Planned frames before it will not come any
    /// more.
    fn planned_frame_of_picture(&mut self, skipped: &mut usize) -> Option<PlannedFrame> {
        let position = picture_pts(&self.picture).and_then(|pts| self.part.index.position(pts))?;
        while self
            .frames
            .get(self.next)
            .is_some_and(|frame| frame.position < position)
        {
            self.next += 1;
            *skipped += 1;
        }
        let planned = self
            .frames
            .get(self.next)
            .copied()
            .filter(|frame| frame.position == position)?;
        self.next += 1;
        Some(planned)
    }

    fn deliver(&mut self, planned: &PlannedFrame) -> Result<LumaFrame, FrameError> {
        let data = self.converter.convert(&self.picture)?;
        let (width, height) = self.converter.size();
        Ok(LumaFrame {
            t_secs: planned.t_secs,
            role: planned.role,
            index: planned.index,
            width,
            height,
            data,
        })
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
        let remaining = self.frames.get(self.next..).unwrap_or_default();
        (self.feed, self.decoder) = open_decoder(&self.part, remaining, self.wanted, 1)?;
        self.threads = 1;
        self.phase = Phase::Feeding;
        Ok(())
    }
}

fn open_decoder(
    part: &Part,
    frames: &[PlannedFrame],
    wanted: Wanted,
    threads: usize,
) -> Result<(PacketFeed, VideoDecoder), OpenError> {
    let feed = PacketFeed::open(part, wanted, frames.iter().map(|frame| frame.position))?;
    let decoder = VideoDecoder::open(feed.demuxer(), part.stream, threads)?;
    Ok((feed, decoder))
}
