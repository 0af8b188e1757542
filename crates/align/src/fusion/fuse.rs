//! Pairs by pictures and pairs by GPS as one list.
//!
//! Their errors are of different kinds. GPS drifts: what it is off by now, it is off by a few seconds later. Pictures do
//! not drift, but what makes one wrong makes its neighbours wrong for a second, and a stretch that looks alike everywhere
//! misleads them altogether. What can be seen is how far both are apart; [`super::drift`] explains it by those causes,
//! however large each turns out to be on this pair. GPS with its drift taken out then tells which pictures are misled, what
//! remains is averaged by precision. Where no picture was compared, GPS goes on alone and its error bar opens as its
//! drift becomes unknown again.

use super::drift::Drift;
use super::moment::{Apart, Moment};
use crate::pair::{Pair, make_increasing};

/// The drift is forgotten in this time, seconds.
const DRIFT_MEMORY_SECS: f64 = 5.0;
/// Least error of GPS with its drift taken out, seconds; that of a good receiver in the open.
const MIN_NOISE_SECS: f64 = 0.05;
/// Later smoothing averages the errors of pictures, which change from frame to frame, but not those of GPS, which last
/// for seconds: so these count for more. Measured on rendered rides: at 1 good pictures lose some milliseconds.
const LASTING_ERROR: f64 = 2.0;

/// A pair, and whether GPS alone stands behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedPair {
    /// The pair.
    pub pair: Pair,
    /// No picture was compared there.
    pub gps_only: bool,
}

/// One pair per new time that either source has; both in order of new time.
pub fn fuse(visual: &[Pair], gps: &[Pair]) -> Vec<FusedPair> {
    let moments: Vec<Moment> = gps
        .iter()
        .map(|by_gps| Moment {
            t_secs: by_gps.t_new_secs,
            gps_sigma_secs: by_gps.sigma_secs,
            apart: at(visual, by_gps.t_new_secs).map(|seen| Apart {
                secs: seen.t_ref_secs - by_gps.t_ref_secs,
                sigma_secs: seen.sigma_secs,
            }),
        })
        .collect();
    let drifts = Drift::explain(&moments);
    let mut fused: Vec<FusedPair> = gps
        .iter()
        .enumerate()
        .map(|(k, by_gps)| {
            let drift = drifts.get(k);
            let steady = drift.map_or(*by_gps, |drift| without_drift(by_gps, drift));
            match at(visual, by_gps.t_new_secs) {
                Some(seen) => FusedPair {
                    pair: mean(seen, &steady, drift.map_or(1.0, |drift| drift.pictures_right)),
                    gps_only: false,
                },
                None => FusedPair {
                    pair: Pair {
                        sigma_secs: LASTING_ERROR * steady.sigma_secs,
                        ..steady
                    },
                    gps_only: true,
                },
            }
        })
        .collect();
    let seen_only = visual.iter().filter(|seen| at(gps, seen.t_new_secs).is_none());
    fused.extend(seen_only.map(|&pair| FusedPair {
        pair,
        gps_only: false,
    }));
    fused.sort_by(|a, b| a.pair.t_new_secs.total_cmp(&b.pair.t_new_secs));
    let mut pairs: Vec<Pair> = fused.iter().map(|f| f.pair).collect();
    make_increasing(&mut pairs);
    for (fused, pair) in fused.iter_mut().zip(pairs) {
        fused.pair = pair;
    }
    fused
}

/// The pair of exactly this moment; both lists speak of the same analysed frames.
fn at(pairs: &[Pair], t_new_secs: f64) -> Option<&Pair> {
    let k = pairs.partition_point(|p| p.t_new_secs < t_new_secs);
    pairs.get(k).filter(|p| p.t_new_secs == t_new_secs)
}

/// A pair by GPS with its drift taken out, and an honest error: what the pictures showed of GPS holds near them.
fn without_drift(pair: &Pair, drift: &Drift) -> Pair {
    let known = (-drift.nearest_secs / DRIFT_MEMORY_SECS).exp();
    let variance = known * drift.sigma_secs.powi(2) + (1.0 - known) * pair.sigma_secs.powi(2);
    Pair {
        t_ref_secs: pair.t_ref_secs + drift.secs,
        sigma_secs: variance.sqrt().hypot(MIN_NOISE_SECS),
        ..*pair
    }
}

/// Both sources at one moment. `right` is the probability that the pictures are not misled; if they are, GPS alone is
/// left.
fn mean(seen: &Pair, steady: &Pair, right: f64) -> Pair {
    let apart = seen.t_ref_secs - steady.t_ref_secs;
    let lasting = (LASTING_ERROR * steady.sigma_secs).powi(2);
    let agreed = lasting / (seen.sigma_secs.powi(2) + lasting);
    // The same pictures told the drift of GPS, so agreeing with it makes them no better.
    let within = right * seen.sigma_secs.powi(2) + (1.0 - right) * steady.sigma_secs.powi(2);
    let between = right * (1.0 - right) * (agreed * apart).powi(2);
    Pair {
        t_ref_secs: steady.t_ref_secs + right * agreed * apart,
        sigma_secs: (within + between).sqrt(),
        certainty: seen.certainty.max(steady.certainty),
        ..*seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ride(times: std::ops::Range<i32>, sigma_secs: f64, error: impl Fn(f64) -> f64) -> Vec<Pair> {
        times
            .map(|k| f64::from(k) / 3.0)
            .map(|t| Pair {
                t_new_secs: t,
                t_ref_secs: t + error(t),
                sigma_secs,
                certainty: 0.9,
            })
            .collect()
    }

    #[test]
    fn drifting_gps_does_not_pull_good_pictures() {
        let visual = ride(0..120, 0.02, |_| 0.0);
        let gps = ride(0..120, 0.5, |t| 0.4 + 0.01 * t);
        for f in fuse(&visual, &gps) {
            let error = f.pair.t_ref_secs - f.pair.t_new_secs;
            assert!(error.abs() < 0.03 && !f.gps_only, "{f:?}");
        }
    }

    #[test]
    fn misled_pictures_are_put_right() {
        let visual = ride(
            0..120,
            0.1,
            |t| if (20.0..22.0).contains(&t) { -0.9 } else { 0.0 },
        );
        let gps = ride(0..120, 0.15, |_| 0.05);
        for f in fuse(&visual, &gps) {
            assert!((f.pair.t_ref_secs - f.pair.t_new_secs).abs() < 0.15, "{f:?}");
        }
    }

    #[test]
    fn gps_goes_on_alone_with_an_error_that_opens() {
        let visual: Vec<Pair> = ride(0..120, 0.02, |_| 0.0)
            .into_iter()
            .filter(|p| !(15.0..25.0).contains(&p.t_new_secs))
            .collect();
        let gps = ride(0..120, 0.5, |_| 0.3);
        let fused = fuse(&visual, &gps);
        assert_eq!(fused.len(), 120);
        let alone: Vec<&FusedPair> = fused.iter().filter(|f| f.gps_only).collect();
        assert_eq!(alone.len(), 30);
        assert!(alone[15].pair.sigma_secs > 2.0 * alone[0].pair.sigma_secs);
        assert!(
            alone
                .iter()
                .all(|f| (f.pair.t_ref_secs - f.pair.t_new_secs).abs() < f.pair.sigma_secs)
        );
    }

    #[test]
    fn either_source_may_be_missing() {
        let visual = ride(0..10, 0.02, |_| 0.0);
        assert_eq!(
            fuse(&visual, &[]).iter().map(|f| f.pair).collect::<Vec<_>>(),
            visual
        );
        assert!(fuse(&[], &visual).iter().all(|f| f.gps_only));
        assert!(fuse(&[], &[]).is_empty());
    }
}
