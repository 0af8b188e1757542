//! `argmax_d ⟨a_w, b_{w+d}⟩ / (|a_w| |b_{w+d}|)` over fine cells by steepest ascent from a coarse shift, then
//! below a cell by equiangular line fitting (Shimizu and Okutomi, ICCV 2001).
//!
//! Cells pooled bilinearly make peaks whose sides fall in straight lines of equal slope. A parabola would
//! pull places towards whole cells.

use super::block_dot::{BlockCells, block_dot};
use super::block_search::Shift;
use super::hog_grid::BLOCK;
use super::padded_grid::PaddedGrid;
use crate::orientation_grid::BINS;
use crate::tuning::CLIMB_RANGE;

/// The best place of a block: its shift, its cosine, and those one cell to the left, right, above and below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BlockPeak {
    shift: Shift,
    pub cosine: f32,
    beside: [f32; 4],
}

impl BlockPeak {
    /// The shift in fine cells and their parts.
    pub fn interpolated(&self) -> (f64, f64) {
        let part = |before: f32, after: f32| {
            let fall = self.cosine - before.min(after);
            if fall > 1e-6 {
                f64::from(0.5 * (after - before) / fall).clamp(-0.5, 0.5)
            } else {
                0.0
            }
        };
        let [left, right, above, below] = self.beside;
        (
            self.shift.0 as f64 + part(left, right),
            self.shift.1 as f64 + part(above, below),
        )
    }
}

/// The cells of a block whose upper left one is `corner`.
fn block_of(grid: &PaddedGrid, (left, top): (isize, isize)) -> BlockCells {
    let mut block = [0; size_of::<BlockCells>() / size_of::<i16>()];
    for (row, line) in block.chunks_exact_mut(BLOCK * BINS).enumerate() {
        let from = grid.at(left, top + row as isize) * BINS;
        line.copy_from_slice(&grid.values[from..from + BLOCK * BINS]);
    }
    block
}

/// Cosine of a block, one over whose length is `scale`, with that of a grid.
fn cosine(block: &BlockCells, scale: f32, grid: &PaddedGrid, place: (isize, isize)) -> f32 {
    let at = grid.at(place.0, place.1);
    let dot = block_dot(block, &grid.values, at * BINS, grid.stride() * BINS);
    dot as f32 * (scale * grid.window_scale[at])
}

/// Uphill from `start`, one cell at a time, for the block of `a` at `corner`. `None` when the way leads
/// farther than [`CLIMB_RANGE`].
pub(super) fn hill_climb(
    a: &PaddedGrid,
    b: &PaddedGrid,
    corner: (isize, isize),
    start: Shift,
) -> Option<BlockPeak> {
    // Each with the step back beside it.
    const STEPS: [Shift; 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];
    let (block, scale) = (block_of(a, corner), a.window_scale[a.at(corner.0, corner.1)]);
    let mut shift = start;
    let mut best = cosine(&block, scale, b, (corner.0 + shift.0, corner.1 + shift.1));
    let mut behind = None;
    while (shift.0 - start.0).abs() < CLIMB_RANGE && (shift.1 - start.1).abs() < CLIMB_RANGE {
        let (mut beside, mut steepest) = ([0.0; STEPS.len()], 0);
        for (k, (dx, dy)) in STEPS.into_iter().enumerate() {
            let place = (corner.0 + shift.0 + dx, corner.1 + shift.1 + dy);
            beside[k] = match behind {
                Some((step, known)) if step == k => known,
                _ => cosine(&block, scale, b, place),
            };
            if beside[k] > beside[steepest] {
                steepest = k;
            }
        }
        if beside[steepest] <= best {
            return Some(BlockPeak {
                shift,
                cosine: best,
                beside,
            });
        }
        behind = Some((steepest ^ 1, best));
        shift = (shift.0 + STEPS[steepest].0, shift.1 + STEPS[steepest].1);
        best = beside[steepest];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::tests::grid;

    #[test]
    fn the_farthest_places_of_a_block_lie_inside_the_margin() {
        let (a, b) = (grid(0.0, 0.0), grid(13.0, -6.0));
        for (corner, start) in [
            ((-2, -2), (-2, -2)),
            ((60, 32), (2, 2)),
            ((-2, -2), (64, 36)),
            ((60, 32), (-64, -36)),
        ] {
            if let Some(peak) = hill_climb(&a.fine, &b.fine, corner, start) {
                assert!(peak.cosine >= peak.beside.into_iter().fold(0.0, f32::max));
            }
        }
    }
}
