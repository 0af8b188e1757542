//! REGRESSION: is this run worse than the ones before it (docs/reference/cli.md#regression-flags).

use clap::Args;
use mtbsync_quality::regression::RegressionSettings;
use mtbsync_quality::thresholds::{ThresholdPreset, Thresholds};

use super::values::{self, Choices, with_default};

/// Named sets of thresholds.
static PRESETS: Choices<ThresholdPreset> = Choices(&[
    ("strict", ThresholdPreset::Strict, "For releases and stable rigs"),
    ("normal", ThresholdPreset::Normal, "The default"),
    (
        "permissive",
        ThresholdPreset::Permissive,
        "For hand-held material and experiments",
    ),
]);

/// Flags of a command that adds to the history.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Regression")]
pub struct RegressionArgs {
    /// Keep no history and write no regression.json
    #[arg(long)]
    pub regression_off: bool,

    /// What is worse
    #[command(flatten)]
    pub comparison: ComparisonArgs,
}

impl RegressionArgs {
    /// What the flags mean; `None`: keep no history.
    pub fn settings(&self) -> Option<RegressionSettings> {
        (!self.regression_off).then(|| self.comparison.settings())
    }
}

/// Flags of the comparison with earlier runs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Regression")]
pub struct ComparisonArgs {
    /// Exit 20 when this run is much worse than its history
    #[arg(long)]
    pub fail_on_regression: bool,

    /// Earlier runs in the baseline
    #[arg(long, visible_alias = "window", value_name = "N", default_value_t = RegressionSettings::default().window, value_parser = values::count(1..=2000), allow_negative_numbers = true)]
    pub reg_window: usize,

    /// Set of thresholds; single flags win over it
    #[arg(long, value_name = "NAME", value_parser = PRESETS.parser(), default_value = PRESETS.name(ThresholdPreset::default()))]
    pub reg_preset: ThresholdPreset,

    /// Warn when p90 grows by more than this share ...
    #[arg(long, value_name = "SHARE", value_parser = values::non_negative, allow_negative_numbers = true)]
    pub reg_p90_pct: Option<f64>,

    /// ... and by more than this, seconds
    #[arg(long, value_name = "SEC", value_parser = values::non_negative, allow_negative_numbers = true)]
    pub reg_p90_abs: Option<f64>,

    /// Warn when ppm grows by more than this share (affine) ...
    #[arg(long, value_name = "SHARE", value_parser = values::non_negative, allow_negative_numbers = true)]
    pub reg_ppm_pct: Option<f64>,

    /// ... and by more than this
    #[arg(long, value_name = "PPM", value_parser = values::non_negative, allow_negative_numbers = true)]
    pub reg_ppm_abs: Option<f64>,

    /// Warn when the inlier share falls by more than this share ...
    #[arg(long, value_name = "SHARE", value_parser = values::non_negative, allow_negative_numbers = true)]
    pub reg_inlier_pct: Option<f64>,

    /// ... and by more than this
    #[arg(long, value_name = "SHARE", value_parser = values::non_negative, allow_negative_numbers = true)]
    pub reg_inlier_abs: Option<f64>,

    #[arg(
        long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true,
        help = with_default("Fail at the warn thresholds times this", Thresholds::default().severe_multiplier)
    )]
    pub reg_severe_multiplier: Option<f64>,
}

impl ComparisonArgs {
    /// What the flags mean.
    pub fn settings(&self) -> RegressionSettings {
        RegressionSettings {
            thresholds: self.thresholds(),
            window: self.reg_window,
        }
    }

    fn thresholds(&self) -> Thresholds {
        let base = self.reg_preset.thresholds();
        Thresholds {
            p90_reg_pct: self.reg_p90_pct.unwrap_or(base.p90_reg_pct),
            p90_reg_abs: self.reg_p90_abs.unwrap_or(base.p90_reg_abs),
            ppm_reg_pct: self.reg_ppm_pct.unwrap_or(base.ppm_reg_pct),
            ppm_reg_abs: self.reg_ppm_abs.unwrap_or(base.ppm_reg_abs),
            inlier_reg_pct: self.reg_inlier_pct.unwrap_or(base.inlier_reg_pct),
            inlier_reg_abs: self.reg_inlier_abs.unwrap_or(base.inlier_reg_abs),
            severe_multiplier: self.reg_severe_multiplier.unwrap_or(base.severe_multiplier),
        }
    }
}
