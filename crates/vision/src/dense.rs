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

/// Pixels of the reduced picture per cell side.
const CELL_PX: usize = 5;
const WIDTH: usize = COLS * CELL_PX;
const HEIGHT: usize = ROWS * CELL_PX;
/// Keeps the logarithm calm in the dark: sensor noise at level 2 must not look like a strong edge.
const LOG_OFFSET: f32 = 16.0;
/// Energy below which a cell counts as flat; flat cells (sky, blur) then fade instead of amplifying noise.
const NORM_FLOOR: f32 = 0.05;
/// Widest picture the grid was made for. Taller landscape pictures are cut to it around the middle, because
/// cameras that record 4:3 and 16:9 share the width of the view, not the height.
const GRID_ASPECT: f64 = COLS as f64 / ROWS as f64;

/// Computes descriptors; keeps its work space between frames.
#[derive(Debug)]
pub struct DenseExtractor {
    small: Vec<f32>,
    cells: Vec<f32>,
    energy: Vec<f32>,
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
            small: vec![0.0; WIDTH * HEIGHT],
            cells: vec![0.0; DESCRIPTOR_LEN],
            energy: vec![0.0; ROWS * COLS],
        }
    }

    /// Describe a picture: [`DESCRIPTOR_LEN`] bytes, `[row][column][bin]`. An empty picture gives zeros.
    pub fn describe(&mut self, picture: &LumaView<'_>) -> Vec<u8> {
        if picture.width() == 0 || picture.height() == 0 {
            return vec![0; DESCRIPTOR_LEN];
        }
        shrink(picture, &mut self.small);
        for value in &mut self.small {
            *value = (*value + LOG_OFFSET).ln();
        }
        self.collect_gradients();
        self.normalise()
    }

    fn collect_gradients(&mut self) {
        self.cells.fill(0.0);
        let bins_per_radian = BINS as f32 / std::f32::consts::PI;
        for y in 0..HEIGHT {
            let (up, down) = (y.saturating_sub(1), (y + 1).min(HEIGHT - 1));
            let row = |y: usize| &self.small[y * WIDTH..(y + 1) * WIDTH];
            let (above, here, below) = (row(up), row(y), row(down));
            for x in 0..WIDTH {
                let (l, r) = (x.saturating_sub(1), (x + 1).min(WIDTH - 1));
                let gx = (above[r] - above[l]) + 2.0 * (here[r] - here[l]) + (below[r] - below[l]);
                let gy = (below[l] - above[l]) + 2.0 * (below[x] - above[x]) + (below[r] - above[r]);
                let magnitude = (gx * gx + gy * gy).sqrt();
                if magnitude == 0.0 {
                    continue;
                }
                let mut angle = gy.atan2(gx);
                if angle < 0.0 {
                    angle += std::f32::consts::PI;
                }
                let position = angle * bins_per_radian;
                let low = position.floor();
                let share = position - low;
                let low_bin = low as usize % BINS;
                let cell = ((y / CELL_PX) * COLS + x / CELL_PX) * BINS;
                self.cells[cell + low_bin] += magnitude * (1.0 - share);
                self.cells[cell + (low_bin + 1) % BINS] += magnitude * share;
            }
        }
        let per_pixel = 1.0 / (CELL_PX * CELL_PX) as f32;
        for value in &mut self.cells {
            *value *= per_pixel;
        }
    }

    fn normalise(&mut self) -> Vec<u8> {
        for (energy, cell) in self.energy.iter_mut().zip(self.cells.chunks_exact(BINS)) {
            *energy = cell.iter().map(|v| v * v).sum();
        }
        let mut bytes = vec![0; DESCRIPTOR_LEN];
        for row in 0..ROWS {
            for col in 0..COLS {
                let mut sum = 0.0;
                for r in [reflect(row, -1, ROWS), row, reflect(row, 1, ROWS)] {
                    for c in [reflect(col, -1, COLS), col, reflect(col, 1, COLS)] {
                        sum += self.energy[r * COLS + c];
                    }
                }
                let gain = 1.0 / ((sum / 9.0).sqrt() + NORM_FLOOR);
                let cell = (row * COLS + col) * BINS..(row * COLS + col + 1) * BINS;
                for (byte, value) in bytes[cell.clone()].iter_mut().zip(&self.cells[cell]) {
                    *byte = ((value * gain).min(CLIP) / SCALE).round() as u8;
                }
            }
        }
        bytes
    }
}

/// Neighbour `i + step` in `0..len`, mirrored at the border without repeating it.
fn reflect(i: usize, step: isize, len: usize) -> usize {
    let at = i as isize + step;
    if at < 0 {
        at.unsigned_abs().min(len - 1)
    } else if at as usize >= len {
        len.saturating_sub(2)
    } else {
        at as usize
    }
}

/// Area-average `picture`, cut to the grid's aspect, into `out` (`WIDTH`×`HEIGHT`).
fn shrink(picture: &LumaView<'_>, out: &mut [f32]) {
    let window = GridWindow::of(picture.width(), picture.height());
    let columns = spans(window.left, window.width, WIDTH, picture.width());
    let rows = spans(window.top, window.height, HEIGHT, picture.height());
    let mut line = vec![0.0f32; picture.width()];
    for (out_row, (first, weights)) in out.chunks_exact_mut(WIDTH).zip(&rows) {
        line.fill(0.0);
        for (offset, weight) in weights.iter().enumerate() {
            let start = (first + offset) * picture.width();
            let source = &picture.data()[start..start + picture.width()];
            for (sum, &byte) in line.iter_mut().zip(source) {
                *sum += weight * f32::from(byte);
            }
        }
        for (value, (first, weights)) in out_row.iter_mut().zip(&columns) {
            *value = line[*first..first + weights.len()]
                .iter()
                .zip(weights)
                .map(|(v, w)| v * w)
                .sum();
        }
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

/// For each of `count` equal parts of `start..start+length`: first source pixel and the weights (sum 1) from there.
/// No span reaches pixel `limit`.
fn spans(start: f64, length: f64, count: usize, limit: usize) -> Vec<(usize, Vec<f32>)> {
    let step = length / count as f64;
    let end = start + length;
    (0..count)
        .map(|i| {
            let from = start + i as f64 * step;
            let to = (from + step).min(end);
            let first = (from.floor() as usize).min(limit - 1);
            let last = (to.ceil() as usize).clamp(first + 1, limit);
            let raw: Vec<f64> = (first..last)
                .map(|p| ((p + 1) as f64).min(to) - (p as f64).max(from))
                .map(|overlap| overlap.max(0.0))
                .collect();
            let total: f64 = raw.iter().sum();
            let norm = if total > 0.0 { 1.0 / total } else { 0.0 };
            (first, raw.iter().map(|w| (w * norm) as f32).collect())
        })
        .collect()
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
