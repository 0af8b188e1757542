//! Ambiguity: whether another path explains the evidence as well as the found one.
//!
//! `certainty = 1 - alike * undecided / 2`, 0.5..1. `alike` compares the log-likelihood ratios per second
//! along the best path that avoids the found one with those along the found one; `undecided` falls with the
//! new time that only the found one explains.
//!
//! A reference that holds two laps of a loop fits a single new lap twice. The sequence model picks the one
//! that looks a shade better, and is sure of it, because it takes the shades of many frames for independent.
//! So the found path is forbidden and the model run again. Laps ridden in both recordings are no ambiguity: a
//! path that is off by one lap leaves a lap unexplained. A path that leaps from one lap to the next is judged
//! part by part: the rival of each part is the other lap, and no rival explains both.

use std::ops::Range;

use crate::evidence::Matrix;
use crate::path::is_leap;
use crate::sequence::{Posterior, frame_secs, posteriors};
use crate::stats::ramp;
use crate::tuning::{DECISIVE_SECS, FORBIDDEN_LLR, FORBIDDEN_SECS, RIVAL_SHARE};

/// Probability, 0.5..1, that the found path is the right one of two that look alike. `llr` has the new frames
/// `t_new` as rows and the reference frames `t_ref` as columns, seconds; `path` has one posterior per row.
pub fn certainty(llr: &Matrix, path: &[Posterior], t_new: &[f64], t_ref: &[f64]) -> f64 {
    let found = explained(llr, path, t_ref);
    let other_llr = llr.map_cells(|i, j, value| {
        let near = path
            .get(i)
            .zip(t_ref.get(j))
            .is_some_and(|(b, t)| b.is_on_trail() && (t - b.t_ref_secs).abs() < FORBIDDEN_SECS);
        if near { FORBIDDEN_LLR } else { value }
    });
    let other = posteriors(&other_llr, t_new, t_ref);
    let instead = explained(&other_llr, &other, t_ref);
    let of = |rows: Range<usize>| {
        let explained = |frames: &[Option<f64>]| {
            let part = frames.get(rows.clone()).unwrap_or_default();
            Explained::of(part, t_new.get(rows.clone()).unwrap_or_default())
        };
        let (mine, its) = (explained(&found), explained(&instead));
        if mine.evidence <= 0.0 || its.secs <= 0.0 {
            return 1.0;
        }
        let alike = ramp(its.evidence / its.secs * mine.secs / mine.evidence, RIVAL_SHARE);
        let undecided = 1.0 - ramp(mine.secs - its.secs, DECISIVE_SECS);
        1.0 - 0.5 * alike * undecided
    };
    let long_parts = parts(path, t_new)
        .into_iter()
        .filter(|rows| t_new[rows.end - 1] - t_new[rows.start] >= DECISIVE_SECS.1);
    long_parts.map(of).fold(of(0..path.len()), f64::min)
}

/// Rows between leaps of the path that skip a lap's worth of ground: farther ahead than the fastest riding by
/// [`FORBIDDEN_SECS`].
fn parts(path: &[Posterior], t_new: &[f64]) -> Vec<Range<usize>> {
    let on: Vec<usize> = (0..path.len().min(t_new.len()))
        .filter(|&i| path[i].is_on_trail())
        .collect();
    let at = |i: usize| (t_new[i], path[i].t_ref_secs);
    let leaps = on
        .windows(2)
        .filter(|w| is_leap(at(w[0]), at(w[1]), FORBIDDEN_SECS));
    let mut parts = Vec::new();
    let mut from = 0;
    for leap in leaps {
        parts.push(from..leap[0] + 1);
        from = leap[1];
    }
    parts.push(from..path.len().min(t_new.len()));
    parts.retain(|rows| rows.start < rows.end);
    parts
}

/// What a path explains: evidence, weighted by the new time that each frame stands for, and that time.
struct Explained {
    evidence: f64,
    secs: f64,
}

impl Explained {
    fn of(frames: &[Option<f64>], t_new: &[f64]) -> Self {
        let mut sum = Self {
            evidence: 0.0,
            secs: 0.0,
        };
        for (i, evidence) in frames.iter().enumerate() {
            if let Some(evidence) = evidence {
                let secs = frame_secs(t_new, i);
                sum.evidence += evidence * secs;
                sum.secs += secs;
            }
        }
        sum
    }
}

/// Evidence along a path, for each frame on the trail: the best within a frame of where the model sees it.
fn explained(llr: &Matrix, path: &[Posterior], t_ref: &[f64]) -> Vec<Option<f64>> {
    let best = |(i, posterior): (usize, &Posterior)| {
        if !posterior.is_on_trail() {
            return None;
        }
        let at = t_ref.partition_point(|&t| t < posterior.t_ref_secs);
        let band = llr.band(i);
        let inside = |j: usize| j.clamp(band.start, band.end) - band.start;
        let near = &llr.row(i)[inside(at.saturating_sub(2))..inside(at + 2)];
        Some(f64::from(
            near.iter().copied().fold(f32::MIN, f32::max).max(FORBIDDEN_LLR),
        ))
    };
    path.iter().take(llr.rows()).enumerate().map(best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evidence on the diagonals that `offsets` (in frames) name, against everything else.
    fn laps(n: usize, m: usize, offsets: &[isize]) -> (Matrix, Vec<f64>, Vec<f64>) {
        let mut values = vec![-2.0; n * m];
        for i in 0..n {
            for &o in offsets {
                if let Some(j) = i.checked_add_signed(o).filter(|&j| j < m) {
                    // The later lap looks a shade better.
                    values[i * m + j] = 4.0 + 0.1 * (o as f32).signum();
                }
            }
        }
        let t = |k: usize| (0..k).map(|i| i as f64 / 3.0).collect::<Vec<f64>>();
        (Matrix::new(n, m, values).unwrap(), t(n), t(m))
    }

    fn of(n: usize, m: usize, offsets: &[isize]) -> f64 {
        let (llr, t_new, t_ref) = laps(n, m, offsets);
        certainty(&llr, &posteriors(&llr, &t_new, &t_ref), &t_new, &t_ref)
    }

    #[test]
    fn one_lap_against_two_equal_ones_is_a_coin_toss() {
        assert!(of(60, 120, &[0, 60]) < 0.55);
    }

    #[test]
    fn the_same_laps_on_both_sides_are_told_apart_by_their_order() {
        assert_eq!(of(120, 120, &[0, 60, -60]), 1.0);
        assert_eq!(of(180, 180, &[0, 60, -60, 120, -120]), 1.0);
        let many: Vec<isize> = (-7..=7).map(|lap| 60 * lap).collect();
        assert_eq!(of(480, 480, &many), 1.0);
    }

    #[test]
    fn an_open_trail_is_certain() {
        assert_eq!(of(90, 90, &[0]), 1.0);
        assert_eq!(certainty(&laps(0, 0, &[]).0, &[], &[], &[]), 1.0);
    }
}
