//! Refinement: places of the new frames between reference frames.
//!
//! With the similarity `c_j` of a new frame and the reference frames around its place: the vertex of the
//! parabola through the top of `c` and its neighbours, with the error `s = 0.005 s / k (1 + (0.05 / k)^2)`
//! for a contrast `k = max c - mean c`.
//!
//! Around the place the sequence model names, each new frame is compared with every reference frame within
//! about a second. The similarity over reference time has a peak where both cameras were at the same place; a
//! parabola through its top locates it between frames. How far the peak stands out is the best predictor of
//! its error, and so gives each measurement its error bar. Finely sampled measurements are then joined into
//! one pair per analysed frame.

mod peak;

use rayon::prelude::*;

use self::peak::peak;
use crate::pair::{Pair, make_increasing};
use crate::path::{interpolate, jumps, rate};
use crate::robust::shared_mean;
use crate::sequence::Posterior;
use crate::smooth::{PathObservation, smooth};
use crate::tuning::{
    DISAGREEMENT_SECS, MAX_COLUMN_GAP_SECS, MAX_PATH_GAP_SECS, POSTERIOR_SIGMA_SECS, RATE_RANGE,
    RECENTRE_SHARE, SHARED_ERROR_SECS,
};

/// Similarity of single frames; implemented over pictures elsewhere.
pub trait PlaceSimilarity: Sync {
    /// Similarity of new frame `i_new` with each of the reference frames `refs`; `centre` is the one expected
    /// to match.
    fn curve(&self, i_new: usize, refs: std::ops::Range<usize>, centre: usize) -> Vec<f32>;
}

/// A located new frame.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measurement {
    t_new: f64,
    t_ref: f64,
    sigma: f64,
}

/// Times of one recording's frames, seconds, increasing.
#[derive(Clone, Copy, Debug)]
pub struct FrameTimes<'a> {
    /// Frames the sequence model saw.
    pub analysed: &'a [f64],
    /// Frames refinement uses; may be the same or more.
    pub fine: &'a [f64],
}

/// Locate the new frames among the reference frames within `half_window_secs` of where they are expected: at
/// most one pair per analysed new frame, in order of time, not decreasing in either time.
pub fn refine(
    posteriors: &[Posterior],
    new: FrameTimes<'_>,
    reference_fine: &[f64],
    similarity: &dyn PlaceSimilarity,
    half_window_secs: f64,
) -> Vec<Pair> {
    let on: Vec<(f64, &Posterior)> = new
        .analysed
        .iter()
        .copied()
        .zip(posteriors)
        .filter(|(_, b)| b.is_on_trail())
        .collect();
    let jumps = jumps(&on.iter().map(|(t, b)| (*t, b.t_ref_secs)).collect::<Vec<_>>());
    let path = coarse_path(&on, &jumps);
    let expected: Vec<Option<f64>> = new.fine.iter().map(|&t| interpolate(&path, t)).collect();
    let look = |expected: &[Option<f64>]| -> Vec<Option<SimilarityCurve>> {
        expected
            .par_iter()
            .enumerate()
            .map(|(i, centre)| {
                SimilarityCurve::around(i, (*centre)?, reference_fine, similarity, half_window_secs)
            })
            .collect()
    };
    let mut curves = look(&expected);
    let first = smooth_measurements(&measure(&curves, new.fine, reference_fine, &path), &jumps);
    let again: Vec<Option<f64>> = new
        .fine
        .iter()
        .zip(&expected)
        .map(|(&t, &was)| {
            let now = interpolate(&first, t)?;
            ((now - was?).abs() > RECENTRE_SHARE * half_window_secs).then_some(now)
        })
        .collect();
    for (slot, better) in curves
        .iter_mut()
        .zip(look(&again))
        .filter(|(_, better)| better.is_some())
    {
        *slot = better;
    }
    let found = measure(&curves, new.fine, reference_fine, &first);
    let slope = smooth_measurements(&found, &jumps);
    let mut pairs = join(&found, new.analysed, &slope, posteriors);
    make_increasing(&mut pairs);
    pairs
}

/// Similarity of one new frame with the reference frames around its expected place.
struct SimilarityCurve {
    /// First reference frame.
    from: usize,
    similarity: Vec<f32>,
}

impl SimilarityCurve {
    fn around(
        i: usize,
        centre: f64,
        t_ref: &[f64],
        similarity: &dyn PlaceSimilarity,
        half_window: f64,
    ) -> Option<Self> {
        let from = t_ref.partition_point(|&t| t < centre - half_window);
        let to = t_ref.partition_point(|&t| t <= centre + half_window);
        if to - from < 3 {
            return None;
        }
        let nearest =
            (from..to).min_by(|&a, &b| (t_ref[a] - centre).abs().total_cmp(&(t_ref[b] - centre).abs()))?;
        Some(Self {
            from,
            similarity: similarity.curve(i, from..to, nearest),
        })
    }
}

/// Peaks of the curves, looked at from both sides: for each new frame the best reference time, and for each
/// reference frame the best new time. What only one side sees is often a chance likeness. In order of new
/// time.
fn measure(
    curves: &[Option<SimilarityCurve>],
    t_new: &[f64],
    t_ref: &[f64],
    path: &[(f64, f64)],
) -> Vec<Measurement> {
    let mut found = Vec::new();
    let mut columns: Vec<Vec<(f64, f32)>> = vec![Vec::new(); t_ref.len()];
    for (curve, &t) in curves.iter().zip(t_new) {
        let Some(curve) = curve else { continue };
        let times = &t_ref[curve.from..curve.from + curve.similarity.len()];
        if let Some((t_ref, sigma)) = peak(times, &curve.similarity) {
            found.push(Measurement {
                t_new: t,
                t_ref,
                sigma,
            });
        }
        for (column, &s) in columns[curve.from..].iter_mut().zip(&curve.similarity) {
            column.push((t, s));
        }
    }
    for (column, &t_ref) in columns.iter().zip(t_ref) {
        let (times, similarity): (Vec<f64>, Vec<f32>) = column.iter().copied().unzip();
        let gap = |w: &[f64]| w[1] - w[0] > MAX_COLUMN_GAP_SECS;
        if times.len() < 3 || times.windows(2).any(gap) {
            continue;
        }
        if let Some((t_new, sigma)) = peak(&times, &similarity)
            && let Some(rate) = rate(path, t_new)
        {
            found.push(Measurement {
                t_new,
                t_ref,
                sigma: sigma * rate.clamp(RATE_RANGE.0, RATE_RANGE.1),
            });
        }
    }
    found.sort_by(|a, b| a.t_new.total_cmp(&b.t_new).then(a.t_ref.total_cmp(&b.t_ref)));
    found
}

/// The sequence model's path, smoothed, at the analysed frames on the trail: `(t_new, t_ref)`.
fn coarse_path(on: &[(f64, &Posterior)], jumps: &[f64]) -> Vec<(f64, f64)> {
    let known = on.iter().map(|&(t, b)| Measurement {
        t_new: t,
        t_ref: b.t_ref_secs,
        sigma: POSTERIOR_SIGMA_SECS / b.on.max(0.1),
    });
    smooth_measurements(&known.collect::<Vec<_>>(), jumps)
}

/// Smooth each stretch without a long gap or a jump by itself.
fn smooth_measurements(found: &[Measurement], jumps: &[f64]) -> Vec<(f64, f64)> {
    let stretch = |m: &Measurement| jumps.partition_point(|&jump| jump < m.t_new);
    let smoothed = |part: &[Measurement]| {
        let observed = part.iter().map(|m| {
            let known = PathObservation::Measured {
                t_ref_secs: m.t_ref,
                sigma_secs: m.sigma,
            };
            (m.t_new, known)
        });
        let (t, known): (Vec<f64>, Vec<PathObservation>) = observed.unzip();
        let states = smooth(&t, &known);
        let path = t.into_iter().zip(states).map(|(t, s)| (t, s.t_ref_secs));
        path.collect::<Vec<_>>()
    };
    found
        .chunk_by(|a, b| b.t_new - a.t_new <= MAX_PATH_GAP_SECS && stretch(a) == stretch(b))
        .flat_map(smoothed)
        .collect()
}

/// Join measurements into one pair per analysed frame: the robust mean of those nearest to it in time, moved
/// along the path to the frame's own time.
fn join(
    measurements: &[Measurement],
    analysed: &[f64],
    path: &[(f64, f64)],
    posteriors: &[Posterior],
) -> Vec<Pair> {
    let mut start = 0;
    let mut pairs = Vec::new();
    for (k, &t) in analysed.iter().enumerate() {
        let from = if k > 0 {
            0.5 * (analysed[k - 1] + t)
        } else {
            f64::NEG_INFINITY
        };
        let to = analysed
            .get(k + 1)
            .map_or(f64::INFINITY, |&next| 0.5 * (t + next));
        start += measurements[start..].partition_point(|m| m.t_new < from.max(t - SHARED_ERROR_SECS));
        let count = measurements[start..].partition_point(|m| m.t_new < to.min(t + SHARED_ERROR_SECS));
        let near = &measurements[start..start + count];
        let Some(posterior) = posteriors.get(k).filter(|b| b.is_on_trail()) else {
            continue;
        };
        if let Some((t_ref_secs, sigma_secs)) = robust_mean(near, t, path) {
            pairs.push(Pair {
                t_new_secs: t,
                t_ref_secs,
                sigma_secs,
                certainty: posterior.on.min(1.0) * agreement(t_ref_secs - posterior.t_ref_secs),
            });
        }
    }
    pairs
}

/// Share of the certainty that is left where a look and the sequence model are so many seconds apart: one of
/// them has taken a look-alike nearby for the place.
fn agreement(apart_secs: f64) -> f64 {
    1.0 / (1.0 + (apart_secs / DISAGREEMENT_SECS).powi(4))
}

fn robust_mean(near: &[Measurement], t: f64, path: &[(f64, f64)]) -> Option<(f64, f64)> {
    let moved: Vec<(f64, f64)> = near
        .iter()
        .filter_map(|m| {
            let there = interpolate(path, m.t_new)?;
            let here = interpolate(path, t)?;
            Some((m.t_ref + here - there, m.sigma))
        })
        .collect();
    shared_mean(&moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Similarity that peaks where `path` says, on frames at `t_new` and `t_ref`.
    struct Bump<'a> {
        t_new: &'a [f64],
        t_ref: &'a [f64],
        path: fn(f64) -> f64,
    }

    impl PlaceSimilarity for Bump<'_> {
        fn curve(&self, i_new: usize, refs: std::ops::Range<usize>, _: usize) -> Vec<f32> {
            let at = (self.path)(self.t_new[i_new]);
            refs.map(|j| (0.1 + 0.3 * (-((self.t_ref[j] - at) / 0.25).powi(2)).exp()) as f32)
                .collect()
        }
    }

    fn path(t: f64) -> f64 {
        2.0 + 0.9 * t + 0.2 * t.sin()
    }

    #[test]
    fn measures_far_below_the_spacing_of_frames() {
        let analysed: Vec<f64> = (0..60).map(|i| f64::from(i) / 3.0).collect();
        let fine: Vec<f64> = (0..200).map(|i| f64::from(i) / 10.0).collect();
        let reference: Vec<f64> = (0..260).map(|i| f64::from(i) / 10.0).collect();
        let posteriors: Vec<Posterior> = analysed
            .iter()
            .map(|&t| Posterior {
                t_ref_secs: path(t) + 0.15,
                on: 0.99,
                off: 0.0,
            })
            .collect();
        let similarity = Bump {
            t_new: &fine,
            t_ref: &reference,
            path,
        };
        let times = FrameTimes {
            analysed: &analysed,
            fine: &fine,
        };
        let pairs = refine(&posteriors, times, &reference, &similarity, 0.8);
        assert!(pairs.len() > 55, "{}", pairs.len());
        for p in &pairs {
            assert!(
                (p.t_ref_secs - path(p.t_new_secs)).abs() < 0.008,
                "{p:?} {}",
                path(p.t_new_secs)
            );
        }
    }

    #[test]
    fn frames_off_the_trail_give_no_pair() {
        let t: Vec<f64> = (0..60).map(|i| f64::from(i) / 3.0).collect();
        let posteriors: Vec<Posterior> = t
            .iter()
            .map(|&t| Posterior {
                t_ref_secs: path(t),
                on: 0.9,
                off: if t < 8.0 { 0.9 } else { 0.1 },
            })
            .collect();
        let similarity = Bump {
            t_new: &t,
            t_ref: &t,
            path,
        };
        let times = FrameTimes {
            analysed: &t,
            fine: &t,
        };
        let pairs = refine(&posteriors, times, &t, &similarity, 0.8);
        assert!(!pairs.is_empty() && pairs.iter().all(|p| p.t_new_secs >= 8.0));
    }
}
