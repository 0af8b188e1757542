//! How alike two riders are, measured on a first result.

use super::PosteriorInterval;
use crate::path::chord_slopes;
use crate::stats::{median, order_statistic};

/// Standard deviation of the logarithm of the speed ratio before anything is known: riders on one trail differ by up to a
/// factor of three either way in short stretches.
const LOG_RATIO_SIGMA: f64 = 0.45;
/// Least standard deviation when the pair itself shows how alike its riders are.
const MIN_LOG_RATIO_SIGMA: f64 = 0.08;
/// The riders' likeness is taken over this long, seconds.
const RATIO_CHORD_SECS: f64 = 2.0;
/// Measured spread times this is used: the path it is measured on is already smoothed.
const SPREAD_MARGIN: f64 = 1.5;
/// Least number of frames on the trail for measuring.
const MIN_MEASURED_FRAMES: usize = 40;

/// How the new rider's speed compares with the reference rider's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Typical logarithm of the ratio.
    pub log_ratio: f64,
    /// Its standard deviation.
    pub sigma: f64,
}

impl Pace {
    pub const UNKNOWN: Self = Self {
        log_ratio: 0.0,
        sigma: LOG_RATIO_SIGMA,
    };

    /// The pace of a first result, when it is narrower than what is assumed anyway.
    pub fn measure(intervals: &[PosteriorInterval], t_new: &[f64]) -> Option<Self> {
        let on: Vec<(f64, f64)> = intervals
            .iter()
            .zip(t_new)
            .filter(|(r, _)| r.posterior.is_on_trail())
            .map(|(r, &t)| (t, r.posterior.t_ref_secs))
            .collect();
        if on.len() < MIN_MEASURED_FRAMES {
            return None;
        }
        let slopes = chord_slopes(&on, RATIO_CHORD_SECS, 0.75 * RATIO_CHORD_SECS);
        let mut logs: Vec<f64> = slopes.iter().map(|slope| slope.max(0.05).ln()).collect();
        let middle = median(&mut logs)?;
        // Between the 16th and 84th percentile lie two standard deviations; stops and mistakes lie outside.
        let spread = 0.5 * (order_statistic(&mut logs, 0.84)? - order_statistic(&mut logs, 0.16)?);
        let sigma = (SPREAD_MARGIN * spread).max(MIN_LOG_RATIO_SIGMA);
        (sigma < LOG_RATIO_SIGMA).then_some(Self {
            log_ratio: middle,
            sigma,
        })
    }
}
