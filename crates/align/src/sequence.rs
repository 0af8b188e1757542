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

use std::ops::Range;

use crate::evidence::Matrix;

/// Standard deviation of the logarithm of the speed ratio before anything is known: riders on one trail differ by up to a
/// factor of three either way in short stretches.
const LOG_RATIO_SIGMA: f64 = 0.45;
/// Least standard deviation when the pair itself shows how alike its riders are.
const MIN_LOG_RATIO_SIGMA: f64 = 0.08;
/// The riders' likeness is taken over this long, seconds.
const RATIO_CHORD_SECS: f64 = 2.0;
/// Measured spread times this is used: the path it is measured on is already smoothed.
const SPREAD_MARGIN: f64 = 1.5;
/// Least number of frames on the trail for measuring.
const MIN_MEASURED_FRAMES: usize = 40;
/// Points at which the distribution of the speed ratio is sampled, and how far out, in standard deviations.
const RATIO_SAMPLES: i32 = 24;
const RATIO_REACH: f64 = 2.5;
/// Fastest new rider: reference seconds per new second in one step of the kernel.
pub(crate) const MAX_RATIO: f64 = 3.4;
/// Share of steps in which the new rider stands still.
const STAND: f64 = 0.02;
/// Share of steps that jump ahead farther than riding explains: the reference rider stood still there.
const JUMP: f64 = 0.004;
/// Mean length of such a jump, seconds.
const JUMP_MEAN_SECS: f64 = 4.0;
/// Probability per second of leaving the reference trail.
const LEAVE_PER_SEC: f64 = 0.03;
/// Probability per second of coming back to it.
const RETURN_PER_SEC: f64 = 0.06;
/// Mean distance ahead at which a rider who left comes back, seconds; half of the returns are spread over the whole rest
/// instead.
const RETURN_MEAN_SECS: f64 = 10.0;
/// Half width of the window whose posterior mass counts as "here", seconds of reference time.
const HERE_SECS: f64 = 0.7;

/// Share of the posterior that may lie beyond each end of a [`Reach`].
const REACH_TAIL: f64 = 1e-3;

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
    let first = model.smooth(llr, t_new, t_ref, &model.forward(llr, t_new));
    let Some(pace) = Pace::measure(&first, t_new) else {
        return first;
    };
    model.pace = pace;
    model.smooth(llr, t_new, t_ref, &model.forward(llr, t_new))
}

/// How the new rider's speed compares with the reference rider's.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    /// Typical logarithm of the ratio.
    log_ratio: f64,
    /// Its standard deviation.
    sigma: f64,
}

impl Pace {
    const UNKNOWN: Self = Self {
        log_ratio: 0.0,
        sigma: LOG_RATIO_SIGMA,
    };

    /// The pace of a first result, when it is narrower than what is assumed anyway.
    fn measure(reaches: &[Reach], t_new: &[f64]) -> Option<Self> {
        let on: Vec<(f64, f64)> = reaches
            .iter()
            .zip(t_new)
            .filter(|(r, _)| r.belief.off < 0.5)
            .map(|(r, &t)| (t, r.belief.t_ref_secs))
            .collect();
        if on.len() < MIN_MEASURED_FRAMES {
            return None;
        }
        let mut logs = Vec::new();
        let mut from = 0;
        for to in 0..on.len() {
            while on[to].0 - on[from].0 > RATIO_CHORD_SECS {
                from += 1;
            }
            let dt = on[to].0 - on[from].0;
            if dt > 0.75 * RATIO_CHORD_SECS {
                logs.push(((on[to].1 - on[from].1) / dt).max(0.05).ln());
            }
        }
        let middle = quantile(&mut logs, 0.5)?;
        // Between the 16th and 84th percentile lie two standard deviations; stops and mistakes lie outside.
        let spread = 0.5 * (quantile(&mut logs, 0.84)? - quantile(&mut logs, 0.16)?);
        let sigma = (SPREAD_MARGIN * spread).max(MIN_LOG_RATIO_SIGMA);
        (sigma < LOG_RATIO_SIGMA).then_some(Self {
            log_ratio: middle,
            sigma,
        })
    }
}

fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get((q * values.len() as f64) as usize).copied()
}

fn median_spacing(t: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = t.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(1.0).max(1e-3)
}

struct Model {
    /// Seconds between reference frames.
    spacing: f64,
    /// Number of reference frames.
    m: usize,
    pace: Pace,
}

/// Probabilities of a step of `dt` seconds.
struct Step {
    /// Of moving ahead by 0, 1, 2, … reference frames.
    kernel: Vec<f64>,
    leave: f64,
    come_back: f64,
}

/// Filtered probabilities in the order of the evidence's cells: on the trail at `j`, and off since leaving at `j`.
struct Forward {
    on: Vec<f32>,
    off: Vec<f32>,
}

/// Probabilities of all places, of which only those within `band` count. Leaving the band means leaving the trail's
/// possibilities: nothing moves there; who left the trail before the band waits at its start.
struct Places {
    on: Vec<f64>,
    off: Vec<f64>,
    band: Range<usize>,
}

impl Places {
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

impl Model {
    fn step(&self, dt: f64) -> Step {
        let reach = (dt * MAX_RATIO / self.spacing).ceil() as usize + 1;
        let mut kernel = vec![0.0; reach + 1];
        for k in -RATIO_SAMPLES..=RATIO_SAMPLES {
            let z = RATIO_REACH * f64::from(k) / f64::from(RATIO_SAMPLES);
            let ratio = (self.pace.log_ratio + z * self.pace.sigma).exp().min(MAX_RATIO);
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
        Step {
            kernel,
            leave: 1.0 - (1.0 - LEAVE_PER_SEC).powf(dt),
            come_back: 1.0 - (1.0 - RETURN_PER_SEC).powf(dt),
        }
    }

    /// Decay per frame of an exponential jump of `mean_secs`.
    fn decay(&self, mean_secs: f64) -> f64 {
        (-self.spacing / mean_secs).exp()
    }

    /// Spread of the probability of moving ahead from one band to the next: kernel plus jumps.
    fn ride(&self, step: &Step, from: &[f64], here: &Range<usize>, to: &mut [f64], there: &Range<usize>) {
        to[there.clone()].fill(0.0);
        for j in here.clone() {
            let p = from[j];
            if p > 0.0 {
                let skip = there.start.saturating_sub(j).min(step.kernel.len());
                let targets = to[(j + skip).min(there.end)..there.end].iter_mut();
                for (target, &k) in targets.zip(&step.kernel[skip..]) {
                    *target += p * k;
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
        step: &Step,
        from: &[f64],
        there: &Range<usize>,
        to: &mut [f64],
        here: &Range<usize>,
    ) {
        for j in here.clone() {
            let skip = there.start.saturating_sub(j).min(step.kernel.len());
            let sources = &from[(j + skip).min(there.end)..there.end];
            to[j] = sources.iter().zip(&step.kernel[skip..]).map(|(p, k)| p * k).sum();
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

    /// Spread of riders who come back, at or ahead of where they left.
    fn rejoin(&self, from: &[f64], here: &Range<usize>, to: &mut [f64], there: &Range<usize>) {
        let decay = self.decay(RETURN_MEAN_SECS);
        let (mut near, mut anywhere) = (0.0, 0.0);
        for j in here.start..there.end {
            let p = if here.contains(&j) { from[j] } else { 0.0 };
            near = near * decay + p;
            anywhere += p / (self.m - j) as f64;
            if j >= there.start {
                to[j] = 0.5 * (1.0 - decay) * near + 0.5 * anywhere;
            }
        }
    }

    /// Transpose of [`Self::rejoin`].
    fn rejoin_back(&self, from: &[f64], there: &Range<usize>, to: &mut [f64], here: &Range<usize>) {
        let decay = self.decay(RETURN_MEAN_SECS);
        let (mut near, mut anywhere) = (0.0, 0.0);
        for j in (here.start..there.end).rev() {
            let p = if j >= there.start { from[j] } else { 0.0 };
            near = near * decay + p;
            anywhere += p;
            if here.contains(&j) {
                to[j] = 0.5 * (1.0 - decay) * near + 0.5 * anywhere / (self.m - j) as f64;
            }
        }
    }

    fn forward(&self, llr: &Matrix, t_new: &[f64]) -> Forward {
        let m = self.m;
        let mut stored = Forward {
            on: vec![0.0; llr.len()],
            off: vec![0.0; llr.len()],
        };
        let mut now = Places::new(m, llr.band(0));
        now.on[llr.band(0)].fill(0.5 / llr.band(0).len() as f64);
        now.off[llr.band(0).start] = 0.5;
        let mut next = Places::new(m, llr.band(0));
        let (mut ridden, mut rejoined) = (vec![0.0; m], vec![0.0; m]);
        for i in 0..llr.rows() {
            if i > 0 {
                let (here, there) = (llr.band(i - 1), llr.band(i));
                let step = self.step(step_secs(t_new, i));
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

    fn smooth(&self, llr: &Matrix, t_new: &[f64], t_ref: &[f64], forward: &Forward) -> Vec<Reach> {
        let (n, m) = (llr.rows(), self.m);
        let mut reaches = Vec::with_capacity(n);
        let last = llr.band(n - 1);
        let mut now = Places::new(m, last.clone());
        now.on[last.clone()].fill(1.0);
        now.off[last.clone()].fill(1.0);
        let mut before = Places::new(m, last);
        let (mut seen, mut ridden, mut rejoined) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
        let mut posterior = Vec::new();
        for i in (0..n).rev() {
            let (at, there) = (llr.cells(i), llr.band(i));
            let on = forward.on[at.clone()].iter().zip(&now.on[there.clone()]);
            posterior.clear();
            posterior.extend(on.map(|(&f, &b)| f64::from(f) * b));
            let off = forward.off[at].iter().zip(&now.off[there.clone()]);
            let none: f64 = off.map(|(&f, &b)| f64::from(f) * b).sum();
            reaches.push(self.summarise(&posterior, none, &t_ref[there.clone()]));
            let Some(behind) = i.checked_sub(1) else { break };
            let here = llr.band(behind);
            let step = self.step(step_secs(t_new, i));
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
        reaches.reverse();
        reaches
    }

    /// Heaviest window of the posterior over the reference frames at `t_ref` and its centre.
    fn summarise(&self, posterior: &[f64], none: f64, t_ref: &[f64]) -> Reach {
        let on: f64 = posterior.iter().sum();
        let total = on + none;
        if total <= 0.0 || on <= 0.0 {
            let nowhere = t_ref.first().copied().unwrap_or(0.0);
            let belief = Belief {
                t_ref_secs: nowhere,
                here: 0.0,
                off: 1.0,
            };
            return Reach {
                belief,
                low_secs: nowhere,
                high_secs: nowhere,
            };
        }
        let half = (HERE_SECS / self.spacing).round().max(1.0) as usize;
        let mut window: f64 = posterior.iter().take(half).sum();
        let (mut best, mut centre) = (-1.0, 0);
        for j in 0..posterior.len() {
            window += posterior.get(j + half).copied().unwrap_or(0.0);
            if window > best {
                (best, centre) = (window, j);
            }
            window -= if j >= half { posterior[j - half] } else { 0.0 };
        }
        let range = centre.saturating_sub(half)..(centre + half + 1).min(posterior.len());
        let mass: f64 = posterior[range.clone()].iter().sum();
        let mean = posterior[range.clone()]
            .iter()
            .zip(&t_ref[range])
            .map(|(p, t)| p * t)
            .sum::<f64>();
        let belief = Belief {
            t_ref_secs: if mass > 0.0 { mean / mass } else { t_ref[centre] },
            here: (mass / total).min(1.0),
            off: none / total,
        };
        let (low_secs, high_secs) = reach(posterior, on, t_ref);
        Reach {
            belief,
            low_secs,
            high_secs,
        }
    }
}

/// Times that all but [`REACH_TAIL`] of the mass `on` lie after and before.
fn reach(posterior: &[f64], on: f64, t_ref: &[f64]) -> (f64, f64) {
    fn beyond<'a>(places: impl Iterator<Item = (&'a f64, &'a f64)>, tail: f64) -> f64 {
        let mut sum = 0.0;
        let mut last = 0.0;
        for (&p, &t) in places {
            sum += p;
            last = t;
            if sum > tail {
                break;
            }
        }
        last
    }
    let tail = REACH_TAIL * on;
    let places = posterior.iter().zip(t_ref);
    (beyond(places.clone(), tail), beyond(places.rev(), tail))
}

/// Seconds from the frame before to frame `i`; times in a recording increase, but never trust a file.
fn step_secs(t_new: &[f64], i: usize) -> f64 {
    (t_new[i] - t_new[i - 1]).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evidence with a path: +4 on it (nearest frame), -2 elsewhere; nothing where `path` gives `None`.
    fn evidence(
        n: usize,
        m: usize,
        spacing: f64,
        path: impl Fn(f64) -> Option<f64>,
    ) -> (Matrix, Vec<f64>, Vec<f64>) {
        let t_new: Vec<f64> = (0..n).map(|i| i as f64 * spacing).collect();
        let t_ref: Vec<f64> = (0..m).map(|j| j as f64 * spacing).collect();
        let mut values = vec![-2.0; n * m];
        for (i, &t) in t_new.iter().enumerate() {
            if let Some(r) = path(t) {
                let j = ((r / spacing).round() as usize).min(m - 1);
                values[i * m + j] = 4.0;
            }
        }
        (Matrix::new(n, m, values).unwrap(), t_new, t_ref)
    }

    fn follows(beliefs: &[Belief], t_new: &[f64], path: impl Fn(f64) -> Option<f64>) {
        for (b, &t) in beliefs.iter().zip(t_new) {
            match path(t) {
                Some(r) => {
                    assert!((b.t_ref_secs - r).abs() < 0.6, "at {t}: {b:?}, true {r}");
                    assert!(b.off < 0.5, "at {t}: {b:?}");
                }
                None => assert!(b.off > 0.5, "at {t}: {b:?}"),
            }
        }
    }

    #[test]
    fn follows_a_ride_at_another_speed_with_a_stop() {
        let path = |t: f64| {
            Some(if t < 10.0 {
                0.8 * t
            } else if t < 16.0 {
                8.0
            } else {
                8.0 + 1.4 * (t - 16.0)
            })
        };
        let (e, a, b) = evidence(90, 110, 0.33, path);
        follows(&beliefs(&e, &a, &b), &a, path);
    }

    #[test]
    fn starts_late_and_ends_early() {
        let path = |t: f64| (10.0..25.0).contains(&t).then_some(t - 7.0);
        let (e, a, b) = evidence(100, 90, 0.33, path);
        follows(&beliefs(&e, &a, &b), &a, path);
    }

    #[test]
    fn skips_a_stop_of_the_reference() {
        let path = |t: f64| Some(if t < 12.0 { t } else { t + 9.0 });
        let (e, a, b) = evidence(90, 130, 0.33, path);
        follows(&beliefs(&e, &a, &b), &a, path);
    }

    #[test]
    fn order_decides_between_laps_that_look_alike() {
        // The reference holds two equal laps of 15 s; the new run rides both.
        let (mut values, n) = (vec![-2.0; 90 * 90], 90);
        for i in 0..n {
            values[i * n + i] = 4.0;
            values[i * n + (i + 45) % n] = 4.0;
        }
        let t: Vec<f64> = (0..n).map(|i| i as f64 * 0.33).collect();
        follows(&beliefs(&Matrix::new(n, n, values).unwrap(), &t, &t), &t, Some);
    }

    #[test]
    fn one_lap_against_two_equal_laps_admits_that_it_cannot_know() {
        let (n, m) = (45, 90);
        let mut values = vec![-2.0; n * m];
        for i in 0..n {
            values[i * m + i] = 4.0;
            values[i * m + i + 45] = 4.0;
        }
        let t: Vec<f64> = (0..m).map(|i| i as f64 * 0.33).collect();
        let found = beliefs(&Matrix::new(n, m, values).unwrap(), &t[..n], &t);
        assert!(found.iter().all(|b| b.here < 0.8), "{:?}", found[20]);
    }

    #[test]
    fn without_evidence_nothing_has_a_counterpart() {
        let (e, a, b) = evidence(60, 60, 0.33, |_| None);
        follows(&beliefs(&e, &a, &b), &a, |_| None);
        assert!(beliefs(&Matrix::new(0, 0, vec![]).unwrap(), &[], &[]).is_empty());
    }

    #[test]
    fn never_goes_back() {
        let (e, a, b) = evidence(60, 60, 0.33, |t| Some(19.0 - t));
        let on: Vec<f64> = beliefs(&e, &a, &b)
            .iter()
            .filter(|b| b.off < 0.5)
            .map(|b| b.t_ref_secs)
            .collect();
        assert!(on.len() < 20, "{}", on.len());
    }

    #[test]
    fn a_band_around_the_path_changes_nothing() {
        let path = |t: f64| {
            let on = !(20.0..=26.0).contains(&t);
            on.then_some(0.9 * t + 3.0)
        };
        let (all, a, b) = evidence(110, 120, 0.33, path);
        let bands: Vec<Range<usize>> = a
            .iter()
            .map(|t| {
                let centre = (0.9 * t + 3.0) / 0.33;
                (centre - 30.0).max(0.0) as usize..((centre + 30.0) as usize).min(120)
            })
            .collect();
        let cells = bands
            .iter()
            .enumerate()
            .flat_map(|(i, band)| all.row(i)[band.clone()].to_vec());
        let banded = Matrix::banded(120, bands.clone(), cells.collect()).unwrap();
        for (x, y) in beliefs(&all, &a, &b).iter().zip(beliefs(&banded, &a, &b)) {
            assert!((x.off - y.off).abs() < 0.02, "{x:?} {y:?}");
            assert!(
                x.off > 0.5 || (x.t_ref_secs - y.t_ref_secs).abs() < 0.02,
                "{x:?} {y:?}"
            );
        }
    }

    #[test]
    fn the_reach_holds_the_belief() {
        let (e, a, b) = evidence(60, 70, 0.33, |t| Some(t + 1.0));
        for r in reaches(&e, &a, &b) {
            let mean = r.belief.t_ref_secs;
            assert!(r.low_secs <= mean + 0.05 && mean - 0.05 <= r.high_secs, "{r:?}");
            assert!(r.high_secs - r.low_secs < 3.0, "{r:?}");
        }
    }
}
