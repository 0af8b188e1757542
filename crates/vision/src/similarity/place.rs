//! Every frame against every frame, coarse first.
//!
//! The cosine of two frames at the best of 65 whole-grid shifts would cost 65 dot products of 4,608 numbers. Most of
//! them are of no use: with cells pooled two by two, a quarter of the numbers and a third of the shifts already tell
//! which shift is best to within a cell. So a pair is compared pooled at 21 shifts, then in full at the nine around
//! the best of them: a fifth of the work. Short pairs can afford every shift. Where even that is too much (long recordings) the pooled likeness alone
//! finds the stretch of the reference in which the full one is worth computing.
//!
//! Each grid is stored row after row with enough zeros between the rows that a shift of the whole grid is a shift of
//! the array: one long dot product, whatever the shift. All are integers, so vector width does not matter.

use super::centred::CentredSequence;
use super::overlap;
use super::warp::dot_plain;
use crate::dense::{BINS, COLS, ROWS};
use crate::dispatch::multiversion;

/// Largest sideways shift in cells (about 3 degrees each for an action camera).
pub const MAX_DX: usize = 6;
/// Largest vertical shift in cells.
pub const MAX_DY: usize = 2;
/// Cells joined into one, each way.
const POOL: usize = 2;
/// Full cells tried each side of the best pooled shift.
const AROUND: isize = 1;
/// Divides the whole numbers of [`CentredSequence`]: a frame's dot product then stays below
/// `4608 * 500² = 1.2e9`, inside an `i32`. Quantisation noise is far below that of the pictures.
const FINE_DIVISOR: i32 = 4;
/// Divides the sum of four full cells, with the same bound: `1152 * 1000² = 1.2e9`.
const POOLED_DIVISOR: i32 = 8;

const FINE: Grid = Grid {
    rows: ROWS,
    cols: COLS,
    max_dx: MAX_DX,
    max_dy: MAX_DY,
};
const POOLED: Grid = Grid {
    rows: ROWS / POOL,
    cols: COLS / POOL,
    max_dx: MAX_DX / POOL,
    max_dy: MAX_DY / POOL,
};

/// Size of a grid of cells and how far it is shifted.
#[derive(Clone, Copy)]
struct Grid {
    rows: usize,
    cols: usize,
    max_dx: usize,
    max_dy: usize,
}

impl Grid {
    /// Numbers from one row to the next: the cells and one side's shift of zeros, which serves the next row as well.
    const fn stride(self) -> usize {
        (self.cols + self.max_dx) * BINS
    }

    /// Numbers from the first of the grid to the end of the last row's zeros.
    const fn span(self) -> usize {
        self.rows * self.stride()
    }

    /// Zeros before and after the grid.
    const fn margin(self) -> usize {
        self.max_dy * self.stride() + self.max_dx * BINS
    }

    const fn stored(self) -> usize {
        self.span() + 2 * self.margin()
    }

    const fn shifts(self) -> usize {
        (2 * self.max_dx + 1) * (2 * self.max_dy + 1)
    }

    /// Number of a shift; that of the opposite shift is `shifts() - 1 - this`.
    const fn index(self, dx: isize, dy: isize) -> usize {
        dy.wrapping_add_unsigned(self.max_dy) as usize * (2 * self.max_dx + 1)
            + dx.wrapping_add_unsigned(self.max_dx) as usize
    }

    const fn shift(self, index: usize) -> (isize, isize) {
        let wide = 2 * self.max_dx + 1;
        (
            (index % wide) as isize - self.max_dx as isize,
            (index / wide) as isize - self.max_dy as isize,
        )
    }
}

/// Frames of one grid, ready to be compared.
#[derive(Clone, Debug, Default)]
struct Layer {
    /// `frames × stored()`.
    values: Vec<i16>,
    /// `frames × shifts()`: reciprocal length of the part that stays on the other grid when this one is shifted.
    scales: Vec<f32>,
}

impl Layer {
    /// Append a frame given as `rows × cols × BINS` numbers.
    fn push(&mut self, grid: Grid, cells: &[i16]) {
        let from = self.values.len();
        self.values.resize(from + grid.stored(), 0);
        let row_len = grid.cols * BINS;
        for (row, numbers) in cells.chunks_exact(row_len).enumerate() {
            let at = from + grid.margin() + row * grid.stride();
            self.values[at..at + row_len].copy_from_slice(numbers);
        }
        let energy = CumulativeEnergy::new(grid, cells);
        for index in 0..grid.shifts() {
            let (dx, dy) = grid.shift(index);
            let within = energy.of(overlap(grid.rows, dy), overlap(grid.cols, dx));
            self.scales.push(if within > 0 {
                (1.0 / (within as f64).sqrt()) as f32
            } else {
                0.0
            });
        }
    }

    fn frame(&self, grid: Grid, i: usize) -> View<'_> {
        View {
            values: &self.values[i * grid.stored()..(i + 1) * grid.stored()],
            scales: &self.scales[i * grid.shifts()..(i + 1) * grid.shifts()],
        }
    }
}

/// Sums of squares over rectangles of cells.
struct CumulativeEnergy {
    cols: usize,
    sums: Vec<i64>,
}

impl CumulativeEnergy {
    fn new(grid: Grid, cells: &[i16]) -> Self {
        let cols = grid.cols + 1;
        let mut sums = vec![0i64; (grid.rows + 1) * cols];
        for (cell, numbers) in cells.chunks_exact(BINS).enumerate() {
            let (row, col) = (cell / grid.cols + 1, cell % grid.cols + 1);
            let energy: i64 = numbers.iter().map(|&v| i64::from(v) * i64::from(v)).sum();
            sums[row * cols + col] = energy + sums[(row - 1) * cols + col] + sums[row * cols + col - 1]
                - sums[(row - 1) * cols + col - 1];
        }
        Self { cols, sums }
    }

    fn of(&self, (top, bottom): (usize, usize), (left, right): (usize, usize)) -> i64 {
        let at = |row: usize, col: usize| self.sums[row * self.cols + col];
        at(bottom, right) + at(top, left) - at(top, right) - at(bottom, left)
    }
}

#[derive(Clone, Copy)]
struct View<'a> {
    values: &'a [i16],
    scales: &'a [f32],
}

impl View<'_> {
    /// Cosine of this new frame with a reference frame at shift number `index`.
    #[inline(always)]
    fn cosine(self, grid: Grid, reference: Self, index: usize) -> f32 {
        let (dx, dy) = grid.shift(index);
        let ours = &self.values[grid.margin()..grid.margin() + grid.span()];
        let from = grid
            .margin()
            .wrapping_add_signed(dy * grid.stride() as isize + dx * BINS as isize);
        let theirs = &reference.values[from..from + grid.span()];
        let scale = self.scales[index] * reference.scales[grid.shifts() - 1 - index];
        dot_plain(ours, theirs) as f32 * scale
    }
}

/// A recording's descriptors, ready to be compared with all of another.
#[derive(Clone, Debug, Default)]
pub struct PlaceSequence {
    fine: Layer,
    pooled: Layer,
    frames: usize,
}

impl PlaceSequence {
    /// Prepare the frames of a sequence.
    pub fn new(sequence: &CentredSequence) -> Self {
        let mut out = Self::default();
        let mut pooled = [0i16; POOLED.rows * POOLED.cols * BINS];
        for i in 0..sequence.len() {
            let cells: Vec<i16> = sequence
                .frame(i)
                .iter()
                .map(|&v| rounded(i32::from(v), FINE_DIVISOR))
                .collect();
            pool(&cells, &mut pooled);
            out.fine.push(FINE, &cells);
            out.pooled.push(POOLED, &pooled);
            out.frames += 1;
        }
        out
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Cosine of frame `i` with frame `j` of the reference, pooled, at the best shift; 0..1. For finding stretches.
    ///
    /// # Panics
    /// When a frame does not exist.
    pub fn pooled_likeness(&self, i: usize, reference: &Self, j: usize) -> f32 {
        best_pooled(self.pooled.frame(POOLED, i), reference.pooled.frame(POOLED, j)).0
    }

    /// Cosine of frame `i` with frame `j` of the reference at the best of all shifts; 0..1.
    ///
    /// # Panics
    /// When a frame does not exist.
    pub fn thorough_likeness(&self, i: usize, reference: &Self, j: usize) -> f32 {
        best_anywhere(self.fine.frame(FINE, i), reference.fine.frame(FINE, j))
    }

    /// Cosine of frame `i` with frame `j` of the reference at the best shift that the pooled frames point to; 0..1. Very
    /// nearly [`Self::thorough_likeness`], at a fifth of the cost.
    ///
    /// # Panics
    /// When a frame does not exist.
    pub fn likeness(&self, i: usize, reference: &Self, j: usize) -> f32 {
        let (_, coarse) = best_pooled(self.pooled.frame(POOLED, i), reference.pooled.frame(POOLED, j));
        best_near(
            self.fine.frame(FINE, i),
            reference.fine.frame(FINE, j),
            POOLED.shift(coarse),
        )
    }
}

/// `value / divisor`, to the nearest whole number.
fn rounded(value: i32, divisor: i32) -> i16 {
    // The bounds of the divided values lie far inside an i16.
    ((value + value.signum() * divisor / 2) / divisor) as i16
}

fn pool(cells: &[i16], out: &mut [i16]) {
    for (cell, numbers) in out.chunks_exact_mut(BINS).enumerate() {
        let (row, col) = (POOL * (cell / POOLED.cols), POOL * (cell % POOLED.cols));
        for (bin, number) in numbers.iter_mut().enumerate() {
            let sum: i32 = (0..POOL)
                .flat_map(|y| (0..POOL).map(move |x| ((row + y) * COLS + col + x) * BINS + bin))
                .map(|at| i32::from(cells[at]))
                .sum();
            *number = rounded(sum * FINE_DIVISOR, POOLED_DIVISOR);
        }
    }
}

/// Best cosine of all pooled shifts and the number of that shift. A plain loop: closures handed to iterators would be
/// compiled without the features of the wrapper around.
#[inline(always)]
fn best_pooled_plain(new: View<'_>, reference: View<'_>) -> (f32, usize) {
    let mut best = (0.0, POOLED.index(0, 0));
    for index in 0..POOLED.shifts() {
        let cosine = new.cosine(POOLED, reference, index);
        if cosine > best.0 {
            best = (cosine, index);
        }
    }
    best
}

/// Best cosine of the full grids.
#[inline(always)]
fn best_anywhere_plain(new: View<'_>, reference: View<'_>) -> f32 {
    let mut best = 0.0f32;
    for index in 0..FINE.shifts() {
        best = best.max(new.cosine(FINE, reference, index));
    }
    best
}

/// Best cosine of the full grids around a pooled shift.
#[inline(always)]
fn best_near_plain(new: View<'_>, reference: View<'_>, coarse: (isize, isize)) -> f32 {
    let mut best = 0.0f32;
    for dy in (POOL as isize * coarse.1 - AROUND)..=(POOL as isize * coarse.1 + AROUND) {
        for dx in (POOL as isize * coarse.0 - AROUND)..=(POOL as isize * coarse.0 + AROUND) {
            if dx.unsigned_abs() <= MAX_DX && dy.unsigned_abs() <= MAX_DY {
                best = best.max(new.cosine(FINE, reference, FINE.index(dx, dy)));
            }
        }
    }
    best
}

multiversion! {
    fn best_pooled(new: View<'_>, reference: View<'_>) -> (f32, usize) = best_pooled_plain;
}

multiversion! {
    fn best_anywhere(new: View<'_>, reference: View<'_>) -> f32 = best_anywhere_plain;
}

multiversion! {
    fn best_near(new: View<'_>, reference: View<'_>, coarse: (isize, isize)) -> f32 = best_near_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::tests::{all, frames};

    fn sequence(count: usize, seed: u32, dx: isize) -> PlaceSequence {
        PlaceSequence::new(&CentredSequence::new(&frames(count, seed, dx), &all()))
    }

    /// The definition: every cell with its partner, at every shift.
    fn slow_likeness(a: &CentredSequence, i: usize, b: &CentredSequence, j: usize) -> f64 {
        let value = |s: &CentredSequence, k: usize, row: usize, col: usize, bin: usize| {
            f64::from(s.frame(k)[(row * COLS + col) * BINS + bin])
        };
        let mut best = 0.0f64;
        for index in 0..FINE.shifts() {
            let (dx, dy) = FINE.shift(index);
            let (mut dot, mut ours, mut theirs) = (0.0, 0.0, 0.0);
            let ((top, bottom), (left, right)) = (overlap(ROWS, dy), overlap(COLS, dx));
            for row in top..bottom {
                for col in left..right {
                    for bin in 0..BINS {
                        let p = value(a, i, row, col, bin);
                        let q = value(
                            b,
                            j,
                            row.wrapping_add_signed(dy),
                            col.wrapping_add_signed(dx),
                            bin,
                        );
                        dot += p * q;
                        ours += p * p;
                        theirs += q * q;
                    }
                }
            }
            best = best.max(dot / (ours * theirs).sqrt());
        }
        best
    }

    #[test]
    fn every_processor_version_gives_the_same_bits() {
        let (a, b) = (sequence(3, 1, 0), sequence(3, 2, 0));
        for (i, j) in [(0, 1), (2, 2)] {
            let pooled = [a.pooled.frame(POOLED, i), b.pooled.frame(POOLED, j)];
            assert_eq!(
                best_pooled(pooled[0], pooled[1]),
                best_pooled_plain(pooled[0], pooled[1])
            );
            let fine = [a.fine.frame(FINE, i), b.fine.frame(FINE, j)];
            assert_eq!(
                best_anywhere(fine[0], fine[1]),
                best_anywhere_plain(fine[0], fine[1])
            );
            for index in 0..POOLED.shifts() {
                let near = POOLED.shift(index);
                assert_eq!(
                    best_near(fine[0], fine[1], near),
                    best_near_plain(fine[0], fine[1], near)
                );
            }
        }
    }

    #[test]
    fn coarse_first_finds_what_trying_every_shift_finds() {
        for dx in [-6, -3, 0, 1, 4] {
            let (a, b) = (frames(4, 1, 0), frames(4, 1, dx));
            let [a, b] = [a, b].map(|f| CentredSequence::new(&f, &all()));
            let fast = PlaceSequence::new(&a).likeness(2, &PlaceSequence::new(&b), 2);
            let slow = slow_likeness(&a, 2, &b, 2);
            assert!(
                slow > 0.9 && (f64::from(fast) - slow).abs() < 0.005,
                "{dx}: {fast} {slow}"
            );
        }
    }

    #[test]
    fn a_recording_is_most_like_itself() {
        let a = sequence(6, 1, 0);
        for i in 0..6 {
            for j in 0..6 {
                let (full, pooled) = (a.likeness(i, &a, j), a.pooled_likeness(i, &a, j));
                if i == j {
                    assert!((full - 1.0).abs() < 1e-4 && (pooled - 1.0).abs() < 1e-4);
                } else {
                    assert!(full < 0.6 && pooled < 0.6, "{i} {j} {full} {pooled}");
                }
            }
        }
    }

    #[test]
    fn opposite_shifts_have_opposite_numbers() {
        for grid in [FINE, POOLED] {
            for index in 0..grid.shifts() {
                let (dx, dy) = grid.shift(index);
                assert_eq!(grid.index(dx, dy), index);
                assert_eq!(grid.index(-dx, -dy), grid.shifts() - 1 - index);
            }
        }
    }

    #[test]
    fn empty_and_flat_recordings_are_like_nothing() {
        let none = PlaceSequence::new(&CentredSequence::new(&[], &all()));
        assert!(none.is_empty());
        let flat = vec![10; 3 * crate::dense::DESCRIPTOR_LEN];
        let flat = PlaceSequence::new(&CentredSequence::new(&flat, &all()));
        assert_eq!(flat.len(), 3);
        assert_eq!(
            (flat.likeness(0, &flat, 1), flat.pooled_likeness(0, &flat, 1)),
            (0.0, 0.0)
        );
    }
}
