//! How the two cameras differ: `geometry` of timewarp.json (docs/reference/files.md#timewarpjson).

use serde::{Deserialize, Serialize};

/// How the two cameras differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeometryFile {
    /// How many times wider the new camera sees, in the middle of the picture.
    pub scale: f64,
    /// One-sigma error of the logarithm of `scale`.
    pub scale_sigma: f64,
    /// Roll of the new camera against the reference, degrees, clockwise as seen in the picture.
    pub roll_deg: f64,
    /// How much higher the new camera looks, degrees.
    pub pitch_deg: f64,
    /// Lens of the reference, as far as the scene tells.
    pub reference: Option<LensFile>,
    /// Lens of the new camera.
    pub new: Option<LensFile>,
}

impl GeometryFile {
    /// In a few words, for a person: who sees wider, and how the new camera is turned, where it is.
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let (side, times) = if self.scale >= 1.0 {
            ("new", self.scale)
        } else {
            ("reference", 1.0 / self.scale)
        };
        let turned = |name, deg: f64| (deg.abs() >= 1.0).then(|| (name, format!("{deg:+.0}°")));
        [
            Some(("Sees wider", format!("{side}, {times:.2} times"))),
            turned("Roll", self.roll_deg),
            turned("Pitch", self.pitch_deg),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A lens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LensFile {
    /// `rectilinear` or `equidistant`.
    pub projection: String,
    /// Field of view across the picture, degrees.
    pub hfov_deg: f64,
}

impl LensFile {
    /// `rectilinear, 92° across`.
    pub fn words(&self) -> String {
        format!("{}, {:.0}° across", self.projection, self.hfov_deg)
    }
}
