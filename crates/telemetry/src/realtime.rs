//! Is one second of this recording one second of the ride?
//!
//! TimeWarp, time-lapse and night-lapse recordings drop frames while filming; their times cannot be compared
//! with a ride's. No header says so; lengths and rates of the telemetry do. 120 and 240 fps are real time.

use crate::gpmf::{Payload, Telemetry};
use crate::stats::upper_median;
use crate::tuning::{
    REAL_TIME_LENGTH_RATIO, REAL_TIME_MIN_ACCL_HZ, REAL_TIME_MIN_GPS, REAL_TIME_MIN_SECS,
    REAL_TIME_PAYLOAD_SECS,
};

/// What was measured on a recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClockFacts {
    /// Median declared length of the telemetry payloads; `None` without a telemetry track.
    pub payload_secs: Option<f64>,
    /// Length of the telemetry track.
    pub telemetry_secs: f64,
    /// Length of the video track.
    pub video_secs: f64,
    /// GPS samples per payload that has any; `None` without a GPS stream.
    pub gps_per_payload: Option<f64>,
    /// Accelerometer rate; `None` without one.
    pub accl_hz: Option<f64>,
    /// Some telemetry stream exists.
    pub has_streams: bool,
    /// The recording has sound.
    pub has_audio: bool,
}

impl ClockFacts {
    /// Measures a recording.
    pub fn measure(
        telemetry: &Telemetry,
        payloads: &[Payload<'_>],
        video_secs: f64,
        has_audio: bool,
    ) -> Self {
        let mut lengths: Vec<f64> = payloads.iter().map(|payload| payload.duration_secs).collect();
        let payload_secs = upper_median(&mut lengths);
        let gps = telemetry.stream(b"GPS9").or_else(|| telemetry.stream(b"GPS5"));
        Self {
            payload_secs,
            telemetry_secs: lengths.iter().sum(),
            video_secs,
            gps_per_payload: gps.map(|stream| stream.samples as f64 / stream.payloads.max(1) as f64),
            accl_hz: telemetry.stream(b"ACCL").map(|stream| stream.rate_hz),
            has_streams: !telemetry.streams.is_empty(),
            has_audio,
        }
    }
}

/// Why a recording is taken for one that is not real time.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotRealTime {
    /// Payloads of another length than a camera writes in real time.
    #[error("its telemetry payloads last {payload_secs:.2} s instead of about 1 s")]
    PayloadLength {
        /// Median length.
        payload_secs: f64,
    },
    /// Telemetry and video differ in length.
    #[error("its telemetry lasts {telemetry_secs:.1} s and its video {video_secs:.1} s")]
    Lengths {
        /// Telemetry track.
        telemetry_secs: f64,
        /// Video track.
        video_secs: f64,
    },
    /// Too few GPS samples.
    #[error("its GPS has {gps_per_payload:.1} samples a payload instead of 10 or more")]
    SparseGps {
        /// Samples per payload.
        gps_per_payload: f64,
    },
    /// Too few accelerometer samples.
    #[error("its accelerometer has {accl_hz:.0} samples a second instead of about 200")]
    SparseAccelerometer {
        /// Samples per second.
        accl_hz: f64,
    },
    /// Neither accelerometer nor sound where a camera writes both.
    #[error("it has telemetry but neither accelerometer nor sound")]
    SilentAndStill,
}

/// The first sign that a recording is TimeWarp or time-lapse; `None` for real time.
pub fn not_real_time(facts: &ClockFacts) -> Option<NotRealTime> {
    let payload_secs = facts.payload_secs?;
    if !REAL_TIME_PAYLOAD_SECS.contains(&payload_secs) {
        return Some(NotRealTime::PayloadLength { payload_secs });
    }
    let ClockFacts {
        telemetry_secs,
        video_secs,
        ..
    } = *facts;
    if video_secs > REAL_TIME_MIN_SECS && !REAL_TIME_LENGTH_RATIO.contains(&(telemetry_secs / video_secs)) {
        return Some(NotRealTime::Lengths {
            telemetry_secs,
            video_secs,
        });
    }
    if let Some(gps_per_payload) = facts.gps_per_payload.filter(|&n| n < REAL_TIME_MIN_GPS) {
        return Some(NotRealTime::SparseGps { gps_per_payload });
    }
    match facts.accl_hz {
        Some(accl_hz) if accl_hz < REAL_TIME_MIN_ACCL_HZ => {
            Some(NotRealTime::SparseAccelerometer { accl_hz })
        }
        None if facts.has_streams && !facts.has_audio => Some(NotRealTime::SilentAndStill),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: ClockFacts = ClockFacts {
        payload_secs: Some(1.001),
        telemetry_secs: 60.0,
        video_secs: 60.2,
        gps_per_payload: Some(18.1),
        accl_hz: Some(198.0),
        has_streams: true,
        has_audio: true,
    };

    #[test]
    fn real_time_in_all_its_shapes() {
        assert_eq!(not_real_time(&REAL), None);
        assert_eq!(
            not_real_time(&ClockFacts::default()),
            None,
            "no telemetry proves nothing"
        );
        assert_eq!(
            not_real_time(&ClockFacts {
                payload_secs: Some(1.04),
                ..REAL
            }),
            None
        );
        assert_eq!(
            not_real_time(&ClockFacts {
                gps_per_payload: None,
                has_audio: false,
                ..REAL
            }),
            None
        );
        let short = ClockFacts {
            telemetry_secs: 3.0,
            video_secs: 2.1,
            ..REAL
        };
        assert_eq!(
            not_real_time(&short),
            None,
            "the last payload dominates a short clip"
        );
    }

    #[test]
    fn each_sign_of_time_lapse_is_enough() {
        for facts in [
            ClockFacts {
                payload_secs: Some(0.5),
                ..REAL
            },
            ClockFacts {
                telemetry_secs: 300.0,
                ..REAL
            },
            ClockFacts {
                gps_per_payload: Some(1.0),
                ..REAL
            },
            ClockFacts {
                accl_hz: Some(13.0),
                ..REAL
            },
            ClockFacts {
                accl_hz: None,
                has_audio: false,
                ..REAL
            },
        ] {
            assert!(not_real_time(&facts).is_some(), "{facts:?}");
        }
    }
}
