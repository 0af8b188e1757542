//! From a decoded picture to what the analysis wants: upright, square pixels, full-range 8-bit luma, shrunk.
//! The luma is read straight out of the decoded planes (any YUV or grey layout of 8 to 16 bits, by FFmpeg's own
//! description of the format), so no colour conversion is involved.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U16};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use crate::error::{FrameError, OpenError};
use crate::orientation::Orientation;
use crate::rational::Rational;
use crate::recording::Part;
use crate::scale::PictureConverter;

/// Sample aspect ratios beyond this (either way) are taken for damaged metadata and ignored.
const MAX_SAMPLE_ASPECT: f64 = 8.0;

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
        // SAFETY: a `Video` always wraps an allocated AVFrame; its format is written by the decoder. The descriptor
        // and its name are static tables of the library.
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

    fn sample_bytes(&self) -> usize {
        if self.depth + self.shift > 8 { 2 } else { 1 }
    }

    /// Whether black is 0 and white the largest value, by what the stream says, else by
    /// the format's custom.
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
            // SAFETY: a decoded frame of this format and size holds `height` rows at `linesize` bytes apart in this
            // plane, each with at least `row_bytes` bytes (that is what the format's description means). `linesize`
            // may be negative (bottom-up pictures), hence the signed offset.
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

    fn copy_8_bit(&self, frame: &ffmpeg::frame::Video, samples: &mut Vec<U8>) {
        self.copy_rows(frame, samples, |row, samples| {
            if self.step == 1 {
                samples.extend(row.iter().map(|byte| U8::new(*byte)));
            } else {
                samples.extend(row.iter().step_by(self.step).map(|byte| U8::new(*byte)));
            }
        });
    }

    fn copy_16_bit(&self, frame: &ffmpeg::frame::Video, samples: &mut Vec<U16>) {
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

/// Size to shrink to, before turning: square pixels, the larger side at most `max_dim`, no axis longer than coded.
fn shrunk_size(coded: (usize, usize), sample_aspect: Option<Rational>, max_dim: usize) -> (usize, usize) {
    let (width, height) = square_pixel_size(coded, sample_aspect);
    let scale = (max_dim.max(1) as f64 / width.max(height))
        .min(coded.0 as f64 / width)
        .min(1.0);
    let side = |length: f64| ((length * scale).round() as usize).max(1);
    (side(width), side(height))
}

/// Turns decoded pictures of one stream into luma pictures of one size.
pub(crate) struct LumaConverter {
    shrunk: (usize, usize),
    orientation: Orientation,
    resizer: Resizer,
    samples_8: Vec<U8>,
    samples_16: Vec<U16>,
    /// Table of the last seen (depth, full range).
    expansion: Option<((u32, bool), Vec<u8>)>,
}

/// A tightly packed luma picture.
pub(crate) struct LumaPicture {
    pub width: usize,
    pub height: usize,
    pub data: Vec<u8>,
}

impl PictureConverter for LumaConverter {
    /// Longest side in pixels.
    type Options = usize;
    type Picture = LumaPicture;

    fn new(part: &Part, max_dim: &usize) -> LumaConverter {
        LumaConverter {
            shrunk: shrunk_size(part.coded, part.sample_aspect, *max_dim),
            orientation: part.orientation,
            resizer: Resizer::new(),
            samples_8: Vec::new(),
            samples_16: Vec::new(),
            expansion: None,
        }
    }

    fn convert(&mut self, frame: &ffmpeg::frame::Video) -> Result<LumaPicture, FrameError> {
        let layout = LumaLayout::of(frame)?;
        let is_full_range = layout.is_full_range(frame);
        let size = (frame.width() as usize, frame.height() as usize);
        let pixels = if layout.sample_bytes() == 1 {
            layout.copy_8_bit(frame, &mut self.samples_8);
            let shrunk = shrink(&mut self.resizer, &self.samples_8, size, self.shrunk)?;
            let table = expansion(&mut self.expansion, layout.depth, is_full_range);
            shrunk
                .iter()
                .map(|value| look_up(table, usize::from(value.0)))
                .collect()
        } else {
            layout.copy_16_bit(frame, &mut self.samples_16);
            let shrunk = shrink(&mut self.resizer, &self.samples_16, size, self.shrunk)?;
            let table = expansion(&mut self.expansion, layout.depth, is_full_range);
            shrunk
                .iter()
                .map(|value| look_up(table, usize::from(value.0)))
                .collect()
        };
        let (width, height) = self.orientation.apply_to_size(self.shrunk.0, self.shrunk.1);
        Ok(LumaPicture {
            width,
            height,
            data: self.orientation.apply(pixels, self.shrunk.0, self.shrunk.1),
        })
    }
}

/// Shrinks with a triangle filter as wide as the reduction: every source pixel counts, nothing rings.
fn shrink<'a, P: PixelTrait>(
    resizer: &mut Resizer,
    samples: &'a [P],
    from: (usize, usize),
    to: (usize, usize),
) -> Result<std::borrow::Cow<'a, [P]>, FrameError>
where
    [P]: ToOwned<Owned = Vec<P>>,
{
    if from == to && samples.len() == to.0 * to.1 {
        return Ok(std::borrow::Cow::Borrowed(samples));
    }
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let source =
        TypedImageRef::new(side(from.0), side(from.1), samples).map_err(|error| scale_error(&error))?;
    let mut pixels = vec![P::default(); to.0 * to.1];
    let mut target = TypedImage::from_pixels_slice(side(to.0), side(to.1), &mut pixels)
        .map_err(|error| scale_error(&error))?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .use_alpha(false);
    resizer
        .resize_typed(&source, &mut target, &options)
        .map_err(|error| scale_error(&error))?;
    drop(target);
    Ok(std::borrow::Cow::Owned(pixels))
}

fn scale_error(error: &impl std::fmt::Display) -> FrameError {
    FrameError::Scale(error.to_string())
}

/// Table from a sample of `depth` bits to full-range 8 bit. Limited range is 16..235, scaled with the depth
/// (ITU-R BT.709); values outside it saturate.
fn expansion(cache: &mut Option<((u32, bool), Vec<u8>)>, depth: u32, is_full_range: bool) -> &[u8] {
    let key = (depth, is_full_range);
    if cache.as_ref().is_none_or(|(cached, _)| *cached != key) {
        *cache = Some((key, expansion_table(depth, is_full_range)));
    }
    cache.as_ref().map_or(&[], |(_, table)| table)
}

fn expansion_table(depth: u32, is_full_range: bool) -> Vec<u8> {
    let largest = (1_u32 << depth) - 1;
    let unit = f64::from(1_u32 << (depth - 8));
    let (black, white) = if is_full_range {
        (0.0, f64::from(largest))
    } else {
        (16.0 * unit, 235.0 * unit)
    };
    (0..=largest)
        .map(|value| ((f64::from(value) - black) * 255.0 / (white - black)).round() as u8)
        .collect()
}

fn look_up(table: &[u8], value: usize) -> u8 {
    table.get(value).copied().unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limited_range_is_stretched_and_saturates() {
        let table = expansion_table(8, false);
        assert_eq!(
            (table[0], table[16], table[126], table[235], table[255]),
            (0, 0, 128, 255, 255)
        );
        let deep = expansion_table(10, false);
        assert_eq!((deep[64], deep[940], deep.len()), (0, 255, 1024));
        assert!(
            expansion_table(8, true)
                .iter()
                .enumerate()
                .all(|(i, v)| i == usize::from(*v))
        );
    }

    #[test]
    fn sizes_are_square_pixelled_and_never_enlarged() {
        let anamorphic = Rational::new(4, 3);
        assert_eq!(shrunk_size((1920, 1080), None, 960), (960, 540));
        assert_eq!(shrunk_size((640, 360), None, 960), (640, 360));
        assert_eq!(shrunk_size((1440, 1080), anamorphic, 960), (960, 540));
        assert_eq!(shrunk_size((1440, 1080), anamorphic, 4000), (1440, 810));
        assert_eq!(shrunk_size((320, 200), Rational::new(1, 2), 960), (160, 200));
        assert_eq!(shrunk_size((640, 360), Rational::new(1000, 1), 960), (640, 360));
        assert_eq!(shrunk_size((1000, 1), None, 10), (10, 1));
    }
}
