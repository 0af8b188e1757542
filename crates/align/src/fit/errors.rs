//! One-sigma errors of knots.
//!
//! `sigma = r W(hypot(0.6 s, 0.4 n, 4 ms) / r, c)`: `s` the smoother's own error, `n` the mean error of the
//! pairs around, which share their causes, `c` the certainty of the knot ([`super::knot_certainty`]), `r` the
//! rate of the path, and `W` the widening that multiplies the confidence by `c`
//! ([`confidence::widened`]). See docs/concepts/confidence.md.

use super::grid::FitPoint;
use super::knot_certainty::{self, Misfits, PaceSpread};
use super::knots::KnotSeries;
use crate::confidence;
use crate::tuning::{DOUBT_SPAN_SECS, SHARED_SIGMA, SHARED_SPAN_SECS, SIGMA_FLOOR_SECS, SIGMA_SCALE};
use crate::warp::typical_pace;

/// The error of a knot's reference time, seconds.
pub(super) struct KnotError {
    /// One sigma, with the doubt about the path.
    pub sigma: f64,
    /// Half width of the 90 % interval.
    pub half_width: f64,
}

/// Errors of the reference times of `knots`, seconds, from the points they were fitted to and the
/// new times of leaps. `None` without knots.
pub(super) fn knot_errors(
    knots: &KnotSeries,
    points: &[FitPoint],
    leaps: &[f64],
    misfits: &Misfits,
) -> Option<Vec<KnotError>> {
    let pace = typical_pace(&knots.t_new, &knots.t_ref);
    let pair_errors: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|point| match point {
            FitPoint::Measured(p) => Some((p.t_new_secs, p.sigma_secs)),
            FitPoint::Given(_) => None,
        })
        .collect();
    let count = knots.t_new.len();
    let paces = PaceSpread::new((0..count).map(|k| knots.rate(k, pace)).collect());
    let confirmed = knots.at_usual_pace(&paces);
    let ends = (*knots.t_new.first()?, *knots.t_new.last()?);
    let unconfirmed = |t: f64| match confirmed {
        Some((from, to)) if (from..=to).contains(&t) => 0.0,
        Some(_) | None => knot_certainty::unconfirmed((t - ends.0).min(ends.1 - t)),
    };
    let certainty = |k: usize| {
        let t = knots.t_new[k];
        let (before, after) = knots.rates_beside(k);
        let weak = knot_certainty::weakness(t, &pair_errors).max(unconfirmed(t));
        knots.certainty[k]
            * 1.0f64
                .min(knot_certainty::at_leap(t, leaps))
                .min(knot_certainty::at_corner(before, after, pace))
                .min(paces.among_weak(0.5 * (before + after), weak))
    };
    let certain: Vec<f64> = (0..count).map(certainty).collect();
    let error = |k: usize| {
        if knots.given[k] {
            return KnotError {
                sigma: SIGMA_FLOOR_SECS,
                half_width: confidence::interval_half_width_secs(SIGMA_FLOOR_SECS),
            };
        }
        let t = knots.t_new[k];
        let (before, after) = knots.rates_beside(k);
        let from = knots.t_new.partition_point(|&x| x < t - DOUBT_SPAN_SECS);
        let to = knots.t_new.partition_point(|&x| x <= t + DOUBT_SPAN_SECS);
        let certainty = certain[from..to].iter().copied().fold(1.0, f64::min);
        let alike = knot_certainty::sharing_factor(before.min(after), pace);
        let shared = (alike * shared_sigma(points, t)).hypot(misfits.at(t));
        calibrated(knots.sigma[k], shared, certainty, knots.rate(k, pace))
    };
    Some((0..count).map(error).collect())
}

/// The certainty is about new time, of which each second is `rate` reference seconds.
fn calibrated(sigma_secs: f64, shared_secs: f64, certainty: f64, rate: f64) -> KnotError {
    let local = (sigma_secs * SIGMA_SCALE)
        .hypot(SHARED_SIGMA * shared_secs)
        .hypot(SIGMA_FLOOR_SECS);
    let sigma = rate * confidence::widened(local / rate, certainty);
    KnotError {
        sigma,
        half_width: confidence::doubted_half_width_secs(local, certainty, sigma),
    }
}

/// Mean error of the pairs around `t_new`; 0 without any. Not dominated by a single good pair: that one may
/// be a chance.
fn shared_sigma(points: &[FitPoint], t_new: f64) -> f64 {
    let from = points.partition_point(|p| p.t_new() < t_new - SHARED_SPAN_SECS);
    let near = points[from..]
        .iter()
        .take_while(|p| p.t_new() <= t_new + SHARED_SPAN_SECS);
    let (n, sum) = near.fold((0.0, 0.0), |(n, sum), p| match p {
        FitPoint::Measured(p) => (n + 1.0, sum + p.sigma_secs),
        FitPoint::Given(_) => (n, sum),
    });
    if n > 0.0 { sum / n } else { 0.0 }
}
