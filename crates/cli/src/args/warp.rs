//! WARP: the time warp and its gates (docs/reference/cli.md#warp-flags).

use clap::{Args, ValueEnum};
use mtbsync_align::{WarpModel, WarpSettings};

use super::values;

/// Model of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WarpModelArg {
    /// A rising curve with gaps: two rides.
    Monotone,
    /// One straight line: the same clip cut, re-encoded or played at another constant speed.
    Affine,
}

/// Flags of the warp.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Warp")]
pub struct WarpArgs {
    /// Model of the map: `monotone` for two rides, `affine` for the same clip re-encoded
    #[arg(long, value_enum, value_name = "NAME", default_value = "monotone")]
    pub warp_model: WarpModelArg,

    /// Pairs farther than this from the curve are left out of pairs.csv, seconds
    #[arg(long, value_name = "SEC", default_value_t = 1.0, value_parser = values::positive, allow_negative_numbers = true)]
    pub warp_window_sec: f64,

    /// A pair within this of the curve is an inlier, seconds [default: 0.25, affine: 0.08]
    #[arg(long, value_name = "SEC", value_parser = values::positive, allow_negative_numbers = true)]
    pub warp_inlier_thresh: Option<f64>,

    /// Iterations of the robust start [default: 500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), allow_negative_numbers = true)]
    pub warp_ransac_iters: Option<u32>,

    /// Seed of the robust start; same inputs and seed give the same bytes
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub warp_rng_seed: u64,

    /// Gate, affine only: largest clock drift in parts per million
    #[arg(long, value_name = "PPM", default_value_t = 1000.0, value_parser = values::non_negative, allow_negative_numbers = true)]
    pub warp_max_ppm: f64,

    /// Gate: smallest share of pairs that are inliers
    #[arg(long, value_name = "SHARE", default_value_t = 0.25, value_parser = values::share, allow_negative_numbers = true)]
    pub warp_min_inlier_frac: f64,

    /// Gate, monotone only: smallest share of the new run that is mapped
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = values::share, allow_negative_numbers = true)]
    pub warp_min_coverage: f64,

    /// Gate on the 90th percentile of the residuals, seconds [default: none]
    #[arg(long, value_name = "SEC", value_parser = values::positive, allow_negative_numbers = true)]
    pub warp_max_p90: Option<f64>,
}

impl WarpArgs {
    /// What the flags mean.
    pub fn settings(&self) -> WarpSettings {
        let defaults = WarpSettings::default();
        WarpSettings {
            model: match self.warp_model {
                WarpModelArg::Monotone => WarpModel::Monotone,
                WarpModelArg::Affine => WarpModel::Affine,
            },
            window_secs: self.warp_window_sec,
            inlier_thresh_secs: self.warp_inlier_thresh,
            ransac_iters: self
                .warp_ransac_iters
                .map_or(defaults.ransac_iters, |iterations| iterations as usize),
            rng_seed: self.warp_rng_seed,
            max_ppm: self.warp_max_ppm,
            min_inlier_frac: self.warp_min_inlier_frac,
            min_coverage: self.warp_min_coverage,
            max_p90_secs: self.warp_max_p90,
        }
    }
}
