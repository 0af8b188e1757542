//! A chain as one map with knots of its own, to be kept in a file.

use crate::carry::Direction;
use crate::compose::pieces::Piece;
use crate::compose::{Composition, Step};
use crate::curve::MonotoneCurve;
use crate::tuning::{COMPOSED_ROUNDS, COMPOSED_TOLERANCE_SECS, MIN_COMPOSED_KNOT_SECS, MOST_COMPOSED_KNOTS};
use crate::warp::{Segment, TimeWarp};

/// Where the curve between two knots is compared with the chain: also near both, where it bends most beside a
/// stop.
const LOOKS: [f64; 7] = [0.04, 0.12, 0.3, 0.5, 0.7, 0.88, 0.96];

impl Composition {
    /// The chain as one map from the first clock (new) to the last (reference): within a millisecond of it on
    /// one of the two clocks, with its error at every knot. `None` where the chain has no value anywhere.
    pub fn to_warp(&self) -> Option<TimeWarp> {
        let segments = self.pieces.iter().filter_map(|piece| self.segment(piece));
        let segments: Vec<Segment> = segments.collect();
        (!segments.is_empty()).then(|| TimeWarp::new(segments)).flatten()
    }

    fn segment(&self, piece: &Piece) -> Option<Segment> {
        let mut knots = own_knots(piece, &self.steps);
        let most = knots.len().saturating_mul(MOST_COMPOSED_KNOTS);
        for _ in 0..COMPOSED_ROUNDS {
            let more = missing(piece, &self.steps, &knots)?;
            if more.is_empty() || knots.len() + more.len() > most {
                break;
            }
            knots.extend(more);
            knots = apart(piece, knots);
        }
        let carried = knots.iter().map(|&(t, _)| self.carried(piece, t));
        let (sigma, half_width) = carried.map(|at| (at.sigma_secs, at.half_width_secs)).unzip();
        let (t_first, t_last) = knots.into_iter().unzip();
        Segment::new(t_first, t_last, sigma)?.with_half_widths(half_width)
    }
}

/// The knots of all steps within a piece, brought to its first clock, and its ends.
fn own_knots(piece: &Piece, steps: &[Step]) -> Vec<(f64, f64)> {
    let chain: Vec<(&Step, &Segment)> = piece.segments(steps).collect();
    let mut knots = Vec::new();
    for (k, (step, segment)) in chain.iter().enumerate() {
        let times = match step.direction {
            Direction::Forwards => segment.curve().x(),
            Direction::Backwards => segment.curve().y(),
        };
        let before = chain.get(..k).unwrap_or_default();
        for &time in times {
            let back = before.iter().rev();
            let t = back.fold(time, |t, (step, segment)| {
                segment.carry(step.direction.reversed(), t)
            });
            if piece.first.0 < t && t < piece.first.1 {
                knots.push((t, piece.value(steps, t)));
            }
        }
    }
    apart(piece, knots)
}

/// Knots in order with the ends of the piece, without those too near to others to be a curve.
fn apart(piece: &Piece, mut knots: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let (start, end) = ((piece.first.0, piece.last.0), (piece.first.1, piece.last.1));
    knots.sort_by(|a, b| a.0.total_cmp(&b.0));
    let is_beyond = |a: (f64, f64), b: (f64, f64)| {
        let (on_first, on_last) = (b.0 - a.0, b.1 - a.1);
        on_first > 0.0 && on_last > 0.0 && on_first.max(on_last) >= MIN_COMPOSED_KNOT_SECS
    };
    let mut kept = vec![start];
    for knot in knots {
        if kept.last().is_some_and(|&last| is_beyond(last, knot)) && is_beyond(knot, end) {
            kept.push(knot);
        }
    }
    kept.push(end);
    kept
}

/// A knot in the middle of each stretch in which the curve through `knots` leaves the chain on both clocks.
/// `None` when they make no curve.
fn missing(piece: &Piece, steps: &[Step], knots: &[(f64, f64)]) -> Option<Vec<(f64, f64)>> {
    let (x, y) = knots.iter().copied().unzip();
    let curve = MonotoneCurve::new(x, y)?;
    let is_off = |from: f64, to: f64| {
        LOOKS.iter().any(|share| {
            let t = from + share * (to - from);
            let value = piece.value(steps, t);
            let off = |found: Option<f64>, wanted: f64| {
                found.is_none_or(|f| (f - wanted).abs() > COMPOSED_TOLERANCE_SECS)
            };
            off(curve.y_at(t), value) && off(curve.x_at(value), t)
        })
    };
    let stretches = knots.windows(2).filter(|pair| is_off(pair[0].0, pair[1].0));
    let middles = stretches.map(|pair| 0.5 * (pair[0].0 + pair[1].0));
    Some(middles.map(|t| (t, piece.value(steps, t))).collect())
}
