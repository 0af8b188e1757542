//! Bias of GPS against the pictures, estimated from how far both are apart.
//!
//! At epoch `k` pictures and GPS differ by `d_k = g_k b(t_k) + s_k u(t_k) + noise`, where `g` and `s` are the
//! errors that GPS and pictures claim:
//!
//! - `b` is a drift that lasts for seconds (Matern process of order 3/2), `u` an error that neighbouring
//!   pictures share (Ornstein-Uhlenbeck process); [`super::kalman`] smooths both;
//! - the sizes of `b`, `u` and the noise are not known beforehand: a grid of them is averaged by posterior
//!   probability (Bayesian model averaging) under log-normal priors;
//! - pictures may be outliers for a second or two; [`super::outliers`] gives the probability.
//!
//! Smoother and chain alternate for a fixed number of rounds (coordinate ascent), from two starts. No median
//! and no threshold takes part, so that the answer moves as little as what is seen.

use rayon::prelude::*;

use super::epoch::{BiasEstimate, Epoch};
use super::kalman::{Scales, WeightedEpoch, filter, smooth};
use super::outliers::inliers;
use crate::tuning::{
    BIAS_PRIOR, FUSION_ROUNDS, GPS_SCALES, MIN_COMPARED, MIN_SCALE_POSTERIOR, NOISE_PRIOR, VISUAL_PRIOR,
    VISUAL_SCALES,
};

/// What is known of GPS at an epoch.
#[derive(Clone, Copy, Debug)]
pub struct GpsBias {
    /// To be added to GPS, seconds.
    pub secs: f64,
    /// One-sigma error of GPS after that, seconds.
    pub sigma_secs: f64,
    /// Time to the nearest comparison, seconds.
    pub nearest_secs: f64,
    /// Probability that the pictures are no outliers here.
    pub visual_inlier: f64,
}

/// Bias at each epoch, in order; empty when too little could be compared.
pub fn fuse_bias(epochs: &[Epoch]) -> Vec<GpsBias> {
    if epochs.iter().filter(|e| e.discrepancy.is_some()).count() < MIN_COMPARED {
        return Vec::new();
    }
    // Either source may be the one that is wrong for long, and each start ends in an optimum of its own: both
    // count by their likelihood.
    let as_claimed: Vec<BiasEstimate> = epochs
        .iter()
        .map(|e| BiasEstimate {
            secs: 0.0,
            variance: e.gps_sigma_secs.powi(2),
        })
        .collect();
    let optima = [
        Optimum::from_start(epochs, vec![1.0; epochs.len()]),
        Optimum::from_start(epochs, inliers(epochs, &as_claimed).inlier),
    ];
    let best = optima
        .iter()
        .map(|o| o.log_likelihood)
        .fold(f64::NEG_INFINITY, f64::max);
    let weights = optima.each_ref().map(|o| (o.log_likelihood - best).exp());
    let total: f64 = weights.iter().sum();
    let mean = |value: &dyn Fn(&Optimum) -> f64| -> f64 {
        let sum: f64 = optima.iter().zip(&weights).map(|(o, w)| w * value(o)).sum();
        sum / total
    };
    nearest_comparison(epochs)
        .into_iter()
        .enumerate()
        .map(|(k, nearest_secs)| {
            let secs = mean(&|o| o.biases[k].secs);
            let square = mean(&|o| o.biases[k].variance + o.biases[k].secs.powi(2));
            GpsBias {
                secs,
                sigma_secs: (square - secs * secs).max(0.0).sqrt(),
                nearest_secs,
                visual_inlier: mean(&|o| o.inlier[k]),
            }
        })
        .collect()
}

/// Where alternating smoother and chain leads from one start.
struct Optimum {
    biases: Vec<BiasEstimate>,
    /// Probability that the pictures are inliers, per epoch.
    inlier: Vec<f64>,
    log_likelihood: f64,
}

impl Optimum {
    fn from_start(epochs: &[Epoch], inlier: Vec<f64>) -> Self {
        let mut optimum = Self {
            biases: Vec::new(),
            inlier,
            log_likelihood: 0.0,
        };
        for _ in 0..FUSION_ROUNDS {
            let (log_evidence, biases) = averaged_over_scales(epochs, &optimum.inlier);
            let chain = inliers(epochs, &biases);
            optimum = Self {
                biases,
                inlier: chain.inlier,
                log_likelihood: log_evidence + chain.log_likelihood,
            };
        }
        optimum
    }
}

/// Bias averaged over all scales by their posterior, and the logarithm of the sum of prior times likelihood.
fn averaged_over_scales(epochs: &[Epoch], inlier: &[f64]) -> (f64, Vec<BiasEstimate>) {
    let observed: Vec<WeightedEpoch> = epochs
        .iter()
        .zip(inlier)
        .map(|(&epoch, &inlier)| WeightedEpoch { epoch, inlier })
        .collect();
    let mut grid = Vec::with_capacity(GPS_SCALES.len() * GPS_SCALES.len() * VISUAL_SCALES.len());
    for bias in GPS_SCALES {
        for noise in GPS_SCALES {
            grid.extend(VISUAL_SCALES.map(|visual| Scales { bias, noise, visual }));
        }
    }
    let scores: Vec<f64> = grid
        .par_iter()
        .map(|&scales| log_prior(scales) + filter(&observed, scales).0)
        .collect();
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - best).exp()).sum();
    let mut sums = vec![(0.0, 0.0); epochs.len()];
    for (&scales, score) in grid.iter().zip(&scores) {
        let weight = (score - best).exp() / total;
        if weight < MIN_SCALE_POSTERIOR {
            continue;
        }
        for ((sum, epoch), (mean, variance)) in sums.iter_mut().zip(epochs).zip(smooth(&observed, scales)) {
            let secs = epoch.gps_sigma_secs * mean;
            let variance = epoch.gps_sigma_secs.powi(2) * (variance + scales.noise * scales.noise);
            sum.0 += weight * secs;
            sum.1 += weight * (variance + secs * secs);
        }
    }
    let biases = sums
        .into_iter()
        .map(|(secs, square)| BiasEstimate {
            secs,
            variance: (square - secs * secs).max(0.0),
        })
        .collect();
    (best + total.ln(), biases)
}

/// Logarithm of the prior density of scales, up to a constant.
fn log_prior(scales: Scales) -> f64 {
    let term = |size: f64, (mean, sigma): (f64, f64)| -0.5 * ((size.ln() - mean) / sigma).powi(2);
    term(scales.bias, BIAS_PRIOR) + term(scales.noise, NOISE_PRIOR) + term(scales.visual, VISUAL_PRIOR)
}

/// Time from each epoch to the nearest one with a comparison.
fn nearest_comparison(epochs: &[Epoch]) -> Vec<f64> {
    let mut nearest = vec![f64::INFINITY; epochs.len()];
    let mut last = f64::NEG_INFINITY;
    for (near, epoch) in nearest.iter_mut().zip(epochs) {
        if epoch.discrepancy.is_some() {
            last = epoch.t_secs;
        }
        *near = epoch.t_secs - last;
    }
    let mut next = f64::INFINITY;
    for (near, epoch) in nearest.iter_mut().zip(epochs).rev() {
        if epoch.discrepancy.is_some() {
            next = epoch.t_secs;
        }
        *near = near.min(next - epoch.t_secs);
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::super::epoch::Discrepancy;
    use super::*;

    /// Three epochs a second for 40 s.
    fn epochs(gps_sigma_secs: f64, discrepancy: impl Fn(f64) -> f64) -> Vec<Epoch> {
        (0..120)
            .map(|k| f64::from(k) / 3.0)
            .map(|t_secs| Epoch {
                t_secs,
                gps_sigma_secs,
                discrepancy: Some(Discrepancy {
                    secs: discrepancy(t_secs),
                    sigma_secs: 0.05,
                }),
            })
            .collect()
    }

    #[test]
    fn a_stretch_that_leaps_is_outliers_and_a_slow_wander_is_drift() {
        let leap = |t: f64| if (30.0..32.5).contains(&t) { 0.8 } else { 0.0 };
        let wander = |t: f64| 0.5 * (t / 6.0).sin();
        for bias in fuse_bias(&epochs(0.2, leap)) {
            assert!(bias.secs.abs() < 0.1, "{bias:?}");
        }
        let outliers = &fuse_bias(&epochs(0.2, leap))[92..97];
        assert!(
            outliers.iter().all(|bias| bias.visual_inlier < 0.1),
            "{outliers:?}"
        );
        let biases = fuse_bias(&epochs(0.5, wander));
        assert!(biases.iter().all(|bias| bias.visual_inlier > 0.9));
    }

    #[test]
    fn gps_that_is_off_all_the_time_does_not_make_all_pictures_outliers() {
        for off_secs in [0.6, 1.0, -0.8] {
            for bias in fuse_bias(&epochs(0.2, |_| off_secs)) {
                assert!((bias.secs - off_secs).abs() < 0.1, "{bias:?}");
                assert!(bias.visual_inlier > 0.9, "{bias:?}");
            }
        }
    }

    #[test]
    fn the_answer_moves_no_more_than_what_is_seen() {
        let noisy = |t: f64| 0.15 * (t * 7.3).sin() + if t > 36.0 { -0.9 } else { 0.0 };
        let jitter = |t: f64| 1e-4 * (t * 91.0).sin();
        let before = fuse_bias(&epochs(0.2, noisy));
        let after = fuse_bias(&epochs(0.2, |t| noisy(t) + jitter(t)));
        for (a, b) in before.iter().zip(&after) {
            assert!((a.secs - b.secs).abs() < 3e-4, "{a:?} {b:?}");
            assert!((a.sigma_secs - b.sigma_secs).abs() < 3e-4, "{a:?} {b:?}");
            assert!((a.visual_inlier - b.visual_inlier).abs() < 3e-3, "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_error_opens_where_nothing_is_compared() {
        let mut gap = epochs(0.3, |t| 0.3 * (t / 3.0).sin());
        gap[45..75].iter_mut().for_each(|m| m.discrepancy = None);
        let biases = fuse_bias(&gap);
        assert!(biases[60].sigma_secs > 1.5 * biases[44].sigma_secs);
        assert!((biases[60].nearest_secs - 5.0).abs() < 0.4);
        assert!(fuse_bias(&gap[45..75]).is_empty());
    }
}
