//! GPS as evidence: where on the reference run the new run is, and how sure that is.
//!
//! ```text
//! LLR(t_ref) = c * ln( b * T * sum_k w_k / sum(w) * p_k(t_ref) + 1 - b )
//! w_k = exp(-d_k^2 / 2 sigma_k^2)      b = (1 - outliers) * max(w)      c = min(1, step / correlation time)
//! p_k = normal(t_k, sigma_k / speed_k), flat over a stop of the reference
//! ```
//!
//! Both tracks are curves on the ground. Candidates `k` are *all* local minima of the distance `d` from a
//! position of the new run to the reference curve (length `T` seconds) that point the same way, so loops,
//! out-and-back and different starts need no special case; `sigma` joins the position errors of both
//! receivers. [`PlaceEvidence::log_likelihood_ratio`] compares each reference time with "any other place"; it
//! is zero where GPS knows nothing, and outside of the stretches in which the candidates continue one another
//! (`chain`). Cost is linear in the length of both runs.

mod chain;
mod curve;

use crate::geometry::{LocalPlane, Path};
use crate::stats::upper_median;
use crate::track::Track;
use crate::tuning::{
    CHAIN_END_SECS, CHAIN_MARGIN_SECS, CHAIN_MAX_SIGMAS, CHAIN_MIN_M, CHAIN_MIN_MATCHES_BY_OPEN_ENDS,
    CHAIN_MIN_SHARE, CHAIN_STEP_SECS, GPS_CORRELATION_SECS, PLACE_BIAS_SIGMA_M, PLACE_GATE_M,
    PLACE_MIN_SPEED_MPS, PLACE_OUTLIER_SHARE, STOP_SPEED_MPS,
};
use chain::{ChainColumn, chains};
use curve::GroundCurve;

/// Most samples chained: a day.
const MAX_CHAIN_SAMPLES: usize = 86_400;

/// What is known of the clocks: 1-sigma errors of the tracks' times against their recordings, seconds.
/// Zero for GPS of the recording itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClockSigmas {
    /// Reference track.
    pub ref_secs: f64,
    /// New track.
    pub new_secs: f64,
}

/// A place of the reference where the new run may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaceMatch {
    /// Time in the new run.
    pub t_new_secs: f64,
    /// Time in the reference run; the middle of the stop where the reference stood.
    pub t_ref_secs: f64,
    /// First and last possible reference time; equal unless the reference stood there.
    pub t_ref_range_secs: (f64, f64),
    /// Distance between the two curves, metres.
    pub cross_distance_m: f64,
    /// 1-sigma error of `t_ref_secs` along the path, seconds.
    pub sigma_t_secs: f64,
    /// Combined 1-sigma position error, metres.
    pub sigma_m: f64,
    /// Speed of the reference there, metres per second.
    pub ref_speed_mps: f64,
    /// The new rider stands or crawls.
    pub new_stands: bool,
}

impl PlaceMatch {
    /// How well the distance fits the errors, 0 to 1.
    pub fn weight(&self) -> f64 {
        (-0.5 * (self.cross_distance_m / self.sigma_m).powi(2)).exp()
    }
}

/// GPS evidence for one pair of runs.
#[derive(Debug, Clone)]
pub struct PlaceEvidence {
    curve: GroundCurve,
    ref_path: Path,
    new_path: Path,
    clocks: ClockSigmas,
    ref_duration_secs: f64,
    bias_m: (f64, f64),
    matches: Vec<PlaceMatch>,
    trusted_secs: Vec<(f64, f64)>,
}

impl PlaceEvidence {
    /// Compares two cleaned tracks whose times are on their recordings' clocks. `None` when either has no
    /// two points.
    pub fn new(reference: &Track, new: &Track, clocks: ClockSigmas) -> Option<Self> {
        let plane = LocalPlane::around(reference)?;
        let ref_path = Path::from_track(reference, &plane);
        let new_path = Path::from_track(new, &plane);
        let (first_secs, last_secs) = reference.span_secs()?;
        if ref_path.pieces().is_empty() || new_path.pieces().is_empty() {
            return None;
        }
        let mut evidence = Self {
            curve: GroundCurve::new(&ref_path, PLACE_GATE_M),
            ref_path,
            new_path,
            clocks,
            ref_duration_secs: (last_secs - first_secs).max(1.0),
            bias_m: (0.0, 0.0),
            matches: Vec::new(),
            trusted_secs: Vec::new(),
        };
        evidence.follow();
        // Two days differ by a constant offset, which the turns of the trail reveal.
        if !evidence.matches.is_empty() {
            evidence.bias_m = evidence.estimate_bias();
            evidence.follow();
        }
        Some(evidence)
    }

    /// The alignment by GPS alone: one match a second, increasing in both times. Empty when the new run
    /// does not follow the reference.
    pub fn matches(&self) -> &[PlaceMatch] {
        &self.matches
    }

    /// Stretches of new time (first, last) in which GPS counts; none when the runs do not follow each other.
    pub fn trusted_secs(&self) -> &[(f64, f64)] {
        &self.trusted_secs
    }

    /// Constant offset of the new track against the reference (east, north) that was taken out, metres.
    pub fn bias_m(&self) -> (f64, f64) {
        self.bias_m
    }

    /// All places of the reference where the new run may be at a time, in order of reference time. Empty
    /// where the new run has no GPS or is nowhere near.
    pub fn candidates(&self, t_new_secs: f64) -> Vec<PlaceMatch> {
        let Some(mut here) = self.new_path.at(t_new_secs) else {
            return Vec::new();
        };
        here.x_m -= self.bias_m.0;
        here.y_m -= self.bias_m.1;
        let nearest = self.curve.nearest(&here);
        nearest
            .into_iter()
            .map(|nearest| {
                let speed_mps = nearest.speed_mps.max(PLACE_MIN_SPEED_MPS);
                let sigma_m = here.error_m.hypot(nearest.error_m);
                // An error of the new clock moves the position along by the new speed.
                let clock_m = self.clocks.new_secs * here.speed_mps();
                let sigma_t_secs = (sigma_m.hypot(clock_m) / speed_mps).hypot(self.clocks.ref_secs);
                let stands = nearest.range_secs.0 < nearest.range_secs.1;
                let middle_secs = f64::midpoint(nearest.range_secs.0, nearest.range_secs.1);
                PlaceMatch {
                    t_new_secs,
                    t_ref_secs: if stands { middle_secs } else { nearest.time_secs },
                    t_ref_range_secs: nearest.range_secs,
                    cross_distance_m: nearest.distance_m(),
                    sigma_t_secs,
                    sigma_m,
                    ref_speed_mps: nearest.speed_mps,
                    new_stands: here.speed_mps() < STOP_SPEED_MPS,
                }
            })
            .collect()
    }

    /// Log-likelihood ratio of "the new run is at this place" against "it is at any other place of the
    /// reference", for every time of `t_ref_grid_secs`. All zeros where GPS knows nothing.
    ///
    /// `step_secs` is the time between the instants whose evidence will be added up: GPS errors last, so ten
    /// instants in a second are not ten observations, and each then counts for less.
    pub fn log_likelihood_ratio(&self, t_new_secs: f64, t_ref_grid_secs: &[f64], step_secs: f64) -> Vec<f32> {
        let flat = || vec![0.0; t_ref_grid_secs.len()];
        let trusted = self
            .trusted_secs
            .iter()
            .any(|(from_secs, to_secs)| (*from_secs..=*to_secs).contains(&t_new_secs));
        if !trusted {
            return flat();
        }
        let candidates = self.candidates(t_new_secs);
        let total_weight: f64 = candidates.iter().map(PlaceMatch::weight).sum();
        // The farther even the best candidate is, the more likely this position is wrong altogether.
        let best_weight = candidates.iter().map(PlaceMatch::weight).fold(0.0, f64::max);
        let belief = (1.0 - PLACE_OUTLIER_SHARE) * best_weight;
        if belief < f64::from(f32::EPSILON) {
            return flat();
        }
        let tempering = (step_secs / GPS_CORRELATION_SECS).clamp(0.0, 1.0);
        t_ref_grid_secs
            .iter()
            .map(|&t_ref_secs| {
                let density: f64 = candidates
                    .iter()
                    .map(|candidate| candidate.weight() / total_weight * time_density(candidate, t_ref_secs))
                    .sum();
                let ratio = belief * density * self.ref_duration_secs + (1.0 - belief);
                (tempering * ratio.ln()) as f32
            })
            .collect()
    }

    /// Chains the candidates and decides where GPS counts.
    fn follow(&mut self) {
        let columns: Vec<ChainColumn> = self
            .chain_times()
            .into_iter()
            .map(|t_new_secs| ChainColumn {
                t_new_secs,
                candidates: self.candidates(t_new_secs),
            })
            .collect();
        self.matches.clear();
        self.trusted_secs.clear();
        for chain in chains(&columns) {
            if let Some(span_secs) = self.trusted_span(&chain, &columns) {
                self.trusted_secs.push(span_secs);
                self.matches.extend(chain);
            }
        }
    }

    /// Where a chain may be believed, if it is long, dense and close enough.
    fn trusted_span(&self, chain: &[PlaceMatch], columns: &[ChainColumn]) -> Option<(f64, f64)> {
        let (first, last) = (chain.first()?, chain.last()?);
        let within =
            |column: &&ChainColumn| (first.t_new_secs..=last.t_new_secs).contains(&column.t_new_secs);
        let samples = columns.iter().filter(within).count();
        let way_m: f64 = chain
            .iter()
            .zip(chain.iter().skip(1))
            .map(|(a, b)| (b.t_ref_secs - a.t_ref_secs) * a.ref_speed_mps)
            .sum();
        let mut sigmas: Vec<f64> = chain.iter().map(|m| m.cross_distance_m / m.sigma_m).collect();
        let median_sigmas = upper_median(&mut sigmas)?;
        let goes_on = |matched: &PlaceMatch, secs: f64| {
            self.new_path.at(matched.t_new_secs + secs).is_some()
                && self.ref_path.at(matched.t_ref_secs + secs).is_some()
        };
        let open_ends =
            usize::from(goes_on(first, -CHAIN_END_SECS)) + usize::from(goes_on(last, CHAIN_END_SECS));
        let enough = CHAIN_MIN_MATCHES_BY_OPEN_ENDS
            .get(open_ends)
            .is_some_and(|&least| chain.len() >= least);
        let believed = enough
            && chain.len() as f64 >= CHAIN_MIN_SHARE * samples as f64
            && way_m >= CHAIN_MIN_M
            && median_sigmas <= CHAIN_MAX_SIGMAS;
        believed.then_some((
            first.t_new_secs - CHAIN_MARGIN_SECS,
            last.t_new_secs + CHAIN_MARGIN_SECS,
        ))
    }

    fn chain_times(&self) -> Vec<f64> {
        let every = self
            .new_path
            .points()
            .scan(f64::NEG_INFINITY, |last_secs, point| {
                let due = point.time_secs >= *last_secs + CHAIN_STEP_SECS - 1e-6;
                if due {
                    *last_secs = point.time_secs;
                }
                Some(due.then_some(point.time_secs))
            });
        every.flatten().take(MAX_CHAIN_SAMPLES).collect()
    }

    /// Least squares over the chain: the offset whose part across the trail explains the distances, held
    /// near zero by what is believed of such offsets.
    fn estimate_bias(&self) -> (f64, f64) {
        let prior = 1.0 / (PLACE_BIAS_SIGMA_M * PLACE_BIAS_SIGMA_M);
        let (mut xx, mut xy, mut yy, mut x, mut y) = (prior, 0.0, prior, 0.0, 0.0);
        for matched in &self.matches {
            let Some(here) = self.new_path.at(matched.t_new_secs) else {
                continue;
            };
            let nearest = self.curve.nearest(&here).into_iter().min_by(|a, b| {
                let off = |n: &curve::Nearest| (n.time_secs - matched.t_ref_secs).abs();
                off(a).total_cmp(&off(b))
            });
            let Some(nearest) = nearest else { continue };
            let normal = (-nearest.direction.1, nearest.direction.0);
            let across_m = nearest.offset_m.0 * normal.0 + nearest.offset_m.1 * normal.1;
            // One observation per stretch of alike errors; far ones are more likely wrong.
            let weight = matched.weight() * CHAIN_STEP_SECS / GPS_CORRELATION_SECS / matched.sigma_m.powi(2);
            xx += weight * normal.0 * normal.0;
            xy += weight * normal.0 * normal.1;
            yy += weight * normal.1 * normal.1;
            x += weight * normal.0 * across_m;
            y += weight * normal.1 * across_m;
        }
        let determinant = xx * yy - xy * xy;
        ((yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant)
    }
}

/// Probability density over reference time of one candidate: flat over a stop, Gaussian at its ends.
fn time_density(candidate: &PlaceMatch, t_ref_secs: f64) -> f64 {
    let (first_secs, last_secs) = candidate.t_ref_range_secs;
    let outside_secs = (first_secs - t_ref_secs).max(t_ref_secs - last_secs).max(0.0);
    let area = last_secs - first_secs + candidate.sigma_t_secs * std::f64::consts::TAU.sqrt();
    (-0.5 * (outside_secs / candidate.sigma_t_secs).powi(2)).exp() / area
}
