//! `⟨a, b_{-δ}⟩ · |a_δ|⁻¹ |b_{-δ}|⁻¹` at whole-cell shifts `δ` of a grid: frames stored so that a shift of
//! the grid is a shift of the array.
//!
//! Rows follow each other with enough zeros between them, so a comparison is one long dot product, whatever
//! the shift. A frame shifted against another gives the same number as that one shifted the other way, so one
//! new frame can be shifted against several reference frames at once.

use crate::dots::{LANES, dots};
use crate::overlap::{SummedArea, energies, overlap};

/// Size of a grid of cells and how far it is shifted.
#[derive(Clone, Copy)]
pub(super) struct GridShape {
    pub rows: usize,
    pub cols: usize,
    /// Numbers of a cell.
    pub bins: usize,
    pub max_dx: usize,
    pub max_dy: usize,
}

impl GridShape {
    /// Numbers from one row to the next: the cells and one side's shift of zeros, which serves the next row
    /// as well.
    const fn stride(self) -> usize {
        (self.cols + self.max_dx) * self.bins
    }

    /// Numbers from the first of the grid to the end of the last row's zeros, in whole vectors.
    const fn span(self) -> usize {
        (self.rows * self.stride()).next_multiple_of(LANES)
    }

    /// Zeros before and after the grid.
    const fn margin(self) -> usize {
        self.max_dy * self.stride() + self.max_dx * self.bins
    }

    const fn stored(self) -> usize {
        self.span() + 2 * self.margin()
    }

    pub const fn shifts(self) -> usize {
        (2 * self.max_dx + 1) * (2 * self.max_dy + 1)
    }

    /// Number of a shift; that of the opposite shift is `shifts() - 1 - this`.
    pub const fn index(self, dx: isize, dy: isize) -> usize {
        dy.wrapping_add_unsigned(self.max_dy) as usize * (2 * self.max_dx + 1)
            + dx.wrapping_add_unsigned(self.max_dx) as usize
    }

    pub const fn shift(self, index: usize) -> (isize, isize) {
        let wide = 2 * self.max_dx + 1;
        (
            (index % wide) as isize - self.max_dx as isize,
            (index / wide) as isize - self.max_dy as isize,
        )
    }
}

/// Frames of one grid, ready to be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    /// `frames × stored()`.
    values: Vec<i16>,
    /// `frames × shifts()`: reciprocal length of the part that stays on the other grid when this one is
    /// shifted.
    scales: Vec<f32>,
}

impl Layer {
    /// Append a frame given as `rows × cols × bins` numbers.
    pub fn push(&mut self, grid: GridShape, cells: &[i16]) {
        let from = self.values.len();
        self.values.resize(from + grid.stored(), 0);
        let row_len = grid.cols * grid.bins;
        for (row, numbers) in cells.chunks_exact(row_len).enumerate() {
            let at = from + grid.margin() + row * grid.stride();
            self.values[at..at + row_len].copy_from_slice(numbers);
        }
        let energy = SummedArea::new(grid.cols, energies(cells, grid.bins));
        for index in 0..grid.shifts() {
            let (dx, dy) = grid.shift(index);
            let within = energy.of(&overlap(grid.cols, dx), &overlap(grid.rows, dy));
            self.scales.push(if within > 0 {
                (1.0 / (within as f64).sqrt()) as f32
            } else {
                0.0
            });
        }
    }

    pub fn frame(&self, grid: GridShape, i: usize) -> ShiftedGrid<'_> {
        ShiftedGrid {
            values: &self.values[i * grid.stored()..(i + 1) * grid.stored()],
            scales: &self.scales[i * grid.shifts()..(i + 1) * grid.shifts()],
        }
    }
}

/// One frame of a [`Layer`].
#[derive(Clone, Copy)]
pub(super) struct ShiftedGrid<'a> {
    values: &'a [i16],
    scales: &'a [f32],
}

impl<'a> ShiftedGrid<'a> {
    /// The grid in its place.
    fn unmoved(self, grid: GridShape) -> &'a [i16] {
        &self.values[grid.margin()..grid.margin() + grid.span()]
    }
}

/// The share of each cell of the new grid in the cosine of two frames at the shift `index`, row by row: they
/// add up to that cosine. 0 where the cell has no partner.
pub(super) fn shares(
    grid: GridShape,
    new: ShiftedGrid<'_>,
    reference: ShiftedGrid<'_>,
    index: usize,
) -> Vec<f32> {
    let (dx, dy) = grid.shift(index);
    let scale = new.scales[index] * reference.scales[grid.shifts() - 1 - index];
    let at = |row: usize, col: usize| grid.margin() + row * grid.stride() + col * grid.bins;
    let (rows, cols) = (overlap(grid.rows, dy), overlap(grid.cols, dx));
    let mut out = vec![0.0; grid.rows * grid.cols];
    for (row, col) in rows.flat_map(|row| cols.clone().map(move |col| (row, col))) {
        let ours = &new.values[at(row, col)..][..grid.bins];
        let theirs =
            &reference.values[at(row.wrapping_add_signed(dy), col.wrapping_add_signed(dx))..][..grid.bins];
        let dot: i32 = ours
            .iter()
            .zip(theirs)
            .map(|(&a, &b)| i32::from(a) * i32::from(b))
            .sum();
        out[row * grid.cols + col] = dot as f32 * scale;
    }
    out
}

/// Cosines of a new frame with `R` reference frames at `S` shifts, by the numbers of the shifts.
#[inline]
pub(super) fn cosines<const R: usize, const S: usize>(
    grid: GridShape,
    new: ShiftedGrid<'_>,
    references: [ShiftedGrid<'_>; R],
    shifts: [usize; S],
) -> [[f32; S]; R] {
    // The new frame moves by (dx, dy) against a reference frame when its cell (x, y) meets (x + dx, y + dy):
    // seen from the reference, it lies (dx, dy) further back.
    let offsets = shifts.map(|index| {
        let (dx, dy) = grid.shift(index);
        grid.margin()
            .wrapping_add_signed(-dy * grid.stride() as isize - dx * grid.bins as isize)
    });
    let sums = dots(references.map(|r| r.unmoved(grid)), new.values, offsets);
    let mut out = [[0.0; S]; R];
    for ((out, sums), reference) in out.iter_mut().zip(sums).zip(references) {
        for ((out, sum), index) in out.iter_mut().zip(sums).zip(shifts) {
            let scale = new.scales[index] * reference.scales[grid.shifts() - 1 - index];
            *out = sum as f32 * scale;
        }
    }
    out
}

/// Best cosine of all shifts of a grid, `S` of them at once, and the number of that shift; of equal ones the
/// first.
#[inline]
pub(super) fn best_of_all<const R: usize, const S: usize>(
    grid: GridShape,
    new: ShiftedGrid<'_>,
    references: [ShiftedGrid<'_>; R],
) -> [(f32, usize); R] {
    let mut best = [(0.0, grid.index(0, 0)); R];
    for first in (0..grid.shifts()).step_by(S) {
        let shifts: [usize; S] = std::array::from_fn(|k| first + k);
        for (best, cosines) in best.iter_mut().zip(cosines(grid, new, references, shifts)) {
            for (cosine, index) in cosines.into_iter().zip(shifts) {
                if cosine > best.0 {
                    *best = (cosine, index);
                }
            }
        }
    }
    best
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dots::dot_plain;

    /// Cosine at one shift, the reference frame moved against the new one.
    pub(in crate::similarity) fn plain_cosine(
        grid: GridShape,
        new: ShiftedGrid<'_>,
        reference: ShiftedGrid<'_>,
        index: usize,
    ) -> f32 {
        let (dx, dy) = grid.shift(index);
        let from = grid
            .margin()
            .wrapping_add_signed(dy * grid.stride() as isize + dx * grid.bins as isize);
        let theirs = &reference.values[from..from + grid.span()];
        let scale = new.scales[index] * reference.scales[grid.shifts() - 1 - index];
        dot_plain(new.unmoved(grid), theirs) as f32 * scale
    }

    #[test]
    fn opposite_shifts_have_opposite_numbers() {
        for (rows, cols, max_dx, max_dy) in [(18, 32, 6, 2), (9, 16, 3, 1)] {
            let grid = GridShape {
                rows,
                cols,
                bins: 8,
                max_dx,
                max_dy,
            };
            for index in 0..grid.shifts() {
                let (dx, dy) = grid.shift(index);
                assert_eq!(grid.index(dx, dy), index);
                assert_eq!(grid.index(-dx, -dy), grid.shifts() - 1 - index);
            }
        }
    }
}
