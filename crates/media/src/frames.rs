//! Decoding a plan over the files of a recording, and the iterator over luma pictures that the analysis uses.

use std::collections::VecDeque;

use crate::demux::PacketFilter;
use crate::error::FrameError;
use crate::luma::LumaConverter;
use crate::part::Part;
use crate::part_stream::PartStream;
use crate::plan::{FrameRole, PlanMode, PlannedFrame, SamplePlan};
use crate::scale::PictureConverter;

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
    pictures: PictureStream<LumaConverter>,
}

impl FrameStream {
    pub(crate) fn new(parts: &[Part], plan: &SamplePlan, options: FrameOptions) -> FrameStream {
        FrameStream {
            pictures: PictureStream::new(parts, plan, options.max_dim, options.threads),
        }
    }

    /// Planned frames passed so far that could not be read.
    pub fn skipped(&self) -> usize {
        self.pictures.skipped()
    }
}

impl Iterator for FrameStream {
    type Item = Result<LumaFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.pictures.next_picture().transpose()?;
        Some(next.map(|(planned, picture)| LumaFrame {
            t_secs: planned.t_secs,
            role: planned.role,
            index: planned.index,
            width: picture.width,
            height: picture.height,
            data: picture.data,
        }))
    }
}

/// The pictures of a plan over all files of a recording, as `C` makes them.
pub(crate) struct PictureStream<C: PictureConverter> {
    waiting: VecDeque<(Part, Vec<PlannedFrame>)>,
    open: Option<PartStream<C>>,
    wanted: PacketFilter,
    options: C::Options,
    threads: usize,
    skipped: usize,
}

impl<C: PictureConverter> PictureStream<C> {
    pub fn new(parts: &[Part], plan: &SamplePlan, options: C::Options, threads: usize) -> PictureStream<C> {
        let wanted = match plan.mode() {
            PlanMode::KeyFramesOnly => PacketFilter::KeyFrames,
            PlanMode::WholeGops => PacketFilter::All,
        };
        let of_part = |(number, part): (usize, &Part)| {
            let frames = plan.frames().iter().filter(|frame| frame.part == number);
            (part.clone(), frames.copied().collect::<Vec<_>>())
        };
        let waiting = parts
            .iter()
            .enumerate()
            .map(of_part)
            .filter(|(_, frames)| !frames.is_empty())
            .collect();
        PictureStream {
            waiting,
            open: None,
            wanted,
            options,
            threads,
            skipped: 0,
        }
    }

    /// Planned frames passed so far that could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped + self.open.as_ref().map_or(0, PartStream::skipped)
    }

    /// The next planned frame that can be read. After an error there is none.
    pub fn next_picture(&mut self) -> Result<Option<(PlannedFrame, C::Picture)>, FrameError> {
        let next = self.decode_next();
        if next.is_err() {
            self.waiting.clear();
            self.open = None;
        }
        next
    }

    fn decode_next(&mut self) -> Result<Option<(PlannedFrame, C::Picture)>, FrameError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some((part, frames)) = self.waiting.pop_front() else {
                    return Ok(None);
                };
                let converter = C::new(&part, &self.options);
                self.open = Some(PartStream::open(
                    part,
                    frames,
                    self.wanted,
                    converter,
                    self.threads,
                )?);
                continue;
            };
            if let Some(picture) = open.next_frame()? {
                return Ok(Some(picture));
            }
            self.skipped += open.skipped();
            self.open = None;
        }
    }
}
