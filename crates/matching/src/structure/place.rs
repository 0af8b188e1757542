//! Measured places on the reference, and what they make of the pairs.

use mtbsync_align::pair::{Pair, make_increasing};

use crate::tuning::MAX_BRIDGE_SECS;

/// `pairs` joined with the places that are known, in increasing order.
pub(super) fn joined(pairs: &[Pair], places: Vec<Option<LocatedPlace>>) -> Vec<Pair> {
    let both = pairs.iter().zip(places);
    let mut joined: Vec<Pair> = both
        .map(|(pair, place)| place.map_or(*pair, |place| place.join(pair)))
        .collect();
    make_increasing(&mut joined);
    joined
}

/// Where the pairs are to be looked for, seconds of the reference: where they were located, on the line
/// between the located ones around, or else where they are.
pub(super) fn expected_places(pairs: &[Pair], located: &[Option<LocatedPlace>]) -> Vec<f64> {
    let known: Vec<(f64, f64)> = pairs
        .iter()
        .zip(located)
        .filter_map(|(pair, place)| Some((pair.t_new_secs, place.as_ref()?.t_ref)))
        .collect();
    let between = |t: f64| {
        let after = known.partition_point(|k| k.0 < t);
        let (&(t1, y1), &(t0, y0)) = (known.get(after)?, known.get(after.checked_sub(1)?)?);
        (t1 - t0 <= MAX_BRIDGE_SECS).then(|| y0 + (y1 - y0) * (t - t0) / (t1 - t0))
    };
    let places = pairs.iter().zip(located);
    places
        .map(|(pair, place)| match place {
            Some(place) => place.t_ref,
            None => between(pair.t_new_secs).unwrap_or(pair.t_ref_secs),
        })
        .collect()
}

/// Reference seconds per new second at each pair, from the pairs beside it.
pub(super) fn rates(pairs: &[Pair]) -> Vec<f64> {
    (0..pairs.len())
        .map(|k| {
            let (before, after) = (&pairs[k.saturating_sub(1)], &pairs[(k + 1).min(pairs.len() - 1)]);
            let taken = after.t_new_secs - before.t_new_secs;
            if taken > 0.0 {
                (after.t_ref_secs - before.t_ref_secs) / taken
            } else {
                1.0
            }
        })
        .collect()
}

/// A measured place on the reference, seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocatedPlace {
    /// Reference time.
    pub(super) t_ref: f64,
    /// One-sigma error.
    pub(super) sigma: f64,
}

impl LocatedPlace {
    /// Mean by precision. Half of what they differ by is added to the error: both come from the same new
    /// frame.
    pub(super) fn mean(self, other: Self) -> Self {
        let (p, q) = (self.sigma.powi(-2), other.sigma.powi(-2));
        let apart = self.t_ref - other.t_ref;
        Self {
            t_ref: (p * self.t_ref + q * other.t_ref) / (p + q),
            sigma: (1.0 / (p + q) + 0.5 * apart * apart * p * q / (p + q).powi(2)).sqrt(),
        }
    }

    fn join(self, pair: &Pair) -> Pair {
        let seen = Self {
            t_ref: pair.t_ref_secs,
            sigma: pair.sigma_secs,
        };
        let both = self.mean(seen);
        Pair {
            t_ref_secs: both.t_ref,
            sigma_secs: both.sigma,
            ..*pair
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(t_new_secs: f64, t_ref_secs: f64) -> Pair {
        Pair {
            t_new_secs,
            t_ref_secs,
            sigma_secs: 0.1,
            certainty: 1.0,
        }
    }

    fn at(t_ref: f64) -> LocatedPlace {
        LocatedPlace { t_ref, sigma: 0.02 }
    }

    #[test]
    fn a_pair_is_looked_for_where_its_neighbours_say() {
        let pairs = [pair(0.0, 10.0), pair(0.5, 10.2), pair(1.0, 11.0), pair(9.0, 19.0)];
        let located = [Some(at(10.1)), None, Some(at(11.1)), None];
        assert_eq!(expected_places(&pairs, &located), [10.1, 10.6, 11.1, 19.0]);
        // Too far apart to say anything about what lies between.
        let far = [Some(at(10.1)), None, None, Some(at(19.5))];
        assert_eq!(expected_places(&pairs, &far), [10.1, 10.2, 11.0, 19.5]);
    }
}
