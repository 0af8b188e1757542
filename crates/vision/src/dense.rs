//! The dense place descriptor: what a spot on the trail looks like, coarse enough to survive other light.
//!
//! A picture is reduced to 160×90 pixels, its logarithm taken (so that brightness becomes an offset and contrast
//! stays), and the gradients are collected into a grid of 32×18 cells with 8 orientation bins each: a histogram
//! of oriented gradients (Dalal & Triggs, 2005). Each cell is normalised by the energy of its 3×3 neighbourhood
//! and clipped. Nothing in it depends on exact pixel positions, so two cameras that point a little differently
//! still agree after a shift by whole cells (see [`crate::similarity`]).
//!
//! Values are stored as bytes right away, so a run that reads a cached index computes exactly what the run that
//! made the index computed.

use crate::image::LumaView;
use crate::orientation_grid::{OrientationGrid, Pooling};

/// Cells across.
pub const COLS: usize = 32;
/// Cells down.
pub const ROWS: usize = 18;
/// Orientation bins of a cell; orientations are unsigned, 0..180 degrees.
pub const BINS: usize = 8;
/// Numbers in one descriptor, laid out `[row][column][bin]`.
pub const DESCRIPTOR_LEN: usize = ROWS * COLS * BINS;
/// Largest value of a normalised bin; a byte of 255 stands for it.
pub const CLIP: f32 = 0.5;
/// `value = byte * SCALE`.
pub const SCALE: f32 = CLIP / 255.0;

/// Widest picture the grid was made for. Taller landscape pictures are cut to it around the middle, because
/// cameras that record 4:3 and 16:9 share the width of the view, not the height.
const GRID_ASPECT: f64 = COLS as f64 / ROWS as f64;

/// Computes descriptors; keeps its work space between frames.
#[derive(Debug)]
pub struct DenseExtractor {
    grid: OrientationGrid,
}

impl Default for DenseExtractor {
    fn default() -> Self {
        Self::new()
    }
}

impl DenseExtractor {
    /// A fresh extractor.
    pub fn new() -> Self {
        Self {
            grid: OrientationGrid::new(COLS, ROWS, Pooling::Cell),
        }
    }

    /// Describe a picture: [`DESCRIPTOR_LEN`] bytes, `[row][column][bin]`. An empty picture gives zeros.
    pub fn describe(&mut self, picture: &LumaView<'_>) -> Vec<u8> {
        let mut bytes = vec![0; DESCRIPTOR_LEN];
        self.grid
            .describe(picture, |at, value| bytes[at] = (value / SCALE).round() as u8);
        bytes
    }
}

/// The part of a picture that the grid covers, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridWindow {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl GridWindow {
    /// The window of a picture of `width`×`height` pixels.
    pub fn of(width: usize, height: usize) -> Self {
        let (w, h) = (width as f64, height as f64);
        if h > w {
            return Self {
                left: 0.0,
                top: 0.0,
                width: w,
                height: h,
            };
        }
        if w / h < GRID_ASPECT {
            let kept = w / GRID_ASPECT;
            Self {
                left: 0.0,
                top: (h - kept) / 2.0,
                width: w,
                height: kept,
            }
        } else {
            let kept = h * GRID_ASPECT;
            Self {
                left: (w - kept) / 2.0,
                top: 0.0,
                width: kept,
                height: h,
            }
        }
    }

    /// Width and height of a cell, pixels.
    pub fn cell_px(&self) -> (f64, f64) {
        (self.width / COLS as f64, self.height / ROWS as f64)
    }

    /// Column and row of a point, counted from the grid's upper left corner; outside the grid beyond its ends.
    pub fn cell_of(&self, x: f64, y: f64) -> (f64, f64) {
        let (w, h) = self.cell_px();
        ((x - self.left) / w, (y - self.top) / h)
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
        let mut extractor = DenseExtractor::new();
        let dim = textured(960, 540, 1.0, 0.0);
        let bright = textured(960, 540, 2.0, 5.0);
        let a = extractor.describe(&LumaView::new(960, 540, &dim).unwrap());
        let b = extractor.describe(&LumaView::new(960, 540, &bright).unwrap());
        assert!(cosine(&a, &b) > 0.97, "{}", cosine(&a, &b));
    }

    #[test]
    fn resolution_changes_little() {
        let mut extractor = DenseExtractor::new();
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
        let mut extractor = DenseExtractor::new();
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
        let d = DenseExtractor::new().describe(&LumaView::new(640, 360, &picture).unwrap());
        let cell = (9 * COLS + 16) * BINS;
        assert!(d[cell] > 100);
        assert!(d[cell + 1..cell + BINS].iter().all(|&v| v < 5));
    }

    #[test]
    fn four_by_three_keeps_the_middle() {
        let window = GridWindow::of(960, 720);
        assert_eq!(
            (window.left, window.top, window.width, window.height),
            (0.0, 90.0, 960.0, 540.0)
        );
        assert_eq!(window.cell_of(30.0, 90.0), (1.0, 0.0));
        assert_eq!(GridWindow::of(540, 960).cell_px(), (540.0 / 32.0, 960.0 / 18.0));
    }
}
