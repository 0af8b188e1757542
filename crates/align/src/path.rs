//! Paths `(t_new, t_ref)` as points in order of new time, seconds: interpolation, slopes, and leaps.
//!
//! A path leaps where `t_ref` runs ahead farther than riding explains: the reference rider stood there, or
//! was somewhere else. Nothing may be smoothed across a leap.

use crate::stats::median;
use crate::tuning::{
    LEAP_BEYOND_PACE_SECS, LEAP_SIDE, LEAP_STEP_SHARE, MAX_PATH_GAP_SECS, MAX_RATIO, RATE_SPAN_SECS,
    SMOOTHING_LEAP_SECS,
};

/// Index of the time nearest to `t` in increasing `times`; of two as near the earlier, 0 when there are none.
pub fn nearest(times: &[f64], t: f64) -> usize {
    let k = times.partition_point(|&v| v < t);
    match (k.checked_sub(1).and_then(|b| times.get(b)), times.get(k)) {
        (Some(&before), Some(&after)) if t - before <= after - t => k - 1,
        (Some(_), None) => k - 1,
        _ => k.min(times.len().saturating_sub(1)),
    }
}

/// Linear between path points no farther apart than [`MAX_PATH_GAP_SECS`]; no value outside.
pub(crate) fn interpolate(path: &[(f64, f64)], t: f64) -> Option<f64> {
    let k = path.partition_point(|p| p.0 < t);
    let next = path.get(k)?;
    if next.0 == t {
        return Some(next.1);
    }
    let before = path.get(k.checked_sub(1)?)?;
    let gap = next.0 - before.0;
    (gap <= MAX_PATH_GAP_SECS).then(|| before.1 + (next.1 - before.1) * (t - before.0) / gap)
}

/// Slope of the path around `t_new`, reference seconds per new second.
pub(crate) fn rate(path: &[(f64, f64)], t_new: f64) -> Option<f64> {
    let (first, last) = (path.first()?.0, path.last()?.0);
    let (a, b) = (
        (t_new - RATE_SPAN_SECS).max(first),
        (t_new + RATE_SPAN_SECS).min(last),
    );
    let (ya, yb) = (interpolate(path, a)?, interpolate(path, b)?);
    (b > a).then(|| (yb - ya) / (b - a))
}

/// Slopes of the chords that end at each point and are as long as `chord_secs` allows, but longer than
/// `least_secs`.
pub(crate) fn chord_slopes(path: &[(f64, f64)], chord_secs: f64, least_secs: f64) -> Vec<f64> {
    let mut from = 0;
    let mut slopes = Vec::new();
    for to in path {
        while to.0 - path[from].0 > chord_secs {
            from += 1;
        }
        let dt = to.0 - path[from].0;
        if dt > least_secs {
            slopes.push((to.1 - path[from].1) / dt);
        }
    }
    slopes
}

/// Whether the way from one point to the next is farther than the fastest riding by more than `beyond_secs`
/// of reference time.
pub(crate) fn is_leap(from: (f64, f64), to: (f64, f64), beyond_secs: f64) -> bool {
    to.1 - from.1 > MAX_RATIO * (to.0 - from.0) + beyond_secs
}

/// New times at which the sequence model's path leaps.
pub(crate) fn jumps(path: &[(f64, f64)]) -> Vec<f64> {
    path.windows(2)
        .filter(|w| is_leap(w[0], w[1], SMOOTHING_LEAP_SECS))
        .map(|w| 0.5 * (w[0].0 + w[1].0))
        .collect()
}

/// New times between pairs `(t_new, t_ref)` at which the path leaps. A single pair does not make a leap; the
/// middle one of three on each side must agree.
pub(crate) fn leaps(path: &[(f64, f64)]) -> Vec<f64> {
    (1..path.len())
        .filter(|&k| leaps_before(path, k))
        .map(|k| 0.5 * (path[k - 1].0 + path[k].0))
        .collect()
}

fn leaps_before(path: &[(f64, f64)], k: usize) -> bool {
    let (before, after) = (
        &path[k.saturating_sub(LEAP_SIDE)..k],
        &path[k..(k + LEAP_SIDE).min(path.len())],
    );
    let (Some(a), Some(b)) = (middle(before), middle(after)) else {
        return false;
    };
    if is_leap(path[k - 1], path[k], SMOOTHING_LEAP_SECS) && is_leap(a, b, SMOOTHING_LEAP_SECS) {
        return true;
    }
    if before.len() < LEAP_SIDE || after.len() < LEAP_SIDE {
        return false;
    }
    let pace = pace(before).max(pace(after)).max(1.0);
    let beyond = |from: (f64, f64), to: (f64, f64)| to.1 - from.1 - pace * (to.0 - from.0);
    let excess = beyond(a, b);
    excess > LEAP_BEYOND_PACE_SECS && beyond(path[k - 1], path[k]) > LEAP_STEP_SHARE * excess
}

/// Median in both times.
fn middle(of: &[(f64, f64)]) -> Option<(f64, f64)> {
    let mut t_ref: Vec<f64> = of.iter().map(|p| p.1).collect();
    Some((of.get(of.len() / 2)?.0, median(&mut t_ref)?))
}

/// Reference seconds per new second from the first to the last.
fn pace(of: &[(f64, f64)]) -> f64 {
    match (of.first(), of.last()) {
        (Some(a), Some(b)) if b.0 > a.0 => (b.1 - a.1) / (b.0 - a.0),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(f: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..60).map(|i| f64::from(i) / 3.0).map(|t| (t, f(t))).collect()
    }

    #[test]
    fn short_and_long_stops_of_the_reference_are_leaps() {
        for secs in [1.5, 2.5, 10.0] {
            let found = leaps(&path(|t| if t < 10.1 { 0.8 * t } else { 0.8 * t + secs }));
            assert!(
                found.len() == 1 && (found[0] - 10.17).abs() < 0.01,
                "{secs}: {found:?}"
            );
        }
    }

    #[test]
    fn riding_fast_and_single_wrong_pairs_are_none() {
        assert!(leaps(&path(|t| if t < 10.0 { 0.6 * t } else { 6.0 + 2.8 * (t - 10.0) })).is_empty());
        let mut outlier = path(|t| t);
        outlier[30].1 += 0.3;
        assert!(leaps(&outlier).is_empty());
    }

    #[test]
    fn nearest_time_wins_and_ends_are_kept() {
        let t = [0.0, 1.0, 2.5];
        for (at, index) in [(-5.0, 0), (0.4, 0), (0.5, 0), (0.6, 1), (1.8, 2), (9.0, 2)] {
            assert_eq!(nearest(&t, at), index, "{at}");
        }
        assert_eq!(nearest(&[], 1.0), 0);
    }
}
