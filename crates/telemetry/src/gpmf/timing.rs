//! When samples were taken: payload times to sample times.
//!
//! Cameras write about one payload a second and spread its samples evenly over it. Two things break the
//! rule and are handled here: the last payload is declared with full length but holds only what came before
//! the recording stopped, and a jump of the running sample count (`TSMP`) means samples were lost, which
//! must leave a gap instead of stretching the samples that are there.

use crate::FourCc;
use crate::gpmf::Payload;
use crate::stats::upper_median;
use crate::tuning::{TIMING_GAP_LENGTHS, TIMING_INCOMPLETE_SHARE};
use crate::warning::{Warning, Warnings};

/// Samples of one stream in one payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Index of the payload.
    pub payload: usize,
    /// Samples in it.
    pub count: usize,
    /// Running total after it (`TSMP`).
    pub total_samples: Option<u64>,
}

/// Evenly spaced times of one chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChunkTime {
    /// Time of the first sample.
    pub start_secs: f64,
    /// Time from sample to sample.
    pub step_secs: f64,
}

impl ChunkTime {
    /// Time of sample `i` of the chunk.
    pub fn at(&self, i: usize) -> f64 {
        self.start_secs + self.step_secs * i as f64
    }
}

/// Times of all chunks of one stream. `chunks` are in payload order.
pub fn chunk_times(
    key: FourCc,
    chunks: &[Chunk],
    payloads: &[Payload<'_>],
    warnings: &mut Warnings,
) -> Vec<ChunkTime> {
    let last_payload = payloads.len().saturating_sub(1);
    let usual_rate_hz = usual_rate(chunks, payloads, last_payload);
    let mut total_before: Option<u64> = None;
    let mut times = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let lost = lost_samples(chunk, total_before);
        total_before = chunk
            .total_samples
            .or(total_before.map(|total| total + chunk.count as u64));
        if lost > 0 {
            warnings.push(Warning::LostSamples { key, samples: lost });
        }
        let Some(payload) = payloads.get(chunk.payload) else {
            continue;
        };
        let count = chunk.count.max(1) as f64;
        let length_secs = payload_length(payloads, chunk.payload);
        let even = ChunkTime {
            start_secs: payload.pts_secs,
            step_secs: length_secs / count,
        };
        times.push(if chunk.payload == last_payload {
            let rate_hz = usual_rate_hz.unwrap_or_else(|| nominal_rate(key, count / length_secs));
            ChunkTime {
                start_secs: payload.pts_secs,
                step_secs: 1.0 / rate_hz,
            }
        } else {
            match usual_rate_hz {
                // What was lost came before what is there: the samples end with the payload.
                Some(rate_hz) if lost > 0 && count < TIMING_INCOMPLETE_SHARE * rate_hz * length_secs => {
                    ChunkTime {
                        start_secs: payload.pts_secs + length_secs - count / rate_hz,
                        step_secs: 1.0 / rate_hz,
                    }
                }
                _ => even,
            }
        });
    }
    times
}

/// Time until the next payload, or the declared length where the next one is missing.
fn payload_length(payloads: &[Payload<'_>], index: usize) -> f64 {
    let Some(payload) = payloads.get(index) else {
        return 1.0;
    };
    let declared_secs = if payload.duration_secs > 0.0 {
        payload.duration_secs
    } else {
        1.0
    };
    match payloads.get(index + 1) {
        Some(next) => {
            let step_secs = next.pts_secs - payload.pts_secs;
            if step_secs > 0.0 && step_secs <= TIMING_GAP_LENGTHS * declared_secs {
                step_secs
            } else {
                declared_secs
            }
        }
        None => declared_secs,
    }
}

/// Median rate over the payloads before the last one.
fn usual_rate(chunks: &[Chunk], payloads: &[Payload<'_>], last_payload: usize) -> Option<f64> {
    let mut rates: Vec<f64> = chunks
        .iter()
        .filter(|chunk| chunk.payload < last_payload && chunk.count > 0)
        .map(|chunk| chunk.count as f64 / payload_length(payloads, chunk.payload))
        .collect();
    upper_median(&mut rates)
}

/// Samples that the running total has but no payload carried.
fn lost_samples(chunk: &Chunk, total_before: Option<u64>) -> u64 {
    match (chunk.total_samples, total_before) {
        (Some(total), Some(before)) => total.saturating_sub(before).saturating_sub(chunk.count as u64),
        _ => 0,
    }
}

/// Rate of a stream whose only payload may be cut: what cameras use, unless the payload holds more.
fn nominal_rate(key: FourCc, measured_hz: f64) -> f64 {
    let nominal_hz = match &key.0 {
        b"ACCL" | b"GYRO" => 200.0,
        b"GPS5" => 18.0,
        b"GPS9" => 10.0,
        b"MAGN" => 24.0,
        b"CORI" | b"IORI" | b"GRAV" => 30.0,
        _ => measured_hz,
    };
    nominal_hz.max(measured_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCL: FourCc = FourCc(*b"ACCL");

    fn second(pts_secs: f64) -> Payload<'static> {
        Payload {
            pts_secs,
            duration_secs: 1.0,
            bytes: &[],
        }
    }

    fn seconds(count: usize) -> Vec<Payload<'static>> {
        (0..count).map(|k| second(k as f64)).collect()
    }

    fn chunk(payload: usize, count: usize, total: u64) -> Chunk {
        Chunk {
            payload,
            count,
            total_samples: Some(total),
        }
    }

    #[test]
    fn samples_spread_evenly_and_the_cut_last_payload_keeps_the_rate() {
        let chunks = [
            chunk(0, 200, 200),
            chunk(1, 198, 398),
            chunk(2, 202, 600),
            chunk(3, 14, 614),
        ];
        let times = chunk_times(ACCL, &chunks, &seconds(4), &mut Warnings::default());
        assert_eq!(
            times[1],
            ChunkTime {
                start_secs: 1.0,
                step_secs: 1.0 / 198.0
            }
        );
        assert_eq!(
            times[3],
            ChunkTime {
                start_secs: 3.0,
                step_secs: 1.0 / 200.0
            }
        );
    }

    #[test]
    fn lost_samples_leave_a_gap_and_a_warning() {
        let chunks = [
            chunk(0, 200, 200),
            chunk(1, 200, 400),
            chunk(2, 50, 600),
            chunk(3, 200, 800),
        ];
        let mut warnings = Warnings::default();
        let times = chunk_times(ACCL, &chunks, &seconds(5), &mut warnings);
        assert!((times[2].start_secs - 2.75).abs() < 1e-9, "{times:?}");
        assert!((times[2].step_secs - 0.005).abs() < 1e-9);
        assert_eq!(
            warnings.as_slice(),
            [Warning::LostSamples {
                key: ACCL,
                samples: 150
            }]
        );
    }

    #[test]
    fn a_missing_payload_does_not_stretch_the_one_before() {
        let payloads = [0.0, 5.0, 6.0].map(second);
        let chunks = [chunk(0, 10, 10), chunk(1, 10, 20), chunk(2, 10, 30)];
        let times = chunk_times(FourCc(*b"GPS9"), &chunks, &payloads, &mut Warnings::default());
        assert!((times[0].at(9) - 0.9).abs() < 1e-9);
        assert!((times[1].at(9) - 5.9).abs() < 1e-9);
    }

    #[test]
    fn a_single_payload_takes_the_nominal_rate_unless_it_holds_more() {
        let one = seconds(1);
        let cut = chunk_times(ACCL, &[chunk(0, 14, 14)], &one, &mut Warnings::default());
        assert!((cut[0].step_secs - 0.005).abs() < 1e-12);
        let fast = chunk_times(
            FourCc(*b"GYRO"),
            &[chunk(0, 400, 400)],
            &one,
            &mut Warnings::default(),
        );
        assert!((fast[0].step_secs - 0.0025).abs() < 1e-12);
    }
}
