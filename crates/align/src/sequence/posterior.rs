//! What a posterior over the places says in few words.

use super::{Belief, Reach};

/// Half width of the window whose posterior mass counts as "here", seconds of reference time.
const HERE_SECS: f64 = 0.7;
/// Share of the posterior that may lie beyond each end of a [`Reach`].
const REACH_TAIL: f64 = 1e-3;

/// Heaviest window of the posterior over the reference frames at `t_ref`, `spacing` seconds apart, and its centre; `none` is the mass
/// on having no counterpart.
pub(super) fn summarise(posterior: &[f64], none: f64, t_ref: &[f64], spacing: f64) -> Reach {
    let on: f64 = posterior.iter().sum();
    let total = on + none;
    if total <= 0.0 || on <= 0.0 {
        let nowhere = t_ref.first().copied().unwrap_or(0.0);
        let belief = Belief {
            t_ref_secs: nowhere,
            here: 0.0,
            off: 1.0,
        };
        return Reach {
            belief,
            low_secs: nowhere,
            high_secs: nowhere,
        };
    }
    let half = (HERE_SECS / spacing).round().max(1.0) as usize;
    let mut window: f64 = posterior.iter().take(half).sum();
    let (mut best, mut centre) = (-1.0, 0);
    for j in 0..posterior.len() {
        window += posterior.get(j + half).copied().unwrap_or(0.0);
        if window > best {
            (best, centre) = (window, j);
        }
        window -= if j >= half { posterior[j - half] } else { 0.0 };
    }
    let range = centre.saturating_sub(half)..(centre + half + 1).min(posterior.len());
    let mass: f64 = posterior[range.clone()].iter().sum();
    let mean = posterior[range.clone()]
        .iter()
        .zip(&t_ref[range])
        .map(|(p, t)| p * t)
        .sum::<f64>();
    let belief = Belief {
        t_ref_secs: if mass > 0.0 { mean / mass } else { t_ref[centre] },
        here: (mass / total).min(1.0),
        off: none / total,
    };
    let (low_secs, high_secs) = reach(posterior, on, t_ref);
    Reach {
        belief,
        low_secs,
        high_secs,
    }
}

/// Times that all but [`REACH_TAIL`] of the mass `on` lie after and before.
fn reach(posterior: &[f64], on: f64, t_ref: &[f64]) -> (f64, f64) {
    fn beyond<'a>(places: impl Iterator<Item = (&'a f64, &'a f64)>, tail: f64) -> f64 {
        let mut sum = 0.0;
        let mut last = 0.0;
        for (&p, &t) in places {
            sum += p;
            last = t;
            if sum > tail {
                break;
            }
        }
        last
    }
    let tail = REACH_TAIL * on;
    let places = posterior.iter().zip(t_ref);
    (beyond(places.clone(), tail), beyond(places.rev(), tail))
}
