//! `GRIC = Σ min(e²/σ², λ₃ (r - d)) + n d ln r + k ln(r n)`: which model explains the matches best (Torr,
//! IJCV 2002), with `r = 4` coordinates a match, `d` dimensions and `k` parameters of a model; and whether
//! its inliers could be chance (a-contrario number of false alarms; Moisan and Stival, IJCV 2004).

use crate::geometry::normalisation::NormalPoint;
use crate::tuning::{GRIC_OUTLIER_COST, THRESHOLD_SIGMAS};

/// How the view changes from one picture to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TwoViewModel {
    /// `b = L a + t`.
    Affine,
    /// `b ~ H a`: a plane, or a turned camera.
    Homography,
    /// `bᵀ F a = 0`: a scene with depth from two places.
    Fundamental,
}

/// Degrees of freedom of a kind of model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Complexity {
    /// Parameters of the model.
    parameters: f64,
    /// Dimension of the set of point pairs that fit it (pairs live in 4 dimensions).
    dimension: f64,
    /// Correspondences in a sample.
    sample: usize,
    /// Models that one sample can give.
    models_per_sample: f64,
}

impl Complexity {
    pub(crate) fn of(model: TwoViewModel) -> Self {
        let (parameters, dimension, sample, models_per_sample) = match model {
            TwoViewModel::Affine => (6.0, 2.0, 3, 1.0),
            TwoViewModel::Homography => (8.0, 2.0, 4, 1.0),
            TwoViewModel::Fundamental => (7.0, 3.0, 7, 3.0),
        };
        Self {
            parameters,
            dimension,
            sample,
            models_per_sample,
        }
    }
}

/// Dimension of a point pair.
const PAIR_DIMENSION: f64 = 4.0;

/// The criterion of the module; smaller is better.
pub(crate) fn gric(squared_errors: &[f64], threshold: f64, complexity: Complexity) -> f64 {
    let variance = (threshold / THRESHOLD_SIGMAS) * (threshold / THRESHOLD_SIGMAS);
    let n = squared_errors.len() as f64;
    let most = GRIC_OUTLIER_COST * (PAIR_DIMENSION - complexity.dimension);
    let fit: f64 = squared_errors.iter().map(|e| (e / variance).min(most)).sum();
    fit + n * complexity.dimension * PAIR_DIMENSION.ln() + complexity.parameters * (PAIR_DIMENSION * n).ln()
}

/// Base-10 logarithm of the number of models with this many inliers that random matches are expected to give.
/// `b` are all points of the second picture.
pub(crate) fn chance_log10(b: &[NormalPoint], threshold: f64, inliers: usize, complexity: Complexity) -> f64 {
    let extent = |axis: usize| {
        let (low, high) = b
            .iter()
            .fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p[axis]), h.max(p[axis])));
        (high - low).max(2.0 * threshold)
    };
    let (width, height) = (extent(0), extent(1));
    // A random point falls into the disc around a predicted point, or into the band along a predicted line.
    let region = if complexity.dimension < 3.0 {
        std::f64::consts::PI * threshold * threshold
    } else {
        2.0 * threshold * width.hypot(height)
    };
    let probability = (region / (width * height)).min(1.0);
    let (n, m) = (b.len(), complexity.sample);
    let tests = complexity.models_per_sample * (n - m.min(n)).max(1) as f64;
    tests.log10()
        + log10_choose(n, inliers)
        + log10_choose(inliers, m)
        + inliers.saturating_sub(m) as f64 * probability.log10()
}

fn log10_choose(n: usize, k: usize) -> f64 {
    let k = k.min(n);
    (1..=k.min(n - k))
        .map(|i| ((n + 1 - i) as f64 / i as f64).log10())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomials_are_right() {
        assert!((log10_choose(10, 3) - 120f64.log10()).abs() < 1e-12);
        assert!(log10_choose(5, 5).abs() < 1e-12);
    }

    #[test]
    fn few_inliers_among_many_matches_are_chance_and_many_are_not() {
        let grid: Vec<NormalPoint> = (0..400).map(|i| [f64::from(i % 20), f64::from(i / 20)]).collect();
        let chance = |inliers| chance_log10(&grid, 0.1, inliers, Complexity::of(TwoViewModel::Fundamental));
        assert!(chance(15) > 0.0);
        assert!(chance(120) < -20.0);
    }

    #[test]
    fn at_equal_errors_the_simpler_model_wins() {
        let errors = vec![0.01; 50];
        let [a, h, f] = [
            TwoViewModel::Affine,
            TwoViewModel::Homography,
            TwoViewModel::Fundamental,
        ]
        .map(|model| gric(&errors, 1.0, Complexity::of(model)));
        assert!(a < h && h < f);
    }
}
