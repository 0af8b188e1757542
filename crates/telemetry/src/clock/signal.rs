//! Evenly sampled signals that two devices both saw, such as the speed.

use crate::geometry::Path;
use crate::tuning::CLOCK_SIGNAL_STEP_SECS;

/// Most samples of a signal: two days.
const MAX_SAMPLES: usize = 700_000;

/// Values at a fixed step; NaN where unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Time of the first value.
    pub start_secs: f64,
    /// Time from value to value.
    pub step_secs: f64,
    /// The values.
    pub values: Vec<f64>,
}

impl Signal {
    /// Speed over ground along a path, metres per second.
    pub fn speed(path: &Path) -> Option<Self> {
        let (start_secs, end_secs) = (path.points().next()?.time_secs, path.points().last()?.time_secs);
        let count = ((end_secs - start_secs) / CLOCK_SIGNAL_STEP_SECS).max(0.0) as usize + 1;
        let speed = |k: usize| {
            path.at(start_secs + k as f64 * CLOCK_SIGNAL_STEP_SECS)
                .map(|point| point.speed_mps())
        };
        Some(Self {
            start_secs,
            step_secs: CLOCK_SIGNAL_STEP_SECS,
            values: (0..count.min(MAX_SAMPLES))
                .map(|k| speed(k).unwrap_or(f64::NAN))
                .collect(),
        })
    }

    /// Value at a time, linear between known neighbours.
    pub(super) fn at(&self, time_secs: f64) -> Option<f64> {
        let position = (time_secs - self.start_secs) / self.step_secs;
        if position < 0.0 {
            return None;
        }
        let (floor, share) = (position.floor(), position.fract());
        let before = *self.values.get(floor as usize)?;
        let after = *self.values.get(floor as usize + 1)?;
        let value = before + share * (after - before);
        value.is_finite().then_some(value)
    }
}
