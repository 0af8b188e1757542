//! Decoding a plan: an iterator over luma pictures that holds one picture at a time.

use std::collections::VecDeque;

use crate::demux::Wanted;
use crate::error::FrameError;
use crate::part_stream::PartStream;
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
    waiting: VecDeque<(Part, Vec<PlannedFrame>)>,
    open: Option<PartStream>,
    wanted: Wanted,
    options: FrameOptions,
    skipped: usize,
    truncated: bool,
}

impl FrameStream {
    pub(crate) fn new(
        parts: &[Part],
        plan: &SamplePlan,
        options: FrameOptions,
        truncated: bool,
    ) -> FrameStream {
        let wanted = match plan.mode() {
            PlanMode::KeyFramesOnly => Wanted::KeyFrames,
            PlanMode::WholeGops => Wanted::All,
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
        FrameStream {
            waiting,
            open: None,
            wanted,
            options,
            skipped: 0,
            truncated,
        }
    }

    /// Planned frames passed so far that could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped + self.open.as_ref().map_or(0, PartStream::skipped)
    }

    /// Whether a file of the recording ends before its video does.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    fn next_frame(&mut self) -> Result<Option<LumaFrame>, FrameError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some((part, frames)) = self.waiting.pop_front() else {
                    return Ok(None);
                };
                self.open = Some(PartStream::open(part, frames, self.wanted, self.options)?);
                continue;
            };
            if let Some(frame) = open.next_frame()? {
                return Ok(Some(frame));
            }
            self.skipped += open.skipped();
            self.open = None;
        }
    }
}

impl Iterator for FrameStream {
    type Item = Result<LumaFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.next_frame().transpose();
        if matches!(item, Some(Err(_))) {
            self.waiting.clear();
            self.open = None;
        }
        item
    }
}
