//! `x' = s (x - c)`, `s = √2 / mean |x - c|`: Hartley's normalisation (PAMI 1997) of two point sets, each by
//! its own centre `c`, both by one scale `s`.
//!
//! Solving for a homography or a fundamental matrix in raw pixels mixes numbers of size 1 and of size 10⁶.
//! One scale for both sets keeps residuals comparable: pixels are `residual / scale`.

use nalgebra::Matrix3;

/// A point in normalised coordinates.
pub(crate) type NormalPoint = [f64; 2];

/// Centres and scale of two point sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalisation {
    centre_a: NormalPoint,
    centre_b: NormalPoint,
    /// Normalised units per pixel.
    pub(crate) scale: f64,
}

/// Mean distance from the centre after normalisation, in each set about √2 (Hartley's choice).
const MEAN_DISTANCE: f64 = std::f64::consts::SQRT_2;

fn centre(points: &[[f32; 2]]) -> NormalPoint {
    let sum = points.iter().fold([0.0, 0.0], |s, p| {
        [s[0] + f64::from(p[0]), s[1] + f64::from(p[1])]
    });
    sum.map(|s| s / points.len().max(1) as f64)
}

fn mean_distance(points: &[[f32; 2]], centre: NormalPoint) -> f64 {
    let distance = |p: &[f32; 2]| (f64::from(p[0]) - centre[0]).hypot(f64::from(p[1]) - centre[1]);
    points.iter().map(distance).sum::<f64>() / points.len().max(1) as f64
}

impl Normalisation {
    /// Of two sets of equal length, or `None` when a set has no extent or a coordinate is not finite.
    pub(crate) fn of(a: &[[f32; 2]], b: &[[f32; 2]]) -> Option<Self> {
        let (centre_a, centre_b) = (centre(a), centre(b));
        let spread = (mean_distance(a, centre_a) * mean_distance(b, centre_b)).sqrt();
        (spread.is_finite() && spread > f64::EPSILON).then(|| Self {
            centre_a,
            centre_b,
            scale: MEAN_DISTANCE / spread,
        })
    }

    /// The points of the first set in normalised coordinates.
    pub(crate) fn normalise_a(&self, points: &[[f32; 2]]) -> Vec<NormalPoint> {
        normalise(points, self.centre_a, self.scale)
    }

    /// The points of the second set in normalised coordinates.
    pub(crate) fn normalise_b(&self, points: &[[f32; 2]]) -> Vec<NormalPoint> {
        normalise(points, self.centre_b, self.scale)
    }

    fn normalising(&self, centre: NormalPoint) -> Matrix3<f64> {
        scale_and_move(self.scale, centre.map(|c| -self.scale * c))
    }

    /// A point map (`b ~ M a`) from normalised to pixel coordinates, bottom right element 1 where it can be.
    pub(crate) fn map_in_pixels(&self, map: &Matrix3<f64>) -> Matrix3<f64> {
        let map = scale_and_move(1.0 / self.scale, self.centre_b) * map * self.normalising(self.centre_a);
        let unit = map[(2, 2)];
        if unit.abs() > f64::EPSILON * map.norm() {
            map / unit
        } else {
            map / map.norm()
        }
    }

    /// A fundamental matrix (`bᵀ F a = 0`) from normalised to pixel coordinates, of norm 1.
    pub(crate) fn epipolar_in_pixels(&self, fundamental: &Matrix3<f64>) -> Matrix3<f64> {
        let (to_a, to_b) = (self.normalising(self.centre_a), self.normalising(self.centre_b));
        let fundamental = to_b.transpose() * fundamental * to_a;
        fundamental / fundamental.norm()
    }
}

/// `x' = s x + m`.
fn scale_and_move(s: f64, [x, y]: [f64; 2]) -> Matrix3<f64> {
    Matrix3::new(s, 0.0, x, 0.0, s, y, 0.0, 0.0, 1.0)
}

fn normalise(points: &[[f32; 2]], centre: NormalPoint, scale: f64) -> Vec<NormalPoint> {
    points
        .iter()
        .map(|p| {
            [
                (f64::from(p[0]) - centre[0]) * scale,
                (f64::from(p[1]) - centre[1]) * scale,
            ]
        })
        .collect()
}
