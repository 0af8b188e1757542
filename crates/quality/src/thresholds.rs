//! How much worse a run may be than the runs before it.

use serde::{Deserialize, Serialize};

use crate::tuning;

/// Warn thresholds per metric and the factor that makes a failure of them
/// (docs/reference/files.md#regression-rules). A metric warns only when it is worse than the baseline by more
/// than the share *and* by more than the absolute amount.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// p90 residual, share of the baseline.
    pub p90_reg_pct: f64,
    /// p90 residual, s.
    pub p90_reg_abs: f64,
    /// ppm, share of the baseline.
    pub ppm_reg_pct: f64,
    /// ppm, absolute.
    pub ppm_reg_abs: f64,
    /// Inlier share, share of the baseline.
    pub inlier_reg_pct: f64,
    /// Inlier share, absolute.
    pub inlier_reg_abs: f64,
    /// Shares and amounts times this make a failure.
    pub severe_multiplier: f64,
}

/// Named sets of thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThresholdPreset {
    /// For releases and stable rigs.
    Strict,
    /// The default.
    #[default]
    Normal,
    /// For hand-held material and experiments.
    Permissive,
}

impl ThresholdPreset {
    /// The numbers of this preset (docs/reference/cli.md#regression-flags).
    pub const fn thresholds(self) -> Thresholds {
        match self {
            Self::Strict => tuning::STRICT,
            Self::Normal => tuning::NORMAL,
            Self::Permissive => tuning::PERMISSIVE,
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        ThresholdPreset::default().thresholds()
    }
}
