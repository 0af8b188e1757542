//! The hidden Markov model itself: transitions, forward and backward pass.

use std::ops::Range;

use super::PosteriorInterval;
use super::posterior::summarise;
use super::speed_ratio::SpeedRatio;
use crate::evidence::Matrix;
use crate::tuning::{
    JUMP, JUMP_MEAN_SECS, LEAVE_PER_SEC, MAX_RATIO, RATIO_SAMPLES, RATIO_SIGMAS, RETURN_BEHIND_MEAN_SECS,
    RETURN_MEAN_SECS, RETURN_PER_SEC, STAND,
};

/// Places that are moved at once: long enough for vectors, short enough to stay in the nearest cache for all
/// steps of a kernel.
const BLOCK: usize = 256;

pub(super) struct SequenceModel {
    /// Seconds between reference frames.
    pub spacing: f64,
    /// Number of reference frames.
    pub m: usize,
    /// How the riders compare.
    pub speed_ratio: SpeedRatio,
    /// Share of the returns that end behind where the trail was left.
    pub return_behind: f64,
}

/// Probabilities of a step of `dt` seconds.
struct Transition {
    /// Of moving ahead by so many reference frames, where it is not 0: by increasing numbers, as many as the
    /// speed ratio has samples, however long the step.
    kernel: Vec<(usize, f64)>,
    leave: f64,
    come_back: f64,
}

/// Filtered probabilities in the order of the evidence's cells: on the trail at `j`, and off since leaving at
/// `j`.
pub(super) struct ForwardMass {
    on: Vec<f32>,
    off: Vec<f32>,
}

/// Probabilities of all places, of which only those within `band` count. Leaving the band means leaving the
/// trail's possibilities: nothing moves there; who left the trail before the band waits at its start.
struct StateMass {
    on: Vec<f64>,
    off: Vec<f64>,
    band: Range<usize>,
}

impl StateMass {
    fn new(m: usize, band: Range<usize>) -> Self {
        Self {
            on: vec![0.0; m],
            off: vec![0.0; m],
            band,
        }
    }

    /// Divide by `total`; all 0 when that is.
    fn scale(&mut self, total: f64) {
        let scale = if total > 0.0 { 1.0 / total } else { 0.0 };
        let off = &mut self.off[self.band.clone()];
        for (p, q) in self.on[self.band.clone()].iter_mut().zip(off) {
            *p *= scale;
            *q *= scale;
        }
    }
}

impl SequenceModel {
    fn transition(&self, dt: f64) -> Transition {
        let reach = (dt * MAX_RATIO / self.spacing).ceil() as usize + 1;
        let mut kernel = vec![0.0; reach + 1];
        for k in -RATIO_SAMPLES..=RATIO_SAMPLES {
            let z = RATIO_SIGMAS * f64::from(k) / f64::from(RATIO_SAMPLES);
            let ratio = (self.speed_ratio.log_mean + z * self.speed_ratio.log_sigma)
                .exp()
                .min(MAX_RATIO);
            // A place between two frames belongs to both.
            let ahead = ratio * dt / self.spacing;
            let weight = (-0.5 * z * z).exp();
            let (frame, share) = (ahead.floor() as usize, ahead.fract());
            kernel[frame.min(reach)] += weight * (1.0 - share);
            kernel[(frame + 1).min(reach)] += weight * share;
        }
        let total: f64 = kernel.iter().sum();
        for p in &mut kernel {
            *p *= (1.0 - STAND - JUMP) / total;
        }
        if let Some(stay) = kernel.first_mut() {
            *stay += STAND;
        }
        Transition {
            kernel: kernel.into_iter().enumerate().filter(|&(_, p)| p > 0.0).collect(),
            leave: 1.0 - (1.0 - LEAVE_PER_SEC).powf(dt),
            come_back: 1.0 - (1.0 - RETURN_PER_SEC).powf(dt),
        }
    }

    /// Decay per frame of an exponential jump of `mean_secs`.
    fn decay(&self, mean_secs: f64) -> f64 {
        (-self.spacing / mean_secs).exp()
    }

    /// Spread of the probability of moving ahead from one band to the next: kernel plus jumps.
    fn ride(
        &self,
        step: &Transition,
        from: &[f64],
        here: &Range<usize>,
        to: &mut [f64],
        there: &Range<usize>,
    ) {
        for start in there.clone().step_by(BLOCK) {
            let end = there.end.min(start + BLOCK);
            to[start..end].fill(0.0);
            for &(ahead, k) in step.kernel.iter().rev() {
                let (first, last) = (start.max(here.start + ahead), end.min(here.end + ahead));
                if first < last {
                    add_times(&mut to[first..last], &from[first - ahead..last - ahead], k);
                }
            }
        }
        let decay = self.decay(JUMP_MEAN_SECS);
        let mut jumping = 0.0;
        for j in here.start..there.end {
            if j >= there.start {
                to[j] += JUMP * (1.0 - decay) * jumping;
            }
            jumping = jumping * decay + if here.contains(&j) { from[j] } else { 0.0 };
        }
    }

    /// Transpose of [`Self::ride`]: from the band ahead (`there`) to that behind (`here`).
    fn ride_back(
        &self,
        step: &Transition,
        from: &[f64],
        there: &Range<usize>,
        to: &mut [f64],
        here: &Range<usize>,
    ) {
        for start in here.clone().step_by(BLOCK) {
            let end = here.end.min(start + BLOCK);
            to[start..end].fill(0.0);
            for &(ahead, k) in &step.kernel {
                let first = start.max(there.start.saturating_sub(ahead));
                let last = end.min(there.end.saturating_sub(ahead));
                if first < last {
                    add_times(&mut to[first..last], &from[first + ahead..last + ahead], k);
                }
            }
        }
        let decay = self.decay(JUMP_MEAN_SECS);
        let mut jumping = 0.0;
        for j in (here.start..there.end).rev() {
            if here.contains(&j) {
                to[j] += JUMP * (1.0 - decay) * jumping;
            }
            jumping = jumping * decay + if j >= there.start { from[j] } else { 0.0 };
        }
    }

    /// Spread of riders who come back: at or ahead of where they left, or some way behind it.
    fn rejoin(&self, from: &[f64], here: &Range<usize>, to: &mut [f64], there: &Range<usize>) {
        let ahead = 0.5 * (1.0 - self.return_behind);
        let decay = self.decay(RETURN_MEAN_SECS);
        let (mut near, mut anywhere) = (0.0, 0.0);
        for j in here.start..there.end {
            let p = if here.contains(&j) { from[j] } else { 0.0 };
            near = near * decay + p;
            anywhere += p / (self.m - j) as f64;
            if j >= there.start {
                to[j] = ahead * ((1.0 - decay) * near + anywhere);
            }
        }
        let decay = self.decay(RETURN_BEHIND_MEAN_SECS);
        let mut behind = 0.0;
        for j in there.clone().rev() {
            to[j] += self.return_behind * (1.0 - decay) * behind;
            behind = behind * decay + if here.contains(&j) { from[j] } else { 0.0 };
        }
    }

    /// Transpose of [`Self::rejoin`].
    fn rejoin_back(&self, from: &[f64], there: &Range<usize>, to: &mut [f64], here: &Range<usize>) {
        let ahead = 0.5 * (1.0 - self.return_behind);
        let decay = self.decay(RETURN_MEAN_SECS);
        let (mut near, mut anywhere) = (0.0, 0.0);
        for j in (here.start..there.end).rev() {
            let p = if j >= there.start { from[j] } else { 0.0 };
            near = near * decay + p;
            anywhere += p;
            if here.contains(&j) {
                to[j] = ahead * ((1.0 - decay) * near + anywhere / (self.m - j) as f64);
            }
        }
        let decay = self.decay(RETURN_BEHIND_MEAN_SECS);
        let mut behind = 0.0;
        for j in there.start..here.end {
            if here.contains(&j) {
                to[j] += self.return_behind * (1.0 - decay) * behind;
            }
            behind = behind * decay + from[j];
        }
    }

    pub fn forward(&self, llr: &Matrix, t_new: &[f64]) -> ForwardMass {
        let m = self.m;
        let mut stored = ForwardMass {
            on: vec![0.0; llr.len()],
            off: vec![0.0; llr.len()],
        };
        let mut now = StateMass::new(m, llr.band(0));
        now.on[llr.band(0)].fill(0.5 / llr.band(0).len() as f64);
        now.off[llr.band(0).start] = 0.5;
        let mut next = StateMass::new(m, llr.band(0));
        let (mut ridden, mut rejoined) = (vec![0.0; m], vec![0.0; m]);
        for i in 0..llr.rows() {
            if i > 0 {
                let (here, there) = (llr.band(i - 1), llr.band(i));
                let step = self.transition(step_secs(t_new, i));
                self.ride(&step, &now.on, &here, &mut ridden, &there);
                self.rejoin(&now.off, &here, &mut rejoined, &there);
                next.band = there.clone();
                next.off[there.clone()].fill(0.0);
                for j in here {
                    next.off[j.max(there.start)] +=
                        now.off[j] * (1.0 - step.come_back) + now.on[j] * step.leave;
                }
                for j in there {
                    next.on[j] = ridden[j] * (1.0 - step.leave) + rejoined[j] * step.come_back;
                }
                std::mem::swap(&mut now, &mut next);
            }
            let band = now.band.clone();
            for (p, &e) in now.on[band.clone()].iter_mut().zip(llr.row(i)) {
                *p *= f64::from(e).exp();
            }
            let total: f64 =
                now.on[band.clone()].iter().sum::<f64>() + now.off[band.clone()].iter().sum::<f64>();
            now.scale(total);
            let at = llr.cells(i);
            let store = |stored: &mut [f32], p: &[f64]| {
                stored.iter_mut().zip(p).for_each(|(s, &p)| *s = p as f32);
            };
            store(&mut stored.on[at.clone()], &now.on[band.clone()]);
            store(&mut stored.off[at], &now.off[band]);
        }
        stored
    }

    pub fn smooth(
        &self,
        llr: &Matrix,
        t_new: &[f64],
        t_ref: &[f64],
        forward: &ForwardMass,
    ) -> Vec<PosteriorInterval> {
        let (n, m) = (llr.rows(), self.m);
        let mut intervals = Vec::with_capacity(n);
        let last = llr.band(n - 1);
        let mut now = StateMass::new(m, last.clone());
        now.on[last.clone()].fill(1.0);
        now.off[last.clone()].fill(1.0);
        let mut before = StateMass::new(m, last);
        let (mut seen, mut ridden, mut rejoined) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
        let mut posterior = Vec::new();
        for i in (0..n).rev() {
            let (at, there) = (llr.cells(i), llr.band(i));
            let on = forward.on[at.clone()].iter().zip(&now.on[there.clone()]);
            posterior.clear();
            posterior.extend(on.map(|(&f, &b)| f64::from(f) * b));
            let off = forward.off[at].iter().zip(&now.off[there.clone()]);
            let none: f64 = off.map(|(&f, &b)| f64::from(f) * b).sum();
            intervals.push(summarise(&posterior, none, &t_ref[there.clone()], self.spacing));
            let Some(behind) = i.checked_sub(1) else { break };
            let here = llr.band(behind);
            let step = self.transition(step_secs(t_new, i));
            for (j, &e) in there.clone().zip(llr.row(i)) {
                seen[j] = now.on[j] * f64::from(e).exp();
            }
            self.ride_back(&step, &seen, &there, &mut ridden, &here);
            self.rejoin_back(&seen, &there, &mut rejoined, &here);
            before.band = here.clone();
            let mut largest = 0.0f64;
            for j in here {
                let stays_off = now.off[j.max(there.start)];
                before.on[j] = ridden[j] * (1.0 - step.leave) + stays_off * step.leave;
                before.off[j] = rejoined[j] * step.come_back + stays_off * (1.0 - step.come_back);
                largest = largest.max(before.on[j]).max(before.off[j]);
            }
            before.scale(largest);
            std::mem::swap(&mut now, &mut before);
        }
        intervals.reverse();
        intervals
    }
}

/// `sums += factor * values`.
fn add_times(sums: &mut [f64], values: &[f64], factor: f64) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

/// Seconds from the frame before to frame `i`; times in a recording increase, but never trust a file.
fn step_secs(t_new: &[f64], i: usize) -> f64 {
    (t_new[i] - t_new[i - 1]).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(a: &[f64], b: &[f64], band: &Range<usize>) -> f64 {
        a[band.clone()]
            .iter()
            .zip(&b[band.clone()])
            .map(|(a, b)| a * b)
            .sum()
    }

    #[test]
    fn a_longer_step_costs_no_more() {
        let model = SequenceModel {
            spacing: 1.0 / 3.0,
            m: 40_000,
            speed_ratio: SpeedRatio::UNKNOWN,
            return_behind: 0.1,
        };
        let most = 2 * (2 * RATIO_SAMPLES as usize + 1) + 1;
        for step_secs in [0.3, 3.0, 30.0, 300.0] {
            let kernel = model.transition(step_secs).kernel;
            assert!(kernel.len() <= most, "{step_secs}: {}", kernel.len());
            let total: f64 = kernel.iter().map(|k| k.1).sum();
            assert!((total - (1.0 - JUMP)).abs() < 1e-9);
        }
    }

    #[test]
    fn backward_steps_are_the_transposes_of_forward_steps() {
        let model = SequenceModel {
            spacing: 0.33,
            m: 120,
            speed_ratio: SpeedRatio::UNKNOWN,
            return_behind: 0.1,
        };
        let step = model.transition(0.4);
        let noise = |k: usize| {
            (0..model.m)
                .map(|j| ((j * k) as f64).sin().abs())
                .collect::<Vec<f64>>()
        };
        let (x, y) = (noise(7), noise(11));
        for (here, there) in [
            (0..120, 0..120),
            (5..60, 5..60),
            (10..50, 17..90),
            (10..50, 45..100),
        ] {
            let (mut ahead, mut back) = (vec![0.0; model.m], vec![0.0; model.m]);
            model.ride(&step, &x, &here, &mut ahead, &there);
            model.ride_back(&step, &y, &there, &mut back, &here);
            let (a, b) = (product(&ahead, &y, &there), product(&x, &back, &here));
            assert!(
                (a - b).abs() < 1e-9 * a.max(1.0),
                "riding {here:?} {there:?}: {a} {b}"
            );
            model.rejoin(&x, &here, &mut ahead, &there);
            model.rejoin_back(&y, &there, &mut back, &here);
            let (a, b) = (product(&ahead, &y, &there), product(&x, &back, &here));
            assert!(
                (a - b).abs() < 1e-9 * a.max(1.0),
                "returning {here:?} {there:?}: {a} {b}"
            );
        }
    }
}
