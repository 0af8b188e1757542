//! Pictures that are blended over others.

/// Pixels with opacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height` times red, green, blue, opacity; the colours are multiplied by the opacity.
    pub rgba: Vec<u8>,
}
