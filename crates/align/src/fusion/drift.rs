//! What GPS and pictures being apart is made of.
//!
//! Three causes, each with its own memory:
//!
//! - GPS drifts for seconds and has noise on top. How large both are, as shares of the error that GPS claims, is not known
//!   beforehand: many sizes are tried, and all count by their likelihood and by what is expected of receivers.
//! - Pictures have the error they claim, or half or twice that, most of it shared by the pictures within a second.
//! - Pictures may be misled for a second or two: a hidden Markov chain of two states.
//!
//! A Kalman smoother ([`super::kalman`]) tells drift and shared error, forward-backward over the chain the misled
//! stretches, in turns. No median and no threshold takes part, so that the answer moves as little as what is seen.

use rayon::prelude::*;

use super::kalman::{Observed, Sizes, filter, smooth};
use super::moment::Moment;
use crate::tuning::MISLED_SECS;

/// Sizes of drift and noise that are tried, as shares of the claimed error of GPS.
const SIZES: [f64; 5] = [0.05, 0.12, 0.3, 0.7, 1.7];
/// What is expected of both, as natural logarithms: mean and standard deviation. Between two passes receivers are
/// better than they claim, since part of their error is the same in both.
const EXPECTED_DRIFT: (f64, f64) = (-1.2, 1.0);
const EXPECTED_NOISE: (f64, f64) = (-1.8, 1.0);
/// Sizes of the pictures' error that are tried, as shares of what they claim, and what is expected.
const PICTURES: [f64; 3] = [0.5, 1.0, 2.0];
const EXPECTED_PICTURES: (f64, f64) = (0.0, 0.7);
/// Sizes less likely than this are left out of the mean.
const MIN_LIKELY: f64 = 1e-6;
/// Fewest compared moments.
const MIN_COMPARED: usize = 6;
/// Rate at which pictures become misled, and at which they recover, per second: every half minute, for two seconds.
const MISLED_PER_SEC: f64 = 0.03;
const RECOVER_PER_SEC: f64 = 0.5;
/// Share of time in which pictures are right.
const RESTING: f64 = RECOVER_PER_SEC / (MISLED_PER_SEC + RECOVER_PER_SEC);
/// Pictures within this are not independent witnesses of being misled, seconds.
const INDEPENDENT_SECS: f64 = 0.7;
/// Turns of smoother and chain; they settle within a few.
const TURNS: usize = 5;

/// What is known of GPS at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    /// To be added to GPS, seconds.
    pub secs: f64,
    /// One-sigma error of GPS after that.
    pub sigma_secs: f64,
    /// Time to the nearest comparison.
    pub nearest_secs: f64,
    /// Probability that the pictures are not misled here.
    pub pictures_right: f64,
}

/// Drift, and the variance of GPS without it.
#[derive(Clone, Copy, Debug)]
struct Steadied {
    secs: f64,
    variance: f64,
}

impl Drift {
    /// One per moment, in order; empty when too little could be compared.
    pub fn explain(moments: &[Moment]) -> Vec<Self> {
        if moments.iter().filter(|m| m.apart.is_some()).count() < MIN_COMPARED {
            return Vec::new();
        }
        // Either source may be the one that is wrong for long, and from either on, a story holds together. Both are told
        // to their end, and count by how well they explain what is seen.
        let as_claimed: Vec<Steadied> = moments
            .iter()
            .map(|m| Steadied {
                secs: 0.0,
                variance: m.gps_sigma_secs.powi(2),
            })
            .collect();
        let told = [
            Story::beginning_with(moments, vec![1.0; moments.len()]),
            Story::beginning_with(moments, chain(moments, &as_claimed).right),
        ];
        let best = told.iter().map(|s| s.score).fold(f64::NEG_INFINITY, f64::max);
        let weights = told.each_ref().map(|story| (story.score - best).exp());
        let total: f64 = weights.iter().sum();
        let over = |value: &dyn Fn(&Story) -> f64| -> f64 {
            let sum: f64 = told.iter().zip(&weights).map(|(story, w)| w * value(story)).sum();
            sum / total
        };
        nearest_comparison(moments)
            .into_iter()
            .enumerate()
            .map(|(k, nearest_secs)| {
                let secs = over(&|story| story.steadied[k].secs);
                let square = over(&|story| story.steadied[k].variance + story.steadied[k].secs.powi(2));
                Self {
                    secs,
                    sigma_secs: (square - secs * secs).max(0.0).sqrt(),
                    nearest_secs,
                    pictures_right: over(&|story| story.right[k]),
                }
            })
            .collect()
    }
}

/// One way in which everything fits together.
struct Story {
    steadied: Vec<Steadied>,
    /// Probability that the pictures are right.
    right: Vec<f64>,
    /// Log-likelihood of what is seen.
    score: f64,
}

impl Story {
    fn beginning_with(moments: &[Moment], right: Vec<f64>) -> Self {
        let mut story = Self {
            steadied: Vec::new(),
            right,
            score: 0.0,
        };
        for _ in 0..TURNS {
            let (likelihood, steadied) = steadied(moments, &story.right);
            let chain = chain(moments, &steadied);
            story = Self {
                steadied,
                right: chain.right,
                score: likelihood + chain.likelihood,
            };
        }
        story
    }
}

/// Drift over all sizes by their likelihood, and the logarithm of the sum of those.
fn steadied(moments: &[Moment], right: &[f64]) -> (f64, Vec<Steadied>) {
    let observed: Vec<Observed> = moments
        .iter()
        .zip(right)
        .map(|(&moment, &right)| Observed { moment, right })
        .collect();
    let mut sizes = Vec::with_capacity(SIZES.len() * SIZES.len() * PICTURES.len());
    for drift in SIZES {
        for noise in SIZES {
            sizes.extend(PICTURES.map(|pictures| Sizes {
                drift,
                noise,
                pictures,
            }));
        }
    }
    let scores: Vec<f64> = sizes
        .par_iter()
        .map(|&size| expected(size) + filter(&observed, size).0)
        .collect();
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - best).exp()).sum();
    let mut sums = vec![(0.0, 0.0); moments.len()];
    for (&size, score) in sizes.iter().zip(&scores) {
        let weight = (score - best).exp() / total;
        if weight < MIN_LIKELY {
            continue;
        }
        for ((sum, moment), (mean, variance)) in sums.iter_mut().zip(moments).zip(smooth(&observed, size)) {
            let secs = moment.gps_sigma_secs * mean;
            let variance = moment.gps_sigma_secs.powi(2) * (variance + size.noise * size.noise);
            sum.0 += weight * secs;
            sum.1 += weight * (variance + secs * secs);
        }
    }
    let steadied = sums
        .into_iter()
        .map(|(secs, square)| Steadied {
            secs,
            variance: (square - secs * secs).max(0.0),
        })
        .collect();
    (best + total.ln(), steadied)
}

/// Logarithm of how much sizes are expected.
fn expected(size: Sizes) -> f64 {
    let term = |size: f64, (mean, sigma): (f64, f64)| -0.5 * ((size.ln() - mean) / sigma).powi(2);
    term(size.drift, EXPECTED_DRIFT)
        + term(size.noise, EXPECTED_NOISE)
        + term(size.pictures, EXPECTED_PICTURES)
}

/// The misled stretches.
struct Chain {
    /// Probability that the pictures are right at each moment.
    right: Vec<f64>,
    /// Log-likelihood of such stretches by themselves, whatever they explain.
    likelihood: f64,
}

fn chain(moments: &[Moment], steadied: &[Steadied]) -> Chain {
    let gaps: Vec<f64> = moments.windows(2).map(|w| w[1].t_secs - w[0].t_secs).collect();
    let before = || std::iter::once(f64::INFINITY).chain(gaps.iter().copied());
    // Right against misled.
    let ratios: Vec<f64> = moments
        .iter()
        .zip(steadied)
        .zip(before())
        .map(|((moment, steady), gap)| {
            moment.apart.map_or(0.0, |apart| {
                let narrow = apart.sigma_secs.powi(2) + steady.variance;
                let wide = narrow + MISLED_SECS.powi(2);
                let square = (apart.secs - steady.secs).powi(2);
                let independent = (gap / INDEPENDENT_SECS).min(1.0);
                independent * 0.5 * ((wide / narrow).ln() - square / narrow + square / wide)
            })
        })
        .collect();
    let after = std::iter::once(f64::INFINITY).chain(gaps.iter().rev().copied());
    let (ahead, likelihood) = pass(ratios.iter().copied().zip(before()));
    let (back, _) = pass(ratios.iter().rev().copied().zip(after));
    // Both hold the moment's own evidence and the odds at rest; each counts once.
    let right: Vec<f64> = ahead
        .iter()
        .zip(back.iter().rev())
        .zip(&ratios)
        .map(|((ahead, back), ratio)| logistic(ahead + back - ratio - log_odds(RESTING)))
        .collect();
    let explained: f64 = right
        .iter()
        .zip(&ratios)
        .map(|(right, ratio)| right * ratio)
        .sum();
    Chain {
        right,
        likelihood: likelihood - explained,
    }
}

/// Log-odds of right against misled after each step of the chain, and the log-likelihood of all steps against pictures
/// that are always misled. A step is its log-likelihood ratio and the seconds since the step before.
fn pass(steps: impl Iterator<Item = (f64, f64)>) -> (Vec<f64>, f64) {
    let (mut right, mut likelihood) = (RESTING, 0.0);
    let odds = steps
        .map(|(ratio, gap)| {
            let kept = (-(MISLED_PER_SEC + RECOVER_PER_SEC) * gap).exp();
            let prior = RESTING + kept * (right - RESTING);
            let high = ratio.max(0.0);
            likelihood += high + (prior * (ratio - high).exp() + (1.0 - prior) * (-high).exp()).ln();
            let odds = ratio + log_odds(prior);
            right = logistic(odds);
            odds
        })
        .collect();
    (odds, likelihood)
}

fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

/// Time from each moment to the nearest one with a comparison.
fn nearest_comparison(moments: &[Moment]) -> Vec<f64> {
    let mut nearest = vec![f64::INFINITY; moments.len()];
    let mut last = f64::NEG_INFINITY;
    for (near, moment) in nearest.iter_mut().zip(moments) {
        if moment.apart.is_some() {
            last = moment.t_secs;
        }
        *near = moment.t_secs - last;
    }
    let mut next = f64::INFINITY;
    for (near, moment) in nearest.iter_mut().zip(moments).rev() {
        if moment.apart.is_some() {
            next = moment.t_secs;
        }
        *near = near.min(next - moment.t_secs);
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::super::moment::Apart;
    use super::*;

    /// Three moments a second for 40 s.
    fn moments(gps_sigma_secs: f64, apart: impl Fn(f64) -> f64) -> Vec<Moment> {
        (0..120)
            .map(|k| f64::from(k) / 3.0)
            .map(|t_secs| Moment {
                t_secs,
                gps_sigma_secs,
                apart: Some(Apart {
                    secs: apart(t_secs),
                    sigma_secs: 0.05,
                }),
            })
            .collect()
    }

    #[test]
    fn a_stretch_that_leaps_is_misled_and_a_slow_wander_is_drift() {
        let leap = |t: f64| if (30.0..32.5).contains(&t) { 0.8 } else { 0.0 };
        let wander = |t: f64| 0.5 * (t / 6.0).sin();
        for drift in Drift::explain(&moments(0.2, leap)) {
            assert!(drift.secs.abs() < 0.1, "{drift:?}");
        }
        let misled = &Drift::explain(&moments(0.2, leap))[92..97];
        assert!(
            misled.iter().all(|drift| drift.pictures_right < 0.1),
            "{misled:?}"
        );
        let drifts = Drift::explain(&moments(0.5, wander));
        assert!(drifts.iter().all(|drift| drift.pictures_right > 0.9));
    }

    #[test]
    fn gps_that_is_off_all_the_time_does_not_make_all_pictures_misled() {
        for off_secs in [0.6, 1.0, -0.8] {
            for drift in Drift::explain(&moments(0.2, |_| off_secs)) {
                assert!((drift.secs - off_secs).abs() < 0.1, "{drift:?}");
                assert!(drift.pictures_right > 0.9, "{drift:?}");
            }
        }
    }

    #[test]
    fn the_answer_moves_no_more_than_what_is_seen() {
        let noisy = |t: f64| 0.15 * (t * 7.3).sin() + if t > 36.0 { -0.9 } else { 0.0 };
        let jitter = |t: f64| 1e-4 * (t * 91.0).sin();
        let before = Drift::explain(&moments(0.2, noisy));
        let after = Drift::explain(&moments(0.2, |t| noisy(t) + jitter(t)));
        for (a, b) in before.iter().zip(&after) {
            assert!((a.secs - b.secs).abs() < 3e-4, "{a:?} {b:?}");
            assert!((a.sigma_secs - b.sigma_secs).abs() < 3e-4, "{a:?} {b:?}");
            assert!((a.pictures_right - b.pictures_right).abs() < 3e-3, "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_error_opens_where_nothing_is_compared() {
        let mut gap = moments(0.3, |t| 0.3 * (t / 3.0).sin());
        gap[45..75].iter_mut().for_each(|m| m.apart = None);
        let drifts = Drift::explain(&gap);
        assert!(drifts[60].sigma_secs > 1.5 * drifts[44].sigma_secs);
        assert!((drifts[60].nearest_secs - 5.0).abs() < 0.4);
        assert!(Drift::explain(&gap[45..75]).is_empty());
    }
}
