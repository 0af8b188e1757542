//! Where in a decoded picture the luma is, by FFmpeg's own description of the format; and how large the
//! picture is with square pixels.

use fast_image_resize::pixels::{U8, U16};
use ffmpeg_next as ffmpeg;

use crate::error::OpenError;
use crate::fence;
use crate::rational::Rational;
use crate::tuning::MAX_SAMPLE_ASPECT;

/// Where in memory the luma of a pixel format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LumaLayout {
    plane: usize,
    /// Bytes from one luma sample to the next.
    step: usize,
    offset: usize,
    shift: u32,
    /// Bits per sample, 8 to 16.
    pub depth: u32,
    /// Range when neither stream nor container says it.
    full_range_by_default: bool,
}

impl LumaLayout {
    /// Layout of the format of `frame`, whose memory holds all of its rows.
    pub fn of(frame: &ffmpeg::frame::Video) -> Result<LumaLayout, OpenError> {
        fence::check_frame(frame)?;
        let unknown = || OpenError::UnsupportedPixelFormat("unknown".to_owned());
        let descriptor = frame.format().descriptor().ok_or_else(unknown)?;
        // SAFETY: a descriptor is a static table of the library.
        let (components, luma) = unsafe {
            (
                (*descriptor.as_ptr()).nb_components,
                (*descriptor.as_ptr()).comp[0],
            )
        };
        let layout = LumaLayout {
            plane: usize::try_from(luma.plane).unwrap_or(usize::MAX),
            step: usize::try_from(luma.step).unwrap_or(0),
            offset: usize::try_from(luma.offset).unwrap_or(0),
            shift: u32::try_from(luma.shift).unwrap_or(0),
            depth: u32::try_from(luma.depth).unwrap_or(0),
            full_range_by_default: descriptor.name().starts_with("yuvj") || components <= 2,
        };
        let readable = (8..=16).contains(&layout.depth)
            && layout.plane < 4
            && layout.step >= layout.sample_bytes()
            && layout.shift + layout.depth <= 16;
        if readable {
            Ok(layout)
        } else {
            Err(OpenError::UnsupportedPixelFormat(descriptor.name().to_owned()))
        }
    }

    pub fn sample_bytes(&self) -> usize {
        if self.depth + self.shift > 8 { 2 } else { 1 }
    }

    /// Whether black is 0 and white the largest value, by what the stream says, else by the format's custom.
    pub fn is_full_range(&self, frame: &ffmpeg::frame::Video) -> bool {
        match frame.color_range() {
            ffmpeg::color::Range::JPEG => true,
            ffmpeg::color::Range::MPEG => false,
            ffmpeg::color::Range::Unspecified => self.full_range_by_default,
        }
    }

    /// Copies the luma of `frame` into `samples`, row after row, calling `convert` on each row's bytes.
    fn copy_rows<T>(
        &self,
        frame: &ffmpeg::frame::Video,
        samples: &mut Vec<T>,
        convert: impl Fn(&[u8], &mut Vec<T>),
    ) {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        samples.clear();
        samples.reserve(width * height);
        let row_bytes = self.offset + width.saturating_sub(1) * self.step + self.sample_bytes();
        for y in 0..height {
            // SAFETY: `fence::check_frame` found `height` rows of the format's length, which holds
            // `row_bytes`, `linesize` bytes apart in the memory of this plane. `linesize` may be negative
            // (bottom-up pictures), hence the signed offset.
            let row = unsafe {
                let raw = frame.as_ptr();
                let start = (*raw).data[self.plane];
                if start.is_null() {
                    return;
                }
                let stride = (*raw).linesize[self.plane] as isize;
                if height > 1 && stride.unsigned_abs() < row_bytes {
                    return;
                }
                std::slice::from_raw_parts(start.offset(y as isize * stride), row_bytes)
            };
            convert(row.get(self.offset..).unwrap_or_default(), samples);
        }
    }

    pub fn copy_8_bit(&self, frame: &ffmpeg::frame::Video, samples: &mut Vec<U8>) {
        self.copy_rows(frame, samples, |row, samples| {
            if self.step == 1 {
                samples.extend(row.iter().map(|byte| U8::new(*byte)));
            } else {
                samples.extend(row.iter().step_by(self.step).map(|byte| U8::new(*byte)));
            }
        });
    }

    pub fn copy_16_bit(&self, frame: &ffmpeg::frame::Video, samples: &mut Vec<U16>) {
        let mask = u16::MAX >> (16 - self.depth);
        self.copy_rows(frame, samples, |row, samples| {
            if self.step == 2 {
                // What cameras write; a loop without choices becomes vectors.
                let words = row.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair));
                samples.extend(words.map(|word| U16::new((word >> self.shift) & mask)));
                return;
            }
            samples.extend(row.chunks(self.step).map(|bytes| {
                let pair = [
                    bytes.first().copied().unwrap_or(0),
                    bytes.get(1).copied().unwrap_or(0),
                ];
                U16::new((u16::from_le_bytes(pair) >> self.shift) & mask)
            }));
        });
    }
}

/// Size of a picture as shown, before turning: `coded` with its pixels made square by changing the width.
pub(crate) fn square_pixel_size(coded: (usize, usize), sample_aspect: Option<Rational>) -> (f64, f64) {
    let aspect = sample_aspect.map_or(1.0, Rational::as_f64);
    let usable = (1.0 / MAX_SAMPLE_ASPECT..=MAX_SAMPLE_ASPECT).contains(&aspect);
    (coded.0 as f64 * if usable { aspect } else { 1.0 }, coded.1 as f64)
}
