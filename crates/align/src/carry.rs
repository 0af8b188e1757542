//! A map read either way, and a moment with its interval carried through it.
//!
//! What an error on one clock means on the other depends on the curve around the place: where a rider is
//! about to stop, a moment later on one clock may be many seconds later on the other; where a segment ends,
//! it may lie in the next. So intervals are not multiplied by a slope but carried through the curve.

use crate::tuning::STEEPEST;
use crate::warp::{Segment, StopSide, TimeWarp};

/// Which way a map is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From new to reference time.
    Forwards,
    /// From reference to new time.
    Backwards,
}

impl Direction {
    /// The other way.
    pub fn reversed(self) -> Self {
        match self {
            Self::Forwards => Self::Backwards,
            Self::Backwards => Self::Forwards,
        }
    }

    /// The rider on whose clock the map is read.
    pub(crate) fn side_in(self) -> StopSide {
        match self {
            Self::Forwards => StopSide::New,
            Self::Backwards => StopSide::Ref,
        }
    }

    /// The rider on whose clock its values are.
    pub(crate) fn side_out(self) -> StopSide {
        self.reversed().side_in()
    }
}

/// A moment and its interval, seconds of one clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub t_secs: f64,
    pub low_secs: f64,
    pub high_secs: f64,
}

impl Spread {
    /// As far on either side.
    pub fn around(t_secs: f64, half_secs: f64) -> Self {
        Self {
            t_secs,
            low_secs: t_secs - half_secs,
            high_secs: t_secs + half_secs,
        }
    }

    /// How far it reaches before and after its moment.
    pub fn reach(&self) -> (f64, f64) {
        (self.t_secs - self.low_secs, self.high_secs - self.t_secs)
    }

    /// With an error that adds this much to the squared reach either way, square seconds.
    pub fn and(self, squared: f64) -> Self {
        let (before, after) = self.reach();
        Self {
            t_secs: self.t_secs,
            low_secs: self.t_secs - added(before, squared),
            high_secs: self.t_secs + added(after, squared),
        }
    }
}

/// A half width with an error that adds `squared`, less than nothing where both share a cause.
pub(crate) fn added(half_secs: f64, squared: f64) -> f64 {
    half_secs.mul_add(half_secs, squared).max(0.0).sqrt()
}

impl Segment {
    /// First and last time on the clock it is read on.
    pub(crate) fn range_in(&self, direction: Direction) -> (f64, f64) {
        match direction {
            Direction::Forwards => self.new_range(),
            Direction::Backwards => self.ref_range(),
        }
    }

    /// First and last time on the clock of its values.
    pub(crate) fn range_out(&self, direction: Direction) -> (f64, f64) {
        self.range_in(direction.reversed())
    }

    /// The value at `t_secs`, that of the nearer end outside.
    pub(crate) fn carry(&self, direction: Direction, t_secs: f64) -> f64 {
        let (from, to) = self.range_in(direction);
        let t = t_secs.clamp(from, to);
        let value = match direction {
            Direction::Forwards => self.curve().y_at(t),
            Direction::Backwards => self.curve().x_at(t),
        };
        value.unwrap_or(self.range_out(direction).0)
    }

    /// A length on the clock it is read on at the usual pace, on the other clock.
    fn at_pace(&self, direction: Direction, secs: f64) -> f64 {
        match direction {
            Direction::Forwards => self.pace() * secs,
            Direction::Backwards => secs / self.pace(),
        }
    }

    /// Steepest slope that is believed, reference seconds per new second.
    pub(crate) fn steepest(&self) -> f64 {
        STEEPEST * self.pace()
    }
}

impl TimeWarp {
    /// A spread of reference time that holds the map's own error, as one of new time.
    pub(crate) fn backwards(&self, segment: &Segment, spread: Spread) -> Spread {
        let t_secs = segment.carry(Direction::Backwards, spread.t_secs);
        let (before, after) = spread.reach();
        let (low, high) = self.between(Direction::Backwards, spread);
        Spread {
            t_secs,
            low_secs: low.min(t_secs - before / segment.steepest()),
            high_secs: high.max(t_secs + after / segment.steepest()),
        }
    }

    /// A spread of new time as one of reference time, without the map's own error.
    pub(crate) fn forwards(&self, segment: &Segment, spread: Spread) -> Spread {
        let t_secs = segment.carry(Direction::Forwards, spread.t_secs);
        let (low, high) = self.between(Direction::Forwards, spread);
        Spread {
            t_secs,
            low_secs: low.min(t_secs),
            high_secs: high.max(t_secs),
        }
    }

    /// The earliest and the latest value of a spread, which may reach beyond the segments.
    fn between(&self, direction: Direction, spread: Spread) -> (f64, f64) {
        (
            self.earliest(direction, spread.low_secs),
            self.latest(direction, spread.high_secs),
        )
    }

    /// The value at a moment that may lie outside of the segments, as early as it can be.
    fn earliest(&self, direction: Direction, t: f64) -> f64 {
        let index = self.segments().partition_point(|s| s.range_in(direction).1 < t);
        let Some(s) = self.segments().get(index) else {
            return f64::INFINITY;
        };
        let (first, _) = s.range_in(direction);
        if t < first {
            s.range_out(direction).0 - s.at_pace(direction, first - t)
        } else {
            s.carry(direction, t)
        }
    }

    /// The value at a moment that may lie outside of the segments, as late as it can be.
    fn latest(&self, direction: Direction, t: f64) -> f64 {
        let index = self.segments().partition_point(|s| s.range_in(direction).0 <= t);
        let Some(s) = index.checked_sub(1).and_then(|last| self.segments().get(last)) else {
            return f64::NEG_INFINITY;
        };
        let (_, last) = s.range_in(direction);
        if t > last {
            s.range_out(direction).1 + s.at_pace(direction, t - last)
        } else {
            s.carry(direction, t)
        }
    }
}
