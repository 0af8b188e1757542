//! Where in a decoded picture the luma is: any YUV or grey layout of 8 to 16 bits, by FFmpeg's own
//! description of the format; and how large the picture is with square pixels.

use fast_image_resize::pixels::{U8, U16};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use crate::error::OpenError;
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
    big_endian: bool,
    /// Range when neither stream nor container says it.
    full_range_by_default: bool,
}

impl LumaLayout {
    /// Layout of the format of `frame`.
    pub fn of(frame: &ffmpeg::frame::Video) -> Result<LumaLayout, OpenError> {
        // SAFETY: a `Video` always wraps an allocated AVFrame; its format is written by the decoder. The
        // descriptor and its name are static tables of the library.
        let (name, flags, components, luma) = unsafe {
            let descriptor = ffi::av_pix_fmt_desc_get(frame.format().into());
            if descriptor.is_null() {
                return Err(OpenError::UnsupportedPixelFormat("unknown".to_owned()));
            }
            let name = std::ffi::CStr::from_ptr((*descriptor).name)
                .to_string_lossy()
                .into_owned();
            (
                name,
                (*descriptor).flags,
                (*descriptor).nb_components,
                (*descriptor).comp[0],
            )
        };
        let flag = |bit: std::ffi::c_int| flags & u64::from(bit.unsigned_abs()) != 0;
        let unreadable = [
            ffi::AV_PIX_FMT_FLAG_RGB,
            ffi::AV_PIX_FMT_FLAG_PAL,
            ffi::AV_PIX_FMT_FLAG_BITSTREAM,
            ffi::AV_PIX_FMT_FLAG_HWACCEL,
            ffi::AV_PIX_FMT_FLAG_BAYER,
            ffi::AV_PIX_FMT_FLAG_FLOAT,
        ];
        let layout = LumaLayout {
            plane: usize::try_from(luma.plane).unwrap_or(usize::MAX),
            step: usize::try_from(luma.step).unwrap_or(0),
            offset: usize::try_from(luma.offset).unwrap_or(0),
            shift: u32::try_from(luma.shift).unwrap_or(0),
            depth: u32::try_from(luma.depth).unwrap_or(0),
            big_endian: flag(ffi::AV_PIX_FMT_FLAG_BE),
            full_range_by_default: name.starts_with("yuvj") || components <= 2,
        };
        let readable = (8..=16).contains(&layout.depth)
            && layout.plane < 4
            && layout.step >= layout.sample_bytes()
            && layout.shift + layout.depth <= 16;
        if !readable || unreadable.into_iter().any(flag) {
            return Err(OpenError::UnsupportedPixelFormat(name));
        }
        Ok(layout)
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
            // SAFETY: a decoded frame of this format and size holds `height` rows at `linesize` bytes apart
            // in this plane, each with at least `row_bytes` bytes (that is what the format's description
            // means). `linesize` may be negative (bottom-up pictures), hence the signed offset.
            let row = unsafe {
                let raw = frame.as_ptr();
                let start = (*raw).data[self.plane];
                if start.is_null() {
                    return;
                }
                let stride = (*raw).linesize[self.plane] as isize;
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
            if self.step == 2 && !self.big_endian {
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
                let word = if self.big_endian {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                };
                U16::new((word >> self.shift) & mask)
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
