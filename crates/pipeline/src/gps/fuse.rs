//! Pairs by pictures and pairs by GPS as one list.
//!
//! Their errors are of different kinds. GPS drifts: what it is off by now, it is off by a few seconds later. Pictures do
//! not drift, but a stretch that looks alike everywhere misleads them for a second or two. So the pictures tell the
//! drift of GPS, as a robust mean over several seconds, and GPS, its drift taken out, tells which pictures are misled.
//! What remains is averaged by precision. Where no picture was compared, GPS goes on alone and its error bar opens as
//! its drift becomes unknown again.

use mtbsync_align::fit::Pair;
use mtbsync_align::refine::make_increasing;

/// The drift is taken over this much each side, seconds: short against the minutes in which satellites move, long
/// against the stretches that mislead pictures.
const DRIFT_SPAN_SECS: f64 = 8.0;
/// Fewest pairs for a drift.
const MIN_DRIFT_PAIRS: usize = 6;
/// Pictures this near share their errors, seconds.
const SHARED_ERROR_SECS: f64 = 1.0;
/// The drift is forgotten in this time, seconds.
const DRIFT_MEMORY_SECS: f64 = 5.0;
/// Least error of GPS with its drift taken out, seconds; that of a good receiver in the open.
const MIN_NOISE_SECS: f64 = 0.05;
/// Pictures farther from GPS than this many sigmas of both are misled; from there their weight falls fast.
const MISLED_SIGMAS: f64 = 2.0;
/// Later smoothing averages the errors of pictures, which change from frame to frame, but not those of GPS, which last
/// for seconds: so these count for more. Measured on rendered rides: at 1 good pictures lose some milliseconds.
const LASTING_ERROR: f64 = 2.0;
/// Rounds of reweighting for the drift.
const ROUNDS: usize = 6;
/// Median absolute deviation of a bell curve, in standard deviations.
const MAD_TO_SIGMA: f64 = 1.4826;

/// A pair, and whether GPS alone stands behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedPair {
    /// The pair.
    pub pair: Pair,
    /// No picture was compared there.
    pub gps_only: bool,
}

/// A moment at which both sources have a pair.
#[derive(Clone, Copy, Debug)]
struct Compared {
    t_new: f64,
    /// Pictures minus GPS.
    apart: f64,
    /// Error of the pictures.
    sigma: f64,
}

/// One pair per new time that either source has; both in order of new time.
pub fn fuse(visual: &[Pair], gps: &[Pair]) -> Vec<FusedPair> {
    let compared: Vec<Compared> = visual
        .iter()
        .filter_map(|seen| {
            let by_gps = at(gps, seen.t_new_secs)?;
            Some(Compared {
                t_new: seen.t_new_secs,
                apart: seen.t_ref_secs - by_gps.t_ref_secs,
                sigma: seen.sigma_secs,
            })
        })
        .collect();
    let noise_secs = noise(&compared, gps);
    let mut fused: Vec<FusedPair> = gps
        .iter()
        .map(|pair| without_drift(pair, &compared, noise_secs))
        .map(|steady| match at(visual, steady.t_new_secs) {
            Some(seen) => FusedPair {
                pair: mean(seen, &steady),
                gps_only: false,
            },
            None => FusedPair {
                pair: steady,
                gps_only: true,
            },
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

/// Error of GPS once its drift is out, as the pictures show it.
fn noise(compared: &[Compared], gps: &[Pair]) -> f64 {
    let residuals: Vec<f64> = compared
        .iter()
        .filter_map(|c| Some((c.apart - drift(compared, c.t_new, f64::INFINITY)?.0).abs()))
        .collect();
    let claimed = median(gps.iter().map(|p| p.sigma_secs).collect()).unwrap_or(MIN_NOISE_SECS);
    let Some(residual) = median(residuals) else {
        return claimed;
    };
    let pictures = median(compared.iter().map(|c| c.sigma).collect()).unwrap_or(0.0);
    let spread = (MAD_TO_SIGMA * residual).powi(2) - pictures.powi(2);
    spread.max(0.0).sqrt().max(MIN_NOISE_SECS)
}

/// A pair by GPS with its drift taken out, and an honest error.
fn without_drift(pair: &Pair, compared: &[Compared], noise_secs: f64) -> Pair {
    let Some((drift, drift_sigma, nearest_secs)) = drift(compared, pair.t_new_secs, pair.sigma_secs) else {
        return *pair;
    };
    let forgotten = 1.0 - (-nearest_secs / DRIFT_MEMORY_SECS).exp();
    let wander = pair.sigma_secs * forgotten.sqrt();
    Pair {
        t_ref_secs: pair.t_ref_secs + drift,
        sigma_secs: noise_secs.hypot(drift_sigma).hypot(wander),
        ..*pair
    }
}

/// Drift around a time, its error, and how far the nearest comparison is. `believed_secs` is the size of drift expected
/// beforehand.
fn drift(compared: &[Compared], t_new: f64, believed_secs: f64) -> Option<(f64, f64, f64)> {
    let from = compared.partition_point(|c| c.t_new < t_new - DRIFT_SPAN_SECS);
    let to = compared.partition_point(|c| c.t_new <= t_new + DRIFT_SPAN_SECS);
    let near = compared.get(from..to)?;
    if near.len() < MIN_DRIFT_PAIRS {
        return None;
    }
    let mut centre = median(near.iter().map(|c| c.apart).collect())?;
    let scale =
        (MAD_TO_SIGMA * median(near.iter().map(|c| (c.apart - centre).abs()).collect())?).max(MIN_NOISE_SECS);
    let span = near.last()?.t_new - near.first()?.t_new;
    // So many of the pairs are independent of each other.
    let independent = (span / SHARED_ERROR_SECS + 1.0).min(near.len() as f64) / near.len() as f64;
    let prior = 1.0 / believed_secs.powi(2);
    let mut precision = 0.0;
    for _ in 0..ROUNDS {
        let (mut sum, mut weights) = (0.0, prior);
        for c in near {
            let error = (c.apart - centre) / scale.hypot(c.sigma);
            let weight = independent * misled(error) / (c.sigma.powi(2) + scale.powi(2));
            sum += weight * c.apart;
            weights += weight;
        }
        centre = sum / weights;
        precision = weights;
    }
    let nearest = near
        .iter()
        .map(|c| (c.t_new - t_new).abs())
        .fold(f64::INFINITY, f64::min);
    Some((centre, (1.0 / precision).sqrt(), nearest))
}

/// Weight of a measurement this many sigmas away: 1 nearby, falling with the fourth power.
fn misled(sigmas: f64) -> f64 {
    1.0 / (1.0 + (sigmas / MISLED_SIGMAS).powi(4))
}

/// Both sources at one moment.
fn mean(seen: &Pair, steady: &Pair) -> Pair {
    let apart = seen.t_ref_secs - steady.t_ref_secs;
    let error = apart / seen.sigma_secs.hypot(steady.sigma_secs);
    let by_pictures = misled(error) / seen.sigma_secs.powi(2);
    let by_gps = 1.0 / (LASTING_ERROR * steady.sigma_secs).powi(2);
    let precision = by_pictures + by_gps;
    Pair {
        t_ref_secs: steady.t_ref_secs + apart * by_pictures / precision,
        sigma_secs: (1.0 / precision).sqrt(),
        certainty: seen.certainty.max(steady.certainty),
        ..*seen
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
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
