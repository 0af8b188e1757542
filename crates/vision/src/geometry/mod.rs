//! Do two pictures show the same place? Geometric check of matched points.
//!
//! [`verify`] fits three models of how the view can change — affine map, homography, fundamental matrix — robustly,
//! lets a criterion that charges for freedom choose among them, and accepts the winner only if so many inliers
//! could not be chance.

mod affine;
mod choice;
mod estimator;
mod frame;
mod fundamental;
mod homography;
mod ransac;

use crate::random::SplitMix64;
use affine::Affine;
use choice::{Complexity, chance_log10, gric};
use estimator::Estimator;
use frame::{Frame, Point};
use fundamental::Fundamental;
use homography::Homography;
use ransac::{Fit, Problem};

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
    /// Mean distance of the inliers from the model in pixels (for [`TwoViewModel::Fundamental`] the Sampson distance).
    pub reproj_error_px: f64,
}

/// Largest expected number of equally good models from random matches (base-10 logarithm) that is still accepted.
const MAX_CHANCE_LOG10: f64 = -2.0;
/// Inliers must spread at least this many thresholds (standard deviation) in every direction.
const MIN_SPREAD_THRESHOLDS: f64 = 3.0;

/// Find the change of view behind correspondences `a[i]` ↔ `b[i]` (pixels), or `None` when they support none.
///
/// Refused are: too few inliers, inliers on a line or in a spot, mirrored or absurdly zoomed views, and support
/// that random matches would reach too. Of slices of different length the common part is used; points that are
/// not finite make the answer `None`. The same input and seed give the same result.
pub fn verify(a: &[[f32; 2]], b: &[[f32; 2]], params: &VerifyParams) -> Option<Verified> {
    let count = a.len().min(b.len());
    let (a, b) = (&a[..count], &b[..count]);
    if count < params.min_inliers || !params.reproj_px.is_finite() || params.reproj_px <= 0.0 {
        return None;
    }
    let frame = Frame::of(a, b)?;
    let (normal_a, normal_b) = (frame.normalise_a(a), frame.normalise_b(b));
    let problem = Problem {
        a: &normal_a,
        b: &normal_b,
        threshold: params.reproj_px * frame.scale,
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
        TwoViewModel::Affine | TwoViewModel::Homography => frame.map_in_pixels(&best.fit.model),
        TwoViewModel::Fundamental => frame.epipolar_in_pixels(&best.fit.model),
    };
    let sum: f64 = best
        .inliers
        .iter()
        .map(|&i| best.fit.squared_errors[i].sqrt())
        .sum();
    Some(Verified {
        model: best.model,
        matrix: std::array::from_fn(|i| matrix[(i / 3, i % 3)]),
        reproj_error_px: sum / frame.scale / best.inliers.len() as f64,
        inliers: best.inliers,
    })
}

struct CandidateModel {
    model: TwoViewModel,
    fit: Fit,
    inliers: Vec<usize>,
    gric: f64,
}

/// Fit one kind of model; `None` when it has too little or degenerate support.
fn candidate<E: Estimator>(
    problem: &Problem<'_>,
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
fn smallest_spread(picks: &[usize], points: &[Point]) -> f64 {
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
