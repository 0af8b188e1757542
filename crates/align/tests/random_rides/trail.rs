//! What the places of a trail look like: random vectors that change smoothly along it.

use std::f64::consts::FRAC_PI_2;

use crate::random::Random;

pub const DIMS: usize = 48;
/// Metres after which a view has become another one.
const VIEW_METRES: f64 = 2.5;

pub type Look = [f64; DIMS];

/// What the camera sees at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sight {
    /// The trail ahead from this many metres.
    Ahead(f64),
    /// The same trail the other way: somebody walks back.
    Behind(f64),
    /// Another trail.
    Elsewhere(f64),
    /// Next to nothing: motion blur.
    Blur,
    /// The sun or a wet lens: the same picture each time, in this recording.
    Glare,
    /// Somebody in front of the camera who fills the picture; no two look alike.
    Passer(u64),
}

/// Looks every [`VIEW_METRES`], blended between.
struct Looks(Vec<Look>);

impl Looks {
    fn new(random: &mut Random, metres: f64) -> Self {
        let n = (metres / VIEW_METRES) as usize + 8;
        Self((0..n).map(|_| random_look(random)).collect())
    }

    fn at(&self, metres: f64) -> Look {
        let at = (metres / VIEW_METRES).clamp(0.0, (self.0.len() - 2) as f64);
        let (k, share) = (at.floor() as usize, at.fract());
        let (a, b) = ((share * FRAC_PI_2).cos(), (share * FRAC_PI_2).sin());
        std::array::from_fn(|d| a * self.0[k][d] + b * self.0[k + 1][d])
    }
}

fn random_look(random: &mut Random) -> Look {
    std::array::from_fn(|_| random.normal())
}

/// A trail, the way back along it, and another trail beside it.
pub struct Trail {
    ahead: Looks,
    behind: Looks,
    elsewhere: Looks,
    glare: Look,
    /// Length of a lap, if it is a loop.
    pub lap_metres: Option<f64>,
}

/// Stretches of a trail that look like other parts of it.
#[derive(Clone, Copy, Debug)]
pub enum Repetition {
    None,
    /// This share of all looks is that of an earlier place.
    Scattered(f64),
    /// From here to there, metres, only this many different looks come up in random order.
    Forest(f64, f64, usize),
}

impl Trail {
    pub fn new(random: &mut Random, metres: f64, repetition: Repetition) -> Self {
        let mut ahead = Looks::new(random, metres);
        let n = ahead.0.len();
        match repetition {
            Repetition::None => {}
            Repetition::Scattered(share) => {
                for k in 21..n {
                    if random.chance(share) {
                        ahead.0[k] = ahead.0[random.below(k)];
                    }
                }
            }
            Repetition::Forest(from, to, kinds) => {
                let trees: Vec<Look> = (0..kinds).map(|_| random_look(random)).collect();
                let (from, to) = ((from / VIEW_METRES) as usize, (to / VIEW_METRES) as usize);
                for look in &mut ahead.0[from.min(n)..to.min(n)] {
                    *look = trees[random.below(kinds)];
                }
            }
        }
        Self {
            ahead,
            behind: Looks::new(random, metres),
            elsewhere: Looks::new(random, 600.0),
            glare: random_look(random),
            lap_metres: None,
        }
    }

    /// A loop: after `lap_metres` it begins again.
    pub fn looped(random: &mut Random, lap_metres: f64) -> Self {
        // Whole looks, so that the end meets the start.
        let n = (lap_metres / VIEW_METRES) as usize;
        let mut trail = Self::new(random, n as f64 * VIEW_METRES, Repetition::None);
        for k in n..trail.ahead.0.len() {
            trail.ahead.0[k] = trail.ahead.0[k - n];
        }
        trail.lap_metres = Some(n as f64 * VIEW_METRES);
        trail
    }

    /// The trail as one recording shows it: every place keeps its look but for `share` of it. What lies
    /// beside the trail and what spoils a picture is its own.
    pub fn aged(&self, random: &mut Random, share: f64) -> Self {
        let mut age = |looks: &Looks, share: f64| {
            let keep = (1.0 - share * share).sqrt();
            let aged = looks.0.iter().map(|look| {
                let own = random_look(random);
                std::array::from_fn(|d| keep * look[d] + share * own[d])
            });
            Looks(aged.collect())
        };
        let mut ahead = age(&self.ahead, share);
        if let Some(lap) = self.lap_metres {
            let n = (lap / VIEW_METRES).round() as usize;
            for k in n..ahead.0.len() {
                ahead.0[k] = ahead.0[k - n];
            }
        }
        Self {
            ahead,
            behind: age(&self.behind, share),
            elsewhere: age(&self.elsewhere, 1.0),
            glare: random_look(random),
            lap_metres: self.lap_metres,
        }
    }

    /// One picture.
    pub fn view(&self, sight: Sight, random: &mut Random, noise: f64) -> Vec<f32> {
        let on_lap = |metres: f64| self.lap_metres.map_or(metres, |lap| metres.rem_euclid(lap));
        let (look, noise) = match sight {
            Sight::Ahead(metres) => (self.ahead.at(on_lap(metres)), noise),
            Sight::Behind(metres) => (self.behind.at(on_lap(metres)), noise),
            Sight::Elsewhere(metres) => (self.elsewhere.at(metres), noise),
            Sight::Blur => ([0.0; DIMS], 1.0),
            Sight::Glare => (self.glare, noise),
            Sight::Passer(who) => (random_look(&mut Random::new(who)), noise),
        };
        look.iter()
            .map(|l| (l + noise * random.normal()) as f32)
            .collect()
    }
}
