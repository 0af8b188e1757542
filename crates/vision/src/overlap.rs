//! `S[r][c] = Σ e[y][x]` over `y < r`, `x < c`: sums over any rectangle of cells from four look-ups
//! (summed-area table, Crow 1984; the integral image of Viola and Jones 2001), and the rectangle that two
//! displaced grids share.
//!
//! The cosine of two displaced grids needs the energy of what they share at every shift. Whole numbers, so
//! that the differences of large sums are exact.

use std::ops::Range;

/// Places of a line of `len` cells that lie on an equal line after a shift (first `x` on second `x + shift`).
pub(crate) fn overlap(len: usize, shift: isize) -> Range<usize> {
    let lost = shift.unsigned_abs().min(len);
    if shift < 0 { lost..len } else { 0..len - lost }
}

/// Sums over rectangles of cells.
#[derive(Clone, Debug)]
pub(crate) struct SummedArea {
    /// `rows + 1` lines of `cols + 1`.
    sums: Vec<i64>,
    stride: usize,
}

impl SummedArea {
    /// Of cells row by row, `cols` to a row.
    pub(crate) fn new(cols: usize, cells: impl IntoIterator<Item = i64>) -> Self {
        let stride = cols + 1;
        let mut sums = vec![0; stride];
        let mut in_row = 0;
        for (cell, value) in cells.into_iter().enumerate() {
            if cell.is_multiple_of(cols) {
                sums.push(0);
                in_row = 0;
            }
            in_row += value;
            sums.push(in_row + sums[sums.len() - stride]);
        }
        Self { sums, stride }
    }

    /// Sum over a rectangle inside the grid.
    pub(crate) fn of(&self, columns: &Range<usize>, rows: &Range<usize>) -> i64 {
        let until = |col: usize, row: usize| self.sums[row * self.stride + col];
        until(columns.end, rows.end) + until(columns.start, rows.start)
            - until(columns.start, rows.end)
            - until(columns.end, rows.start)
    }
}

/// Energy `Σ v²` of each cell of `bins` numbers.
pub(crate) fn energies(cells: &[i16], bins: usize) -> impl Iterator<Item = i64> {
    let energy = |cell: &[i16]| cell.iter().map(|&v| i64::from(v) * i64::from(v)).sum();
    cells.chunks_exact(bins).map(energy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rectangle_sums_its_cells() {
        let (cols, rows) = (5, 3);
        let cell = |col: usize, row: usize| (col * 7 + row * 31) as i64 - 20;
        let area = SummedArea::new(cols, (0..cols * rows).map(|k| cell(k % cols, k / cols)));
        for (left, right) in (0..=cols).flat_map(|l| (l..=cols).map(move |r| (l, r))) {
            for (top, bottom) in (0..=rows).flat_map(|t| (t..=rows).map(move |b| (t, b))) {
                let by_hand: i64 = (top..bottom)
                    .flat_map(|row| (left..right).map(move |col| cell(col, row)))
                    .sum();
                assert_eq!(area.of(&(left..right), &(top..bottom)), by_hand);
            }
        }
    }

    #[test]
    fn what_is_shared_shrinks_with_the_shift() {
        assert_eq!((overlap(8, 3), overlap(8, -3), overlap(8, 0)), (0..5, 3..8, 0..8));
        assert!(overlap(8, 20).is_empty() && overlap(8, -20).is_empty());
    }
}
