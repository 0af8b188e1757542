//! Exact fractions for frame rates and time bases.

use crate::tuning::SNAP_TOLERANCE;
use std::fmt;

/// A positive fraction, in lowest terms when made by [`Rational::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rational {
    /// Numerator, at least 1.
    pub num: u32,
    /// Denominator, at least 1.
    pub den: u32,
}

/// Frame rates that cameras and editors use, slowest first, as numerator and denominator.
const USUAL_FRAME_RATES: [(u32, u32); 15] = [
    (24_000, 1001),
    (24, 1),
    (25, 1),
    (30_000, 1001),
    (30, 1),
    (48_000, 1001),
    (48, 1),
    (50, 1),
    (60_000, 1001),
    (60, 1),
    (100, 1),
    (120_000, 1001),
    (120, 1),
    (240_000, 1001),
    (240, 1),
];

fn usual_frame_rates() -> impl Iterator<Item = Rational> {
    USUAL_FRAME_RATES
        .into_iter()
        .map(|(num, den)| Rational { num, den })
}

impl Rational {
    /// `num / den` in lowest terms; `None` when either is zero.
    pub fn new(num: u32, den: u32) -> Option<Rational> {
        if num == 0 || den == 0 {
            return None;
        }
        let divisor = greatest_common_divisor(num, den);
        Some(Rational {
            num: num / divisor,
            den: den / divisor,
        })
    }

    /// The value as a floating-point number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// One over it.
    pub fn recip(self) -> Rational {
        Rational {
            num: self.den,
            den: self.num,
        }
    }

    /// The usual frame rate within 0.04 % of `per_sec`, the nearest if there are two.
    pub fn usual_frame_rate(per_sec: f64) -> Option<Rational> {
        usual_frame_rates()
            .map(|rate| (rate, (per_sec / rate.as_f64() - 1.0).abs()))
            .filter(|&(_, distance)| distance <= SNAP_TOLERANCE)
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(rate, _)| rate)
    }

    /// The usual frame rates whose frame lasts `secs`, give or take `tolerance_secs`.
    pub(crate) fn usual_with_frame_duration(
        secs: f64,
        tolerance_secs: f64,
    ) -> impl Iterator<Item = Rational> {
        usual_frame_rates().filter(move |rate| {
            (rate.recip().as_f64() - secs).abs() <= tolerance_secs.max(secs * SNAP_TOLERANCE)
        })
    }

    /// `value` to three decimals; `None` unless it is positive and fits.
    pub(crate) fn from_thousandths(value: f64) -> Option<Rational> {
        let thousandths = (value * 1000.0).round();
        if (1.0..=f64::from(u32::MAX)).contains(&thousandths) {
            Rational::new(thousandths as u32, 1000)
        } else {
            None
        }
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.den {
            1 => write!(f, "{}", self.num),
            den => write!(f, "{}/{den}", self.num),
        }
    }
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_rates_snap_and_far_ones_do_not() {
        assert_eq!(Rational::usual_frame_rate(29.97), Rational::new(30000, 1001));
        assert_eq!(Rational::usual_frame_rate(23.976), Rational::new(24000, 1001));
        assert_eq!(Rational::usual_frame_rate(30.003), Rational::new(30, 1));
        assert_eq!(Rational::usual_frame_rate(29.5), None);
        assert_eq!(Rational::usual_frame_rate(f64::NAN), None);
    }

    #[test]
    fn lowest_terms() {
        assert_eq!(
            Rational::new(90000, 3003),
            Some(Rational {
                num: 30000,
                den: 1001
            })
        );
        assert_eq!(Rational::new(0, 1), None);
        assert_eq!(Rational::from_thousandths(12.5), Rational::new(25, 2));
        assert_eq!(Rational::from_thousandths(f64::INFINITY), None);
    }
}
