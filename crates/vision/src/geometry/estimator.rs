//! What a geometric model must be able to do to be fitted robustly.

use crate::geometry::normalisation::NormalPoint;
use crate::tuning::MAX_AREA_RATIO;
use nalgebra::Matrix3;

/// A family of models between two pictures, each a 3 × 3 matrix on homogeneous points. All coordinates are
/// normalised (see [`crate::geometry::normalisation::Normalisation`]).
pub(crate) trait Estimator {
    /// Correspondences that determine a model.
    const SAMPLE: usize;

    /// All models through exactly [`Self::SAMPLE`] correspondences; none for a degenerate sample.
    fn from_sample(a: &[NormalPoint], b: &[NormalPoint], models: &mut Vec<Matrix3<f64>>);

    /// Weighted least squares near `model`; zero weights count as absent.
    fn refit(
        model: &Matrix3<f64>,
        a: &[NormalPoint],
        b: &[NormalPoint],
        weights: &[f64],
    ) -> Option<Matrix3<f64>>;

    /// Squared distance of a correspondence from the model; infinite where the model says nothing.
    fn squared_error(model: &Matrix3<f64>, a: NormalPoint, b: NormalPoint) -> f64;

    /// Whether a camera could have taken such a pair of pictures.
    fn is_plausible(model: &Matrix3<f64>) -> bool;
}

/// Twice the signed area of a triangle.
pub(crate) fn doubled_area(p: NormalPoint, q: NormalPoint, r: NormalPoint) -> f64 {
    (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
}

/// Whether an affine part with this determinant is a possible change of view; a mirrored picture (below 0) is
/// none.
pub(crate) fn plausible_determinant(determinant: f64) -> bool {
    determinant > 1.0 / MAX_AREA_RATIO && determinant < MAX_AREA_RATIO
}
