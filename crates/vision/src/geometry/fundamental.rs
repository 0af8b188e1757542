//! `bᵀ F a = 0`, `det F = 0`: a scene with depth seen from two places. From seven matches exactly
//! (seven-point method), from more by the normalised eight-point method (Hartley, PAMI 1997) with Sampson
//! weights.

use crate::geometry::estimator::Estimator;
use crate::geometry::normalisation::NormalPoint;
use nalgebra::{Matrix3, SMatrix, SVector, Vector3};

/// `bᵀ F a = 0`, of rank 2 and norm 1.
pub(crate) struct Fundamental;

type EpipolarRow = SVector<f64, 9>;

/// Pivots below this end the elimination: the sample is degenerate.
const MIN_PIVOT: f64 = 1e-7;

/// Coefficients of the elements of F, row by row, in `bᵀ F a`.
fn equation(a: NormalPoint, b: NormalPoint) -> EpipolarRow {
    let ([x, y], [u, v]) = (a, b);
    EpipolarRow::from([u * x, u * y, u, v * x, v * y, v, x, y, 1.0])
}

fn matrix(f: &EpipolarRow) -> Matrix3<f64> {
    Matrix3::from_row_slice(f.as_slice())
}

/// Epipolar lines of `a` in the second picture and of `b` in the first, and the algebraic residual.
fn lines(model: &Matrix3<f64>, a: NormalPoint, b: NormalPoint) -> (Vector3<f64>, Vector3<f64>, f64) {
    let (a, b) = (Vector3::new(a[0], a[1], 1.0), Vector3::new(b[0], b[1], 1.0));
    let in_b = model * a;
    (in_b, model.tr_mul(&b), b.dot(&in_b))
}

/// Squared gradient of the algebraic residual with respect to the four coordinates.
fn squared_gradient(in_b: &Vector3<f64>, in_a: &Vector3<f64>) -> f64 {
    in_b[0] * in_b[0] + in_b[1] * in_b[1] + in_a[0] * in_a[0] + in_a[1] * in_a[1]
}

/// Two vectors spanning the null space of seven equations, by elimination with complete pivoting.
fn null_space(rows: &mut SMatrix<f64, 7, 9>) -> Option<[EpipolarRow; 2]> {
    let mut columns: [usize; 9] = std::array::from_fn(|i| i);
    for step in 0..7 {
        let (mut best, mut at) = (0.0, (step, step));
        for column in step..9 {
            for row in step..7 {
                if rows[(row, column)].abs() > best {
                    best = rows[(row, column)].abs();
                    at = (row, column);
                }
            }
        }
        if best < MIN_PIVOT {
            return None;
        }
        rows.swap_rows(step, at.0);
        rows.swap_columns(step, at.1);
        columns.swap(step, at.1);
        let pivot = rows[(step, step)];
        for row in (0..7).filter(|&row| row != step) {
            let factor = rows[(row, step)] / pivot;
            for column in step..9 {
                rows[(row, column)] -= factor * rows[(step, column)];
            }
        }
    }
    Some([7, 8].map(|free| {
        let mut vector = EpipolarRow::zeros();
        vector[columns[free]] = 1.0;
        for step in 0..7 {
            vector[columns[step]] = -rows[(step, free)] / rows[(step, step)];
        }
        vector / vector.norm()
    }))
}

/// Real roots of `c[0] + c[1] x + c[2] x² + c[3] x³`; fewer when the leading coefficients vanish.
fn cubic_roots(c: [f64; 4]) -> Vec<f64> {
    let size = c.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if size == 0.0 {
        return Vec::new();
    }
    if c[3].abs() < 1e-12 * size {
        return quadratic_roots([c[0], c[1], c[2]]);
    }
    let (a, b, d) = (c[2] / c[3], c[1] / c[3], c[0] / c[3]);
    let shift = a / 3.0;
    let p = b - a * a / 3.0;
    let q = 2.0 * a * a * a / 27.0 - a * b / 3.0 + d;
    let discriminant = q * q / 4.0 + p * p * p / 27.0;
    if discriminant > 0.0 {
        let root = discriminant.sqrt();
        return vec![(-q / 2.0 + root).cbrt() + (-q / 2.0 - root).cbrt() - shift];
    }
    let radius = 2.0 * (-p / 3.0).max(0.0).sqrt();
    if radius == 0.0 {
        return vec![-shift];
    }
    let angle = (3.0 * q / (p * radius)).clamp(-1.0, 1.0).acos() / 3.0;
    let third = std::f64::consts::TAU / 3.0;
    (0..3)
        .map(|k| radius * (angle - third * f64::from(k)).cos() - shift)
        .collect()
}

fn quadratic_roots(c: [f64; 3]) -> Vec<f64> {
    let size = c.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if c[2].abs() < 1e-12 * size {
        return if c[1].abs() < 1e-12 * size {
            Vec::new()
        } else {
            vec![-c[0] / c[1]]
        };
    }
    let discriminant = c[1] * c[1] - 4.0 * c[2] * c[0];
    if discriminant < 0.0 {
        return Vec::new();
    }
    // The form without cancellation.
    let s = -0.5 * (c[1] + discriminant.sqrt().copysign(c[1]));
    if s == 0.0 {
        vec![0.0]
    } else {
        vec![s / c[2], c[0] / s]
    }
}

/// Transposed matrix of cofactors, so that `m * adjugate(m) = det(m)`.
fn adjugate(m: &Matrix3<f64>) -> Matrix3<f64> {
    let (r0, r1, r2) = (m.row(0).transpose(), m.row(1).transpose(), m.row(2).transpose());
    Matrix3::from_columns(&[r1.cross(&r2), r2.cross(&r0), r0.cross(&r1)])
}

impl Estimator for Fundamental {
    const SAMPLE: usize = 7;

    /// The seven-point method (Hartley and Zisserman, 11.1.2): up to three matrices.
    fn from_sample(a: &[NormalPoint], b: &[NormalPoint], models: &mut Vec<Matrix3<f64>>) {
        if a.len() != Self::SAMPLE || b.len() != Self::SAMPLE {
            return;
        }
        let mut rows = SMatrix::<f64, 7, 9>::zeros();
        for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
            rows.set_row(i, &equation(a, b).transpose());
        }
        let Some([first, second]) = null_space(&mut rows) else {
            return;
        };
        let (base, step) = (matrix(&second), matrix(&first) - matrix(&second));
        // det(base + x step), written out.
        let cubic = [
            base.determinant(),
            (adjugate(&base) * step).trace(),
            (adjugate(&step) * base).trace(),
            step.determinant(),
        ];
        for x in cubic_roots(cubic) {
            let model = base + step * x;
            let norm = model.norm();
            if norm.is_finite() && norm > MIN_PIVOT {
                models.push(model / norm);
            }
        }
    }

    /// The eight-point method, each equation divided by its gradient under `model` (Sampson weights), then
    /// the nearest matrix of rank 2.
    fn refit(
        model: &Matrix3<f64>,
        a: &[NormalPoint],
        b: &[NormalPoint],
        weights: &[f64],
    ) -> Option<Matrix3<f64>> {
        let mut normal = SMatrix::<f64, 9, 9>::zeros();
        let mut used = 0;
        for ((&a, &b), &weight) in a.iter().zip(b).zip(weights) {
            let (in_b, in_a, _) = lines(model, a, b);
            let gradient = squared_gradient(&in_b, &in_a);
            if weight == 0.0 || gradient < f64::EPSILON {
                continue;
            }
            let row = equation(a, b);
            normal.ger(weight / gradient, &row, &row, 1.0);
            used += 1;
        }
        if used < 8 || !normal.iter().all(|v| v.is_finite()) {
            return None;
        }
        let eigen = normal.symmetric_eigen();
        let fitted = matrix(&eigen.eigenvectors.column(eigen.eigenvalues.imin()).into_owned());
        let mut parts = fitted.svd(true, true);
        let smallest = parts.singular_values.imin();
        parts.singular_values[smallest] = 0.0;
        let rank_two = parts.recompose().ok()?;
        let norm = rank_two.norm();
        (norm > f64::EPSILON).then(|| rank_two / norm)
    }

    /// Sampson distance: first-order squared distance of the four coordinates from the nearest exact pair.
    fn squared_error(model: &Matrix3<f64>, a: NormalPoint, b: NormalPoint) -> f64 {
        let (in_b, in_a, residual) = lines(model, a, b);
        let gradient = squared_gradient(&in_b, &in_a);
        if gradient < f64::EPSILON {
            f64::INFINITY
        } else {
            residual * residual / gradient
        }
    }

    fn is_plausible(model: &Matrix3<f64>) -> bool {
        model.iter().all(|v| v.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cubic_roots_are_roots(roots in prop::array::uniform3(-5.0f64..5.0), lead in 0.5f64..3.0) {
            let [r, s, t] = roots;
            let c = [-lead * r * s * t, lead * (r * s + s * t + t * r), -lead * (r + s + t), lead];
            let found = cubic_roots(c);
            prop_assert!(!found.is_empty());
            for x in found {
                prop_assert!((c[0] + x * (c[1] + x * (c[2] + x * c[3]))).abs() < 1e-5);
            }
        }

        #[test]
        fn seven_points_lie_on_every_model_found(numbers in prop::collection::vec(-1.0f64..1.0, 28)) {
            let points: Vec<NormalPoint> = numbers.chunks(2).map(|p| [p[0], p[1]]).collect();
            let (a, b) = points.split_at(7);
            let mut models = Vec::new();
            Fundamental::from_sample(a, b, &mut models);
            for model in &models {
                prop_assert!(model.determinant().abs() < 1e-7);
                for (&a, &b) in a.iter().zip(b) {
                    prop_assert!(lines(model, a, b).2.abs() < 1e-6);
                }
            }
        }
    }
}
