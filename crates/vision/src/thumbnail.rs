//! `u8[180][320]`: a frame's picture within the grid's window, area-averaged, and its JPEG: what is kept of a
//! frame so that it can be described again as another lens would have shown it ([`crate::remap`]).

use jpeg_encoder::{ColorType, Encoder};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::tuning::THUMBNAIL_QUALITY;

/// Pixels across: those of the HOG grid's reduced picture.
pub const WIDTH: usize = 320;
/// Pixels down.
pub const HEIGHT: usize = 180;

/// A grey picture of [`WIDTH`]×[`HEIGHT`] pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail(Vec<u8>);

impl Thumbnail {
    /// From its pixels; `None` when there are not [`WIDTH`]·[`HEIGHT`] of them.
    pub fn new(pixels: Vec<u8>) -> Option<Self> {
        (pixels.len() == WIDTH * HEIGHT).then_some(Self(pixels))
    }

    /// From exactly as many pixels as it has.
    pub(crate) fn of_pixels(pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), WIDTH * HEIGHT);
        Self(pixels)
    }

    /// The pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.0
    }

    /// As a grey baseline JPEG.
    pub fn to_jpeg(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let encoder = Encoder::new(&mut out, THUMBNAIL_QUALITY);
        // Writing to memory cannot fail, and the size fits: what is empty is no JPEG, and reads as none.
        if encoder
            .encode(&self.0, WIDTH as u16, HEIGHT as u16, ColorType::Luma)
            .is_err()
        {
            out.clear();
        }
        out
    }

    /// From [`Thumbnail::to_jpeg`]; `None` for anything else.
    pub fn from_jpeg(bytes: &[u8]) -> Option<Self> {
        let options = DecoderOptions::new_safe()
            .jpeg_set_out_colorspace(ColorSpace::Luma)
            .set_max_width(WIDTH)
            .set_max_height(HEIGHT);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().ok()?;
        if decoder.dimensions() != Some((WIDTH, HEIGHT)) {
            return None;
        }
        Self::new(decoder.decode().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Thumbnail {
        let pixel = |i: usize| {
            let (x, y) = ((i % WIDTH) as f64, (i / WIDTH) as f64);
            (128.0 + 60.0 * (x / 7.0).sin() + 50.0 * (y / 11.0).cos()) as u8
        };
        Thumbnail::new((0..WIDTH * HEIGHT).map(pixel).collect()).unwrap()
    }

    #[test]
    fn a_jpeg_keeps_the_picture_within_a_few_levels_at_a_fifth_of_its_size() {
        let picture = picture();
        let jpeg = picture.to_jpeg();
        assert!(jpeg.len() < WIDTH * HEIGHT / 3, "{}", jpeg.len());
        let kept = Thumbnail::from_jpeg(&jpeg).unwrap();
        let squares = picture.pixels().iter().zip(kept.pixels());
        let squares: f64 = squares
            .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
            .sum();
        let rms = (squares / (WIDTH * HEIGHT) as f64).sqrt();
        assert!(rms < 2.0, "{rms}");
    }

    #[test]
    fn what_is_no_thumbnail_is_none() {
        let jpeg = picture().to_jpeg();
        assert!(Thumbnail::new(vec![0; 7]).is_none());
        for bytes in [&[][..], &[0xff; 100], &jpeg[..20]] {
            assert!(Thumbnail::from_jpeg(bytes).is_none());
        }
        let mut other = Vec::new();
        Encoder::new(&mut other, 90)
            .encode(&[9; 64], 8, 8, ColorType::Luma)
            .unwrap();
        assert!(Thumbnail::from_jpeg(&other).is_none());
    }
}
