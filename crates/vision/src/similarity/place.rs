//! `max_δ cos(a, b_δ)` over 13×5 shifts `δ` of the whole grid, every frame with every frame, coarse to fine.
//!
//! 65 dot products of 4,608 numbers a pair would mostly be of no use: with cells pooled two by two, a quarter
//! of the numbers and a third of the shifts already tell the best shift to within a cell. So a pair is
//! compared pooled at 21 shifts, then in full at the nine around the best of them: a fifth of the work. Short
//! recordings can afford every shift. Where even that is too much (long recordings) the pooled similarity
//! alone finds the stretch of the reference in which the full one is worth computing.

use std::ops::Range;

use super::centred::CentredSequence;
use super::shifted_grid::{GridShape, Layer, ShiftedGrid, best_of_all, cosines, shares};
use crate::dense::{BINS, COLS, ROWS};
use crate::overlap::overlap;
use crate::tuning::{SHIFT_AROUND, SHIFT_MAX_DX, SHIFT_MAX_DY};

/// Cells joined into one, each way.
const POOL: usize = 2;
/// Divides the whole numbers of [`CentredSequence`]: a frame's dot product then stays below
/// `4608 * 500² = 1.2e9`, inside an `i32`. Quantisation noise is far below that of the pictures.
const FINE_DIVISOR: i32 = 4;
/// Divides the sum of four full cells, with the same bound: `1152 * 1000² = 1.2e9`.
const POOLED_DIVISOR: i32 = 8;

const FINE: GridShape = GridShape {
    rows: ROWS,
    cols: COLS,
    bins: BINS,
    max_dx: SHIFT_MAX_DX,
    max_dy: SHIFT_MAX_DY,
};
const POOLED: GridShape = GridShape {
    rows: ROWS / POOL,
    cols: COLS / POOL,
    bins: BINS,
    max_dx: SHIFT_MAX_DX / POOL,
    max_dy: SHIFT_MAX_DY / POOL,
};

/// How thoroughly frames are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftSearch {
    /// Pooled cells, for finding stretches.
    Pooled,
    /// Full cells at the shifts that the pooled ones point to. Very nearly [`ShiftSearch::Exhaustive`], at a
    /// fifth of the cost.
    CoarseToFine,
    /// Full cells at every shift.
    Exhaustive,
}

/// How much of a cosine lies where in the picture.
#[derive(Clone, Debug)]
pub struct CellShares {
    /// Columns and rows by which the new grid lies further in the reference.
    shift: (isize, isize),
    /// Of each cell of the new grid, `[row][column]`.
    pub of_new: Vec<f32>,
}

impl CellShares {
    /// The same of each cell of the reference grid.
    pub fn of_reference(&self) -> Vec<f32> {
        let (dx, dy) = self.shift;
        let mut out = vec![0.0; ROWS * COLS];
        for row in overlap(ROWS, dy) {
            for col in overlap(COLS, dx) {
                out[row.wrapping_add_signed(dy) * COLS + col.wrapping_add_signed(dx)] =
                    self.of_new[row * COLS + col];
            }
        }
        out
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
        Self::prepare(sequence, true)
    }

    /// Prepare the frames of a sequence for [`ShiftSearch::Pooled`] alone: a fifth of the memory.
    pub fn pooled(sequence: &CentredSequence) -> Self {
        Self::prepare(sequence, false)
    }

    fn prepare(sequence: &CentredSequence, in_full: bool) -> Self {
        let mut out = Self::default();
        let mut cells = [0i16; ROWS * COLS * BINS];
        let mut pooled = [0i16; POOLED.rows * POOLED.cols * BINS];
        for i in 0..sequence.frames {
            for (cell, &value) in cells.iter_mut().zip(sequence.frame(i)) {
                *cell = rounded(i32::from(value), FINE_DIVISOR);
            }
            pool(&cells, &mut pooled);
            if in_full {
                out.fine.push(FINE, &cells);
            }
            out.pooled.push(POOLED, &pooled);
            out.frames += 1;
        }
        out
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Cosine of frame `i` with each of the frames `js` of the reference, at the best of the shifts that
    /// `search` tries, appended to `out`; 0..1.
    ///
    /// # Panics
    /// When a frame does not exist, or was prepared pooled only and is to be compared in full.
    pub fn similarities(
        &self,
        i: usize,
        reference: &Self,
        js: Range<usize>,
        search: ShiftSearch,
        out: &mut Vec<f32>,
    ) {
        let mut j = js.start;
        while j + TOGETHER <= js.end {
            out.extend(self.together::<TOGETHER>(i, reference, j, search));
            j += TOGETHER;
        }
        for j in j..js.end {
            out.extend(self.together::<1>(i, reference, j, search));
        }
    }

    /// The same with frame `j` alone.
    ///
    /// # Panics
    /// As [`Self::similarities`].
    pub fn similarity(&self, i: usize, reference: &Self, j: usize, search: ShiftSearch) -> f32 {
        let [similarity] = self.together(i, reference, j, search);
        similarity
    }

    /// What each cell adds to [`Self::similarity`] of two frames compared in full, and the shift it was found
    /// at.
    ///
    /// # Panics
    /// When a frame does not exist or was prepared pooled only.
    pub fn shares(&self, i: usize, reference: &Self, j: usize) -> CellShares {
        let (ours, theirs) = (self.fine.frame(FINE, i), reference.fine.frame(FINE, j));
        let [(_, index)] = best_of_all::<1, FINE_SHIFTS>(FINE, ours, [theirs]);
        CellShares {
            shift: FINE.shift(index),
            of_new: shares(FINE, ours, theirs, index),
        }
    }

    #[inline]
    fn together<const R: usize>(
        &self,
        i: usize,
        reference: &Self,
        j: usize,
        search: ShiftSearch,
    ) -> [f32; R] {
        let pooled = || {
            let references = std::array::from_fn(|r| reference.pooled.frame(POOLED, j + r));
            best_of_all::<R, POOLED_SHIFTS>(POOLED, self.pooled.frame(POOLED, i), references)
        };
        let fine = || std::array::from_fn(|r| reference.fine.frame(FINE, j + r));
        match search {
            ShiftSearch::Pooled => pooled().map(|(cosine, _)| cosine),
            ShiftSearch::Exhaustive => best_of_all::<R, FINE_SHIFTS>(FINE, self.fine.frame(FINE, i), fine())
                .map(|(cosine, _)| cosine),
            ShiftSearch::CoarseToFine => {
                let (coarse, references): ([(f32, usize); R], [ShiftedGrid<'_>; R]) = (pooled(), fine());
                std::array::from_fn(|r| {
                    best_near(self.fine.frame(FINE, i), references[r], POOLED.shift(coarse[r].1))
                })
            }
        }
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

/// Reference frames compared with a new frame at once.
const TOGETHER: usize = 3;
/// Pooled shifts tried at once: a line of them.
const POOLED_SHIFTS: usize = 2 * POOLED.max_dx + 1;
/// Full shifts tried at once.
const FINE_SHIFTS: usize = 5;
const _: () =
    assert!(POOLED.shifts().is_multiple_of(POOLED_SHIFTS) && FINE.shifts().is_multiple_of(FINE_SHIFTS));
/// Full shifts around a pooled one.
const NEAR_SHIFTS: usize = (2 * SHIFT_AROUND + 1).pow(2);

/// Best cosine of the full grids around a pooled shift.
#[inline]
fn best_near(new: ShiftedGrid<'_>, reference: ShiftedGrid<'_>, (dx, dy): (isize, isize)) -> f32 {
    let within = |value: isize, most: usize| value.clamp(-(most as isize), most as isize);
    let side = 2 * SHIFT_AROUND + 1;
    // At the rim a shift is tried twice instead of one beyond it.
    let shifts: [usize; NEAR_SHIFTS] = std::array::from_fn(|k| {
        let (x, y) = (
            (k % side) as isize - SHIFT_AROUND as isize,
            (k / side) as isize - SHIFT_AROUND as isize,
        );
        FINE.index(
            within(POOL as isize * dx + x, SHIFT_MAX_DX),
            within(POOL as isize * dy + y, SHIFT_MAX_DY),
        )
    });
    let [cosines] = cosines(FINE, new, [reference], shifts);
    cosines.into_iter().fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::shifted_grid::tests::plain_cosine;
    use crate::similarity::tests::{all, frames};

    fn sequence(count: usize, seed: u32, dx: isize) -> PlaceSequence {
        PlaceSequence::new(&CentredSequence::new(&frames(count, seed, dx), &all()))
    }

    /// The definition: every cell with its partner, at every shift.
    fn slow_similarity(a: &CentredSequence, i: usize, b: &CentredSequence, j: usize) -> f64 {
        let value = |s: &CentredSequence, k: usize, row: usize, col: usize, bin: usize| {
            f64::from(s.frame(k)[(row * COLS + col) * BINS + bin])
        };
        let mut best = 0.0f64;
        for index in 0..FINE.shifts() {
            let (dx, dy) = FINE.shift(index);
            let (mut dot, mut ours, mut theirs) = (0.0, 0.0, 0.0);
            let (rows, columns) = (overlap(ROWS, dy), overlap(COLS, dx));
            for row in rows {
                for col in columns.clone() {
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

    /// One shift after the other.
    fn plain_similarity(
        a: &PlaceSequence,
        i: usize,
        b: &PlaceSequence,
        j: usize,
        search: ShiftSearch,
    ) -> f32 {
        let of =
            |grid, a: &Layer, b: &Layer, index| plain_cosine(grid, a.frame(grid, i), b.frame(grid, j), index);
        let mut pooled = (0.0, POOLED.index(0, 0));
        for index in 0..POOLED.shifts() {
            let cosine = of(POOLED, &a.pooled, &b.pooled, index);
            if cosine > pooled.0 {
                pooled = (cosine, index);
            }
        }
        let (x, y) = POOLED.shift(pooled.1);
        let near = |index: &usize| {
            let (dx, dy) = FINE.shift(*index);
            let reach = SHIFT_AROUND as isize;
            (dx - POOL as isize * x).abs() <= reach && (dy - POOL as isize * y).abs() <= reach
        };
        let full = |index| of(FINE, &a.fine, &b.fine, index);
        match search {
            ShiftSearch::Pooled => pooled.0,
            ShiftSearch::CoarseToFine => (0..FINE.shifts()).filter(near).map(full).fold(0.0, f32::max),
            ShiftSearch::Exhaustive => (0..FINE.shifts()).map(full).fold(0.0, f32::max),
        }
    }

    #[test]
    fn many_frames_at_once_give_the_bits_of_one_after_the_other() {
        for dx in [0, 3, 6, -6] {
            let (a, b) = (sequence(8, 1, 0), sequence(8, 1, dx));
            for search in [
                ShiftSearch::Pooled,
                ShiftSearch::CoarseToFine,
                ShiftSearch::Exhaustive,
            ] {
                for (i, js) in [(0, 0..8), (5, 2..7), (7, 3..3)] {
                    let mut found = Vec::new();
                    a.similarities(i, &b, js.clone(), search, &mut found);
                    let plain: Vec<f32> = js.map(|j| plain_similarity(&a, i, &b, j, search)).collect();
                    assert_eq!(found, plain, "{dx} {search:?} {i}");
                }
            }
        }
    }

    #[test]
    fn coarse_first_finds_what_trying_every_shift_finds() {
        for dx in [-6, -3, 0, 1, 4] {
            let (a, b) = (frames(4, 1, 0), frames(4, 1, dx));
            let [a, b] = [a, b].map(|f| CentredSequence::new(&f, &all()));
            let fast =
                PlaceSequence::new(&a).similarity(2, &PlaceSequence::new(&b), 2, ShiftSearch::CoarseToFine);
            let slow = slow_similarity(&a, 2, &b, 2);
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
                let [full, pooled] = [ShiftSearch::CoarseToFine, ShiftSearch::Pooled]
                    .map(|search| a.similarity(i, &a, j, search));
                if i == j {
                    assert!((full - 1.0).abs() < 1e-4 && (pooled - 1.0).abs() < 1e-4);
                } else {
                    assert!(full < 0.6 && pooled < 0.6, "{i} {j} {full} {pooled}");
                }
            }
        }
    }

    #[test]
    fn empty_and_flat_recordings_are_like_nothing() {
        let none = PlaceSequence::new(&CentredSequence::new(&[], &all()));
        assert_eq!(none.frames(), 0);
        let flat = vec![10; 3 * crate::dense::DESCRIPTOR_LEN];
        let flat = PlaceSequence::new(&CentredSequence::new(&flat, &all()));
        assert_eq!(flat.frames(), 3);
        for search in [
            ShiftSearch::Pooled,
            ShiftSearch::CoarseToFine,
            ShiftSearch::Exhaustive,
        ] {
            assert_eq!(flat.similarity(0, &flat, 1, search), 0.0);
        }
    }
}
