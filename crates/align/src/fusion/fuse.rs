//! Fusion of pairs by pictures and pairs by GPS.
//!
//! With `v` by pictures, `g` by GPS less its bias, and `p` the probability that the pictures are inliers, the
//! fused reference time is `g + p w (v - g)`, where `w` weighs both by inverse variance; its variance is that
//! of the mixture of the two cases.
//!
//! The errors are of different kinds. GPS drifts: what it is off by now, it is off by a few seconds later.
//! Pictures do not drift, but what makes one wrong makes its neighbours wrong for a second, and where all
//! places look alike they are outliers altogether. [`super::bias`] tells these apart. Where no picture was
//! compared, GPS goes on alone and its error grows as its bias becomes unknown again.

use super::bias::{GpsBias, fuse_bias};
use super::epoch::{Discrepancy, Epoch};
use crate::pair::{Pair, make_increasing};
use crate::tuning::{BIAS_MEMORY_SECS, LASTING_ERROR, MIN_GPS_NOISE_SECS};

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
    let epochs: Vec<Epoch> = gps
        .iter()
        .map(|by_gps| Epoch {
            t_secs: by_gps.t_new_secs,
            gps_sigma_secs: by_gps.sigma_secs,
            discrepancy: at(visual, by_gps.t_new_secs).map(|seen| Discrepancy {
                secs: seen.t_ref_secs - by_gps.t_ref_secs,
                sigma_secs: seen.sigma_secs,
            }),
        })
        .collect();
    let biases = fuse_bias(&epochs);
    let mut fused: Vec<FusedPair> = gps
        .iter()
        .enumerate()
        .map(|(k, by_gps)| {
            let bias = biases.get(k);
            let steady = bias.map_or(*by_gps, |bias| without_bias(by_gps, bias));
            match at(visual, by_gps.t_new_secs) {
                Some(seen) => FusedPair {
                    pair: mean(seen, &steady, bias.map_or(1.0, |bias| bias.visual_inlier)),
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

/// The pair of exactly this time; both lists speak of the same analysed frames.
fn at(pairs: &[Pair], t_new_secs: f64) -> Option<&Pair> {
    let k = pairs.partition_point(|p| p.t_new_secs < t_new_secs);
    pairs.get(k).filter(|p| p.t_new_secs == t_new_secs)
}

/// A pair by GPS less its bias. What the pictures showed of GPS holds near them; its error grows to the
/// claimed one away from them.
fn without_bias(pair: &Pair, bias: &GpsBias) -> Pair {
    let known = (-bias.nearest_secs / BIAS_MEMORY_SECS).exp();
    let variance = known * bias.sigma_secs.powi(2) + (1.0 - known) * pair.sigma_secs.powi(2);
    Pair {
        t_ref_secs: pair.t_ref_secs + bias.secs,
        sigma_secs: variance.sqrt().hypot(MIN_GPS_NOISE_SECS),
        ..*pair
    }
}

/// Both sources at one epoch. `inlier` is the probability that the pictures are no outliers; if they are, GPS
/// alone is left.
fn mean(seen: &Pair, steady: &Pair, inlier: f64) -> Pair {
    let apart = seen.t_ref_secs - steady.t_ref_secs;
    let lasting = (LASTING_ERROR * steady.sigma_secs).powi(2);
    let agreed = lasting / (seen.sigma_secs.powi(2) + lasting);
    // The same pictures told the bias of GPS, so agreeing with it makes them no better.
    let within = inlier * seen.sigma_secs.powi(2) + (1.0 - inlier) * steady.sigma_secs.powi(2);
    let between = inlier * (1.0 - inlier) * (agreed * apart).powi(2);
    Pair {
        t_ref_secs: steady.t_ref_secs + inlier * agreed * apart,
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
    fn outliers_among_pictures_are_put_right() {
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
