//! The new run retimed onto the reference: which part of it is shown at each frame of a timeline that runs in
//! reference time.
//!
//! Editors retime in straight pieces. The map is sampled at every frame of the timeline and the fewest pieces
//! are laid through the samples that stay within a quarter of a frame of all of them.

use crate::clip::ClipInfo;
use crate::time::Rate;
use crate::tuning::TOLERANCE_FRAMES;

/// Every frame of a straight stretch is looked at where it has up to twice this many, and always the last
/// ones; so work goes over the points of the map, however far apart they are.
const STRETCH_FRAMES: i64 = 1000;

/// Both recordings on one timeline, the new run retimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Retime {
    /// The reference recording, which runs at normal speed.
    pub reference: ClipInfo,
    /// Stretches with a counterpart, in order; each a polyline of at least two points, strictly increasing in
    /// both times.
    pub segments: Vec<Vec<RetimePoint>>,
}

/// A pair of times at the same place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetimePoint {
    /// Time in the new recording.
    pub t_new_secs: f64,
    /// Time in the reference recording.
    pub t_ref_secs: f64,
}

/// Segments that cannot be retimed by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the map is not strictly increasing in segment {segment}")]
pub struct RetimeError {
    /// The segment, from 1.
    pub segment: usize,
}

/// A corner of the retiming: the new recording shows `t_new_secs` at `frame` of the timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Knot {
    pub frame: i64,
    pub t_new_secs: f64,
}

/// A piece of constant speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RetimePiece {
    pub from: Knot,
    pub to: Knot,
}

impl RetimePiece {
    /// Timeline frames of the piece.
    pub fn frames(&self) -> i64 {
        self.to.frame - self.from.frame
    }

    /// Seconds of the new recording per second of the timeline.
    pub fn speed(&self, rate: Rate) -> f64 {
        (self.to.t_new_secs - self.from.t_new_secs) / rate.secs_at(self.frames())
    }
}

impl Retime {
    /// For each segment that shows at least one frame of a timeline of `total_frames` at `rate`: the corners
    /// of its retiming, at least two.
    pub(crate) fn strands(&self, rate: Rate, total_frames: i64) -> Result<Vec<Vec<Knot>>, RetimeError> {
        let mut strands = Vec::new();
        let mut free_from = 0;
        for (index, points) in self.segments.iter().enumerate() {
            let is_increasing = points.windows(2).all(|pair| match pair {
                [a, b] => a.t_new_secs < b.t_new_secs && a.t_ref_secs < b.t_ref_secs,
                _ => true,
            });
            let is_finite = points
                .iter()
                .all(|p| p.t_new_secs.is_finite() && p.t_ref_secs.is_finite());
            if !is_increasing || !is_finite {
                return Err(RetimeError { segment: index + 1 });
            }
            let samples = sample(points, rate, free_from, total_frames);
            if let Some(last) = samples.last().filter(|_| samples.len() > 1) {
                free_from = last.frame;
                strands.push(simplify(&samples, TOLERANCE_FRAMES * rate.secs_at(1)));
            }
        }
        Ok(strands)
    }
}

/// The pieces between the corners of a strand.
pub(crate) fn pieces(strand: &[Knot]) -> impl Iterator<Item = RetimePiece> {
    strand.windows(2).filter_map(|pair| match pair {
        [from, to] => Some(RetimePiece { from: *from, to: *to }),
        _ => None,
    })
}

/// The map at every frame from `free_from` to `total_frames` inside the polyline.
fn sample(points: &[RetimePoint], rate: Rate, free_from: i64, total_frames: i64) -> Vec<Knot> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let fps = rate.as_f64();
    let from = ((first.t_ref_secs * fps - 1e-6).ceil() as i64).max(free_from);
    let to = ((last.t_ref_secs * fps + 1e-6).floor() as i64).min(total_frames);
    let mut samples = Vec::new();
    let mut spans = points.windows(2).peekable();
    let mut frame = from;
    while frame <= to {
        let t_ref_secs = rate.secs_at(frame);
        while spans.len() > 1
            && spans
                .peek()
                .is_some_and(|span| span.iter().all(|p| p.t_ref_secs < t_ref_secs))
        {
            spans.next();
        }
        if let Some([a, b]) = spans.peek() {
            let share = ((t_ref_secs - a.t_ref_secs) / (b.t_ref_secs - a.t_ref_secs)).clamp(0.0, 1.0);
            let t_new_secs = a.t_new_secs + share * (b.t_new_secs - a.t_new_secs);
            samples.push(Knot { frame, t_new_secs });
            let last = ((b.t_ref_secs * fps).floor() as i64).min(to);
            frame += (last.saturating_sub(frame) / STRETCH_FRAMES).max(1);
        } else {
            break;
        }
    }
    samples
}

/// The fewest corners, greedily from the left: a piece grows while some line from its start passes all
/// samples within the tolerance, and ends on the last sample for which the straight line to it does.
fn simplify(samples: &[Knot], tolerance_secs: f64) -> Vec<Knot> {
    let mut corners: Vec<Knot> = samples.first().copied().into_iter().collect();
    let mut rest = samples.get(1..).unwrap_or(&[]);
    while let (Some(start), false) = (corners.last().copied(), rest.is_empty()) {
        let (mut lowest, mut highest) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut reach = 0;
        for (index, knot) in rest.iter().enumerate() {
            let frames = (knot.frame - start.frame) as f64;
            let slope = (knot.t_new_secs - start.t_new_secs) / frames;
            if (lowest..=highest).contains(&slope) {
                reach = index;
            }
            lowest = lowest.max(slope - tolerance_secs / frames);
            highest = highest.min(slope + tolerance_secs / frames);
            if lowest > highest {
                break;
            }
        }
        corners.extend(rest.get(reach));
        rest = rest.get(reach + 1..).unwrap_or(&[]);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clip() -> ClipInfo {
        ClipInfo {
            path: "/v/ref.mp4".to_owned(),
            frames: 1000,
            rate: Rate::whole(25),
            width: 1920,
            height: 1080,
            start_timecode: None,
            audio: None,
        }
    }

    fn retime(segments: &[&[(f64, f64)]]) -> Retime {
        let point = |&(t_new_secs, t_ref_secs): &(f64, f64)| RetimePoint {
            t_new_secs,
            t_ref_secs,
        };
        let segments = segments
            .iter()
            .map(|points| points.iter().map(point).collect())
            .collect();
        Retime {
            reference: clip(),
            segments,
        }
    }

    #[test]
    fn straight_stretches_become_single_pieces() {
        let retime = retime(&[
            &[(1.0, 0.0), (5.0, 8.0)],
            &[(9.0, 20.0), (10.0, 21.0), (10.5, 22.0)],
        ]);
        let strands = retime.strands(Rate::whole(25), 1000).unwrap();
        let corners: Vec<Vec<i64>> = strands
            .iter()
            .map(|strand| strand.iter().map(|knot| knot.frame).collect())
            .collect();
        assert_eq!(corners, [vec![0, 200], vec![500, 525, 550]]);
        let speeds: Vec<f64> = pieces(&strands[1])
            .map(|piece| piece.speed(Rate::whole(25)))
            .collect();
        assert!(
            (speeds[0] - 1.0).abs() < 0.03 && (speeds[1] - 0.5).abs() < 0.03,
            "{speeds:?}"
        );
    }

    #[test]
    fn what_is_beyond_the_reference_or_too_short_is_left_out() {
        let retime = retime(&[&[(0.0, 39.0), (5.0, 44.0)], &[(6.0, 50.01), (6.01, 50.02)]]);
        let strands = retime.strands(Rate::whole(25), 1000).unwrap();
        assert_eq!((strands.len(), strands[0].last().unwrap().frame), (1, 1000));
    }

    #[test]
    fn work_goes_over_points_and_both_ends_are_met() {
        let rate = Rate::whole(1000);
        let points =
            [(0.0, 0.0), (6e5, 6e5), (6e5 + 1.0, 6e5 + 2.0)].map(|(t_new_secs, t_ref_secs)| RetimePoint {
                t_new_secs,
                t_ref_secs,
            });
        let samples = sample(&points, rate, 0, 700_000_000);
        assert!(samples.len() < 30_000, "{}", samples.len());
        let at = |frame: i64| {
            samples
                .iter()
                .find(|knot| knot.frame == frame)
                .map(|knot| knot.t_new_secs)
        };
        assert_eq!(
            (at(0), at(600_000_000), at(600_002_000)),
            (Some(0.0), Some(6e5), Some(6e5 + 1.0))
        );
    }

    #[test]
    fn maps_that_go_back_are_refused() {
        let error =
            retime(&[&[(0.0, 0.0), (1.0, 1.0)], &[(5.0, 5.0), (4.0, 6.0)]]).strands(Rate::whole(25), 1000);
        assert_eq!(error, Err(RetimeError { segment: 2 }));
    }

    proptest! {
        #[test]
        fn pieces_follow_the_map_within_the_tolerance(steps in proptest::collection::vec((0.01f64..2.0, 0.05f64..2.0), 1..40)) {
            let rate = Rate::parse("29.97").unwrap();
            let mut at = RetimePoint { t_new_secs: 1.0, t_ref_secs: 0.5 };
            let mut points = vec![at];
            for (t_new, t_ref) in steps {
                at = RetimePoint { t_new_secs: at.t_new_secs + t_new, t_ref_secs: at.t_ref_secs + t_ref };
                points.push(at);
            }
            let samples = sample(&points, rate, 0, 1_000_000);
            let retime = Retime { reference: clip(), segments: vec![points] };
            let strands = retime.strands(rate, 1_000_000).unwrap();
            for piece in strands.iter().flat_map(|strand| pieces(strand)) {
                let inside = samples.iter().filter(|s| (piece.from.frame..=piece.to.frame).contains(&s.frame));
                for knot in inside {
                    let shown = piece.from.t_new_secs + piece.speed(rate) * rate.secs_at(knot.frame - piece.from.frame);
                    prop_assert!((shown - knot.t_new_secs).abs() <= TOLERANCE_FRAMES * rate.secs_at(1) + 1e-9);
                }
            }
        }
    }
}
