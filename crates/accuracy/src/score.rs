//! What was answered against what is true.

use mtbsync_markers::DEFAULT_REVIEW_THRESHOLD;
use serde::Serialize;

use crate::probe::{PairClaim, ProbeRun};
use crate::truth::{TruePlace, Truth, outside};

/// One frame of a 30 fps recording, seconds.
const FRAME_SECS: f64 = 0.033;
/// A confident marker farther off than this is a bad mistake, seconds.
const BAD_MISTAKE_SECS: f64 = 0.3;
/// A single pair of at least this confidence must be right.
const SURE_PAIR: f64 = 0.9;
/// What the confidence is the probability of being within, seconds.
pub const CONFIDENCE_RADIUS_SECS: f64 = 0.25;

/// One answer that claims a place, and whether it is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Stated probability of being within [`CONFIDENCE_RADIUS_SECS`].
    pub confidence: f64,
    /// It is.
    pub is_right: bool,
}

/// The numbers of a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Name of the pair.
    pub pair: String,
    /// The program trusts its map.
    pub aligned: bool,
    /// Probes whose place is known.
    pub probes: usize,
    /// Share of them that were answered.
    pub answered: f64,
    /// Errors of the answered ones, milliseconds; null without answers.
    pub median_ms: Option<f64>,
    /// 90th percentile.
    pub p90_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// Largest.
    pub max_ms: Option<f64>,
    /// Share of answers within one frame (33 ms).
    pub within_frame: Option<f64>,
    /// Probes that the new recording never reaches.
    pub outside_probes: usize,
    /// How many of them were given a place all the same.
    pub outside_claimed: usize,
    /// Confident answers that are wrong by more than 0.3 s, or have no counterpart at all.
    pub confident_wrong: usize,
    /// Largest error of a single pair (pairs.csv) of confidence 0.9 or more, milliseconds; infinite
    /// where the new recording never is.
    pub worst_sure_pair_ms: Option<f64>,
    /// Share of answers whose 90 % interval holds the truth.
    pub interval_holds: Option<f64>,
    /// Processor seconds with an empty cache.
    pub cpu_cold_sec: Option<f64>,
    /// Processor seconds with both indexes cached.
    pub cpu_cached_sec: Option<f64>,
    /// Peak memory, MB.
    pub peak_mb: Option<f64>,
    /// Errors of the answered ones in ascending order, seconds.
    #[serde(skip)]
    pub errors_secs: Vec<f64>,
    /// All claims, for the reliability of all pairs.
    #[serde(skip)]
    pub claims: Vec<Claim>,
}

impl Score {
    /// Compares a run with the truth.
    pub fn new(pair: &str, truth: &Truth, run: &ProbeRun) -> Self {
        let places: Vec<TruePlace> = run.probes.iter().map(|t_ref| truth.place(*t_ref)).collect();
        let probes = places
            .iter()
            .filter(|place| matches!(place, TruePlace::At(..)))
            .count();
        let outside_probes = places
            .iter()
            .filter(|place| **place == TruePlace::Nowhere)
            .count();
        let mut errors = Vec::new();
        let mut claims = Vec::new();
        let (mut held, mut outside_claimed, mut confident_wrong) = (0, 0, 0);
        for (answer, place) in run.answers.iter().zip(&places) {
            let Some((t_new, low, high)) = answer.t_new else {
                continue;
            };
            let error = match *place {
                TruePlace::Unknown => continue,
                TruePlace::Nowhere => {
                    outside_claimed += 1;
                    f64::INFINITY
                }
                TruePlace::At(first, last) => {
                    held += usize::from(low <= last && high >= first);
                    let error = outside(t_new, first, last);
                    errors.push(error);
                    error
                }
            };
            confident_wrong +=
                usize::from(answer.confidence >= DEFAULT_REVIEW_THRESHOLD && error > BAD_MISTAKE_SECS);
            claims.push(Claim {
                confidence: answer.confidence,
                is_right: error <= CONFIDENCE_RADIUS_SECS,
            });
        }
        errors.sort_by(f64::total_cmp);
        let share = |count: usize| (!errors.is_empty()).then(|| count as f64 / errors.len() as f64);
        let millis = |q: f64| quantile(&errors, q).map(|secs| secs * 1000.0);
        Self {
            pair: pair.to_owned(),
            aligned: run.aligned,
            probes,
            answered: errors.len() as f64 / probes.max(1) as f64,
            median_ms: millis(0.5),
            p90_ms: millis(0.9),
            p95_ms: millis(0.95),
            max_ms: millis(1.0),
            within_frame: share(errors.iter().filter(|error| **error <= FRAME_SECS).count()),
            outside_probes,
            outside_claimed,
            confident_wrong,
            worst_sure_pair_ms: worst_sure_pair_ms(truth, &run.pairs),
            interval_holds: share(held),
            cpu_cold_sec: run.cpu_cold_secs,
            cpu_cached_sec: run.cpu_cached_secs,
            peak_mb: run.peak_mb,
            errors_secs: errors,
            claims,
        }
    }
}

fn worst_sure_pair_ms(truth: &Truth, pairs: &[PairClaim]) -> Option<f64> {
    let sure = pairs.iter().filter(|pair| pair.confidence >= SURE_PAIR);
    sure.filter_map(|pair| truth.error_of_pair(pair.t_new, pair.t_ref))
        .map(|secs| secs * 1000.0)
        .max_by(f64::total_cmp)
}

/// Linear-interpolated quantile of sorted values.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let position = q * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (
        sorted.get(position.floor() as usize)?,
        sorted.get(position.ceil() as usize)?,
    );
    Some(below + (above - below) * position.fract())
}

/// Answers of about the same stated confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Lower end of the bin.
    pub from: f64,
    /// Upper end of the bin.
    pub to: f64,
    /// Mean stated confidence.
    pub stated: f64,
    /// Share that was right.
    pub right: f64,
    /// Number of answers.
    pub count: usize,
}

/// Ends of the bins; finer where most answers are.
const BIN_ENDS: [f64; 10] = [0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

/// Stated confidence against the share that was right, without empty bins.
pub fn reliability(claims: &[Claim]) -> Vec<CalibrationBin> {
    let bin = |ends: &[f64]| {
        let (from, to) = (*ends.first()?, *ends.last()?);
        let is_last = to >= 1.0;
        let inside: Vec<&Claim> = claims
            .iter()
            .filter(|claim| from <= claim.confidence && (claim.confidence < to || is_last))
            .collect();
        let count = inside.len();
        let mean = |sum: f64| sum / count as f64;
        (count > 0).then(|| CalibrationBin {
            from,
            to,
            stated: mean(inside.iter().map(|claim| claim.confidence).sum()),
            right: mean(inside.iter().filter(|claim| claim.is_right).count() as f64),
            count,
        })
    };
    BIN_ENDS.windows(2).filter_map(bin).collect()
}

/// Expected calibration error: mean distance of stated and observed share, weighted by the bins' sizes.
pub fn calibration_error(bins: &[CalibrationBin]) -> Option<f64> {
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    let sum: f64 = bins
        .iter()
        .map(|bin| (bin.stated - bin.right).abs() * bin.count as f64)
        .sum();
    (total > 0).then(|| sum / total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Answer;

    fn truth() -> Truth {
        let file = tempfile::NamedTempFile::new().unwrap();
        let rows: String = (0..=100)
            .map(|i| format!("{},{},,\n", f64::from(i) * 0.1, 1.0 + f64::from(i) * 0.1))
            .collect();
        std::fs::write(file.path(), format!("t_new,t_ref,t_ref_first,t_ref_last\n{rows}")).unwrap();
        Truth::of_frames(file.path()).unwrap()
    }

    fn answer(t_ref: f64, t_new: Option<f64>, confidence: f64) -> Answer {
        Answer {
            t_ref,
            t_new: t_new.map(|t| (t, t - 0.05, t + 0.05)),
            confidence,
        }
    }

    #[test]
    fn errors_and_mistakes_are_counted() {
        let score = Score::new(
            "x",
            &truth(),
            &ProbeRun::of_answers(vec![
                answer(2.0, Some(1.02), 0.9),
                answer(3.0, Some(2.5), 0.9),
                answer(4.0, None, 0.0),
                answer(0.2, Some(0.0), 0.7),
                answer(0.3, None, 0.0),
            ]),
        );
        assert_eq!(
            (score.probes, score.outside_probes, score.outside_claimed),
            (3, 2, 1)
        );
        assert!((score.answered - 2.0 / 3.0).abs() < 1e-12);
        assert!(
            (score.max_ms.unwrap() - 500.0).abs() < 1e-6 && (score.median_ms.unwrap() - 260.0).abs() < 1e-6
        );
        assert_eq!(
            (score.within_frame, score.interval_holds, score.confident_wrong),
            (Some(0.5), Some(0.5), 2)
        );
    }

    #[test]
    fn only_sure_pairs_must_be_right() {
        let pair = |t_new: f64, confidence| PairClaim {
            t_new,
            t_ref: 3.0,
            confidence,
        };
        let worst = |pairs: &[PairClaim]| worst_sure_pair_ms(&truth(), pairs);
        assert_eq!(worst(&[pair(9.0, 0.89)]), None);
        let error = worst(&[pair(2.1, 0.9), pair(1.8, 1.0), pair(9.0, 0.5)]).unwrap();
        assert!((100.0..=200.0 + 1e-6).contains(&error), "{error}");
    }

    #[test]
    fn calibration_is_the_distance_from_the_diagonal() {
        let claim = |confidence, is_right| Claim { confidence, is_right };
        let bins = reliability(&[
            claim(0.75, true),
            claim(0.75, false),
            claim(1.0, true),
            claim(1.0, true),
        ]);
        assert_eq!(
            bins.iter().map(|bin| (bin.count, bin.right)).collect::<Vec<_>>(),
            [(2, 0.5), (2, 1.0)]
        );
        assert!((calibration_error(&bins).unwrap() - 0.125).abs() < 1e-12);
        assert_eq!(calibration_error(&[]), None);
    }
}
