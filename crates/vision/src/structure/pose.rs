//! Depths from two frames, and the place of a third among them.

use nalgebra::{Matrix3, Rotation3, SMatrix, SVector, Vector3};

use super::block_matching::{Block, BlockMatches, MIN_PEAK_MARGIN};
use super::lens::{Lens, Ray};

/// Blocks that a relative pose needs.
const MIN_BLOCKS: usize = 60;
/// Blocks with depth that locating needs.
const MIN_LOCATED: usize = 24;
/// Least similarity of a block between two recordings, where [`MIN_PEAK_MARGIN`] is margin enough.
const MIN_SIMILARITY_OTHER: f32 = 0.25;
/// Distinctness from which on a block counts in full.
const FULL_PEAK_MARGIN: f32 = 0.15;
/// A block that moves by less between two frames of a ride is very far away or part of the camera's carrier, fine
/// cells. Neither tells how far the camera went.
const MIN_MOTION: f64 = 0.4;
/// Scales of the robust weights, fine cells, round after round: wide first, so that a poor start is left, then as
/// narrow as the blocks are exact.
const POSE_SCALES: [f64; 9] = [1.6, 1.6, 0.8, 0.8, 0.55, 0.4, 0.3, 0.3, 0.3];
const LOCATE_SCALES: [f64; 10] = [4.0, 4.0, 2.7, 2.7, 1.6, 1.6, 1.1, 0.8, 0.6, 0.6];
/// Largest epipolar residual of a point with depth, fine cells.
const MAX_RESIDUAL: f64 = 1.0;
/// Inverse depths in units of the way between the frames: nothing is behind the camera, and what is nearer than the way
/// itself has left the picture.
const INVERSE_DEPTH: (f64, f64) = (-0.02, 1.0);
/// Share of the blocks of a pair of frames that must fit one motion; else something else moves (a train beside the
/// track, wipers) or nothing fits.
const MIN_RIGID_SHARE: f64 = 0.6;
/// A wind-blown leaf, a wrong block: pull towards no turn and straight ahead, in units of one block.
const POSE_PRIOR: f64 = 1e-3;
/// Blocks overlap (each cell lies in nine), so they are worth fewer.
const OVERLAP: f64 = 9.0;
/// No block is placed better than this, fine cells.
const MIN_BLOCK_ERROR: f64 = 0.15;

/// A block with depth.
#[derive(Clone, Copy, Debug)]
struct Point {
    number: usize,
    ray: Vector3<f64>,
    /// In units of one by the way between the frames.
    inverse_depth: f64,
}

/// What two frames of one recording tell of the scene, seen from the first.
#[derive(Clone, Debug)]
pub struct Structure {
    points: Vec<Point>,
    /// Centre of the second camera as seen from the first; length 1.
    way: Vector3<f64>,
    /// Share of the blocks that fit one rigid motion.
    rigid_share: f64,
}

/// A third camera among the two of a [`Structure`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// How far along the way from the first camera to the second: 0 at the first, 1 at the second.
    pub share: f64,
    /// Its one-sigma error by the blocks' residuals.
    pub sigma: f64,
    /// How far beside the way, in its length.
    pub lateral: f64,
    /// Blocks that agree.
    pub inliers: usize,
    /// Blocks compared.
    pub blocks: usize,
    /// Root mean square of the residuals, weighted, fine cells.
    pub residual: f64,
}

fn ray(at: &Ray) -> Vector3<f64> {
    Vector3::new(at.at[0], at.at[1], 1.0)
}

fn weight(block: &Block) -> f64 {
    f64::from(block.peak_margin.min(FULL_PEAK_MARGIN) / FULL_PEAK_MARGIN)
}

/// Weight of a residual `r` at scale `s` (Geman and McClure 1987).
fn robust(r: f64, s: f64) -> f64 {
    1.0 / (1.0 + (r / s).powi(2)).powi(2)
}

impl Structure {
    /// From the displacement of the first frame's blocks on the second. `forwards`: the second is the later one, so the
    /// camera went ahead. `None` where too little moves as one.
    pub fn new(matches: &BlockMatches, lens: &Lens, forwards: bool) -> Option<Self> {
        let seen: Vec<Seen> = matches
            .reliable()
            .filter(|b| b.dx.hypot(b.dy) > MIN_MOTION)
            .map(|b| Seen::new(b, lens))
            .collect();
        if seen.len() < MIN_BLOCKS {
            return None;
        }
        let pose = RelativePose::fit(&seen, if forwards { -1.0 } else { 1.0 })?;
        let (turn, shift) = (pose.turn(), pose.shift());
        let points: Vec<Point> = seen
            .iter()
            .filter(|s| pose.residual(s).abs() < MAX_RESIDUAL)
            .filter_map(|s| {
                let (turned, across) = (s.to.cross(&(turn * s.from)), s.to.cross(&shift));
                let inverse_depth = -turned.dot(&across) / across.dot(&across).max(1e-9);
                (INVERSE_DEPTH.0..INVERSE_DEPTH.1)
                    .contains(&inverse_depth)
                    .then_some(Point {
                        number: s.number,
                        ray: s.from,
                        inverse_depth: inverse_depth.max(0.0),
                    })
            })
            .collect();
        let rigid_share = points.len() as f64 / seen.len() as f64;
        (points.len() >= MIN_BLOCKS / 2 && rigid_share >= MIN_RIGID_SHARE).then(|| Self {
            points,
            way: -(turn.transpose() * shift),
            rigid_share,
        })
    }

    /// Share of the blocks that fit one rigid motion, 0..1.
    pub fn rigid_share(&self) -> f64 {
        self.rigid_share
    }

    /// Where a third camera stood, from the displacement of the first frame's blocks on its picture. `None` where too
    /// little agrees.
    pub fn locate(&self, matches: &BlockMatches, lens: &Lens) -> Option<Located> {
        let mut by_number = matches.blocks.iter().peekable();
        let mut seen: Vec<(Vector3<f64>, f64, Ray, f64)> = Vec::with_capacity(self.points.len());
        for point in &self.points {
            while by_number.next_if(|b| b.number < point.number).is_some() {}
            let Some(block) = by_number.peek().filter(|b| b.number == point.number) else {
                continue;
            };
            if block.similarity > MIN_SIMILARITY_OTHER && block.peak_margin > MIN_PEAK_MARGIN {
                let to = lens.ray(block.x + block.dx, block.y + block.dy);
                seen.push((point.ray, point.inverse_depth, to, weight(block)));
            }
        }
        if seen.len() < MIN_LOCATED {
            return None;
        }
        let middle = lens.ray(31.5, 17.5).cells;
        let first = Vector3::new(-matches.global[1] / middle, matches.global[0] / middle, 0.0);
        let mut turn = *Rotation3::new(first).matrix();
        let mut shift = Vector3::zeros();
        let mut normal = SMatrix::<f64, 6, 6>::zeros();
        let (mut squares, mut total, mut inliers) = (0.0, 0.0, 0);
        for scale in LOCATE_SCALES {
            normal.fill(0.0);
            let mut right = SVector::<f64, 6>::zeros();
            (squares, total, inliers) = (0.0, 0.0, 0);
            for (ray, inverse_depth, to, weight) in &seen {
                let turned = turn * ray;
                let there = turned + shift * *inverse_depth;
                let z = there.z.max(0.1);
                let (u, v) = (there.x / z, there.y / z);
                let r = [(u - to.at[0]) * to.cells, (v - to.at[1]) * to.cells];
                let distance = r[0].hypot(r[1]);
                let w = weight * robust(distance, scale);
                squares += w * distance * distance;
                total += w;
                inliers += usize::from(distance < scale);
                let rows = [
                    Vector3::new(1.0, 0.0, -u) * (to.cells / z),
                    Vector3::new(0.0, 1.0, -v) * (to.cells / z),
                ];
                for (row, residual) in rows.iter().zip(r) {
                    // Turning by δ moves the turned point by δ × point.
                    let by_turn = turned.cross(row);
                    let j = SVector::<f64, 6>::new(
                        by_turn.x,
                        by_turn.y,
                        by_turn.z,
                        row.x * inverse_depth,
                        row.y * inverse_depth,
                        row.z * inverse_depth,
                    );
                    normal += (j * w) * j.transpose();
                    right += j * (w * residual);
                }
            }
            for k in 0..6 {
                normal[(k, k)] += 1e-6;
            }
            let step = normal.cholesky()?.solve(&right);
            let by = Vector3::new(step[0], step[1], step[2]);
            turn = Rotation3::new(-by).matrix() * turn;
            shift -= Vector3::new(step[3], step[4], step[5]);
        }
        let centre = -(turn.transpose() * shift);
        let share = centre.dot(&self.way);
        let lateral = (centre - self.way * share).norm();
        let variance = (0.5 * squares / total.max(1e-9)).max(MIN_BLOCK_ERROR * MIN_BLOCK_ERROR) * OVERLAP;
        let ahead = turn * self.way;
        let by_turn = shift.cross(&ahead);
        let gradient = SVector::<f64, 6>::new(by_turn.x, by_turn.y, by_turn.z, -ahead.x, -ahead.y, -ahead.z);
        let sigma = (gradient.dot(&normal.cholesky()?.solve(&gradient)) * variance).sqrt();
        (share.is_finite() && sigma.is_finite() && inliers >= MIN_LOCATED).then_some(Located {
            share,
            sigma,
            lateral,
            inliers,
            blocks: seen.len(),
            residual: (squares / total.max(1e-9)).sqrt(),
        })
    }
}

/// A block as directions from both cameras.
#[derive(Clone, Copy, Debug)]
struct Seen {
    number: usize,
    from: Vector3<f64>,
    to: Vector3<f64>,
    cells: f64,
    weight: f64,
}

impl Seen {
    fn new(block: &Block, lens: &Lens) -> Self {
        let (from, to) = (
            lens.ray(block.x, block.y),
            lens.ray(block.x + block.dx, block.y + block.dy),
        );
        Self {
            number: block.number,
            from: ray(&from),
            to: ray(&to),
            cells: 0.5 * (from.cells + to.cells),
            weight: weight(block),
        }
    }
}

/// Turn of the second camera against the first and the direction it went: rotation vector, and the ways sideways and
/// down for one ahead.
#[derive(Clone, Copy, Debug)]
struct RelativePose {
    x: SVector<f64, 5>,
    ahead: f64,
    essential: Matrix3<f64>,
}

impl RelativePose {
    fn at(x: SVector<f64, 5>, ahead: f64) -> Self {
        let mut pose = Self {
            x,
            ahead,
            essential: Matrix3::zeros(),
        };
        pose.essential = pose.shift().cross_matrix() * pose.turn();
        pose
    }

    fn turn(&self) -> Matrix3<f64> {
        *Rotation3::new(Vector3::new(self.x[0], self.x[1], self.x[2])).matrix()
    }

    /// A point `p` of the first camera is seen by the second at `turn · p + shift / depth`.
    fn shift(&self) -> Vector3<f64> {
        (Vector3::new(self.x[3], self.x[4], 1.0) * self.ahead).normalize()
    }

    /// Sampson distance from the epipolar line, fine cells.
    fn residual(&self, seen: &Seen) -> f64 {
        let (off, cells) = self.off_line(seen);
        off * cells
    }

    /// Value of the epipolar constraint, and the fine cells that one of it is worth.
    fn off_line(&self, seen: &Seen) -> (f64, f64) {
        let line = self.essential * seen.from;
        let back = self.essential.tr_mul(&seen.to);
        let spread = line.x * line.x + line.y * line.y + back.x * back.x + back.y * back.y;
        (seen.to.dot(&line), seen.cells / spread.sqrt().max(1e-9))
    }

    fn fit(seen: &[Seen], ahead: f64) -> Option<Self> {
        const STEP: f64 = 1e-4;
        let mut pose = Self::at(SVector::zeros(), ahead);
        for scale in POSE_SCALES {
            // How the constraint changes with each parameter; what a value of it is worth in cells hardly does.
            let slopes: [Matrix3<f64>; 5] = std::array::from_fn(|k| {
                let mut x = pose.x;
                x[k] += STEP;
                (Self::at(x, ahead).essential - pose.essential) / STEP
            });
            let mut normal = SMatrix::<f64, 5, 5>::zeros();
            let mut right = SVector::<f64, 5>::zeros();
            let mut total = 0.0;
            for s in seen {
                let (off, cells) = pose.off_line(s);
                let r = off * cells;
                let w = s.weight * robust(r, scale);
                let j = SVector::<f64, 5>::from_fn(|k, _| s.to.dot(&(slopes[k] * s.from)) * cells);
                normal += (j * w) * j.transpose();
                right += j * (w * r);
                total += w;
            }
            for k in 0..5 {
                normal[(k, k)] += POSE_PRIOR * total;
            }
            right += pose.x * (POSE_PRIOR * total);
            let x = pose.x - normal.cholesky()?.solve(&right);
            pose = Self::at(x.map(|v| v.clamp(-1.0, 1.0)), ahead);
        }
        Some(pose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Projection;
    use crate::structure::hog_grid::{COARSE_COLS, COARSE_ROWS};

    /// A camera at `centre` (units of the way), turned by the rotation vector `turn`.
    #[derive(Clone, Copy)]
    struct Camera {
        centre: Vector3<f64>,
        turn: Vector3<f64>,
    }

    fn camera(centre: [f64; 3], turn: [f64; 3]) -> Camera {
        Camera {
            centre: Vector3::from(centre),
            turn: Vector3::from(turn),
        }
    }

    const HFOV_DEG: f64 = 95.0;

    fn lens() -> Lens {
        Lens::new(Projection::Rectilinear, HFOV_DEG, 1.0)
    }

    /// What the blocks of a picture of the first camera (at the origin) show at: ground below, trees at all depths.
    fn depth(number: usize, ray: &Vector3<f64>) -> f64 {
        let tree = 3.0 + ((number * 7919) % 83) as f64 / 4.0;
        if ray.y > 0.12 { tree.min(1.5 / ray.y) } else { tree }
    }

    /// Displacement of the first camera's blocks on the picture of another; every `wrong`th block is somewhere else.
    fn matches(other: Camera, wrong: usize) -> BlockMatches {
        let half = 0.5f64 * HFOV_DEG.to_radians();
        let focal = 32.0 / half.tan();
        let turn = Rotation3::new(other.turn);
        let mut blocks = Vec::new();
        for number in 0..COARSE_COLS * COARSE_ROWS {
            let (x, y) = (
                2.0 * (number % COARSE_COLS) as f64 + 0.5,
                2.0 * (number / COARSE_COLS) as f64 + 0.5,
            );
            let at = ray(&lens().ray(x, y));
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
                blocks.push(Block {
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

    fn located(second: Camera, third: Camera, forwards: bool, wrong: usize) -> Located {
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
