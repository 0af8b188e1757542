//! How the riders move between pairs: the most probable sequence of riding, standing and leaping.
//!
//! A switching linear model, by multiple hypothesis tracking (Reid 1979; Blackman 2004): each hypothesis is
//! one history of motions with its own Kalman filter, and costs the negative logarithm of the probability of
//! its switches and of the pairs given them, whose errors have Student's tails. Of hypotheses that changed
//! last at the same time the cheapest is kept, and the [`TRACKS`] cheapest of all.
//!
//! A smoother with heavy tails takes a stand of a second for pairs that are wrong: two sudden changes of the
//! rate are dearer than three outliers. But a stand is no two changes of any size; the rate is known to be 0
//! within it, and to be about the old one after it.

use super::estimate::PathEstimate;
use crate::tuning::{
    ERROR_FREEDOM, FIRST_POSITION_VARIANCE, FIRST_RATE_VARIANCE, LEAP_MEAN_SECS, LEAPS_PER_SEC,
    LEAST_LEAP_SECS, LEAST_STAND_SECS, SET_OFF_PER_SEC, STANDS_PER_SEC, SWITCHING_DRIFT, TRACKS,
};

/// What the new rider does in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// Rides on.
    Ride,
    /// Stops or sets off.
    Turn,
    /// Stands.
    Stand,
}

impl Motion {
    /// Share of an interval that is ridden.
    pub fn ridden_share(self) -> f64 {
        match self {
            Self::Ride => 1.0,
            Self::Turn => 0.5,
            Self::Stand => 0.0,
        }
    }
}

/// A pair as the tracks see it: new time, reference time, one-sigma error, all in seconds.
pub(crate) type Sighting = (f64, f64, f64);

/// One interval of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    motion: Motion,
    /// Reference time that is leapt over, seconds; 0 without a leap.
    leap: f64,
    /// Index of the step before in the list of all steps.
    before: usize,
}

/// A hypothesis.
#[derive(Clone, Copy, Debug)]
struct Track {
    state: PathEstimate,
    cost: f64,
    standing: bool,
    /// Index of the pair since which nothing changed.
    since: usize,
    step: usize,
}

/// The motion before each pair, and whether the path leaps there; both for the first pair as if riding.
/// Pairs in order of new time.
pub(crate) fn motions(pairs: &[Sighting]) -> (Vec<Motion>, Vec<bool>) {
    let mut steps: Vec<Step> = Vec::new();
    let mut tracks: Vec<Track> = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        let next: Vec<(Track, Step)> = match i.checked_sub(1).and_then(|k| pairs.get(k)) {
            None => vec![first(pair)],
            Some(before) => tracks
                .iter()
                .flat_map(|track| track.followed_by(i, pair.0 - before.0, pair))
                .collect(),
        };
        tracks = cheapest(next, &mut steps);
    }
    let last = tracks.first().map(|track| track.step);
    let history = std::iter::successors(last, |&k| (steps[k].before != k).then_some(steps[k].before));
    let mut taken: Vec<Step> = history.map(|k| steps[k]).collect();
    taken.reverse();
    let mut motion: Vec<Motion> = taken.iter().map(|step| step.motion).collect();
    forget_hesitation(&mut motion, pairs);
    let leaps = taken.iter().map(|step| step.leap >= LEAST_LEAP_SECS).collect();
    (motion, leaps)
}

fn first(&(_, t_ref, sigma): &Sighting) -> (Track, Step) {
    let state = PathEstimate {
        x: [t_ref, 1.0],
        p: [FIRST_POSITION_VARIANCE, 0.0, FIRST_RATE_VARIANCE],
    };
    let track = Track {
        state: state.update(t_ref, sigma * sigma),
        cost: 0.0,
        standing: false,
        since: 0,
        step: 0,
    };
    let step = Step {
        motion: Motion::Ride,
        leap: 0.0,
        before: 0,
    };
    (track, step)
}

/// Keep the best hypotheses and write down their last steps.
fn cheapest(mut next: Vec<(Track, Step)>, steps: &mut Vec<Step>) -> Vec<Track> {
    next.sort_by(|a, b| a.0.cost.total_cmp(&b.0.cost));
    let mut kept: Vec<Track> = Vec::new();
    for (mut track, step) in next {
        let same = |other: &Track| (other.standing, other.since) == (track.standing, track.since);
        if kept.len() < TRACKS && !kept.iter().any(same) {
            track.step = steps.len();
            steps.push(step);
            kept.push(track);
        }
    }
    kept
}

impl Track {
    /// Everything that may have happened in the `dt` seconds before pair `i`.
    fn followed_by(&self, i: usize, dt: f64, pair: &Sighting) -> Vec<(Self, Step)> {
        let within = |per_sec: f64| 1.0 - (-per_sec * dt).exp();
        let (stop, leap, set_off) = (
            within(STANDS_PER_SEC),
            within(LEAPS_PER_SEC),
            within(SET_OFF_PER_SEC),
        );
        if self.standing {
            vec![
                self.moved(Motion::Stand, 1.0 - set_off, dt, pair, (true, self.since)),
                self.moved(Motion::Turn, set_off, dt, pair, (false, i)),
            ]
        } else {
            vec![
                self.moved(Motion::Ride, 1.0 - stop - leap, dt, pair, (false, self.since)),
                self.moved(Motion::Turn, stop, dt, pair, (true, i)),
                self.leapt(leap, dt, pair, i),
            ]
        }
    }

    fn moved(
        &self,
        motion: Motion,
        probability: f64,
        dt: f64,
        pair: &Sighting,
        (standing, since): (bool, usize),
    ) -> (Self, Step) {
        let (state, cost) = seen(&self.state.predict(motion, dt, SWITCHING_DRIFT), pair);
        let track = Self {
            state,
            cost: self.cost + cost - probability.max(1e-12).ln(),
            standing,
            since,
            step: 0,
        };
        let step = Step {
            motion,
            leap: 0.0,
            before: self.step,
        };
        (track, step)
    }

    fn leapt(&self, probability: f64, dt: f64, pair: &Sighting, i: usize) -> (Self, Step) {
        let mut predicted = self.state.predict(Motion::Ride, dt, SWITCHING_DRIFT);
        let without = predicted.x[0];
        predicted.x[0] += LEAP_MEAN_SECS;
        predicted.p[0] += LEAP_MEAN_SECS * LEAP_MEAN_SECS;
        let (state, cost) = seen(&predicted, pair);
        let track = Self {
            state,
            cost: self.cost + cost - probability.max(1e-12).ln(),
            standing: false,
            since: i,
            step: 0,
        };
        let step = Step {
            motion: Motion::Ride,
            leap: state.x[0] - without,
            before: self.step,
        };
        (track, step)
    }
}

/// The state after a pair, and what the pair costs.
fn seen(predicted: &PathEstimate, &(_, t_ref, sigma): &Sighting) -> (PathEstimate, f64) {
    let total = predicted.p[0] + sigma * sigma;
    let e2 = (t_ref - predicted.x[0]).powi(2) / total;
    let cost = 0.5 * total.ln() + 0.5 * (ERROR_FREEDOM + 1.0) * (1.0 + e2 / ERROR_FREEDOM).ln();
    let weight = (ERROR_FREEDOM + 1.0) / (ERROR_FREEDOM + e2);
    (predicted.update(t_ref, sigma * sigma / weight.min(1.0)), cost)
}

/// Stands that are too short to be told from hesitation are riding.
fn forget_hesitation(motion: &mut [Motion], pairs: &[Sighting]) {
    let mut from = 0;
    while from < motion.len() {
        if motion[from] == Motion::Ride {
            from += 1;
            continue;
        }
        let mut to = from + 1;
        while to < motion.len() && motion[to] == Motion::Stand {
            to += 1;
        }
        // `from` stops, `to` sets off, if it is not the end.
        let arrival = 0.5 * (pairs[from.saturating_sub(1)].0 + pairs[from].0);
        let departure = match motion.get(to) {
            Some(_) => 0.5 * (pairs[to - 1].0 + pairs[to].0),
            None => pairs[to - 1].0,
        };
        let end = (to + 1).min(motion.len());
        if departure - arrival < LEAST_STAND_SECS {
            motion[from..end].fill(Motion::Ride);
        }
        from = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: impl Fn(f64) -> f64) -> (Vec<Motion>, Vec<bool>) {
        let pairs: Vec<Sighting> = (0..60)
            .map(|i| (f64::from(i) / 3.0, f64::from(i * 31 % 7) / 3.0 - 1.0))
            .map(|(t, noise)| (t, path(t) + 0.05 * noise, 0.06))
            .collect();
        motions(&pairs)
    }

    #[test]
    fn a_stand_of_a_second_is_found() {
        let (motion, leaps) = of(|t| 0.9 * (t.min(10.1) + (t - 11.4).max(0.0)));
        let standing: Vec<usize> = (0..60).filter(|&k| motion[k] != Motion::Ride).collect();
        assert!(
            standing.len() >= 4 && standing.iter().all(|k| (30..37).contains(k)),
            "{standing:?}"
        );
        assert!(!leaps.contains(&true));
    }

    #[test]
    fn a_short_stand_of_the_reference_is_a_leap() {
        let (motion, leaps) = of(|t| if t < 10.1 { 0.9 * t } else { 0.9 * t + 1.3 });
        let leapt: Vec<usize> = (0..60).filter(|&k| leaps[k]).collect();
        assert!(
            leapt == [31] && motion.iter().all(|m| *m == Motion::Ride),
            "{leapt:?}"
        );
    }

    #[test]
    fn riding_with_changes_of_pace_and_wrong_pairs_is_riding() {
        let rides = |(motion, leaps): (Vec<Motion>, Vec<bool>)| {
            motion.iter().all(|m| *m == Motion::Ride) && !leaps.contains(&true)
        };
        assert!(rides(of(|t| t + 0.8 * (t / 1.5).sin())));
        assert!(rides(of(|t| if (9.9..10.4).contains(&t) { t + 0.6 } else { t })));
        let (motion, leaps) = motions(&[]);
        assert!(motion.is_empty() && leaps.is_empty());
    }
}
