//! From pairs to a time warp.
//!
//! Pairs are what a run keeps on disk, so everything about the map can be computed again from them: with other
//! settings, or with anchors a person has set. A gap in the pairs that is too long to be bridged ends a segment.

use thiserror::Error;

use crate::affine::fit_affine;
use crate::confidence;
use crate::doubt::{self, Misfits, Paces};
use crate::gates::MIN_USABLE_PAIRS;
use crate::isotonic::isotonic;
use crate::locate::STEEPEST;
use crate::pair::Pair;
use crate::path::leaps;
use crate::settings::{WarpModel, WarpSettings};
use crate::smooth::{Knowledge, State, smooth};
use crate::tuning::RATE_SPAN_SECS;
use crate::warp::{Segment, TimeWarp, typical_pace};

/// A pair set by a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Time in the new recording, seconds.
    pub t_new_secs: f64,
    /// Time in the reference, seconds.
    pub t_ref_secs: f64,
}

/// Two anchors that no forward ride can both meet; indices into the given list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("anchors contradict each other")]
pub struct ContradictoryAnchors {
    /// The earlier one in the new recording.
    pub first: usize,
    /// The later one, which lies no later in the reference.
    pub second: usize,
}

/// New time without pairs that a segment bridges, seconds. Across it the error grows by itself; beyond it nobody
/// knows.
pub const MAX_GAP_SECS: f64 = 4.0;
/// A segment needs this many pairs.
const MIN_PAIRS: usize = 5;
/// and this many seconds of new time.
const MIN_SEGMENT_SECS: f64 = 1.5;
/// Knots are no closer than this (the file format's rule), seconds.
const MIN_KNOT_GAP_SECS: f64 = 0.1;
/// and no farther apart than this.
const MAX_KNOT_GAP_SECS: f64 = 0.25;
/// Least slope of the map, so that it stays invertible in a stop.
const MIN_SLOPE: f64 = 1e-6;
/// Factor on the smoother's own error. Together with [`SHARED_SIGMA`] measured on rides with known truth, so that the 90 %
/// interval holds nine in ten; see docs/concepts/confidence.md.
const SIGMA_SCALE: f64 = 0.6;
/// A knot is not known better than this share of the error of the pairs around it: what makes one pair wrong (a cockpit
/// that fills the picture, a turned head, another line on the trail) makes its neighbours wrong in the same way. Errors of
/// neighbouring pairs correlate by 0.4 to 0.5.
const SHARED_SIGMA: f64 = 0.4;
/// Pairs this near share their causes of error, seconds.
const SHARED_SPAN_SECS: f64 = 1.0;
/// Least rate at which doubt about new time becomes an error of reference time: in a stop any error is long, and no doubt
/// need be added.
const LEAST_RATE: f64 = 0.1;
/// No knot is known better than this, seconds.
const SIGMA_FLOOR_SECS: f64 = 0.004;

/// Sort anchors by new time.
///
/// # Errors
/// When two of them are not strictly increasing in both times.
pub fn sort_anchors(anchors: &[Anchor]) -> Result<Vec<Anchor>, ContradictoryAnchors> {
    let mut order: Vec<usize> = (0..anchors.len()).collect();
    order.sort_by(|&a, &b| {
        anchors[a]
            .t_new_secs
            .total_cmp(&anchors[b].t_new_secs)
            .then(anchors[a].t_ref_secs.total_cmp(&anchors[b].t_ref_secs))
    });
    for w in order.windows(2) {
        let (a, b) = (anchors[w[0]], anchors[w[1]]);
        if a.t_new_secs >= b.t_new_secs || a.t_ref_secs >= b.t_ref_secs {
            return Err(ContradictoryAnchors {
                first: w[0],
                second: w[1],
            });
        }
    }
    Ok(order.into_iter().map(|i| anchors[i]).collect())
}

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
        WarpModel::Monotone => fit_monotone(pairs, anchors),
        WarpModel::Affine => {
            fit_affine(pairs, settings, new_duration_secs, ref_duration_secs).unwrap_or_default()
        }
    }
}

/// Fit the monotone model. Pairs in any order; anchors must be sorted ([`sort_anchors`]).
pub fn fit_monotone(pairs: &[Pair], anchors: &[Anchor]) -> TimeWarp {
    let mut points: Vec<Point> = pairs.iter().map(|&p| Point::Measured(p)).collect();
    points.extend(anchors.iter().map(|&a| Point::Given(a)));
    points.sort_by(|a, b| {
        a.t_new()
            .total_cmp(&b.t_new())
            .then(a.t_ref().total_cmp(&b.t_ref()))
    });
    let mut segments: Vec<Segment> = points
        .chunk_by(|a, b| b.t_new() - a.t_new() <= MAX_GAP_SECS)
        .filter_map(fit_segment)
        .collect();
    drop_crossing(&mut segments);
    TimeWarp::new(segments).unwrap_or_default()
}

#[derive(Clone, Copy, Debug)]
enum Point {
    Measured(Pair),
    Given(Anchor),
}

impl Point {
    fn t_new(&self) -> f64 {
        match self {
            Self::Measured(p) => p.t_new_secs,
            Self::Given(a) => a.t_new_secs,
        }
    }

    fn t_ref(&self) -> f64 {
        match self {
            Self::Measured(p) => p.t_ref_secs,
            Self::Given(a) => a.t_ref_secs,
        }
    }

    fn knowledge(&self) -> Knowledge {
        match *self {
            Self::Measured(p) => Knowledge::Measured {
                t_ref_secs: p.t_ref_secs,
                sigma_secs: p.sigma_secs.max(1e-4),
            },
            Self::Given(a) => Knowledge::Given {
                t_ref_secs: a.t_ref_secs,
            },
        }
    }

    fn is_given(&self) -> bool {
        matches!(self, Self::Given(_))
    }
}

fn fit_segment(points: &[Point]) -> Option<Segment> {
    let given = points.iter().any(Point::is_given);
    let span = points.last()?.t_new() - points.first()?.t_new();
    if !given && (points.len() < MIN_PAIRS || span < MIN_SEGMENT_SECS) {
        return None;
    }
    let grid = Grid::new(points);
    let path: Vec<(f64, f64)> = points.iter().map(|p| (p.t_new(), p.t_ref())).collect();
    let leaps = leaps(&path);
    let states = grid.smooth(&leaps);
    let misfits = grid.misfits(&states);
    let mut knots = grid.knots(&states);
    knots.make_increasing();
    let pace = typical_pace(&knots.t_new, &knots.t_ref);
    let shared = |k: usize| {
        let (before, after) = knots.rates_beside(k);
        let alike = doubt::of_stand(before.min(after), pace);
        (alike * shared_sigma(points, knots.t_new[k])).hypot(misfits.at(knots.t_new[k]))
    };
    let looks: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|point| match point {
            Point::Measured(p) => Some((p.t_new_secs, p.sigma_secs)),
            Point::Given(_) => None,
        })
        .collect();
    let paces = Paces::new((0..knots.t_new.len()).map(|k| knots.rate(k, pace)).collect());
    let confirmed = knots.at_usual_pace(&paces);
    let ends = (*knots.t_new.first()?, *knots.t_new.last()?);
    let unconfirmed = |t: f64| match confirmed {
        Some((from, to)) if (from..=to).contains(&t) => 0.0,
        Some(_) | None => doubt::unconfirmed((t - ends.0).min(ends.1 - t)),
    };
    let error = |k: usize| {
        let t = knots.t_new[k];
        let (before, after) = knots.rates_beside(k);
        let doubts = [
            doubt::at_leap(t, &leaps),
            doubt::at_corner(before, after, pace),
            paces.among_weak(
                0.5 * (before + after),
                doubt::weakness(t, &looks).max(unconfirmed(t)),
            ),
        ];
        let certainty = knots.certainty[k] * doubts.into_iter().fold(1.0, f64::min);
        calibrated(knots.sigma[k], shared(k), certainty, knots.rate(k, pace))
    };
    let sigma = (0..knots.t_new.len())
        .map(|k| {
            if knots.given[k] {
                SIGMA_FLOOR_SECS
            } else {
                error(k)
            }
        })
        .collect();
    Segment::new(knots.t_new, knots.t_ref, sigma)
}

/// Doubt is about new time, where `rate` reference seconds pass per second.
fn calibrated(sigma_secs: f64, shared_secs: f64, certainty: f64, rate: f64) -> f64 {
    let local = (sigma_secs * SIGMA_SCALE)
        .hypot(SHARED_SIGMA * shared_secs)
        .hypot(SIGMA_FLOOR_SECS);
    rate * confidence::widened_by_doubt(local / rate, certainty)
}

/// Mean error of the pairs around `t_new`; 0 without any. Not dominated by a single good pair: that one may be a chance.
fn shared_sigma(points: &[Point], t_new: f64) -> f64 {
    let from = points.partition_point(|p| p.t_new() < t_new - SHARED_SPAN_SECS);
    let near = points[from..]
        .iter()
        .take_while(|p| p.t_new() <= t_new + SHARED_SPAN_SECS);
    let (n, sum) = near.fold((0.0, 0.0), |(n, sum), p| match p {
        Point::Measured(p) => (n + 1.0, sum + p.sigma_secs),
        Point::Given(_) => (n, sum),
    });
    if n > 0.0 { sum / n } else { 0.0 }
}

/// Times at which the path is computed: every point, and enough between to keep the curve's shape.
struct Grid {
    t: Vec<f64>,
    known: Vec<Knowledge>,
    certainty: Vec<f64>,
}

impl Grid {
    fn new(points: &[Point]) -> Self {
        let mut grid = Self {
            t: Vec::new(),
            known: Vec::new(),
            certainty: Vec::new(),
        };
        let mut before = 1.0;
        for (k, point) in points.iter().enumerate() {
            let certainty = match point {
                Point::Measured(p) => p.certainty,
                Point::Given(_) => 1.0,
            };
            if let Some(&last) = grid.t.last() {
                let gap = point.t_new() - last;
                let parts = (gap / MAX_KNOT_GAP_SECS).ceil() as usize;
                for part in 1..parts {
                    let share = part as f64 / parts as f64;
                    let between = before * (1.0 - share) + certainty * share;
                    grid.push(
                        last + gap * share,
                        Knowledge::Nothing,
                        between * doubt::in_gap(gap * share.min(1.0 - share)),
                    );
                }
            }
            // Two points at one moment: the given one wins, else both are used as they are, a hair apart.
            let t = grid
                .t
                .last()
                .map_or(point.t_new(), |&last| point.t_new().max(last + 1e-9));
            let hidden =
                !point.is_given() && points.get(k + 1).is_some_and(|n| n.is_given() && n.t_new() <= t);
            if !hidden {
                grid.push(t, point.knowledge(), certainty);
            }
            before = certainty;
        }
        grid
    }

    fn push(&mut self, t: f64, known: Knowledge, certainty: f64) {
        self.t.push(t);
        self.known.push(known);
        self.certainty.push(certainty);
    }

    /// Smooth each stretch between leaps by itself.
    fn smooth(&self, leaps: &[f64]) -> Vec<State> {
        let mut states = Vec::with_capacity(self.t.len());
        let mut from = 0;
        for leap in leaps.iter().copied().chain([f64::INFINITY]) {
            let to = self.t.partition_point(|&t| t < leap);
            states.extend(smooth(&self.t[from..to], &self.known[from..to]));
            from = to;
        }
        states
    }

    /// How far the pairs lie beside the smoothed path.
    fn misfits(&self, states: &[State]) -> Misfits {
        let measured = self.known.iter().zip(states).zip(&self.t);
        Misfits::new(measured.filter_map(|((known, state), &t)| match *known {
            Knowledge::Measured {
                t_ref_secs,
                sigma_secs,
            } => Some((t, t_ref_secs - state.t_ref_secs, sigma_secs)),
            _ => None,
        }))
    }

    /// Thin the grid to knots; given points always are knots.
    fn knots(&self, states: &[State]) -> Knots {
        let mut knots = Knots::default();
        let given = |k: usize| matches!(self.known[k], Knowledge::Given { .. });
        for (k, state) in states.iter().enumerate() {
            if let Some(&last) = knots.t_new.last() {
                let close = self.t[k] - last < MIN_KNOT_GAP_SECS;
                let last_given = knots.given.last() == Some(&true);
                if close && given(k) && !last_given {
                    knots.pop();
                } else if close && !given(k) {
                    continue;
                }
            }
            let t_ref = match self.known[k] {
                Knowledge::Given { t_ref_secs } => t_ref_secs,
                _ => state.t_ref_secs,
            };
            knots.t_new.push(self.t[k]);
            knots.t_ref.push(t_ref);
            knots.sigma.push(state.sigma_secs);
            knots.certainty.push(self.certainty[k]);
            knots.given.push(given(k));
        }
        knots
    }
}

#[derive(Default)]
struct Knots {
    t_new: Vec<f64>,
    t_ref: Vec<f64>,
    sigma: Vec<f64>,
    certainty: Vec<f64>,
    given: Vec<bool>,
}

impl Knots {
    fn pop(&mut self) {
        self.t_new.pop();
        self.t_ref.pop();
        self.sigma.pop();
        self.certainty.pop();
        self.given.pop();
    }

    /// Reference seconds per new second around knot `k`, `pace` as is usual.
    fn rate(&self, k: usize, pace: f64) -> f64 {
        let (from, to) = self.around(k);
        let rate = self.slope(from, to).unwrap_or(1.0);
        rate.clamp(LEAST_RATE, (STEEPEST * pace).max(LEAST_RATE))
    }

    /// The rates before and after knot `k`; at an end, that of its only side twice.
    fn rates_beside(&self, k: usize) -> (f64, f64) {
        let (from, to) = self.around(k);
        match (self.slope(from, k), self.slope(k, to)) {
            (Some(before), Some(after)) => (before, after),
            (Some(only), None) | (None, Some(only)) => (only, only),
            (None, None) => (1.0, 1.0),
        }
    }

    /// New times of the first and the last knot at a usual pace, taken over a full span each side; `None` without one.
    fn at_usual_pace(&self, paces: &Paces) -> Option<(f64, f64)> {
        let (first, last) = (*self.t_new.first()?, *self.t_new.last()?);
        let full = first + RATE_SPAN_SECS..=last - RATE_SPAN_SECS;
        let usual = |&k: &usize| {
            let (before, after) = self.rates_beside(k);
            full.contains(&self.t_new[k]) && paces.unusual(0.5 * (before + after)) == 0.0
        };
        let mut knots = (0..self.t_new.len()).filter(usual);
        let from = knots.next()?;
        Some((self.t_new[from], self.t_new[knots.next_back().unwrap_or(from)]))
    }

    /// Knots at most [`RATE_SPAN_SECS`] before and after knot `k`.
    fn around(&self, k: usize) -> (usize, usize) {
        let t = self.t_new[k];
        let from = self.t_new.partition_point(|&x| x < t - RATE_SPAN_SECS);
        let to = self.t_new.partition_point(|&x| x <= t + RATE_SPAN_SECS);
        (from, to.saturating_sub(1).max(k))
    }

    fn slope(&self, from: usize, to: usize) -> Option<f64> {
        (to > from).then(|| (self.t_ref[to] - self.t_ref[from]) / (self.t_new[to] - self.t_new[from]))
    }

    /// Weighted isotonic regression (pool adjacent violators), then a least slope; given knots do not move.
    fn make_increasing(&mut self) {
        const GIVEN_WEIGHT: f64 = 1e12;
        let weight = |(&sigma, &given): (&f64, &bool)| {
            if given {
                GIVEN_WEIGHT
            } else {
                1.0 / sigma.max(1e-3).powi(2)
            }
        };
        let weights = self.sigma.iter().zip(&self.given).map(weight);
        let pooled = isotonic(self.t_ref.iter().copied().zip(weights));
        for ((y, value), &given) in self.t_ref.iter_mut().zip(pooled).zip(&self.given) {
            if !given {
                *y = value;
            }
        }
        for k in 1..self.t_ref.len() {
            let least = self.t_ref[k - 1] + MIN_SLOPE * (self.t_new[k] - self.t_new[k - 1]);
            if !self.given[k] && self.t_ref[k] < least {
                self.t_ref[k] = least;
            }
        }
        for k in (1..self.t_ref.len()).rev() {
            let most = self.t_ref[k] - MIN_SLOPE * (self.t_new[k] - self.t_new[k - 1]);
            if !self.given[k - 1] && self.t_ref[k - 1] > most {
                self.t_ref[k - 1] = most;
            }
        }
    }
}

/// Segments must follow each other in both times; of two that cross, the shorter goes.
fn drop_crossing(segments: &mut Vec<Segment>) {
    let span = |s: &Segment| s.new_range().1 - s.new_range().0;
    let crossing = |s: &[Segment]| {
        s.windows(2)
            .position(|w| w[0].ref_range().1 >= w[1].ref_range().0)
    };
    while let Some(k) = crossing(segments) {
        let loser = if span(&segments[k]) < span(&segments[k + 1]) {
            k
        } else {
            k + 1
        };
        segments.remove(loser);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(from: f64, to: f64, f: impl Fn(f64) -> f64) -> Vec<Pair> {
        let n = ((to - from) * 3.0) as usize;
        (0..=n)
            .map(|i| from + i as f64 / 3.0)
            .enumerate()
            .map(|(i, t)| Pair {
                t_new_secs: t,
                t_ref_secs: f(t) + 0.015 * ((i * 31 % 7) as f64 / 3.0 - 1.0),
                sigma_secs: 0.02,
                certainty: 0.99,
            })
            .collect()
    }

    fn wavy(t: f64) -> f64 {
        4.0 + 0.95 * t + 0.5 * (t / 5.0).sin()
    }

    #[test]
    fn a_long_gap_ends_a_segment_and_a_short_one_widens_the_error() {
        let mut all = pairs(0.0, 20.0, wavy);
        all.extend(pairs(23.9, 40.0, wavy));
        all.extend(pairs(50.0, 70.0, wavy));
        let warp = fit_monotone(&all, &[]);
        assert_eq!(warp.segments().len(), 2);
        assert_eq!(warp.ref_from_new(45.0), None);
        assert!((warp.ref_from_new(22.0).unwrap() - wavy(22.0)).abs() < 0.15);
        assert!(warp.ref_sigma_at(22.0).unwrap() > 1.15 * warp.ref_sigma_at(10.0).unwrap());
    }

    #[test]
    fn sharp_pairs_at_an_unusual_pace_are_believed_within_a_ride_and_doubted_at_its_end() {
        let slow = |t: f64, from: f64| t - 0.3 * (t - from).clamp(0.0, 4.0);
        let error_at = |t: f64, from: f64| {
            let warp = fit_monotone(&pairs(0.0, 40.0, |t| slow(t, from)), &[]);
            warp.ref_sigma_at(t).unwrap()
        };
        assert!(error_at(22.0, 20.0) < 0.05);
        assert!(error_at(38.0, 36.0) > 3.0 * error_at(22.0, 20.0));
        assert!(error_at(38.0, 50.0) < 0.05, "a usual pace at the end");
        assert!(error_at(36.0, 33.5) < 0.05, "back at a usual pace before the end");
    }

    #[test]
    fn anchors_are_met_exactly_and_pull_their_surroundings() {
        let anchor = Anchor {
            t_new_secs: 20.0,
            t_ref_secs: wavy(20.0) + 0.4,
        };
        let warp = fit_monotone(&pairs(0.0, 40.0, wavy), &[anchor]);
        assert_eq!(warp.ref_from_new(20.0), Some(anchor.t_ref_secs));
        assert!(warp.ref_from_new(20.3).unwrap() > wavy(20.3) + 0.05);
        assert!((warp.ref_from_new(30.0).unwrap() - wavy(30.0)).abs() < 0.03);
    }

    #[test]
    fn contradictory_anchors_are_named() {
        let a = |t_new_secs, t_ref_secs| Anchor {
            t_new_secs,
            t_ref_secs,
        };
        let error = sort_anchors(&[a(5.0, 3.0), a(1.0, 1.0), a(4.0, 3.5)]).unwrap_err();
        assert_eq!(error, ContradictoryAnchors { first: 2, second: 0 });
        assert!(sort_anchors(&[a(2.0, 2.0), a(2.0, 3.0)]).is_err());
        assert_eq!(sort_anchors(&[a(2.0, 2.0), a(1.0, 1.0)]).unwrap()[0], a(1.0, 1.0));
    }

    #[test]
    fn crossing_segments_lose_the_shorter() {
        let mut all = pairs(0.0, 20.0, wavy);
        all.extend(pairs(30.0, 35.0, |t| t - 28.0));
        let warp = fit_monotone(&all, &[]);
        assert_eq!(warp.segments().len(), 1);
        assert!(warp.ref_from_new(32.0).is_none());
    }

    #[test]
    fn few_pairs_make_no_segment() {
        assert!(fit_monotone(&pairs(0.0, 1.0, wavy), &[]).segments().is_empty());
        assert!(fit_monotone(&[], &[]).segments().is_empty());
    }

    #[test]
    fn doubt_about_the_path_is_not_averaged_away() {
        let mut all = pairs(0.0, 20.0, wavy);
        all.iter_mut().for_each(|p| p.certainty = 0.5);
        let place = fit_monotone(&all, &[]).locate(12.0, 20.0).unwrap();
        assert!((place.confidence - 0.5).abs() < 0.05, "{place:?}");
    }

    fn ride() -> impl Strategy<Value = Vec<Pair>> {
        prop::collection::vec((0.2f64..0.6, 0.0f64..1.2, -0.3f64..0.3, 0.01f64..0.2), 6..80).prop_map(
            |steps| {
                let (mut t_new, mut t_ref) = (1.0, 5.0);
                steps
                    .into_iter()
                    .map(|(dt, dr, noise, sigma_secs)| {
                        t_new += dt;
                        t_ref += dr;
                        Pair {
                            t_new_secs: t_new,
                            t_ref_secs: t_ref + noise,
                            sigma_secs,
                            certainty: 0.9,
                        }
                    })
                    .collect()
            },
        )
    }

    proptest! {
        #[test]
        fn always_strictly_increasing_and_invertible(pairs in ride()) {
            let warp = fit_monotone(&pairs, &[]);
            for segment in warp.segments() {
                prop_assert!(segment.curve().x().windows(2).all(|w| w[1] - w[0] >= MIN_KNOT_GAP_SECS - 1e-9));
                let (first, last) = segment.new_range();
                let mut before = f64::NEG_INFINITY;
                for k in 0..200 {
                    let t = first + (last - first) * f64::from(k) / 199.0;
                    let r = segment.curve().y_at(t.min(last)).unwrap();
                    prop_assert!(r > before);
                    before = r;
                    let back = warp.new_from_ref(r).unwrap();
                    prop_assert!((segment.curve().y_at(back).unwrap() - r).abs() < 1e-9);
                }
            }
        }

        #[test]
        fn shifting_a_clock_shifts_the_map(pairs in ride(), shift in -50.0f64..50.0) {
            let moved: Vec<Pair> = pairs.iter().map(|p| Pair { t_ref_secs: p.t_ref_secs + shift, ..*p }).collect();
            let (a, b) = (fit_monotone(&pairs, &[]), fit_monotone(&moved, &[]));
            prop_assert_eq!(a.segments().len(), b.segments().len());
            for s in a.segments() {
                for &t in s.curve().x() {
                    let (x, y) = (a.ref_from_new(t).unwrap(), b.ref_from_new(t).unwrap());
                    prop_assert!((x + shift - y).abs() < 1e-6, "{} {}", x + shift, y);
                }
            }
        }

        #[test]
        fn an_anchor_on_the_curve_changes_nothing(share in 0.1f64..0.9) {
            let all = pairs(0.0, 40.0, wavy);
            let before = fit_monotone(&all, &[]);
            let t_new_secs = 40.0 * share;
            let anchor = Anchor { t_new_secs, t_ref_secs: before.ref_from_new(t_new_secs).unwrap() };
            let after = fit_monotone(&all, &[anchor]);
            for k in 1..400 {
                let t = f64::from(k) / 10.0;
                let (a, b) = (before.ref_from_new(t).unwrap(), after.ref_from_new(t).unwrap());
                prop_assert!((a - b).abs() < 2e-3, "at {}: {} {}", t, a, b);
            }
        }
    }
}
