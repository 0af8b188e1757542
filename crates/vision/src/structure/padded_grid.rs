//! Cells `[row][column][bin]` of one level with zeros around them, so that a displacement never leaves the
//! array, and the energy `Σ v²` of every window of cells, by which cosines are normalised.

use crate::orientation_grid::BINS;

/// A level of a HOG grid.
#[derive(Clone, Debug)]
pub(super) struct PaddedGrid {
    pub values: Vec<i16>,
    cols: usize,
    margin: usize,
    /// Energy of the window of cells whose upper left one this is; 0 where it would leave the array.
    pub window_energy: Vec<f32>,
    /// One over the square root of that, and 1 where it is 0.
    pub window_scale: Vec<f32>,
}

impl PaddedGrid {
    /// Of `cells`, `cols` to a row, with `margin` zero cells on every side and windows of `window`×`window`
    /// cells.
    pub fn new(cells: &[i16], cols: usize, margin: usize, window: usize) -> Self {
        let rows = cells.len() / (cols * BINS);
        let stride = cols + 2 * margin;
        let mut values = vec![0i16; stride * (rows + 2 * margin) * BINS];
        let mut energy = vec![0i32; stride * (rows + 2 * margin)];
        for (row, line) in cells.chunks_exact(cols * BINS).enumerate() {
            let at = (row + margin) * stride + margin;
            values[at * BINS..(at + cols) * BINS].copy_from_slice(line);
            for (energy, cell) in energy[at..at + cols].iter_mut().zip(line.as_chunks::<BINS>().0) {
                *energy = cell.iter().map(|&v| i32::from(v) * i32::from(v)).sum();
            }
        }
        let window_energy = window_sums(&energy, stride, window);
        Self {
            values,
            cols,
            margin,
            window_scale: window_energy.iter().map(|&e| 1.0 / e.sqrt().max(1.0)).collect(),
            window_energy,
        }
    }

    /// The values as `[row][bin][column]`.
    pub fn planes(&self) -> Vec<f32> {
        let stride = self.stride();
        let mut planes = vec![0.0; self.values.len()];
        for (out, line) in planes
            .chunks_exact_mut(stride * BINS)
            .zip(self.values.chunks_exact(stride * BINS))
        {
            for (col, cell) in line.as_chunks::<BINS>().0.iter().enumerate() {
                for (bin, &value) in cell.iter().enumerate() {
                    out[bin * stride + col] = f32::from(value);
                }
            }
        }
        planes
    }

    /// Cells from one row to the next.
    pub fn stride(&self) -> usize {
        self.cols + 2 * self.margin
    }

    /// Number of the cell `(col, row)` in the padded arrays; both may lie up to the margin outside.
    #[inline(always)]
    pub fn at(&self, col: isize, row: isize) -> usize {
        row.wrapping_add_unsigned(self.margin) as usize * self.stride()
            + col.wrapping_add_unsigned(self.margin) as usize
    }

    /// Where the cell `(col, row)` begins in [`planes`](Self::planes): its first bin, with the others a
    /// stride apart each.
    #[inline(always)]
    pub fn plane_at(&self, col: isize, row: isize) -> usize {
        row.wrapping_add_unsigned(self.margin) as usize * self.stride() * BINS
            + col.wrapping_add_unsigned(self.margin) as usize
    }
}

/// Sum of the `window`×`window` cells from each cell on, in an array whose rows are `stride` long.
fn window_sums(cells: &[i32], stride: usize, window: usize) -> Vec<f32> {
    let mut across = vec![0i32; cells.len()];
    for (sums, line) in across.chunks_exact_mut(stride).zip(cells.chunks_exact(stride)) {
        for (sum, cells) in sums.iter_mut().zip(line.windows(window)) {
            *sum = cells.iter().sum();
        }
    }
    let mut out = vec![0.0; cells.len()];
    for row in 0..(cells.len() / stride + 1).saturating_sub(window) {
        for col in 0..stride {
            let at = row * stride + col;
            let sum: i32 = (0..window).map(|k| across[at + k * stride]).sum();
            out[at] = sum as f32;
        }
    }
    out
}
