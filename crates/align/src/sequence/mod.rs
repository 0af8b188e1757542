//! The sequence model: which place follows which.
//!
//! A hidden Markov model over the reference frames. In each new frame the rider is either *on* the reference trail at
//! frame `j`, or *off* it (before the start, past the end, on a detour), having left it at `j`. Riding on moves
//! forward by a log-normal speed ratio; standing still, the reference standing still (a jump forward) and leaving
//! the trail have small probabilities; nobody ever goes back. Forward–backward gives the posterior of every state, so
//! the result knows its own uncertainty, and a pair of different trails ends up *off* nearly everywhere.
//!
//! Cost is proportional to the number of cells of the evidence; sums run in a fixed order. Evidence with bands (see
//! [`crate::band`]) makes that proportional to the length of the recordings.

mod doubt;
mod model;
mod pace;
mod posterior;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::evidence::Matrix;
use crate::stats::median;
use crate::tuning::MAX_OFF;
use model::Model;
use pace::Pace;

/// What the sequence model believes about one new frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Most probable reference time, seconds: the centre of the heaviest stretch of the posterior.
    pub t_ref_secs: f64,
    /// Posterior probability of being within about half a second of it.
    pub here: f64,
    /// Posterior probability of having no counterpart.
    pub off: f64,
}

impl Belief {
    /// Whether the rider is likelier on the trail than off it.
    pub fn is_on_trail(&self) -> bool {
        self.off < MAX_OFF
    }
}

/// A belief and how far the posterior reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The belief.
    pub belief: Belief,
    /// Reference time before which next to nothing of the posterior lies, seconds.
    pub low_secs: f64,
    /// Reference time after which next to nothing lies, seconds.
    pub high_secs: f64,
}

impl Reach {
    /// A belief whose reach does not matter any more.
    pub fn sharp(belief: Belief) -> Self {
        Self {
            belief,
            low_secs: belief.t_ref_secs,
            high_secs: belief.t_ref_secs,
        }
    }
}

/// Run the model. `t_new` and `t_ref` are the frame times of the evidence's rows and columns, increasing, seconds.
/// Returns one belief per row; empty when either side is empty or the sizes disagree.
pub fn beliefs(llr: &Matrix, t_new: &[f64], t_ref: &[f64]) -> Vec<Belief> {
    reaches(llr, t_new, t_ref).into_iter().map(|r| r.belief).collect()
}

/// Run the model as [`beliefs`] does, and say how far each posterior reaches.
pub fn reaches(llr: &Matrix, t_new: &[f64], t_ref: &[f64]) -> Vec<Reach> {
    let (n, m) = (llr.rows(), llr.columns());
    if n == 0 || m == 0 || t_new.len() != n || t_ref.len() != m || llr.bands().iter().any(Range::is_empty) {
        return Vec::new();
    }
    let mut model = Model {
        spacing: median_spacing(t_ref),
        m,
        pace: Pace::UNKNOWN,
    };
    let mut found = model.smooth(llr, t_new, t_ref, &model.forward(llr, t_new));
    if let Some(pace) = Pace::measure(&found, t_new) {
        model.pace = pace;
        found = model.smooth(llr, t_new, t_ref, &model.forward(llr, t_new));
    }
    doubt::leaps(&mut found, llr, t_new, t_ref);
    doubt::displacements(&mut found, llr, t_ref);
    doubt::edges(&mut found);
    found
}

fn median_spacing(t: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = t.windows(2).map(|w| w[1] - w[0]).collect();
    median(&mut gaps).unwrap_or(1.0).max(1e-3)
}
