//! Settings of the warp fit and its gates.

use serde::{Deserialize, Serialize};

/// Shape of the map between two recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WarpModel {
    /// A strictly increasing curve with gaps: two rides.
    #[default]
    Monotone,
    /// One straight line: the same clip re-encoded, cut or played at another constant speed.
    Affine,
}

impl WarpModel {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monotone => "monotone",
            Self::Affine => "affine",
        }
    }
}

/// How a time warp is fitted and judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WarpSettings {
    /// Shape of the map.
    pub model: WarpModel,
    /// Pairs farther than this from the curve are left out of the pairs file, seconds.
    pub window_secs: f64,
    /// A pair within this of the curve is an inlier, seconds. `None`: the model's default.
    pub inlier_thresh_secs: Option<f64>,
    /// Iterations of the robust start (affine).
    pub ransac_iters: usize,
    /// Seed of the robust start.
    pub rng_seed: u64,
    /// Gate, affine only: largest `|a - 1| * 1e6`.
    pub max_ppm: f64,
    /// Gate: smallest share of inliers.
    pub min_inlier_frac: f64,
    /// Gate, monotone only: smallest mapped share of the new recording.
    pub min_coverage: f64,
    /// Gate on the 90th percentile of the residuals, seconds.
    pub max_p90_secs: Option<f64>,
}

impl Default for WarpSettings {
    fn default() -> Self {
        Self {
            model: WarpModel::Monotone,
            window_secs: 1.0,
            inlier_thresh_secs: None,
            ransac_iters: 500,
            rng_seed: 0,
            max_ppm: 1000.0,
            min_inlier_frac: 0.25,
            min_coverage: 0.5,
            max_p90_secs: None,
        }
    }
}

impl WarpSettings {
    /// Inlier threshold in force, seconds. Two rides differ by their lines, one clip by its frame times
    /// alone; both by hand.
    pub fn inlier_thresh_secs(&self) -> f64 {
        self.inlier_thresh_secs.unwrap_or(match self.model {
            WarpModel::Monotone => 0.25,
            WarpModel::Affine => 0.08,
        })
    }
}
