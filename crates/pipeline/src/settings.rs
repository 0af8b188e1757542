//! Settings of the commands, with their defaults.

use serde::Serialize;

/// How recordings are read and described.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnalysisSettings {
    /// Analysed frames per second, 0.1..60. `None`: the index's value, else [`DEFAULT_FPS`].
    pub fps: Option<f64>,
    /// ORB keypoints wanted per frame, 50..20000. `None`: the index's value, else [`DEFAULT_N_FEATURES`].
    pub n_features: Option<usize>,
    /// Local contrast equalisation before ORB. `None`: the index's value, else on.
    pub clahe: Option<bool>,
    /// Take the named file only, not the other GoPro chapters of its recording.
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
