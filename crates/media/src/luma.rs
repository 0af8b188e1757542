//! From a decoded picture to what the analysis wants: upright, square pixels, full-range 8-bit luma, shrunk.
//! The luma is read straight out of the decoded planes ([`LumaLayout`]), so no colour conversion is involved.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U16};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use ffmpeg_next as ffmpeg;

use crate::error::FrameError;
use crate::layout::{LumaLayout, square_pixel_size};
use crate::orientation::Orientation;
use crate::part::Part;
use crate::rational::Rational;
use crate::scale::PictureConverter;

/// Size to shrink to, before turning: square pixels, the larger side at most `max_dim`, no axis longer than
/// coded.
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
