//! Knots of a segment: thinned from the grid, made strictly increasing.

use super::knot_certainty::PaceSpread;
use crate::isotonic::isotonic;
use crate::tuning::{LEAST_RATE, MIN_SLOPE, RATE_SPAN_SECS, STEEPEST};

/// Knots are no closer than this (the file format's rule), seconds.
pub(super) const MIN_KNOT_GAP_SECS: f64 = 0.1;

/// Knots in order of new time, seconds.
#[derive(Default)]
pub(super) struct KnotSeries {
    pub t_new: Vec<f64>,
    pub t_ref: Vec<f64>,
    pub sigma: Vec<f64>,
    pub certainty: Vec<f64>,
    pub given: Vec<bool>,
}

impl KnotSeries {
    pub fn pop(&mut self) {
        self.t_new.pop();
        self.t_ref.pop();
        self.sigma.pop();
        self.certainty.pop();
        self.given.pop();
    }

    /// Reference seconds per new second around knot `k`, `pace` as is usual.
    pub fn rate(&self, k: usize, pace: f64) -> f64 {
        let (from, to) = self.around(k);
        let rate = self.slope(from, to).unwrap_or(1.0);
        rate.clamp(LEAST_RATE, (STEEPEST * pace).max(LEAST_RATE))
    }

    /// The rates before and after knot `k`; at an end, that of its only side twice.
    pub fn rates_beside(&self, k: usize) -> (f64, f64) {
        let (from, to) = self.around(k);
        match (self.slope(from, k), self.slope(k, to)) {
            (Some(before), Some(after)) => (before, after),
            (Some(only), None) | (None, Some(only)) => (only, only),
            (None, None) => (1.0, 1.0),
        }
    }

    /// New times of the first and the last knot at a usual pace, taken over a full span each side; `None`
    /// without one.
    pub fn at_usual_pace(&self, paces: &PaceSpread) -> Option<(f64, f64)> {
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

    /// First and last of the knots at most [`RATE_SPAN_SECS`] before and after knot `k`.
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
    pub fn make_increasing(&mut self) {
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
