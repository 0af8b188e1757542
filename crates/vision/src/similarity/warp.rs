//! Two frames under a displacement that also shears.

use super::centred::CentredSequence;
use super::{cosine, overlap};
use crate::dense::{BINS, COLS, ROWS};
use crate::dispatch::multiversion;

/// A displacement of the new grid against the reference grid, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Warp {
    /// Sideways shift at and above the horizon; positive: the new picture's content lies further right in the reference.
    pub dx: f32,
    /// Vertical shift.
    pub dy: f32,
    /// Extra sideways shift ten rows below the horizon, growing linearly: a different line on the trail.
    pub shear: f32,
}

impl Warp {
    /// Where in the reference grid a place of the new grid lies: column and row in, column and row out.
    pub fn moved(&self, (col, row): (f64, f64)) -> (f64, f64) {
        let below = (row - 0.5 - f64::from(HORIZON_ROW)).max(0.0) / f64::from(SHEAR_ROWS);
        (
            col + f64::from(self.dx) + f64::from(self.shear) * below,
            row + f64::from(self.dy),
        )
    }
}

/// Displacements kept by [`WarpMatcher`], in cells.
const WARP_MAX_DX: usize = 12;
const WARP_MAX_DY: usize = 4;
/// Sideways displacements kept.
const WIDE: usize = 2 * WARP_MAX_DX + 1;
/// Vertical displacements kept.
const HIGH: usize = 2 * WARP_MAX_DY + 1;
/// Whole-cell search range; shear and interpolation need the rest of the kept range.
const SEARCH_DX: i32 = 9;
const SEARCH_DY: i32 = 3;
/// Shears tried first; a line 0.5 m further left gives about 3 cells ten rows below the horizon.
const SEARCH_SHEARS: [f32; 5] = [-3.0, -1.5, 0.0, 1.5, 3.0];
const MAX_SHEAR: f32 = 6.0;
/// Row of the horizon for a camera that looks ahead and slightly down.
const HORIZON_ROW: f32 = 6.0;
const SHEAR_ROWS: f32 = 10.0;
/// A displacement that leaves less than this share of the rows is not judged.
const MIN_ROWS: usize = 8;
/// First steps of the local search (dx, dy, shear), halved until below a tenth of a cell.
const FIRST_STEPS: [f32; 3] = [0.5, 0.5, 1.0];
const LAST_STEP: f32 = 0.1;

/// Row dot products that were not needed yet.
const UNKNOWN: i32 = i32::MIN;

/// Displacements of one line of the search.
const LINE: usize = 2 * SEARCH_DX as usize + 1;

/// Energy of each row within the overlap after each sideways displacement: of the new frame, of the reference frame.
type Energies = [[[f32; WIDE]; ROWS]; 2];

/// Compares single frames under [`Warp`]s; keeps its work space between calls.
#[derive(Debug)]
pub struct WarpMatcher {
    /// `HIGH × ROWS × WIDE`: by vertical displacement, row and sideways displacement.
    rows: Vec<i32>,
}

impl Default for WarpMatcher {
    fn default() -> Self {
        Self {
            rows: vec![UNKNOWN; HIGH * ROWS * WIDE],
        }
    }
}

impl WarpMatcher {
    /// Cosine of new frame `i` with reference frame `j` at the best of all warps, and that warp.
    pub fn search(
        &mut self,
        new: &CentredSequence,
        i: usize,
        reference: &CentredSequence,
        j: usize,
    ) -> (f32, Warp) {
        let mut pair = self.load(new, i, reference, j);
        let mut best = (-1.0, Warp::default());
        let energies = pair.energies();
        for dy in -SEARCH_DY..=SEARCH_DY {
            let scores = SEARCH_SHEARS.map(|shear| pair.scores_of_line(dy, shear, &energies));
            for (at, dx) in (-SEARCH_DX..=SEARCH_DX).enumerate() {
                for (shear, scores) in SEARCH_SHEARS.into_iter().zip(&scores) {
                    if scores[at] > best.0 {
                        best = (
                            scores[at],
                            Warp {
                                dx: dx as f32,
                                dy: dy as f32,
                                shear,
                            },
                        );
                    }
                }
            }
        }
        let start = best.1;
        let start = (pair.score(start), start);
        pair.climb(start)
    }

    /// The same for a pair whose warp is nearly known, from a neighbouring frame.
    pub fn follow(
        &mut self,
        new: &CentredSequence,
        i: usize,
        reference: &CentredSequence,
        j: usize,
        near: Warp,
    ) -> (f32, Warp) {
        let mut pair = self.load(new, i, reference, j);
        let start = (pair.score(near), near);
        pair.climb(start)
    }

    fn load<'a>(
        &'a mut self,
        new: &'a CentredSequence,
        i: usize,
        reference: &'a CentredSequence,
        j: usize,
    ) -> Pair<'a> {
        self.rows.fill(UNKNOWN);
        Pair {
            rows: &mut self.rows,
            new,
            i,
            reference,
            j,
        }
    }
}

/// One pair of frames and the row dot products made so far: a search needs nearly all, following only a few.
struct Pair<'a> {
    rows: &'a mut [i32],
    new: &'a CentredSequence,
    i: usize,
    reference: &'a CentredSequence,
    j: usize,
}

impl Pair<'_> {
    fn improve(&mut self, best: &mut (f32, Warp), warp: Warp) -> bool {
        let score = self.score(warp);
        if score > best.0 {
            *best = (score, warp);
            return true;
        }
        false
    }

    /// Coordinate search from `best` with ever smaller steps.
    fn climb(&mut self, mut best: (f32, Warp)) -> (f32, Warp) {
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
                    moved |= self.improve(&mut best, trial);
                }
            }
            if !moved {
                steps = steps.map(|s| s / 2.0);
            }
        }
        best
    }

    fn energies(&self) -> Energies {
        let shifts = (-(WARP_MAX_DX as isize)..=WARP_MAX_DX as isize).map(|shift| {
            let (from, to) = overlap(COLS, shift);
            (from, to, shift)
        });
        let mut out = [[[0.0; WIDE]; ROWS]; 2];
        let [ours, theirs] = &mut out;
        for (row, (ours, theirs)) in ours.iter_mut().zip(theirs).enumerate() {
            for ((ours, theirs), (from, to, shift)) in ours.iter_mut().zip(theirs).zip(shifts.clone()) {
                let (left, right) = (from.wrapping_add_signed(shift), to.wrapping_add_signed(shift));
                *ours = self.new.energy(self.i, row, from, to);
                *theirs = self.reference.energy(self.j, row, left, right);
            }
        }
        out
    }

    /// Cosines with each row shifted by whole cells, `dx` and the nearest to its share of `shear`, for all `dx` of the
    /// search; -1 where too little overlaps.
    fn scores_of_line(&mut self, dy: i32, shear: f32, [ours, theirs]: &Energies) -> [f32; LINE] {
        let mut sums = [[0.0f32; LINE]; 3];
        let mut used = 0;
        for row in 0..ROWS {
            let partner = row as i32 + dy;
            if !(0..ROWS as i32).contains(&partner) {
                continue;
            }
            let first = nearest(shear * below_horizon(row)) - SEARCH_DX;
            for dx in first..first + LINE as i32 {
                self.value(row, dy, dx);
            }
            let at = (first + WARP_MAX_DX as i32) as usize;
            let line = line_start(dy, row) + at;
            let dots = &self.rows[line..line + LINE];
            let (ours, theirs) = (
                &ours[row][at..at + LINE],
                &theirs[partner as usize][at..at + LINE],
            );
            for k in 0..LINE {
                sums[0][k] += dots[k] as f32;
                sums[1][k] += ours[k];
                sums[2][k] += theirs[k];
            }
            used += 1;
        }
        if used < MIN_ROWS {
            return [-1.0; LINE];
        }
        std::array::from_fn(|k| cosine(sums[0][k], sums[1][k], sums[2][k]))
    }

    /// Cosine under `warp`, linear between whole-cell shifts; -1 where too little overlaps.
    fn score(&mut self, warp: Warp) -> f32 {
        let (low_y, share_y) = split(warp.dy);
        if low_y < -(WARP_MAX_DY as i32) || low_y + 1 > WARP_MAX_DY as i32 {
            return -1.0;
        }
        let (mut dot, mut ours, mut theirs, mut used) = (0.0f32, 0.0f32, 0.0f32, 0);
        for row in 0..ROWS {
            let upper = row as i32 + low_y;
            if upper < 0 || upper as usize + usize::from(share_y > 0.0) >= ROWS {
                continue;
            }
            let (low_x, share_x) = split(warp.dx + warp.shear * below_horizon(row));
            if low_x < -(WARP_MAX_DX as i32) || low_x + 1 > WARP_MAX_DX as i32 {
                continue;
            }
            let nearest = if share_x < 0.5 { low_x } else { low_x + 1 } as isize;
            let (from, to) = overlap(COLS, nearest);
            let (left, right) = (from.wrapping_add_signed(nearest), to.wrapping_add_signed(nearest));
            ours += self.new.energy(self.i, row, from, to);
            for (dy, share) in [(low_y, 1.0 - share_y), (low_y + 1, share_y)] {
                if share > 0.0 {
                    let partner = row.wrapping_add_signed(dy as isize);
                    dot += share
                        * (self.value(row, dy, low_x) * (1.0 - share_x)
                            + self.value(row, dy, low_x + 1) * share_x);
                    theirs += share * self.reference.energy(self.j, partner, left, right);
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

    /// Dot product of `row` with the reference row `dy` below, shifted by `dx`; both rows exist.
    #[inline(always)]
    fn value(&mut self, row: usize, dy: i32, dx: i32) -> f32 {
        let at = line_start(dy, row) + (dx + WARP_MAX_DX as i32) as usize;
        if self.rows[at] == UNKNOWN {
            let (from, to) = overlap(COLS, dx as isize);
            let left = (row * COLS + from) * BINS;
            let right =
                (row.wrapping_add_signed(dy as isize) * COLS + from.wrapping_add_signed(dx as isize)) * BINS;
            let len = (to - from) * BINS;
            let (ours, theirs) = (self.new.frame(self.i), self.reference.frame(self.j));
            self.rows[at] = dot(&ours[left..left + len], &theirs[right..right + len]);
        }
        self.rows[at] as f32
    }
}

/// Where the dot products of a row begin.
fn line_start(dy: i32, row: usize) -> usize {
    ((dy + WARP_MAX_DY as i32) as usize * ROWS + row) * WIDE
}

/// The bounds of the values keep the sum inside an `i32`; saying so with wrapping operations lets builds with overflow
/// checks use vectors as well.
#[inline(always)]
pub(super) fn dot_plain(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0i32, |sum, (&p, &q)| {
        sum.wrapping_add(i32::from(p).wrapping_mul(i32::from(q)))
    })
}

multiversion! {
    pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 = dot_plain;
}

/// Share of the shear that a row gets: 0 at and above the horizon, 1 ten rows below.
fn below_horizon(row: usize) -> f32 {
    (row as f32 - HORIZON_ROW).max(0.0) / SHEAR_ROWS
}

/// Whole part (rounded down) and remainder in 0..1. Displacements are small; without a rounding instruction in the
/// baseline, this beats `floor`.
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
    use crate::similarity::tests::{all, frames};

    /// One displacement, cell by cell.
    fn slow_score(pair: &mut Pair<'_>, dx: i32, dy: i32, shear: f32) -> f32 {
        let (mut dot, mut ours, mut theirs) = (0.0, 0.0, 0.0);
        for row in 0..ROWS {
            let partner = row as i32 + dy;
            if (0..ROWS as i32).contains(&partner) {
                let shift = dx + nearest(shear * below_horizon(row));
                let (from, to) = overlap(COLS, shift as isize);
                let moved = |col: usize| col.wrapping_add_signed(shift as isize);
                dot += pair.value(row, dy, shift);
                ours += pair.new.energy(pair.i, row, from, to);
                theirs += pair
                    .reference
                    .energy(pair.j, partner as usize, moved(from), moved(to));
            }
        }
        cosine(dot, ours, theirs)
    }

    #[test]
    fn a_line_of_the_search_scores_as_one_displacement_after_the_other() {
        let [a, b] = [1, 2].map(|seed| CentredSequence::new(&frames(3, seed, 0), &all()));
        let mut matcher = WarpMatcher::default();
        let mut pair = matcher.load(&a, 1, &b, 2);
        let energies = pair.energies();
        for dy in -SEARCH_DY..=SEARCH_DY {
            for shear in SEARCH_SHEARS {
                let line = pair.scores_of_line(dy, shear, &energies);
                for (dx, score) in (-SEARCH_DX..=SEARCH_DX).zip(line) {
                    assert_eq!(score, slow_score(&mut pair, dx, dy, shear), "{dx} {dy} {shear}");
                }
            }
        }
    }
}
