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
/// What an interval holds.
const INTERVAL_SHARE: f64 = 0.9;
/// Halvings of a range of quantiles.
const QUANTILE_STEPS: usize = 50;

/// Half width of the 90 % interval for a one-sigma error, seconds.
pub fn interval_half_width_secs(sigma_secs: f64) -> f64 {
    STUDENT3_Q95 * sigma_secs
}

/// Half width of the 90 % interval of an error `sigma_secs` of a path that is right with `certainty`,
/// seconds: `P(|T| s <= half) c = 0.9`. `widened_secs` is the error with the doubt in it: an interval is not
/// wider than that one's, which is all there is where the path is right with less than 0.9. A small doubt
/// makes a quarter of a second a little less probable, which takes an error bar several times as wide; of the
/// 90 % nearest to the path it takes next to nothing.
pub(crate) fn doubted_half_width_secs(sigma_secs: f64, certainty: f64, widened_secs: f64) -> f64 {
    let widest = interval_half_width_secs(widened_secs);
    let wanted = INTERVAL_SHARE / certainty;
    let (mut low, mut high) = (STUDENT3_Q95, widest / sigma_secs);
    if !(sigma_secs > 0.0 && high > low && student3_within(high) > wanted) {
        return widest;
    }
    for _ in 0..QUANTILE_STEPS {
        let middle = 0.5 * (low + high);
        if student3_within(middle) > wanted {
            high = middle;
        } else {
            low = middle;
        }
    }
    sigma_secs * high
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
    fn a_small_doubt_hardly_widens_the_interval() {
        let half = |share| doubted_half_width_secs(0.005, share, widened(0.005, share));
        assert!((half(1.0) - interval_half_width_secs(0.005)).abs() < 1e-6);
        assert!(half(0.998) < 1.02 * half(1.0) && widened(0.005, 0.998) > 2.0 * 0.005);
        for share in [0.999, 0.97, 0.92] {
            let held = student3_within(half(share) / 0.005) * share;
            assert!(
                (held - 0.9).abs() < 1e-6 || half(share) == interval_half_width_secs(widened(0.005, share))
            );
        }
        for share in [0.9, 0.5] {
            assert_eq!(half(share), interval_half_width_secs(widened(0.005, share)));
        }
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
