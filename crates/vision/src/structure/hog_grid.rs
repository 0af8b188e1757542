//! The fine grid of orientation histograms, four bits a bin.

use std::cell::OnceCell;
use std::ops::Range;

use crate::dense::{BINS, CLIP};
use crate::dispatch::multiversion;
use crate::image::LumaView;
use crate::mask::MASK_LEN;
use crate::orientation_grid::{OrientationGrid, Pooling};

/// Cells across; two by two lie in a cell of the dense descriptor.
pub(super) const COLS: usize = 64;
/// Cells down.
pub(super) const ROWS: usize = 36;
/// Cells of the coarse level each way.
pub(super) const COARSE_COLS: usize = COLS / 2;
pub(super) const COARSE_ROWS: usize = ROWS / 2;
/// Bytes of one frame: two bins each, `[row][column][bin]`, the even bin in the low half.
pub const HOG_GRID_LEN: usize = ROWS * COLS * BINS / 2;
/// Steps of a bin. Measured: no coarser steps are needed than those of a byte, to a tenth of a millisecond.
const LEVELS: f32 = 15.0;
/// Whole-number steps per level, so that the mean can be taken out without rounding it away.
const PER_LEVEL: i32 = 16;

/// Computes HOG grids; keeps its work space between frames.
#[derive(Debug)]
pub struct HogExtractor {
    grid: OrientationGrid,
}

impl Default for HogExtractor {
    fn default() -> Self {
        Self {
            grid: OrientationGrid::new(COLS, ROWS, Pooling::Bilinear),
        }
    }
}

impl HogExtractor {
    /// Describe a picture: [`HOG_GRID_LEN`] bytes. An empty picture gives zeros.
    pub fn describe(&mut self, picture: &LumaView<'_>) -> Vec<u8> {
        let mut packed = vec![0u8; HOG_GRID_LEN];
        self.grid.describe(picture, |bin, value| {
            let level = (value * (LEVELS / CLIP)).round() as u8;
            packed[bin / 2] |= level << (4 * (bin % 2));
        });
        packed
    }
}

/// Sum of the HOG grids of a recording, on the way to their mean.
#[derive(Clone, Debug)]
pub struct HogSum {
    sums: Vec<u64>,
    count: u64,
}

impl Default for HogSum {
    fn default() -> Self {
        Self {
            sums: vec![0; 2 * HOG_GRID_LEN],
            count: 0,
        }
    }
}

impl HogSum {
    /// Take in frames of [`HOG_GRID_LEN`] bytes each.
    pub fn add(&mut self, packed: &[u8]) {
        for frame in packed.chunks_exact(HOG_GRID_LEN) {
            for (pair, &byte) in self.sums.as_chunks_mut::<2>().0.iter_mut().zip(frame) {
                pair[0] += u64::from(byte & 15);
                pair[1] += u64::from(byte >> 4);
            }
            self.count += 1;
        }
    }

    /// The mean of what was taken in: what is always there.
    pub fn mean(&self) -> HogMean {
        let count = self.count.max(1);
        let mean = |&sum: &u64| ((sum * PER_LEVEL as u64 + count / 2) / count) as i16;
        HogMean(self.sums.iter().map(mean).collect())
    }
}

/// Mean of the HOG grids of a recording, in steps of a level / [`PER_LEVEL`].
#[derive(Clone, Debug)]
pub struct HogMean(Vec<i16>);

/// A level of a grid with zeros around it, so that a displacement never leaves the array.
#[derive(Clone, Debug)]
pub(super) struct Padded {
    pub values: Vec<i16>,
    pub cols: usize,
    pub margin: usize,
    /// Energy of all cells left of and above each corner of the grid, see [`Self::energy_of`].
    energy_until: Vec<i64>,
    /// Energy of the window of cells whose upper left one this is; 0 where it would leave the array.
    pub window_energy: Vec<f32>,
    /// One over the square root of that, and 1 where it is 0.
    pub window_scale: Vec<f32>,
}

impl Padded {
    fn new(cells: &[i16], [cols, rows]: [usize; 2], margin: usize, window: usize) -> Self {
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
            energy_until: sums_until(&energy, stride, [cols, rows], margin),
        }
    }

    /// The values as `[row][bin][column]`.
    fn planes(&self) -> Vec<f32> {
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

    pub fn stride(&self) -> usize {
        self.cols + 2 * self.margin
    }

    /// Number of the cell `(col, row)` in the padded arrays; both may lie up to the margin outside.
    #[inline(always)]
    pub fn at(&self, col: isize, row: isize) -> usize {
        row.wrapping_add_unsigned(self.margin) as usize * self.stride()
            + col.wrapping_add_unsigned(self.margin) as usize
    }

    /// Where the cell `(col, row)` begins in [`planes`](Self::planes): its first bin, with the others a stride apart each.
    #[inline(always)]
    pub fn plane_at(&self, col: isize, row: isize) -> usize {
        row.wrapping_add_unsigned(self.margin) as usize * self.stride() * BINS
            + col.wrapping_add_unsigned(self.margin) as usize
    }

    /// Energy of some columns and rows, which lie on the grid.
    pub fn energy_of(&self, columns: &Range<isize>, rows: &Range<isize>) -> i64 {
        let until = |col: isize, row: isize| self.energy_until[row as usize * (self.cols + 1) + col as usize];
        until(columns.end, rows.end) + until(columns.start, rows.start)
            - until(columns.start, rows.end)
            - until(columns.end, rows.start)
    }
}

/// Energy of all cells left of and above each corner: `rows + 1` lines of `cols + 1`.
fn sums_until(energy: &[i32], padded: usize, [cols, rows]: [usize; 2], margin: usize) -> Vec<i64> {
    let mut out = vec![0i64; (rows + 1) * (cols + 1)];
    for row in 0..rows {
        let at = (row + margin) * padded + margin;
        let mut sum = 0;
        for col in 0..cols {
            sum += i64::from(energy[at + col]);
            out[(row + 1) * (cols + 1) + col + 1] = out[row * (cols + 1) + col + 1] + sum;
        }
    }
    out
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

/// Cells of a block each way, coarse and fine: the same part of the picture.
pub(super) const COARSE_BLOCK: usize = 3;
pub(super) const BLOCK: usize = 2 * COARSE_BLOCK;
/// Fine cells each way from twice the coarse shift at which the search uphill gives up.
pub(super) const FINE_REACH: isize = 2;
/// Cells of zeros around the coarse level: the largest displacement and half a window.
pub(super) const COARSE_MARGIN: usize = 20;
/// And around the fine level: a block that is looked for there had a part on the coarse one.
pub(super) const FINE_MARGIN: usize = BLOCK + FINE_REACH as usize;

/// One frame ready to be compared: centred, masked, on two levels.
#[derive(Clone, Debug)]
pub struct HogGrid {
    pub(super) fine: Padded,
    pub(super) coarse: Padded,
    /// The coarse level as `[row][bin][column]`, padded alike: a shift then moves whole lines.
    pub(super) planes: Vec<f32>,
}

impl HogGrid {
    /// Unpack a frame of [`HOG_GRID_LEN`] bytes, with its recording's mean taken out and never-moving cells (`mask` of
    /// [`crate::mask::static_mask`] 0) silenced. `None` when a length is wrong.
    pub fn new(packed: &[u8], mean: &HogMean, mask: &[u8]) -> Option<Self> {
        if packed.len() != HOG_GRID_LEN || mask.len() != MASK_LEN {
            return None;
        }
        let mut fine = vec![0i16; 2 * HOG_GRID_LEN];
        let means = mean.0.as_chunks::<2>().0;
        for ((pair, &byte), mean) in fine.as_chunks_mut::<2>().0.iter_mut().zip(packed).zip(means) {
            *pair = [
                i16::from(byte & 15) * PER_LEVEL as i16 - mean[0],
                i16::from(byte >> 4) * PER_LEVEL as i16 - mean[1],
            ];
        }
        for cell in (0..MASK_LEN).filter(|&cell| mask[cell] == 0) {
            for at in fine_cells(cell) {
                fine[at..at + BINS].fill(0);
            }
        }
        Some(Self::of(&fine))
    }

    /// From fine cells, `[row][column][bin]`.
    fn of(fine: &[i16]) -> Self {
        let mut coarse = vec![0i16; COARSE_COLS * COARSE_ROWS * BINS];
        for (cell, sum) in coarse.as_chunks_mut::<BINS>().0.iter_mut().enumerate() {
            for at in fine_cells(cell) {
                // Four levels of 240 at most: far inside an i16.
                sum.iter_mut()
                    .zip(&fine[at..at + BINS])
                    .for_each(|(s, &v)| *s += v);
            }
        }
        let coarse = Padded::new(&coarse, [COARSE_COLS, COARSE_ROWS], COARSE_MARGIN, COARSE_BLOCK);
        Self {
            fine: Padded::new(fine, [COLS, ROWS], FINE_MARGIN, BLOCK),
            planes: coarse.planes(),
            coarse,
        }
    }

    /// What it shows `times` as large around the middle of the picture; nothing where nothing was seen.
    fn resized(&self, times: f64) -> Self {
        let mut fine = vec![0i16; 2 * HOG_GRID_LEN];
        resize(
            &self.fine,
            &Source::line(COLS, times),
            &Source::line(ROWS, times),
            &mut fine,
        );
        Self::of(&fine)
    }
}

/// Where the four fine cells of a coarse one begin.
fn fine_cells(cell: usize) -> [usize; 4] {
    let (col, row) = (2 * (cell % COARSE_COLS), 2 * (cell / COARSE_COLS));
    [(row, col), (row, col + 1), (row + 1, col), (row + 1, col + 1)].map(|(r, c)| (r * COLS + c) * BINS)
}

/// Whole-number steps of a share of a cell.
const SHARES: i32 = 64;

/// Where a cell of a line that was made longer or shorter around its middle comes from.
#[derive(Clone, Copy, Debug)]
struct Source {
    /// The cell before that place, and how much of it is in the one after, in [`SHARES`].
    first: isize,
    next_share: i32,
}

impl Source {
    /// Of each of `len` cells of a line made `times` as long, `None` where it ended.
    fn line(len: usize, times: f64) -> Vec<Option<Self>> {
        let middle = 0.5 * (len as f64 - 1.0);
        let source = |cell: usize| {
            let from = middle + (cell as f64 - middle) / times;
            let inside = (0.0..=len as f64 - 1.0).contains(&from);
            inside.then(|| Self {
                first: from.floor() as isize,
                next_share: (f64::from(SHARES) * (from - from.floor())).round() as i32,
            })
        };
        (0..len).map(source).collect()
    }
}

/// Cells of a resized grid, bilinear: `256 · 64²` = 1e6, inside an `i32`.
#[inline(always)]
fn resize_plain(from: &Padded, columns: &[Option<Source>], rows: &[Option<Source>], out: &mut [i16]) {
    for (y, line) in rows.iter().zip(out.chunks_exact_mut(COLS * BINS)) {
        let Some(y) = y else { continue };
        for (x, cell) in columns.iter().zip(line.as_chunks_mut::<BINS>().0) {
            let Some(x) = x else { continue };
            let above = from.at(x.first, y.first) * BINS;
            let below = from.at(x.first, y.first + 1) * BINS;
            let above = &from.values[above..above + 2 * BINS];
            let below = &from.values[below..below + 2 * BINS];
            for bin in 0..BINS {
                let across = |pair: &[i16]| {
                    i32::from(pair[bin]) * (SHARES - x.next_share)
                        + i32::from(pair[bin + BINS]) * x.next_share
                };
                let sum = across(above) * (SHARES - y.next_share) + across(below) * y.next_share;
                cell[bin] = ((sum + SHARES * SHARES / 2) >> (2 * SHARES.trailing_zeros())) as i16;
            }
        }
    }
}

multiversion! {
    fn resize(from: &Padded, columns: &[Option<Source>], rows: &[Option<Source>], out: &mut [i16]) = resize_plain;
}

/// How many times as large things may be in the later of two pictures, besides equally.
pub(super) const SCALES: [f64; 2] = [1.2, 1.5];

/// A frame at several sizes, each prepared when it is first asked for.
#[derive(Debug)]
pub struct HogPyramid {
    pub(super) grid: HogGrid,
    larger: [OnceCell<HogGrid>; SCALES.len()],
    smaller: [OnceCell<HogGrid>; SCALES.len()],
}

impl HogPyramid {
    /// A frame as it was seen; other sizes follow when they are needed.
    pub fn new(grid: HogGrid) -> Self {
        Self {
            grid,
            larger: Default::default(),
            smaller: Default::default(),
        }
    }

    /// What it shows [`SCALES`]`[step]` times as large.
    pub(super) fn larger(&self, step: usize) -> &HogGrid {
        self.larger[step].get_or_init(|| self.grid.resized(SCALES[step]))
    }

    /// What it shows [`SCALES`]`[step]` times as small.
    pub(super) fn smaller(&self, step: usize) -> &HogGrid {
        self.smaller[step].get_or_init(|| self.grid.resized(1.0 / SCALES[step]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::tests::textured;

    fn grid(packed: &[u8], sum: &HogSum) -> HogGrid {
        HogGrid::new(packed, &sum.mean(), &[1; MASK_LEN]).unwrap()
    }

    #[test]
    fn what_is_always_there_is_taken_out() {
        let picture = textured(640, 360, 0.0, 0.0);
        let view = LumaView::new(640, 360, &picture).unwrap();
        let packed = HogExtractor::default().describe(&view);
        let mut sum = HogSum::default();
        sum.add(&packed);
        sum.add(&packed);
        assert!(grid(&packed, &sum).fine.values.iter().all(|&v| v == 0));
        let other = textured(640, 360, 40.0, 10.0);
        sum.add(&HogExtractor::default().describe(&LumaView::new(640, 360, &other).unwrap()));
        assert!(grid(&packed, &sum).fine.values.iter().any(|&v| v != 0));
    }

    #[test]
    fn masked_cells_are_silent_on_both_levels() {
        let picture = textured(640, 360, 0.0, 0.0);
        let packed = HogExtractor::default().describe(&LumaView::new(640, 360, &picture).unwrap());
        let mut mask = [1; MASK_LEN];
        mask[5 * COARSE_COLS + 7] = 0;
        let none = HogSum::default().mean();
        let grid = HogGrid::new(&packed, &none, &mask).unwrap();
        assert_eq!(grid.coarse.energy_of(&(7..8), &(5..6)), 0);
        assert_eq!(grid.fine.energy_of(&(15..16), &(11..12)), 0);
        assert!(grid.coarse.energy_of(&(8..9), &(5..6)) > 0);
    }

    #[test]
    fn resizing_is_alike_on_every_processor() {
        let packed = HogExtractor::default()
            .describe(&LumaView::new(640, 360, &textured(640, 360, 0.0, 0.0)).unwrap());
        let mut sum = HogSum::default();
        sum.add(&vec![0; HOG_GRID_LEN]);
        sum.add(&packed);
        let grid = grid(&packed, &sum);
        for times in [1.5, 1.0 / 1.5] {
            let (columns, rows) = (Source::line(COLS, times), Source::line(ROWS, times));
            let (mut fast, mut plain) = (vec![0; 2 * HOG_GRID_LEN], vec![0; 2 * HOG_GRID_LEN]);
            resize(&grid.fine, &columns, &rows, &mut fast);
            resize_plain(&grid.fine, &columns, &rows, &mut plain);
            assert_eq!(fast, plain);
            // A corner of the larger grid lies inside the smaller one's, and the other way round there is nothing.
            let seen = fast[..BINS].iter().any(|&v| v != 0);
            assert_eq!(seen, times > 1.0);
        }
        let same = grid.resized(1.0);
        assert_eq!(same.fine.values, grid.fine.values);
    }

    #[test]
    fn wrong_lengths_and_empty_pictures_are_no_panic() {
        let mean = HogSum::default().mean();
        assert!(HogGrid::new(&[0; 7], &mean, &[1; MASK_LEN]).is_none());
        assert!(HogGrid::new(&[0; HOG_GRID_LEN], &mean, &[1; 3]).is_none());
        let empty = LumaView::new(0, 0, &[]).unwrap();
        assert_eq!(HogExtractor::default().describe(&empty), vec![0; HOG_GRID_LEN]);
    }
}
