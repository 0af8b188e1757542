//! `qᵀ E p = 0`, `E = [t]ₓ R`: relative pose of two calibrated cameras (Longuet-Higgins, Nature 1981) from
//! rays `p`, `q` of the same blocks; five parameters, the rotation vector and the direction of the
//! translation.
//!
//! Gauss-Newton on the Sampson distance (Hartley and Zisserman, 11.4.3) with Geman-McClure weights at ever
//! smaller scales. The camera rides ahead, so the translation is `(x, y, ±1)` and starts at straight ahead
//! without rotation; a weak pull towards that keeps leaves in the wind from bending it.

use nalgebra::{Matrix3, Rotation3, SMatrix, SVector, Vector3};

use super::block_matching::BlockMatch;
use super::lens::{Lens, Ray};
use crate::tuning::{FULL_PEAK_MARGIN, POSE_PRIOR, POSE_SCALES};

/// A block as rays of both cameras.
#[derive(Clone, Copy, Debug)]
pub(super) struct RayPair {
    pub number: usize,
    pub from: Vector3<f64>,
    pub to: Vector3<f64>,
    /// Fine cells per unit of the plane one unit ahead, mean of both.
    cells: f64,
    weight: f64,
}

impl RayPair {
    pub fn new(block: &BlockMatch, lens: &Lens) -> Self {
        let (from, to) = (
            lens.ray(block.x, block.y),
            lens.ray(block.x + block.dx, block.y + block.dy),
        );
        Self {
            number: block.number,
            from: homogeneous(&from),
            to: homogeneous(&to),
            cells: 0.5 * (from.cells + to.cells),
            weight: weight(block),
        }
    }
}

pub(super) fn homogeneous(ray: &Ray) -> Vector3<f64> {
    Vector3::new(ray.at[0], ray.at[1], 1.0)
}

/// How much a block counts, 0..1, by its peak margin.
pub(super) fn weight(block: &BlockMatch) -> f64 {
    f64::from(block.peak_margin.min(FULL_PEAK_MARGIN) / FULL_PEAK_MARGIN)
}

/// Weight of a residual at a scale (Geman and McClure 1987).
pub(super) fn geman_mcclure(residual: f64, scale: f64) -> f64 {
    1.0 / (1.0 + (residual / scale).powi(2)).powi(2)
}

/// Pose of the second camera against the first: a point `p` of depth `d` is seen along `R p + t / d`, with
/// `|t| = 1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelativePose {
    /// Rotation vector, and the translation sideways and down for one along the axis.
    x: SVector<f64, 5>,
    /// Sign of the translation along the axis.
    axis: f64,
    essential: Matrix3<f64>,
}

impl RelativePose {
    fn at(x: SVector<f64, 5>, axis: f64) -> Self {
        let mut pose = Self {
            x,
            axis,
            essential: Matrix3::zeros(),
        };
        pose.essential = pose.translation().cross_matrix() * pose.rotation();
        pose
    }

    pub fn rotation(&self) -> Matrix3<f64> {
        *Rotation3::new(Vector3::new(self.x[0], self.x[1], self.x[2])).matrix()
    }

    pub fn translation(&self) -> Vector3<f64> {
        (Vector3::new(self.x[3], self.x[4], 1.0) * self.axis).normalize()
    }

    /// Sampson distance, fine cells.
    pub fn residual(&self, pair: &RayPair) -> f64 {
        let (error, cells) = self.epipolar_error(pair);
        error * cells
    }

    /// `qᵀ E p`, and the fine cells that one of it is worth.
    fn epipolar_error(&self, pair: &RayPair) -> (f64, f64) {
        let line = self.essential * pair.from;
        let back = self.essential.tr_mul(&pair.to);
        let gradient = line.x * line.x + line.y * line.y + back.x * back.x + back.y * back.y;
        (pair.to.dot(&line), pair.cells / gradient.sqrt().max(1e-9))
    }

    /// Robust least squares with a translation of this sign along the axis; `None` when it degenerates.
    pub fn fit(pairs: &[RayPair], axis: f64) -> Option<Self> {
        const STEP: f64 = 1e-4;
        let mut pose = Self::at(SVector::zeros(), axis);
        for scale in POSE_SCALES {
            // How the constraint changes with each parameter; what a value of it is worth in cells hardly
            // does.
            let slopes: [Matrix3<f64>; 5] = std::array::from_fn(|k| {
                let mut x = pose.x;
                x[k] += STEP;
                (Self::at(x, axis).essential - pose.essential) / STEP
            });
            let mut normal = SMatrix::<f64, 5, 5>::zeros();
            let mut right = SVector::<f64, 5>::zeros();
            let mut total = 0.0;
            for pair in pairs {
                let (error, cells) = pose.epipolar_error(pair);
                let r = error * cells;
                let w = pair.weight * geman_mcclure(r, scale);
                let j = SVector::<f64, 5>::from_fn(|k, _| pair.to.dot(&(slopes[k] * pair.from)) * cells);
                normal += (j * w) * j.transpose();
                right += j * (w * r);
                total += w;
            }
            for k in 0..5 {
                normal[(k, k)] += POSE_PRIOR * total;
            }
            right += pose.x * (POSE_PRIOR * total);
            let x = pose.x - normal.cholesky()?.solve(&right);
            pose = Self::at(x.map(|v| v.clamp(-1.0, 1.0)), axis);
        }
        Some(pose)
    }
}
