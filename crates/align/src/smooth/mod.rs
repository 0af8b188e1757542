//! Robust Kalman filter and Rauch-Tung-Striebel smoother (1965) of the path through reference time.
//!
//! State `x = (t_ref, rate)`, an integrated random walk: `F = [1 dt; 0 1]`,
//! `Q = q [dt^3/3 dt^2/2; dt^2/2 dt]`; observation `t_ref + noise`. Both noises have heavy tails, Student's,
//! by iterative reweighting (Lange, Little & Taylor 1989): with a residual of `e` sigmas a measurement counts
//! `(3 + 1) / (3 + e^2)`, and with a drift of `z` sigmas `q` grows `(4 + z^2) / (4 + 2)`-fold, since
//! measurements may be plainly wrong, and the rate may change at once when somebody brakes to a halt.
//!
//! The symmetric 2 x 2 matrices are written out, and not one smoother shared with [`crate::fusion`]: general
//! products round in another order, and results must stay the same to the last bit.

mod estimate;
mod motion;

use self::estimate::PathEstimate;
pub(crate) use self::motion::{Motion, Sighting, motions};
use crate::path::chord_slopes;
use crate::stats::median_and_deviation;
use crate::tuning::{
    DRIFT_FACTOR, DRIFT_FREEDOM, ERROR_FREEDOM, FIRST_POSITION_VARIANCE, FIRST_RATE_VARIANCE,
    GIVEN_SIGMA_SECS, MIN_DRIFT_SECS, MIN_RATE_DRIFT, RATE_CHORD_SECS, RATE_DRIFT, RATE_MEMORY_SECS,
    SMOOTHING_ROUNDS,
};

/// What is observed of the path at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathObservation {
    /// None; the state is wanted here.
    Missing,
    /// A measurement with a one-sigma error in seconds; may be wrong.
    Measured {
        /// Reference time, seconds.
        t_ref_secs: f64,
        /// One-sigma error, seconds, above 0.
        sigma_secs: f64,
    },
    /// Given by a person; never doubted.
    Given {
        /// Reference time, seconds.
        t_ref_secs: f64,
    },
}

/// The smoothed path at one time.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct PathState {
    /// Reference time, seconds.
    pub t_ref_secs: f64,
    /// One-sigma error of `t_ref_secs`, before any calibration.
    pub sigma_secs: f64,
}

/// Smooth `known` at the increasing times `t_secs` of a rider who rides all the way. Empty when nothing is
/// known or the lengths differ.
pub fn smooth(t_secs: &[f64], known: &[PathObservation]) -> Vec<PathState> {
    smooth_moving(t_secs, known, &vec![Motion::Ride; t_secs.len()])
}

/// Smooth `known` as [`smooth`] does, where the rider moves as `motion` says in the interval before each
/// time.
pub(crate) fn smooth_moving(t_secs: &[f64], known: &[PathObservation], motion: &[Motion]) -> Vec<PathState> {
    let free = smooth_with(t_secs, known, motion, RATE_DRIFT);
    match own_drift(t_secs, &free) {
        Some(drift) if drift < RATE_DRIFT => smooth_with(t_secs, known, motion, drift),
        _ => free,
    }
}

/// Drift of the rate as the path itself shows it: a robust variance of its slopes over [`RATE_CHORD_SECS`].
fn own_drift(t_secs: &[f64], path: &[PathState]) -> Option<f64> {
    let span = t_secs.last()? - t_secs.first()?;
    if span < MIN_DRIFT_SECS || path.len() != t_secs.len() {
        return None;
    }
    let points: Vec<(f64, f64)> = t_secs.iter().zip(path).map(|(&t, s)| (t, s.t_ref_secs)).collect();
    let mut slopes = chord_slopes(&points, RATE_CHORD_SECS, 0.5 * RATE_CHORD_SECS);
    let (_, sigma) = median_and_deviation(&mut slopes)?;
    Some((2.0 * sigma * sigma / RATE_MEMORY_SECS).max(MIN_RATE_DRIFT))
}

fn smooth_with(
    t_secs: &[f64],
    known: &[PathObservation],
    motion: &[Motion],
    rate_drift: f64,
) -> Vec<PathState> {
    let n = t_secs.len();
    let Some(first) = known.iter().find_map(value) else {
        return Vec::new();
    };
    if n != known.len() || n != motion.len() {
        return Vec::new();
    }
    let mut weights = vec![1.0; n];
    let mut drift = vec![1.0; n];
    let mut states = Vec::new();
    for _ in 0..SMOOTHING_ROUNDS {
        let steps = filter(t_secs, known, motion, &weights, &drift, (first, rate_drift));
        let smoothed = back(&steps);
        for i in 0..n {
            if let PathObservation::Measured {
                t_ref_secs,
                sigma_secs,
            } = known[i]
            {
                let e = (t_ref_secs - smoothed[i].x[0]) / sigma_secs;
                weights[i] = (ERROR_FREEDOM + 1.0) / (ERROR_FREEDOM + e * e);
            }
            if i > 0 && motion[i] == Motion::Ride {
                let dt = t_secs[i] - t_secs[i - 1];
                let z2 = drift_squared(&smoothed[i - 1], &smoothed[i], dt) / rate_drift;
                drift[i] =
                    ((DRIFT_FREEDOM + z2) / (DRIFT_FREEDOM + 2.0)).clamp(DRIFT_FACTOR.0, DRIFT_FACTOR.1);
            }
        }
        states = smoothed;
    }
    states
        .iter()
        .map(|s| PathState {
            t_ref_secs: s.x[0],
            sigma_secs: s.p[0].max(0.0).sqrt(),
        })
        .collect()
}

fn value(known: &PathObservation) -> Option<f64> {
    match *known {
        PathObservation::Missing => None,
        PathObservation::Measured { t_ref_secs, .. } | PathObservation::Given { t_ref_secs } => {
            Some(t_ref_secs)
        }
    }
}

/// One time step of the filter: predicted and updated estimate, seconds ridden since the step before.
struct PathStep {
    predicted: PathEstimate,
    updated: PathEstimate,
    ridden: f64,
}

fn filter(
    t: &[f64],
    known: &[PathObservation],
    motion: &[Motion],
    weights: &[f64],
    drift: &[f64],
    (first, rate_drift): (f64, f64),
) -> Vec<PathStep> {
    let mut estimate = PathEstimate {
        x: [first, 1.0],
        p: [FIRST_POSITION_VARIANCE, 0.0, FIRST_RATE_VARIANCE],
    };
    let mut steps = Vec::with_capacity(t.len());
    for i in 0..t.len() {
        let dt = if i > 0 { t[i] - t[i - 1] } else { 0.0 };
        if i > 0 {
            estimate = estimate.predict(motion[i], dt, rate_drift * drift[i]);
        }
        let predicted = estimate;
        let observed = match known[i] {
            PathObservation::Missing => None,
            PathObservation::Measured {
                t_ref_secs,
                sigma_secs,
            } => Some((t_ref_secs, sigma_secs * sigma_secs / weights[i])),
            PathObservation::Given { t_ref_secs } => Some((t_ref_secs, GIVEN_SIGMA_SECS * GIVEN_SIGMA_SECS)),
        };
        if let Some((y, variance)) = observed {
            estimate = estimate.update(y, variance);
        }
        steps.push(PathStep {
            predicted,
            updated: estimate,
            ridden: motion[i].ridden_share() * dt,
        });
    }
    steps
}

fn back(steps: &[PathStep]) -> Vec<PathEstimate> {
    let mut out: Vec<PathEstimate> = steps.iter().map(|p| p.updated).collect();
    for i in (0..steps.len().saturating_sub(1)).rev() {
        let (here, next) = (&steps[i].updated, &steps[i + 1]);
        let [a, b, c] = next.predicted.p;
        let det = a * c - b * b;
        if det <= 0.0 {
            continue;
        }
        let inverse = [c / det, -b / det, a / det];
        let [pp, pr, rr] = here.p;
        // P Fᵀ with F = [1 ridden; 0 1].
        let cross = [[pp + next.ridden * pr, pr], [pr + next.ridden * rr, rr]];
        let gain = cross.map(|r| {
            [
                r[0] * inverse[0] + r[1] * inverse[1],
                r[0] * inverse[1] + r[1] * inverse[2],
            ]
        });
        let dx = [
            out[i + 1].x[0] - next.predicted.x[0],
            out[i + 1].x[1] - next.predicted.x[1],
        ];
        let dp = [out[i + 1].p[0] - a, out[i + 1].p[1] - b, out[i + 1].p[2] - c];
        let spread = |g: [f64; 2], h: [f64; 2]| {
            g[0] * (dp[0] * h[0] + dp[1] * h[1]) + g[1] * (dp[1] * h[0] + dp[2] * h[1])
        };
        out[i] = PathEstimate {
            x: [
                here.x[0] + gain[0][0] * dx[0] + gain[0][1] * dx[1],
                here.x[1] + gain[1][0] * dx[0] + gain[1][1] * dx[1],
            ],
            p: [
                pp + spread(gain[0], gain[0]),
                pr + spread(gain[0], gain[1]),
                rr + spread(gain[1], gain[1]),
            ],
        };
    }
    out
}

/// Squared size of the drift between two smoothed states for a drift of 1 (two degrees of freedom).
fn drift_squared(a: &PathEstimate, b: &PathEstimate, dt: f64) -> f64 {
    if dt <= 0.0 {
        return 0.0;
    }
    let (dp, dr) = (b.x[0] - a.x[0] - dt * a.x[1], b.x[1] - a.x[1]);
    // Inverse of q [dt³/3 dt²/2; dt²/2 dt].
    12.0 * dp * dp / dt.powi(3) - 12.0 * dp * dr / (dt * dt) + 4.0 * dr * dr / dt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(t: &[f64], f: impl Fn(f64) -> f64, noise: f64) -> Vec<PathObservation> {
        t.iter()
            .enumerate()
            .map(|(i, &t)| PathObservation::Measured {
                t_ref_secs: f(t) + noise * ((i * 7919 % 13) as f64 / 6.0 - 1.0),
                sigma_secs: noise.max(0.005),
            })
            .collect()
    }

    fn worst(t: &[f64], states: &[PathState], path: impl Fn(f64) -> f64) -> f64 {
        let errors = t.iter().zip(states).map(|(&t, s)| (s.t_ref_secs - path(t)).abs());
        errors.fold(0.0, f64::max)
    }

    fn times(n: usize) -> Vec<f64> {
        (0..n).map(|i| i as f64 / 3.0).collect()
    }

    #[test]
    fn averages_noise_and_reports_a_smaller_error() {
        let t = times(120);
        let path = |t: f64| 5.0 + 0.9 * t + 0.3 * (t / 4.0).sin();
        let states = smooth(&t, &measured(&t, path, 0.05));
        let worst = worst(&t, &states, path);
        assert!(worst < 0.05, "{worst}");
        assert!(
            states[60].sigma_secs < 0.035 && states[60].sigma_secs > 0.005,
            "{:?}",
            states[60]
        );
    }

    #[test]
    fn wrong_measurements_are_ignored() {
        let t = times(90);
        let mut known = measured(&t, |t| t, 0.01);
        for i in [20, 21, 50, 70] {
            known[i] = PathObservation::Measured {
                t_ref_secs: t[i] + 1.5,
                sigma_secs: 0.05,
            };
        }
        let states = smooth(&t, &known);
        for (s, &t) in states.iter().zip(&t) {
            assert!((s.t_ref_secs - t).abs() < 0.05, "{t}: {s:?}");
        }
    }

    #[test]
    fn a_sudden_stop_keeps_its_corners() {
        let t = times(90);
        let path = |t: f64| {
            if t < 10.0 {
                t
            } else if t < 18.0 {
                10.0
            } else {
                t - 8.0
            }
        };
        let states = smooth(&t, &measured(&t, path, 0.02));
        let worst = worst(&t, &states, path);
        assert!(worst < 0.09, "{worst}");
    }

    #[test]
    fn a_given_point_is_met_and_the_error_grows_in_gaps() {
        let t = times(60);
        let mut known = measured(&t, |t| t, 0.02);
        known[20..35].fill(PathObservation::Missing);
        known[45] = PathObservation::Given { t_ref_secs: 15.2 };
        let states = smooth(&t, &known);
        assert!((states[45].t_ref_secs - 15.2).abs() < 1e-3);
        assert!(states[27].sigma_secs > 4.0 * states[10].sigma_secs);
    }

    #[test]
    fn nothing_observed_gives_nothing() {
        assert!(smooth(&[0.0, 1.0], &[PathObservation::Missing; 2]).is_empty());
        assert!(smooth(&[], &[]).is_empty());
    }
}
