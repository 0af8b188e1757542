//! Structure from motion at a few hundred blocks: where along the trail a camera stood, to less than a frame.
//!
//! Two frames of the *reference* give, from block displacements `p → q`, the relative pose by the epipolar
//! constraint `qᵀ E p = 0`, `E = [t]ₓ R`, and from it each block's inverse depth `ρ` in units of the baseline
//! `|t|`. The same blocks on a frame of the *new* run give that camera's pose by resection, `q ~ R′p + ρ t′`;
//! the coordinate of its centre along the baseline is the time between the two reference frames.
//!
//! Similarity alone (see [`crate::similarity`]) cannot tell a step forward from a turned head or another line
//! on the trail when things stand at all depths; parallax can.
//!
//! 1. [`HogExtractor`], [`HogGrid`]: a finer grid of orientation histograms than the dense descriptor's.
//! 2. [`BlockMatches`]: block matching, coarse to fine, with a forward-backward check.
//! 3. [`Structure`]: relative pose (Longuet-Higgins, Nature 1981) by robust least squares, and depths by
//!    triangulation.
//! 4. [`Structure::locate`]: resection (perspective-n-point) by robust Gauss-Newton.

mod block_dot;
mod block_matching;
mod block_search;
mod hill_climb;
mod hog_grid;
mod hog_pyramid;
mod lens;
mod padded_grid;
mod pose;
mod relative_pose;
mod resection;

pub use block_matching::BlockMatches;
pub use block_search::SearchRange;
pub(crate) use hog_grid::{COLS, ROWS};
pub use hog_grid::{HOG_GRID_LEN, HogExtractor, HogGrid, HogMean, HogSum};
pub use hog_pyramid::{CameraMotion, HogPyramid};
pub use lens::{Lens, Projection};
pub use pose::Structure;
pub use resection::Resection;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::LumaView;
    use crate::mask::MASK_LEN;

    /// A picture of blobs of many sizes, seen `dx` to the right and `dy` below, pixels.
    pub(super) fn textured(width: usize, height: usize, dx: f64, dy: f64) -> Vec<u8> {
        let waves: Vec<[f64; 4]> = (1..40)
            .map(|k| {
                let k = f64::from(k);
                let (direction, length) = (k * 2.399_963, 14.0 + (k * 7.31) % 90.0);
                let rate = std::f64::consts::TAU / length;
                [rate * direction.cos(), rate * direction.sin(), k * 1.7, 9.0]
            })
            .collect();
        let mut out = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (x as f64 - dx, y as f64 - dy);
                let value: f64 = waves
                    .iter()
                    .map(|w| w[3] * (w[0] * u + w[1] * v + w[2]).sin())
                    .sum();
                out.push((110.0 + value).clamp(0.0, 255.0) as u8);
            }
        }
        out
    }

    fn packed(dx: f64, dy: f64) -> Vec<u8> {
        let picture = textured(640, 360, dx, dy);
        HogExtractor::default().describe(&LumaView::new(640, 360, &picture).unwrap())
    }

    /// Of a recording that also shows other places.
    pub(super) fn mean() -> HogMean {
        let mut sum = HogSum::default();
        (1..6).for_each(|k| sum.add(&packed(997.0 * f64::from(k), -731.0 * f64::from(k))));
        sum.mean()
    }

    pub(super) fn grid(dx: f64, dy: f64) -> HogGrid {
        HogGrid::new(&packed(dx, dy), &mean(), &[1; MASK_LEN]).unwrap()
    }
}
