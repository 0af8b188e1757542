//! Stretches in which every step of a chain has a value.

use crate::carry::Direction;
use crate::compose::{EVERYWHERE, Step};
use crate::warp::Segment;

/// One stretch: a segment of each step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Its ends on the first clock, seconds.
    pub first: (f64, f64),
    /// And on the last.
    pub last: (f64, f64),
    /// Index of the segment of each step.
    parts: Vec<usize>,
}

impl Piece {
    /// The same stretch for the chain the other way round.
    pub fn inverse(&self) -> Self {
        Self {
            first: self.last,
            last: self.first,
            parts: self.parts.iter().rev().copied().collect(),
        }
    }

    /// The steps with the segments that the stretch goes through.
    pub fn segments<'a>(
        &'a self,
        steps: &'a [Step],
    ) -> impl DoubleEndedIterator<Item = (&'a Step, &'a Segment)> {
        let parts = steps.iter().zip(&self.parts);
        parts.filter_map(|(step, &part)| Some((step, step.warp.segments().get(part)?)))
    }

    /// The value at a moment of the first clock within the stretch.
    pub fn value(&self, steps: &[Step], t_secs: f64) -> f64 {
        through(self.segments(steps), t_secs).clamp(self.last.0, self.last.1)
    }
}

fn through<'a>(segments: impl Iterator<Item = (&'a Step, &'a Segment)>, t_secs: f64) -> f64 {
    segments.fold(t_secs, |t, (step, segment)| segment.carry(step.direction, t))
}

/// All stretches of a chain, in order of both clocks.
pub(super) fn of_chain(steps: &[Step]) -> Vec<Piece> {
    let mut found = vec![Piece {
        first: EVERYWHERE,
        last: EVERYWHERE,
        parts: Vec::new(),
    }];
    for step in steps {
        found = found.iter().flat_map(|piece| longer(piece, step)).collect();
    }
    for piece in &mut found {
        piece.first = [piece.last.0, piece.last.1]
            .map(|end| {
                let back = piece.segments(steps).rev();
                back.fold(end, |t, (step, segment)| {
                    segment.carry(step.direction.reversed(), t)
                })
            })
            .into();
    }
    ordered(found)
}

/// What a stretch becomes with one more step: its part in each segment it meets.
fn longer<'a>(piece: &'a Piece, step: &'a Step) -> impl Iterator<Item = Piece> + 'a {
    let direction: Direction = step.direction;
    let segments = step.warp.segments();
    let from = segments.partition_point(|s| s.range_in(direction).1 <= piece.last.0);
    let met = segments.iter().enumerate().skip(from);
    met.take_while(move |(_, s)| s.range_in(direction).0 < piece.last.1)
        .map(move |(part, s)| Piece {
            first: piece.first,
            last: (s.carry(direction, piece.last.0), s.carry(direction, piece.last.1)),
            parts: [piece.parts.as_slice(), &[part]].concat(),
        })
}

/// Without stretches that rounding leaves no length, or lets touch the one before.
fn ordered(found: Vec<Piece>) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::with_capacity(found.len());
    for piece in found {
        let has_length = piece.first.0 < piece.first.1 && piece.last.0 < piece.last.1;
        let is_later = kept
            .last()
            .is_none_or(|before| before.first.1 < piece.first.0 && before.last.1 < piece.last.0);
        if has_length && is_later {
            kept.push(piece);
        }
    }
    kept
}
