//! Certainty of knots where their error bars claim too much: in gaps, at leaps and corners, at an unusual
//! pace, and where the map passes beside its pairs.
//!
//! Certainties are shares, 0..1, by which the confidence of a knot is multiplied; [`ramp`]s lead from one to
//! the other.

use crate::stats::{median, median_and_deviation, ramp};
use crate::tuning::{
    CERTAINTY_AMONG_WEAK, CERTAINTY_AT_CORNER, CERTAINTY_AT_LEAP, CERTAINTY_IN_GAP, CORNER, INTO_GAP_SECS,
    LEAP_SPAN_SECS, LEAST_PACE_SIGMA, MIN_NEIGHBOURS, MISFIT_BY_CHANCE, MISFIT_FACTOR, MISFIT_SPAN_SECS,
    STANDING, STANDING_SHARED, UNCONFIRMED_SECS, UNUSUAL_SIGMAS, WEAK_SHARE, WEAK_SIGMA_SECS, WEAK_SPAN_SECS,
};

/// Share of the certainty at `secs` from the nearer end of a gap of `gap_secs` between two pairs. Where it is
/// `unseen_secs` long or longer there were frames in which the trail was not seen: something was in the way,
/// or the rider was elsewhere.
pub(super) fn in_gap(secs: f64, gap_secs: f64, unseen_secs: f64) -> f64 {
    if gap_secs < unseen_secs {
        return 1.0;
    }
    1.0 - (1.0 - CERTAINTY_IN_GAP) * ramp(secs, (0.0, INTO_GAP_SECS))
}

/// Share of the certainty at `t`, where the path leaps at the sorted times `leaps`: when exactly the new
/// rider came by while the reference stood is known to a frame or so.
pub(super) fn at_leap(t: f64, leaps: &[f64]) -> f64 {
    let k = leaps.partition_point(|&leap| leap < t - LEAP_SPAN_SECS);
    match leaps.get(k) {
        Some(&leap) if leap <= t + LEAP_SPAN_SECS => CERTAINTY_AT_LEAP,
        _ => 1.0,
    }
}

/// Share of the certainty where the rate is so much before and so much after, and `pace` is usual.
pub(super) fn at_corner(before: f64, after: f64, pace: f64) -> f64 {
    let corner = before.min(after) < CORNER.0 * pace && before.max(after) > CORNER.1 * pace;
    if corner { CERTAINTY_AT_CORNER } else { 1.0 }
}

/// Share of the pairs around `t` that are weak, 0..1 from where that begins to count; `pairs` are
/// `(time, error)` in order of time.
pub(super) fn weakness(t: f64, pairs: &[(f64, f64)]) -> f64 {
    let from = pairs.partition_point(|p| p.0 < t - WEAK_SPAN_SECS);
    let to = pairs.partition_point(|p| p.0 <= t + WEAK_SPAN_SECS);
    let weak = pairs[from..to].iter().filter(|p| p.1 > WEAK_SIGMA_SECS).count();
    ramp(weak as f64 / (to - from).max(MIN_NEIGHBOURS) as f64, WEAK_SHARE)
}

/// How far an unusual pace so many `secs` from the nearer end of a segment lacks confirmation, 0..1, where
/// the ride does not come back to its usual pace before that end: a path that has drifted off must come back,
/// which bounds its error; at an end it need not.
pub(super) fn unconfirmed(secs: f64) -> f64 {
    1.0 - ramp(secs, UNCONFIRMED_SECS)
}

/// The paces of a ride, reference seconds per second: their middle and its robust standard deviation.
pub(super) struct PaceSpread {
    middle: f64,
    sigma: f64,
}

impl PaceSpread {
    pub fn new(mut rates: Vec<f64>) -> Self {
        let (middle, deviation) = median_and_deviation(&mut rates).unwrap_or((1.0, 0.0));
        Self {
            middle,
            sigma: deviation.max(LEAST_PACE_SIGMA * middle),
        }
    }

    /// Share of the certainty at `rate`, where so much of what is seen is weak or unconfirmed: something else
    /// than the trail fills the picture then, and what the other pairs see sharply may be that. Weak pairs at
    /// the usual pace are believed, and so is an unusual pace that is well seen and from which the ride comes
    /// back.
    pub fn among_weak(&self, rate: f64, weakness: f64) -> f64 {
        1.0 - (1.0 - CERTAINTY_AMONG_WEAK) * weakness * self.unusual(rate)
    }

    /// How unusual a pace is, 0..1.
    pub fn unusual(&self, rate: f64) -> f64 {
        ramp((rate - self.middle).abs() / self.sigma, UNUSUAL_SIGMAS)
    }
}

/// Factor on the error that neighbouring pairs share, at `rate` where `pace` is usual: where the new rider
/// stands, all pairs are one look at one picture, and no number of them makes it better.
pub(super) fn sharing_factor(rate: f64, pace: f64) -> f64 {
    STANDING_SHARED + (1.0 - STANDING_SHARED) * ramp(rate / pace, STANDING)
}

/// Where several neighbouring pairs lie beside the path. The smoother takes pairs for wrong when they do not
/// fit its idea of riding; it is not always they who are. Where it runs past a bend or a leap they lie on
/// both sides of it.
pub(super) struct Misfits(Vec<(f64, f64, f64)>);

impl Misfits {
    /// Of `(time, pair minus path, error of the pair)`, in order of time.
    pub fn new(pairs: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        Self(pairs.collect())
    }

    /// Error that the pairs around `t` show beyond chance, seconds.
    pub fn at(&self, t: f64) -> f64 {
        let from = self.0.partition_point(|p| p.0 < t - MISFIT_SPAN_SECS);
        let to = self.0.partition_point(|p| p.0 <= t + MISFIT_SPAN_SECS);
        let near = &self.0[from..to];
        if near.len() < MIN_NEIGHBOURS {
            return 0.0;
        }
        let mut beside: Vec<f64> = near.iter().map(|p| p.1).collect();
        let middle = median(&mut beside).unwrap_or(0.0);
        // Root mean square of all but the largest: a single wrong pair is none of the path's errors.
        let squares = beside.iter().map(|b| b * b);
        let largest = squares.clone().fold(0.0, f64::max);
        let spread = ((squares.sum::<f64>() - largest) / (near.len() - 1) as f64).sqrt();
        let error = near.iter().map(|p| p.2).sum::<f64>() / near.len() as f64;
        MISFIT_FACTOR * (middle.abs().max(spread) - MISFIT_BY_CHANCE * error).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(beside: impl Fn(usize) -> f64) -> f64 {
        Misfits::new((0..30).map(|i| (i as f64 / 3.0, beside(i), 0.05))).at(5.0)
    }

    #[test]
    fn pairs_on_one_side_of_the_path_are_an_error_of_the_path() {
        assert_eq!(at(|i| if i % 2 == 0 { 0.04 } else { -0.04 }), 0.0);
        assert!(at(|_| 0.3) > 0.3);
        assert_eq!(
            at(|i| if i == 15 { 4.0 } else { 0.0 }),
            0.0,
            "a single wrong pair"
        );
    }

    #[test]
    fn long_gaps_are_uncertain_in_their_middle() {
        assert_eq!(in_gap(0.2, 0.5, 0.8), 1.0);
        assert!(in_gap(2.0, 4.0, 0.8) < 0.5);
    }

    #[test]
    fn an_unusual_pace_among_weak_pairs_is_doubted() {
        let paces = PaceSpread::new(
            (0..60)
                .map(|k| {
                    if k < 50 {
                        1.0 + f64::from(k % 5) / 100.0
                    } else {
                        0.6
                    }
                })
                .collect(),
        );
        let looks = |weak: usize| -> Vec<(f64, f64)> {
            let error = |i: usize| if i % 3 < weak { 0.3 } else { 0.03 };
            (0..30).map(|i| (i as f64 / 3.0, error(i))).collect()
        };
        let left = |rate, weak| paces.among_weak(rate, weakness(5.0, &looks(weak)));
        assert_eq!((left(0.6, 0), left(1.05, 3)), (1.0, 1.0));
        assert!(left(0.6, 1) < 0.6 && left(0.6, 3) <= CERTAINTY_AMONG_WEAK);
    }

    #[test]
    fn the_ends_of_a_segment_are_unconfirmed() {
        assert_eq!(
            (unconfirmed(0.0), unconfirmed(3.0), unconfirmed(6.0)),
            (1.0, 1.0, 0.0)
        );
        assert!((unconfirmed(4.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn pairs_from_one_spot_share_their_error() {
        assert_eq!(sharing_factor(1.0, 1.0), 1.0);
        assert_eq!(sharing_factor(0.0, 1.0), STANDING_SHARED);
    }
}
