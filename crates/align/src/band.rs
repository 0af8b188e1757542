//! Search bands: the reference frames in question for each new frame, from the credible intervals of a sparse
//! look.
//!
//! Comparing all frames of two long recordings costs the product of their lengths. A sparse look at the new
//! run, against all of the reference, already gives a path with its own uncertainty; what that leaves
//! possible is a band of the reference for each new frame, and only the band is worth a full comparison.

use std::ops::Range;

use crate::sequence::PosteriorInterval;
use crate::tuning::{BAND_MARGIN_SECS, MAX_BAND_SECS, MAX_RATIO};

/// The reference frames (indices into `t_ref`) in question for each time of `t_new`, from a sparse look at
/// the times `t_sparse`. Neither starts nor ends go back. `None` when the look found the trail nowhere. All
/// times are in seconds and increasing.
pub fn band(
    sparse: &[PosteriorInterval],
    t_sparse: &[f64],
    t_new: &[f64],
    t_ref: &[f64],
) -> Option<Vec<Range<usize>>> {
    let looks = t_sparse.iter().copied().zip(sparse);
    let known: Vec<(f64, &PosteriorInterval)> = looks
        .filter(|(_, interval)| interval.posterior.is_on_trail())
        .collect();
    if known.is_empty() || t_ref.is_empty() {
        return None;
    }
    let mut bands: Vec<Range<usize>> = t_new
        .iter()
        .map(|&t| {
            let (low, high) = possible(&known, t);
            let start = t_ref.partition_point(|&r| r < low - BAND_MARGIN_SECS);
            let end = t_ref.partition_point(|&r| r <= high + BAND_MARGIN_SECS);
            start..end
        })
        .collect();
    // Only ever wider: later rows may need what lies further back.
    let mut least = t_ref.len() - 1;
    for band in bands.iter_mut().rev() {
        least = least.min(band.start);
        band.start = least;
    }
    let mut most = 1;
    for band in &mut bands {
        most = most.max(band.end).max(band.start + 1);
        band.end = most;
    }
    Some(bands)
}

/// Reference times possible at `t`: between those of the moments known before and after. Where one of them is
/// missing or far, as far as a fast rider gets.
fn possible(known: &[(f64, &PosteriorInterval)], t: f64) -> (f64, f64) {
    let k = known.partition_point(|known| known.0 < t);
    let before = k.checked_sub(1).and_then(|k| known.get(k));
    let ridden = |secs: f64| (MAX_RATIO * secs).min(MAX_BAND_SECS);
    // As far as a fast rider gets from the moment before, or to the one after.
    let latest = |(at, known): &(f64, &PosteriorInterval)| known.high_secs + ridden(t - at);
    let earliest = |(at, known): &(f64, &PosteriorInterval)| known.low_secs - ridden(at - t);
    match (before, known.get(k)) {
        (Some(before), Some(after)) => {
            let (low, high) = (before.1.low_secs, after.1.high_secs);
            if high - low <= MAX_BAND_SECS {
                (low, high)
            } else if t - before.0 <= after.0 - t {
                (low, latest(before).min(high))
            } else {
                (earliest(after).max(low), high)
            }
        }
        (Some(before), None) => (before.1.low_secs, latest(before)),
        (None, Some(after)) => (earliest(after), after.1.high_secs),
        (None, None) => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::Posterior;

    fn interval(t_ref_secs: f64, off: f64) -> PosteriorInterval {
        PosteriorInterval {
            posterior: Posterior {
                t_ref_secs,
                on: 1.0 - off,
                off,
            },
            low_secs: t_ref_secs - 0.5,
            high_secs: t_ref_secs + 0.5,
        }
    }

    fn times(count: usize, step: f64) -> Vec<f64> {
        (0..count).map(|k| k as f64 * step).collect()
    }

    #[test]
    fn a_steady_path_gets_a_narrow_band_that_holds_it() {
        let (sparse, t_new, t_ref) = (times(100, 6.0), times(1800, 1.0 / 3.0), times(2400, 1.0 / 3.0));
        let looks: Vec<PosteriorInterval> = sparse.iter().map(|t| interval(1.2 * t + 30.0, 0.0)).collect();
        let bands = band(&looks, &sparse, &t_new, &t_ref).unwrap();
        for (t, band) in t_new.iter().zip(&bands) {
            let truth = 1.2 * t + 30.0;
            assert!(
                t_ref[band.start] < truth && truth < t_ref[band.end - 1],
                "{t} {band:?}"
            );
            assert!(band.len() < 90, "{t} {band:?}");
        }
    }

    #[test]
    fn bands_open_where_nothing_is_known_and_never_go_back() {
        let (sparse, t_new, t_ref) = (times(60, 5.0), times(900, 1.0 / 3.0), times(6000, 1.0 / 3.0));
        // Known up to 100 s and from 200 s on, half an hour further.
        let looks: Vec<PosteriorInterval> = sparse
            .iter()
            .map(|&t| match t {
                _ if t <= 100.0 => interval(t, 0.0),
                _ if t < 200.0 => interval(0.0, 0.9),
                _ => interval(t + 1500.0, 0.0),
            })
            .collect();
        let bands = band(&looks, &sparse, &t_new, &t_ref).unwrap();
        assert!(
            bands
                .windows(2)
                .all(|w| w[0].start <= w[1].start && w[0].end <= w[1].end)
        );
        assert!(bands.iter().all(|b| b.start < b.end && b.end <= t_ref.len()));
        // Soon after the last known place its surroundings are in question, shortly before the next those of
        // that.
        assert!(bands[310].contains(&320) && bands[590].contains(&(3 * 1690)));
    }

    #[test]
    fn a_look_that_found_nothing_gives_no_band() {
        let t = times(50, 0.33);
        assert!(band(&[interval(3.0, 0.8)], &[1.0], &t, &t).is_none());
        assert!(band(&[], &[], &t, &t).is_none());
    }
}
