//! The new time of a reference time, with its confidence and 90 % interval.
//!
//! `t_new = new(t_ref)`, interval `new(t_ref - q s)` to `new(t_ref + q s)`, confidence
//! `P(ref(t_new - 0.25 s) <= t_ref + s T <= ref(t_new + 0.25 s))`, with `s` the one-sigma error and `T`, `q`
//! as in [`crate::confidence`].
//!
//! The map's error is one of reference time. What it means in new time depends on the curve around the place:
//! where the new rider is about to stop, a moment later on the reference clock may be many seconds later on
//! the new one; where a segment ends, it may lie in the next. So the error is not divided by a slope but
//! carried through the curve.

use crate::carry::Spread;
use crate::confidence::{self, CONFIDENCE_RADIUS_SECS};
use crate::tuning::STEEPEST;
use crate::warp::{Segment, StopSide, TimeWarp};

/// Where a reference moment lies in the new recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewTimeEstimate {
    /// Best estimate, seconds. Inside a stop of the new rider: the arrival.
    pub t_new_secs: f64,
    /// Lower end of the 90 % interval, not before the recording.
    pub low_secs: f64,
    /// Upper end of the 90 % interval, not after the recording.
    pub high_secs: f64,
    /// Probability that the true moment is within 0.25 s of the estimate.
    pub confidence: f64,
    /// The new rider stands here.
    pub in_stop: bool,
}

impl TimeWarp {
    /// Find a reference moment in the new recording, with its uncertainty. `None` where it has no
    /// counterpart.
    pub fn locate(&self, t_ref_secs: f64, new_duration_secs: f64) -> Option<NewTimeEstimate> {
        let segment = self.segment_at_ref(t_ref_secs)?;
        let t_new = segment.curve().x_at(t_ref_secs)?;
        let within = |t: f64| t.clamp(0.0, new_duration_secs.max(0.0));
        let sigma = segment.sigma_at_new(t_new);
        let half = segment.half_width_at_new(t_new);
        if let Some(stop) = self.stop_at(StopSide::New, t_new) {
            return Some(NewTimeEstimate {
                t_new_secs: within(stop.from_secs),
                low_secs: within(stop.from_secs - half),
                high_secs: within(stop.to_secs + half),
                confidence: confidence::within_quarter_second(
                    (sigma / segment.pace()).max(stop.to_secs - stop.from_secs),
                ),
                in_stop: true,
            });
        }
        let (before, after) = self.tolerated(segment, t_ref_secs, t_new);
        let spread = self.backwards(segment, Spread::around(t_ref_secs, half));
        Some(NewTimeEstimate {
            t_new_secs: within(t_new),
            low_secs: within(spread.low_secs),
            high_secs: within(spread.high_secs),
            confidence: confidence::between(before, after, sigma),
            in_stop: false,
        })
    }

    /// How far the reference time may be wrong, either way, for the new time to stay within
    /// [`CONFIDENCE_RADIUS_SECS`].
    fn tolerated(&self, segment: &Segment, t_ref: f64, t_new: f64) -> (f64, f64) {
        let most = CONFIDENCE_RADIUS_SECS * STEEPEST * segment.pace();
        let ((from, to), (ref_from, ref_to)) = (segment.new_range(), segment.ref_range());
        let (low, high) = (t_new - CONFIDENCE_RADIUS_SECS, t_new + CONFIDENCE_RADIUS_SECS);
        let before = if low >= from {
            t_ref - segment.curve().y_at(low).unwrap_or(ref_from)
        } else {
            let before = self.segments().partition_point(|s| s.ref_range().1 < ref_from);
            let end_of_last = before.checked_sub(1).and_then(|k| self.segments().get(k));
            let room = end_of_last.map_or(f64::INFINITY, |s| ref_from - s.ref_range().1);
            t_ref - ref_from + (segment.pace() * (from - low)).min(room)
        };
        let after = if high <= to {
            segment.curve().y_at(high).unwrap_or(ref_to) - t_ref
        } else {
            let up_to = self.segments().partition_point(|s| s.ref_range().0 <= ref_to);
            let next = self.segments().get(up_to);
            let room = next.map_or(f64::INFINITY, |s| s.ref_range().0 - ref_to);
            ref_to - t_ref + (segment.pace() * (high - to)).min(room)
        };
        (before.clamp(0.0, most), after.clamp(0.0, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(knots: &[(f64, f64)]) -> Segment {
        let (x, y): (Vec<f64>, Vec<f64>) = knots.iter().copied().unzip();
        let sigma = vec![0.05; x.len()];
        Segment::new(x, y, sigma).unwrap()
    }

    fn warp(knots: &[(f64, f64)]) -> TimeWarp {
        TimeWarp::new(vec![segment(knots)]).unwrap()
    }

    #[test]
    fn a_marker_in_a_stop_is_at_the_arrival() {
        let w = warp(&[(0.0, 0.0), (10.0, 10.0), (16.0, 10.01), (20.0, 14.0)]);
        let stop = w.stops()[0];
        let place = w.locate(10.005, 20.0).unwrap();
        assert!(place.in_stop);
        assert_eq!(place.t_new_secs, stop.from_secs);
        assert!(place.low_secs <= stop.from_secs && place.high_secs >= stop.to_secs);
    }

    #[test]
    fn just_before_a_stop_the_moment_may_lie_after_it() {
        let w = warp(&[
            (0.0, 0.0),
            (9.9, 9.9),
            (10.0, 10.0),
            (16.0, 10.01),
            (16.1, 10.11),
            (20.0, 14.0),
        ]);
        let far = w.locate(5.0, 20.0).unwrap();
        let near = w.locate(9.98, 20.0).unwrap();
        assert!(far.confidence > 0.98, "{far:?}");
        assert!(near.confidence < 0.75 && !near.in_stop, "{near:?}");
        assert!(near.high_secs > 16.0 && near.low_secs > 9.8, "{near:?}");
    }

    #[test]
    fn at_the_edge_of_a_detour_the_moment_may_lie_on_its_other_side() {
        let w = TimeWarp::new(vec![
            segment(&[(0.0, 0.0), (10.0, 10.0)]),
            segment(&[(22.0, 10.01), (30.0, 18.0)]),
        ])
        .unwrap();
        let (inside, edge) = (w.locate(9.0, 30.0).unwrap(), w.locate(9.99, 30.0).unwrap());
        assert!(inside.confidence > 0.98, "{inside:?}");
        assert!(edge.confidence < 0.75 && edge.high_secs > 22.0, "{edge:?}");
        let edge = w.locate(10.02, 30.0).unwrap();
        assert!(edge.confidence < 0.75 && edge.low_secs < 10.0, "{edge:?}");
        // At the ends of the whole map there is no other side.
        assert!(w.locate(0.01, 30.0).unwrap().confidence > 0.98);
    }

    #[test]
    fn where_the_reference_stood_the_moment_is_known_no_better_than_beside() {
        let w = warp(&[(0.0, 0.0), (10.0, 10.0), (10.3, 20.0), (20.0, 29.7)]);
        let (beside, inside) = (w.locate(7.0, 20.0).unwrap(), w.locate(15.0, 20.0).unwrap());
        let width = |p: NewTimeEstimate| p.high_secs - p.low_secs;
        assert!(width(inside) > 0.6 * width(beside), "{inside:?} {beside:?}");
    }

    #[test]
    fn no_place_between_segments() {
        let w = TimeWarp::new(vec![
            segment(&[(0.0, 1.0), (5.0, 6.0)]),
            segment(&[(8.0, 20.0), (9.0, 21.0)]),
        ])
        .unwrap();
        assert_eq!(w.locate(10.0, 9.0), None);
    }

    #[test]
    fn intervals_stay_inside_the_recording() {
        let place = warp(&[(0.0, 0.0), (10.0, 10.0)]).locate(0.001, 10.0).unwrap();
        assert_eq!(place.low_secs, 0.0);
        assert!(place.high_secs > place.t_new_secs);
    }
}
