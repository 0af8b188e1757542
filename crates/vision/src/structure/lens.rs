//! From a place in the grid to a direction in front of the camera.

use super::hog_grid::{COLS, ROWS};

/// How a lens maps angles to distances from the middle of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projection {
    /// Straight lines stay straight: `r = f tan θ`. Phones, "linear" action cameras.
    Rectilinear,
    /// `r = f θ`: close to the wide modes of action cameras.
    Equidistant,
}

/// A lens as far as it matters here, centred on the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    projection: Projection,
    /// Focal length in fine cells, across and down.
    focal: [f64; 2],
}

/// Largest angle from the optical axis that is used, radians: tangents run away beyond.
const MAX_ANGLE: f64 = 1.31;

impl Lens {
    /// A lens that sees `hfov_deg` degrees across the grid, whose cells are `cell_aspect` times as wide as high.
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

    /// Direction of the fine cell place `(x, y)` (cell middles at whole numbers) as a point on the plane one unit ahead,
    /// and how many cells a unit of that plane covers there.
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

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ray {
    /// On the plane one unit ahead.
    pub at: [f64; 2],
    /// Cells per unit of that plane, around here.
    pub cells: f64,
}
