//! Camera GPS: `GPS5` and `GPS9` streams to samples, and from there to a track and a date.

use crate::gpmf::stream::StreamPart;
use crate::gpmf::timing::ChunkTime;
use crate::stats::upper_median;
use crate::track::{Fix, Track, TrackPoint, TrackSource, error_from_dop};
use crate::tuning::{GPS9_SIGMA_SECS, GPSU_SIGMA_SECS, UNKNOWN_ERROR_M};
use crate::utc::{DAY_SECS, GPS9_EPOCH_UNIX_SECS};
use crate::warning::Warnings;

/// One GPS sample of a camera, as recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GpsSample {
    /// Presentation time.
    pub time_secs: f64,
    /// Latitude, degrees north.
    pub lat_deg: f64,
    /// Longitude, degrees east.
    pub lon_deg: f64,
    /// Altitude, metres.
    pub altitude_m: f64,
    /// Speed over ground, metres per second.
    pub speed_2d_mps: f64,
    /// Speed in space, metres per second.
    pub speed_3d_mps: f64,
    /// Dilution of precision; `None` when the camera does not tell.
    pub dop: Option<f64>,
    /// Fix; one payload's fix holds for all its GPS5 samples.
    pub fix: Fix,
    /// UTC of this sample (GPS9 only), Unix seconds.
    pub utc_unix_secs: Option<f64>,
}

/// When the recording's presentation clock was zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UtcAtZero {
    /// UTC, Unix seconds.
    pub utc_unix_secs: f64,
    /// 1-sigma error, seconds.
    pub sigma_secs: f64,
}

/// All GPS samples of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct GpsStream {
    /// [`TrackSource::Gps5`] or [`TrackSource::Gps9`].
    pub source: TrackSource,
    /// Samples in time order.
    pub samples: Vec<GpsSample>,
    /// Presentation time and UTC (Unix seconds) of each payload with a fix and a date (GPS5).
    pub payload_utc: Vec<(f64, f64)>,
}

impl GpsStream {
    pub(crate) fn new(source: TrackSource) -> Self {
        Self {
            source,
            samples: Vec::new(),
            payload_utc: Vec::new(),
        }
    }

    /// Adds the samples of one payload; what cannot be read gives a warning.
    pub(crate) fn add(&mut self, part: &StreamPart<'_>, time: ChunkTime, warnings: &mut Warnings) {
        let Some((axes, values)) = part.values(warnings) else {
            return;
        };
        match self.source {
            TrackSource::Gps9 => self.add_gps9(axes, &values, time),
            _ => self.add_gps5(part, axes, &values, time),
        }
    }

    fn add_gps5(&mut self, part: &StreamPart<'_>, axes: usize, values: &[f64], time: ChunkTime) {
        // A camera that writes no GPSF makes no promise either way.
        let fix = part.gps_fix.map_or(Fix::Unknown, Fix::from_gopro);
        for (i, row) in values.chunks_exact(axes).enumerate() {
            let &[lat_deg, lon_deg, altitude_m, speed_2d_mps, speed_3d_mps, ..] = row else {
                return;
            };
            self.samples.push(GpsSample {
                time_secs: time.at(i),
                lat_deg,
                lon_deg,
                altitude_m,
                speed_2d_mps,
                speed_3d_mps,
                dop: part.gps_dop,
                fix,
                utc_unix_secs: None,
            });
        }
        if let Some(utc) = part.gps_utc_unix_secs.filter(|_| fix >= Fix::TwoD) {
            self.payload_utc.push((time.start_secs, utc));
        }
    }

    fn add_gps9(&mut self, axes: usize, values: &[f64], time: ChunkTime) {
        for (i, row) in values.chunks_exact(axes).enumerate() {
            let &[
                lat_deg,
                lon_deg,
                altitude_m,
                speed_2d_mps,
                speed_3d_mps,
                days,
                secs,
                dop,
                fix,
                ..,
            ] = row
            else {
                return;
            };
            self.samples.push(GpsSample {
                time_secs: time.at(i),
                lat_deg,
                lon_deg,
                altitude_m,
                speed_2d_mps,
                speed_3d_mps,
                dop: Some(dop),
                fix: Fix::from_gopro(fix as u32),
                utc_unix_secs: Some(GPS9_EPOCH_UNIX_SECS + days * DAY_SECS + secs),
            });
        }
    }

    /// UTC at presentation time zero, from the samples or payloads with a fix.
    pub fn utc_at_zero(&self) -> Option<UtcAtZero> {
        let per_sample = self.samples.iter().filter(|sample| sample.fix >= Fix::TwoD);
        let (mut zeros, sigma_secs): (Vec<f64>, f64) = if self.source == TrackSource::Gps9 {
            (
                per_sample
                    .filter_map(|s| Some(s.utc_unix_secs? - s.time_secs))
                    .collect(),
                GPS9_SIGMA_SECS,
            )
        } else {
            (
                self.payload_utc
                    .iter()
                    .map(|(time_secs, utc)| utc - time_secs)
                    .collect(),
                GPSU_SIGMA_SECS,
            )
        };
        Some(UtcAtZero {
            utc_unix_secs: upper_median(&mut zeros)?,
            sigma_secs,
        })
    }

    /// Samples with at least a 2D fix.
    pub fn fixed_count(&self) -> usize {
        self.samples
            .iter()
            .filter(|sample| sample.fix >= Fix::TwoD)
            .count()
    }

    /// The samples as a track, not yet cleaned: everything the camera wrote, with its error.
    pub fn to_track(&self) -> Track {
        let zero = self.utc_at_zero();
        let points = self
            .samples
            .iter()
            .map(|sample| TrackPoint {
                time_secs: sample.time_secs,
                utc_unix_secs: zero.map(|zero| zero.utc_unix_secs + sample.time_secs),
                lat_deg: sample.lat_deg,
                lon_deg: sample.lon_deg,
                altitude_m: Some(sample.altitude_m),
                speed_mps: Some(sample.speed_2d_mps),
                dop: sample.dop,
                error_m: sample
                    .dop
                    .map_or(UNKNOWN_ERROR_M, |dop| error_from_dop(dop, sample.fix)),
                fix: sample.fix,
            })
            .collect();
        Track {
            points,
            source: self.source,
        }
    }
}
