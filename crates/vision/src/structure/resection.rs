//! `min Σ w |π(R p + ρ t) - q|²`: pose of a third camera from blocks with depth (resection,
//! perspective-n-point), six parameters, or seven with the focal length, by Gauss-Newton with Geman-McClure
//! weights at ever smaller scales.
//!
//! Wanted is the coordinate of its centre along the baseline, and its variance by the curvature at the end,
//! with depths taken as exact.

use nalgebra::{Matrix3, Rotation3, SMatrix, SVector, Vector3};

use super::block_matching::BlockMatches;
use super::lens::{Lens, Ray};
use super::pose::Structure;
use super::relative_pose::{geman_mcclure, weight};
use crate::tuning::{
    MIN_BLOCK_ERROR, MIN_LOCATED, MIN_PEAK_MARGIN, MIN_SIMILARITY_OTHER, OVERLAP, RESECTION_SCALES,
};

/// Added to the curvatures, so that they can be inverted.
const DAMPING: f64 = 1e-6;

/// A third camera among the two of a [`Structure`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resection {
    /// Coordinate along the baseline: 0 at the first camera, 1 at the second.
    pub share: f64,
    /// Its one-sigma error by the blocks' residuals.
    pub sigma: f64,
    /// Distance from the baseline, in its length.
    pub lateral: f64,
    /// Blocks that agree.
    pub inliers: usize,
    /// Blocks compared.
    pub blocks: usize,
    /// Root mean square of the residuals, weighted, fine cells.
    pub residual: f64,
}

/// A block with depth, and where the third camera sees it.
struct PointObservation {
    ray: Vector3<f64>,
    inverse_depth: f64,
    seen: Ray,
    weight: f64,
}

/// A ray of the first camera of inverse depth `ρ` is seen along `rotation · ray + ρ translation`.
struct Camera {
    rotation: Matrix3<f64>,
    translation: Vector3<f64>,
    /// Logarithm of how much larger it shows things than its lens says, where that is free.
    log_zoom: Option<f64>,
}

/// Normal equations of a step, and the residuals they are made of.
struct Linearised {
    normal: SMatrix<f64, 7, 7>,
    right: SVector<f64, 7>,
    squares: f64,
    total: f64,
    inliers: usize,
}

impl Camera {
    fn linearise(&self, observations: &[PointObservation], scale: f64) -> Linearised {
        let mut sums = Linearised {
            normal: SMatrix::zeros(),
            right: SVector::zeros(),
            squares: 0.0,
            total: 0.0,
            inliers: 0,
        };
        let shrink = (-self.log_zoom.unwrap_or(0.0)).exp();
        for o in observations {
            let at = o.seen.at.map(|v| v * shrink);
            let turned = self.rotation * o.ray;
            let there = turned + self.translation * o.inverse_depth;
            let z = there.z.max(0.1);
            let (u, v) = (there.x / z, there.y / z);
            let r = [(u - at[0]) * o.seen.cells, (v - at[1]) * o.seen.cells];
            let distance = r[0].hypot(r[1]);
            let w = o.weight * geman_mcclure(distance, scale);
            sums.squares += w * distance * distance;
            sums.total += w;
            sums.inliers += usize::from(distance < scale);
            let rows = [
                Vector3::new(1.0, 0.0, -u) * (o.seen.cells / z),
                Vector3::new(0.0, 1.0, -v) * (o.seen.cells / z),
            ];
            for ((row, residual), at) in rows.iter().zip(r).zip(at) {
                // Rotating by δ moves the rotated point by δ × point.
                let by_rotation = turned.cross(row);
                let j = SVector::<f64, 7>::from([
                    by_rotation.x,
                    by_rotation.y,
                    by_rotation.z,
                    row.x * o.inverse_depth,
                    row.y * o.inverse_depth,
                    row.z * o.inverse_depth,
                    self.log_zoom.map_or(0.0, |_| at * o.seen.cells),
                ]);
                sums.normal += (j * w) * j.transpose();
                sums.right += j * (w * residual);
            }
        }
        for k in 0..6 {
            sums.normal[(k, k)] += DAMPING;
        }
        sums.normal[(6, 6)] += if self.log_zoom.is_some() { DAMPING } else { 1.0 };
        sums
    }

    fn step(&mut self, step: &SVector<f64, 7>) {
        let by = Vector3::new(step[0], step[1], step[2]);
        self.rotation = Rotation3::new(-by).matrix() * self.rotation;
        self.translation -= Vector3::new(step[3], step[4], step[5]);
        self.log_zoom = self.log_zoom.map(|zoom| zoom - step[6]);
    }
}

impl Linearised {
    /// Of a block's place.
    fn variance(&self) -> f64 {
        (0.5 * self.squares / self.total.max(1e-9)).max(MIN_BLOCK_ERROR * MIN_BLOCK_ERROR) * OVERLAP
    }
}

/// The camera that sees the points where they were observed, and the equations of its last step.
fn resection(
    observations: &[PointObservation],
    matches: &BlockMatches,
    lens: &Lens,
    log_zoom: Option<f64>,
) -> Option<(Camera, Linearised)> {
    if observations.len() < MIN_LOCATED {
        return None;
    }
    let middle = lens.middle().cells;
    let first = Vector3::new(-matches.global[1] / middle, matches.global[0] / middle, 0.0);
    let mut camera = Camera {
        rotation: *Rotation3::new(first).matrix(),
        translation: Vector3::zeros(),
        log_zoom,
    };
    let mut last = None;
    for scale in RESECTION_SCALES {
        let sums = camera.linearise(observations, scale);
        camera.step(&sums.normal.cholesky()?.solve(&sums.right));
        last = Some(sums);
    }
    Some((camera, last?))
}

impl Structure {
    /// Where a third camera stood, from the displacement of the first frame's blocks on its picture. `None`
    /// where too little agrees.
    pub fn locate(&self, matches: &BlockMatches, lens: &Lens) -> Option<Resection> {
        let observations = self.observations(matches, lens);
        let (camera, sums) = resection(&observations, matches, lens, None)?;
        let variance = sums.variance();
        let Linearised {
            normal,
            squares,
            total,
            inliers,
            ..
        } = sums;
        let Camera {
            rotation,
            translation,
            ..
        } = camera;
        let centre = -(rotation.transpose() * translation);
        let share = centre.dot(&self.baseline);
        let ahead = rotation * self.baseline;
        let by_rotation = translation.cross(&ahead);
        let gradient = SVector::<f64, 7>::from([
            by_rotation.x,
            by_rotation.y,
            by_rotation.z,
            -ahead.x,
            -ahead.y,
            -ahead.z,
            0.0,
        ]);
        let sigma = (gradient.dot(&normal.cholesky()?.solve(&gradient)) * variance).sqrt();
        (share.is_finite() && sigma.is_finite() && inliers >= MIN_LOCATED).then_some(Resection {
            share,
            sigma,
            lateral: (centre - self.baseline * share).norm(),
            inliers,
            blocks: observations.len(),
            residual: (squares / total.max(1e-9)).sqrt(),
        })
    }

    /// How much larger a third camera shows things than its lens says, as a logarithm. Riding ahead enlarges
    /// what is near more than what is far; a longer lens enlarges all alike. `None` where too little agrees.
    pub fn log_zoom(&self, matches: &BlockMatches, lens: &Lens) -> Option<f64> {
        let observations = self.observations(matches, lens);
        let (camera, sums) = resection(&observations, matches, lens, Some(0.0))?;
        let zoom = camera.log_zoom?;
        (zoom.is_finite() && sums.inliers >= MIN_LOCATED).then_some(zoom)
    }

    /// The points that the third camera sees as well. Both lists are in order of block numbers.
    fn observations(&self, matches: &BlockMatches, lens: &Lens) -> Vec<PointObservation> {
        let mut by_number = matches.blocks.iter().peekable();
        let mut observations = Vec::with_capacity(self.points.len());
        for point in &self.points {
            while by_number.next_if(|b| b.number < point.number).is_some() {}
            let Some(block) = by_number.peek().filter(|b| b.number == point.number) else {
                continue;
            };
            if block.similarity > MIN_SIMILARITY_OTHER && block.peak_margin > MIN_PEAK_MARGIN {
                observations.push(PointObservation {
                    ray: point.ray,
                    inverse_depth: point.inverse_depth,
                    seen: lens.ray(block.x + block.dx, block.y + block.dy),
                    weight: weight(block),
                });
            }
        }
        observations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Projection;
    use crate::structure::block_matching::BlockMatch;
    use crate::structure::hog_grid::{COARSE_COLS, COARSE_ROWS};
    use crate::structure::relative_pose::homogeneous;

    /// A camera at `centre` (units of the way), turned by the rotation vector `turn`.
    #[derive(Clone, Copy)]
    struct TestCamera {
        centre: Vector3<f64>,
        turn: Vector3<f64>,
    }

    fn camera(centre: [f64; 3], turn: [f64; 3]) -> TestCamera {
        TestCamera {
            centre: Vector3::from(centre),
            turn: Vector3::from(turn),
        }
    }

    const HFOV_DEG: f64 = 95.0;

    fn lens() -> Lens {
        Lens::new(Projection::Rectilinear, HFOV_DEG, 1.0)
    }

    /// What the blocks of a picture of the first camera (at the origin) show at: ground below, trees at all
    /// depths.
    fn depth(number: usize, ray: &Vector3<f64>) -> f64 {
        let tree = 3.0 + ((number * 7919) % 83) as f64 / 4.0;
        if ray.y > 0.12 { tree.min(1.5 / ray.y) } else { tree }
    }

    /// Displacement of the first camera's blocks on the picture of another; every `wrong`th block is
    /// somewhere else.
    fn matches(other: TestCamera, wrong: usize) -> BlockMatches {
        let half = 0.5f64 * HFOV_DEG.to_radians();
        let focal = 32.0 / half.tan();
        let turn = Rotation3::new(other.turn);
        let mut blocks = Vec::new();
        for number in 0..COARSE_COLS * COARSE_ROWS {
            let (x, y) = (
                2.0 * (number % COARSE_COLS) as f64 + 0.5,
                2.0 * (number / COARSE_COLS) as f64 + 0.5,
            );
            let at = homogeneous(&lens().ray(x, y));
            let there = turn * (at * depth(number, &at) - other.centre);
            if there.z < 0.2 {
                continue;
            }
            let (u, v) = (31.5 + focal * there.x / there.z, 17.5 + focal * there.y / there.z);
            let noise = |salt: usize| ((number * 31 + salt * 17) % 13) as f64 / 60.0 - 0.1;
            let astray = if wrong > 0 && number % wrong == 0 {
                5.0
            } else {
                0.0
            };
            if (0.0..64.0).contains(&u) && (0.0..36.0).contains(&v) {
                blocks.push(BlockMatch {
                    number,
                    x,
                    y,
                    dx: u - x + noise(1) + astray,
                    dy: v - y + noise(2) - astray,
                    similarity: 0.9,
                    peak_margin: 0.2,
                });
            }
        }
        BlockMatches {
            blocks,
            ..BlockMatches::default()
        }
    }

    fn located(second: TestCamera, third: TestCamera, forwards: bool, wrong: usize) -> Resection {
        let structure = Structure::new(&matches(second, 0), &lens(), forwards).unwrap();
        structure.locate(&matches(third, wrong), &lens()).unwrap()
    }

    #[test]
    fn finds_the_share_of_the_way_whatever_the_head_does() {
        let second = camera([0.02, -0.01, 1.0], [0.02, 0.03, -0.01]);
        for share in [-0.2, 0.0, 0.3, 0.5, 0.9, 1.2] {
            for (lateral, turn) in [
                (0.0, [0.0; 3]),
                (0.3, [0.05, 0.2, 0.03]),
                (-0.4, [-0.04, -0.15, -0.06]),
            ] {
                let third = camera([lateral, 0.05, share], turn);
                let found = located(second, third, true, 4);
                assert!(
                    (found.share - share).abs() < 0.03 && (found.lateral - lateral.abs()).abs() < 0.1,
                    "{share} {lateral}: {found:?}"
                );
                assert!(found.sigma < 0.05, "{found:?}");
            }
        }
    }

    #[test]
    fn a_longer_lens_is_told_from_a_step_ahead() {
        let second = camera([0.02, -0.01, 1.0], [0.02, 0.03, -0.01]);
        let structure = Structure::new(&matches(second, 0), &lens(), true).unwrap();
        for zoom in [-0.05, 0.0, 0.04] {
            let third = matches(camera([0.3, 0.05, 0.4], [0.05, 0.1, 0.03]), 4);
            // A lens that says things are smaller than they are shown.
            let found = structure.log_zoom(&third, &lens().zoomed(-zoom)).unwrap();
            assert!((found - zoom).abs() < 0.01, "{zoom} {found}");
        }
    }

    #[test]
    fn a_second_camera_behind_the_first_counts_backwards() {
        let second = camera([0.0, 0.0, -1.0], [0.0, -0.02, 0.01]);
        let found = located(second, camera([0.2, 0.0, -0.6], [0.0, 0.1, 0.0]), false, 0);
        assert!((found.share - 0.6).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn a_standstill_has_no_structure() {
        assert!(Structure::new(&matches(camera([0.0; 3], [0.0; 3]), 0), &lens(), true).is_none());
        assert!(Structure::new(&BlockMatches::default(), &lens(), true).is_none());
    }

    #[test]
    fn a_picture_of_something_else_is_not_located() {
        let structure =
            Structure::new(&matches(camera([0.0, 0.0, 1.0], [0.0; 3]), 0), &lens(), true).unwrap();
        let mut elsewhere = matches(camera([0.0, 0.0, 0.5], [0.0; 3]), 0);
        for block in &mut elsewhere.blocks {
            block.dx += ((block.number * 7919) % 23) as f64 - 11.0;
            block.dy += ((block.number * 104_729) % 17) as f64 - 8.0;
        }
        let found = structure.locate(&elsewhere, &lens());
        assert!(
            found.is_none_or(|l| (l.inliers as f64) < 0.3 * l.blocks as f64),
            "{found:?}"
        );
    }
}
