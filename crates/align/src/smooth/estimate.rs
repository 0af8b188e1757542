//! State of the path at one time, its prediction over an interval and its update by a measurement.

use super::Motion;
use crate::tuning::STAND_WANDER;

/// Mean `[position, rate]` and covariance `[pp, pr, rr]`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PathEstimate {
    pub x: [f64; 2],
    pub p: [f64; 3],
}

impl PathEstimate {
    /// The state `dt` seconds later, with a drift `q` of the rate, variance per second.
    pub fn predict(&self, motion: Motion, dt: f64, q: f64) -> Self {
        let ahead = motion.ridden_share() * dt;
        let [pp, pr, rr] = self.p;
        let wander = match motion {
            Motion::Ride => q * dt.powi(3) / 3.0,
            Motion::Stand => STAND_WANDER * dt,
            // The rider sets off or stops somewhere within the interval, as likely here as there.
            Motion::Turn => (self.x[1] * dt).powi(2) / 12.0 + q * dt.powi(3) / 3.0,
        };
        let together = match motion {
            Motion::Ride => q * dt * dt / 2.0,
            Motion::Stand | Motion::Turn => 0.0,
        };
        Self {
            x: [self.x[0] + ahead * self.x[1], self.x[1]],
            p: [
                pp + 2.0 * ahead * pr + ahead * ahead * rr + wander,
                pr + ahead * rr + together,
                rr + q * dt,
            ],
        }
    }

    /// The state after a measurement of the position with this variance.
    pub fn update(&self, y: f64, variance: f64) -> Self {
        let [pp, pr, rr] = self.p;
        let total = pp + variance;
        let (kp, kr) = (pp / total, pr / total);
        let error = y - self.x[0];
        Self {
            x: [self.x[0] + kp * error, self.x[1] + kr * error],
            p: [pp - kp * pp, pr - kp * pr, rr - kr * pr],
        }
    }
}
