//! WARP: the time warp and its gates (docs/reference/cli.md#warp-flags).

use clap::Args;
use mtbsync_align::{WarpModel, WarpSettings};

use super::values::{self, Choices, with_default};

/// Models of the map.
static MODELS: Choices<WarpModel> = Choices(&[
    (
        "monotone",
        WarpModel::Monotone,
        "A rising curve with gaps: two rides",
    ),
    (
        "affine",
        WarpModel::Affine,
        "One straight line: the same clip cut, re-encoded or played at another constant speed",
    ),
]);

fn defaults() -> WarpSettings {
    WarpSettings::default()
}

/// The inlier threshold of a model, seconds.
fn inlier_secs(model: WarpModel) -> f64 {
    WarpSettings { model, ..defaults() }.inlier_thresh_secs()
}

/// Flags of the warp.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Warp")]
pub struct WarpArgs {
    /// Model of the map: `monotone` for two rides, `affine` for the same clip re-encoded
    #[arg(long, value_name = "NAME", value_parser = MODELS.parser(), default_value = MODELS.name(defaults().model))]
    pub warp_model: WarpModel,

    /// Pairs farther than this from the curve are left out of pairs.csv, seconds
    #[arg(long, value_name = "SEC", default_value_t = defaults().window_secs, value_parser = values::positive, allow_negative_numbers = true)]
    pub warp_window_sec: f64,

    #[arg(
        long, value_name = "SEC", value_parser = values::positive, allow_negative_numbers = true,
        help = with_default("A pair within this of the curve is an inlier, seconds", format_args!(
            "{}, affine: {}", inlier_secs(WarpModel::Monotone), inlier_secs(WarpModel::Affine)
        ))
    )]
    pub warp_inlier_thresh: Option<f64>,

    #[arg(
        long, value_name = "N", value_parser = values::count(1..=1_000_000), allow_negative_numbers = true,
        help = with_default("Iterations of the robust start", defaults().ransac_iters)
    )]
    pub warp_ransac_iters: Option<usize>,

    /// Seed of the robust start; same inputs and seed give the same bytes
    #[arg(long, value_name = "N", default_value_t = defaults().rng_seed)]
    pub warp_rng_seed: u64,

    /// Gate, affine only: largest clock drift in parts per million
    #[arg(long, value_name = "PPM", default_value_t = defaults().max_ppm, value_parser = values::non_negative, allow_negative_numbers = true)]
    pub warp_max_ppm: f64,

    /// Gate: smallest share of pairs that are inliers
    #[arg(long, value_name = "SHARE", default_value_t = defaults().min_inlier_frac, value_parser = values::share, allow_negative_numbers = true)]
    pub warp_min_inlier_frac: f64,

    /// Gate, monotone only: smallest share of the new run that is mapped
    #[arg(long, value_name = "SHARE", default_value_t = defaults().min_coverage, value_parser = values::share, allow_negative_numbers = true)]
    pub warp_min_coverage: f64,

    /// Gate on the 90th percentile of the residuals, seconds [default: none]
    #[arg(long, value_name = "SEC", value_parser = values::positive, allow_negative_numbers = true)]
    pub warp_max_p90: Option<f64>,
}

impl WarpArgs {
    /// What the flags mean.
    pub fn settings(&self) -> WarpSettings {
        WarpSettings {
            model: self.warp_model,
            window_secs: self.warp_window_sec,
            inlier_thresh_secs: self.warp_inlier_thresh,
            ransac_iters: self.warp_ransac_iters.unwrap_or(defaults().ransac_iters),
            rng_seed: self.warp_rng_seed,
            max_ppm: self.warp_max_ppm,
            min_inlier_frac: self.warp_min_inlier_frac,
            min_coverage: self.warp_min_coverage,
            max_p90_secs: self.warp_max_p90,
        }
    }
}
