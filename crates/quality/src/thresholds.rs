//! How much worse a run may be than the runs before it.

use serde::{Deserialize, Serialize};

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
pub enum Preset {
    /// For releases and stable rigs.
    Strict,
    /// The default.
    #[default]
    Normal,
    /// For hand-held material and experiments.
    Permissive,
}

impl Preset {
    /// All presets with their names on the command line.
    pub const ALL: [(&'static str, Self); 3] = [
        ("strict", Self::Strict),
        ("normal", Self::Normal),
        ("permissive", Self::Permissive),
    ];

    /// The numbers of this preset (docs/reference/cli.md#regression-flags).
    pub const fn thresholds(self) -> Thresholds {
        let (p90, ppm, inlier) = match self {
            Self::Strict => ((0.10, 0.10), (0.15, 100.0), (0.10, 0.03)),
            Self::Normal => ((0.25, 0.25), (0.25, 150.0), (0.15, 0.05)),
            Self::Permissive => ((0.50, 0.50), (0.50, 300.0), (0.30, 0.10)),
        };
        Thresholds {
            p90_reg_pct: p90.0,
            p90_reg_abs: p90.1,
            ppm_reg_pct: ppm.0,
            ppm_reg_abs: ppm.1,
            inlier_reg_pct: inlier.0,
            inlier_reg_abs: inlier.1,
            severe_multiplier: 2.0,
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Preset::default().thresholds()
    }
}
