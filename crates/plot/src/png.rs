//! SVG text to pixels and PNG bytes, with the embedded font only.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::pixels::Pixels;
use crate::{DEFAULT_SIZE, font};

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
    Drawing(#[source] usvg::Error),
    /// The pixels could not be encoded.
    #[error("plot cannot be encoded as PNG: {0}")]
    Encoding(#[source] Box<dyn std::error::Error + Send + Sync>),
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

/// Signature and header of a PNG: a text may follow.
const HEAD_BYTES: usize = 33;
/// A text chunk, `Software: mtbsync`: pictures of ours are known by it.
const MADE_BY: &[u8] = b"\0\0\0\x10tEXtSoftware\0mtbsync!A\xd5\xa7";

/// Whether a file that begins with these bytes is a plot of ours, as PNG or as SVG.
pub fn is_own(head: &[u8]) -> bool {
    let first_line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_svg = first_line.starts_with(b"<svg xmlns=")
        && first_line.ends_with(format!("font-family=\"{}, sans-serif\">", font::FAMILY).as_bytes());
    let follows_header = |chunk: &[u8]| head.get(HEAD_BYTES..).is_some_and(|rest| rest.starts_with(chunk));
    is_svg || follows_header(MADE_BY) || is_unmarked(head)
}

/// Whether a PNG is one of the first plots, which had no mark: of their size and their kind of pixels, and
/// nothing said about it before the pixels begin.
fn is_unmarked(head: &[u8]) -> bool {
    let (width, height) = DEFAULT_SIZE;
    let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // Eight bits of red, green, blue and alpha.
    header.extend([8, 6, 0, 0, 0]);
    head.starts_with(&header) && head.get(HEAD_BYTES + 4..HEAD_BYTES + 8) == Some(b"IDAT")
}

/// Draws `svg`, which must have the given size, and encodes it.
pub fn render(svg: &str, size: (u32, u32)) -> Result<Vec<u8>, PlotError> {
    if !SIDE_RANGE.contains(&size.0) || !SIDE_RANGE.contains(&size.1) {
        return Err(out_of_range(size));
    }
    let png = draw(svg, size)?
        .encode_png()
        .map_err(|error| PlotError::Encoding(error.into()))?;
    let (head, rest) = png.split_at(png.len().min(HEAD_BYTES));
    Ok([head, MADE_BY, rest].concat())
}

/// Draws `svg`, which must have the given size, as pixels to be blended; it may be smaller than a plot.
pub fn pixels(svg: &str, size: (u32, u32)) -> Result<Pixels, PlotError> {
    if size.0.max(size.1) > *SIDE_RANGE.end() {
        return Err(out_of_range(size));
    }
    let drawn = draw(svg, size)?;
    Ok(Pixels {
        width: drawn.width() as usize,
        height: drawn.height() as usize,
        rgba: drawn.take(),
    })
}

fn draw(svg: &str, size: (u32, u32)) -> Result<Pixmap, PlotError> {
    let options = usvg::Options {
        font_family: font::FAMILY.to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(PlotError::Drawing)?;
    let mut drawn = Pixmap::new(size.0, size.1).ok_or_else(|| out_of_range(size))?;
    resvg::render(&tree, Transform::identity(), &mut drawn.as_mut());
    Ok(drawn)
}

fn out_of_range((width, height): (u32, u32)) -> PlotError {
    PlotError::Size { width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_are_known_with_and_without_their_mark_and_other_pictures_are_not() {
        let svg = crate::svg::Svg::transparent(DEFAULT_SIZE, (1200.0, 900.0)).finish();
        let marked = render(&svg, DEFAULT_SIZE).unwrap();
        assert!(is_own(&marked) && is_own(svg.as_bytes()));
        let (head, rest) = marked.split_at(HEAD_BYTES);
        let unmarked = [head, &rest[MADE_BY.len()..]].concat();
        assert!(is_own(&unmarked));
        let with_a_time = [head, b"\0\0\0\x07tIME", &rest[MADE_BY.len()..]].concat();
        let mut larger = unmarked;
        larger[19] ^= 1;
        for other in [
            &larger[..],
            &with_a_time,
            b"\x89PNG",
            b"<svg xmlns=\"mine\">",
            b"",
        ] {
            assert!(!is_own(other));
        }
    }
}
