//! The sampling pattern of BRIEF: 256 pairs of pixels.
//!
//! The ends of each comparison are drawn from a Gaussian around the corner, as in the original BRIEF, with a
//! fixed seed. Neighbouring comparisons would mostly repeat each other, so a candidate is accepted only when
//! it is expected to be weakly correlated with all accepted before. No training pictures are needed for that:
//! natural pictures have a brightness covariance that falls with distance, `C(d) = exp(-d / L)`, and the
//! correlation of two differences `I(a) - I(b)`, `I(c) - I(d)` follows from it.
//!
//! The result is a table, so that no platform's rounding can change a descriptor; the tests draw it again.

/// Comparisons in a descriptor.
pub(crate) const PAIRS: usize = 256;
/// Radius of the patch of 31 pixels that is oriented and described (Rublee et al., ICCV 2011).
pub(crate) const PATCH_RADIUS: usize = 15;

/// One end of all comparisons, coordinates apart for the vectoriser; pixels from the corner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ends {
    pub(crate) x: [i8; PAIRS],
    pub(crate) y: [i8; PAIRS],
}

/// First and second ends of the comparisons.
#[rustfmt::skip]
pub(crate) static PATTERN: [Ends; 2] = [
    Ends {
        x: [
            5, -12, -3, 9, -11, -1, -3, 7, 12, 1, -12, -1, 5, 3, -5, -2,
            11, 4, -9, 1, 0, 3, 4, 12, -4, -8, 2, -10, -12, 10, 14, 5,
            -7, 3, -15, -5, -6, 8, 2, -4, 11, -1, -5, 8, 5, 7, -5, 14,
            -2, 0, 1, -4, 0, -8, 4, -1, -13, -4, -10, -9, -10, -9, 0, 10,
            -6, 1, -4, -4, 14, 6, -1, -1, -1, 12, 4, 9, -10, 2, -11, -8,
            -9, -11, 0, 0, 4, -12, 6, -9, 1, -6, 1, 6, 3, 8, 5, 3,
            3, 10, 4, -9, 9, -4, -7, 4, 1, 9, -9, 5, -8, 6, 1, 10,
            11, 6, -11, -2, 11, -2, -14, 2, -6, -4, 7, -3, -9, 7, -1, 3,
            -9, 14, 7, -8, -14, 1, -3, 5, 2, 10, -7, 14, -5, 10, 3, 2,
            5, 9, -5, -3, 4, 13, 0, 7, 3, 12, 6, -1, -6, -9, -1, 14,
            -3, -4, -3, -6, -2, -8, -2, 8, 9, -5, -2, -10, 7, 5, 8, 0,
            -4, -6, -10, 14, -3, 1, -11, 11, -10, 4, -8, 5, 13, 0, -6, -11,
            -2, -9, -1, 0, -12, 2, 0, -6, 4, -7, -4, -7, -1, -10, -2, 2,
            -10, -10, -5, 9, 8, -2, 5, 1, 9, 5, 6, -3, 11, 3, -3, 8,
            9, -3, -2, 0, -6, 10, 13, 0, 1, 1, 4, -4, 3, 0, 9, -9,
            2, -11, -11, 6, 8, 6, -4, -3, -8, 10, -12, 0, 2, -2, -6, -4,
        ],
        y: [
            -8, 2, -13, 9, -1, -1, 9, 1, -9, 14, 9, -11, -11, 10, 14, -6,
            -6, -12, -1, -2, -15, 6, -1, -1, -10, 7, 13, -8, -5, -4, -1, 6,
            7, -9, 0, 2, -1, 10, 4, -4, 8, 5, 6, -7, -2, 4, 2, 0,
            -3, 12, -3, 1, 15, 9, -2, -5, 3, -4, 11, -3, 2, 12, 4, -11,
            -11, -7, -9, -13, 2, -5, 8, 7, 10, -7, -4, 3, -2, 4, -2, -2,
            12, 4, 9, 10, 0, -9, -6, -1, 3, 7, -8, 2, -7, 7, 14, -3,
            2, 8, -9, 1, 12, 3, -9, 6, 7, 1, 7, -5, 1, 1, -4, -8,
            -7, -1, 5, 5, 9, 10, 1, -10, -2, -1, 3, -2, -10, -2, -5, 6,
            -12, -3, -8, 4, -1, 8, 12, -14, -13, -11, 0, 2, -14, 11, -13, 7,
            5, -5, 5, 7, 13, -5, -7, -2, 10, 7, -7, -10, 2, -11, -1, -1,
            -7, -5, 0, -8, 2, 8, -14, 4, -5, 9, 2, -1, 11, -8, -2, -1,
            4, -13, 8, 5, -11, 8, -6, 7, -4, -7, -5, 6, -5, 9, -7, 0,
            -7, -7, -9, -15, -5, 2, 6, 13, 3, 11, -8, -13, -7, 11, -14, 8,
            -6, -7, 9, -2, 1, -8, -13, -10, -1, -10, 9, -6, -9, 4, 13, 3,
            11, 8, 3, -6, -1, -6, -2, 1, 0, 0, 1, -3, -4, 14, 3, -1,
            -5, -10, 9, -8, -3, 2, 2, -13, -4, 9, -9, 6, -6, -13, 3, -12,
        ],
    },
    Ends {
        x: [
            -4, 5, 2, 10, -7, 8, -4, 11, 14, 7, -6, -4, -1, 8, -1, -8,
            6, 8, -9, -3, 1, 4, 4, 10, -9, -4, -3, -8, -9, 9, 10, 9,
            -12, 2, -11, -1, -2, 12, 4, -3, 7, 3, -1, 9, 3, 3, -9, -11,
            -5, -3, 0, -3, 5, -8, 7, 3, -9, -4, -4, -13, -13, 12, 0, 2,
            -3, -3, 2, 2, 14, -14, 6, 1, 1, 9, 3, 13, -4, 13, -5, -12,
            -9, 1, -4, 12, -10, -14, 7, -8, -3, -7, -1, 2, 1, 6, 8, 6,
            -2, 5, 10, -6, -10, -11, -1, 0, -3, 6, -11, 14, -8, 10, 5, -6,
            11, -6, -7, -5, 5, -6, -2, 4, -7, -8, -5, -6, -8, 10, -2, 7,
            -5, 2, 4, -2, -13, -2, 2, 5, 6, -10, 1, 7, -10, -3, 1, -5,
            1, -4, 2, -13, 1, -13, 9, 3, 3, 11, 1, 0, -7, 0, -5, 14,
            1, 1, -7, 4, -7, -5, -6, 8, 10, 6, 4, 12, 0, 1, 12, 7,
            -8, -6, 6, -1, -7, -1, -5, -3, -6, 2, 0, 7, 9, 4, -11, -11,
            3, -4, -15, -4, -9, -9, -12, -12, 10, -6, -7, 9, -2, -12, 3, 4,
            2, -14, -7, 4, 3, -2, -1, 4, 4, 1, 5, -5, 4, -1, -6, 4,
            8, 6, 1, 3, -14, 7, -1, -4, 5, 12, 8, -12, 7, 0, 8, 6,
            1, -11, -6, -9, -8, -12, -1, 9, -10, 13, -6, -3, -2, -9, -9, 0,
        ],
        y: [
            7, 8, 1, 3, 1, -1, 4, 3, -4, 5, -4, -8, -9, 12, 10, -4,
            -5, -8, -6, -2, -10, 2, 3, 4, -12, 6, 12, -12, -9, 0, -3, 6,
            6, -5, -1, 0, 2, 9, 10, -8, -13, 4, 5, -3, -6, 1, 3, -10,
            -6, 8, 1, 5, 14, 5, -5, -4, 4, 0, 11, -6, -3, 5, -1, -9,
            -6, -9, 12, -12, -4, -3, 10, 2, 6, -10, 0, 3, 14, -7, -6, 0,
            7, -13, 10, 0, 7, -1, -10, 3, 2, 3, -3, 3, -11, -1, -5, 1,
            -3, 12, -4, -2, -6, -8, -9, 2, 7, 5, 3, 4, 5, -2, -5, -2,
            -1, -6, 2, 12, 3, 8, 1, 5, -9, -2, 3, 5, -6, 1, -1, 6,
            11, -4, -5, 7, 5, 14, -2, -8, -13, 10, -4, 8, -1, 14, -7, -1,
            5, -11, 10, -2, 7, 4, 2, 2, 14, 1, -9, -5, -3, -2, -4, 4,
            -3, -5, 1, -13, 7, 14, -13, -6, -10, 7, -2, 3, -2, -6, -2, -12,
            2, -9, 13, 6, -7, 4, -9, 0, -3, -2, 5, 12, -6, 5, -10, 7,
            -8, -3, 0, -3, 10, 1, 8, 5, 4, 7, 3, 5, 4, 7, -8, -5,
            -10, 5, 13, -5, -1, -12, 12, -3, -14, -12, 13, -2, -3, 0, 10, 8,
            6, 1, 13, -1, -3, -1, 3, -1, -3, 2, -8, 3, -4, 10, -1, -13,
            -1, -6, 9, -9, 4, -6, -3, -12, -8, -5, -12, 3, -4, -10, 8, -8,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// Standard deviation of the ends, in pixels: a quarter of the patch. The BRIEF paper takes a fifth;
    /// *measured* on neighbouring frames both are within 1 % of each other, with more matches on one clip for
    /// the wider.
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

    /// No end lies farther from the corner than this, in pixels, so that every rotation stays inside the
    /// patch.
    const RADIUS: i32 = PATCH_RADIUS as i32;

    type End = (i32, i32);

    fn covariance(a: End, b: End) -> f64 {
        let (dx, dy) = (f64::from(a.0 - b.0), f64::from(a.1 - b.1));
        (-(dx * dx + dy * dy).sqrt() / CORRELATION_LENGTH).exp()
    }

    fn correlation(p: (End, End), q: (End, End)) -> f64 {
        let shared =
            covariance(p.0, q.0) - covariance(p.0, q.1) - covariance(p.1, q.0) + covariance(p.1, q.1);
        let variance = |(a, b)| 2.0 - 2.0 * covariance(a, b);
        shared / (variance(p) * variance(q)).sqrt()
    }

    /// A number in [0, 1).
    fn unit(random: &mut SplitMix64) -> f64 {
        (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn draw_point(random: &mut SplitMix64) -> End {
        loop {
            // Twelve uniform numbers sum to a Gaussian closely enough, the same on every platform.
            let mut gaussian = || (0..12).map(|_| unit(random)).sum::<f64>() - 6.0;
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
        let mut chosen: Vec<(End, End)> = Vec::with_capacity(PAIRS);
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
            if dx.hypot(dy) >= MIN_LENGTH
                && chosen.iter().all(|&other| correlation(pair, other).abs() < limit)
            {
                chosen.push(pair);
            }
        }
        let ends = |pick: fn(&(End, End)) -> End| Ends {
            x: std::array::from_fn(|i| pick(&chosen[i]).0 as i8),
            y: std::array::from_fn(|i| pick(&chosen[i]).1 as i8),
        };
        [ends(|pair| pair.0), ends(|pair| pair.1)]
    }

    #[test]
    fn the_table_is_what_the_rule_draws() {
        assert_eq!(generate(), PATTERN);
    }
}
