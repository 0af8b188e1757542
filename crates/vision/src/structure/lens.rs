//! `r = f tan θ` or `r = f θ`: from a place `(x, y)` of the HOG grid to a ray of the camera, as a point on
//! the plane one unit ahead. The principal point is the middle of the grid.

use serde::{Deserialize, Serialize};

use super::hog_grid::{COLS, ROWS};
use crate::tuning::MAX_ANGLE;

/// How a lens maps angles to distances from the middle of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Projection {
    /// Straight lines stay straight: `r = f tan θ`. Phones, "linear" action cameras.
    Rectilinear,
    /// `r = f θ`: close to the wide modes of action cameras.
    Equidistant,
}

/// Intrinsics: projection and focal length, centred on the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    projection: Projection,
    /// Focal length in fine cells, across and down.
    focal: [f64; 2],
}

impl Lens {
    /// A lens that sees `hfov_deg` degrees across the grid, whose cells are `cell_aspect` times as wide as
    /// high.
    pub fn new(projection: Projection, hfov_deg: f64, cell_aspect: f64) -> Self {
        let half = 0.5 * hfov_deg.to_radians();
        let half_width = match projection {
            Projection::Rectilinear => half.tan(),
            Projection::Equidistant => half,
        };
        let across = 0.5 * COLS as f64 / half_width;
        Self {
            projection,
            focal: [across, across * cell_aspect],
        }
    }

    /// One that shows things larger by this logarithm.
    pub fn zoomed(self, log_zoom: f64) -> Self {
        Self {
            focal: self.focal.map(|f| f * log_zoom.exp()),
            ..self
        }
    }

    /// Ray of the middle of the grid.
    pub(super) fn middle(&self) -> Ray {
        self.ray(0.5 * (COLS as f64 - 1.0), 0.5 * (ROWS as f64 - 1.0))
    }

    /// Ray of the place `(x, y)` in fine cells (middles at whole numbers).
    pub(super) fn ray(&self, x: f64, y: f64) -> Ray {
        let u = (x - 0.5 * (COLS as f64 - 1.0)) / self.focal[0];
        let v = (y - 0.5 * (ROWS as f64 - 1.0)) / self.focal[1];
        let stretch = match self.projection {
            Projection::Rectilinear => 1.0,
            Projection::Equidistant => {
                let angle = u.hypot(v);
                if angle < 1e-6 {
                    1.0
                } else {
                    angle.min(MAX_ANGLE).tan() / angle
                }
            }
        };
        Ray {
            at: [u * stretch, v * stretch],
            cells: 0.5 * (self.focal[0] + self.focal[1]) / stretch,
        }
    }
}

/// A direction in camera coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ray {
    /// Point on the plane one unit ahead.
    pub at: [f64; 2],
    /// Fine cells that a unit of that plane covers there.
    pub cells: f64,
}
