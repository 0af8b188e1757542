//! Drift of GPS and shared error of pictures as a state that is seen through their difference.
//!
//! The drift is a Matérn process of order 3/2, position and rate: it has no leaps, which is how receivers wander. The
//! error that neighbouring pictures share is an Ornstein-Uhlenbeck process. Both are stationary, in units of what the
//! sources claim, so a receiver that crawls may be off by more seconds than one at speed.

use super::moment::Moment;
use crate::tuning::MISLED_SECS;

/// Time in which a drift is forgotten, seconds; that of the model of places in `mtbsync-telemetry`.
const DRIFT_SECS: f64 = 5.0;
/// Time in which the shared error of pictures is, seconds. Measured on the race laps.
const SHARED_SECS: f64 = 0.7;
/// Share of a picture's variance that its neighbours have in common.
const SHARED: f64 = 0.8;

/// A moment, and the probability that its pictures are right.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// What is seen.
    pub moment: Moment,
    /// Probability.
    pub right: f64,
}

/// Sizes of the errors as shares of what is claimed.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Drift of GPS.
    pub drift: f64,
    /// Noise of GPS.
    pub noise: f64,
    /// Errors of pictures.
    pub pictures: f64,
}

type Vector = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// Belief in drift, its rate per second, and shared error of the pictures.
#[derive(Clone, Copy, Debug)]
struct Gauss {
    mean: Vector,
    covariance: Matrix,
}

/// One step of the filter.
pub struct Pass {
    /// How the state came here by itself.
    keep: Matrix,
    predicted: Gauss,
    updated: Gauss,
}

/// Mean and variance of the drift at each moment, by Rauch, Tung and Striebel.
pub fn smooth(observed: &[Observed], size: Sizes) -> Vec<(f64, f64)> {
    let passes = filter(observed, size).1;
    let mut after: Option<(Gauss, &Pass)> = None;
    let mut drifts: Vec<(f64, f64)> = Vec::with_capacity(passes.len());
    for pass in passes.iter().rev() {
        let smoothed = after.map_or(pass.updated, |(smoothed, next)| {
            back(&pass.updated, next, &smoothed)
        });
        drifts.push((smoothed.mean[0], smoothed.covariance[0][0]));
        after = Some((smoothed, pass));
    }
    drifts.reverse();
    drifts
}

/// Log-likelihood of what is seen, and the steps.
pub fn filter(observed: &[Observed], size: Sizes) -> (f64, Vec<Pass>) {
    let pace = 3f64.sqrt() / DRIFT_SECS;
    let stationary: Matrix = [
        [size.drift.powi(2), 0.0, 0.0],
        [0.0, (size.drift * pace).powi(2), 0.0],
        [0.0, 0.0, SHARED],
    ];
    let mut belief = Gauss {
        mean: [0.0; 3],
        covariance: stationary,
    };
    let mut likelihood = 0.0;
    let mut passes = Vec::with_capacity(observed.len());
    let mut before = observed.first().map_or(0.0, |o| o.moment.t_secs);
    for Observed { moment, right } in observed {
        let keep = transition(moment.t_secs - before, pace);
        before = moment.t_secs;
        let news = plus(&belief.covariance, &stationary, -1.0);
        let predicted = Gauss {
            mean: applied(&keep, &belief.mean),
            covariance: plus(
                &stationary,
                &product(&product(&keep, &news), &transposed(&keep)),
                1.0,
            ),
        };
        belief = predicted;
        if let Some(apart) = moment.apart {
            let sigma_secs = size.pictures * apart.sigma_secs;
            let seen_as = [moment.gps_sigma_secs, 0.0, sigma_secs];
            let own = (size.noise * moment.gps_sigma_secs).powi(2) + (1.0 - SHARED) * sigma_secs.powi(2);
            let towards = applied(&predicted.covariance, &seen_as);
            let surprise = apart.secs - dot(&predicted.mean, &seen_as);
            let told = dot(&towards, &seen_as) + own;
            let density = |variance: f64| (-0.5 * surprise * surprise / variance).exp() / variance.sqrt();
            let mixed = right * density(told) + (1.0 - right) * density(told + MISLED_SECS.powi(2));
            likelihood += mixed.max(f64::MIN_POSITIVE).ln();
            // One bell curve as wide as both together.
            let spread = told + (1.0 - right) * MISLED_SECS.powi(2);
            belief = Gauss {
                mean: std::array::from_fn(|i| predicted.mean[i] + towards[i] * surprise / spread),
                covariance: std::array::from_fn(|i| {
                    std::array::from_fn(|j| predicted.covariance[i][j] - towards[i] * towards[j] / spread)
                }),
            };
        }
        passes.push(Pass {
            keep,
            predicted,
            updated: belief,
        });
    }
    (likelihood, passes)
}

/// How the state goes on by itself in `dt` seconds.
fn transition(dt: f64, pace: f64) -> Matrix {
    let decay = (-pace * dt).exp();
    [
        [decay * (1.0 + pace * dt), decay * dt, 0.0],
        [-decay * pace * pace * dt, decay * (1.0 - pace * dt), 0.0],
        [0.0, 0.0, (-dt / SHARED_SECS).exp()],
    ]
}

/// What the step after tells about a belief.
fn back(updated: &Gauss, next: &Pass, after: &Gauss) -> Gauss {
    let carried = product(&updated.covariance, &transposed(&next.keep));
    let gain = product(&carried, &inverse(&next.predicted.covariance));
    let news: Vector = std::array::from_fn(|i| after.mean[i] - next.predicted.mean[i]);
    let step = applied(&gain, &news);
    let change = plus(&after.covariance, &next.predicted.covariance, -1.0);
    let change = product(&product(&gain, &change), &transposed(&gain));
    Gauss {
        mean: std::array::from_fn(|i| updated.mean[i] + step[i]),
        covariance: plus(&updated.covariance, &change, 1.0),
    }
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn applied(a: &Matrix, x: &Vector) -> Vector {
    a.map(|row| dot(&row, x))
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let columns = transposed(b);
    a.map(|row| columns.map(|column| dot(&row, &column)))
}

fn transposed(a: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i]))
}

/// `a + factor * b`
fn plus(a: &Matrix, b: &Matrix, factor: f64) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] + factor * b[i][j]))
}

/// Inverse of a symmetric matrix.
fn inverse(a: &Matrix) -> Matrix {
    let minor = |i: usize, j: usize| {
        let (r, s, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
        a[r][c] * a[s][d] - a[r][d] * a[s][c]
    };
    let determinant: f64 = (0..3).map(|j| a[0][j] * minor(0, j)).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| minor(i, j) / determinant))
}

#[cfg(test)]
mod tests {
    use super::super::moment::Apart;
    use super::*;

    const SIZE: Sizes = Sizes {
        drift: 0.5,
        noise: 0.1,
        pictures: 1.0,
    };

    fn observed(apart: impl Fn(f64) -> Option<f64>) -> Vec<Observed> {
        (0..90)
            .map(|k| f64::from(k) / 3.0)
            .map(|t_secs| Observed {
                moment: Moment {
                    t_secs,
                    gps_sigma_secs: 1.0,
                    apart: apart(t_secs).map(|secs| Apart {
                        secs,
                        sigma_secs: 0.05,
                    }),
                },
                right: 1.0,
            })
            .collect()
    }

    #[test]
    fn a_slow_wander_is_followed_and_bridged() {
        let wander = |t: f64| 0.5 * (t / 8.0).sin();
        let drifts = smooth(
            &observed(|t| (!(14.0..16.0).contains(&t)).then(|| wander(t))),
            SIZE,
        );
        for (k, (mean, variance)) in drifts.iter().enumerate() {
            let t = k as f64 / 3.0;
            assert!((mean - wander(t)).abs() < 0.1, "{t} {mean}");
            assert!(*variance > 0.0);
        }
        assert!(drifts[45].1 > drifts[20].1);
    }

    #[test]
    fn an_inverse_undoes() {
        let a = [[2.0, 0.3, -0.1], [0.3, 1.0, 0.2], [-0.1, 0.2, 0.5]];
        let unit = product(&a, &inverse(&a));
        for (i, row) in unit.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                assert!((value - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_right_size_is_the_likeliest() {
        let seen = observed(|t| Some(0.3 * (t / 4.0).sin()));
        let likelihood = |drift| filter(&seen, Sizes { drift, ..SIZE }).0;
        assert!(likelihood(0.3) > likelihood(0.01));
        assert!(likelihood(0.3) > likelihood(5.0));
    }
}
