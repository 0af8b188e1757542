//! `ρ = -(q × R p) · (q × t) / |q × t|²`: inverse depths of blocks from two frames, by triangulation with the
//! relative pose of their cameras (`relative_pose`). Depths are in units of the baseline; there is no other
//! scale in pictures.

use nalgebra::Vector3;

use super::block_matching::BlockMatches;
use super::lens::Lens;
use super::relative_pose::{RayPair, RelativePose};
use crate::tuning::{INVERSE_DEPTH, MAX_RESIDUAL, MIN_BLOCKS, MIN_MOTION, MIN_RIGID_SHARE};

/// A triangulated block.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockPoint {
    pub number: usize,
    pub ray: Vector3<f64>,
    /// Per baseline.
    pub inverse_depth: f64,
}

/// What two frames of one recording tell of the scene, seen from the first.
#[derive(Clone, Debug)]
pub struct Structure {
    /// In order of their numbers.
    pub(super) points: Vec<BlockPoint>,
    /// Centre of the second camera as seen from the first; length 1.
    pub(super) baseline: Vector3<f64>,
    rigid_share: f64,
}

impl Structure {
    /// From the displacement of the first frame's blocks on the second. `forwards`: the second is the later
    /// one, so the camera went ahead. `None` where too little moves as one.
    pub fn new(matches: &BlockMatches, lens: &Lens, forwards: bool) -> Option<Self> {
        let pairs: Vec<RayPair> = matches
            .reliable()
            .filter(|b| b.dx.hypot(b.dy) > MIN_MOTION)
            .map(|b| RayPair::new(b, lens))
            .collect();
        if pairs.len() < MIN_BLOCKS {
            return None;
        }
        let pose = RelativePose::fit(&pairs, if forwards { -1.0 } else { 1.0 })?;
        let (rotation, translation) = (pose.rotation(), pose.translation());
        let points: Vec<BlockPoint> = pairs
            .iter()
            .filter(|pair| pose.residual(pair).abs() < MAX_RESIDUAL)
            .filter_map(|pair| {
                let (turned, across) = (
                    pair.to.cross(&(rotation * pair.from)),
                    pair.to.cross(&translation),
                );
                let inverse_depth = -turned.dot(&across) / across.dot(&across).max(1e-9);
                (INVERSE_DEPTH.0..INVERSE_DEPTH.1)
                    .contains(&inverse_depth)
                    .then_some(BlockPoint {
                        number: pair.number,
                        ray: pair.from,
                        inverse_depth: inverse_depth.max(0.0),
                    })
            })
            .collect();
        let rigid_share = points.len() as f64 / pairs.len() as f64;
        (points.len() >= MIN_BLOCKS / 2 && rigid_share >= MIN_RIGID_SHARE).then(|| Self {
            points,
            baseline: -(rotation.transpose() * translation),
            rigid_share,
        })
    }

    /// Share of the moving blocks that fit one rigid motion (inlier ratio), 0..1.
    pub fn rigid_share(&self) -> f64 {
        self.rigid_share
    }
}
