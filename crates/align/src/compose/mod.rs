//! Maps one after the other: from any run to any other through the references they share.
//!
//! `a_to_b(t) = new_B(ref_A(t))`: the map of A forwards, that of B backwards. A [`Composition`] is any chain
//! of such [`Step`]s. It has a value where every step has one, its error is
//! `sigma_b^2 = (d new_B / d ref)^2 (sigma_A^2 + sigma_B^2)` with both errors in reference time, and the
//! chain the other way round is its exact inverse. The 90 % interval is that of both maps as well, less what
//! their errors have in common at one place of one reference.

mod pieces;
mod resample;
mod surest;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mtbsync_formats::LONGEST_SECS;

pub use self::surest::{Edge, Leg, MAX_STEPS, surest_path, surest_paths, typical_variance};
pub use crate::carry::Direction;

use self::pieces::Piece;
use crate::carry::{Spread, added};
use crate::tuning::{SHARED_OF_REFERENCE, SHARED_UP_TO_SECS, STANDING_SLOPE};
use crate::warp::{Segment, Stop, StopSide, TimeWarp};

/// One map of a chain and the way it is read.
#[derive(Clone, Debug)]
pub struct Step {
    warp: Arc<TimeWarp>,
    direction: Direction,
}

/// Where the last run is at a moment of the first: all in seconds of the last clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Best estimate; in a stop of the last run its middle.
    pub t_secs: f64,
    /// Arrival and departure in a stop of the last run, else both the estimate.
    pub first_secs: f64,
    /// See `first_secs`.
    pub last_secs: f64,
    /// One-sigma error, stops aside.
    pub sigma_secs: f64,
    /// Lower end of the 90 % interval. It is not cut to the recording.
    pub low_secs: f64,
    /// Upper end of the 90 % interval.
    pub high_secs: f64,
    /// The interval is within this of the estimate.
    pub half_width_secs: f64,
}

/// A chain of maps from the clock of the first run to that of the last.
///
/// ```
/// use std::sync::Arc;
/// use mtbsync_align::{Composition, Segment, Step, TimeWarp};
///
/// let line = |from: f64, to: f64| {
///     let segment = Segment::new(vec![0.0, 30.0], vec![from, to], vec![0.02; 2]);
///     Arc::new(TimeWarp::new(vec![segment.unwrap()]).unwrap())
/// };
/// let (a, b) = (line(2.0, 32.0), line(-1.0, 29.0));
/// let a_to_b = Composition::new(vec![Step::forwards(a), Step::backwards(b)]);
/// assert_eq!(a_to_b.segments(), [(0.0, 27.0)]);
/// assert!((a_to_b.value_at(15.0).unwrap() - 18.0).abs() < 1e-9);
/// assert_eq!(a_to_b.value_at(28.0), None);
/// ```
#[derive(Clone, Debug)]
pub struct Composition {
    steps: Vec<Step>,
    pieces: Vec<Piece>,
}

/// A value on its way through the chain.
struct Carried {
    spread: Spread,
    sigma_secs: f64,
    /// Half width of the 90 % interval by the local slopes, stops aside.
    half_width_secs: f64,
    /// That of the map just read forwards, on the clock of its reference.
    on_reference_secs: f64,
    /// How far the interval reaches beyond both ends of a stop of the rider of this clock.
    beside_stop: (f64, f64),
}

impl Step {
    /// From the new run of a map to its reference.
    pub fn forwards(warp: Arc<TimeWarp>) -> Self {
        Self::new(warp, Direction::Forwards)
    }

    /// From the reference of a map to its new run.
    pub fn backwards(warp: Arc<TimeWarp>) -> Self {
        Self::new(warp, Direction::Backwards)
    }

    /// A map read either way.
    pub fn new(warp: Arc<TimeWarp>, direction: Direction) -> Self {
        Self { warp, direction }
    }

    fn inverse(&self) -> Self {
        Self::new(Arc::clone(&self.warp), self.direction.reversed())
    }

    /// Carries a value through a segment of the map, and adds the map's error.
    fn carry(&self, segment: &Segment, before: &Carried) -> Carried {
        match self.direction {
            Direction::Forwards => self.carry_forwards(segment, before),
            Direction::Backwards => self.carry_backwards(segment, before),
        }
    }

    fn carry_forwards(&self, segment: &Segment, before: &Carried) -> Carried {
        let t_new = before.spread.t_secs;
        let own = segment.sigma_at_new(t_new);
        let slope = segment.curve().slope_at(t_new).unwrap_or(segment.pace());
        let own_half = segment.half_width_at_new(t_new);
        let spread = self
            .warp
            .forwards(segment, before.spread)
            .and(own_half * own_half);
        let slope = slope.min(segment.steepest());
        Carried {
            spread,
            sigma_secs: (slope * before.sigma_secs).hypot(own),
            half_width_secs: (slope * before.half_width_secs).hypot(own_half),
            on_reference_secs: own_half,
            beside_stop: spread.reach(),
        }
    }

    fn carry_backwards(&self, segment: &Segment, before: &Carried) -> Carried {
        let t_new = segment.carry(Direction::Backwards, before.spread.t_secs);
        let own = segment.sigma_at_new(t_new);
        let own_half = segment.half_width_at_new(t_new);
        let both = |half: f64| half.min(SHARED_UP_TO_SECS);
        let shared = SHARED_OF_REFERENCE * both(own_half) * both(before.on_reference_secs);
        let own_squared = own_half * own_half - 2.0 * shared;
        let on_ref = before.spread.and(own_squared);
        let slope = if self.warp.stop_at(StopSide::New, t_new).is_some() {
            segment.pace()
        } else {
            let slope = segment.curve().slope_at(t_new).unwrap_or(segment.pace());
            slope.clamp(STANDING_SLOPE, segment.steepest())
        };
        Carried {
            spread: self.warp.backwards(segment, on_ref),
            sigma_secs: before.sigma_secs.hypot(own) / slope,
            half_width_secs: added(before.half_width_secs, own_squared) / slope,
            on_reference_secs: 0.0,
            beside_stop: on_ref.reach(),
        }
    }
}

impl Composition {
    /// A chain of maps in the order in which they are applied. Without steps it is [`Self::identity`].
    pub fn new(steps: Vec<Step>) -> Self {
        let pieces = pieces::of_chain(&steps);
        Self { steps, pieces }
    }

    /// Every moment of a clock, up to [`LONGEST_SECS`] either way, is itself.
    pub fn identity() -> Self {
        Self::new(Vec::new())
    }

    /// This chain and then `next`, whose first clock is the last one of this.
    pub fn then(&self, next: &Self) -> Self {
        Self::new([self.steps.as_slice(), &next.steps].concat())
    }

    /// From the last clock to the first.
    pub fn inverse(&self) -> Self {
        Self {
            steps: self.steps.iter().rev().map(Step::inverse).collect(),
            pieces: self.pieces.iter().map(Piece::inverse).collect(),
        }
    }

    /// The stretches of the first clock that have a value, seconds, in order.
    pub fn segments(&self) -> Vec<(f64, f64)> {
        self.pieces.iter().map(|piece| piece.first).collect()
    }

    /// The same stretches on the last clock, seconds.
    pub fn last_segments(&self) -> Vec<(f64, f64)> {
        self.pieces.iter().map(|piece| piece.last).collect()
    }

    /// The moment of the last run at the place of a moment of the first, seconds; in a stop of the last run
    /// one of its moments. Never less at a later moment.
    pub fn value_at(&self, t_secs: f64) -> Option<f64> {
        let piece = self.piece_at(t_secs)?;
        Some(piece.value(&self.steps, t_secs))
    }

    /// The place of the last run at a moment of the first, with its error.
    pub fn at(&self, t_secs: f64) -> Option<Place> {
        let piece = self.piece_at(t_secs)?;
        let carried = self.carried(piece, t_secs);
        let Spread {
            low_secs, high_secs, ..
        } = carried.spread;
        let value = carried.spread.t_secs.clamp(piece.last.0, piece.last.1);
        let stop = self.steps.last().and_then(|step| {
            let stop = step.warp.stop_at(step.direction.side_out(), value)?;
            let (from, to) = (stop.from_secs, stop.to_secs);
            Some((0.5 * (from + to), from, to))
        });
        let (t_secs, first_secs, last_secs) = stop.unwrap_or((value, value, value));
        let (before, after) = carried.beside_stop;
        let (low_secs, high_secs) = match stop {
            Some((_, from, to)) => (from - before, to + after),
            None => (low_secs, high_secs),
        };
        Some(Place {
            t_secs,
            first_secs,
            last_secs,
            sigma_secs: carried.sigma_secs,
            low_secs,
            high_secs,
            half_width_secs: (t_secs - low_secs).max(high_secs - t_secs),
        })
    }

    /// Who stands where both are on the trail: [`StopSide::New`] is the first run and [`StopSide::Ref`] the
    /// last, each on its own clock; those of the first run before those of the last.
    pub fn stops(&self) -> Vec<Stop> {
        let first = self.steps.first().map(|step| (step, step.direction.side_in()));
        let last = self.steps.last().map(|step| (step, step.direction.side_out()));
        let found = |end: Option<(&Step, StopSide)>, side, range: fn(&Piece) -> (f64, f64)| {
            let stops = end.map_or(&[][..], |(step, of)| step.warp.stops_of(of));
            let ranges = self.pieces.iter().map(range);
            ranges
                .flat_map(|(from, to)| {
                    let cut = move |stop: &Stop| Stop {
                        side,
                        from_secs: stop.from_secs.max(from),
                        to_secs: stop.to_secs.min(to),
                    };
                    stops.iter().map(cut)
                })
                .filter(|stop| stop.from_secs < stop.to_secs)
                .collect::<Vec<_>>()
        };
        let mut stops = found(first, StopSide::New, |piece| piece.first);
        stops.extend(found(last, StopSide::Ref, |piece| piece.last));
        stops
    }

    fn carried(&self, piece: &Piece, t_secs: f64) -> Carried {
        let start = Carried {
            spread: Spread::around(t_secs, 0.0),
            sigma_secs: 0.0,
            half_width_secs: 0.0,
            on_reference_secs: 0.0,
            beside_stop: (0.0, 0.0),
        };
        piece
            .segments(&self.steps)
            .fold(start, |carried, (step, segment)| step.carry(segment, &carried))
    }

    fn piece_at(&self, t_secs: f64) -> Option<&Piece> {
        let index = self.pieces.partition_point(|piece| piece.first.1 < t_secs);
        let piece = self.pieces.get(index)?;
        (piece.first.0 <= t_secs).then_some(piece)
    }
}

/// The whole of a clock.
const EVERYWHERE: (f64, f64) = (-LONGEST_SECS, LONGEST_SECS);
