//! The affine model `t_ref = a t_new + b`: the same clip re-encoded, cut, or played at another constant
//! speed.
//!
//! Lines through two random pairs, the one with the least sum of `min((residual / threshold)^2, 1)` (MSAC,
//! Torr & Zisserman 2000, a RANSAC), then weighted least squares on its inliers. The map is one segment with
//! its two ends as knots.

use crate::pair::Pair;
use crate::settings::WarpSettings;
use crate::stats::order_statistic;
use crate::tuning::{MIN_LINE_SIGMA_SECS, REFITS, SLOPE_RANGE};
use crate::warp::{Segment, TimeWarp};

/// Fit the affine model. `new_duration_secs` and `ref_duration_secs` bound the overlap the line is given on.
/// `None` with fewer than two usable pairs.
pub fn fit_affine(
    pairs: &[Pair],
    settings: &WarpSettings,
    new_duration_secs: f64,
    ref_duration_secs: f64,
) -> Option<TimeWarp> {
    let threshold = settings.inlier_thresh_secs();
    let mut line = robust_start(pairs, settings, threshold)?;
    for _ in 0..REFITS {
        let inliers: Vec<&Pair> = pairs.iter().filter(|p| residual(p, line) <= threshold).collect();
        line = least_squares(&inliers).unwrap_or(line);
    }
    let (a, b) = line;
    let sigma = typical_residual(pairs, line).max(MIN_LINE_SIGMA_SECS);
    let from = 0.0f64.max(-b / a);
    let to = new_duration_secs.min((ref_duration_secs - b) / a);
    let segment = Segment::new(vec![from, to], vec![a * from + b, a * to + b], vec![sigma; 2])?;
    TimeWarp::new(vec![segment])
}

/// The residual two thirds of all pairs stay within. Of all, not of the inliers: a line that few pairs follow
/// is a bad map, however well those few fit.
fn typical_residual(pairs: &[Pair], line: (f64, f64)) -> f64 {
    let mut residuals: Vec<f64> = pairs.iter().map(|p| residual(p, line)).collect();
    order_statistic(&mut residuals, 2.0 / 3.0).unwrap_or(0.0)
}

fn residual(p: &Pair, (a, b): (f64, f64)) -> f64 {
    (p.t_ref_secs - a * p.t_new_secs - b).abs()
}

fn robust_start(pairs: &[Pair], settings: &WarpSettings, threshold: f64) -> Option<(f64, f64)> {
    let mut random = SplitMix(settings.rng_seed);
    let mut best: Option<((f64, f64), f64)> = None;
    for _ in 0..settings.ransac_iters.max(1) {
        let (p, q) = (
            pairs.get(random.below(pairs.len())?)?,
            pairs.get(random.below(pairs.len())?)?,
        );
        let span = q.t_new_secs - p.t_new_secs;
        if span.abs() < 1e-6 {
            continue;
        }
        let a = (q.t_ref_secs - p.t_ref_secs) / span;
        if !(SLOPE_RANGE.0..=SLOPE_RANGE.1).contains(&a) {
            continue;
        }
        let line = (a, p.t_ref_secs - a * p.t_new_secs);
        // Truncated squares prefer the tighter of two lines with equally many inliers.
        let cost: f64 = pairs
            .iter()
            .map(|p| (residual(p, line) / threshold).powi(2).min(1.0))
            .sum();
        if best.is_none_or(|(_, least)| cost < least) {
            best = Some((line, cost));
        }
    }
    best.map(|(line, _)| line)
}

fn least_squares(pairs: &[&Pair]) -> Option<(f64, f64)> {
    let weight = |p: &Pair| 1.0 / (p.sigma_secs * p.sigma_secs).max(1e-8);
    let total: f64 = pairs.iter().map(|p| weight(p)).sum();
    let mx = pairs.iter().map(|p| weight(p) * p.t_new_secs).sum::<f64>() / total;
    let my = pairs.iter().map(|p| weight(p) * p.t_ref_secs).sum::<f64>() / total;
    let xx: f64 = pairs
        .iter()
        .map(|p| weight(p) * (p.t_new_secs - mx).powi(2))
        .sum();
    let xy: f64 = pairs
        .iter()
        .map(|p| weight(p) * (p.t_new_secs - mx) * (p.t_ref_secs - my))
        .sum();
    let a = xy / xx;
    (xx > 0.0 && (SLOPE_RANGE.0..=SLOPE_RANGE.1).contains(&a)).then_some((a, my - a * mx))
}

/// Steele, Lea & Flood's SplitMix64: small, seeded, the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, n: usize) -> Option<usize> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) as usize).checked_rem(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::WarpModel;

    fn settings() -> WarpSettings {
        WarpSettings {
            model: WarpModel::Affine,
            ..WarpSettings::default()
        }
    }

    #[test]
    fn finds_the_line_under_forty_per_cent_outliers() {
        let pairs: Vec<Pair> = (0..100)
            .map(|i| {
                let t = f64::from(i) / 3.0;
                let wrong = if i % 5 < 2 {
                    3.0 + f64::from(i % 11)
                } else {
                    0.01 * f64::from(i % 3 - 1)
                };
                Pair {
                    t_new_secs: t,
                    t_ref_secs: 1.0004 * t + 2.5 + wrong,
                    sigma_secs: 0.02,
                    certainty: 1.0,
                }
            })
            .collect();
        let warp = fit_affine(&pairs, &settings(), 33.0, 60.0).unwrap();
        assert!((warp.ref_from_new(20.0).unwrap() - (1.0004 * 20.0 + 2.5)).abs() < 0.01);
        assert_eq!(warp.segments()[0].new_range(), (0.0, 33.0));
    }

    #[test]
    fn a_line_through_two_rides_says_how_bad_it_is() {
        let pairs: Vec<Pair> = (0..100)
            .map(|i| f64::from(i) / 3.0)
            .map(|t| Pair {
                t_new_secs: t,
                t_ref_secs: t + 1.5 * (t / 4.0).sin(),
                sigma_secs: 0.02,
                certainty: 1.0,
            })
            .collect();
        let warp = fit_affine(&pairs, &settings(), 33.0, 60.0).unwrap();
        assert!(warp.locate(12.0, 33.0).unwrap().confidence < 0.5);
    }

    #[test]
    fn the_line_ends_where_either_recording_ends() {
        let pairs: Vec<Pair> = (0..50)
            .map(f64::from)
            .map(|t| Pair {
                t_new_secs: t,
                t_ref_secs: t - 5.0,
                sigma_secs: 0.02,
                certainty: 1.0,
            })
            .collect();
        let warp = fit_affine(&pairs, &settings(), 50.0, 30.0).unwrap();
        let (from, to) = warp.segments()[0].new_range();
        assert!((from - 5.0).abs() < 1e-6 && (to - 35.0).abs() < 1e-6);
    }

    #[test]
    fn too_little_gives_none() {
        assert!(fit_affine(&[], &settings(), 10.0, 10.0).is_none());
    }
}
