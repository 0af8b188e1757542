//! Every frame against every frame, the grid shifted as a whole.

use rayon::prelude::*;

use super::centred::CentredSequence;
use super::{cosine, overlap};
use crate::dense::{BINS, COLS, ROWS};
use crate::dispatch::multiversion;

/// Largest sideways shift of [`rigid_matrix`], in cells (about 3 degrees each for an action camera).
pub const RIGID_MAX_DX: usize = 6;
/// Largest vertical shift of [`rigid_matrix`], in cells.
pub const RIGID_MAX_DY: usize = 2;

/// Similarity of every new frame with every reference frame: `new.len() × reference.len()` cosines, row by row,
/// each the best over whole-grid shifts of up to [`RIGID_MAX_DX`] × [`RIGID_MAX_DY`] cells.
pub fn rigid_matrix(new: &CentredSequence, reference: &CentredSequence) -> Vec<f32> {
    let columns = reference.len();
    let mut matrix = vec![0.0; new.len() * columns];
    if columns == 0 {
        return matrix;
    }
    let shifts = (2 * RIGID_MAX_DX + 1) * (2 * RIGID_MAX_DY + 1);
    matrix.par_chunks_mut(columns).enumerate().for_each_init(
        || vec![0; shifts * ROWS],
        |rows, (i, out)| {
            for (j, value) in out.iter_mut().enumerate() {
                correlate_rows(new.frame(i), reference.frame(j), RIGID_MAX_DX, RIGID_MAX_DY, rows);
                *value = best_rigid(new, i, reference, j, rows);
            }
        },
    );
    matrix
}

fn best_rigid(new: &CentredSequence, i: usize, reference: &CentredSequence, j: usize, rows: &[i32]) -> f32 {
    let mut best = -1.0f32;
    let mut sums = rows
        .chunks_exact(ROWS)
        .map(|r| r.iter().map(|&v| i64::from(v)).sum::<i64>());
    for dy in -(RIGID_MAX_DY as isize)..=RIGID_MAX_DY as isize {
        let (first, last) = overlap(ROWS, dy);
        for dx in -(RIGID_MAX_DX as isize)..=RIGID_MAX_DX as isize {
            let Some(dot) = sums.next() else { return best };
            if dot <= 0 {
                best = best.max(0.0);
                continue;
            }
            let (from, to) = overlap(COLS, dx);
            let (mut ours, mut theirs) = (0.0, 0.0);
            for row in first..last {
                ours += new.energy(i, row, from, to);
                theirs += reference.energy(
                    j,
                    row.wrapping_add_signed(dy),
                    from.wrapping_add_signed(dx),
                    to.wrapping_add_signed(dx),
                );
            }
            best = best.max(cosine(dot as f32, ours, theirs));
        }
    }
    best
}

/// Row dot products of frame `a` against `b` for all shifts up to `max_dx`, `max_dy`:
/// `out[((dy + max_dy) * (2 max_dx + 1) + dx + max_dx) * ROWS + row]`, 0 where a row has no partner.
#[inline(always)]
pub(super) fn correlate_rows_plain(a: &[i16], b: &[i16], max_dx: usize, max_dy: usize, out: &mut [i32]) {
    let mut at = 0;
    for dy in -(max_dy as isize)..=max_dy as isize {
        let (first, last) = overlap(ROWS, dy);
        for dx in -(max_dx as isize)..=max_dx as isize {
            let (from, to) = overlap(COLS, dx);
            let out = &mut out[at..at + ROWS];
            at += ROWS;
            out.fill(0);
            for (row, value) in out.iter_mut().enumerate().take(last).skip(first) {
                let left = (row * COLS + from) * BINS;
                let right = (row.wrapping_add_signed(dy) * COLS + from.wrapping_add_signed(dx)) * BINS;
                let len = (to - from) * BINS;
                *value = a[left..left + len]
                    .iter()
                    .zip(&b[right..right + len])
                    .map(|(&p, &q)| i32::from(p) * i32::from(q))
                    .sum();
            }
        }
    }
}

multiversion! {
    pub(super) fn correlate_rows(a: &[i16], b: &[i16], max_dx: usize, max_dy: usize, out: &mut [i32]) = correlate_rows_plain;
}
