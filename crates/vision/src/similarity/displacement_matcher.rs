//! `max_δ cos(a, b_δ)` over displacements `δ = (dx, dy, shear)`: whole cells first, then coordinate search
//! below a cell.
//!
//! For each row of cells and each displacement one integer dot product is kept. A displacement of the whole
//! picture is a sum over rows, bilinear between whole cells, so trying a thousand of them costs next to
//! nothing.

use super::centred::ROW_LEN;
use super::displacement::{
    BELOW_HORIZON, Displacement, DisplacementSequence, Energies, KEPT, MARGIN, WIDE, row_start,
};
use crate::dense::{BINS, ROWS};
use crate::dispatch::multiversion;
use crate::dots::dots;
use crate::tuning::{
    DISPLACEMENT_MAX_DX as MAX_DX, DISPLACEMENT_MAX_DY as MAX_DY, FIRST_STEPS, LAST_STEP, MAX_SHEAR,
    MIN_ROWS, SEARCH_DX, SEARCH_DY, SEARCH_SHEARS,
};

/// Vertical displacements kept.
const HIGH: usize = 2 * MAX_DY + 1;
/// Row dot products that were not needed yet.
const UNKNOWN: i32 = i32::MIN;
/// Displacements of one line of the search.
const LINE: usize = 2 * SEARCH_DX as usize + 1;
/// The same, rounded up to whole vectors; the rest is not looked at.
const WIDE_LINE: usize = LINE.next_multiple_of(8);
/// Sideways displacements whose dot products are made together.
const TOGETHER: usize = 5;

const _: () = assert!(WIDE.is_multiple_of(TOGETHER) && WIDE - LINE + WIDE_LINE <= KEPT);

/// Compares single frames under [`Displacement`]s; keeps its work space between calls.
#[derive(Debug)]
pub struct DisplacementMatcher {
    /// `HIGH × ROWS × KEPT`: by vertical displacement, row and sideways displacement.
    rows: Vec<i32>,
}

impl Default for DisplacementMatcher {
    fn default() -> Self {
        Self {
            rows: vec![UNKNOWN; HIGH * ROWS * KEPT],
        }
    }
}

impl DisplacementMatcher {
    /// Cosine of new frame `i` with reference frame `j` at the best of all displacements, and that
    /// displacement.
    pub fn search(
        &mut self,
        new: &DisplacementSequence,
        i: usize,
        reference: &DisplacementSequence,
        j: usize,
    ) -> (f32, Displacement) {
        let mut pair = self.load(new, i, reference, j);
        let mut best = (-1.0, Displacement::default());
        for dy in -SEARCH_DY..=SEARCH_DY {
            pair.know(dy);
            let scores = pair.scores_of_lines(dy);
            for (at, dx) in (-SEARCH_DX..=SEARCH_DX).enumerate() {
                for (shear, scores) in SEARCH_SHEARS.into_iter().zip(&scores) {
                    if scores[at] > best.0 {
                        best = (
                            scores[at],
                            Displacement {
                                dx: dx as f32,
                                dy: dy as f32,
                                shear,
                            },
                        );
                    }
                }
            }
        }
        pair.climb(best.1)
    }

    /// The same for a pair whose displacement is nearly known, from a neighbouring frame.
    pub fn follow(
        &mut self,
        new: &DisplacementSequence,
        i: usize,
        reference: &DisplacementSequence,
        j: usize,
        near: Displacement,
    ) -> (f32, Displacement) {
        self.load(new, i, reference, j).climb(near)
    }

    fn load<'a>(
        &'a mut self,
        new: &'a DisplacementSequence,
        i: usize,
        reference: &'a DisplacementSequence,
        j: usize,
    ) -> FramePair<'a> {
        self.rows.fill(UNKNOWN);
        FramePair {
            rows: &mut self.rows,
            new: new.frame(i),
            reference: reference.frame(j),
            ours: &new.energies[i][0],
            theirs: &reference.energies[j][1],
        }
    }
}

/// One pair of frames and the row dot products made so far: a search needs nearly all, following only a few.
struct FramePair<'a> {
    rows: &'a mut [i32],
    new: &'a [i16],
    reference: &'a [i16],
    ours: &'a Energies,
    theirs: &'a Energies,
}

impl FramePair<'_> {
    /// Coordinate search from `start` with ever smaller steps.
    fn climb(&mut self, start: Displacement) -> (f32, Displacement) {
        let mut best = (self.score(start), start);
        let mut steps = FIRST_STEPS;
        while steps[0] >= LAST_STEP {
            let mut moved = false;
            for (axis, &step) in steps.iter().enumerate() {
                for step in [-step, step] {
                    let mut trial = best.1;
                    match axis {
                        0 => trial.dx += step,
                        1 => trial.dy += step,
                        _ => trial.shear = (trial.shear + step).clamp(-MAX_SHEAR, MAX_SHEAR),
                    }
                    let score = self.score(trial);
                    if score > best.0 {
                        best = (score, trial);
                        moved = true;
                    }
                }
            }
            if !moved {
                steps = steps.map(|s| s / 2.0);
            }
        }
        best
    }

    /// Make the dot products of all rows displaced by `dy`.
    fn know(&mut self, dy: i32) {
        for row in rows_on_the_grid(dy, 0.0) {
            for first in (0..WIDE).step_by(TOGETHER) {
                self.make(row, dy, first);
            }
        }
    }

    /// Make the dot products of a row at [`TOGETHER`] sideways displacements; `dy` leads to another row.
    fn make(&mut self, row: usize, dy: i32, first: usize) {
        let start = row_start(row);
        let partner = row_start(row.wrapping_add_signed(dy as isize)) + first * BINS - MARGIN;
        let offsets: [usize; TOGETHER] = std::array::from_fn(|k| partner + k * BINS);
        let [made] = dots([&self.new[start..start + ROW_LEN]], self.reference, offsets);
        let at = line_start(dy, row) + first;
        self.rows[at..at + TOGETHER].copy_from_slice(&made);
    }

    /// Scores at all shears of the search, see [`scores_of_line`]. The dot products are known.
    fn scores_of_lines(&self, dy: i32) -> [[f32; WIDE_LINE]; SEARCH_SHEARS.len()] {
        let mut out = [[-1.0; WIDE_LINE]; SEARCH_SHEARS.len()];
        for (scores, shear) in out.iter_mut().zip(SEARCH_SHEARS) {
            scores_of_line(self.rows, self.ours, self.theirs, (dy, shear), scores);
        }
        out
    }

    /// Cosine under `displacement`, linear between whole-cell shifts; -1 where too little overlaps.
    fn score(&mut self, displacement: Displacement) -> f32 {
        let (low_y, share_y) = split(displacement.dy);
        if low_y < -(MAX_DY as i32) || low_y + 1 > MAX_DY as i32 {
            return -1.0;
        }
        let (mut dot, mut ours, mut theirs, mut used) = (0.0f32, 0.0f32, 0.0f32, 0);
        for row in rows_on_the_grid(low_y, share_y) {
            let (low_x, share_x) = split(displacement.dx + displacement.shear * BELOW_HORIZON[row]);
            if low_x < -(MAX_DX as i32) || low_x + 1 > MAX_DX as i32 {
                continue;
            }
            let low = (low_x + MAX_DX as i32) as usize;
            let nearest = low + usize::from(share_x >= 0.5);
            ours += self.ours[row][nearest];
            for (dy, share) in [(low_y, 1.0 - share_y), (low_y + 1, share_y)] {
                if share > 0.0 {
                    let [left, right] = self.values(row, dy, low);
                    dot += share * (left * (1.0 - share_x) + right * share_x);
                    theirs += share * self.theirs[row.wrapping_add_signed(dy as isize)][nearest];
                }
            }
            used += 1;
        }
        if used < MIN_ROWS {
            -1.0
        } else {
            cosine(dot, ours, theirs)
        }
    }

    /// Dot products of `row` with the reference row `dy` below, at sideways displacement number `low` and the
    /// next; both rows exist.
    #[inline(always)]
    fn values(&mut self, row: usize, dy: i32, low: usize) -> [f32; 2] {
        let at = line_start(dy, row) + low;
        for (at, number) in [(at, low), (at + 1, low + 1)] {
            if self.rows[at] == UNKNOWN {
                self.make(row, dy, number - number % TOGETHER);
            }
        }
        [self.rows[at] as f32, self.rows[at + 1] as f32]
    }
}

/// Rows of the new grid whose partners `dy` and, for a share, one more below lie on the other.
fn rows_on_the_grid(dy: i32, share: f32) -> std::ops::Range<usize> {
    let last = ROWS as i32 - i32::from(share > 0.0) - dy;
    (-dy).max(0) as usize..last.clamp(0, ROWS as i32) as usize
}

/// Cosines with each row shifted by whole cells, `dx` and the nearest to its share of `shear`, for all `dx`
/// of the search; -1 where too little overlaps. What stands beyond the line is of no meaning.
#[inline(always)]
fn scores_of_line_plain(
    rows: &[i32],
    ours: &Energies,
    theirs: &Energies,
    (dy, shear): (i32, f32),
    scores: &mut [f32; WIDE_LINE],
) {
    let mut sums = [[0.0f32; WIDE_LINE]; 3];
    let on_the_grid = rows_on_the_grid(dy, 0.0);
    if on_the_grid.len() < MIN_ROWS {
        return;
    }
    for row in on_the_grid {
        let at = (nearest(shear * BELOW_HORIZON[row]) - SEARCH_DX + MAX_DX as i32) as usize;
        let line = line_start(dy, row) + at;
        let dots = &rows[line..line + WIDE_LINE];
        let ours = &ours[row][at..at + WIDE_LINE];
        let theirs = &theirs[row.wrapping_add_signed(dy as isize)][at..at + WIDE_LINE];
        for k in 0..WIDE_LINE {
            sums[0][k] += dots[k] as f32;
            sums[1][k] += ours[k];
            sums[2][k] += theirs[k];
        }
    }
    for k in 0..WIDE_LINE {
        scores[k] = cosine(sums[0][k], sums[1][k], sums[2][k]);
    }
}

multiversion! {
    fn scores_of_line(
        rows: &[i32],
        ours: &Energies,
        theirs: &Energies,
        by: (i32, f32),
        scores: &mut [f32; WIDE_LINE],
    ) = scores_of_line_plain;
}

/// Where the dot products of a row begin.
fn line_start(dy: i32, row: usize) -> usize {
    ((dy + MAX_DY as i32) as usize * ROWS + row) * KEPT
}

fn cosine(dot: f32, ours: f32, theirs: f32) -> f32 {
    let norm = (ours * theirs).sqrt();
    if norm > 0.0 { dot / norm } else { 0.0 }
}

/// Whole part (rounded down) and remainder in 0..1. Displacements are small; without a rounding instruction
/// in the baseline, this beats `floor`.
#[inline]
fn split(value: f32) -> (i32, f32) {
    let towards_zero = value as i32;
    let low = towards_zero - i32::from(value < towards_zero as f32);
    (low, value - low as f32)
}

/// The nearest whole number; halves away from zero.
#[inline]
fn nearest(value: f32) -> i32 {
    (value + 0.5f32.copysign(value)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::COLS;
    use crate::dots::dot_plain;
    use crate::overlap::overlap;
    use crate::similarity::CentredSequence;
    use crate::similarity::displacement::running_energy;
    use crate::similarity::tests::{all, frames};

    /// The definition, cell by cell: each row displaced by its own number of columns and cells between by
    /// their shares.
    struct Slow<'a> {
        new: &'a [i16],
        reference: &'a [i16],
    }

    impl Slow<'_> {
        /// Dot product and energies of a row and its partner, displaced by whole columns.
        fn row(&self, row: usize, dy: i32, dx: i32) -> (f32, f32, f32) {
            let std::ops::Range { start: from, end: to } = overlap(COLS, dx as isize);
            let cells = |frame: &[i16], row: usize, from: usize, to: usize| {
                frame[(row * COLS + from) * BINS..(row * COLS + to) * BINS].to_vec()
            };
            let moved = |col: usize| col.wrapping_add_signed(dx as isize);
            let ours = cells(self.new, row, from, to);
            let partner = row.wrapping_add_signed(dy as isize);
            let theirs = cells(self.reference, partner, moved(from), moved(to));
            let energy = |frame: &[i16], row: usize, from: usize, to: usize| {
                let until = running_energy(&cells(frame, row, 0, COLS));
                until[to] - until[from]
            };
            (
                dot_plain(&ours, &theirs) as f32,
                energy(self.new, row, from, to),
                energy(self.reference, partner, moved(from), moved(to)),
            )
        }

        fn score_of_whole_cells(&self, dx: i32, dy: i32, shear: f32) -> f32 {
            let (mut dot, mut ours, mut theirs) = (0.0, 0.0, 0.0);
            for row in (0..ROWS).filter(|&row| (0..ROWS as i32).contains(&(row as i32 + dy))) {
                let shift = dx + nearest(shear * BELOW_HORIZON[row]);
                let (d, a, b) = self.row(row, dy, shift);
                (dot, ours, theirs) = (dot + d, ours + a, theirs + b);
            }
            cosine(dot, ours, theirs)
        }

        fn score(&self, displacement: Displacement) -> f32 {
            let (low_y, share_y) = split(displacement.dy);
            let (mut dot, mut ours, mut theirs, mut used) = (0.0, 0.0, 0.0, 0);
            for (row, below) in BELOW_HORIZON.iter().enumerate() {
                let (upper, lower) = (row as i32 + low_y, row as i32 + low_y + i32::from(share_y > 0.0));
                let (low_x, share_x) = split(displacement.dx + displacement.shear * below);
                let inside = -(MAX_DX as i32)..MAX_DX as i32;
                if upper < 0 || lower >= ROWS as i32 || !inside.contains(&low_x) {
                    continue;
                }
                let nearest = if share_x < 0.5 { low_x } else { low_x + 1 };
                ours += self.row(row, low_y, nearest).1;
                for (dy, share) in [(low_y, 1.0 - share_y), (low_y + 1, share_y)] {
                    if share > 0.0 {
                        let (left, right) = (self.row(row, dy, low_x).0, self.row(row, dy, low_x + 1).0);
                        dot += share * (left * (1.0 - share_x) + right * share_x);
                        theirs += share * self.row(row, dy, nearest).2;
                    }
                }
                used += 1;
            }
            if used < MIN_ROWS {
                -1.0
            } else {
                cosine(dot, ours, theirs)
            }
        }
    }

    /// Hands a pair of frames and its definition to `compare`.
    fn with_a_pair(compare: impl FnOnce(FramePair<'_>, Slow<'_>)) {
        let [a, b] = [1, 2].map(|seed| CentredSequence::new(&frames(3, seed, 0), &all()));
        let slow = Slow {
            new: a.frame(1),
            reference: b.frame(2),
        };
        let [a, b] = [&a, &b].map(DisplacementSequence::new);
        compare(DisplacementMatcher::default().load(&a, 1, &b, 2), slow);
    }

    #[test]
    fn a_line_of_the_search_scores_as_one_displacement_after_the_other() {
        with_a_pair(|mut pair, slow| {
            for dy in -SEARCH_DY..=SEARCH_DY {
                pair.know(dy);
                for (shear, line) in SEARCH_SHEARS.into_iter().zip(pair.scores_of_lines(dy)) {
                    for (dx, score) in (-SEARCH_DX..=SEARCH_DX).zip(line) {
                        let expected = slow.score_of_whole_cells(dx, dy, shear);
                        assert_eq!(score, expected, "{dx} {dy} {shear}");
                    }
                }
            }
        });
    }

    #[test]
    fn every_displacement_scores_as_its_definition() {
        with_a_pair(|mut pair, slow| {
            for dx in [-12.0, -7.3, -0.5, 0.0, 0.25, 3.0, 11.9, 12.0] {
                for dy in [-4.0, -2.75, -0.5, 0.0, 0.125, 2.0, 3.5] {
                    for shear in [-6.0, -1.5, 0.0, 0.75, 5.5] {
                        let displacement = Displacement { dx, dy, shear };
                        let expected = slow.score(displacement);
                        assert_eq!(pair.score(displacement), expected, "{displacement:?}");
                    }
                }
            }
        });
    }
}
