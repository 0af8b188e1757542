//! `b ~ H a` by the direct linear transform, exact from four matches (Hartley and Zisserman, 4.1): one plane
//! from two places, or any scene from one place with the camera rotated.

use crate::geometry::estimator::{Estimator, doubled_area, plausible_determinant};
use crate::geometry::normalisation::NormalPoint;
use crate::tuning::{MIN_DOUBLED_AREA, MIN_RELATIVE_DEPTH};
use nalgebra::{Matrix3, SMatrix, SVector};

/// `b ~ H a` with the bottom right element 1: the centre of the first point set, the origin here, never maps
/// to infinity in two looks at the same scene.
pub(crate) struct Homography;

type LinearRow = SVector<f64, 8>;

/// The two linear equations of one correspondence: coefficients and right-hand sides.
fn equations(a: NormalPoint, b: NormalPoint) -> [(LinearRow, f64); 2] {
    let ([x, y], [u, v]) = (a, b);
    [
        (LinearRow::from([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y]), u),
        (LinearRow::from([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y]), v),
    ]
}

fn matrix(h: &LinearRow) -> Matrix3<f64> {
    Matrix3::new(h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0)
}

fn depth(model: &Matrix3<f64>, a: NormalPoint) -> f64 {
    model[(2, 0)] * a[0] + model[(2, 1)] * a[1] + model[(2, 2)]
}

impl Estimator for Homography {
    const SAMPLE: usize = 4;

    fn from_sample(a: &[NormalPoint], b: &[NormalPoint], models: &mut Vec<Matrix3<f64>>) {
        if a.len() != Self::SAMPLE || b.len() != Self::SAMPLE {
            return;
        }
        // A plane seen from the same side keeps the sense of every triangle.
        for [i, j, k] in [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]] {
            let (area_a, area_b) = (doubled_area(a[i], a[j], a[k]), doubled_area(b[i], b[j], b[k]));
            if area_a.abs() < MIN_DOUBLED_AREA || area_b.abs() < MIN_DOUBLED_AREA || area_a * area_b < 0.0 {
                return;
            }
        }
        let mut left = SMatrix::<f64, 8, 8>::zeros();
        let mut right = LinearRow::zeros();
        for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
            for (k, (row, value)) in equations(a, b).into_iter().enumerate() {
                left.set_row(2 * i + k, &row.transpose());
                right[2 * i + k] = value;
            }
        }
        models.extend(left.lu().solve(&right).map(|h| matrix(&h)));
    }

    /// The linear equations, each divided by the depth of the point under `model`: that turns their algebraic
    /// residual into the distance in the second picture.
    fn refit(
        model: &Matrix3<f64>,
        a: &[NormalPoint],
        b: &[NormalPoint],
        weights: &[f64],
    ) -> Option<Matrix3<f64>> {
        let mut normal = SMatrix::<f64, 8, 8>::zeros();
        let mut right = LinearRow::zeros();
        for ((&a, &b), &weight) in a.iter().zip(b).zip(weights) {
            let depth = depth(model, a);
            if weight == 0.0 || depth < MIN_RELATIVE_DEPTH {
                continue;
            }
            let weight = weight / (depth * depth);
            for (row, value) in equations(a, b) {
                normal.ger(weight, &row, &row, 1.0);
                right.axpy(weight * value, &row, 1.0);
            }
        }
        normal.cholesky().map(|solver| matrix(&solver.solve(&right)))
    }

    /// Squared distance in the second picture.
    fn squared_error(model: &Matrix3<f64>, a: NormalPoint, b: NormalPoint) -> f64 {
        let depth = depth(model, a);
        if depth < MIN_RELATIVE_DEPTH {
            return f64::INFINITY;
        }
        let x = (model[(0, 0)] * a[0] + model[(0, 1)] * a[1] + model[(0, 2)]) / depth - b[0];
        let y = (model[(1, 0)] * a[0] + model[(1, 1)] * a[1] + model[(1, 2)]) / depth - b[1];
        x * x + y * y
    }

    /// At the centre of the points the map neither mirrors nor changes the area out of all proportion. (With
    /// the bottom right element 1, the determinant is the change of area at the origin.)
    fn is_plausible(model: &Matrix3<f64>) -> bool {
        plausible_determinant(model.determinant())
    }
}
