//! Sequence model: a hidden Markov model over the reference frames (forward-backward algorithm; Rabiner
//! 1989).
//!
//! States at new frame `i`: *on* the reference trail at frame `j`, or *off* it, having left it at `j` (before
//! the start, past the end, on a detour). With the evidence `e_ij` (natural logarithm) and the transition
//! `T`, both of as many states,
//!
//! - forward: `a_i = e^{e_i} * (T' a_{i-1})`, backward: `b_{i-1} = T (e^{e_i} * b_i)`, each normalised per
//!   frame;
//! - posterior of each state: `a_i * b_i`, normalised.
//!
//! Riding on moves forward by a log-normal speed ratio; standing still, the reference standing still (a jump
//! forward) and leaving the trail have small probabilities. Nobody rides back, but who left the trail may
//! come back some way behind, having walked; the second pass of that ground then counts as *off*
//! ([`second_pass`]). The result knows its own uncertainty, and a pair of different trails ends up *off*
//! nearly everywhere. The speed ratio is measured on a first result, and the model run again.
//!
//! Cost is proportional to the number of cells of the evidence; sums run in a fixed order. Evidence with
//! bands (see [`crate::band`]) makes that proportional to the length of the recordings.

mod certainty;
mod model;
mod posterior;
mod second_pass;
mod speed_ratio;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::evidence::Matrix;
use crate::stats::median;
use crate::tuning::{EXPLAINS_MORE_SECS, MAX_OFF, RETURN_BEHIND};
use model::SequenceModel;
use second_pass::GoingBack;
use speed_ratio::SpeedRatio;

/// Marginal posterior of one new frame, summarised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    /// Most probable reference time, seconds: the centre of the heaviest stretch of the posterior.
    pub t_ref_secs: f64,
    /// Posterior probability of being within 0.7 s of it, on the trail.
    pub on: f64,
    /// Posterior probability of having no counterpart.
    pub off: f64,
}

impl Posterior {
    /// Whether the rider is likelier on the trail than off it.
    pub fn is_on_trail(&self) -> bool {
        self.off < MAX_OFF
    }
}

/// A posterior with its credible interval, which holds all but a thousandth of the mass on the trail at each
/// end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PosteriorInterval {
    /// The posterior.
    pub posterior: Posterior,
    /// Lower end, seconds of reference time.
    pub low_secs: f64,
    /// Upper end, seconds of reference time.
    pub high_secs: f64,
    /// Share of the mass on the trail within 45 s of the place, 0..1.
    pub near: f64,
}

impl PosteriorInterval {
    /// A posterior whose interval does not matter any more.
    pub fn point(posterior: Posterior) -> Self {
        Self {
            posterior,
            low_secs: posterior.t_ref_secs,
            high_secs: posterior.t_ref_secs,
            near: 1.0,
        }
    }
}

/// Run the model. `t_new` and `t_ref` are the frame times of the evidence's rows and columns, increasing,
/// seconds. Returns one posterior per row; empty when either side is empty or the sizes disagree.
///
/// ```
/// use mtbsync_align::evidence::{Matrix, log_likelihood_ratios, z_scores};
/// use mtbsync_align::sequence::posteriors;
///
/// // 30 new frames that look like the 30 reference frames at the same times.
/// let similarity = (0..900).map(|cell| if cell / 30 == cell % 30 { 0.9 } else { 0.1 }).collect();
/// let llr = log_likelihood_ratios(&z_scores(Matrix::new(30, 30, similarity).unwrap()));
/// let t_secs: Vec<f64> = (0..30).map(|k| f64::from(k) / 3.0).collect();
/// let found = posteriors(&llr, &t_secs, &t_secs);
/// assert!((found[15].t_ref_secs - 5.0).abs() < 0.1 && found[15].is_on_trail());
/// ```
pub fn posteriors(llr: &Matrix, t_new: &[f64], t_ref: &[f64]) -> Vec<Posterior> {
    posterior_intervals(llr, t_new, t_ref)
        .into_iter()
        .map(|r| r.posterior)
        .collect()
}

/// Run the model as [`posteriors`] does; each posterior with its credible interval.
pub fn posterior_intervals(llr: &Matrix, t_new: &[f64], t_ref: &[f64]) -> Vec<PosteriorInterval> {
    let (n, m) = (llr.rows(), llr.columns());
    if n == 0 || m == 0 || t_new.len() != n || t_ref.len() != m || llr.bands().iter().any(Range::is_empty) {
        return Vec::new();
    }
    let rides = |return_behind: f64| rides(llr, t_new, t_ref, return_behind);
    let mut found = rides(RETURN_BEHIND);
    let going_back = second_pass::leave_out(&mut found);
    if going_back != GoingBack::Never {
        // A ride that never goes back and explains more is the better story.
        let ahead = rides(0.0);
        let gained_secs = on_trail_secs(&ahead, t_new) - on_trail_secs(&found, t_new);
        if going_back == GoingBack::Unlikely || gained_secs > EXPLAINS_MORE_SECS {
            found = ahead;
        }
    }
    certainty::leaps(&mut found, llr, t_new, t_ref);
    certainty::displacements(&mut found, llr, t_ref);
    certainty::edges(&mut found);
    found
}

/// Run the model twice, the second time with the speed ratio of the first result.
fn rides(llr: &Matrix, t_new: &[f64], t_ref: &[f64], return_behind: f64) -> Vec<PosteriorInterval> {
    let mut model = SequenceModel {
        spacing: median_spacing(t_ref),
        m: llr.columns(),
        speed_ratio: SpeedRatio::UNKNOWN,
        return_behind,
    };
    let first = model.smooth(llr, t_new, t_ref, &model.forward(llr, t_new));
    let Some(speed_ratio) = SpeedRatio::measure(&first, t_new) else {
        return first;
    };
    model.speed_ratio = speed_ratio;
    model.smooth(llr, t_new, t_ref, &model.forward(llr, t_new))
}

/// New time on the trail, seconds.
fn on_trail_secs(found: &[PosteriorInterval], t_new: &[f64]) -> f64 {
    let on = found
        .iter()
        .enumerate()
        .filter(|(_, r)| r.posterior.is_on_trail());
    on.map(|(i, _)| frame_secs(t_new, i)).sum()
}

/// New time that frame `i` stands for, seconds.
pub(crate) fn frame_secs(t_new: &[f64], i: usize) -> f64 {
    let at = |i: usize| t_new.get(i).copied();
    let before = i.checked_sub(1).and_then(at).or(at(i));
    let after = at(i + 1).or(at(i));
    before
        .zip(after)
        .map_or(0.0, |(before, after)| 0.5 * (after - before))
}

fn median_spacing(t: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = t.windows(2).map(|w| w[1] - w[0]).collect();
    median(&mut gaps).unwrap_or(1.0).max(1e-3)
}
