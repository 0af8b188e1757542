//! A strictly increasing curve through knots: monotone piecewise cubic Hermite interpolation (PCHIP; Fritsch
//! & Carlson 1980, slopes by Fritsch & Butland 1984).
//!
//! On an interval of length `h` with chords `c`: `y(s) = y_0 (2s^3 - 3s^2 + 1) + y_1 (3s^2 - 2s^3) + h (m_0
//! (s^3 - 2s^2 + s) + m_1 (s^3 - s^2))`, where the slope at an inner knot is the weighted harmonic mean
//! `m = (w_1 + w_2) / (w_1 / c_1 + w_2 / c_2)`.
//!
//! PCHIP never overshoots, so strictly increasing knots give a strictly increasing curve, and the inverse is
//! the same curve solved for its argument.

/// An interval is halved down to this and is a line below it, seconds: at the curvature of real maps the line
/// is off by less than rounding.
const LEAF_SECS: f64 = 1e-9;

/// A strictly increasing map from `x` to `y`, defined between its first and last knot.
#[derive(Clone, Debug, PartialEq)]
pub struct MonotoneCurve {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: Vec<f64>,
}

impl MonotoneCurve {
    /// A curve through `(x, y)`. `None` unless there are at least two knots, all finite, strictly increasing
    /// in both.
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Option<Self> {
        let increasing = |v: &[f64]| v.iter().all(|v| v.is_finite()) && v.windows(2).all(|w| w[0] < w[1]);
        if x.len() < 2 || x.len() != y.len() || !increasing(&x) || !increasing(&y) {
            return None;
        }
        let slope = pchip_slopes(&x, &y);
        Some(Self { x, y, slope })
    }

    /// Knots along `x`.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// Knots along `y`.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// Value at `x`; `None` outside the knots. Never less at a later `x`, not even by rounding.
    pub fn y_at(&self, x: f64) -> Option<f64> {
        let (from, to) = self.leaf(interval(&self.x, x)?, |point| point.0 <= x);
        Some(on_line(x, (from.0, to.0), (from.1, to.1)))
    }

    /// Slope dy/dx at `x`; `None` outside the knots.
    pub fn slope_at(&self, x: f64) -> Option<f64> {
        let k = interval(&self.x, x)?;
        let h = self.x[k + 1] - self.x[k];
        let s = (x - self.x[k]) / h;
        let chord = (self.y[k + 1] - self.y[k]) / h;
        let (a, b) = (self.slope[k], self.slope[k + 1]);
        Some(
            (6.0 * s - 6.0 * s * s) * chord + (1.0 - 4.0 * s + 3.0 * s * s) * a + (3.0 * s * s - 2.0 * s) * b,
        )
    }

    /// Argument at which the curve has value `y`; `None` outside the knots. Never less at a greater `y`.
    pub fn x_at(&self, y: f64) -> Option<f64> {
        let (from, to) = self.leaf(interval(&self.y, y)?, |point| point.1 <= y);
        Some(on_line(y, (from.1, to.1), (from.0, to.0)))
    }

    /// The points `(x, y)` at both ends of the part of interval `k`, [`LEAF_SECS`] long, before which all
    /// points lie `before` what is looked for. Values in the middle are kept between those of the ends: so
    /// both ways through the curve are the same, and rounding never turns it back.
    fn leaf(&self, k: usize, before: impl Fn((f64, f64)) -> bool) -> ((f64, f64), (f64, f64)) {
        let (mut from, mut to) = ((self.x[k], self.y[k]), (self.x[k + 1], self.y[k + 1]));
        while to.0 - from.0 > LEAF_SECS {
            let x = 0.5 * (from.0 + to.0);
            if x <= from.0 || x >= to.0 {
                break;
            }
            let middle = (x, self.eval(k, x).clamp(from.1, to.1));
            if before(middle) {
                from = middle;
            } else {
                to = middle;
            }
        }
        (from, to)
    }

    /// Cubic Hermite on interval `k`.
    fn eval(&self, k: usize, x: f64) -> f64 {
        let h = self.x[k + 1] - self.x[k];
        let s = (x - self.x[k]) / h;
        let (s2, s3) = (s * s, s * s * s);
        self.y[k] * (2.0 * s3 - 3.0 * s2 + 1.0)
            + self.y[k + 1] * (3.0 * s2 - 2.0 * s3)
            + h * (self.slope[k] * (s3 - 2.0 * s2 + s) + self.slope[k + 1] * (s3 - s2))
    }
}

/// Index of the interval of `knots` that holds `v`, the last one for its end.
fn interval(knots: &[f64], v: f64) -> Option<usize> {
    let (first, last) = (*knots.first()?, *knots.last()?);
    if !(first..=last).contains(&v) {
        return None;
    }
    Some(knots.partition_point(|&k| k <= v).clamp(1, knots.len() - 1) - 1)
}

/// What lies in `results` where `v` lies in `values`: never less for a greater `v`.
fn on_line(v: f64, values: (f64, f64), results: (f64, f64)) -> f64 {
    if v >= values.1 {
        return results.1;
    }
    let share = (v - values.0) / (values.1 - values.0);
    (results.0 + share * (results.1 - results.0)).min(results.1)
}

fn pchip_slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let h: Vec<f64> = x.windows(2).map(|w| w[1] - w[0]).collect();
    let chord: Vec<f64> = y.windows(2).zip(&h).map(|(w, h)| (w[1] - w[0]) / h).collect();
    if chord.len() == 1 {
        return vec![chord[0]; 2];
    }
    let last = chord.len() - 1;
    let mut slopes = vec![end_slope(h[0], h[1], chord[0], chord[1])];
    for k in 0..last {
        let (w1, w2) = (2.0 * h[k + 1] + h[k], h[k + 1] + 2.0 * h[k]);
        slopes.push((w1 + w2) / (w1 / chord[k] + w2 / chord[k + 1]));
    }
    slopes.push(end_slope(h[last], h[last - 1], chord[last], chord[last - 1]));
    slopes
}

/// Three-point end slope, limited so that the curve stays monotone.
fn end_slope(h0: f64, h1: f64, chord0: f64, chord1: f64) -> f64 {
    let slope = ((2.0 * h0 + h1) * chord0 - h0 * chord1) / (h0 + h1);
    slope.clamp(0.0, 3.0 * chord0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn knots() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        prop::collection::vec((0.1f64..2.0, 1e-6f64..6.0), 2..40).prop_map(|steps| {
            let (mut x, mut y) = (3.0, -2.0);
            steps
                .into_iter()
                .map(|(dx, dy)| {
                    x += dx;
                    y += dy;
                    (x, y)
                })
                .unzip()
        })
    }

    proptest! {
        #[test]
        fn strictly_increasing_and_exactly_invertible((x, y) in knots(), shares in prop::collection::vec(0.0f64..1.0, 20)) {
            let curve = MonotoneCurve::new(x.clone(), y).unwrap();
            let (first, last) = (x[0], x[x.len() - 1]);
            let mut times: Vec<f64> = shares.iter().map(|s| first + s * (last - first)).collect();
            times.sort_by(f64::total_cmp);
            let mut before: Option<(f64, f64)> = None;
            for t in times {
                let y = curve.y_at(t).unwrap();
                if let Some((tb, yb)) = before {
                    prop_assert!(y > yb || t <= tb + 1e-6);
                    prop_assert!(y >= yb);
                }
                before = Some((t, y));
                let (below, above) = (curve.y_at(t.next_down()), curve.y_at(t.next_up()));
                prop_assert!(below.is_none_or(|below| below <= y) && above.is_none_or(|above| y <= above));
                let (below, above) = (curve.x_at(y.next_down()), curve.x_at(y.next_up()));
                prop_assert!(below.is_none_or(|below| below <= curve.x_at(y).unwrap()));
                prop_assert!(above.is_none_or(|above| curve.x_at(y).unwrap() <= above));
                let back = curve.x_at(y).unwrap();
                let forth = curve.y_at(back).unwrap();
                prop_assert!((forth - y).abs() <= 1e-9, "{} {}", forth, y);
            }
        }
    }

    #[test]
    fn passes_through_its_knots_and_ends_there() {
        let c = MonotoneCurve::new(vec![0.0, 1.0, 3.0], vec![10.0, 11.5, 12.0]).unwrap();
        for (x, y) in [(0.0, 10.0), (1.0, 11.5), (3.0, 12.0)] {
            assert_eq!(c.y_at(x), Some(y));
            assert_eq!(c.x_at(y), Some(x));
        }
        assert_eq!(c.y_at(-1e-9), None);
        assert_eq!(c.y_at(3.0 + 1e-9), None);
        assert_eq!(c.x_at(12.1), None);
        assert_eq!(c.x_at(f64::NAN), None);
    }

    #[test]
    fn rounding_does_not_lead_beyond_the_last_knot() {
        for k in 1..2000 {
            let (x, y) = (1.0 + f64::from(k) * 0.0371, 5.0 + f64::from(k) * 0.0173);
            let c = MonotoneCurve::new(vec![0.9, x - 0.013, x], vec![4.0, y - 0.011, y]).unwrap();
            let just_before = 0.9 + (x - 0.9) * (1.0 - f64::EPSILON);
            assert!(
                c.y_at(just_before.min(x)).is_some_and(|v| c.x_at(v).is_some()),
                "{k}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_function_both_ways() {
        for (x, y) in [
            (vec![0.0], vec![0.0]),
            (vec![0.0, 1.0], vec![1.0, 1.0]),
            (vec![0.0, 0.0], vec![0.0, 1.0]),
            (vec![0.0, f64::NAN], vec![0.0, 1.0]),
            (vec![0.0, 1.0, 2.0], vec![0.0, 1.0]),
        ] {
            assert!(MonotoneCurve::new(x, y).is_none());
        }
    }

    /// Reference values from scipy.interpolate.PchipInterpolator.
    #[test]
    fn agrees_with_the_published_interpolant() {
        let c = MonotoneCurve::new(vec![0.0, 1.0, 2.0, 4.0], vec![0.0, 1.0, 4.0, 5.0]).unwrap();
        for (x, y) in [
            (0.5, 0.3125),
            (1.5, 2.571_120_689_655_172_6),
            (3.0, 4.732_758_620_689_655),
        ] {
            let found = c.y_at(x).unwrap();
            assert!((found - y).abs() < 1e-12, "{x}: {found} {y}");
        }
    }
}
