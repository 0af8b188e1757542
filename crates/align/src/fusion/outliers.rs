//! Stretches in which the pictures are outliers: forward-backward over a two-state Markov chain (Rabiner
//! 1989).
//!
//! States: inlier, `d ~ N(bias, s^2 + v)`, and outlier, `d ~ N(bias, s^2 + v + OUTLIER_SIGMA_SECS^2)`, where
//! `d` is the discrepancy at an epoch, `s` the error of the pictures and `v` the variance of GPS without its
//! bias. The chain runs in continuous time with rates [`OUTLIER_PER_SEC`] and [`RECOVER_PER_SEC`]; messages
//! are log-odds.

use super::epoch::{BiasEstimate, Epoch};
use crate::tuning::{INDEPENDENT_SECS, OUTLIER_PER_SEC, OUTLIER_SIGMA_SECS, RECOVER_PER_SEC};

/// Share of time in which pictures are inliers.
const STATIONARY: f64 = RECOVER_PER_SEC / (OUTLIER_PER_SEC + RECOVER_PER_SEC);

/// Posterior of the chain.
pub(super) struct Inliers {
    /// Probability that the pictures are inliers, per epoch.
    pub inlier: Vec<f64>,
    /// Log-likelihood of such stretches by themselves, whatever they explain.
    pub log_likelihood: f64,
}

/// Probability of the pictures being inliers at each epoch, given the bias of GPS.
pub(super) fn inliers(epochs: &[Epoch], biases: &[BiasEstimate]) -> Inliers {
    let gaps: Vec<f64> = epochs.windows(2).map(|w| w[1].t_secs - w[0].t_secs).collect();
    let before = || std::iter::once(f64::INFINITY).chain(gaps.iter().copied());
    // Log-likelihood ratios of inlier against outlier.
    let ratios: Vec<f64> = epochs
        .iter()
        .zip(biases)
        .zip(before())
        .map(|((epoch, bias), gap)| {
            epoch.discrepancy.map_or(0.0, |seen| {
                let narrow = seen.sigma_secs.powi(2) + bias.variance;
                let wide = narrow + OUTLIER_SIGMA_SECS.powi(2);
                let square = (seen.secs - bias.secs).powi(2);
                let independent = (gap / INDEPENDENT_SECS).min(1.0);
                independent * 0.5 * ((wide / narrow).ln() - square / narrow + square / wide)
            })
        })
        .collect();
    let after = std::iter::once(f64::INFINITY).chain(gaps.iter().rev().copied());
    let (ahead, log_likelihood) = pass(ratios.iter().copied().zip(before()));
    let (back, _) = pass(ratios.iter().rev().copied().zip(after));
    // Both hold the epoch's own evidence and the stationary odds; each counts once.
    let inlier: Vec<f64> = ahead
        .iter()
        .zip(back.iter().rev())
        .zip(&ratios)
        .map(|((ahead, back), ratio)| logistic(ahead + back - ratio - log_odds(STATIONARY)))
        .collect();
    let explained: f64 = inlier
        .iter()
        .zip(&ratios)
        .map(|(inlier, ratio)| inlier * ratio)
        .sum();
    Inliers {
        inlier,
        log_likelihood: log_likelihood - explained,
    }
}

/// Log-odds of inlier against outlier after each step of the chain, and the log-likelihood of all steps
/// against pictures that are always outliers. A step is its log-likelihood ratio and the seconds since the
/// step before.
fn pass(steps: impl Iterator<Item = (f64, f64)>) -> (Vec<f64>, f64) {
    let (mut inlier, mut log_likelihood) = (STATIONARY, 0.0);
    let odds = steps
        .map(|(ratio, gap)| {
            let kept = (-(OUTLIER_PER_SEC + RECOVER_PER_SEC) * gap).exp();
            let prior = STATIONARY + kept * (inlier - STATIONARY);
            let high = ratio.max(0.0);
            log_likelihood += high + (prior * (ratio - high).exp() + (1.0 - prior) * (-high).exp()).ln();
            let odds = ratio + log_odds(prior);
            inlier = logistic(odds);
            odds
        })
        .collect();
    (odds, log_likelihood)
}

fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}
