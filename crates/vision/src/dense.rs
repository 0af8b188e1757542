//! `d[row][column][bin]`, 18×32×8 bytes, `value = d · SCALE`: the dense place descriptor, a histogram of
//! oriented gradients (Dalal and Triggs, CVPR 2005; see `orientation_grid`) of the picture reduced to 160×90
//! pixels.
//!
//! Cells of about three degrees do not depend on exact pixel positions, so two cameras that point a little
//! differently agree after a shift by whole cells (see [`crate::similarity`]). Values are stored as bytes
//! right away, so a run that reads a cached index computes exactly what the run that made the index computed.
//!
//! ```
//! use mtbsync_vision::dense::{COLS, DESCRIPTOR_LEN, DenseExtractor, ROWS};
//! use mtbsync_vision::image::LumaView;
//! use mtbsync_vision::similarity::{CentredSequence, PlaceSequence, ShiftSearch};
//!
//! // Two pictures of two places, and the first place again in brighter light.
//! let picture = |place: usize, gain: usize| -> Vec<u8> {
//!     let grey = |x: usize, y: usize| (x / 20 * 7 + y / 15 * place * 5) % 11 * 9;
//!     (0..320 * 180).map(|i| (gain * (20 + grey(i % 320, i / 320)) / 2) as u8).collect()
//! };
//! let mut extractor = DenseExtractor::default();
//! let mut descriptors = Vec::new();
//! for (place, gain) in [(1, 2), (3, 2), (1, 3)] {
//!     descriptors.extend(extractor.describe(&LumaView::new(320, 180, &picture(place, gain))?));
//! }
//! assert_eq!(descriptors.len(), 3 * DESCRIPTOR_LEN);
//!
//! let frames = PlaceSequence::new(&CentredSequence::new(&descriptors, &[1; ROWS * COLS]));
//! let [same, other] = [2, 1].map(|j| frames.similarity(0, &frames, j, ShiftSearch::Exhaustive));
//! assert!(same > 0.8 && same > 2.0 * other, "{same} {other}");
//! # Ok::<(), mtbsync_vision::image::LumaError>(())
//! ```

use crate::image::LumaView;
use crate::orientation_grid::{CLIP, OrientationGrid, Pooling};

pub use crate::grid_window::{COLS, ROWS};
pub use crate::orientation_grid::BINS;

/// Numbers in one descriptor, laid out `[row][column][bin]`.
pub const DESCRIPTOR_LEN: usize = ROWS * COLS * BINS;
/// `value = byte * SCALE`.
pub const SCALE: f32 = CLIP / 255.0;

/// Computes descriptors; keeps its work space between frames.
#[derive(Debug)]
pub struct DenseExtractor {
    grid: OrientationGrid,
}

impl Default for DenseExtractor {
    fn default() -> Self {
        Self {
            grid: OrientationGrid::new(COLS, ROWS, Pooling::Cell),
        }
    }
}

impl DenseExtractor {
    /// Describe a picture: [`DESCRIPTOR_LEN`] bytes, `[row][column][bin]`. An empty picture gives zeros.
    pub fn describe(&mut self, picture: &LumaView<'_>) -> Vec<u8> {
        let mut bytes = vec![0; DESCRIPTOR_LEN];
        self.grid
            .describe(picture, |at, value| bytes[at] = (value / SCALE).round() as u8);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn textured(width: usize, height: usize, gain: f32, offset: f32) -> Vec<u8> {
        (0..width * height)
            .map(|i| {
                let (x, y) = ((i % width) as f32, (i / width) as f32);
                let v = 60.0 + 25.0 * ((x * 0.11).sin() + (y * 0.17 + x * 0.05).cos());
                (v * gain + offset).clamp(0.0, 255.0) as u8
            })
            .collect()
    }

    fn cosine(a: &[u8], b: &[u8]) -> f32 {
        let dot = |p: &[u8], q: &[u8]| {
            p.iter()
                .zip(q)
                .map(|(&p, &q)| f32::from(p) * f32::from(q))
                .sum::<f32>()
        };
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    #[test]
    fn brighter_light_changes_little() {
        let mut extractor = DenseExtractor::default();
        let dim = textured(960, 540, 1.0, 0.0);
        let bright = textured(960, 540, 2.0, 5.0);
        let a = extractor.describe(&LumaView::new(960, 540, &dim).unwrap());
        let b = extractor.describe(&LumaView::new(960, 540, &bright).unwrap());
        assert!(cosine(&a, &b) > 0.97, "{}", cosine(&a, &b));
    }

    #[test]
    fn resolution_changes_little() {
        let mut extractor = DenseExtractor::default();
        let large = textured(960, 540, 1.0, 0.0);
        let small: Vec<u8> = (0..270)
            .flat_map(|y| (0..480).map(move |x| (2 * y, 2 * x)))
            .map(|(y, x)| large[y * 960 + x])
            .collect();
        let a = extractor.describe(&LumaView::new(960, 540, &large).unwrap());
        let b = extractor.describe(&LumaView::new(480, 270, &small).unwrap());
        assert!(cosine(&a, &b) > 0.97, "{}", cosine(&a, &b));
    }

    #[test]
    fn flat_and_tiny_pictures_describe_as_nothing_or_little() {
        let mut extractor = DenseExtractor::default();
        for (width, height) in [(0, 0), (1, 1), (3, 2), (1, 400), (960, 540)] {
            let flat = vec![90; width * height];
            let d = extractor.describe(&LumaView::new(width, height, &flat).unwrap());
            assert_eq!(d.len(), DESCRIPTOR_LEN);
            assert!(d.iter().all(|&v| v == 0), "{width}x{height}");
        }
    }

    #[test]
    fn a_vertical_edge_fills_the_horizontal_gradient_bin() {
        let picture: Vec<u8> = (0..360 * 640)
            .map(|i| if i % 640 < 322 { 40 } else { 200 })
            .collect();
        let d = DenseExtractor::default().describe(&LumaView::new(640, 360, &picture).unwrap());
        let cell = (9 * COLS + 16) * BINS;
        assert!(d[cell] > 100);
        assert!(d[cell + 1..cell + BINS].iter().all(|&v| v < 5));
    }
}
