//! Fit of a time warp to pairs and anchors.
//!
//! The monotone model is made in segments, which end where pairs are missing for more than [`MAX_GAP_SECS`].
//! In each, a robust Kalman smoother ([`crate::smooth`]) gives the path `(t_new, t_ref)` at the times of a
//! grid, weighted isotonic regression ([`crate::isotonic`]) makes it non-decreasing at the knots, and PCHIP
//! ([`crate::curve`]) joins them. [`errors`] gives each knot its one-sigma error. The affine model is one
//! line ([`affine`]).
//!
//! Pairs are what a run keeps on disk, so everything about the map can be computed again from them: with
//! other settings, or with anchors a person has set.

mod affine;
mod anchors;
mod errors;
mod grid;
mod knot_certainty;
mod knots;
#[cfg(test)]
mod tests;

pub use affine::fit_affine;
pub use anchors::{Anchor, ContradictoryAnchors, sort_anchors};

use std::ops::Range;

use self::errors::knot_errors;
use self::grid::{FitPoint, TimeGrid};
use crate::pair::Pair;
use crate::path::leaps;
use crate::settings::{WarpModel, WarpSettings};
use crate::smooth::{Sighting, motions};
pub use crate::tuning::MIN_USABLE_PAIRS;
use crate::tuning::{MAX_CROSSING_SECS, MAX_GAP_SECS, MIN_SEGMENT_PAIRS, MIN_SEGMENT_SECS};
use crate::warp::{Segment, TimeWarp};

/// The warp of the asked model; empty when there are too few pairs. Durations: new, reference, seconds.
pub fn fit_warp(
    pairs: &[Pair],
    anchors: &[Anchor],
    settings: &WarpSettings,
    (new_duration_secs, ref_duration_secs): (f64, f64),
) -> TimeWarp {
    if pairs.len() + anchors.len() < MIN_USABLE_PAIRS {
        return TimeWarp::default();
    }
    match settings.model {
        WarpModel::Monotone => from_zero(fit_monotone(pairs, anchors)),
        WarpModel::Affine => {
            fit_affine(pairs, settings, new_duration_secs, ref_duration_secs).unwrap_or_default()
        }
    }
}

/// `warp` without the knots before the beginning of a recording: the curve is smoothed, and may run out
/// there.
fn from_zero(warp: TimeWarp) -> TimeWarp {
    let cut = |s: &Segment| -> Option<Segment> {
        let (x, y) = (s.curve().x(), s.curve().y());
        let first = x.iter().zip(y).position(|(&x, &y)| x >= 0.0 && y >= 0.0)?;
        cut_to(s, first..x.len())
    };
    if warp
        .segments()
        .iter()
        .all(|s| s.new_range().0 >= 0.0 && s.ref_range().0 >= 0.0)
    {
        return warp;
    }
    TimeWarp::new(warp.segments().iter().filter_map(cut).collect()).unwrap_or_default()
}

/// Fit the monotone model. Pairs in any order; anchors must be sorted ([`sort_anchors`]).
///
/// ```
/// use mtbsync_align::fit::fit_monotone;
/// use mtbsync_align::pair::Pair;
///
/// let pairs: Vec<Pair> = (0..60)
///     .map(|k| f64::from(k) / 3.0)
///     .map(|t| Pair { t_new_secs: t, t_ref_secs: 5.0 + 0.9 * t, sigma_secs: 0.02, certainty: 0.99 })
///     .collect();
/// let warp = fit_monotone(&pairs, &[]);
/// assert!((warp.ref_from_new(10.0).unwrap() - 14.0).abs() < 0.01);
/// ```
pub fn fit_monotone(pairs: &[Pair], anchors: &[Anchor]) -> TimeWarp {
    let mut points: Vec<FitPoint> = pairs.iter().map(|&p| FitPoint::Measured(p)).collect();
    points.extend(anchors.iter().map(|&a| FitPoint::Given(a)));
    points.sort_by(|a, b| {
        a.t_new()
            .total_cmp(&b.t_new())
            .then(a.t_ref().total_cmp(&b.t_ref()))
    });
    let mut segments: Vec<Segment> = points
        .chunk_by(|a, b| b.t_new() - a.t_new() <= MAX_GAP_SECS)
        .filter_map(fit_segment)
        .collect();
    let given: Vec<f64> = points
        .iter()
        .filter(|p| p.is_given())
        .map(FitPoint::t_new)
        .collect();
    uncross(&mut segments, &given);
    TimeWarp::new(segments).unwrap_or_default()
}

fn fit_segment(points: &[FitPoint]) -> Option<Segment> {
    let given = points.iter().any(FitPoint::is_given);
    let span = points.last()?.t_new() - points.first()?.t_new();
    if !given && (points.len() < MIN_SEGMENT_PAIRS || span < MIN_SEGMENT_SECS) {
        return None;
    }
    let grid = TimeGrid::new(points);
    let path: Vec<(f64, f64)> = points.iter().map(|p| (p.t_new(), p.t_ref())).collect();
    let sightings: Vec<Sighting> = points.iter().map(FitPoint::sighting).collect();
    let (motion, leapt) = motions(&sightings);
    let mut leaps = leaps(&path);
    let between = |k: usize| 0.5 * (path[k - 1].0 + path[k].0);
    leaps.extend((1..points.len()).filter(|&k| leapt[k]).map(between));
    leaps.sort_by(f64::total_cmp);
    leaps.dedup();
    let states = grid.smooth(&leaps, &path, &motion);
    let mut knots = grid.knots(&states);
    knots.make_increasing();
    let errors = knot_errors(&knots, points, &leaps, &grid.misfits(&states))?;
    let (sigma, half_width) = errors.iter().map(|error| (error.sigma, error.half_width)).unzip();
    Segment::new(knots.t_new, knots.t_ref, sigma)?.with_half_widths(half_width)
}

/// Segments must follow each other in both times. Where the later begins a little before the end of the
/// earlier, it is cut: both are smoothed, and end at one place when the new rider stood there. What a person
/// has given, at the new times `given_secs`, is never cut: then the earlier one is. Of two that cross by
/// more, the shorter goes.
fn uncross(segments: &mut Vec<Segment>, given_secs: &[f64]) {
    let span = |s: &Segment| s.new_range().1 - s.new_range().0;
    let crossing = |s: &[Segment], from: usize| {
        let crosses = |w: &[Segment]| w[0].ref_range().1 >= w[1].ref_range().0;
        s.get(from..)?.windows(2).position(crosses).map(|k| from + k)
    };
    // A change reaches its neighbours only: what came before them stays in order.
    let mut from = 0;
    while let Some(k) = crossing(segments, from) {
        from = k.saturating_sub(1);
        let (end, start) = (segments[k].ref_range().1, segments[k + 1].ref_range().0);
        let overlap = segments[k + 1].new_range().0..=segments[k + 1].curve().x_at(end).unwrap_or(f64::MAX);
        let is_given = given_secs.iter().any(|t| overlap.contains(t));
        if let Some(earlier) = up_to(&segments[k], start).filter(|_| is_given) {
            segments[k] = earlier;
            continue;
        }
        let is_near = end - start <= MAX_CROSSING_SECS;
        match beyond(&segments[k + 1], end).filter(|_| is_near) {
            Some(rest) => segments[k + 1] = rest,
            None if span(&segments[k]) < span(&segments[k + 1]) => drop(segments.remove(k)),
            None => drop(segments.remove(k + 1)),
        }
    }
}

/// The knots after the reference time `t_ref_secs`; `None` when they are too few for a segment.
fn beyond(segment: &Segment, t_ref_secs: f64) -> Option<Segment> {
    let first = segment.curve().y().partition_point(|&y| y <= t_ref_secs);
    part(segment, first..segment.curve().y().len())
}

/// The knots before the reference time `t_ref_secs`; `None` when they are too few for a segment.
fn up_to(segment: &Segment, t_ref_secs: f64) -> Option<Segment> {
    part(
        segment,
        0..segment.curve().y().partition_point(|&y| y < t_ref_secs),
    )
}

fn part(segment: &Segment, knots: Range<usize>) -> Option<Segment> {
    let x = segment.curve().x().get(knots.clone())?;
    if x.last()? - x.first()? < MIN_SEGMENT_SECS {
        return None;
    }
    cut_to(segment, knots)
}

/// Some of the knots with their errors; `None` when they are none or too few for a curve.
fn cut_to(segment: &Segment, knots: Range<usize>) -> Option<Segment> {
    let part = |of: &[f64]| Some(of.get(knots.clone())?.to_vec());
    let (x, y) = (part(segment.curve().x())?, part(segment.curve().y())?);
    Segment::new(x, y, part(segment.sigma())?)?.with_half_widths(part(segment.half_widths())?)
}
