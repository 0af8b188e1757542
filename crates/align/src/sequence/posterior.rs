//! Summary of a marginal posterior over the reference frames.

use super::{Posterior, PosteriorInterval};
use crate::tuning::{INTERVAL_TAIL, NEAR_SECS, ON_SECS};

/// Heaviest window of the mass `on` at the reference frames `t_ref`, `spacing` seconds apart, its centre of
/// mass, and the credible interval; `off` is the mass of having no counterpart. Masses need not sum to 1.
pub(super) fn summarise(on: &[f64], off: f64, t_ref: &[f64], spacing: f64) -> PosteriorInterval {
    let on_total: f64 = on.iter().sum();
    let total = on_total + off;
    if total <= 0.0 || on_total <= 0.0 {
        return PosteriorInterval::point(Posterior {
            t_ref_secs: t_ref.first().copied().unwrap_or(0.0),
            on: 0.0,
            off: 1.0,
        });
    }
    let half = (ON_SECS / spacing).round().max(1.0) as usize;
    let mut window: f64 = on.iter().take(half).sum();
    let (mut best, mut centre) = (-1.0, 0);
    for j in 0..on.len() {
        window += on.get(j + half).copied().unwrap_or(0.0);
        if window > best {
            (best, centre) = (window, j);
        }
        window -= if j >= half { on[j - half] } else { 0.0 };
    }
    let range = centre.saturating_sub(half)..(centre + half + 1).min(on.len());
    let mass: f64 = on[range.clone()].iter().sum();
    let moment: f64 = on[range.clone()]
        .iter()
        .zip(&t_ref[range])
        .map(|(p, t)| p * t)
        .sum();
    let (low_secs, high_secs) = interval(on, on_total, t_ref);
    let t_ref_secs = if mass > 0.0 { moment / mass } else { t_ref[centre] };
    let near = t_ref.partition_point(|&t| t < t_ref_secs - NEAR_SECS)
        ..t_ref.partition_point(|&t| t <= t_ref_secs + NEAR_SECS);
    PosteriorInterval {
        posterior: Posterior {
            t_ref_secs,
            on: (mass / total).min(1.0),
            off: off / total,
        },
        low_secs,
        high_secs,
        near: (on[near].iter().sum::<f64>() / on_total).min(1.0),
    }
}

/// Times that all but [`INTERVAL_TAIL`] of the mass lie after and before.
fn interval(on: &[f64], on_total: f64, t_ref: &[f64]) -> (f64, f64) {
    fn beyond<'a>(frames: impl Iterator<Item = (&'a f64, &'a f64)>, tail: f64) -> f64 {
        let mut sum = 0.0;
        let mut last = 0.0;
        for (&p, &t) in frames {
            sum += p;
            last = t;
            if sum > tail {
                break;
            }
        }
        last
    }
    let tail = INTERVAL_TAIL * on_total;
    let frames = on.iter().zip(t_ref);
    (beyond(frames.clone(), tail), beyond(frames.rev(), tail))
}
