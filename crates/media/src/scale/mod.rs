//! Colour pictures: decoded frames brought upright, to square pixels and to one size, as 8-bit YUV 4:2:0.
//!
//! The analysis needs luma only and reads it straight from the decoder (`luma`). What people look at
//! (rendered videos, browser copies, single pictures) needs colour, from 8 or 10 bit, full or limited range,
//! any chroma layout; that conversion is left to FFmpeg's libswscale. All of that library is behind this
//! module.

mod converter;
mod picture;
mod scaler;
mod stream;

pub use picture::YuvPicture;
pub use stream::{ColourFrame, ColourFrames, ColourOptions};

pub(crate) use converter::PictureConverter;
pub(crate) use scaler::{Tones, YuvOptions, YuvScaler};

/// The matrix between YUV and RGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMatrix {
    /// ITU-R BT.601: standard definition, JPEG.
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
    /// ITU-R BT.2020, not constant luminance.
    Bt2020,
}

/// Largest side of a picture that is made, in pixels: that of the largest common codecs' levels.
pub const MAX_SIDE: usize = 8192;

/// The even number nearest to `length`, between 2 and [`MAX_SIDE`]: chroma has half the size.
pub fn even(length: f64) -> usize {
    let half = (length / 2.0).round().clamp(1.0, (MAX_SIDE / 2) as f64);
    // A size that is not a number becomes the smallest.
    (half as usize).max(1) * 2
}

/// Size, both sides even, of a picture of `size` scaled to fit into `bounds`; never enlarged.
pub fn fit_inside(size: (usize, usize), bounds: (usize, usize)) -> (usize, usize) {
    let (width, height) = (size.0.max(1) as f64, size.1.max(1) as f64);
    let scale = (bounds.0 as f64 / width).min(bounds.1 as f64 / height).min(1.0);
    (even(width * scale), even(height * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitted_sizes_are_even_and_inside() {
        assert_eq!(fit_inside((3840, 2160), (1920, 1920)), (1920, 1080));
        assert_eq!(fit_inside((641, 361), (1920, 1080)), (642, 362));
        assert_eq!(fit_inside((1080, 1920), (1280, 720)), (406, 720));
        assert_eq!(fit_inside((10_000, 1), (1000, 1000)), (1000, 2));
        assert_eq!((even(f64::NAN), even(1e9)), (2, MAX_SIDE));
    }
}
