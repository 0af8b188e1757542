//! What can happen to two rides, by kind.

use crate::random::Random;
use crate::ride::{Event, Plan, Ride};
use crate::trail::{Repetition, Sight, Trail};

/// Pace of the reference rider, metres per second.
const REFERENCE_PACE: f64 = 5.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Two rides of one trail, at one pace each.
    Plain,
    /// The new run begins and ends anywhere.
    Ends,
    /// 0.3 to 3 times the speed of the reference, changing on the way.
    Speed,
    /// Several stops, some of them long, on either side.
    Stops,
    /// Other trails between, on either side.
    Detours,
    /// Crashes and walking back, on either side.
    WalkBack,
    /// Several laps of one loop on both sides.
    Laps,
    /// Long stretches of repetitive forest.
    Forest,
    /// Seconds of blur, glare, or somebody in the way.
    Bursts,
    /// Some of everything.
    Mixed,
}

pub const KINDS: [Kind; 10] = [
    Kind::Plain,
    Kind::Ends,
    Kind::Speed,
    Kind::Stops,
    Kind::Detours,
    Kind::WalkBack,
    Kind::Laps,
    Kind::Forest,
    Kind::Bursts,
    Kind::Mixed,
];

/// Two rides whose truth is known.
pub struct Scene {
    /// The trail as each recording shows it: reference, new.
    pub trails: [Trail; 2],
    pub reference: Ride,
    pub new: Ride,
    pub noise: f64,
}

impl Scene {
    pub fn new(kind: Kind, random: &mut Random) -> Self {
        if kind == Kind::Laps {
            return Self::laps(random);
        }
        let metres = random.between(150.0, 350.0);
        let mut reference = Plan::plain(0.0, metres, REFERENCE_PACE);
        let mut new = Plan::plain(0.0, metres, random.ratio(2.5, 8.0));
        let mut repetition = Repetition::None;
        let has = |wanted: Kind, random: &mut Random| {
            kind == wanted || (kind == Kind::Mixed && random.chance(0.35))
        };
        if has(Kind::Ends, random) {
            for plan in [&mut new, &mut reference] {
                plan.from = random.between(0.0, 0.25) * metres;
                plan.to = random.between(0.75, 1.0) * metres;
            }
        }
        if has(Kind::Speed, random) {
            new.pace = REFERENCE_PACE * random.ratio(0.6, 1.7);
            new.moods = 1.75;
        }
        if has(Kind::Stops, random) {
            stops(random, &mut new);
            stops(random, &mut reference);
        }
        if has(Kind::Detours, random) {
            detours(random, &mut new);
            if random.chance(0.5) {
                detours(random, &mut reference);
            }
        }
        if has(Kind::WalkBack, random) {
            let crashed = if random.chance(0.7) {
                &mut new
            } else {
                &mut reference
            };
            walks_back(random, crashed);
        }
        if has(Kind::Forest, random) {
            repetition = if random.chance(0.5) {
                Repetition::Scattered(random.between(0.1, 0.5))
            } else {
                let from = random.between(0.1, 0.6) * metres;
                Repetition::Forest(from, from + random.between(30.0, 90.0), 2 + random.below(5))
            };
        }
        if has(Kind::Bursts, random) {
            bursts(random, &mut new);
            bursts(random, &mut reference);
        }
        let noise = random.between(0.3, 1.1);
        let trail = Trail::new(random, metres + 20.0, repetition);
        Self::film(&trail, [&reference, &new], noise, random)
    }

    fn film(trail: &Trail, [reference, new]: [&Plan; 2], noise: f64, random: &mut Random) -> Self {
        let season = random.between(0.0, 0.5);
        Self {
            trails: [trail.aged(random, season), trail.aged(random, season)],
            reference: Ride::new(random, reference),
            new: Ride::new(random, new),
            noise,
        }
    }

    /// As many laps on both sides, perhaps not quite from the same point.
    fn laps(random: &mut Random) -> Self {
        let trail = random_loop(random);
        let lap = trail.lap_metres.unwrap();
        let laps = 2.0 + random.below(3) as f64;
        let reference = Plan::plain(0.0, laps * lap, REFERENCE_PACE);
        let from = random.between(0.0, 0.1) * lap;
        let to = laps * lap - random.between(0.0, 0.1) * lap;
        let mut new = Plan::plain(from, to, random.ratio(3.0, 8.0));
        if random.chance(0.3) {
            stops(random, &mut new);
        }
        let noise = random.between(0.3, 1.1);
        Self::film(&trail, [&reference, &new], noise, random)
    }

    /// One lap against several: nobody can know which.
    pub fn one_lap_of_several(random: &mut Random) -> Self {
        let trail = random_loop(random);
        let lap = trail.lap_metres.unwrap();
        let several = Plan::plain(0.0, (2.0 + random.below(3) as f64) * lap, REFERENCE_PACE);
        let one = Plan::plain(0.0, lap, random.ratio(3.0, 8.0));
        let noise = random.between(0.3, 1.1);
        let plans = if random.chance(0.5) {
            [&several, &one]
        } else {
            [&one, &several]
        };
        Self::film(&trail, plans, noise, random)
    }

    /// Two trails that have nothing in common.
    pub fn wrong_trail(random: &mut Random) -> Self {
        let noise = random.between(0.3, 1.1);
        let mut new = Plan::plain(0.0, 250.0, random.ratio(2.5, 8.0));
        stops(random, &mut new);
        let mut trails = || Trail::new(random, 300.0, Repetition::None);
        let trails = [trails(), trails()];
        let reference = Ride::new(random, &Plan::plain(0.0, 250.0, REFERENCE_PACE));
        Self {
            trails,
            reference,
            new: Ride::new(random, &new),
            noise,
        }
    }

    /// The new run plays backwards.
    pub fn reversed(random: &mut Random) -> Self {
        let mut scene = Self::new(Kind::Plain, random);
        scene.new.reverse();
        scene
    }
}

fn random_loop(random: &mut Random) -> Trail {
    let lap_metres = random.between(60.0, 120.0);
    Trail::looped(random, lap_metres)
}

fn along(random: &mut Random, plan: &Plan) -> f64 {
    plan.from + random.between(0.1, 0.9) * (plan.to - plan.from)
}

fn stops(random: &mut Random, plan: &mut Plan) {
    for _ in 0..1 + random.below(3) {
        let secs = random.ratio(1.0, 30.0);
        let at = along(random, plan);
        plan.events.push(Event::Stop { at, secs });
    }
}

fn detours(random: &mut Random, plan: &mut Plan) {
    for _ in 0..1 + random.below(2) {
        let at = along(random, plan);
        let ahead = if random.chance(0.5) {
            0.0
        } else {
            random.between(5.0, 40.0)
        };
        let secs = random.between(3.0, 20.0);
        plan.events.push(Event::Detour { at, secs, ahead });
    }
}

fn walks_back(random: &mut Random, plan: &mut Plan) {
    for _ in 0..1 + random.below(2) {
        let at = along(random, plan);
        let secs = random.between(2.0, 10.0);
        let metres = random.between(3.0, 20.0);
        let turned = random.chance(0.6);
        plan.events.push(Event::WalkBack {
            at,
            secs,
            metres,
            turned,
        });
    }
}

fn bursts(random: &mut Random, plan: &mut Plan) {
    let secs = (plan.to - plan.from) / plan.pace;
    for _ in 0..1 + random.below(3) {
        let from = random.between(0.0, 0.95) * secs;
        let sight = match random.below(3) {
            0 => Sight::Blur,
            1 => Sight::Glare,
            _ => Sight::Passer(random.next()),
        };
        plan.bursts.push((from, random.between(0.5, 6.0), sight));
    }
}
