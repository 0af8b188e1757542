//! SVG text to PNG bytes, with the embedded font only.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::font;

/// Smallest and largest accepted picture side in pixels; the largest keeps the
/// pixel buffer of a square picture under 270 MB.
pub const SIDE_RANGE: std::ops::RangeInclusive<u32> = 64..=8192;

/// Why a plot could not become a picture.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// A side of the asked size is out of range.
    #[error("picture size {width}x{height} is out of range")]
    Size {
        /// Asked width in pixels.
        width: u32,
        /// Asked height in pixels.
        height: u32,
    },
    /// The drawing was not accepted by the rasteriser.
    #[error("plot cannot be drawn: {0}")]
    Drawing(String),
    /// The pixels could not be encoded.
    #[error("plot cannot be encoded as PNG: {0}")]
    Encoding(String),
}

impl PlotError {
    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Size { .. } => Some(format!(
                "each side must be {} to {} pixels",
                SIDE_RANGE.start(),
                SIDE_RANGE.end()
            )),
            Self::Drawing(_) | Self::Encoding(_) => None,
        }
    }
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(font::REGULAR.to_vec());
    fonts.load_font_data(font::SEMI_BOLD.to_vec());
    fonts.set_sans_serif_family(font::FAMILY);
    Arc::new(fonts)
});

/// Draws `svg`, which must have the given size, and encodes it.
pub fn render(svg: &str, size: (u32, u32)) -> Result<Vec<u8>, PlotError> {
    let (width, height) = size;
    let out_of_range = || PlotError::Size { width, height };
    if !SIDE_RANGE.contains(&width) || !SIDE_RANGE.contains(&height) {
        return Err(out_of_range());
    }
    let options = usvg::Options {
        font_family: font::FAMILY.to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| PlotError::Drawing(e.to_string()))?;
    let mut pixels = Pixmap::new(width, height).ok_or_else(out_of_range)?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels
        .encode_png()
        .map_err(|e| PlotError::Encoding(e.to_string()))
}
