//! Evenly sampled signals that two devices both saw: how fast, and how much it turned.

use crate::geometry::{Path, PathPoint};
use crate::gpmf::Telemetry;

/// Step of signals made here, seconds.
const STEP_SECS: f64 = 0.25;
/// Below this speed a direction means nothing, metres per second.
const MIN_TURN_SPEED_MPS: f64 = 1.5;
/// Time over which a change of direction is measured, seconds.
const TURN_SPAN_SECS: f64 = 1.0;
/// Time constant of the accelerometer's mean that stands for gravity, seconds.
const GRAVITY_SECS: f64 = 3.0;
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
        Self::along(path, |time_secs| {
            path.at(time_secs).map(|point| point.speed_mps())
        })
    }

    /// Rate of turning along a path, radians per second, left positive.
    pub fn turn_rate(path: &Path) -> Option<Self> {
        let heading = |point: PathPoint| {
            (point.speed_mps() >= MIN_TURN_SPEED_MPS).then(|| point.vy_mps.atan2(point.vx_mps))
        };
        Self::along(path, |time_secs| {
            let before = heading(path.at(time_secs - TURN_SPAN_SECS / 2.0)?)?;
            let after = heading(path.at(time_secs + TURN_SPAN_SECS / 2.0)?)?;
            let turn = after - before;
            Some(turn.sin().atan2(turn.cos()) / TURN_SPAN_SECS)
        })
    }

    /// Rate of turning about the vertical from a camera's gyroscope, radians per second, left positive.
    ///
    /// The accelerometer's running mean points up, in the same axes as the gyroscope, so neither the axis
    /// order nor how the camera is mounted matters. `None` without both sensors.
    pub fn gyro_turn_rate(telemetry: &Telemetry) -> Option<Self> {
        let gyro = telemetry
            .motion_stream(b"GYRO")
            .filter(|stream| stream.axes == 3)?;
        let accl = telemetry
            .motion_stream(b"ACCL")
            .filter(|stream| stream.axes == 3 && stream.device == gyro.device)?;
        let (start_secs, end_secs) = (*gyro.times_secs.first()?, *gyro.times_secs.last()?);
        let mut signal = Self::empty(start_secs, end_secs);
        let mut sums = vec![(0.0, 0_u32); signal.values.len()];
        let mut up = [0.0_f64; 3];
        let mut up_at_secs = f64::NEG_INFINITY;
        let mut gravity = accl.times_secs.iter().zip(accl.values.chunks_exact(3)).peekable();
        for (&time_secs, rate) in gyro.times_secs.iter().zip(gyro.values.chunks_exact(3)) {
            while let Some((&accl_secs, value)) = gravity.next_if(|(t, _)| **t <= time_secs) {
                let share = 1.0 - (-(accl_secs - up_at_secs).max(0.0) / GRAVITY_SECS).exp();
                for (up, value) in up.iter_mut().zip(value) {
                    *up += share * (f64::from(*value) - *up);
                }
                up_at_secs = accl_secs;
            }
            let norm = up.iter().map(|v| v * v).sum::<f64>().sqrt();
            let about_up: f64 = rate.iter().zip(&up).map(|(rate, up)| f64::from(*rate) * up).sum();
            let bin = ((time_secs - start_secs) / signal.step_secs).round();
            if let Some(sum) = sums.get_mut(bin.max(0.0) as usize).filter(|_| norm > 0.0) {
                sum.0 += about_up / norm;
                sum.1 += 1;
            }
        }
        for (value, (sum, count)) in signal.values.iter_mut().zip(sums) {
            if count > 0 {
                *value = sum / f64::from(count);
            }
        }
        Some(signal)
    }

    /// The same signal at another step: the mean of the values around each new one.
    pub(super) fn coarser(&self, factor: usize) -> Self {
        let values = self
            .values
            .chunks(factor)
            .map(|chunk| {
                let known: Vec<f64> = chunk.iter().copied().filter(|value| value.is_finite()).collect();
                known.iter().sum::<f64>() / known.len() as f64
            })
            .collect();
        let shift_secs = (factor as f64 - 1.0) / 2.0 * self.step_secs;
        Self {
            start_secs: self.start_secs + shift_secs,
            step_secs: self.step_secs * factor as f64,
            values,
        }
    }

    /// Last time of the signal.
    pub(super) fn end_secs(&self) -> f64 {
        self.start_secs + self.step_secs * self.values.len().saturating_sub(1) as f64
    }

    /// Value at a time, linear between known neighbours.
    pub(super) fn at(&self, time_secs: f64) -> Option<f64> {
        let position = (time_secs - self.start_secs) / self.step_secs;
        let floor = position.floor();
        if floor < 0.0 {
            return None;
        }
        let share = position - floor;
        let before = *self.values.get(floor as usize)?;
        let value = if share > 1e-9 {
            let after = *self.values.get(floor as usize + 1)?;
            before + share * (after - before)
        } else {
            before
        };
        value.is_finite().then_some(value)
    }

    fn empty(start_secs: f64, end_secs: f64) -> Self {
        let count = ((end_secs - start_secs) / STEP_SECS).max(0.0) as usize + 1;
        Self {
            start_secs,
            step_secs: STEP_SECS,
            values: vec![f64::NAN; count.min(MAX_SAMPLES)],
        }
    }

    fn along(path: &Path, value_at: impl Fn(f64) -> Option<f64>) -> Option<Self> {
        let mut signal = Self::empty(path.points().next()?.time_secs, path.points().last()?.time_secs);
        for (i, value) in signal.values.iter_mut().enumerate() {
            *value = value_at(signal.start_secs + i as f64 * STEP_SECS).unwrap_or(f64::NAN);
        }
        Some(signal)
    }
}
