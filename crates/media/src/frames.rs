//! Decoding a plan: an iterator over luma pictures that holds one picture at a time.

use std::collections::VecDeque;

use ffmpeg_next as ffmpeg;

use crate::decoder::{Decoded, VideoDecoder, is_damaged, picture_pts};
use crate::demux::{Demuxer, Next, Wanted};
use crate::error::FrameError;
use crate::index::GopCounter;
use crate::luma::LumaConverter;
use crate::plan::{FrameRole, PlanMode, PlannedFrame, SamplePlan};
use crate::recording::Part;

/// How frames are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameOptions {
    /// Longest side of the pictures in pixels, at least 1. Smaller recordings are not enlarged.
    pub max_dim: usize,
    /// Decoder threads, 0 = as many as the library finds useful. The pictures do not depend on it.
    pub threads: usize,
}

/// One sampled picture: upright, square pixels, full-range luma.
#[derive(Debug, Clone, PartialEq)]
pub struct LumaFrame {
    /// Presentation time in seconds from the first shown frame of the recording.
    pub t_secs: f64,
    /// What it was sampled for.
    pub role: FrameRole,
    /// Index in the recording's timeline.
    pub index: usize,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height` luma values (0 black, 255 white), row after row from the top, without padding.
    pub data: Vec<u8>,
}

/// Delivers the frames of a plan in presentation order. Frames that cannot be read are left out and counted.
pub struct FrameStream {
    waiting: VecDeque<PartStream>,
    open: Option<(PartStream, OpenPart)>,
    skipped: usize,
    truncated: bool,
}

impl FrameStream {
    pub(crate) fn new(parts: &[Part], plan: &SamplePlan, options: FrameOptions) -> FrameStream {
        let wanted = match plan.mode() {
            PlanMode::KeyFramesOnly => Wanted::KeyFrames,
            PlanMode::WholeGops => Wanted::All,
        };
        let of_part = |(number, part): (usize, &Part)| {
            let frames = plan.frames().iter().filter(|frame| frame.part == number);
            PartStream {
                part: part.clone(),
                frames: frames.copied().collect(),
                next: 0,
                wanted,
                options,
            }
        };
        let waiting = parts
            .iter()
            .enumerate()
            .map(of_part)
            .filter(|stream| !stream.frames.is_empty())
            .collect();
        let truncated = parts.iter().any(|part| part.index.is_truncated);
        FrameStream {
            waiting,
            open: None,
            skipped: 0,
            truncated,
        }
    }

    /// Planned frames passed so far that could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Whether a file of the recording ends before its video does.
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

impl Iterator for FrameStream {
    type Item = Result<LumaFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (mut stream, mut open) = match self.open.take() {
                Some(current) => current,
                None => {
                    let stream = self.waiting.pop_front()?;
                    match OpenPart::open(&stream) {
                        Ok(open) => (stream, open),
                        Err(error) => {
                            self.waiting.clear();
                            return Some(Err(error));
                        }
                    }
                }
            };
            match stream.next_frame(&mut open, &mut self.skipped) {
                Ok(Some(frame)) => {
                    self.open = Some((stream, open));
                    return Some(Ok(frame));
                }
                Ok(None) => {}
                Err(error) => {
                    self.waiting.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

/// The planned frames of one file.
struct PartStream {
    part: Part,
    frames: Vec<PlannedFrame>,
    /// First planned frame not yet delivered or passed.
    next: usize,
    wanted: Wanted,
    options: FrameOptions,
}

/// What is held while a file is being decoded.
struct OpenPart {
    demuxer: Demuxer,
    decoder: VideoDecoder,
    converter: LumaConverter,
    picture: ffmpeg::frame::Video,
    gops: GopCounter,
    needed_gops: Vec<bool>,
    last_needed_gop: usize,
    is_finished: bool,
}

impl OpenPart {
    fn open(stream: &PartStream) -> Result<OpenPart, FrameError> {
        let part = &stream.part;
        let mut demuxer = Demuxer::open(&part.path)?;
        demuxer.select(part.stream, stream.wanted);
        let decoder = VideoDecoder::open(&demuxer, part.stream, stream.wanted, stream.options.threads)?;
        let converter = LumaConverter::new(
            part.coded,
            part.sample_aspect,
            part.orientation,
            stream.options.max_dim,
        );
        let needed_gops = part
            .index
            .gops_for(stream.frames.iter().map(|frame| frame.position));
        let last_needed_gop = needed_gops.iter().rposition(|needed| *needed).unwrap_or(0);
        Ok(OpenPart {
            demuxer,
            decoder,
            converter,
            picture: ffmpeg::frame::Video::empty(),
            gops: GopCounter::default(),
            needed_gops,
            last_needed_gop,
            is_finished: false,
        })
    }

    /// Gives the decoder its next packet, or the end.
    fn feed(&mut self, part: &Part, wanted: Wanted) {
        while !self.is_finished {
            let (facts, mut packet) = match self.demuxer.read() {
                Next::Packet(facts, packet) => (facts, packet),
                Next::End | Next::Failed => break,
            };
            if facts.stream != part.stream {
                continue;
            }
            let gop = self.gops.next(facts.is_key) as usize;
            if gop > self.last_needed_gop {
                break;
            }
            let is_needed = self.needed_gops.get(gop).copied().unwrap_or(false);
            let is_wanted = wanted == Wanted::All || facts.is_key;
            if !is_needed || !is_wanted || facts.is_damaged {
                continue;
            }
            if wanted == Wanted::KeyFrames {
                // FFmpeg's MP4 demuxer loses count of the B-frame offsets when it drops packets, so the time comes
                // from the index.
                packet.set_pts(part.index.gop_key_pts.get(gop).copied());
                packet.set_dts(None);
            }
            // A packet the decoder refuses shows up as a planned frame that never comes.
            self.decoder.send(&packet);
            return;
        }
        if !self.is_finished {
            self.is_finished = true;
            self.decoder.finish();
        }
    }
}

impl PartStream {
    /// The next planned frame that can be decoded; adds to `skipped` the planned ones that cannot.
    fn next_frame(
        &mut self,
        open: &mut OpenPart,
        skipped: &mut usize,
    ) -> Result<Option<LumaFrame>, FrameError> {
        while self.next < self.frames.len() {
            match open.decoder.receive(&mut open.picture) {
                Decoded::Picture => {
                    let position = picture_pts(&open.picture).and_then(|pts| self.part.index.position(pts));
                    let Some(position) = position else { continue };
                    let passed = self.frames[self.next..]
                        .iter()
                        .take_while(|frame| frame.position < position)
                        .count();
                    self.next += passed;
                    *skipped += passed;
                    let Some(planned) = self
                        .frames
                        .get(self.next)
                        .filter(|frame| frame.position == position)
                    else {
                        continue;
                    };
                    self.next += 1;
                    if is_damaged(&open.picture) {
                        *skipped += 1;
                        continue;
                    }
                    let data = open.converter.convert(&open.picture)?;
                    let (width, height) = open.converter.size();
                    let PlannedFrame {
                        t_secs, role, index, ..
                    } = *planned;
                    return Ok(Some(LumaFrame {
                        t_secs,
                        role,
                        index,
                        width,
                        height,
                        data,
                    }));
                }
                Decoded::Damaged => {}
                Decoded::NeedsPacket => open.feed(&self.part, self.wanted),
                Decoded::End => break,
            }
        }
        *skipped += self.frames.len() - self.next;
        Ok(None)
    }
}
