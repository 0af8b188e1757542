//! `b = L a + t` by least squares, exact from three matches: a far or flat scene seen with another zoom, roll
//! and shear.

use crate::geometry::estimator::{Estimator, doubled_area, plausible_determinant};
use crate::geometry::normalisation::NormalPoint;
use crate::tuning::MIN_DOUBLED_AREA;
use nalgebra::{Matrix3, Vector3};

/// `b = L a + t`, as a matrix with last row (0, 0, 1).
pub(crate) struct Affine;

impl Estimator for Affine {
    const SAMPLE: usize = 3;

    fn from_sample(a: &[NormalPoint], b: &[NormalPoint], models: &mut Vec<Matrix3<f64>>) {
        let (&[a0, a1, a2], &[b0, b1, b2]) = (a, b) else {
            return;
        };
        let (area_a, area_b) = (doubled_area(a0, a1, a2), doubled_area(b0, b1, b2));
        if area_a.abs() < MIN_DOUBLED_AREA || area_b.abs() < MIN_DOUBLED_AREA || area_a * area_b < 0.0 {
            return;
        }
        models.extend(Self::refit(&Matrix3::identity(), a, b, &[1.0; 3]));
    }

    fn refit(
        _: &Matrix3<f64>,
        a: &[NormalPoint],
        b: &[NormalPoint],
        weights: &[f64],
    ) -> Option<Matrix3<f64>> {
        let mut normal = Matrix3::zeros();
        let (mut right_x, mut right_y) = (Vector3::zeros(), Vector3::zeros());
        for ((a, b), &weight) in a.iter().zip(b).zip(weights) {
            let row = Vector3::new(a[0], a[1], 1.0);
            normal += row * row.transpose() * weight;
            right_x += row * (b[0] * weight);
            right_y += row * (b[1] * weight);
        }
        let solver = normal.cholesky()?;
        let (x, y) = (solver.solve(&right_x), solver.solve(&right_y));
        Some(Matrix3::new(x[0], x[1], x[2], y[0], y[1], y[2], 0.0, 0.0, 1.0))
    }

    fn squared_error(model: &Matrix3<f64>, a: NormalPoint, b: NormalPoint) -> f64 {
        let x = model[(0, 0)] * a[0] + model[(0, 1)] * a[1] + model[(0, 2)] - b[0];
        let y = model[(1, 0)] * a[0] + model[(1, 1)] * a[1] + model[(1, 2)] - b[1];
        x * x + y * y
    }

    fn is_plausible(model: &Matrix3<f64>) -> bool {
        plausible_determinant(model[(0, 0)] * model[(1, 1)] - model[(0, 1)] * model[(1, 0)])
    }
}
