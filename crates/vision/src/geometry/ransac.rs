//! `min_M Σ min(e(M)², τ²)` over models of random samples (RANSAC, Fischler and Bolles 1981; MSAC cost, Torr
//! and Zisserman 2000), with local optimisation (LO-RANSAC; Chum, Matas and Kittler 2003).
//!
//! Counting inliers, a model that is barely right for all of them would equal one that is exactly right. Each
//! new best model is refitted with weights that fade out towards the threshold `τ`, so that the result does
//! not hang on where exactly that lies (the idea of MAGSAC; Barath, Matas and Noskova 2019).

use crate::geometry::estimator::Estimator;
use crate::geometry::normalisation::NormalPoint;
use crate::random::SplitMix64;
use crate::tuning::{
    RANSAC_CONFIDENCE as CONFIDENCE, RANSAC_FINAL_REFITS as FINAL_REFITS,
    RANSAC_LOCAL_REFITS as LOCAL_REFITS, RANSAC_MIN_SAMPLES as MIN_SAMPLES,
};
use nalgebra::Matrix3;

/// A fitted model.
#[derive(Clone, Debug)]
pub(crate) struct RobustFit {
    pub(crate) model: Matrix3<f64>,
    /// Squared errors of all correspondences, in normalised units.
    pub(crate) squared_errors: Vec<f64>,
}

/// Correspondences and the threshold they are judged by, all in normalised units.
pub(crate) struct RansacProblem<'a> {
    pub(crate) a: &'a [NormalPoint],
    pub(crate) b: &'a [NormalPoint],
    pub(crate) threshold: f64,
    /// Samples at most.
    pub(crate) samples: usize,
}

impl RansacProblem<'_> {
    /// Cost of a model, or `None` as soon as it exceeds `limit`.
    fn cost<E: Estimator>(&self, model: &Matrix3<f64>, limit: f64) -> Option<f64> {
        const STRIDE: usize = 32;
        let most = self.threshold * self.threshold;
        let mut cost = 0.0;
        for (a, b) in self.a.chunks(STRIDE).zip(self.b.chunks(STRIDE)) {
            cost += a
                .iter()
                .zip(b)
                .map(|(&a, &b)| E::squared_error(model, a, b).min(most))
                .sum::<f64>();
            if cost >= limit {
                return None;
            }
        }
        Some(cost)
    }

    fn squared_errors<E: Estimator>(&self, model: &Matrix3<f64>) -> Vec<f64> {
        self.a
            .iter()
            .zip(self.b)
            .map(|(&a, &b)| E::squared_error(model, a, b))
            .collect()
    }

    fn inliers(&self, squared_errors: &[f64]) -> usize {
        squared_errors
            .iter()
            .filter(|&&e| e <= self.threshold * self.threshold)
            .count()
    }

    /// Refit `model` with Tukey weights until the cost stops falling.
    fn polish<E: Estimator>(&self, model: Matrix3<f64>, cost: f64, refits: usize) -> (Matrix3<f64>, f64) {
        let (mut best, mut best_cost) = (model, cost);
        let mut weights = Vec::with_capacity(self.a.len());
        for _ in 0..refits {
            weights.clear();
            weights.extend(self.a.iter().zip(self.b).map(|(&a, &b)| {
                let left = 1.0 - E::squared_error(&best, a, b) / (self.threshold * self.threshold);
                left.max(0.0) * left.max(0.0)
            }));
            let Some(refitted) = E::refit(&best, self.a, self.b, &weights).filter(E::is_plausible) else {
                break;
            };
            let Some(refitted_cost) = self.cost::<E>(&refitted, best_cost) else {
                break;
            };
            (best, best_cost) = (refitted, refitted_cost);
        }
        (best, best_cost)
    }

    /// The model of least cost, or `None` when no sample gives a plausible one.
    pub(crate) fn fit<E: Estimator>(&self, random: &mut SplitMix64) -> Option<RobustFit> {
        let count = self.a.len();
        if count < E::SAMPLE {
            return None;
        }
        let mut best: Option<(Matrix3<f64>, f64)> = None;
        let mut models = Vec::new();
        let (mut picks, mut sample_a, mut sample_b) = (Vec::new(), Vec::new(), Vec::new());
        let mut needed = self.samples;
        let mut drawn = 0;
        while drawn < needed {
            drawn += 1;
            picks.clear();
            while picks.len() < E::SAMPLE {
                let pick = random.below(count);
                if !picks.contains(&pick) {
                    picks.push(pick);
                }
            }
            sample_a.clear();
            sample_a.extend(picks.iter().map(|&i| self.a[i]));
            sample_b.clear();
            sample_b.extend(picks.iter().map(|&i| self.b[i]));
            models.clear();
            E::from_sample(&sample_a, &sample_b, &mut models);
            for model in models.iter().filter(|model| E::is_plausible(model)) {
                let limit = best.as_ref().map_or(f64::INFINITY, |b| b.1);
                let Some(cost) = self.cost::<E>(model, limit) else {
                    continue;
                };
                let polished = self.polish::<E>(*model, cost, LOCAL_REFITS);
                let share = self.inliers(&self.squared_errors::<E>(&polished.0)) as f64 / count as f64;
                needed = samples_needed(share, E::SAMPLE).clamp(MIN_SAMPLES, self.samples.max(MIN_SAMPLES));
                best = Some(polished);
            }
        }
        let (model, cost) = best?;
        let (model, _) = self.polish::<E>(model, cost, FINAL_REFITS);
        Some(RobustFit {
            model,
            squared_errors: self.squared_errors::<E>(&model),
        })
    }
}

/// Samples until one is free of outliers with probability [`CONFIDENCE`].
fn samples_needed(inlier_share: f64, sample: usize) -> usize {
    let clean = inlier_share.powi(sample as i32);
    if clean <= f64::EPSILON {
        return usize::MAX;
    }
    if clean >= 1.0 {
        return 1;
    }
    ((1.0 - CONFIDENCE).ln() / (1.0 - clean).ln()).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_outliers_need_the_textbook_number_of_samples() {
        // Hartley and Zisserman, table 4.3, is for 0.99; at 0.999 it is half as many again.
        assert_eq!(samples_needed(0.5, 4), 108);
        assert_eq!(samples_needed(1.0, 4), 1);
        assert_eq!(samples_needed(0.0, 7), usize::MAX);
    }
}
