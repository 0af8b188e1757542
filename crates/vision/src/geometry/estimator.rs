//! What a geometric model must be able to do to be fitted robustly.

use crate::geometry::frame::Point;
use nalgebra::Matrix3;

/// A family of models between two pictures, each a 3 × 3 matrix on homogeneous points. All coordinates are
/// normalised (see [`crate::geometry::frame::Frame`]).
pub(crate) trait Estimator {
    /// Correspondences that determine a model.
    const SAMPLE: usize;

    /// All models through exactly [`Self::SAMPLE`] correspondences; none for a degenerate sample.
    fn from_sample(a: &[Point], b: &[Point], models: &mut Vec<Matrix3<f64>>);

    /// Weighted least squares near `model`; zero weights count as absent.
    fn refit(model: &Matrix3<f64>, a: &[Point], b: &[Point], weights: &[f64]) -> Option<Matrix3<f64>>;

    /// Squared distance of a correspondence from the model; infinite where the model says nothing.
    fn squared_error(model: &Matrix3<f64>, a: Point, b: Point) -> f64;

    /// Whether a camera could have taken such a pair of pictures.
    fn is_plausible(model: &Matrix3<f64>) -> bool;
}

/// Twice the signed area of a triangle.
pub(crate) fn doubled_area(p: Point, q: Point, r: Point) -> f64 {
    (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
}

/// Twice the area below which three normalised points count as collinear.
pub(crate) const MIN_DOUBLED_AREA: f64 = 0.01;

/// Largest change of area (and smallest, as its inverse) that two looks at the same place can have: features do
/// not match over a fourfold change of scale, and a mirrored picture (negative area) is none.
const MAX_AREA_RATIO: f64 = 16.0;

/// Whether an affine part with this determinant is a possible change of view.
pub(crate) fn plausible_determinant(determinant: f64) -> bool {
    determinant > 1.0 / MAX_AREA_RATIO && determinant < MAX_AREA_RATIO
}
