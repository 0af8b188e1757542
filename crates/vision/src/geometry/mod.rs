//! `b = L a + t`, `b ~ H a` or `bᵀ F a = 0`: geometric verification of `N` matched points `a`, `b` of two
//! pictures.
//!
//! [`verify`] fits the three models robustly (RANSAC with local optimisation; Chum, Matas and Kittler 2003),
//! chooses by the geometric robust information criterion (GRIC; Torr, IJCV 2002) and accepts the winner only
//! if so many inliers could not be chance (a-contrario; Moisan and Stival, IJCV 2004).
//!
//! ```
//! use mtbsync_vision::geometry::{TwoViewModel, VerifyParams, verify};
//!
//! // Sixty points, seen half as large again and moved; every fifth match is wrong.
//! let a: Vec<[f32; 2]> = (0..60).map(|k| [(k * 37 % 640) as f32, (k * 91 % 360) as f32]).collect();
//! let b: Vec<[f32; 2]> = (0..)
//!     .zip(&a)
//!     .map(|(k, p)| if k % 5 == 0 { [p[1], p[0]] } else { [1.5 * p[0] + 20.0, 1.5 * p[1] - 8.0] })
//!     .collect();
//! let found = verify(&a, &b, &VerifyParams::default()).ok_or("not verified")?;
//! assert_eq!((found.model, found.inliers.len()), (TwoViewModel::Affine, 48));
//! assert!((found.matrix[0] - 1.5).abs() < 1e-3 && found.reproj_error_px < 0.1);
//! # Ok::<(), &str>(())
//! ```

mod affine;
mod choice;
mod estimator;
mod fundamental;
mod homography;
mod normalisation;
mod ransac;

use crate::random::SplitMix64;
use crate::tuning::{MAX_CHANCE_LOG10, MIN_SPREAD_THRESHOLDS};
use affine::Affine;
pub use choice::TwoViewModel;
use choice::{Complexity, chance_log10, gric};
use estimator::Estimator;
use fundamental::Fundamental;
use homography::Homography;
use normalisation::{NormalPoint, Normalisation};
use ransac::{RansacProblem, RobustFit};

/// Settings of [`verify`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerifyParams {
    /// Largest distance of an inlier from the model, in pixels.
    pub reproj_px: f64,
    /// Random samples at most, per model.
    pub iterations: usize,
    /// Seed of the sampling.
    pub seed: u64,
    /// Fewest inliers of an accepted model.
    pub min_inliers: usize,
}

impl Default for VerifyParams {
    /// 3 px, 500 samples, seed 0, 20 inliers.
    fn default() -> Self {
        Self {
            reproj_px: 3.0,
            iterations: 500,
            seed: 0,
            min_inliers: 20,
        }
    }
}

/// A change of view that the matches support.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Which kind of model.
    pub model: TwoViewModel,
    /// Its matrix in pixel coordinates, row by row.
    pub matrix: [f64; 9],
    /// Indices of the correspondences within the threshold, ascending.
    pub inliers: Vec<usize>,
    /// Mean distance of the inliers from the model in pixels (for [`TwoViewModel::Fundamental`] the Sampson
    /// distance).
    pub reproj_error_px: f64,
}

/// Find the change of view behind correspondences `a[i]` ↔ `b[i]` (pixels), or `None` when they support none.
///
/// Refused are: too few inliers, inliers on a line or in a spot, mirrored or absurdly zoomed views, and
/// support that random matches would reach too. Of slices of different length the common part is used; points
/// that are not finite make the answer `None`. The same input and seed give the same result.
pub fn verify(a: &[[f32; 2]], b: &[[f32; 2]], params: &VerifyParams) -> Option<Verified> {
    let count = a.len().min(b.len());
    let (a, b) = (&a[..count], &b[..count]);
    if count < params.min_inliers || !params.reproj_px.is_finite() || params.reproj_px <= 0.0 {
        return None;
    }
    let normalisation = Normalisation::of(a, b)?;
    let (normal_a, normal_b) = (normalisation.normalise_a(a), normalisation.normalise_b(b));
    let problem = RansacProblem {
        a: &normal_a,
        b: &normal_b,
        threshold: params.reproj_px * normalisation.scale,
        samples: params.iterations,
    };
    let candidates = [
        candidate::<Affine>(&problem, params, TwoViewModel::Affine),
        candidate::<Homography>(&problem, params, TwoViewModel::Homography),
        candidate::<Fundamental>(&problem, params, TwoViewModel::Fundamental),
    ];
    let best = candidates
        .into_iter()
        .flatten()
        .min_by(|x, y| x.gric.total_cmp(&y.gric))?;
    let matrix = match best.model {
        TwoViewModel::Affine | TwoViewModel::Homography => normalisation.map_in_pixels(&best.fit.model),
        TwoViewModel::Fundamental => normalisation.epipolar_in_pixels(&best.fit.model),
    };
    let sum: f64 = best
        .inliers
        .iter()
        .map(|&i| best.fit.squared_errors[i].sqrt())
        .sum();
    Some(Verified {
        model: best.model,
        matrix: std::array::from_fn(|i| matrix[(i / 3, i % 3)]),
        reproj_error_px: sum / normalisation.scale / best.inliers.len() as f64,
        inliers: best.inliers,
    })
}

struct CandidateModel {
    model: TwoViewModel,
    fit: RobustFit,
    inliers: Vec<usize>,
    gric: f64,
}

/// Fit one kind of model; `None` when it has too little or degenerate support.
fn candidate<E: Estimator>(
    problem: &RansacProblem<'_>,
    params: &VerifyParams,
    model: TwoViewModel,
) -> Option<CandidateModel> {
    let fit = problem.fit::<E>(&mut SplitMix64::new(params.seed))?;
    let limit = problem.threshold * problem.threshold;
    let inliers: Vec<usize> = (0..fit.squared_errors.len())
        .filter(|&i| fit.squared_errors[i] <= limit)
        .collect();
    if inliers.len() < params.min_inliers.max(E::SAMPLE + 1) {
        return None;
    }
    let min_spread = MIN_SPREAD_THRESHOLDS * problem.threshold;
    if smallest_spread(&inliers, problem.a) < min_spread || smallest_spread(&inliers, problem.b) < min_spread
    {
        return None;
    }
    let complexity = Complexity::of(model);
    if chance_log10(problem.b, problem.threshold, inliers.len(), complexity) > MAX_CHANCE_LOG10 {
        return None;
    }
    let gric = gric(&fit.squared_errors, problem.threshold, complexity);
    Some(CandidateModel {
        model,
        fit,
        inliers,
        gric,
    })
}

/// Standard deviation of the picked points along the direction in which it is smallest.
fn smallest_spread(picks: &[usize], points: &[NormalPoint]) -> f64 {
    let n = picks.len() as f64;
    let mean = picks.iter().fold([0.0, 0.0], |s, &i| {
        [s[0] + points[i][0] / n, s[1] + points[i][1] / n]
    });
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for &i in picks {
        let (x, y) = (points[i][0] - mean[0], points[i][1] - mean[1]);
        xx += x * x / n;
        xy += x * y / n;
        yy += y * y / n;
    }
    let half = (xx + yy) / 2.0;
    (half - (half * half - (xx * yy - xy * xy)).max(0.0).sqrt())
        .max(0.0)
        .sqrt()
}
