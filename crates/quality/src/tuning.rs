//! Tuned numbers of the judgements. All were chosen by hand; what bounds them stands beside each.

use crate::thresholds::Thresholds;

// Regression: a run against those before it.

/// Fewest baseline records that allow a judgement: the median of fewer moves with every record.
pub(crate) const MIN_BASELINE: usize = 10;
/// Records in the baseline unless asked otherwise: enough for a steady median, few enough to follow a changed
/// rig.
pub(crate) const DEFAULT_WINDOW: usize = 50;
/// Runs in the history below which a failed gate stops no job: two and a half smallest baselines.
pub const DEFAULT_MIN_HISTORY: usize = 25;
/// Shares and amounts times this make a failure of a warning.
const SEVERE_MULTIPLIER: f64 = 2.0;
/// For releases and stable rigs.
pub(crate) const STRICT: Thresholds = Thresholds {
    p90_reg_pct: 0.10,
    p90_reg_abs: 0.10,
    ppm_reg_pct: 0.15,
    ppm_reg_abs: 100.0,
    inlier_reg_pct: 0.10,
    inlier_reg_abs: 0.03,
    severe_multiplier: SEVERE_MULTIPLIER,
};
/// Between the two others; 0.25 s is what a confident marker may be off.
pub(crate) const NORMAL: Thresholds = Thresholds {
    p90_reg_pct: 0.25,
    p90_reg_abs: 0.25,
    ppm_reg_pct: 0.25,
    ppm_reg_abs: 150.0,
    inlier_reg_pct: 0.15,
    inlier_reg_abs: 0.05,
    severe_multiplier: SEVERE_MULTIPLIER,
};
/// For hand-held material and experiments: twice the normal amounts.
pub(crate) const PERMISSIVE: Thresholds = Thresholds {
    p90_reg_pct: 0.50,
    p90_reg_abs: 0.50,
    ppm_reg_pct: 0.50,
    ppm_reg_abs: 300.0,
    inlier_reg_pct: 0.30,
    inlier_reg_abs: 0.10,
    severe_multiplier: SEVERE_MULTIPLIER,
};

// Benchmark reports.

/// `strict_ok`: smallest share of inliers, twice the gate of the alignment.
pub(crate) const STRICT_MIN_INLIER_FRAC: f64 = 0.5;
/// `strict_ok`: largest p90 residual, seconds.
pub(crate) const STRICT_MAX_P90_SECS: f64 = 1.0;
/// `strict_ok`: largest ppm of an affine map, half the gate of the alignment.
pub(crate) const STRICT_MAX_PPM: f64 = 500.0;
/// Fewest pairs that say something about a line: as many as `warp` needs.
pub(crate) const MIN_LINE_PAIRS: usize = 8;
