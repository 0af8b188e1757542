//! Where along the trail a camera stood, from how the scene moved: the measurement below a frame.
//!
//! Similarity alone (see [`crate::similarity`]) cannot tell a step forward from a turned head or another line on the
//! trail when things stand at all depths. Motion can. Between two frames of the *reference* the scene shows its relief:
//! what is near moves far, what is far hardly moves. That gives every spot of the picture its depth, in units of the way
//! the camera went. With the depths known, where the same spots lie in a frame of the *new* run gives that camera's
//! turn and its position among the two reference frames: how far along the way, and how far beside it.
//!
//! 1. [`HogExtractor`]: a finer grid of orientation histograms than the dense descriptor's, which survives other
//!    light as that does.
//! 2. [`BlockMatches`]: where each block of one grid lies on another, coarse to fine, with its neighbours' agreement from both
//!    sides.
//! 3. [`Structure`]: turn, direction and depths of two reference frames (relative pose by robust least squares on the
//!    epipolar constraint; Longuet-Higgins 1981).
//! 4. [`Structure::locate`]: pose of a third camera from the points with depth (perspective-n-point by robust
//!    Gauss–Newton), of which the share along the way is what is wanted.

mod block_dot;
mod block_matching;
mod hog_grid;
mod lens;
mod pose;

pub use block_matching::{BlockMatches, CameraMotion, SearchRange};
pub use hog_grid::{HOG_GRID_LEN, HogExtractor, HogGrid, HogMean, HogPyramid, HogSum};
pub use lens::{Lens, Projection};
pub use pose::{Located, Structure};

#[cfg(test)]
mod tests {
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
}
