//! Which pixels a descriptor compares.
//!
//! The ends of each comparison are drawn from a Gaussian around the corner, as in the original BRIEF, with a fixed
//! seed. Neighbouring comparisons would mostly repeat each other, so a candidate is accepted only when it is
//! expected to be weakly correlated with all accepted before. No training pictures are needed for that: natural
//! pictures have a brightness covariance that falls with distance, `C(d) = exp(-d / L)`, and the correlation of
//! two differences `I(a) - I(b)`, `I(c) - I(d)` follows from it.

use std::sync::LazyLock;

use crate::random::SplitMix64;

/// Comparisons in a descriptor.
pub(crate) const PAIRS: usize = 256;
/// No end lies farther from the corner than this, in pixels, so that every rotation stays inside a patch of 31.
pub(crate) const RADIUS: i32 = 15;
/// Standard deviation of the ends, in pixels: a quarter of the patch. The BRIEF paper takes a
/// fifth; *measured* on neighbouring frames a quarter gives about 1 % more matches.
const SIGMA: f64 = 31.0 / 4.0;
/// Correlation length L of natural pictures after the blur, in pixels.
const CORRELATION_LENGTH: f64 = 8.0;
/// Ends closer than this differ too little against noise, in pixels.
const MIN_LENGTH: f64 = 4.0;
/// Candidates drawn before the correlation limit is relaxed.
const DRAWS_PER_LIMIT: usize = 4000;
/// First correlation limit and the step by which it is relaxed.
const LIMIT_START: f64 = 0.2;
const LIMIT_STEP: f64 = 0.025;
const SEED: u64 = 31;

/// One end of all comparisons, coordinates apart for the vectoriser; pixels from the corner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ends {
    pub(crate) x: [i8; PAIRS],
    pub(crate) y: [i8; PAIRS],
}

/// First and second ends.
pub(crate) static PATTERN: LazyLock<[Ends; 2]> = LazyLock::new(generate);

type Point = (i32, i32);

fn covariance(a: Point, b: Point) -> f64 {
    let (dx, dy) = (f64::from(a.0 - b.0), f64::from(a.1 - b.1));
    (-(dx * dx + dy * dy).sqrt() / CORRELATION_LENGTH).exp()
}

fn correlation(p: (Point, Point), q: (Point, Point)) -> f64 {
    let shared = covariance(p.0, q.0) - covariance(p.0, q.1) - covariance(p.1, q.0) + covariance(p.1, q.1);
    let variance = |(a, b)| 2.0 - 2.0 * covariance(a, b);
    shared / (variance(p) * variance(q)).sqrt()
}

fn draw_point(random: &mut SplitMix64) -> Point {
    loop {
        // Twelve uniform numbers sum to a Gaussian closely enough, the same on every platform.
        let mut gaussian = || (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
        let point = (
            (gaussian() * SIGMA).round() as i32,
            (gaussian() * SIGMA).round() as i32,
        );
        if point.0 * point.0 + point.1 * point.1 <= RADIUS * RADIUS {
            return point;
        }
    }
}

fn generate() -> [Ends; 2] {
    let mut random = SplitMix64::new(SEED);
    let mut chosen: Vec<(Point, Point)> = Vec::with_capacity(PAIRS);
    let mut limit = LIMIT_START;
    let mut draws = 0;
    while chosen.len() < PAIRS {
        draws += 1;
        if draws > DRAWS_PER_LIMIT {
            draws = 0;
            limit += LIMIT_STEP;
        }
        let pair = (draw_point(&mut random), draw_point(&mut random));
        let (dx, dy) = (f64::from(pair.0.0 - pair.1.0), f64::from(pair.0.1 - pair.1.1));
        if dx.hypot(dy) >= MIN_LENGTH && chosen.iter().all(|&other| correlation(pair, other).abs() < limit) {
            chosen.push(pair);
        }
    }
    let ends = |pick: fn(&(Point, Point)) -> Point| Ends {
        x: std::array::from_fn(|i| pick(&chosen[i]).0 as i8),
        y: std::array::from_fn(|i| pick(&chosen[i]).1 as i8),
    };
    [ends(|pair| pair.0), ends(|pair| pair.1)]
}
