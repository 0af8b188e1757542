//! Doubt about the map that its error bars do not have by themselves: in gaps, and where it passes beside its pairs.

use crate::stats::{median, median_and_deviation, ramp};

/// This near a pair the path is carried by it, seconds.
const CARRIED_SECS: f64 = 0.4;
/// From here on nobody knows whether the rider was on the trail at all, seconds.
const LOST_SECS: f64 = 1.0;
/// Certainty that is left there.
const LOST: f64 = 0.45;
/// Pairs within this time of a moment say together whether the path passes beside them, seconds.
const NEAR_SECS: f64 = 0.6;
/// and they are no fewer.
const FEWEST: usize = 3;
/// The middle one of them may be off by this many of their own errors by chance.
const BY_CHANCE: f64 = 1.0;
/// Factor on what is beyond chance.
const MISFIT: f64 = 5.0;

/// Share of the certainty at `secs` from the nearer end of a gap. Between two pairs there were frames in which the trail was
/// not seen: something was in the way, or the rider was elsewhere.
pub(crate) fn in_gap(secs: f64) -> f64 {
    1.0 - (1.0 - LOST) * ramp(secs, (CARRIED_SECS, LOST_SECS))
}

/// Certainty left within [`LEAP_SPAN_SECS`] of a leap.
const AT_LEAP: f64 = 0.55;
/// A leap lies between two frames, and the model may be wrong by one; seconds.
const LEAP_SPAN_SECS: f64 = 0.7;

/// Share of the certainty at `t`, where the path leaps at the sorted times `leaps`: when exactly the new rider came by while
/// the reference stood is known to a frame or so.
pub(crate) fn at_leap(t: f64, leaps: &[f64]) -> f64 {
    let k = leaps.partition_point(|&leap| leap < t - LEAP_SPAN_SECS);
    match leaps.get(k) {
        Some(&leap) if leap <= t + LEAP_SPAN_SECS => AT_LEAP,
        _ => 1.0,
    }
}

/// Certainty left where the new rider comes to a stand or sets off: the path cuts such corners.
const AT_CORNER: f64 = 0.6;
/// Shares of the usual pace that one side stays below and the other reaches, at such a corner.
const CORNER: (f64, f64) = (0.35, 0.5);

/// Share of the certainty where the rate is so much before and so much after, and `pace` is usual.
pub(crate) fn at_corner(before: f64, after: f64, pace: f64) -> f64 {
    let corner = before.min(after) < CORNER.0 * pace && before.max(after) > CORNER.1 * pace;
    if corner { AT_CORNER } else { 1.0 }
}

/// Looks within this time of a moment say together how much is seen there, seconds.
const LOOKS_SECS: f64 = 1.5;
/// A look with a larger error saw nothing that stands out, seconds.
const WEAK_LOOK_SECS: f64 = 0.12;
/// Shares of weak looks from which on they count, and at which they count in full.
const WEAK_SHARE: (f64, f64) = (0.1, 0.35);
/// Certainty that is left where weak looks make the new rider's pace unusual.
const AMONG_WEAK: f64 = 0.4;
/// How far from the usual pace is unusual at all and in full, in spreads of the ride's own paces.
const UNUSUAL: (f64, f64) = (3.0, 6.0);
/// No ride keeps its pace better than this, as a share of it.
const LEAST_SPREAD: f64 = 0.03;

/// Share of the looks around `t` that are weak, 0..1 from where that begins to count; `pairs` are `(time, error)` in order
/// of time.
pub(crate) fn weakness(t: f64, pairs: &[(f64, f64)]) -> f64 {
    let from = pairs.partition_point(|p| p.0 < t - LOOKS_SECS);
    let to = pairs.partition_point(|p| p.0 <= t + LOOKS_SECS);
    let weak = pairs[from..to].iter().filter(|p| p.1 > WEAK_LOOK_SECS).count();
    ramp(weak as f64 / (to - from).max(FEWEST) as f64, WEAK_SHARE)
}

/// Seconds from an end of a segment from which on nothing beyond confirms the path, in full and not at all.
const UNCONFIRMED_SECS: (f64, f64) = (3.0, 5.0);

/// How far an unusual pace so many `secs` from the nearer end of a segment lacks confirmation, 0..1, where the ride does not
/// come back to its usual pace before that end: a path that has drifted off must come back, which bounds its error; at an end
/// it need not.
pub(crate) fn unconfirmed(secs: f64) -> f64 {
    1.0 - ramp(secs, UNCONFIRMED_SECS)
}

/// The paces of a ride, reference seconds per second: their middle and how far they spread around it.
pub(crate) struct Paces {
    middle: f64,
    spread: f64,
}

impl Paces {
    pub fn new(mut rates: Vec<f64>) -> Self {
        let (middle, deviation) = median_and_deviation(&mut rates).unwrap_or((1.0, 0.0));
        Self {
            middle,
            spread: deviation.max(LEAST_SPREAD * middle),
        }
    }

    /// Share of the certainty at `rate`, where so much of what is seen is weak or unconfirmed: something else than the trail
    /// fills the picture then, and what the other looks see sharply may be that. Weak looks at the usual pace are believed,
    /// and so is an unusual pace that is well seen and from which the ride comes back.
    pub fn among_weak(&self, rate: f64, weakness: f64) -> f64 {
        1.0 - (1.0 - AMONG_WEAK) * weakness * self.unusual(rate)
    }

    /// How unusual a pace is, 0..1.
    pub fn unusual(&self, rate: f64) -> f64 {
        ramp((rate - self.middle).abs() / self.spread, UNUSUAL)
    }
}

/// Rates below the first share of the usual pace are standing, above the second riding.
const STANDING: (f64, f64) = (0.12, 0.5);
/// Factor on the shared error of pairs where somebody stands.
const ALL_ALIKE: f64 = 4.0;

/// Factor on the error that neighbouring pairs share, at `rate` where `pace` is usual: where the new rider stands, all pairs
/// are one look at one picture, and no number of them makes it better.
pub(crate) fn of_stand(rate: f64, pace: f64) -> f64 {
    ALL_ALIKE + (1.0 - ALL_ALIKE) * ramp(rate / pace, STANDING)
}

/// Where several neighbouring pairs lie on the same side of the path. The smoother takes pairs for wrong when they do not fit
/// its idea of riding; it is not always they who are.
pub(crate) struct Misfits(Vec<(f64, f64, f64)>);

impl Misfits {
    /// Of `(time, pair minus path, error of the pair)`, in order of time.
    pub fn new(pairs: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        Self(pairs.collect())
    }

    /// Error that the pairs around `t` show beyond chance, seconds.
    pub fn at(&self, t: f64) -> f64 {
        let from = self.0.partition_point(|p| p.0 < t - NEAR_SECS);
        let to = self.0.partition_point(|p| p.0 <= t + NEAR_SECS);
        let near = &self.0[from..to];
        if near.len() < FEWEST {
            return 0.0;
        }
        let mut beside: Vec<f64> = near.iter().map(|p| p.1).collect();
        let middle = median(&mut beside).unwrap_or(0.0);
        let error = near.iter().map(|p| p.2).sum::<f64>() / near.len() as f64;
        MISFIT * (middle.abs() - BY_CHANCE * error).max(0.0)
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
    fn long_gaps_leave_doubt_in_their_middle() {
        assert_eq!(in_gap(0.2), 1.0);
        assert!(in_gap(2.0) < 0.5 && in_gap(0.7) < 0.8);
    }

    #[test]
    fn an_unusual_pace_among_weak_looks_is_doubted() {
        let paces = Paces::new(
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
        assert!(left(0.6, 1) < 0.6 && left(0.6, 3) <= AMONG_WEAK);
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
    fn looks_from_one_spot_share_their_error() {
        assert_eq!(of_stand(1.0, 1.0), 1.0);
        assert_eq!(of_stand(0.0, 1.0), ALL_ALIKE);
    }
}
