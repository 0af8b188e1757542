//! `g(x) = h(c + (x - c) / s)`: a HOG grid at several sizes `s` around its middle `c`, bilinear, in whole
//! numbers.
//!
//! Blocks are matched at the sizes of [`crate::tuning::SCALES`] as well (a feature pyramid, as for parts of
//! different size in Felzenszwalb et al., PAMI 2010). Each size is prepared when it is first asked for.

use std::cell::OnceCell;

use super::hog_grid::{COLS, HOG_GRID_LEN, HogGrid, ROWS};
use super::padded_grid::PaddedGrid;
use crate::dispatch::multiversion;
use crate::orientation_grid::BINS;
use crate::tuning::SCALES;

/// How the camera moved from one picture to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraMotion {
    /// Along the trail: things look larger in the other.
    Forward,
    /// Against it: smaller.
    Backward,
}

/// A frame at several sizes.
#[derive(Debug)]
pub struct HogPyramid {
    pub(super) grid: HogGrid,
    /// By motion and step of [`SCALES`].
    resized: [[OnceCell<HogGrid>; SCALES.len()]; 2],
}

impl HogPyramid {
    /// Of a frame as it was seen.
    pub fn new(grid: HogGrid) -> Self {
        Self {
            grid,
            resized: Default::default(),
        }
    }

    /// With the growth of step number `step` by a motion towards it undone, and that growth.
    pub(super) fn compensated(&self, motion: CameraMotion, step: usize) -> (&HogGrid, f64) {
        let (growth, scale) = match motion {
            CameraMotion::Forward => (SCALES[step], 1.0 / SCALES[step]),
            CameraMotion::Backward => (1.0 / SCALES[step], SCALES[step]),
        };
        let cell = &self.resized[motion as usize][step];
        (cell.get_or_init(|| resized(&self.grid, scale)), growth)
    }
}

/// A grid `scale` times as large around the middle of the picture; zeros where nothing was seen.
fn resized(grid: &HogGrid, scale: f64) -> HogGrid {
    let mut fine = vec![0i16; 2 * HOG_GRID_LEN];
    resize(
        &grid.fine,
        &CellTap::line(COLS, scale),
        &CellTap::line(ROWS, scale),
        &mut fine,
    );
    HogGrid::of(&fine)
}

/// Whole-number steps of a share of a cell.
const SHARES: i32 = 64;

/// Where a cell of a line that was made longer or shorter around its middle comes from.
#[derive(Clone, Copy, Debug)]
struct CellTap {
    /// The cell before that place, and how much of it is in the one after, in [`SHARES`].
    first: isize,
    next_share: i32,
}

impl CellTap {
    /// Of each of `len` cells of a line made `scale` times as long, `None` where it ended.
    fn line(len: usize, scale: f64) -> Vec<Option<Self>> {
        let middle = 0.5 * (len as f64 - 1.0);
        let source = |cell: usize| {
            let from = middle + (cell as f64 - middle) / scale;
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
fn resize_plain(from: &PaddedGrid, columns: &[Option<CellTap>], rows: &[Option<CellTap>], out: &mut [i16]) {
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
    fn resize(from: &PaddedGrid, columns: &[Option<CellTap>], rows: &[Option<CellTap>], out: &mut [i16]) = resize_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::LumaView;
    use crate::mask::MASK_LEN;
    use crate::structure::tests::textured;
    use crate::structure::{HogExtractor, HogSum};

    #[test]
    fn resizing_is_alike_on_every_processor() {
        let packed = HogExtractor::default()
            .describe(&LumaView::new(640, 360, &textured(640, 360, 0.0, 0.0)).unwrap());
        let mut sum = HogSum::default();
        sum.add(&vec![0; HOG_GRID_LEN]);
        sum.add(&packed);
        let grid = HogGrid::new(&packed, &sum.mean(), &[1; MASK_LEN]).unwrap();
        for times in [1.5, 1.0 / 1.5] {
            let (columns, rows) = (CellTap::line(COLS, times), CellTap::line(ROWS, times));
            let (mut fast, mut plain) = (vec![0; 2 * HOG_GRID_LEN], vec![0; 2 * HOG_GRID_LEN]);
            resize(&grid.fine, &columns, &rows, &mut fast);
            resize_plain(&grid.fine, &columns, &rows, &mut plain);
            assert_eq!(fast, plain);
            // A corner of the larger grid lies inside the smaller one's, and the other way round there is
            // nothing.
            let seen = fast[..BINS].iter().any(|&v| v != 0);
            assert_eq!(seen, times > 1.0);
        }
        let same = resized(&grid, 1.0);
        assert_eq!(same.fine.values, grid.fine.values);
    }
}
