//! Ground ridden twice: who crashes, walks back and rides again sees it a second time. The map keeps the
//! first arrival at every place, and goes on where the rider passes the place of the crash again.

use super::PosteriorInterval;
use crate::tuning::{
    BEHIND_BY_CHANCE_SECS, FARTHEST_BEHIND_SECS, OFF_FRAMES, ON_SECS, RETURNED_BEHIND_SECS, SURELY_SEEN,
};

/// What going back there is in a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GoingBack {
    Never,
    /// As who walks back does, and rides again where they rode before.
    Walked,
    /// Farther than anybody walks, or to places that were not passed before: look-alikes.
    Unlikely,
}

/// Count the frames of every second pass as off the trail, up to where going back is unlikely.
pub(super) fn leave_out(found: &mut [PosteriorInterval]) -> GoingBack {
    let mut going_back = GoingBack::Never;
    // Places that were surely seen, each farther than all before.
    let mut arrivals: Vec<f64> = Vec::new();
    let (mut furthest, mut last_on, mut again) = (f64::NEG_INFINITY, 0, false);
    for (i, here) in found.iter_mut().map(|r| &mut r.posterior).enumerate() {
        if !here.is_on_trail() {
            continue;
        }
        let by_chance = match again {
            true => 0.0,
            false if i - last_on > OFF_FRAMES => RETURNED_BEHIND_SECS,
            false => BEHIND_BY_CHANCE_SECS,
        };
        last_on = i;
        let behind = furthest - here.t_ref_secs;
        again = behind > by_chance;
        let sure = here.on > SURELY_SEEN;
        if again {
            let next = arrivals.partition_point(|&place| place < here.t_ref_secs - ON_SECS);
            let seen_before = arrivals
                .get(next)
                .is_some_and(|&place| place <= here.t_ref_secs + ON_SECS);
            if behind > FARTHEST_BEHIND_SECS || (sure && !seen_before) {
                return GoingBack::Unlikely;
            }
            going_back = GoingBack::Walked;
            (here.on, here.off) = (0.0, 1.0);
        } else if behind < 0.0 {
            furthest = here.t_ref_secs;
            if sure {
                arrivals.push(furthest);
            }
        }
    }
    going_back
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::Posterior;

    /// Whether each frame stays, and what going back it is; a place of `None` is off the trail.
    fn kept(places: &[Option<f64>]) -> (GoingBack, Vec<bool>) {
        let frame = |place: &Option<f64>| {
            PosteriorInterval::point(Posterior {
                t_ref_secs: place.unwrap_or(0.0),
                on: if place.is_some() { 1.0 } else { 0.0 },
                off: if place.is_some() { 0.0 } else { 1.0 },
            })
        };
        let mut found: Vec<PosteriorInterval> = places.iter().map(frame).collect();
        let going_back = leave_out(&mut found);
        (
            going_back,
            found.iter().map(|r| r.posterior.is_on_trail()).collect(),
        )
    }

    fn ride(from: f64, to: f64) -> impl Iterator<Item = Option<f64>> {
        let frames = (3.0 * (to - from)) as usize;
        (0..frames).map(move |k| Some(from + k as f64 / 3.0))
    }

    #[test]
    fn the_first_arrival_stays_and_the_second_does_not() {
        let places: Vec<Option<f64>> = ride(0.0, 10.0).chain([None; 8]).chain(ride(7.0, 15.0)).collect();
        let (going_back, kept) = kept(&places);
        assert_eq!(going_back, GoingBack::Walked);
        assert!(kept[..30].iter().all(|&k| k), "the first pass");
        assert!(kept[30..46].iter().all(|&k| !k), "walk and second pass");
        assert!(kept[47..].iter().all(|&k| k), "what lies beyond");
    }

    #[test]
    fn nobody_walks_back_a_lap_or_to_where_they_never_were() {
        let lap: Vec<Option<f64>> = ride(0.0, 30.0).chain([None; 8]).chain(ride(10.0, 40.0)).collect();
        assert_eq!(kept(&lap).0, GoingBack::Unlikely);
        let leapt: Vec<Option<f64>> = ride(0.0, 10.0)
            .chain(ride(15.0, 17.0))
            .chain([None; 8])
            .chain(ride(12.0, 20.0))
            .collect();
        assert_eq!(kept(&leapt).0, GoingBack::Unlikely);
    }

    #[test]
    fn a_little_back_by_chance_is_no_going_back() {
        let mut places: Vec<Option<f64>> = ride(0.0, 10.0).collect();
        places[20] = Some(6.0);
        let (going_back, kept) = kept(&places);
        assert_eq!(going_back, GoingBack::Never);
        assert!(kept.iter().all(|&k| k));
    }
}
