//! Where each block of one detail grid lies on another.
//!
//! Coarse cells (two by two joined) first: every shift of a window around the one that fits the whole grid best. Then
//! uphill over the fine cells from the best of each block, and the top of a roof below a cell. A block counts when it is found again from the
//! other side and its place stands out.

use super::detail::{BLOCK, COARSE_COLS, COARSE_ROWS, COLS, DetailGrid, Padded, ROWS};
use crate::dense::BINS;
use crate::dispatch::multiversion;

/// Fine cells each way from twice the coarse shift at which the search uphill gives up.
const FINE_REACH: isize = 2;
const BLOCKS: usize = COARSE_COLS * COARSE_ROWS;
/// Mean energy of a cell below which a block shows nothing, in squared steps of [`DetailGrid`]: the same share of a
/// typical edge as the flat cells of the static mask.
const MIN_CELL_ENERGY: f32 = 2_300.0;
/// Blocks whose place stands out by less are not looked at more closely: nobody uses them.
pub(super) const MIN_DISTINCT: f32 = 0.02;
/// Both sides agree when they differ by less, fine cells.
const MAX_DISAGREEMENT: f64 = 1.5;
/// Least likeness and distinctness of a block between two frames of one recording.
const MIN_LIKENESS_SAME: f32 = 0.5;
const MIN_DISTINCT_SAME: f32 = 0.03;
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
    pub likeness: f32,
    /// How much less the next best place fits, one coarse cell away or more.
    pub distinct: f32,
}

/// Shifts that are tried, coarse cells each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Of the whole grid.
    global: (isize, isize),
    /// Of a block around that of the grid.
    dx: isize,
    dy: isize,
}

impl Reach {
    /// For places up to about a second of riding apart; a turned head moves the picture by 27 degrees.
    pub const FAR: Self = Self {
        global: (9, 4),
        dx: 6,
        dy: 4,
    };
    /// For places a few frames apart.
    pub const NEAR: Self = Self {
        global: (9, 4),
        dx: 3,
        dy: 2,
    };
    /// For frames of one recording a few frames apart.
    pub const NEXT: Self = Self {
        global: (4, 2),
        dx: 3,
        dy: 2,
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
pub struct Flow {
    pub(super) blocks: Vec<Block>,
    /// Shift of the whole grid, fine cells.
    pub(super) global: [f64; 2],
}

impl Flow {
    /// From `a` to `b` and from `b` to `a`, each block checked against the other side.
    pub fn both_ways(a: &DetailGrid, b: &DetailGrid, reach: Reach) -> [Self; 2] {
        let search = |a, b| Search { a, b, reach }.run();
        let (there, back) = (search(a, b), search(b, a));
        [there.agreeing_with(&back), back.agreeing_with(&there)]
    }

    /// Blocks that are as clear as they must be between two frames of one recording.
    pub(super) fn clear(&self) -> impl Iterator<Item = &Block> {
        let clear = |b: &&Block| b.likeness > MIN_LIKENESS_SAME && b.distinct > MIN_DISTINCT_SAME;
        self.blocks.iter().filter(clear)
    }

    /// How many blocks are clear between two frames of one recording, and the median of their displacements, fine cells
    /// (0 without any).
    pub fn clear_motion(&self) -> (usize, f64) {
        let mut moved: Vec<f64> = self.clear().map(|b| b.dx.hypot(b.dy)).collect();
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
    fn agreeing_with(&self, back: &Self) -> Flow {
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
            back.blocks[nearest]
                .is_some_and(|other| (block.dx + other.dx).hypot(block.dy + other.dy) < MAX_DISAGREEMENT)
        };
        Flow {
            blocks: self
                .blocks
                .iter()
                .flatten()
                .filter(|b| agrees(b))
                .copied()
                .collect(),
            global: [2.0 * self.global.0 as f64, 2.0 * self.global.1 as f64],
        }
    }
}

struct Search<'a> {
    a: &'a DetailGrid,
    b: &'a DetailGrid,
    reach: Reach,
}

impl Search<'_> {
    fn run(&self) -> Found {
        let global = whole_grid_shift(&self.a.coarse, &self.b.coarse, self.reach.global);
        let mut scores = vec![0.0f32; self.reach.shifts() * BLOCKS];
        for (index, scores) in scores.chunks_exact_mut(BLOCKS).enumerate() {
            block_scores(self.a, self.b, self.reach.shift(global, index), scores);
        }
        let (best, shifts) = best_shifts(&scores);
        let second = second_best(&scores, &shifts, self.reach.across() as u32);
        let blocks = (0..BLOCKS)
            .map(|block| {
                let distinct = best[block] - second[block];
                (best[block] > 0.0 && distinct > MIN_DISTINCT)
                    .then(|| self.refine(block, self.reach.shift(global, shifts[block] as usize), distinct))
                    .flatten()
            })
            .collect();
        Found { blocks, global }
    }

    /// Place of a block below a cell, starting at its coarse shift. `None` when it shows nothing or the best place lies
    /// at the end of what is tried.
    fn refine(&self, block: usize, coarse: (isize, isize), distinct: f32) -> Option<Block> {
        let (col, row) = (
            2 * (block % COARSE_COLS) as isize,
            2 * (block / COARSE_COLS) as isize,
        );
        let (left, top) = (col - 2, row - 2);
        if self.a.fine.window_energy[self.a.fine.at(left, top)] < MIN_CELL_ENERGY * (BLOCK * BLOCK) as f32 {
            return None;
        }
        let top = fine_top(
            &self.a.fine,
            &self.b.fine,
            (left, top),
            (2 * coarse.0, 2 * coarse.1),
        )?;
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
            likeness: top.score,
            distinct,
        })
    }
}

/// Best score of each block and the number of its shift; of equal ones the first. Plain loops over all blocks of a shift:
/// they become vectors.
fn best_shifts(scores: &[f32]) -> (Vec<f32>, Vec<u32>) {
    let (mut best, mut shifts) = (vec![f32::MIN; BLOCKS], vec![0u32; BLOCKS]);
    for (index, scores) in scores.chunks_exact(BLOCKS).enumerate() {
        for ((best, shift), &score) in best.iter_mut().zip(&mut shifts).zip(scores) {
            let better = score > *best;
            *shift = if better { index as u32 } else { *shift };
            *best = if better { score } else { *best };
        }
    }
    (best, shifts)
}

/// Best score of each block among the shifts that are not next to its best; 0 at least.
fn second_best(scores: &[f32], shifts: &[u32], across: u32) -> Vec<f32> {
    let place = |index: u32| ((index % across) as i32, (index / across) as i32);
    let (columns, rows): (Vec<i32>, Vec<i32>) = shifts.iter().map(|&index| place(index)).unzip();
    let mut second = vec![0.0f32; BLOCKS];
    for (index, scores) in scores.chunks_exact(BLOCKS).enumerate() {
        let (i, j) = place(index as u32);
        let places = columns.iter().zip(&rows);
        for ((second, &score), (&x, &y)) in second.iter_mut().zip(scores).zip(places) {
            let apart = ((i - x).abs() > 1) | ((j - y).abs() > 1);
            let better = apart & (score > *second);
            *second = if better { score } else { *second };
        }
    }
    second
}

/// The shift at which the whole coarse grids fit best.
fn whole_grid_shift(a: &Padded, b: &Padded, reach: (isize, isize)) -> (isize, isize) {
    let mut best = (f32::MIN, (0, 0));
    for dy in -reach.1..=reach.1 {
        for dx in -reach.0..=reach.0 {
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
    let (mut dot, mut ours, mut theirs) = (0i64, 0i64, 0i64);
    let columns = (-dx).max(0)..(COARSE_COLS as isize - dx).min(COARSE_COLS as isize);
    for row in (-dy).max(0)..(COARSE_ROWS as isize - dy).min(COARSE_ROWS as isize) {
        let from = a.at(columns.start, row);
        let to = b.at(columns.start + dx, row + dy);
        let len = (columns.end - columns.start) as usize;
        dot += i64::from(dot_of(
            &a.values[from * BINS..(from + len) * BINS],
            &b.values[to * BINS..(to + len) * BINS],
        ));
        for k in 0..len {
            ours += i64::from(a.energy[from + k]);
            theirs += i64::from(b.energy[to + k]);
        }
    }
    (dot, ours, theirs)
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

/// Cosine of each block of `a` with `b` at one coarse shift.
#[inline(always)]
fn block_scores_plain(a: &DetailGrid, b: &DetailGrid, (dx, dy): (isize, isize), scores: &mut [f32]) {
    // One row and column of zeros around, so that the window needs no border.
    const WIDE: usize = COARSE_COLS + 2;
    let (ours, theirs) = (&a.coarse, &b.coarse);
    let stride = ours.stride();
    let mut products = [0i32; WIDE * (COARSE_ROWS + 2)];
    for row in 0..COARSE_ROWS {
        let from = ours.plane_at(0, row as isize);
        let to = theirs.plane_at(dx, row as isize + dy);
        let sums = &mut products[(row + 1) * WIDE + 1..(row + 1) * WIDE + 1 + COARSE_COLS];
        for bin in 0..BINS {
            let p = &a.planes[from + bin * stride..from + bin * stride + COARSE_COLS];
            let q = &b.planes[to + bin * stride..to + bin * stride + COARSE_COLS];
            for col in 0..COARSE_COLS {
                sums[col] += i32::from(p[col]) * i32::from(q[col]);
            }
        }
    }
    for row in 0..COARSE_ROWS {
        // A block's window begins one cell before its own.
        let from = ours.at(-1, row as isize - 1);
        let to = theirs.at(dx - 1, row as isize + dy - 1);
        let energy = &ours.window_energy[from..from + COARSE_COLS];
        let other = &theirs.window_energy[to..to + COARSE_COLS];
        let at = row * WIDE;
        let above = &products[at..at + WIDE];
        let here = &products[at + WIDE..at + 2 * WIDE];
        let below = &products[at + 2 * WIDE..at + 3 * WIDE];
        let mut columns = [0i32; WIDE];
        for col in 0..WIDE {
            columns[col] = above[col] + here[col] + below[col];
        }
        let scores = &mut scores[row * COARSE_COLS..(row + 1) * COARSE_COLS];
        for col in 0..COARSE_COLS {
            let dot = columns[col] + columns[col + 1] + columns[col + 2];
            scores[col] = dot as f32 / (energy[col] * other[col]).sqrt().max(1.0);
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

/// Cosine of one block of fine cells at a shift.
#[inline(always)]
fn fine_score(a: &Padded, b: &Padded, (left, top): (isize, isize), (dx, dy): (isize, isize)) -> f32 {
    let mut dot = 0;
    for row in 0..BLOCK as isize {
        let from = a.at(left, top + row) * BINS;
        let to = b.at(left + dx, top + row + dy) * BINS;
        dot += dot_of(
            &a.values[from..from + BLOCK * BINS],
            &b.values[to..to + BLOCK * BINS],
        );
    }
    let ours = a.window_energy[a.at(left, top)];
    let theirs = b.window_energy[b.at(left + dx, top + dy)];
    dot as f32 / (ours * theirs).sqrt().max(1.0)
}

/// Uphill from `start`, one cell at a time. `None` when the way leads farther than [`FINE_REACH`].
#[inline(always)]
fn fine_top_plain(a: &Padded, b: &Padded, corner: (isize, isize), start: (isize, isize)) -> Option<Top> {
    const STEPS: [(isize, isize); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];
    let mut shift = start;
    let mut score = fine_score(a, b, corner, shift);
    while (shift.0 - start.0).abs() < FINE_REACH && (shift.1 - start.1).abs() < FINE_REACH {
        let (mut beside, mut best) = ([0.0; STEPS.len()], 0);
        for (k, (dx, dy)) in STEPS.into_iter().enumerate() {
            beside[k] = fine_score(a, b, corner, (shift.0 + dx, shift.1 + dy));
            if beside[k] > beside[best] {
                best = k;
            }
        }
        if beside[best] <= score {
            return Some(Top { shift, score, beside });
        }
        shift = (shift.0 + STEPS[best].0, shift.1 + STEPS[best].1);
        score = beside[best];
    }
    None
}

multiversion! {
    fn whole_grid(a: &Padded, b: &Padded, shift: (isize, isize)) -> (i64, i64, i64) = whole_grid_plain;
}

multiversion! {
    fn block_scores(a: &DetailGrid, b: &DetailGrid, shift: (isize, isize), scores: &mut [f32]) = block_scores_plain;
}

multiversion! {
    fn fine_top(a: &Padded, b: &Padded, corner: (isize, isize), start: (isize, isize)) -> Option<Top> = fine_top_plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::LumaView;
    use crate::mask::MASK_LEN;
    use crate::relief::tests::textured;
    use crate::relief::{DetailExtractor, DetailSum};

    fn packed(dx: f64, dy: f64) -> Vec<u8> {
        let picture = textured(640, 360, dx, dy);
        DetailExtractor::default().describe(&LumaView::new(640, 360, &picture).unwrap())
    }

    fn grid(dx: f64, dy: f64) -> DetailGrid {
        // A recording that also shows other places.
        let mut sum = DetailSum::default();
        (1..6).for_each(|k| sum.add(&packed(997.0 * f64::from(k), -731.0 * f64::from(k))));
        DetailGrid::new(&packed(dx, dy), &sum.mean(), &[1; MASK_LEN]).unwrap()
    }

    #[test]
    fn finds_a_shift_far_below_a_cell() {
        // Cells of a 640-pixel picture are ten pixels wide.
        for (dx, dy) in [(23.0, -8.0), (-71.0, 30.0), (4.0, 3.0)] {
            let [there, back] = Flow::both_ways(&grid(0.0, 0.0), &grid(dx, dy), Reach::FAR);
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

    #[test]
    fn blank_pictures_have_no_blocks() {
        let mean = DetailSum::default().mean();
        let blank = DetailGrid::new(&[0; crate::relief::DETAIL_LEN], &mean, &[1; MASK_LEN]).unwrap();
        assert!(
            Flow::both_ways(&blank, &grid(0.0, 0.0), Reach::FAR)[0]
                .blocks
                .is_empty()
        );
    }

    #[test]
    fn every_processor_version_gives_the_same_bits() {
        let (a, b) = (grid(0.0, 0.0), grid(13.0, -6.0));
        assert_eq!(
            whole_grid(&a.coarse, &b.coarse, (2, -1)),
            whole_grid_plain(&a.coarse, &b.coarse, (2, -1))
        );
        let (mut fast, mut plain) = (vec![0.0; BLOCKS], vec![0.0; BLOCKS]);
        block_scores(&a, &b, (-15, 8), &mut fast);
        block_scores_plain(&a, &b, (-15, 8), &mut plain);
        assert_eq!(fast, plain);
        // The last block and the farthest shift still lie inside the margins.
        for corner in [(-2, -2), (60, 32)] {
            assert_eq!(
                fine_top(&a.fine, &b.fine, corner, (30, 16)),
                fine_top_plain(&a.fine, &b.fine, corner, (30, 16))
            );
        }
    }
}
