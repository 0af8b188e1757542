//! Where the reference rider stood, or was somewhere else: the map leaps ahead there, and nothing may be smoothed across.

use crate::refine::is_leap;

/// This many pairs on each side tell the pace and have to agree.
const SIDE: usize = 3;
/// A step ahead farther than the pace around it explains by this much is a leap, seconds of reference time.
const LEAP_SECS: f64 = 0.7;
/// The step itself makes up this share of it; else somebody rode fast.
const STEP_SHARE: f64 = 0.6;

/// New times between pairs `(t_new, t_ref)` at which the path leaps. A single pair does not make a leap; the middle one of
/// three on each side must agree.
pub(crate) fn leaps(path: &[(f64, f64)]) -> Vec<f64> {
    (1..path.len())
        .filter(|&k| leaps_before(path, k))
        .map(|k| 0.5 * (path[k - 1].0 + path[k].0))
        .collect()
}

fn leaps_before(path: &[(f64, f64)], k: usize) -> bool {
    let (before, after) = (
        &path[k.saturating_sub(SIDE)..k],
        &path[k..(k + SIDE).min(path.len())],
    );
    let (Some(a), Some(b)) = (middle(before), middle(after)) else {
        return false;
    };
    if is_leap(path[k - 1], path[k]) && is_leap(a, b) {
        return true;
    }
    if before.len() < SIDE || after.len() < SIDE {
        return false;
    }
    let pace = pace(before).max(pace(after)).max(1.0);
    let beyond = |from: (f64, f64), to: (f64, f64)| to.1 - from.1 - pace * (to.0 - from.0);
    let excess = beyond(a, b);
    excess > LEAP_SECS && beyond(path[k - 1], path[k]) > STEP_SHARE * excess
}

/// Median in both times.
fn middle(of: &[(f64, f64)]) -> Option<(f64, f64)> {
    let mut t_ref: Vec<f64> = of.iter().map(|p| p.1).collect();
    t_ref.sort_by(f64::total_cmp);
    Some((of.get(of.len() / 2)?.0, *t_ref.get(of.len() / 2)?))
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
}
