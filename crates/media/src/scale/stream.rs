//! Chosen frames of a recording as colour pictures, one after the other.

use super::{ColourMatrix, Tones, YuvOptions, YuvPicture, YuvScaler};
use crate::error::FrameError;
use crate::frames::PictureStream;
use crate::part::Part;
use crate::plan::SamplePlan;

/// How colour pictures are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColourOptions {
    /// Width and height in pixels when upright; made even.
    pub size: (usize, usize),
    /// Matrix of the pictures; `None`: that of the recording.
    pub matrix: Option<ColourMatrix>,
    /// 0..255 for luma, as in JPEG, in place of 16..235, as in videos. Only with a `matrix`.
    pub full_range: bool,
    /// Decoder threads, 0 = as many as the library finds useful. The pictures do not depend on it.
    pub threads: usize,
}

/// One colour picture of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourFrame {
    /// Index in the recording's timeline.
    pub index: usize,
    /// Presentation time in seconds from the first shown frame of the recording.
    pub t_secs: f64,
    /// The picture: upright, square pixels.
    pub picture: YuvPicture,
}

/// Delivers colour pictures in presentation order, holding few at a time. Frames that cannot be read are left
/// out.
pub struct ColourFrames {
    pictures: PictureStream<YuvScaler>,
}

impl ColourFrames {
    pub(crate) fn new(parts: &[Part], plan: &SamplePlan, options: ColourOptions) -> ColourFrames {
        let (width, height) = options.size;
        let yuv = YuvOptions {
            size: ((width & !1).max(2), (height & !1).max(2)),
            target: options.matrix.map(|matrix| Tones {
                matrix,
                full_range: options.full_range,
            }),
        };
        ColourFrames {
            pictures: PictureStream::new(parts, plan, yuv, options.threads),
        }
    }

    /// Frames passed so far that could not be read.
    pub fn skipped(&self) -> usize {
        self.pictures.skipped()
    }
}

impl Iterator for ColourFrames {
    type Item = Result<ColourFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.pictures.next_picture().transpose()?;
        Some(next.map(|(planned, picture)| ColourFrame {
            index: planned.index,
            t_secs: planned.t_secs,
            picture,
        }))
    }
}
