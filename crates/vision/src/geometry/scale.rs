//! Is the second camera ahead of the first or behind it? The relative scale of matched points.
//!
//! Riding forward, everything moves away from one point of the picture: the view expands. Between a new frame and
//! reference frames along the path the expansion passes from negative to positive, and where it is zero the two
//! cameras are level. A plain zoom estimate is pulled off that place when the second rider keeps to another line:
//! near things then shift sideways more than far ones, which looks partly like zoom. [`forward_scale`] therefore
//! fits the whole motion of a camera — translation, rotation, and a depth for every point — and reports only the
//! part along the optical axis. [`similarity_scale`] is the plain estimate, right for far or flat scenes.
//!
//! Both use the displacement `b - a` at the midpoint `(a + b) / 2`. That makes them accurate to third order in the
//! scale and exactly antisymmetric: exchanging the pictures changes the sign and nothing else.

use nalgebra::{Matrix2x6, Matrix4, Matrix6, Vector2, Vector4, Vector6};

/// How much larger the second picture shows things, as a natural logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeScale {
    /// Positive: the second camera is ahead of the first. Things at mean inverse depth are `exp(log_scale)` times
    /// larger in the second picture.
    pub log_scale: f64,
    /// Standard error of `log_scale` from the residuals.
    pub sigma: f64,
    /// Points that the estimate rests on: those with more than half of the full weight.
    pub n: usize,
}

/// The assumed camera: a pinhole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// Focal length in pixels.
    pub focal_px: f64,
    /// Where the optical axis meets the picture, in pixels.
    pub centre: [f64; 2],
}

/// Focal length of an action camera in its usual wide setting, as a share of the picture width (about 94° across).
/// The zero of the forward motion hardly depends on it.
const WIDE_FOCAL_SHARE: f64 = 0.47;
/// Fewest points for an estimate; the motion of a camera has six unknowns.
const MIN_POINTS: usize = 12;
/// Rounds of reweighting; the weights settle after about ten.
const ROUNDS: usize = 25;
/// Residuals beyond this many standard deviations weigh nothing (Tukey's biweight, 95 % efficient).
const TUKEY_SIGMAS: f64 = 4.685;
/// Median absolute deviation of a two-dimensional Gaussian's length, in standard deviations per axis.
const RAYLEIGH_MEDIAN: f64 = 1.177;
/// Corners are not located better than this, in pixels.
const MIN_NOISE_PX: f64 = 0.2;
/// Expected spread of inverse depth around its mean, as a share of the mean: a trail has roots and hills in view.
const DEPTH_SPREAD: f64 = 0.6;
/// Smallest inverse depth (share of the mean): nothing is behind the camera.
const MIN_INVERSE_DEPTH: f64 = 0.02;
/// Rounds of [`forward_scale`]'s fit. It starts far off, so it starts soft: noise level and rotation ridge fall by
/// [`COOLING`] a round until they reach what the residuals say. Without that it stops at a turn of the camera that
/// explains the far points and throws the near ones out (seen on a third of synthetic trails).
const CAMERA_ROUNDS: usize = 40;
const COOLING: f64 = 0.8;
/// First weights, per point, of "no sideways step" and "no turn". The two look alike at first, and whichever comes
/// first may keep the other out; so one start prefers the turn, one the step, one neither, and the best end wins.
const START_RIDGES: [[f64; 2]; 3] = [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
/// Last weight of "no rotation", in all; keeps a sideways step and a turn apart when depth does not.
const ROTATION_RIDGE: f64 = 1e-6;

impl Lens {
    /// What to assume of a picture of this size from an unknown action camera.
    pub fn assumed(width: usize, height: usize) -> Self {
        let (width, height) = (width as f64, height as f64);
        Self {
            focal_px: WIDE_FOCAL_SHARE * width.max(1.0),
            centre: [(width - 1.0) / 2.0, (height - 1.0) / 2.0],
        }
    }
}

/// A correspondence: midpoint and displacement, in units of the focal length from the optical axis.
struct Motion {
    midpoint: [f64; 2],
    displacement: Vector2<f64>,
}

fn motions(a: &[[f32; 2]], b: &[[f32; 2]], lens: &Lens) -> Option<Vec<Motion>> {
    if !(lens.focal_px.is_finite() && lens.focal_px > 0.0) || a.len().min(b.len()) < MIN_POINTS {
        return None;
    }
    let ray = |p: &[f32; 2]| [0, 1].map(|axis| (f64::from(p[axis]) - lens.centre[axis]) / lens.focal_px);
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            let (a, b) = (ray(a), ray(b));
            let displacement = Vector2::new(b[0] - a[0], b[1] - a[1]);
            let finite = displacement.iter().chain(&a).all(|v| v.is_finite());
            finite.then(|| Motion {
                midpoint: [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0],
                displacement,
            })
        })
        .collect()
}

/// Noise per axis, from the median residual length.
fn noise(residuals: &[f64], least: f64) -> f64 {
    let mut sorted = residuals.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(sorted.len() / 2)
        .map_or(least, |median| (median / RAYLEIGH_MEDIAN).max(least))
}

fn tukey(residual: f64, noise: f64) -> f64 {
    let u = residual / (TUKEY_SIGMAS * noise);
    if u >= 1.0 {
        0.0
    } else {
        (1.0 - u * u) * (1.0 - u * u)
    }
}

/// Share of full weight from which a point counts in [`RelativeScale::n`].
const COUNTED_WEIGHT: f64 = 0.5;

fn counted(weights: &[f64]) -> usize {
    weights.iter().filter(|&&w| w > COUNTED_WEIGHT).count()
}

/// Zoom of the best similarity (shift, turn, zoom) between matched points in pixels, robust to outliers.
///
/// Biased by parallax when near and far points shift differently; see [`forward_scale`]. `None` for fewer than 12
/// points, points that are not finite, or points in one spot.
pub fn similarity_scale(a: &[[f32; 2]], b: &[[f32; 2]], lens: &Lens) -> Option<RelativeScale> {
    let motions = motions(a, b, lens)?;
    let mut weights = vec![1.0; motions.len()];
    let least = MIN_NOISE_PX / lens.focal_px;
    let mut result = None;
    for _ in 0..ROUNDS {
        let (mut normal, mut right) = (Matrix4::zeros(), Vector4::zeros());
        let rows = |m: &Motion| {
            let [x, y] = m.midpoint;
            [Vector4::new(x, -y, 1.0, 0.0), Vector4::new(y, x, 0.0, 1.0)]
        };
        for (motion, &weight) in motions.iter().zip(&weights) {
            for (row, value) in rows(motion).into_iter().zip(motion.displacement.iter()) {
                normal += row * row.transpose() * weight;
                right += row * (value * weight);
            }
        }
        let inverse = normal.cholesky()?.inverse();
        let solution = inverse * right;
        let residual = |m: &Motion| {
            let [x, y] = rows(m).map(|row| row.dot(&solution));
            (m.displacement - Vector2::new(x, y)).norm()
        };
        let residuals: Vec<f64> = motions.iter().map(residual).collect();
        let noise = noise(&residuals, least);
        for (weight, &residual) in weights.iter_mut().zip(&residuals) {
            *weight = tukey(residual, noise);
        }
        result = Some((solution[0], noise * inverse[(0, 0)].sqrt()));
    }
    finish(result?, &weights)
}

fn finish((log_scale, sigma): (f64, f64), weights: &[f64]) -> Option<RelativeScale> {
    let n = counted(weights);
    let sound = n >= MIN_POINTS && log_scale.is_finite() && sigma.is_finite();
    sound.then_some(RelativeScale { log_scale, sigma, n })
}

/// How the picture at a midpoint moves with the six motions of the camera: step right, down, ahead (each times the
/// inverse depth), turn about the x, y and z axis (Longuet-Higgins and Prazdny, 1980).
fn field(midpoint: [f64; 2], inverse_depth: f64) -> Matrix2x6<f64> {
    let [x, y] = midpoint;
    let d = inverse_depth;
    Matrix2x6::new(
        -d,
        0.0,
        x * d,
        x * y,
        -(1.0 + x * x),
        y, //
        0.0,
        -d,
        y * d,
        1.0 + y * y,
        -x * y,
        -x,
    )
}

/// Expansion due to the step along the optical axis alone, from matched points in pixels; robust to outliers and
/// free of the bias that a sideways step causes where depth varies.
///
/// Least squares over the camera's motion and the inverse depth of every point, with inverse depths held near their
/// common mean as far as the displacements do not say otherwise: without any sideways or forward step the depths
/// cannot be seen, and the estimate becomes that of a similarity. `None` for fewer than 12 points, points that are
/// not finite, or points in one spot.
pub fn forward_scale(a: &[[f32; 2]], b: &[[f32; 2]], lens: &Lens) -> Option<RelativeScale> {
    let motions = motions(a, b, lens)?;
    let least = MIN_NOISE_PX / lens.focal_px;
    let fits: Vec<CameraFit> = START_RIDGES
        .iter()
        .filter_map(|&ridge| fit_camera(&motions, ridge, least))
        .collect();
    let common_noise = fits.iter().map(|fit| fit.noise).fold(f64::INFINITY, f64::min);
    let best = fits
        .into_iter()
        .min_by(|x, y| x.cost(common_noise).total_cmp(&y.cost(common_noise)))?;
    finish((best.log_scale, best.sigma), &best.weights)
}

/// A camera motion that [`forward_scale`] arrived at.
struct CameraFit {
    log_scale: f64,
    sigma: f64,
    weights: Vec<f64>,
    residuals: Vec<f64>,
    noise: f64,
}

impl CameraFit {
    /// Truncated squared residuals at a given noise level; smaller is better.
    fn cost(&self, noise: f64) -> f64 {
        let limit = TUKEY_SIGMAS * noise;
        self.residuals.iter().map(|r| (r / limit).powi(2).min(1.0)).sum()
    }
}

/// Gauss–Newton on the camera's motion with the depths eliminated, reweighted and cooled down from a soft start.
fn fit_camera(motions: &[Motion], start_ridges: [f64; 2], least_noise: f64) -> Option<CameraFit> {
    let mut depths = vec![1.0; motions.len()];
    let mut weights = vec![1.0; motions.len()];
    let mut camera = Vector6::zeros();
    let mut noise_now = motions.iter().map(|m| m.displacement.norm()).sum::<f64>() / motions.len() as f64;
    let [mut step_ridge, mut turn_ridge] = start_ridges.map(|ridge| ridge * motions.len() as f64);
    let mut result = None;
    for round in 0..CAMERA_ROUNDS {
        step_ridge *= COOLING;
        turn_ridge = (turn_ridge * COOLING).max(ROTATION_RIDGE);
        let tie = if round == 0 {
            f64::INFINITY
        } else {
            (noise_now / DEPTH_SPREAD).powi(2)
        };
        let ridges = Vector6::new(step_ridge, step_ridge, 0.0, turn_ridge, turn_ridge, turn_ridge);
        let mut normal = Matrix6::from_diagonal(&ridges);
        let mut right = Vector6::zeros();
        for ((motion, &depth), &weight) in motions.iter().zip(&depths).zip(&weights) {
            let (left, target) = without_depth(motion, depth, &camera, tie);
            normal += left.transpose() * left * weight;
            right += left.transpose() * target * weight;
        }
        let inverse = normal.cholesky()?.inverse();
        camera = inverse * right;
        let mut residuals = Vec::with_capacity(motions.len());
        for (motion, depth) in motions.iter().zip(&mut depths) {
            *depth = best_depth(motion, &camera, tie);
            residuals.push((motion.displacement - field(motion.midpoint, *depth) * camera).norm());
        }
        noise_now = noise(&residuals, least_noise).max(noise_now * COOLING);
        for (weight, &residual) in weights.iter_mut().zip(&residuals) {
            *weight = tukey(residual, noise_now);
        }
        let mean = mean_depth(&depths, &weights)?;
        for depth in &mut depths {
            *depth /= mean;
        }
        for axis in 0..3 {
            camera[axis] *= mean;
        }
        let sigma = noise_now * mean * inverse[(2, 2)].sqrt();
        result = Some((camera[2], sigma, residuals));
    }
    let (log_scale, sigma, residuals) = result?;
    Some(CameraFit {
        log_scale,
        sigma,
        weights,
        residuals,
        noise: noise_now,
    })
}

/// Displacement per unit of inverse depth.
fn along_depth(motion: &Motion, camera: &Vector6<f64>) -> Vector2<f64> {
    let [x, y] = motion.midpoint;
    Vector2::new(x * camera[2] - camera[0], y * camera[2] - camera[1])
}

/// Displacement due to rotation.
fn turning(motion: &Motion, camera: &Vector6<f64>) -> Vector2<f64> {
    field(motion.midpoint, 0.0) * camera
}

/// Inverse depth that explains a displacement best; `tie` is the weight of the common mean 1 against it.
fn best_depth(motion: &Motion, camera: &Vector6<f64>, tie: f64) -> f64 {
    if tie.is_infinite() {
        return 1.0;
    }
    let along = along_depth(motion, camera);
    let explained = along.dot(&(motion.displacement - turning(motion, camera)));
    ((explained + tie) / (along.norm_squared() + tie)).max(MIN_INVERSE_DEPTH)
}

/// The linearised equations of one point after elimination of its depth: what lies along the displacement per depth
/// is only as certain as the depth is, so that direction is scaled down.
fn without_depth(
    motion: &Motion,
    depth: f64,
    camera: &Vector6<f64>,
    tie: f64,
) -> (Matrix2x6<f64>, Vector2<f64>) {
    let left = field(motion.midpoint, depth);
    let along = along_depth(motion, camera);
    let length = along.norm();
    if tie.is_infinite() || length == 0.0 {
        return (left, motion.displacement);
    }
    let unit = along / length;
    // One unknown with prior variance 1 / tie: the precision along `unit` falls by tie / (tie + |along|²).
    let keep = (tie / (tie + length * length)).sqrt();
    // The displacement as it would be at `depth`'s linearisation with the prior mean put in.
    let target = motion.displacement - along * (1.0 - depth);
    let shrink = |v: Vector2<f64>| v - unit * (unit.dot(&v) * (1.0 - keep));
    let mut shrunk = left;
    for mut column in shrunk.column_iter_mut() {
        let new = shrink(Vector2::new(column[0], column[1]));
        column.copy_from(&new);
    }
    (shrunk, shrink(target))
}

fn mean_depth(depths: &[f64], weights: &[f64]) -> Option<f64> {
    let total: f64 = weights.iter().sum();
    let mean = depths.iter().zip(weights).map(|(d, w)| d * w).sum::<f64>() / total;
    (mean.is_finite() && mean > 0.0).then_some(mean)
}
