//! Confidence and interval of a one-sigma error `s`: `P(|T| s <= 0.25 s)` and `+- 2.353 s` with Student's `T`
//! of three degrees of freedom, whose distribution is `P(|T| <= x) = 2 / pi (atan u + u / (1 + u^2))`,
//! `u = x / sqrt 3`.
//!
//! Everything the alignment knows about its own error is folded into the one-sigma error of a knot; only here
//! it becomes a probability. Errors of real alignments have heavier tails than a normal distribution. See
//! docs/concepts/confidence.md for how the scale was measured.

/// The distance a confidence speaks of, seconds.
pub const CONFIDENCE_RADIUS_SECS: f64 = 0.25;
/// 95 % quantile of the Student distribution with three degrees of freedom, in units of its scale.
const STUDENT3_Q95: f64 = 2.353_363_434_801_823_6;

/// Half width of the 90 % interval for a one-sigma error, seconds.
pub fn interval_half_width_secs(sigma_secs: f64) -> f64 {
    STUDENT3_Q95 * sigma_secs
}

/// Probability that the error is at most [`CONFIDENCE_RADIUS_SECS`].
pub fn within_quarter_second(sigma_secs: f64) -> f64 {
    if sigma_secs <= 0.0 {
        return 1.0;
    }
    student3_within(CONFIDENCE_RADIUS_SECS / sigma_secs)
}

/// Probability that the error lies between `before_secs` below and `after_secs` above, neither negative.
pub fn between(before_secs: f64, after_secs: f64, sigma_secs: f64) -> f64 {
    let side = |reach: f64| {
        if sigma_secs > 0.0 {
            student3_within(reach / sigma_secs)
        } else {
            1.0
        }
    };
    0.5 * (side(before_secs) + side(after_secs))
}

/// The error bar whose [`within_quarter_second`] is `certainty` times that of `sigma_secs`: folds the
/// probability that the whole path is right into the local error.
pub fn widened(sigma_secs: f64, certainty: f64) -> f64 {
    let wanted = within_quarter_second(sigma_secs) * certainty.clamp(0.0, 1.0);
    let (mut low, mut high) = (sigma_secs, 1e3f64.max(sigma_secs));
    if within_quarter_second(high) >= wanted {
        return high;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if within_quarter_second(middle) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Probability that a Student(3) variable of unit scale lies within ±x.
fn student3_within(x: f64) -> f64 {
    let root3 = 3.0f64.sqrt();
    let u = x / root3;
    (2.0 / std::f64::consts::PI * (u.atan() + u / (1.0 + u * u))).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_ninety_per_cent() {
        assert!((student3_within(STUDENT3_Q95) - 0.9).abs() < 1e-9);
    }

    #[test]
    fn confidence_falls_as_the_error_grows() {
        assert_eq!(within_quarter_second(0.0), 1.0);
        let values: Vec<f64> = [0.01, 0.05, 0.1, 0.3, 1.0, 10.0]
            .map(within_quarter_second)
            .to_vec();
        assert!(values.windows(2).all(|w| w[0] > w[1]), "{values:?}");
        assert!(values[0] > 0.99 && values[5] < 0.03, "{values:?}");
    }

    #[test]
    fn certainty_scales_the_confidence() {
        for share in [1.0, 0.9, 0.5, 0.1] {
            let wide = widened(0.04, share);
            let expected = within_quarter_second(0.04) * share;
            assert!((within_quarter_second(wide) - expected).abs() < 1e-6, "{share}");
        }
        assert!(within_quarter_second(widened(0.04, 0.0)) < 1e-3);
    }
}
