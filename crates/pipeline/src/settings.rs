//! Settings of the pipeline, with the defaults of the command line.

use std::path::PathBuf;

use crate::gps::GpsSettings;

/// How recordings are read and described.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysisSettings {
    /// Analysed frames per second, 0.1..60. `None`: the index's value, else [`DEFAULT_FPS`].
    pub fps: Option<f64>,
    /// ORB keypoints wanted per frame, 50..20000. `None`: the index's value, else [`DEFAULT_N_FEATURES`].
    pub n_features: Option<usize>,
    /// Local contrast equalisation before ORB. `None`: the index's value, else on.
    pub clahe: Option<bool>,
    /// Take the named file only, not the GoPro chapters that follow it.
    pub single_file: bool,
    /// Do not read an `.LRV` proxy in place of the recording.
    pub no_proxy: bool,
    /// Decode every frame to locate places as finely as possible.
    pub precise: bool,
    /// Do not probe the graphics card for the run's telemetry.
    pub no_gpu: bool,
}

/// Analysed frames per second unless asked otherwise.
pub const DEFAULT_FPS: f64 = 3.0;
/// ORB keypoints per frame unless asked otherwise.
pub const DEFAULT_N_FEATURES: usize = 800;

/// Which evidence decides about the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Matcher {
    /// Dense descriptor, verified by local features.
    #[default]
    Auto,
    /// Dense descriptor alone.
    Dense,
    /// Local features alone.
    Orb,
}

/// How frames are matched.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchSettings {
    /// Place evidence.
    pub matcher: Matcher,
    /// Reference candidates kept per new frame in `pairs_raw.csv`.
    pub top_k: usize,
    /// Locate between analysed frames.
    pub refine: bool,
    /// Analysed frames each side searched in refinement.
    pub refine_window: usize,
    /// Ratio test of local features, 0..1.
    pub lowe: f32,
    /// Inlier distance of the geometric check, pixels.
    pub ransac_reproj_px: f64,
    /// Fewest geometric inliers of a verified pair.
    pub min_inliers: usize,
    /// CSV `t_new,t_ref` of pairs given by a person.
    pub anchors: Option<PathBuf>,
    /// Which GPS tracks take part.
    pub gps: GpsSettings,
}

impl Default for MatchSettings {
    fn default() -> Self {
        Self {
            matcher: Matcher::Auto,
            top_k: 3,
            refine: true,
            refine_window: 1,
            lowe: 0.75,
            ransac_reproj_px: 3.0,
            min_inliers: 20,
            anchors: None,
            gps: GpsSettings::default(),
        }
    }
}
