//! `d_k = argmax_d c(k, d)`: where each of 18×32 blocks `k` of one HOG grid lies on another, by block
//! matching with a forward-backward check.
//!
//! 1. Full search over coarse cells (two by two fine ones) around the shift at which the whole grids are most
//!    alike (`block_search`), then hill climbing over fine cells and interpolation below a cell
//!    (`hill_climb`).
//! 2. A block counts when the backward match leads back to it, and when no place but the neighbours of the
//!    peak is nearly as similar (peak margin, the uniqueness check of stereo matching).
//! 3. Frames a third of a second of riding apart are also compared at other sizes ([`HogPyramid`]): near
//!    things are half as large again there. Each block is taken at the size at which it is most similar.

use super::block_search::{BLOCKS, Pass, SearchRange, SimilarityVolume, peaks};
use super::hill_climb::hill_climb;
use super::hog_grid::{BLOCK, COARSE_COLS, COARSE_ROWS, COLS, HogGrid, ROWS};
use super::hog_pyramid::{CameraMotion, HogPyramid};
use crate::tuning::{
    MAX_DISAGREEMENT, MIN_CELL_ENERGY, MIN_PEAK_MARGIN, MIN_PEAK_MARGIN_SAME, MIN_SIMILARITY_NEXT,
    MIN_SIMILARITY_STEP, RIM,
};

/// A block of the first grid found on the second. Fine cells, middles at whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BlockMatch {
    /// Number of the block, row by row.
    pub number: usize,
    pub x: f64,
    pub y: f64,
    pub dx: f64,
    pub dy: f64,
    /// Cosine at the place found.
    pub similarity: f32,
    /// How much larger the coarse cosine is than the next best, one coarse cell away or more.
    pub peak_margin: f32,
}

impl BlockMatch {
    /// On a picture whose things are `scale` times as large around its middle.
    fn on_resized(self, scale: f64) -> Self {
        let moved = |at: f64, by: f64, len: usize| {
            let middle = 0.5 * (len as f64 - 1.0);
            middle + (at + by - middle) * scale - at
        };
        Self {
            dx: moved(self.x, self.dx, COLS),
            dy: moved(self.y, self.dy, ROWS),
            ..self
        }
    }
}

/// Displacement of the blocks of one grid on another.
#[derive(Clone, Debug, Default)]
pub struct BlockMatches {
    /// In order of their numbers, none twice.
    pub(super) blocks: Vec<BlockMatch>,
    /// Shift of the whole grid, fine cells.
    pub(super) global: [f64; 2],
    /// Cosine from which on a block is reliable between two frames of one recording.
    pub(super) min_similarity: f32,
}

impl BlockMatches {
    /// From the earlier to the later of two frames of a ride, and back.
    pub fn between(earlier: &HogPyramid, later: &HogPyramid, range: SearchRange) -> [Self; 2] {
        let [there, back] = Self::both_ways(&earlier.grid, &later.grid, range);
        [
            there.or_resized(earlier, later, range, CameraMotion::Forward),
            back.or_resized(later, earlier, range, CameraMotion::Backward),
        ]
    }

    /// From a frame to one that was taken ahead of it or behind it.
    pub fn onto(from: &HogPyramid, to: &HogPyramid, range: SearchRange, motion: CameraMotion) -> Self {
        let [there, _] = Self::both_ways(&from.grid, &to.grid, range);
        there.or_resized(from, to, range, motion)
    }

    /// With the blocks that are found, or are more similar, when the things of the other frame are brought to
    /// the size they have in the first.
    fn or_resized(
        mut self,
        from: &HogPyramid,
        to: &HogPyramid,
        range: SearchRange,
        motion: CameraMotion,
    ) -> Self {
        if range.scales == 0 {
            return self;
        }
        self.min_similarity = MIN_SIMILARITY_STEP;
        let mut best = vec![None; BLOCKS];
        for block in self.blocks.drain(..) {
            best[block.number] = Some(block);
        }
        for step in 0..range.scales {
            let (other, scale) = to.compensated(motion, step);
            // What is left to find is what scale does not explain.
            let [there, _] = Self::both_ways(&from.grid, other, SearchRange::NEAR);
            for block in there.blocks {
                let known: &mut Option<BlockMatch> = &mut best[block.number];
                if known.is_none_or(|known| known.similarity < block.similarity) {
                    *known = Some(block.on_resized(scale));
                }
            }
        }
        self.blocks.extend(best.into_iter().flatten());
        self
    }

    /// From `a` to `b` and from `b` to `a`, each block checked against the other pass.
    fn both_ways(a: &HogGrid, b: &HogGrid, range: SearchRange) -> [Self; 2] {
        let volume = SimilarityVolume::new(a, b, range);
        let there = Unchecked::pass(a, b, &volume, Pass::Forward);
        let back = Unchecked::pass(b, a, &volume, Pass::Backward);
        [there.consistent_with(&back), back.consistent_with(&there)]
    }

    /// Blocks that are as similar and stand out as much as they must between two frames of one recording.
    pub(super) fn reliable(&self) -> impl Iterator<Item = &BlockMatch> {
        let reliable =
            |b: &&BlockMatch| b.similarity > self.min_similarity && b.peak_margin > MIN_PEAK_MARGIN_SAME;
        self.blocks.iter().filter(reliable)
    }

    /// How many blocks are reliable between two frames of one recording, and the median length of their
    /// displacements, fine cells (0 without any).
    pub fn reliable_motion(&self) -> (usize, f64) {
        let mut moved: Vec<f64> = self.reliable().map(|b| b.dx.hypot(b.dy)).collect();
        moved.sort_unstable_by(f64::total_cmp);
        (moved.len(), moved.get(moved.len() / 2).copied().unwrap_or(0.0))
    }
}

/// All blocks of one pass before the forward-backward check, by their numbers.
struct Unchecked {
    blocks: Vec<Option<BlockMatch>>,
    global: [f64; 2],
}

impl Unchecked {
    fn pass(from: &HogGrid, to: &HogGrid, volume: &SimilarityVolume, pass: Pass) -> Self {
        let peaks = peaks(volume, pass);
        let blocks = (0..BLOCKS)
            .map(|block| {
                let margin = peaks.best[block] - peaks.second[block];
                let shift = volume.shift(pass, peaks.shifts[block] as usize);
                (peaks.best[block] > 0.0 && margin > MIN_PEAK_MARGIN)
                    .then(|| refine(from, to, block, shift, margin))
                    .flatten()
            })
            .collect();
        let (x, y) = volume.global(pass);
        Self {
            blocks,
            global: [2.0 * x as f64, 2.0 * y as f64],
        }
    }

    fn consistent_with(&self, back: &Self) -> BlockMatches {
        let agrees = |block: &BlockMatch| {
            let (x, y) = (block.x + block.dx, block.y + block.dy);
            let inside = |v: f64, len: usize| {
                (RIM..=len as f64 - 1.0 - RIM)
                    .contains(&v)
                    .then_some(0.5 * (v - 0.5))
            };
            let (Some(col), Some(row)) = (inside(x, COLS), inside(y, ROWS)) else {
                return false;
            };
            let nearest = (row.round() as usize).min(COARSE_ROWS - 1) * COARSE_COLS
                + (col.round() as usize).min(COARSE_COLS - 1);
            back.blocks[nearest].is_some_and(|other| {
                let (dx, dy) = (block.dx + other.dx, block.dy + other.dy);
                dx * dx + dy * dy < MAX_DISAGREEMENT * MAX_DISAGREEMENT
            })
        };
        let blocks = self.blocks.iter().flatten().filter(|b| agrees(b));
        BlockMatches {
            blocks: blocks.copied().collect(),
            global: self.global,
            min_similarity: MIN_SIMILARITY_NEXT,
        }
    }
}

/// Place of a block below a cell, starting at its coarse shift. `None` when it shows nothing or the best
/// place lies at the end of what is tried.
fn refine(
    a: &HogGrid,
    b: &HogGrid,
    block: usize,
    coarse: (isize, isize),
    peak_margin: f32,
) -> Option<BlockMatch> {
    let (col, row) = (
        2 * (block % COARSE_COLS) as isize,
        2 * (block / COARSE_COLS) as isize,
    );
    let corner = (col - 2, row - 2);
    if a.fine.window_energy[a.fine.at(corner.0, corner.1)] < MIN_CELL_ENERGY * (BLOCK * BLOCK) as f32 {
        return None;
    }
    let peak = hill_climb(&a.fine, &b.fine, corner, (2 * coarse.0, 2 * coarse.1))?;
    let (dx, dy) = peak.interpolated();
    Some(BlockMatch {
        number: block,
        x: col as f64 + 0.5,
        y: row as f64 + 0.5,
        dx,
        dy,
        similarity: peak.cosine,
        peak_margin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::LumaView;
    use crate::mask::MASK_LEN;
    use crate::structure::tests::{grid, mean, textured};
    use crate::structure::{HOG_GRID_LEN, HogExtractor, HogSum};

    #[test]
    fn finds_a_shift_far_below_a_cell() {
        // Cells of a 640-pixel picture are ten pixels wide.
        for (dx, dy) in [(23.0, -8.0), (-71.0, 30.0), (4.0, 3.0)] {
            let [there, back] = BlockMatches::both_ways(&grid(0.0, 0.0), &grid(dx, dy), SearchRange::FAR);
            assert!(
                there.blocks.len() > 100 && back.blocks.len() > 100,
                "{}",
                there.blocks.len()
            );
            let error = |of: fn(&BlockMatch) -> f64, is: f64| {
                let mut away: Vec<f64> = there.blocks.iter().map(|b| (of(b) - is).abs()).collect();
                away.sort_by(f64::total_cmp);
                away[away.len() / 2]
            };
            assert!(
                error(|b| b.dx, dx / 10.0) < 0.15,
                "{dx} {}",
                error(|b| b.dx, dx / 10.0)
            );
            assert!(
                error(|b| b.dy, dy / 10.0) < 0.15,
                "{dy} {}",
                error(|b| b.dy, dy / 10.0)
            );
        }
    }

    /// A picture, and the same things `times` as large around the middle.
    fn grown(times: f64) -> [HogPyramid; 2] {
        let (width, height) = (640, 360);
        let first = textured(width, height, 0.0, 0.0);
        let middle = (0.5 * (width - 1) as f64, 0.5 * (height - 1) as f64);
        let second: Vec<u8> = (0..width * height)
            .map(|i| {
                let from = |at: usize, middle: f64| (middle + (at as f64 - middle) / times).round() as usize;
                first[from(i / width, middle.1) * width + from(i % width, middle.0)]
            })
            .collect();
        let mean = mean();
        [first, second].map(|picture| {
            let packed = HogExtractor::default().describe(&LumaView::new(width, height, &picture).unwrap());
            HogPyramid::new(HogGrid::new(&packed, &mean, &[1; MASK_LEN]).unwrap())
        })
    }

    /// Blocks that lie where a picture `times` as large has them, and all that were found.
    fn right(matches: &BlockMatches, times: f64) -> (usize, usize) {
        let right = |b: &&BlockMatch| {
            let still = BlockMatch {
                dx: 0.0,
                dy: 0.0,
                ..**b
            };
            let is = still.on_resized(times);
            (b.dx - is.dx).hypot(b.dy - is.dy) < 0.5
        };
        (matches.blocks.iter().filter(right).count(), matches.blocks.len())
    }

    #[test]
    fn things_half_as_large_again_are_found_at_their_size() {
        let times = 1.5;
        let [a, b] = grown(times);
        let plain = BlockMatches::between(&a, &b, SearchRange::FAR);
        let sized = BlockMatches::between(&a, &b, SearchRange::STEP);
        for (k, times) in [times, 1.0 / times].into_iter().enumerate() {
            let ((before, _), (after, all)) = (right(&plain[k], times), right(&sized[k], times));
            assert!(
                after > 2 * before && after > 150,
                "{after} of {all}, {before} at one size"
            );
            assert!(3 * after > 2 * all, "{after} of {all} are right");
        }
    }

    #[test]
    fn blank_pictures_have_no_blocks() {
        let mean = HogSum::default().mean();
        let blank = HogGrid::new(&[0; HOG_GRID_LEN], &mean, &[1; MASK_LEN]).unwrap();
        assert!(
            BlockMatches::both_ways(&blank, &grid(0.0, 0.0), SearchRange::FAR)[0]
                .blocks
                .is_empty()
        );
    }
}
