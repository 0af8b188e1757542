//! Times at which the path is smoothed: every pair and anchor, and enough between to keep the curve's shape.

use super::anchors::Anchor;
use super::knot_certainty::{Misfits, in_gap};
use super::knots::{KnotSeries, MIN_KNOT_GAP_SECS};
use crate::pair::Pair;
use crate::smooth::{Motion, PathObservation, PathState, Sighting, smooth_moving};
use crate::stats::median;
use crate::tuning::{GIVEN_SIGMA_SECS, MAX_KNOT_GAP_SECS, UNSEEN_GAP_SECS, UNSEEN_STEPS};

/// A pair or an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) enum FitPoint {
    Measured(Pair),
    Given(Anchor),
}

impl FitPoint {
    pub fn t_new(&self) -> f64 {
        match self {
            Self::Measured(p) => p.t_new_secs,
            Self::Given(a) => a.t_new_secs,
        }
    }

    pub fn t_ref(&self) -> f64 {
        match self {
            Self::Measured(p) => p.t_ref_secs,
            Self::Given(a) => a.t_ref_secs,
        }
    }

    /// As [`crate::smooth::motions`] looks at it.
    pub fn sighting(&self) -> Sighting {
        let sigma_secs = match self {
            Self::Measured(p) => p.sigma_secs.max(1e-4),
            Self::Given(_) => GIVEN_SIGMA_SECS,
        };
        (self.t_new(), self.t_ref(), sigma_secs)
    }

    fn observation(&self) -> PathObservation {
        match *self {
            Self::Measured(p) => PathObservation::Measured {
                t_ref_secs: p.t_ref_secs,
                sigma_secs: p.sigma_secs.max(1e-4),
            },
            Self::Given(a) => PathObservation::Given {
                t_ref_secs: a.t_ref_secs,
            },
        }
    }

    pub fn is_given(&self) -> bool {
        matches!(self, Self::Given(_))
    }
}

/// Times at which the path is computed: every point, and enough between to keep the curve's shape.
pub(super) struct TimeGrid {
    t: Vec<f64>,
    known: Vec<PathObservation>,
    certainty: Vec<f64>,
}

impl TimeGrid {
    pub fn new(points: &[FitPoint]) -> Self {
        let mut grid = Self {
            t: Vec::new(),
            known: Vec::new(),
            certainty: Vec::new(),
        };
        let mut steps: Vec<f64> = points.windows(2).map(|w| w[1].t_new() - w[0].t_new()).collect();
        let unseen_secs = UNSEEN_GAP_SECS.max(UNSEEN_STEPS * median(&mut steps).unwrap_or(0.0));
        let mut before = 1.0;
        for (k, point) in points.iter().enumerate() {
            let certainty = match point {
                FitPoint::Measured(p) => p.certainty,
                FitPoint::Given(_) => 1.0,
            };
            if let Some(&last) = grid.t.last() {
                let gap = point.t_new() - last;
                let parts = (gap / MAX_KNOT_GAP_SECS).ceil() as usize;
                for part in 1..parts {
                    let share = part as f64 / parts as f64;
                    let between = before * (1.0 - share) + certainty * share;
                    grid.push(
                        last + gap * share,
                        PathObservation::Missing,
                        between * in_gap(gap * share.min(1.0 - share), gap, unseen_secs),
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
                grid.push(t, point.observation(), certainty);
            }
            before = certainty;
        }
        grid
    }

    fn push(&mut self, t: f64, known: PathObservation, certainty: f64) {
        self.t.push(t);
        self.known.push(known);
        self.certainty.push(certainty);
    }

    /// Smooth each stretch between leaps by itself; the new rider moves as `motion` says before each point of
    /// `path`.
    pub fn smooth(&self, leaps: &[f64], path: &[(f64, f64)], motion: &[Motion]) -> Vec<PathState> {
        let before = |&t: &f64| {
            let k = path.partition_point(|p| p.0 < t);
            motion.get(k).copied().unwrap_or(Motion::Ride)
        };
        let motion: Vec<Motion> = self.t.iter().map(before).collect();
        let mut states = Vec::with_capacity(self.t.len());
        let mut from = 0;
        for leap in leaps.iter().copied().chain([f64::INFINITY]) {
            let to = self.t.partition_point(|&t| t < leap);
            // Times at which nothing is known belong to the stretch after them: alone they have no path.
            if self.known[from..to]
                .iter()
                .all(|k| matches!(k, PathObservation::Missing))
            {
                continue;
            }
            states.extend(smooth_moving(
                &self.t[from..to],
                &self.known[from..to],
                &motion[from..to],
            ));
            from = to;
        }
        states
    }

    /// How far the pairs lie beside the smoothed path.
    pub fn misfits(&self, states: &[PathState]) -> Misfits {
        let measured = self.known.iter().zip(states).zip(&self.t);
        Misfits::new(measured.filter_map(|((known, state), &t)| match *known {
            PathObservation::Measured {
                t_ref_secs,
                sigma_secs,
            } => Some((t, t_ref_secs - state.t_ref_secs, sigma_secs)),
            _ => None,
        }))
    }

    /// Thin the grid to knots; given points always are knots.
    pub fn knots(&self, states: &[PathState]) -> KnotSeries {
        let mut knots = KnotSeries::default();
        let given = |k: usize| matches!(self.known[k], PathObservation::Given { .. });
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
                PathObservation::Given { t_ref_secs } => t_ref_secs,
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
