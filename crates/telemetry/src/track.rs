//! The one track type: what a GPS receiver knew, whoever recorded it.

use serde::Serialize;

use crate::stats::upper_median;
use crate::tuning::{ERROR_PER_DOP_M, MIN_ERROR_M};

/// How the receiver solved a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Fix {
    /// No position: what the sample says is frozen or invented.
    None,
    /// The file does not tell (most GPX, FIT and TCX files).
    Unknown,
    /// Horizontal position only.
    TwoD,
    /// Full position.
    ThreeD,
}

impl Fix {
    /// From the number GoPro writes: 0 none, 2 and 3 as they say.
    pub fn from_gopro(number: u32) -> Self {
        match number {
            2 => Self::TwoD,
            3 => Self::ThreeD,
            _ => Self::None,
        }
    }
}

/// 1-sigma horizontal error per axis from dilution of precision and fix, metres.
pub fn error_from_dop(dop: f64, fix: Fix) -> f64 {
    let error_m = (ERROR_PER_DOP_M * dop).max(MIN_ERROR_M);
    if fix == Fix::TwoD { 2.0 * error_m } else { error_m }
}

/// One sample of a track.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrackPoint {
    /// Seconds on the track's own clock: the recording's presentation clock for camera GPS, seconds since
    /// the first point for files.
    pub time_secs: f64,
    /// The same instant in UTC, Unix seconds.
    pub utc_unix_secs: Option<f64>,
    /// Latitude, degrees north.
    pub lat_deg: f64,
    /// Longitude, degrees east.
    pub lon_deg: f64,
    /// Altitude, metres.
    pub altitude_m: Option<f64>,
    /// Speed over ground as the receiver measured it, metres per second.
    pub speed_mps: Option<f64>,
    /// Dilution of precision.
    pub dop: Option<f64>,
    /// 1-sigma horizontal error per axis, metres.
    pub error_m: f64,
    /// How the position was solved.
    pub fix: Fix,
}

/// Where a track came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TrackSource {
    /// `GPS5` stream of a camera.
    Gps5,
    /// `GPS9` stream of a camera.
    Gps9,
    /// GPX file.
    Gpx,
    /// FIT file.
    Fit,
    /// TCX file.
    Tcx,
    /// `track` member of an index, cleaned before it was written.
    Index,
}

/// Points in strictly increasing time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Track {
    /// The points; cleaning (see [`crate::clean`]) makes their times strictly increasing.
    pub points: Vec<TrackPoint>,
    /// Where they came from.
    pub source: TrackSource,
}

impl Track {
    /// First and last time, seconds on the track's clock.
    pub fn span_secs(&self) -> Option<(f64, f64)> {
        Some((self.points.first()?.time_secs, self.points.last()?.time_secs))
    }

    /// Median time from point to point, seconds.
    pub fn median_step_secs(&self) -> Option<f64> {
        let mut steps: Vec<f64> = self
            .points
            .iter()
            .zip(self.points.iter().skip(1))
            .map(|(a, b)| b.time_secs - a.time_secs)
            .collect();
        upper_median(&mut steps)
    }

    /// The same track on another clock: `offset_secs` is subtracted from every time. With the offset of a
    /// file (its time at video zero), the result is on the video's clock.
    #[must_use]
    pub fn shifted(mut self, offset_secs: f64) -> Self {
        for point in &mut self.points {
            point.time_secs -= offset_secs;
        }
        self
    }

    /// Rows for the `track` member of an index: time, latitude, longitude, altitude, speed, 1-sigma error;
    /// unknown altitude and speed are NaN.
    pub fn to_rows(&self) -> Vec<[f64; 6]> {
        self.points
            .iter()
            .map(|p| {
                let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
                [
                    p.time_secs,
                    p.lat_deg,
                    p.lon_deg,
                    or_nan(p.altitude_m),
                    or_nan(p.speed_mps),
                    p.error_m,
                ]
            })
            .collect()
    }

    /// A track from the rows [`Self::to_rows`] makes. What they do not hold (UTC, DOP, fix) is unknown.
    pub fn from_rows(rows: &[[f64; 6]], source: TrackSource) -> Self {
        let known = |value: f64| value.is_finite().then_some(value);
        let points = rows
            .iter()
            .map(
                |&[time_secs, lat_deg, lon_deg, altitude_m, speed_mps, error_m]| TrackPoint {
                    time_secs,
                    utc_unix_secs: None,
                    lat_deg,
                    lon_deg,
                    altitude_m: known(altitude_m),
                    speed_mps: known(speed_mps),
                    dop: None,
                    error_m,
                    fix: Fix::Unknown,
                },
            )
            .collect();
        Self { points, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_follow_dop_and_fix() {
        assert_eq!(error_from_dop(0.5, Fix::ThreeD), 2.0);
        assert_eq!(error_from_dop(2.0, Fix::ThreeD), 5.0);
        assert_eq!(error_from_dop(2.0, Fix::TwoD), 10.0);
    }

    #[test]
    fn rows_keep_what_is_known_and_what_is_not() {
        let rows = [
            [0.5, 46.5, 7.2, f64::NAN, 4.5, 3.0],
            [1.5, 46.6, 7.2, 900.0, f64::NAN, 3.0],
        ];
        let track = Track::from_rows(&rows, TrackSource::Gpx);
        assert_eq!(
            (track.points[0].altitude_m, track.points[0].speed_mps),
            (None, Some(4.5))
        );
        let again = track.to_rows();
        assert!(again[0][3].is_nan() && again[1][4].is_nan());
        assert_eq!((again[0][0], again[1][3]), (0.5, 900.0));
        assert_eq!(track.shifted(0.5).span_secs(), Some((0.0, 1.0)));
    }
}
