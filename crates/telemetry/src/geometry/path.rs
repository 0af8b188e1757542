//! A track as a smooth path: evenly spaced in time, with velocity and error, cut at gaps.
//!
//! ```text
//! (x, v) at t = argmin sum_i K_i * (x_i - x - v * (t_i - t))^2,  K_i = exp(-((t_i - t) / h)^2 / 2) / e_i^2
//! ```
//!
//! This is local linear regression (Cleveland 1979) with Gaussian weights over N samples `x_i` (east and
//! north alike) with errors `e_i`; the bandwidth `h` grows with the spacing of the samples, so that few of
//! them give plain linear interpolation. Raw positions jitter, at 18 Hz by more than the rider moves between
//! samples, so neither their direction nor their distances mean anything.

use crate::geometry::LocalPlane;
use crate::track::Track;
use crate::tuning::{
    PATH_BANDWIDTH_SPACINGS, PATH_CUTOFF_BANDWIDTHS, PATH_GAP_LIMITS_SECS, PATH_GAP_STEPS,
    PATH_MIN_BANDWIDTH_SECS, PATH_STEP_SECS, PATH_UNSEEN_MPS2, PATH_VELOCITY_BANDWIDTH,
};

/// Most points of a path: 55 hours at the step above.
const MAX_PATH_POINTS: usize = 1_000_000;

/// State of the rider at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathState {
    /// Time on the track's clock.
    pub time_secs: f64,
    /// East, metres.
    pub x_m: f64,
    /// North, metres.
    pub y_m: f64,
    /// Velocity east, metres per second.
    pub vx_mps: f64,
    /// Velocity north, metres per second.
    pub vy_mps: f64,
    /// 1-sigma error per axis, metres.
    pub error_m: f64,
}

impl PathState {
    /// Speed over ground.
    pub fn speed_mps(&self) -> f64 {
        self.vx_mps.hypot(self.vy_mps)
    }

    /// Distance to another point, metres.
    pub fn distance_m(&self, other: &Self) -> f64 {
        (self.x_m - other.x_m).hypot(self.y_m - other.y_m)
    }
}

/// A smooth path in one or more pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    pieces: Vec<Vec<PathState>>,
}

impl Path {
    /// The path of a cleaned track on a plane. Empty for a track of fewer than two points.
    pub fn from_track(track: &Track, plane: &LocalPlane) -> Self {
        let samples: Vec<PlaneSample> = track
            .points
            .iter()
            .map(|point| {
                let (x_m, y_m) = plane.to_metres(point.lat_deg, point.lon_deg);
                PlaneSample {
                    time_secs: point.time_secs,
                    x_m,
                    y_m,
                    error_m: point.error_m.max(f64::MIN_POSITIVE),
                }
            })
            .collect();
        let gap_secs = gap_secs(track);
        let mut budget = MAX_PATH_POINTS;
        let pieces = samples
            .chunk_by(|a, b| (0.0..=gap_secs).contains(&(b.time_secs - a.time_secs)))
            .filter_map(|piece| smooth_piece(piece, &mut budget))
            .collect();
        Self { pieces }
    }

    /// Pieces between gaps, each evenly spaced in time.
    pub fn pieces(&self) -> &[Vec<PathState>] {
        &self.pieces
    }

    /// All points in time order.
    pub fn points(&self) -> impl Iterator<Item = &PathState> {
        self.pieces.iter().flatten()
    }

    /// State at a time; `None` outside the track and in its gaps.
    pub fn at(&self, time_secs: f64) -> Option<PathState> {
        let next_piece = self
            .pieces
            .partition_point(|piece| piece.first().is_some_and(|p| p.time_secs <= time_secs));
        let piece = self.pieces.get(next_piece.checked_sub(1)?)?;
        let next = piece.partition_point(|point| point.time_secs <= time_secs);
        let before = piece.get(next.checked_sub(1)?)?;
        let Some(after) = piece.get(next) else {
            return (before.time_secs == time_secs).then_some(*before);
        };
        let share = (time_secs - before.time_secs) / (after.time_secs - before.time_secs);
        let mix = |a: f64, b: f64| a + (b - a) * share;
        Some(PathState {
            time_secs,
            x_m: mix(before.x_m, after.x_m),
            y_m: mix(before.y_m, after.y_m),
            vx_mps: mix(before.vx_mps, after.vx_mps),
            vy_mps: mix(before.vy_mps, after.vy_mps),
            error_m: mix(before.error_m, after.error_m),
        })
    }

    /// Length of all pieces, metres.
    pub fn length_m(&self) -> f64 {
        let step = |pair: (&PathState, &PathState)| pair.0.distance_m(pair.1);
        self.pieces
            .iter()
            .map(|piece| piece.iter().zip(piece.iter().skip(1)).map(step).sum::<f64>())
            .sum()
    }
}

/// Silence from which a path is cut, seconds.
fn gap_secs(track: &Track) -> f64 {
    let (shortest, longest) = PATH_GAP_LIMITS_SECS;
    (PATH_GAP_STEPS * track.median_step_secs().unwrap_or(0.0)).clamp(shortest, longest)
}

#[derive(Debug, Clone, Copy)]
struct PlaneSample {
    time_secs: f64,
    x_m: f64,
    y_m: f64,
    error_m: f64,
}

fn smooth_piece(samples: &[PlaneSample], budget: &mut usize) -> Option<Vec<PathState>> {
    let (first, last) = (samples.first()?, samples.last()?);
    let span_secs = last.time_secs - first.time_secs;
    if span_secs <= 0.0 {
        return None;
    }
    let steps = (span_secs / PATH_STEP_SECS).ceil().max(1.0) as usize;
    let mut piece = Vec::with_capacity(steps.min(*budget) + 1);
    let mut next = 1;
    for step in 0..=steps.min(*budget) {
        let time_secs = (first.time_secs + step as f64 * PATH_STEP_SECS).min(last.time_secs);
        while next + 1 < samples.len() && samples.get(next).is_some_and(|s| s.time_secs < time_secs) {
            next += 1;
        }
        piece.push(state_at(samples, next, time_secs)?);
    }
    *budget = budget.saturating_sub(piece.len());
    Some(piece)
}

/// State at a time between samples `next - 1` and `next`.
fn state_at(samples: &[PlaneSample], next: usize, time_secs: f64) -> Option<PathState> {
    let before = samples.get(next.checked_sub(1)?)?;
    let after = samples.get(next)?;
    let spacing_secs = after.time_secs - before.time_secs;
    let bandwidth_secs = PATH_MIN_BANDWIDTH_SECS.max(PATH_BANDWIDTH_SPACINGS * spacing_secs);
    let near = regress(samples, next, time_secs, bandwidth_secs)?;
    let far = regress(samples, next, time_secs, PATH_VELOCITY_BANDWIDTH * bandwidth_secs)?;
    let unseen_secs = (time_secs - before.time_secs)
        .min(after.time_secs - time_secs)
        .max(0.0);
    Some(PathState {
        time_secs,
        x_m: near.x_m,
        y_m: near.y_m,
        vx_mps: far.vx_mps,
        vy_mps: far.vy_mps,
        error_m: near.error_m + 0.5 * PATH_UNSEEN_MPS2 * unseen_secs * unseen_secs,
    })
}

/// Weighted linear regression of x and y over time around one instant.
///
/// The error is the weighted mean of the samples' errors, not shrunk by their number: errors of neighbouring
/// samples are almost the same error.
fn regress(samples: &[PlaneSample], next: usize, time_secs: f64, bandwidth_secs: f64) -> Option<PathState> {
    let cutoff_secs = PATH_CUTOFF_BANDWIDTHS * bandwidth_secs;
    let in_reach = |sample: &&PlaneSample| (sample.time_secs - time_secs).abs() <= cutoff_secs;
    let back = samples.get(..next)?.iter().rev().take_while(in_reach);
    let forth = samples.get(next..)?.iter().take_while(in_reach);
    let (mut w0, mut w1, mut w2, mut error) = (0.0, 0.0, 0.0, 0.0);
    let (mut x0, mut x1, mut y0, mut y1) = (0.0, 0.0, 0.0, 0.0);
    for sample in back.chain(forth) {
        let dt = sample.time_secs - time_secs;
        let weight = (-0.5 * (dt / bandwidth_secs).powi(2)).exp() / (sample.error_m * sample.error_m);
        w0 += weight;
        w1 += weight * dt;
        w2 += weight * dt * dt;
        error += weight * sample.error_m;
        x0 += weight * sample.x_m;
        x1 += weight * sample.x_m * dt;
        y0 += weight * sample.y_m;
        y1 += weight * sample.y_m * dt;
    }
    let determinant = w0 * w2 - w1 * w1;
    // All weight at one instant: its mean is all there is to know.
    let (x_m, y_m, vx_mps, vy_mps) = if determinant > 1e-12 * w0 * w0 * bandwidth_secs * bandwidth_secs {
        (
            (w2 * x0 - w1 * x1) / determinant,
            (w2 * y0 - w1 * y1) / determinant,
            (w0 * x1 - w1 * x0) / determinant,
            (w0 * y1 - w1 * y0) / determinant,
        )
    } else {
        (x0 / w0, y0 / w0, 0.0, 0.0)
    };
    (w0 > 0.0).then_some(PathState {
        time_secs,
        x_m,
        y_m,
        vx_mps,
        vy_mps,
        error_m: error / w0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Fix, TrackPoint, TrackSource};

    fn track(times: impl Iterator<Item = f64>, speed_mps: f64) -> Track {
        let points = times
            .map(|time_secs| TrackPoint {
                time_secs,
                utc_unix_secs: None,
                lat_deg: 47.0 + speed_mps * time_secs / EARTH_DEGREE_M,
                lon_deg: 8.0,
                altitude_m: None,
                speed_mps: None,
                dop: None,
                error_m: 3.0,
                fix: Fix::ThreeD,
            })
            .collect();
        Track {
            points,
            source: TrackSource::Gpx,
        }
    }

    const EARTH_DEGREE_M: f64 = 111_195.08;

    #[test]
    fn straight_rides_keep_speed_and_length_at_any_rate() {
        for rate_hz in [18.0, 1.0, 0.25] {
            let count = (100.0 * rate_hz) as u32;
            let track = track((0..=count).map(|i| f64::from(i) / rate_hz), 6.0);
            let plane = LocalPlane::around(&track).unwrap();
            let path = Path::from_track(&track, &plane);
            assert_eq!(path.pieces().len(), 1, "{rate_hz} Hz");
            assert!(
                (path.length_m() - 600.0).abs() < 1.0,
                "{rate_hz} Hz: {}",
                path.length_m()
            );
            let middle = path.at(50.3).unwrap();
            assert!((middle.speed_mps() - 6.0).abs() < 0.01, "{rate_hz} Hz");
            assert!(
                (middle.y_m - (50.3 - 50.0) * 6.0).abs() < 0.05,
                "{rate_hz} Hz: {middle:?}"
            );
        }
    }

    #[test]
    fn silence_is_a_gap_and_long_spacing_costs_certainty() {
        let track = track((0..20).chain(60..80).map(f64::from), 5.0);
        let path = Path::from_track(&track, &LocalPlane::around(&track).unwrap());
        assert_eq!(path.pieces().len(), 2);
        assert!(path.at(40.0).is_none());
        assert!(path.at(-1.0).is_none());
        assert!(path.at(79.0).is_some());
        assert!((path.at(10.0).unwrap().error_m - 3.0).abs() < 1e-6);
        assert!(path.at(10.4).unwrap().error_m > 3.05);
    }

    #[test]
    fn degenerate_tracks_give_empty_paths() {
        let one = track(std::iter::once(3.0), 5.0);
        let path = Path::from_track(&one, &LocalPlane::around(&one).unwrap());
        assert!(path.pieces().is_empty());
        assert!(path.at(3.0).is_none());
        assert_eq!(path.length_m(), 0.0);
    }
}
