//! What holds for every ride, through the whole chain.

use mtbsync_align::fit::{Anchor, fit_monotone};
use mtbsync_align::{NewTimeEstimate, TimeWarp};

use crate::chain::{Film, Outcome, align};
use crate::scenes::Scene;

/// Rounding only.
const SAME_SECS: f64 = 1e-6;
/// An anchor on the curve may move it by this much: it takes the place of a knot that was a little beside it.
const ANCHORED_SECS: f64 = 0.1;

/// Strictly monotone inside segments, nothing outside, and the inverse is the inverse to a nanosecond.
pub fn monotone_and_invertible(warp: &TimeWarp) {
    let mut end = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for segment in warp.segments() {
        let ((first, last), (ref_first, ref_last)) = (segment.new_range(), segment.ref_range());
        assert!(end.0 < first && end.1 < ref_first, "segments overlap");
        let between = 0.5 * (end.0 + first);
        if between.is_finite() {
            assert_eq!(warp.ref_from_new(between), None);
            assert_eq!(warp.new_from_ref(0.5 * (end.1 + ref_first)), None);
        }
        let mut before = f64::NEG_INFINITY;
        for k in 0..=100 {
            let t = (first + (last - first) * f64::from(k) / 100.0).min(last);
            let r = warp.ref_from_new(t).unwrap();
            assert!(r > before, "not strictly increasing at {t}");
            before = r;
            let back = warp.new_from_ref(r).unwrap();
            assert!((warp.ref_from_new(back).unwrap() - r).abs() < 1e-9);
        }
        end = (last, ref_last);
    }
    assert_eq!(warp.ref_from_new(end.0 + 1e-6), None);
    assert_eq!(warp.new_from_ref(end.1 + 1e-6), None);
}

/// Shifting either clock shifts the map by exactly that, but for what is cut off before a recording begins.
pub fn shifted_by_clocks(reference: &Film, new: &Film, outcome: &Outcome) {
    let (of_ref, of_new) = (17.25, 311.5);
    let moved = fit_monotone(&align(&reference.later(of_ref), &new.later(of_new)).pairs, &[]);
    let still = fit_monotone(&outcome.pairs, &[]);
    assert_eq!(moved.segments().len(), still.segments().len());
    for segment in still.segments() {
        let (first, last) = segment.new_range();
        for k in 1..100 {
            let t = first + (last - first) * f64::from(k) / 100.0;
            let (is, was) = (moved.ref_from_new(t + of_new), still.ref_from_new(t));
            let away = is.unwrap() - of_ref - was.unwrap();
            assert!(away.abs() < SAME_SECS, "{away} at {t}");
        }
    }
}

/// An anchor on the curve changes nothing, where the curve is sure of itself. (In the middle of a leap it
/// would say that there is none.)
pub fn unmoved_by_anchors_on_it(new: &Film, outcome: &Outcome) {
    let sure = |&(_, r): &(f64, f64)| {
        let place = outcome.warp.locate(r, new.duration);
        place.is_some_and(|place| place.confidence > 0.9 && !place.in_stop)
    };
    let segments = outcome.warp.segments().iter();
    let knots: Vec<(f64, f64)> = segments
        .flat_map(|s| s.curve().x().iter().copied().zip(s.curve().y().iter().copied()))
        .filter(sure)
        .collect();
    let Some(&(t_new_secs, t_ref_secs)) = knots.get(knots.len() / 2) else {
        return;
    };
    let anchor = Anchor {
        t_new_secs,
        t_ref_secs,
    };
    let anchored = fit_monotone(&outcome.pairs, &[anchor]);
    assert_eq!(anchored.ref_from_new(anchor.t_new_secs), Some(anchor.t_ref_secs));
    for segment in outcome.warp.segments() {
        for (&t, &r) in segment.curve().x().iter().zip(segment.curve().y()) {
            let away = anchored.ref_from_new(t).map_or(0.0, |now| now - r);
            let error = outcome.warp.ref_sigma_at(t).unwrap_or(0.0);
            assert!(away.abs() <= ANCHORED_SECS.max(2.35 * error), "{away} at {t}");
        }
    }
}

/// The new rider was there twice, having walked back, and each map is right about one of them.
fn both_right(scene: &Scene, t_ref: f64, found: [f64; 2]) -> bool {
    let metres = scene.reference.at(t_ref);
    let right = |t: f64| {
        metres
            .and_then(|m| scene.new.error(m, t))
            .is_some_and(|error| error < 0.3)
    };
    (found[0] - found[1]).abs() > 1.0 && found.into_iter().all(right)
}

/// How two maps of one pair of rides agree at places both answer for.
#[derive(Default)]
pub struct Agreement {
    pub asked: usize,
    /// Within the wider of the two 90 % intervals.
    pub within: usize,
    /// Both sure, and farther apart than half a second.
    pub at_odds: usize,
}

impl Agreement {
    pub fn share(&self) -> f64 {
        self.within as f64 / self.asked.max(1) as f64
    }

    fn add(&mut self, a: NewTimeEstimate, t: f64, half: f64, sure: bool) {
        let away = (a.t_new_secs - t).abs();
        self.asked += 1;
        let reach = 0.5 * (a.high_secs - a.low_secs);
        self.within += usize::from(away <= reach.max(half));
        self.at_odds += usize::from(sure && a.confidence >= crate::SURE && away > 0.5);
    }

    /// With the recordings swapped, the map is the inverse.
    pub fn with_swapped(&mut self, scene: &Scene, [reference, new]: [&Film; 2], outcome: &Outcome) {
        let swapped = align(new, reference);
        for k in 0..80 {
            let t_ref = reference.duration * f64::from(k) / 80.0;
            let place = outcome.warp.locate(t_ref, new.duration);
            let (Some(place), Some(t_new)) = (place, swapped.warp.ref_from_new(t_ref)) else {
                continue;
            };
            if place.in_stop || both_right(scene, t_ref, [place.t_new_secs, t_new]) {
                continue;
            }
            let Some(back) = swapped.warp.locate(t_new, reference.duration) else {
                continue;
            };
            let half = 2.35 * swapped.warp.ref_sigma_at(t_ref).unwrap_or(0.0);
            self.add(
                place,
                t_new,
                half,
                back.confidence >= crate::SURE && !back.in_stop,
            );
        }
    }

    /// With both recordings played backwards, the map runs backwards.
    pub fn with_reversed(&mut self, scene: &Scene, [reference, new]: [&Film; 2], outcome: &Outcome) {
        let back = align(&reference.backwards(), &new.backwards());
        for k in 0..80 {
            let t_ref = reference.duration * f64::from(k) / 80.0;
            let place = outcome.warp.locate(t_ref, new.duration);
            let other = back.warp.locate(reference.duration - t_ref, new.duration);
            let (Some(place), Some(other)) = (place, other) else {
                continue;
            };
            let t_new = new.duration - other.t_new_secs;
            if place.in_stop || other.in_stop || both_right(scene, t_ref, [place.t_new_secs, t_new]) {
                continue;
            }
            let half = 0.5 * (other.high_secs - other.low_secs);
            self.add(place, t_new, half, other.confidence >= crate::SURE);
        }
    }
}
