//! Where each block of one HOG grid lies on another.
//!
//! Coarse cells (two by two joined) first: every shift of a window around the one that fits the whole grid best. Then
//! uphill over the fine cells from the best of each block, and the top of a roof below a cell. A block counts when it is found again from the
//! other side and its place stands out. A third of a second of riding makes near things half as large again, in no way like
//! before: pictures that far apart are compared at several sizes, and each block is taken where it is most alike.

use std::ops::Range;

use super::block_dot::{BlockCells, block_dot};
use super::hog_grid::{
    BLOCK, COARSE_COLS, COARSE_ROWS, COLS, FINE_REACH, HogGrid, HogPyramid, Padded, ROWS, SCALES,
};
use crate::dense::BINS;
use crate::dispatch::multiversion;

const BLOCKS: usize = COARSE_COLS * COARSE_ROWS;
/// Mean energy of a cell below which a block shows nothing, in squared steps of [`HogGrid`]: the same share of a
/// typical edge as the flat cells of the static mask.
const MIN_CELL_ENERGY: f32 = 2_300.0;
/// Blocks whose place stands out by less are not looked at more closely: nobody uses them.
pub(super) const MIN_PEAK_MARGIN: f32 = 0.02;
/// Both sides agree when they differ by less, fine cells.
const MAX_DISAGREEMENT: f64 = 1.5;
/// Least similarity of a block between two frames of one recording: a few frames apart, and a step apart, where the ground is
/// seen from another side.
const MIN_SIMILARITY_NEXT: f32 = 0.5;
const MIN_SIMILARITY_STEP: f32 = 0.42;
/// Least distinctness of such a block.
const MIN_PEAK_MARGIN_SAME: f32 = 0.03;
/// A block's place lies this far inside the other grid, fine cells.
const RIM: f64 = 1.5;

/// A block of the first grid found on the second. Fine cells, middles at whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// Number of the block, row by row.
    pub number: usize,
    pub x: f64,
    pub y: f64,
    pub dx: f64,
    pub dy: f64,
    /// Cosine at the place found.
    pub similarity: f32,
    /// How much less the next best place fits, one coarse cell away or more.
    pub peak_margin: f32,
}

impl Block {
    /// On a picture whose things are `times` as large around its middle.
    fn on_resized(self, times: f64) -> Self {
        let moved = |at: f64, by: f64, len: usize| {
            let middle = 0.5 * (len as f64 - 1.0);
            middle + (at + by - middle) * times - at
        };
        Self {
            dx: moved(self.x, self.dx, COLS),
            dy: moved(self.y, self.dy, ROWS),
            ..self
        }
    }
}

/// How the camera moved from one picture to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraMotion {
    /// Along the trail: things look larger in the other.
    Forward,
    /// Against it: smaller.
    Backward,
}

/// Shifts that are tried, coarse cells each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchRange {
    /// Of the whole grid.
    global: (isize, isize),
    /// Of a block around that of the grid.
    dx: isize,
    dy: isize,
    /// How many of [`SCALES`] are tried.
    scales: usize,
}

impl SearchRange {
    /// For places a few frames apart whose pictures may be far from each other; a turned head moves them by 27 degrees.
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

    /// Shift number `index` around `global`.
    fn shift(self, global: (isize, isize), index: usize) -> (isize, isize) {
        let (col, row) = (index % self.across(), index / self.across());
        (
            global.0 + col as isize - self.dx,
            global.1 + row as isize - self.dy,
        )
    }
}

/// Displacement of the blocks of one grid on another.
#[derive(Clone, Debug, Default)]
pub struct BlockMatches {
    pub(super) blocks: Vec<Block>,
    /// Shift of the whole grid, fine cells.
    pub(super) global: [f64; 2],
    /// Similarity from which on a block is clear between two frames of one recording.
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
        let there = Self::there(&from.grid, &to.grid, range);
        there.or_resized(from, to, range, motion)
    }

    /// With the blocks that are found, or are more alike, when the things of the other frame are brought to the size they
    /// have in the first.
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
        for (step, growth) in SCALES.into_iter().enumerate().take(range.scales) {
            let (other, times) = match motion {
                CameraMotion::Forward => (to.smaller(step), growth),
                CameraMotion::Backward => (to.larger(step), 1.0 / growth),
            };
            // What is left to find is what growth does not explain.
            let there = Self::there(&from.grid, other, SearchRange::NEAR);
            for block in there.blocks {
                let known: &mut Option<Block> = &mut best[block.number];
                if known.is_none_or(|known| known.similarity < block.similarity) {
                    *known = Some(block.on_resized(times));
                }
            }
        }
        self.blocks.extend(best.into_iter().flatten());
        self
    }

    /// From `a` to `b` and from `b` to `a`, each block checked against the other side.
    fn both_ways(a: &HogGrid, b: &HogGrid, range: SearchRange) -> [Self; 2] {
        let [there, back] = Found::both_ways(a, b, range);
        [there.agreeing_with(&back), back.agreeing_with(&there)]
    }

    /// Only from `a` to `b`.
    fn there(a: &HogGrid, b: &HogGrid, range: SearchRange) -> Self {
        let [there, back] = Found::both_ways(a, b, range);
        there.agreeing_with(&back)
    }

    /// Blocks that are as clear as they must be between two frames of one recording.
    pub(super) fn reliable(&self) -> impl Iterator<Item = &Block> {
        let clear = |b: &&Block| b.similarity > self.min_similarity && b.peak_margin > MIN_PEAK_MARGIN_SAME;
        self.blocks.iter().filter(clear)
    }

    /// How many blocks are clear between two frames of one recording, and the median of their displacements, fine cells
    /// (0 without any).
    pub fn reliable_motion(&self) -> (usize, f64) {
        let mut moved: Vec<f64> = self.reliable().map(|b| b.dx.hypot(b.dy)).collect();
        moved.sort_unstable_by(f64::total_cmp);
        (moved.len(), moved.get(moved.len() / 2).copied().unwrap_or(0.0))
    }
}

/// All blocks before they are checked.
struct Found {
    blocks: Vec<Option<Block>>,
    global: (isize, isize),
}

impl Found {
    /// From `a` to `b` and from `b` to `a`.
    fn both_ways(a: &HogGrid, b: &HogGrid, range: SearchRange) -> [Self; 2] {
        let global = whole_grid_shift(&a.coarse, &b.coarse, range.global);
        let mut scores = Scores::new(global, range);
        scores.fill(a, b);
        [found(a, b, &scores, Way::There), found(b, a, &scores, Way::Back)]
    }

    fn agreeing_with(&self, back: &Self) -> BlockMatches {
        let agrees = |block: &Block| {
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
        BlockMatches {
            blocks: self
                .blocks
                .iter()
                .flatten()
                .filter(|b| agrees(b))
                .copied()
                .collect(),
            global: [2.0 * self.global.0 as f64, 2.0 * self.global.1 as f64],
            min_similarity: MIN_SIMILARITY_NEXT,
        }
    }
}

/// Direction of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// Places of a window on the first grid: those of its blocks and one more each side, where a window still holds cells.
const WIDE: usize = COARSE_COLS + 2;
const HIGH: usize = COARSE_ROWS + 2;

/// Cosine of each window of coarse cells of one grid with another at every shift. A window there, shifted by so much, is a
/// window back, shifted by as much the other way: one set of scores serves both.
struct Scores {
    /// By shift, row and column.
    values: Vec<f32>,
    global: (isize, isize),
    range: SearchRange,
}

impl Scores {
    fn new(global: (isize, isize), range: SearchRange) -> Self {
        Self {
            values: vec![0.0; range.shifts() * WIDE * HIGH],
            global,
            range,
        }
    }

    fn fill(&mut self, a: &HogGrid, b: &HogGrid) {
        for (index, scores) in self.values.chunks_exact_mut(WIDE * HIGH).enumerate() {
            window_scores(a, b, self.range.shift(self.global, index), scores);
        }
    }

    /// Shift number `index` of a search that way: row by row from the upper left.
    fn shift(&self, way: Way, index: usize) -> (isize, isize) {
        match way {
            Way::There => self.range.shift(self.global, index),
            Way::Back => self.range.shift((-self.global.0, -self.global.1), index),
        }
    }

    /// Scores of a row of blocks at shift number `index`; 0 where nothing is left of a window.
    #[inline(always)]
    fn line(&self, way: Way, index: usize, row: usize) -> [f32; COARSE_COLS] {
        let mut line = [0.0; COARSE_COLS];
        let line_at = |index: usize, row: usize| {
            let at = (index * HIGH + row) * WIDE;
            &self.values[at..at + WIDE]
        };
        if way == Way::There {
            line.copy_from_slice(&line_at(index, row + 1)[1..WIDE - 1]);
            return line;
        }
        let index = self.range.shifts() - 1 - index;
        let (dx, dy) = self.range.shift(self.global, index);
        let from = row as isize - dy + 1;
        if (0..HIGH as isize).contains(&from) {
            let scores = line_at(index, from as usize);
            let columns = (dx - 1).clamp(0, COARSE_COLS as isize)
                ..(dx + WIDE as isize - 1).clamp(0, COARSE_COLS as isize);
            if columns.start < columns.end {
                let first = (columns.start - dx + 1) as usize;
                let (from, to) = (columns.start as usize, columns.end as usize);
                line[from..to].copy_from_slice(&scores[first..first + to - from]);
            }
        }
        line
    }
}

/// The blocks of `a` on `b`.
fn found(a: &HogGrid, b: &HogGrid, scores: &Scores, way: Way) -> Found {
    let ranked = ranked(scores, way);
    let blocks = (0..BLOCKS)
        .map(|block| {
            let peak_margin = ranked.best[block] - ranked.second[block];
            (ranked.best[block] > 0.0 && peak_margin > MIN_PEAK_MARGIN)
                .then(|| {
                    refine(
                        a,
                        b,
                        block,
                        scores.shift(way, ranked.shifts[block] as usize),
                        peak_margin,
                    )
                })
                .flatten()
        })
        .collect();
    let (x, y) = scores.global;
    let global = if way == Way::There { (x, y) } else { (-x, -y) };
    Found { blocks, global }
}

/// Place of a block below a cell, starting at its coarse shift. `None` when it shows nothing or the best place lies
/// at the end of what is tried.
fn refine(a: &HogGrid, b: &HogGrid, block: usize, coarse: (isize, isize), peak_margin: f32) -> Option<Block> {
    let (col, row) = (
        2 * (block % COARSE_COLS) as isize,
        2 * (block / COARSE_COLS) as isize,
    );
    let (left, top) = (col - 2, row - 2);
    if a.fine.window_energy[a.fine.at(left, top)] < MIN_CELL_ENERGY * (BLOCK * BLOCK) as f32 {
        return None;
    }
    let top = fine_top(&a.fine, &b.fine, (left, top), (2 * coarse.0, 2 * coarse.1))?;
    // The top of a roof with equal slopes: cells pooled bilinearly fall off in straight lines, and a parabola would
    // pull places towards whole cells.
    let below = |before: f32, after: f32| {
        let fall = top.score - before.min(after);
        if fall > 1e-6 {
            f64::from(0.5 * (after - before) / fall).clamp(-0.5, 0.5)
        } else {
            0.0
        }
    };
    let [left, right, above, under] = top.beside;
    Some(Block {
        number: block,
        x: col as f64 + 0.5,
        y: row as f64 + 0.5,
        dx: top.shift.0 as f64 + below(left, right),
        dy: top.shift.1 as f64 + below(above, under),
        similarity: top.score,
        peak_margin,
    })
}

/// For each block: its best score, the number of that shift (of equal ones the first), and the best score among the shifts
/// that are not next to it, 0 at least.
#[derive(Debug, PartialEq)]
struct Ranked {
    best: Vec<f32>,
    shifts: Vec<u32>,
    second: Vec<f32>,
}

/// Plain loops over all blocks of a shift: they become vectors.
#[inline(always)]
fn ranked_plain(scores: &Scores, way: Way) -> Ranked {
    let (mut best, mut shifts) = (vec![f32::MIN; BLOCKS], vec![0u32; BLOCKS]);
    for index in 0..scores.range.shifts() {
        for row in 0..COARSE_ROWS {
            let line = scores.line(way, index, row);
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
    let across = scores.range.across() as u32;
    let place = |index: u32| ((index % across) as i32, (index / across) as i32);
    let (columns, rows): (Vec<i32>, Vec<i32>) = shifts.iter().map(|&index| place(index)).unzip();
    let mut second = vec![0.0f32; BLOCKS];
    for index in 0..scores.range.shifts() {
        let (i, j) = place(index as u32);
        for row in 0..COARSE_ROWS {
            let line = scores.line(way, index, row);
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
    Ranked { best, shifts, second }
}

/// The shift at which the whole coarse grids fit best.
fn whole_grid_shift(a: &Padded, b: &Padded, range: (isize, isize)) -> (isize, isize) {
    let mut best = (f32::MIN, (0, 0));
    for dy in -range.1..=range.1 {
        for dx in -range.0..=range.0 {
            let (dot, ours, theirs) = whole_grid(a, b, (dx, dy));
            let cosine = dot as f32 / (ours as f32 * theirs as f32).sqrt().max(1.0);
            if cosine > best.0 {
                best = (cosine, (dx, dy));
            }
        }
    }
    best.1
}

/// Dot product and both energies of what stays on the other grid after a shift.
#[inline(always)]
fn whole_grid_plain(a: &Padded, b: &Padded, (dx, dy): (isize, isize)) -> (i64, i64, i64) {
    let columns = (-dx).max(0)..(COARSE_COLS as isize - dx).min(COARSE_COLS as isize);
    let rows = (-dy).max(0)..(COARSE_ROWS as isize - dy).min(COARSE_ROWS as isize);
    let len = (columns.end - columns.start) as usize;
    let mut dot = 0i64;
    for row in rows.clone() {
        let from = a.at(columns.start, row) * BINS;
        let to = b.at(columns.start + dx, row + dy) * BINS;
        dot += i64::from(dot_of(
            &a.values[from..from + len * BINS],
            &b.values[to..to + len * BINS],
        ));
    }
    let moved = |range: &Range<isize>, by: isize| range.start + by..range.end + by;
    (
        dot,
        a.energy_of(&columns, &rows),
        b.energy_of(&moved(&columns, dx), &moved(&rows, dy)),
    )
}

/// A row of 32 coarse cells: `256 · 960²` = 2.4e8, inside an `i32`.
#[inline(always)]
fn dot_of(a: &[i16], b: &[i16]) -> i32 {
    let mut sum = 0;
    for k in 0..a.len().min(b.len()) {
        sum += i32::from(a[k]) * i32::from(b[k]);
    }
    sum
}

/// Cosine of each window of `a` with `b` at one coarse shift: [`WIDE`] times [`HIGH`].
#[inline(always)]
fn window_scores_plain(a: &HogGrid, b: &HogGrid, (dx, dy): (isize, isize), scores: &mut [f32]) {
    // Two rows and columns of zeros around, so that no window needs a border.
    const LINE: usize = WIDE + 2;
    let (ours, theirs) = (&a.coarse, &b.coarse);
    let stride = ours.stride();
    let mut products = [0.0f32; LINE * (HIGH + 2)];
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
    for row in 0..HIGH {
        // A window begins one cell before its place, and places begin one cell before the grid.
        let from = ours.at(-2, row as isize - 2);
        let to = theirs.at(dx - 2, row as isize + dy - 2);
        let scale = &ours.window_scale[from..from + WIDE];
        let other = &theirs.window_scale[to..to + WIDE];
        let at = row * LINE;
        let above = &products[at..at + LINE];
        let here = &products[at + LINE..at + 2 * LINE];
        let below = &products[at + 2 * LINE..at + 3 * LINE];
        let mut columns = [0.0f32; LINE];
        for col in 0..LINE {
            columns[col] = above[col] + here[col] + below[col];
        }
        let scores = &mut scores[row * WIDE..(row + 1) * WIDE];
        for col in 0..WIDE {
            let dot = columns[col] + columns[col + 1] + columns[col + 2];
            scores[col] = dot * (scale[col] * other[col]);
        }
    }
}

/// The best place of a block: its shift, its cosine, and those one cell to the left, right, above and below.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Top {
    shift: (isize, isize),
    score: f32,
    beside: [f32; 4],
}

/// The cells of a block whose upper left one is `corner`.
fn block_of(grid: &Padded, (left, top): (isize, isize)) -> BlockCells {
    let mut block = [0; size_of::<BlockCells>() / size_of::<i16>()];
    for (row, line) in block.chunks_exact_mut(BLOCK * BINS).enumerate() {
        let from = grid.at(left, top + row as isize) * BINS;
        line.copy_from_slice(&grid.values[from..from + BLOCK * BINS]);
    }
    block
}

/// Cosine of a block, one over whose length is `scale`, with that of a grid.
fn fine_score(block: &BlockCells, scale: f32, grid: &Padded, place: (isize, isize)) -> f32 {
    let at = grid.at(place.0, place.1);
    let dot = block_dot(block, &grid.values, at * BINS, grid.stride() * BINS);
    dot as f32 * (scale * grid.window_scale[at])
}

/// Uphill from `start`, one cell at a time. `None` when the way leads farther than [`FINE_REACH`].
fn fine_top(a: &Padded, b: &Padded, corner: (isize, isize), start: (isize, isize)) -> Option<Top> {
    // Each with the step back beside it.
    const STEPS: [(isize, isize); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];
    let (block, scale) = (block_of(a, corner), a.window_scale[a.at(corner.0, corner.1)]);
    let mut shift = start;
    let mut score = fine_score(&block, scale, b, (corner.0 + shift.0, corner.1 + shift.1));
    let mut behind = None;
    while (shift.0 - start.0).abs() < FINE_REACH && (shift.1 - start.1).abs() < FINE_REACH {
        let (mut beside, mut best) = ([0.0; STEPS.len()], 0);
        for (k, (dx, dy)) in STEPS.into_iter().enumerate() {
            let place = (corner.0 + shift.0 + dx, corner.1 + shift.1 + dy);
            beside[k] = match behind {
                Some((step, score)) if step == k => score,
                _ => fine_score(&block, scale, b, place),
            };
            if beside[k] > beside[best] {
                best = k;
            }
        }
        if beside[best] <= score {
            return Some(Top { shift, score, beside });
        }
        behind = Some((best ^ 1, score));
        shift = (shift.0 + STEPS[best].0, shift.1 + STEPS[best].1);
        score = beside[best];
    }
    None
}

multiversion! {
    fn whole_grid(a: &Padded, b: &Padded, shift: (isize, isize)) -> (i64, i64, i64) = whole_grid_plain;
}

multiversion! {
    fn window_scores(a: &HogGrid, b: &HogGrid, shift: (isize, isize), scores: &mut [f32]) = window_scores_plain;
}

multiversion! {
    fn ranked(scores: &Scores, way: Way) -> Ranked = ranked_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::LumaView;
    use crate::mask::MASK_LEN;
    use crate::structure::tests::textured;
    use crate::structure::{HogExtractor, HogMean, HogSum};

    fn packed(dx: f64, dy: f64) -> Vec<u8> {
        let picture = textured(640, 360, dx, dy);
        HogExtractor::default().describe(&LumaView::new(640, 360, &picture).unwrap())
    }

    /// Of a recording that also shows other places.
    fn mean() -> HogMean {
        let mut sum = HogSum::default();
        (1..6).for_each(|k| sum.add(&packed(997.0 * f64::from(k), -731.0 * f64::from(k))));
        sum.mean()
    }

    fn grid(dx: f64, dy: f64) -> HogGrid {
        HogGrid::new(&packed(dx, dy), &mean(), &[1; MASK_LEN]).unwrap()
    }

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
            let error = |of: fn(&Block) -> f64, is: f64| {
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
        let right = |b: &&Block| {
            let still = Block {
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
        let blank = HogGrid::new(&[0; crate::structure::HOG_GRID_LEN], &mean, &[1; MASK_LEN]).unwrap();
        assert!(
            BlockMatches::both_ways(&blank, &grid(0.0, 0.0), SearchRange::FAR)[0]
                .blocks
                .is_empty()
        );
    }

    #[test]
    fn scores_there_are_those_of_the_search_back() {
        let (a, b) = (grid(0.0, 0.0), grid(31.0, -12.0));
        for global in [(3, -1), (-9, 4), (9, -4)] {
            let mut there = Scores::new(global, SearchRange::FAR);
            there.fill(&a, &b);
            let mut back = Scores::new((-global.0, -global.1), SearchRange::FAR);
            back.fill(&b, &a);
            assert_eq!(ranked(&there, Way::Back), ranked(&back, Way::There));
        }
    }

    #[test]
    fn every_processor_version_gives_the_same_bits() {
        let (a, b) = (grid(0.0, 0.0), grid(13.0, -6.0));
        assert_eq!(
            whole_grid(&a.coarse, &b.coarse, (2, -1)),
            whole_grid_plain(&a.coarse, &b.coarse, (2, -1))
        );
        let (mut fast, mut plain) = (vec![0.0; WIDE * HIGH], vec![0.0; WIDE * HIGH]);
        window_scores(&a, &b, (-15, 8), &mut fast);
        window_scores_plain(&a, &b, (-15, 8), &mut plain);
        assert_eq!(fast, plain);
        let mut scores = Scores::new((2, -1), SearchRange::FAR);
        scores.fill(&a, &b);
        for way in [Way::There, Way::Back] {
            assert_eq!(ranked(&scores, way), ranked_plain(&scores, way));
        }
    }

    #[test]
    fn the_farthest_places_of_a_block_lie_inside_the_margin() {
        let (a, b) = (grid(0.0, 0.0), grid(13.0, -6.0));
        for (corner, start) in [
            ((-2, -2), (-2, -2)),
            ((60, 32), (2, 2)),
            ((-2, -2), (64, 36)),
            ((60, 32), (-64, -36)),
        ] {
            if let Some(top) = fine_top(&a.fine, &b.fine, corner, start) {
                assert!(top.score >= top.beside.into_iter().fold(0.0, f32::max));
            }
        }
    }
}
