//! Kalman filter and Rauch-Tung-Striebel smoother (1965) of the bias of GPS and the shared error of the
//! pictures.
//!
//! State `x = (b, b', u)` in units of what the sources claim: `b` a Matern process of order 3/2 with its rate
//! `b'`, which has no leaps, as receivers wander; `u` an Ornstein-Uhlenbeck process. Both are stationary with
//! covariance `S`:
//!
//! - prediction over `dt`: `m = F m`, `P = S + F (P - S) F'`;
//! - observation `d = h' x + noise`, `h = (g, 0, s)` with the claimed errors `g` of GPS and `s` of the
//!   pictures;
//! - smoothing: `G = P F' P_next^-1`, `m += G (m_next' - m_next)`, `P += G (P_next' - P_next) G'`.
//!
//! In units of what is claimed, a receiver that crawls may be off by more seconds than one at speed.

use nalgebra::{Matrix3, Vector3};

use super::epoch::Epoch;
use crate::tuning::{BIAS_MEMORY_SECS, OUTLIER_SIGMA_SECS, SHARED_VISUAL, SHARED_VISUAL_SECS};

/// An epoch, and the probability that its pictures are inliers.
#[derive(Clone, Copy, Debug)]
pub struct WeightedEpoch {
    /// What is seen.
    pub epoch: Epoch,
    /// Probability.
    pub inlier: f64,
}

/// Sizes of the errors as shares of what is claimed.
#[derive(Clone, Copy, Debug)]
pub struct Scales {
    /// Bias of GPS.
    pub bias: f64,
    /// Noise of GPS.
    pub noise: f64,
    /// Errors of pictures.
    pub visual: f64,
}

/// Normal distribution of the state.
#[derive(Clone, Copy, Debug)]
struct StateEstimate {
    mean: Vector3<f64>,
    covariance: Matrix3<f64>,
}

/// One step of the filter.
pub struct FilterStep {
    /// How the state came here by itself, `F`.
    transition: Matrix3<f64>,
    predicted: StateEstimate,
    updated: StateEstimate,
}

/// Mean and variance of the bias at each epoch.
pub fn smooth(observed: &[WeightedEpoch], scales: Scales) -> Vec<(f64, f64)> {
    let steps = filter(observed, scales).1;
    let mut after: Option<(StateEstimate, &FilterStep)> = None;
    let mut biases: Vec<(f64, f64)> = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let smoothed = after.map_or(step.updated, |(smoothed, next)| {
            smooth_step(&step.updated, next, &smoothed)
        });
        biases.push((smoothed.mean[0], smoothed.covariance[(0, 0)]));
        after = Some((smoothed, step));
    }
    biases.reverse();
    biases
}

/// Log-likelihood of what is seen, and the steps.
pub fn filter(observed: &[WeightedEpoch], scales: Scales) -> (f64, Vec<FilterStep>) {
    let decay_rate = 3f64.sqrt() / BIAS_MEMORY_SECS;
    let stationary = Matrix3::from_diagonal(&Vector3::new(
        scales.bias.powi(2),
        (scales.bias * decay_rate).powi(2),
        SHARED_VISUAL,
    ));
    let mut state = StateEstimate {
        mean: Vector3::zeros(),
        covariance: stationary,
    };
    let mut log_likelihood = 0.0;
    let mut steps = Vec::with_capacity(observed.len());
    let mut before = observed.first().map_or(0.0, |o| o.epoch.t_secs);
    for WeightedEpoch { epoch, inlier } in observed {
        let transition = transition(epoch.t_secs - before, decay_rate);
        before = epoch.t_secs;
        let predicted = StateEstimate {
            mean: transition * state.mean,
            covariance: stationary + transition * (state.covariance - stationary) * transition.transpose(),
        };
        state = predicted;
        if let Some(seen) = epoch.discrepancy {
            let sigma_secs = scales.visual * seen.sigma_secs;
            let seen_as = Vector3::new(epoch.gps_sigma_secs, 0.0, sigma_secs);
            let noise =
                (scales.noise * epoch.gps_sigma_secs).powi(2) + (1.0 - SHARED_VISUAL) * sigma_secs.powi(2);
            let cross = predicted.covariance * seen_as;
            let innovation = seen.secs - predicted.mean.dot(&seen_as);
            let innovation_variance = cross.dot(&seen_as) + noise;
            let density = |variance: f64| (-0.5 * innovation * innovation / variance).exp() / variance.sqrt();
            let mixed = inlier * density(innovation_variance)
                + (1.0 - inlier) * density(innovation_variance + OUTLIER_SIGMA_SECS.powi(2));
            log_likelihood += mixed.max(f64::MIN_POSITIVE).ln();
            // One normal distribution as wide as the mixture.
            let variance = innovation_variance + (1.0 - inlier) * OUTLIER_SIGMA_SECS.powi(2);
            state = StateEstimate {
                mean: predicted.mean + cross * innovation / variance,
                covariance: predicted.covariance - cross * cross.transpose() / variance,
            };
        }
        steps.push(FilterStep {
            transition,
            predicted,
            updated: state,
        });
    }
    (log_likelihood, steps)
}

/// How the state goes on by itself in `dt` seconds.
fn transition(dt: f64, decay_rate: f64) -> Matrix3<f64> {
    let decay = (-decay_rate * dt).exp();
    Matrix3::new(
        decay * (1.0 + decay_rate * dt),
        decay * dt,
        0.0,
        -decay * decay_rate * decay_rate * dt,
        decay * (1.0 - decay_rate * dt),
        0.0,
        0.0,
        0.0,
        (-dt / SHARED_VISUAL_SECS).exp(),
    )
}

/// The smoothed state before the step `next`, given the smoothed one after it.
fn smooth_step(updated: &StateEstimate, next: &FilterStep, after: &StateEstimate) -> StateEstimate {
    let Some(inverse) = next.predicted.covariance.try_inverse() else {
        return *updated;
    };
    // Transposed, because the covariance is symmetric only up to rounding and cofactors are taken by rows.
    let gain = updated.covariance * next.transition.transpose() * inverse.transpose();
    let change = after.covariance - next.predicted.covariance;
    StateEstimate {
        mean: updated.mean + gain * (after.mean - next.predicted.mean),
        covariance: updated.covariance + gain * change * gain.transpose(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::epoch::Discrepancy;
    use super::*;

    const SCALES: Scales = Scales {
        bias: 0.5,
        noise: 0.1,
        visual: 1.0,
    };

    fn observed(discrepancy: impl Fn(f64) -> Option<f64>) -> Vec<WeightedEpoch> {
        (0..90)
            .map(|k| f64::from(k) / 3.0)
            .map(|t_secs| WeightedEpoch {
                epoch: Epoch {
                    t_secs,
                    gps_sigma_secs: 1.0,
                    discrepancy: discrepancy(t_secs).map(|secs| Discrepancy {
                        secs,
                        sigma_secs: 0.05,
                    }),
                },
                inlier: 1.0,
            })
            .collect()
    }

    #[test]
    fn a_slow_wander_is_followed_and_bridged() {
        let wander = |t: f64| 0.5 * (t / 8.0).sin();
        let biases = smooth(
            &observed(|t| (!(14.0..16.0).contains(&t)).then(|| wander(t))),
            SCALES,
        );
        for (k, (mean, variance)) in biases.iter().enumerate() {
            let t = k as f64 / 3.0;
            assert!((mean - wander(t)).abs() < 0.1, "{t} {mean}");
            assert!(*variance > 0.0);
        }
        assert!(biases[45].1 > biases[20].1);
    }

    #[test]
    fn the_right_scale_is_the_likeliest() {
        let seen = observed(|t| Some(0.3 * (t / 4.0).sin()));
        let likelihood = |bias| filter(&seen, Scales { bias, ..SCALES }).0;
        assert!(likelihood(0.3) > likelihood(0.01));
        assert!(likelihood(0.3) > likelihood(5.0));
    }
}
