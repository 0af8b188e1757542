//! `c(w, s) = ⟨a_w, b_{w+s}⟩ / (|a_w| |b_{w+s}|)`: full search of block matching, the cosine of each window
//! `w` of coarse cells of one grid with another at every shift `s` of a range, `shifts × 20 × 34` values.
//!
//! The volume serves both directions of a forward-backward check: a window of `a` shifted by `s` onto `b` is
//! a window of `b` shifted by `-s` onto `a`. Loops run over whole rows of windows, so they become vectors;
//! all versions give the same bits.

use super::hog_grid::{COARSE_COLS, COARSE_ROWS, HogGrid};
use crate::dispatch::multiversion;
use crate::dots::dot_plain;
use crate::orientation_grid::BINS;
use crate::overlap::overlap;

/// Blocks of a grid: one around each coarse cell.
pub(super) const BLOCKS: usize = COARSE_COLS * COARSE_ROWS;
/// Windows of the volume: those of the blocks and one more each side, where a window still holds cells.
const WINDOW_COLS: usize = COARSE_COLS + 2;
const WINDOW_ROWS: usize = COARSE_ROWS + 2;

/// A shift in coarse cells, right and down.
pub(super) type Shift = (isize, isize);

/// Shifts that are tried, coarse cells each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchRange {
    /// Of the whole grid.
    global: Shift,
    /// Of a block around that of the grid.
    dx: isize,
    dy: isize,
    /// How many of [`crate::tuning::SCALES`] are tried.
    pub(super) scales: usize,
}

impl SearchRange {
    /// For places a few frames apart whose pictures may be far from each other; a turned head moves them by
    /// 27 degrees.
    pub const FAR: Self = Self {
        global: (9, 4),
        dx: 6,
        dy: 4,
        scales: 0,
    };
    /// For frames of one recording a third of a second of riding apart, or up to about a second.
    pub const STEP: Self = Self {
        dx: 4,
        dy: 3,
        scales: 2,
        ..Self::FAR
    };
    /// For a place between two such frames, from either.
    pub const WITHIN: Self = Self {
        scales: 1,
        ..Self::STEP
    };
    /// For places a few frames apart.
    pub const NEAR: Self = Self {
        dx: 3,
        dy: 2,
        ..Self::FAR
    };
    /// For frames of one recording a few frames apart.
    pub const NEXT: Self = Self {
        global: (4, 2),
        ..Self::NEAR
    };

    fn across(self) -> usize {
        2 * self.dx.unsigned_abs() + 1
    }

    fn shifts(self) -> usize {
        self.across() * (2 * self.dy.unsigned_abs() + 1)
    }

    /// Shift number `index` around `global`, row by row from the upper left.
    fn shift(self, global: Shift, index: usize) -> Shift {
        let (col, row) = (index % self.across(), index / self.across());
        (
            global.0 + col as isize - self.dx,
            global.1 + row as isize - self.dy,
        )
    }
}

/// Direction of a match: from the first grid to the second, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Forward,
    Backward,
}

/// Cosines of all windows at all shifts around the shift of the whole grid.
pub(super) struct SimilarityVolume {
    /// By shift, row and column.
    values: Vec<f32>,
    global: Shift,
    range: SearchRange,
}

impl SimilarityVolume {
    /// Of `a` on `b`, around the shift at which the whole grids are most alike.
    pub fn new(a: &HogGrid, b: &HogGrid, range: SearchRange) -> Self {
        Self::around(global_shift(a, b, range.global), a, b, range)
    }

    fn around(global: Shift, a: &HogGrid, b: &HogGrid, range: SearchRange) -> Self {
        let mut values = vec![0.0; range.shifts() * WINDOW_COLS * WINDOW_ROWS];
        for (index, plane) in values.chunks_exact_mut(WINDOW_COLS * WINDOW_ROWS).enumerate() {
            window_cosines(a, b, range.shift(global, index), plane);
        }
        Self {
            values,
            global,
            range,
        }
    }

    /// Shift of the whole grid that way.
    pub fn global(&self, pass: Pass) -> Shift {
        match pass {
            Pass::Forward => self.global,
            Pass::Backward => (-self.global.0, -self.global.1),
        }
    }

    /// Shift number `index` of a search that way: row by row from the upper left.
    pub fn shift(&self, pass: Pass, index: usize) -> Shift {
        self.range.shift(self.global(pass), index)
    }

    /// Cosines of a row of blocks at shift number `index`; 0 where nothing is left of a window.
    #[inline(always)]
    fn line(&self, pass: Pass, index: usize, row: usize) -> [f32; COARSE_COLS] {
        let mut line = [0.0; COARSE_COLS];
        let line_at = |index: usize, row: usize| {
            let at = (index * WINDOW_ROWS + row) * WINDOW_COLS;
            &self.values[at..at + WINDOW_COLS]
        };
        if pass == Pass::Forward {
            line.copy_from_slice(&line_at(index, row + 1)[1..WINDOW_COLS - 1]);
            return line;
        }
        let index = self.range.shifts() - 1 - index;
        let (dx, dy) = self.range.shift(self.global, index);
        let from = row as isize - dy + 1;
        if (0..WINDOW_ROWS as isize).contains(&from) {
            let cosines = line_at(index, from as usize);
            let columns = (dx - 1).clamp(0, COARSE_COLS as isize)
                ..(dx + WINDOW_COLS as isize - 1).clamp(0, COARSE_COLS as isize);
            if columns.start < columns.end {
                let first = (columns.start - dx + 1) as usize;
                let (from, to) = (columns.start as usize, columns.end as usize);
                line[from..to].copy_from_slice(&cosines[first..first + to - from]);
            }
        }
        line
    }
}

/// The peak of each block.
#[derive(Debug, PartialEq)]
pub(super) struct Peaks {
    /// Its largest cosine.
    pub best: Vec<f32>,
    /// Number of the shift of that, of equal ones the first.
    pub shifts: Vec<u32>,
    /// Its largest cosine among the shifts that are not next to that, 0 at least.
    pub second: Vec<f32>,
}

/// Plain loops over all blocks of a shift: they become vectors.
#[inline(always)]
fn peaks_plain(volume: &SimilarityVolume, pass: Pass) -> Peaks {
    let (mut best, mut shifts) = (vec![f32::MIN; BLOCKS], vec![0u32; BLOCKS]);
    for index in 0..volume.range.shifts() {
        for row in 0..COARSE_ROWS {
            let line = volume.line(pass, index, row);
            let at = row * COARSE_COLS;
            let best = &mut best[at..at + COARSE_COLS];
            let shifts = &mut shifts[at..at + COARSE_COLS];
            for col in 0..COARSE_COLS {
                let better = line[col] > best[col];
                shifts[col] = if better { index as u32 } else { shifts[col] };
                best[col] = if better { line[col] } else { best[col] };
            }
        }
    }
    let across = volume.range.across() as u32;
    let place = |index: u32| ((index % across) as i32, (index / across) as i32);
    let (columns, rows): (Vec<i32>, Vec<i32>) = shifts.iter().map(|&index| place(index)).unzip();
    let mut second = vec![0.0f32; BLOCKS];
    for index in 0..volume.range.shifts() {
        let (i, j) = place(index as u32);
        for row in 0..COARSE_ROWS {
            let line = volume.line(pass, index, row);
            let at = row * COARSE_COLS;
            let second = &mut second[at..at + COARSE_COLS];
            let (x, y) = (&columns[at..at + COARSE_COLS], &rows[at..at + COARSE_COLS]);
            for col in 0..COARSE_COLS {
                let apart = ((i - x[col]).abs() > 1) | ((j - y[col]).abs() > 1);
                let better = apart & (line[col] > second[col]);
                second[col] = if better { line[col] } else { second[col] };
            }
        }
    }
    Peaks { best, shifts, second }
}

multiversion! {
    pub(super) fn peaks(volume: &SimilarityVolume, pass: Pass) -> Peaks = peaks_plain;
}

/// The shift at which the whole coarse grids are most alike.
fn global_shift(a: &HogGrid, b: &HogGrid, range: Shift) -> Shift {
    let mut best = (f32::MIN, (0, 0));
    for dy in -range.1..=range.1 {
        for dx in -range.0..=range.0 {
            let (dot, ours, theirs) = global_dot(a, b, (dx, dy));
            let cosine = dot as f32 / (ours as f32 * theirs as f32).sqrt().max(1.0);
            if cosine > best.0 {
                best = (cosine, (dx, dy));
            }
        }
    }
    best.1
}

/// Dot product and both energies of what both grids share after a shift. A row of 32 coarse cells: `256 ·
/// 960²` = 2.4e8, inside an `i32`.
#[inline(always)]
fn global_dot_plain(a: &HogGrid, b: &HogGrid, (dx, dy): Shift) -> (i64, i64, i64) {
    let (columns, rows) = (overlap(COARSE_COLS, dx), overlap(COARSE_ROWS, dy));
    let len = columns.len() * BINS;
    let mut dot = 0i64;
    for row in rows.clone() {
        let (col, row) = (columns.start as isize, row as isize);
        let from = a.coarse.at(col, row) * BINS;
        let to = b.coarse.at(col + dx, row + dy) * BINS;
        dot += i64::from(dot_plain(
            &a.coarse.values[from..from + len],
            &b.coarse.values[to..to + len],
        ));
    }
    (
        dot,
        a.coarse_energy.of(&columns, &rows),
        b.coarse_energy
            .of(&overlap(COARSE_COLS, -dx), &overlap(COARSE_ROWS, -dy)),
    )
}

multiversion! {
    fn global_dot(a: &HogGrid, b: &HogGrid, shift: Shift) -> (i64, i64, i64) = global_dot_plain;
}

/// Cosine of each window of `a` with `b` at one shift: [`WINDOW_ROWS`] lines of [`WINDOW_COLS`].
#[inline(always)]
fn window_cosines_plain(a: &HogGrid, b: &HogGrid, (dx, dy): Shift, cosines: &mut [f32]) {
    // Two rows and columns of zeros around, so that no window needs a border.
    const LINE: usize = WINDOW_COLS + 2;
    let (ours, theirs) = (&a.coarse, &b.coarse);
    let stride = ours.stride();
    let mut products = [0.0f32; LINE * (WINDOW_ROWS + 2)];
    for row in 0..COARSE_ROWS {
        let from = ours.plane_at(0, row as isize);
        let to = theirs.plane_at(dx, row as isize + dy);
        let mut sums = [0.0f32; COARSE_COLS];
        for bin in 0..BINS {
            let p = &a.planes[from + bin * stride..from + bin * stride + COARSE_COLS];
            let q = &b.planes[to + bin * stride..to + bin * stride + COARSE_COLS];
            for col in 0..COARSE_COLS {
                sums[col] += p[col] * q[col];
            }
        }
        let at = (row + 2) * LINE + 2;
        products[at..at + COARSE_COLS].copy_from_slice(&sums);
    }
    for row in 0..WINDOW_ROWS {
        // A window begins one cell before its place, and places begin one cell before the grid.
        let from = ours.at(-2, row as isize - 2);
        let to = theirs.at(dx - 2, row as isize + dy - 2);
        let scale = &ours.window_scale[from..from + WINDOW_COLS];
        let other = &theirs.window_scale[to..to + WINDOW_COLS];
        let at = row * LINE;
        let above = &products[at..at + LINE];
        let middle = &products[at + LINE..at + 2 * LINE];
        let below = &products[at + 2 * LINE..at + 3 * LINE];
        let mut columns = [0.0f32; LINE];
        for col in 0..LINE {
            columns[col] = above[col] + middle[col] + below[col];
        }
        let cosines = &mut cosines[row * WINDOW_COLS..(row + 1) * WINDOW_COLS];
        for col in 0..WINDOW_COLS {
            let dot = columns[col] + columns[col + 1] + columns[col + 2];
            cosines[col] = dot * (scale[col] * other[col]);
        }
    }
}

multiversion! {
    fn window_cosines(a: &HogGrid, b: &HogGrid, shift: Shift, cosines: &mut [f32]) = window_cosines_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::tests::grid;

    #[test]
    fn cosines_forward_are_those_of_the_search_backward() {
        let (a, b) = (grid(0.0, 0.0), grid(31.0, -12.0));
        for global in [(3, -1), (-9, 4), (9, -4)] {
            let forward = SimilarityVolume::around(global, &a, &b, SearchRange::FAR);
            let backward = SimilarityVolume::around((-global.0, -global.1), &b, &a, SearchRange::FAR);
            assert_eq!(peaks(&forward, Pass::Backward), peaks(&backward, Pass::Forward));
        }
    }

    #[test]
    fn every_processor_version_gives_the_same_bits() {
        let (a, b) = (grid(0.0, 0.0), grid(13.0, -6.0));
        assert_eq!(global_dot(&a, &b, (2, -1)), global_dot_plain(&a, &b, (2, -1)));
        let [mut fast, mut plain] = [(); 2].map(|()| vec![0.0; WINDOW_COLS * WINDOW_ROWS]);
        window_cosines(&a, &b, (-15, 8), &mut fast);
        window_cosines_plain(&a, &b, (-15, 8), &mut plain);
        assert_eq!(fast, plain);
        let volume = SimilarityVolume::around((2, -1), &a, &b, SearchRange::FAR);
        for pass in [Pass::Forward, Pass::Backward] {
            assert_eq!(peaks(&volume, pass), peaks_plain(&volume, pass));
        }
    }
}
