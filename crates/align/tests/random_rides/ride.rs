//! One ride along a trail: where the rider is at each moment and what the camera sees.

use std::f64::consts::TAU;

use crate::random::Random;
use crate::trail::{Sight, Trail};

/// Seconds between the moments of a ride.
const STEP_SECS: f64 = 0.02;
/// Longest ride, moments.
const MAX_MOMENTS: usize = 15_000;
/// Metres within which two moments are at one place.
const SAME_PLACE_METRES: f64 = 0.15;
/// Walking pace, metres per second.
const WALK: f64 = 1.3;

/// What happens on a ride, along the trail.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Stand for this many seconds.
    Stop { at: f64, secs: f64 },
    /// Ride another trail for this many seconds and come back this many metres further on.
    Detour { at: f64, secs: f64, ahead: f64 },
    /// Crash, get up after this many seconds, walk back this many metres, and ride again. Who pushes the
    /// bicycle backwards still sees the trail ahead.
    WalkBack {
        at: f64,
        secs: f64,
        metres: f64,
        turned: bool,
    },
}

impl Event {
    fn at(&self) -> f64 {
        match *self {
            Self::Stop { at, .. } | Self::Detour { at, .. } | Self::WalkBack { at, .. } => at,
        }
    }
}

/// How somebody rides.
#[derive(Clone, Debug)]
pub struct Plan {
    pub from: f64,
    pub to: f64,
    /// Metres per second.
    pub pace: f64,
    /// Largest factor by which the pace changes from one stretch to the next; 1: only the usual ups and
    /// downs.
    pub moods: f64,
    /// In any order.
    pub events: Vec<Event>,
    /// Spoilt pictures: from, how long (both seconds), and what is seen instead.
    pub bursts: Vec<(f64, f64, Sight)>,
}

impl Plan {
    pub fn plain(from: f64, to: f64, pace: f64) -> Self {
        Self {
            from,
            to,
            pace,
            moods: 1.0,
            events: Vec::new(),
            bursts: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Moment {
    /// Place on the trail, if the rider is on it and looks ahead.
    metres: Option<f64>,
    sight: Sight,
}

pub struct Ride {
    moments: Vec<Moment>,
}

impl Ride {
    pub fn new(random: &mut Random, plan: &Plan) -> Self {
        let mut rider = Rider {
            moments: Vec::new(),
            at: plan.from,
        };
        let mut events = plan.events.clone();
        events.sort_by(|a, b| b.at().total_cmp(&a.at()));
        let (mut phase, wobble) = (random.between(0.0, TAU), random.between(0.1, 0.35));
        let (mut mood, mut next_mood, mut mood_left) = (1.0, 1.0, 0.0);
        while rider.at < plan.to && rider.moments.len() < MAX_MOMENTS {
            if events.last().is_some_and(|event| event.at() <= rider.at) {
                if let Some(event) = events.pop() {
                    rider.live_through(&event);
                }
                continue;
            }
            if mood_left <= 0.0 {
                next_mood = random.ratio(1.0 / plan.moods, plan.moods);
                mood_left = random.between(3.0, 12.0);
            }
            mood_left -= STEP_SECS;
            mood += (next_mood - mood) * STEP_SECS / 0.5;
            rider.ride();
            phase += STEP_SECS * 0.9;
            rider.at += STEP_SECS * plan.pace * mood * (1.0 + wobble * phase.sin());
        }
        let mut ride = Self {
            moments: rider.moments,
        };
        for &(from, secs, sight) in &plan.bursts {
            let range = (from / STEP_SECS) as usize..((from + secs) / STEP_SECS) as usize;
            let len = ride.moments.len();
            for moment in &mut ride.moments[range.start.min(len)..range.end.min(len)] {
                moment.sight = sight;
            }
        }
        ride
    }

    pub fn duration(&self) -> f64 {
        self.moments.len() as f64 * STEP_SECS
    }

    /// Place on the trail at `t`; `None` while elsewhere, walking back, or after the end.
    pub fn at(&self, t: f64) -> Option<f64> {
        self.moments.get((t / STEP_SECS) as usize)?.metres
    }

    /// Frame times and pictures.
    pub fn views(
        &self,
        trail: &Trail,
        fps: f64,
        random: &mut Random,
        noise: f64,
    ) -> (Vec<f64>, Vec<Vec<f32>>) {
        let n = (self.duration() * fps) as usize;
        (0..n)
            .map(|i| {
                // Frames are never quite evenly spaced.
                let t = (i as f64 + random.between(0.0, 0.2)) / fps;
                let sight = self.moments[((t / STEP_SECS) as usize).min(self.moments.len() - 1)].sight;
                (t, trail.view(sight, random, noise))
            })
            .unzip()
    }

    /// Seconds between `t` and the nearest moment at `metres`. `None` when the rider never is there.
    pub fn error(&self, metres: f64, t: f64) -> Option<f64> {
        let away = |here: f64, before: f64| {
            let reach = SAME_PLACE_METRES.max(0.6 * (here - before).abs());
            (here - metres).abs() <= reach
        };
        let mut before: Option<f64> = None;
        let mut best: Option<f64> = None;
        for (k, moment) in self.moments.iter().enumerate() {
            if let Some(here) = moment.metres
                && away(here, before.unwrap_or(here))
            {
                let error = (k as f64 * STEP_SECS - t).abs();
                best = Some(best.map_or(error, |least| least.min(error)));
            }
            before = moment.metres;
        }
        best
    }

    /// Metres between `metres` and the nearest place this rider is at.
    pub fn metres_away(&self, metres: f64) -> f64 {
        let away = self
            .moments
            .iter()
            .filter_map(|m| Some((m.metres? - metres).abs()));
        away.fold(f64::INFINITY, f64::min)
    }

    /// Seconds between `t` and the nearest moment at which somebody sets off, stops, or leaves or finds the
    /// trail, or the picture is spoilt or not any more; and which.
    pub fn nearest_event(&self, t: f64) -> (f64, &'static str) {
        let state = |m: &Moment, next: &Moment| match (m.metres, next.metres) {
            (Some(a), Some(b)) if a == b => "stand",
            (Some(a), Some(b)) if a > b => "back",
            (None, _) | (_, None) => "off",
            _ => match m.sight {
                Sight::Ahead(_) => "ride",
                _ => "spoilt",
            },
        };
        let states: Vec<&str> = self.moments.windows(2).map(|w| state(&w[0], &w[1])).collect();
        let mut best = (t.min(self.duration() - t), "end");
        for k in 1..states.len() {
            if states[k] != states[k - 1] {
                let away = (k as f64 * STEP_SECS - t).abs();
                if away < best.0 {
                    let which = if states[k] == "ride" {
                        states[k - 1]
                    } else {
                        states[k]
                    };
                    best = (away, which);
                }
            }
        }
        best
    }

    pub fn reverse(&mut self) {
        self.moments.reverse();
    }
}

struct Rider {
    moments: Vec<Moment>,
    at: f64,
}

impl Rider {
    fn ride(&mut self) {
        self.moments.push(Moment {
            metres: Some(self.at),
            sight: Sight::Ahead(self.at),
        });
    }

    fn stand(&mut self, secs: f64) {
        for _ in 0..(secs / STEP_SECS) as usize {
            self.ride();
        }
    }

    fn live_through(&mut self, event: &Event) {
        match *event {
            Event::Stop { secs, .. } => self.stand(secs),
            Event::Detour { secs, ahead, at } => {
                for k in 0..(secs / STEP_SECS) as usize {
                    // Each detour has its own stretch of the other trail.
                    let there = at + 5.0 * k as f64 * STEP_SECS;
                    self.moments.push(Moment {
                        metres: None,
                        sight: Sight::Elsewhere(there),
                    });
                }
                self.at += ahead;
            }
            Event::WalkBack {
                secs, metres, turned, ..
            } => {
                self.stand(secs);
                let back_to = self.at - metres;
                while self.at > back_to {
                    self.at -= WALK * STEP_SECS;
                    if turned {
                        self.moments.push(Moment {
                            metres: None,
                            sight: Sight::Behind(self.at),
                        });
                    } else {
                        self.ride();
                    }
                }
                self.stand(0.5 * secs);
            }
        }
    }
}
