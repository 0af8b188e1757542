//! Log-normal distribution of the speed ratio of both riders, measured on a first result.
//!
//! Mean: the median of the logarithms of the path's slopes over chords of [`RATE_CHORD_SECS`]; standard
//! deviation: half of what lies between their 16th and 84th percentiles.

use super::PosteriorInterval;
use crate::path::chord_slopes;
use crate::stats::{median, order_statistic};
use crate::tuning::{
    LOG_RATIO_SIGMA, MIN_LOG_RATIO_SIGMA, MIN_RATIO_FRAMES, RATE_CHORD_SECS, RATIO_SIGMA_MARGIN,
};

/// How the new rider's speed compares with the reference rider's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SpeedRatio {
    /// Mean of its logarithm.
    pub log_mean: f64,
    /// Standard deviation of its logarithm.
    pub log_sigma: f64,
}

impl SpeedRatio {
    pub const UNKNOWN: Self = Self {
        log_mean: 0.0,
        log_sigma: LOG_RATIO_SIGMA,
    };

    /// The ratio in a first result, when it is narrower than what is assumed anyway.
    pub fn measure(intervals: &[PosteriorInterval], t_new: &[f64]) -> Option<Self> {
        let on: Vec<(f64, f64)> = intervals
            .iter()
            .zip(t_new)
            .filter(|(r, _)| r.posterior.is_on_trail())
            .map(|(r, &t)| (t, r.posterior.t_ref_secs))
            .collect();
        if on.len() < MIN_RATIO_FRAMES {
            return None;
        }
        let slopes = chord_slopes(&on, RATE_CHORD_SECS, 0.75 * RATE_CHORD_SECS);
        let mut logs: Vec<f64> = slopes.iter().map(|slope| slope.max(0.05).ln()).collect();
        let middle = median(&mut logs)?;
        // Between the 16th and 84th percentile lie two standard deviations; stops and mistakes lie outside.
        let spread = 0.5 * (order_statistic(&mut logs, 0.84)? - order_statistic(&mut logs, 0.16)?);
        let sigma = (RATIO_SIGMA_MARGIN * spread).max(MIN_LOG_RATIO_SIGMA);
        (sigma < LOG_RATIO_SIGMA).then_some(Self {
            log_mean: middle,
            log_sigma: sigma,
        })
    }
}
