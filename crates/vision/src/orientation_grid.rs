//! `h[r][c][b] = min(g / (√E + ε), clip)`, where `g[r][c][b] = mean over pixels of |∇ log(I + o)| · (shares
//! of bin and cell)` and `E[r][c] = mean of Σ_b g²` over 3×3 cells: a grid of histograms of oriented
//! gradients (HOG; Dalal and Triggs, CVPR 2005).
//!
//! `I` is the picture, area-averaged to a few pixels a cell; the gradient is Sobel's; an orientation is split
//! between the two nearest of [`BINS`] bins. The logarithm turns brightness into an offset, which has no
//! gradient, and keeps contrast. The grid of [`crate::dense`] says which place it is; the finer one of
//! [`crate::structure`] is what block matching runs on.

use std::f32::consts::{FRAC_PI_2, PI};

use crate::area_average::AreaAverage;
use crate::dispatch::multiversion;
use crate::image::LumaView;
use crate::tuning::{HOG_CELL_PX as CELL_PX, HOG_LOG_OFFSET, HOG_NORM_FLOOR};

/// Orientation bins of a cell; orientations are unsigned, 0..180 degrees.
pub const BINS: usize = 8;
/// Largest value of a normalised bin (Dalal and Triggs clip at 0.2 a block of four cells; here each cell
/// stands for itself).
pub(crate) const CLIP: f32 = 0.5;

/// How a pixel votes for cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// For the one it lies in.
    Cell,
    /// For the four around it, bilinearly: a cell then changes smoothly as the picture moves under it, which
    /// measuring displacements below a cell needs.
    Bilinear,
}

/// Computes the histograms; keeps its work space between frames.
#[derive(Debug)]
pub(crate) struct OrientationGrid {
    cols: usize,
    rows: usize,
    pooling: Pooling,
    reducer: AreaAverage,
    small: Vec<f32>,
    line: Gradients,
    cells: Vec<f32>,
    energy: Vec<f32>,
}

impl OrientationGrid {
    pub fn new(cols: usize, rows: usize, pooling: Pooling) -> Self {
        Self {
            cols,
            rows,
            pooling,
            reducer: AreaAverage::new(cols * CELL_PX, rows * CELL_PX),
            small: vec![0.0; cols * rows * CELL_PX * CELL_PX],
            line: Gradients::new(cols * CELL_PX),
            cells: vec![0.0; cols * rows * BINS],
            energy: vec![0.0; cols * rows],
        }
    }

    /// Describe a picture: `put(index, value)` for every bin, index in `[row][column][bin]`, value in
    /// 0..=[`CLIP`]. An empty picture puts nothing.
    pub fn describe(&mut self, picture: &LumaView<'_>, put: impl FnMut(usize, f32)) {
        self.describe_keeping(picture, |_| {}, put);
    }

    /// The same; `keep` is shown the reduced picture, grey values row by row.
    pub fn describe_keeping(
        &mut self,
        picture: &LumaView<'_>,
        keep: impl FnOnce(&[f32]),
        put: impl FnMut(usize, f32),
    ) {
        if picture.width() == 0 || picture.height() == 0 {
            return;
        }
        self.reducer.reduce(picture, &mut self.small);
        keep(&self.small);
        for value in &mut self.small {
            *value = (*value + HOG_LOG_OFFSET).ln();
        }
        self.collect_gradients();
        self.normalise(put);
    }

    fn collect_gradients(&mut self) {
        self.cells.fill(0.0);
        let (width, height) = (self.cols * CELL_PX, self.rows * CELL_PX);
        let (across, along) = (shares(width, self.pooling), shares(height, self.pooling));
        for (y, along) in along.iter().enumerate() {
            let row = |y: usize| &self.small[y * width..(y + 1) * width];
            let rows = [row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1))];
            gradients(rows, &mut self.line);
            let places = self.line.magnitude.iter().zip(&self.line.bin);
            for ((&magnitude, &position), across) in places.zip(&across) {
                if magnitude == 0.0 {
                    continue;
                }
                let low = position as usize;
                let share = position - low as f32;
                let low_bin = low % BINS;
                let high_bin = (low_bin + 1) % BINS;
                for (cell_row, by_row) in *along {
                    for (cell_col, by_col) in *across {
                        let weight = magnitude * by_row * by_col;
                        if weight == 0.0 {
                            continue;
                        }
                        let cell = (cell_row * self.cols + cell_col) * BINS;
                        self.cells[cell + low_bin] += weight * (1.0 - share);
                        self.cells[cell + high_bin] += weight * share;
                    }
                }
            }
        }
        let per_pixel = 1.0 / (CELL_PX * CELL_PX) as f32;
        for value in &mut self.cells {
            *value *= per_pixel;
        }
    }

    fn normalise(&mut self, mut put: impl FnMut(usize, f32)) {
        for (energy, cell) in self.energy.iter_mut().zip(self.cells.chunks_exact(BINS)) {
            *energy = cell.iter().map(|v| v * v).sum();
        }
        for row in 0..self.rows {
            for col in 0..self.cols {
                let mut sum = 0.0;
                for r in [reflect(row, -1, self.rows), row, reflect(row, 1, self.rows)] {
                    for c in [reflect(col, -1, self.cols), col, reflect(col, 1, self.cols)] {
                        sum += self.energy[r * self.cols + c];
                    }
                }
                let gain = 1.0 / ((sum / 9.0).sqrt() + HOG_NORM_FLOOR);
                let cell = (row * self.cols + col) * BINS;
                for bin in cell..cell + BINS {
                    put(bin, (self.cells[bin] * gain).min(CLIP));
                }
            }
        }
    }
}

/// Gradients of a line of pixels.
#[derive(Clone, Debug, PartialEq)]
struct Gradients {
    magnitude: Vec<f32>,
    /// Orientation, 0..=[`BINS`]; both ends are the same.
    bin: Vec<f32>,
}

impl Gradients {
    fn new(width: usize) -> Self {
        Self {
            magnitude: vec![0.0; width],
            bin: vec![0.0; width],
        }
    }
}

/// Sobel gradients of the middle one of three lines; the pixels at its ends are repeated outwards.
#[inline(always)]
fn gradients_plain([above, middle, below]: [&[f32]; 3], out: &mut Gradients) {
    let width = out.magnitude.len();
    let (above, middle, below) = (&above[..width], &middle[..width], &below[..width]);
    let (gx, gy) = (&mut out.magnitude[..width], &mut out.bin[..width]);
    (gx[0], gy[0]) = sobel([above, middle, below], [0, 0, 1.min(width - 1)]);
    for x in 1..width - 1 {
        (gx[x], gy[x]) = sobel([above, middle, below], [x - 1, x, x + 1]);
    }
    let last = width - 1;
    (gx[last], gy[last]) = sobel([above, middle, below], [last.saturating_sub(1), last, last]);
    for (magnitude, bin) in out.magnitude.iter_mut().zip(&mut out.bin) {
        let (gx, gy) = (*magnitude, *bin);
        *magnitude = (gx * gx + gy * gy).sqrt();
        *bin = orientation(gx, gy) * (BINS as f32 / PI);
    }
}

/// Gradient across and down at the middle one of three columns.
#[inline(always)]
fn sobel([above, middle, below]: [&[f32]; 3], [l, x, r]: [usize; 3]) -> (f32, f32) {
    (
        (above[r] - above[l]) + 2.0 * (middle[r] - middle[l]) + (below[r] - below[l]),
        (below[l] - above[l]) + 2.0 * (below[x] - above[x]) + (below[r] - above[r]),
    )
}

multiversion! {
    fn gradients(rows: [&[f32]; 3], out: &mut Gradients) = gradients_plain;
}

/// Angle of a gradient without its sign, 0..=π (Abramowitz and Stegun 1964, 4.4.49: to 2e-8).
#[inline(always)]
fn orientation(gx: f32, gy: f32) -> f32 {
    const SERIES: [f32; 8] = [
        0.002_866_225_7,
        -0.016_165_737,
        0.042_909_614,
        -0.075_289_64,
        0.106_562_64,
        -0.142_089,
        0.199_935_51,
        -0.333_331_45,
    ];
    let (ax, ay) = (gx.abs(), gy.abs());
    let (short, long) = if ay > ax { (ax, ay) } else { (ay, ax) };
    let t = short / long.max(f32::MIN_POSITIVE);
    let square = t * t;
    let mut sum = 0.0;
    for c in SERIES {
        sum = (sum + c) * square;
    }
    let low = t + t * sum;
    let angle = if ay > ax { FRAC_PI_2 - low } else { low };
    if gx * gy < 0.0 { PI - angle } else { angle }
}

/// The two cells along one axis that a pixel counts for, with its shares.
type Shares = [(usize, f32); 2];

/// Shares of each pixel of an axis.
fn shares(pixels: usize, pooling: Pooling) -> Vec<Shares> {
    let last = pixels / CELL_PX - 1;
    let share = |pixel: usize| match pooling {
        Pooling::Cell => [(pixel / CELL_PX, 1.0), (0, 0.0)],
        Pooling::Bilinear => {
            // In units of cells from the middle of the first; pixels at the rim belong to the outermost cell
            // alone.
            let at = ((pixel as f32 + 0.5) / CELL_PX as f32 - 0.5).clamp(0.0, last as f32);
            let low = (at as usize).min(last.saturating_sub(1));
            let high_share = at - low as f32;
            [(low, 1.0 - high_share), ((low + 1).min(last), high_share)]
        }
    };
    (0..pixels).map(share).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientations_are_those_of_the_arctangent() {
        for k in 0..3600u16 {
            let angle = f64::from(k).mul_add(0.1, 0.03).to_radians();
            let (gx, gy) = (angle.cos() as f32 * 3.0, angle.sin() as f32 * 3.0);
            let expected = angle.rem_euclid(std::f64::consts::PI);
            let error = (f64::from(orientation(gx, gy)) - expected).abs();
            assert!(error < 1e-6, "{k} {error}");
        }
        assert_eq!(orientation(0.0, 0.0), 0.0);
        assert_eq!((orientation(-2.0, 0.0), orientation(0.0, -2.0)), (0.0, FRAC_PI_2));
    }

    #[test]
    fn every_processor_version_gives_the_same_bits() {
        let line = |salt: usize| -> Vec<f32> {
            (0..77)
                .map(|x| ((x * x + salt * 31) % 97) as f32 / 31.0)
                .collect()
        };
        let lines = [line(1), line(2), line(3)];
        let rows = lines.each_ref().map(Vec::as_slice);
        let (mut fast, mut plain) = (Gradients::new(77), Gradients::new(77));
        gradients(rows, &mut fast);
        gradients_plain(rows, &mut plain);
        assert_eq!(fast, plain);
        assert!(fast.bin.iter().all(|bin| (0.0..=BINS as f32).contains(bin)));
    }
}
