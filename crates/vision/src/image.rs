//! A borrowed grey picture.
//!
//! Everything in this crate looks at brightness only: the Y plane of a decoded frame, shrunk to analysis
//! size. [`LumaView`] borrows such a plane and guarantees that its size and its bytes agree, so the pixel
//! code behind it can index rows without asking again.

use thiserror::Error;

/// A grey picture, row by row without padding: pixel `(x, y)` is `data()[y * width() + x]`.
#[derive(Clone, Copy, Debug)]
pub struct LumaView<'a> {
    width: usize,
    height: usize,
    data: &'a [u8],
}

/// Why bytes are no [`LumaView`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LumaError {
    /// The number of bytes is not width × height.
    #[error("picture of {width}x{height} pixels has {found} bytes")]
    WrongLength {
        /// Width asked for, in pixels.
        width: usize,
        /// Height asked for, in pixels.
        height: usize,
        /// Bytes given.
        found: usize,
    },
    /// A side is longer than [`LumaView::MAX_SIDE`].
    #[error("picture of {width}x{height} pixels is too large")]
    TooLarge {
        /// Width asked for, in pixels.
        width: usize,
        /// Height asked for, in pixels.
        height: usize,
    },
}

impl LumaError {
    /// What the caller can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::WrongLength { .. } => Some("pass rows without padding, one byte per pixel".to_owned()),
            Self::TooLarge { .. } => Some("shrink the picture before analysis".to_owned()),
        }
    }
}

impl<'a> LumaView<'a> {
    /// Longest side accepted, in pixels; keeps coordinates in `i16` and areas in `u32` everywhere behind this
    /// type.
    pub const MAX_SIDE: usize = 16_384;

    /// Borrow `data` as a picture.
    ///
    /// # Errors When `data.len() != width * height`, or a side is longer than [`Self::MAX_SIDE`]. An empty
    /// picture is allowed.
    pub fn new(width: usize, height: usize, data: &'a [u8]) -> Result<Self, LumaError> {
        if width > Self::MAX_SIDE || height > Self::MAX_SIDE {
            return Err(LumaError::TooLarge { width, height });
        }
        if data.len() != width * height {
            return Err(LumaError::WrongLength {
                width,
                height,
                found: data.len(),
            });
        }
        Ok(Self { width, height, data })
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row, `width * height` bytes.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The pixels of row `y`; empty below the picture.
    pub fn row(&self, y: usize) -> &'a [u8] {
        if y >= self.height {
            &[]
        } else {
            &self.data[y * self.width..(y + 1) * self.width]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_must_be_width_times_height() {
        assert!(LumaView::new(3, 2, &[0; 6]).is_ok());
        assert!(LumaView::new(0, 0, &[]).is_ok());
        let error = LumaView::new(3, 2, &[0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "picture of 3x2 pixels has 5 bytes");
        assert!(error.hint().is_some());
    }

    #[test]
    fn huge_sides_are_refused_before_multiplying() {
        assert!(matches!(
            LumaView::new(usize::MAX, 2, &[]),
            Err(LumaError::TooLarge { .. })
        ));
    }

    #[test]
    fn rows_below_the_picture_are_empty() {
        let view = LumaView::new(2, 2, &[1, 2, 3, 4]).unwrap();
        assert_eq!(view.row(1), &[3, 4]);
        assert_eq!(view.row(2), &[] as &[u8]);
    }
}
