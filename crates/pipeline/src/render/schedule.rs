//! Which moment of each recording an output frame shows: pure functions of the map, the clocks and the flags.
//!
//! The output runs along the master's clock, in one piece or, with stops cut out, in several. Locked by
//! place, the other run is asked through the map where it was at the same spot; locked by time, it plays at
//! its own speed from the first moment on. Where the other run has no such moment it has no picture.

use mtbsync_align::{StopSide, TimeWarp};
use mtbsync_markers::time::{Rate, parse_time};
use mtbsync_media::{Recording, Timeline};

use super::error::RenderProblem;
use super::request::{Lock, Side, Stops, Timing};

/// Shorter results would not show a single frame.
pub(super) const MIN_SECS: f64 = 1e-3;

/// What one output frame shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameMoment {
    /// Time on the master, seconds.
    pub master_secs: f64,
    /// Index of the frame of the reference.
    pub reference: Option<usize>,
    /// Index of the frame of the new run.
    pub new: Option<usize>,
    /// Time of the reference, seconds.
    pub t_ref_secs: Option<f64>,
    /// Time of the new run, seconds.
    pub t_new_secs: Option<f64>,
    /// Seconds the new run lost since the first common moment shown; below zero: won.
    pub delta_secs: Option<f64>,
}

/// A stretch of the master that is shown in one piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// From, seconds on the master.
    pub from_secs: f64,
    /// To, seconds on the master.
    pub to_secs: f64,
    /// Where it begins in the output, seconds.
    pub out_secs: f64,
}

/// The whole plan.
#[derive(Clone, Debug)]
pub struct Schedule {
    warp: TimeWarp,
    master: Side,
    rate: Rate,
    pieces: Vec<Piece>,
    frames: u64,
    /// Locked by time: what is added to the master's time to get the other's.
    offset_secs: Option<f64>,
    /// Reference and new.
    timelines: [Timeline; 2],
}

impl Schedule {
    /// Plans the output for the recordings `[reference, new]`.
    ///
    /// # Errors
    /// `--from` or `--to` that are no times, or leave nothing to be shown.
    pub fn new(
        timing: &Timing,
        rate: Rate,
        warp: TimeWarp,
        recordings: [&Recording; 2],
    ) -> Result<Self, RenderProblem> {
        let timelines = recordings.map(|recording| recording.timeline().clone());
        Self::of_timelines(timing, rate, warp, timelines)
    }

    fn of_timelines(
        timing: &Timing,
        rate: Rate,
        warp: TimeWarp,
        timelines: [Timeline; 2],
    ) -> Result<Self, RenderProblem> {
        let mut schedule = Self {
            warp,
            master: timing.master,
            rate,
            pieces: Vec::new(),
            frames: 0,
            offset_secs: None,
            timelines,
        };
        let (from_secs, to_secs) = schedule.range(timing)?;
        if timing.lock == Lock::Time {
            schedule.offset_secs = Some(schedule.offset_at(from_secs, to_secs)?);
        }
        let stops = match timing.stops {
            Stops::Hold => Vec::new(),
            Stops::Skip => schedule.stops(),
        };
        schedule.pieces = pieces((from_secs, to_secs), &stops);
        schedule.frames = (schedule.duration_of_pieces() * rate.as_f64()).round() as u64;
        if schedule.frames == 0 {
            return Err(RenderProblem::EmptyRange { from_secs, to_secs });
        }
        Ok(schedule)
    }

    /// Number of output frames, at least 1.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Output frames per second.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Length of the output in seconds.
    pub fn duration_secs(&self) -> f64 {
        self.frames as f64 / self.rate.as_f64()
    }

    /// Stretches of the master that are shown, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The map.
    pub fn warp(&self) -> &TimeWarp {
        &self.warp
    }

    /// Whose clock the output follows.
    pub fn master(&self) -> Side {
        self.master
    }

    /// For a side that plays at its own speed: what is added to the master's time to get its time.
    pub fn own_speed_shift_secs(&self, side: Side) -> Option<f64> {
        if side == self.master {
            Some(0.0)
        } else {
            self.offset_secs
        }
    }

    /// What output frame `number` shows.
    pub fn moment(&self, number: u64) -> FrameMoment {
        let master_secs = self.master_secs(number as f64 / self.rate.as_f64());
        let t_ref_secs = self.side_secs(Side::Reference, master_secs);
        let t_new_secs = self.side_secs(Side::New, master_secs);
        FrameMoment {
            master_secs,
            reference: t_ref_secs.map(|t| self.timeline(Side::Reference).shown_at(t)),
            new: t_new_secs.map(|t| self.timeline(Side::New).shown_at(t)),
            t_ref_secs,
            t_new_secs,
            delta_secs: self.delta_secs(master_secs),
        }
    }

    /// Frames of `side` that are shown at all, in order, each once.
    pub fn indices(&self, side: Side) -> Vec<usize> {
        let shown = (0..self.frames).filter_map(|number| {
            let moment = self.moment(number);
            match side {
                Side::Reference => moment.reference,
                Side::New => moment.new,
            }
        });
        let mut indices: Vec<usize> = Vec::new();
        for index in shown {
            if indices.last().is_none_or(|last| *last < index) {
                indices.push(index);
            }
        }
        indices
    }

    /// Time of `side` when the master is at `master_secs`; `None` where it has no picture then.
    pub fn side_secs(&self, side: Side, master_secs: f64) -> Option<f64> {
        let t_secs = if side == self.master {
            Some(master_secs)
        } else {
            match self.offset_secs {
                Some(offset_secs) => Some(master_secs + offset_secs),
                None => self.mapped(master_secs),
            }
        };
        t_secs.filter(|t| (0.0..self.timeline(side).duration_secs()).contains(t))
    }

    /// Time on the master at `out_secs` of the output.
    fn master_secs(&self, out_secs: f64) -> f64 {
        let begun = self.pieces.partition_point(|piece| piece.out_secs <= out_secs);
        let piece = self.pieces.get(begun.saturating_sub(1));
        piece.map_or(0.0, |piece| piece.from_secs + (out_secs - piece.out_secs))
    }

    /// The other run's time at the place of the master.
    fn mapped(&self, master_secs: f64) -> Option<f64> {
        match self.master {
            Side::New => self.warp.ref_from_new(master_secs),
            Side::Reference => self.warp.new_from_ref(master_secs),
        }
    }

    fn timeline(&self, side: Side) -> &Timeline {
        let [reference, new] = &self.timelines;
        match side {
            Side::Reference => reference,
            Side::New => new,
        }
    }

    fn delta_secs(&self, master_secs: f64) -> Option<f64> {
        let other = self.mapped(master_secs)?;
        let begin = self.segment_on_master(master_secs)?.0;
        let zero_secs = self
            .pieces
            .first()
            .map_or(begin, |first| begin.max(first.from_secs));
        let lost = (master_secs - zero_secs) - (other - self.mapped(zero_secs)?);
        Some(match self.master {
            Side::New => lost,
            Side::Reference => -lost,
        })
    }

    /// Ends, on the master, of the segment that holds `master_secs`.
    fn segment_on_master(&self, master_secs: f64) -> Option<(f64, f64)> {
        self.segments_on_master()
            .find(|(first, last)| (*first..=*last).contains(&master_secs))
    }

    fn segments_on_master(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> {
        self.warp.segments().iter().map(|segment| match self.master {
            Side::New => segment.new_range(),
            Side::Reference => segment.ref_range(),
        })
    }

    /// From and to on the master.
    fn range(&self, timing: &Timing) -> Result<(f64, f64), RenderProblem> {
        let duration_secs = self.timeline(self.master).duration_secs();
        let given = |setting, text: &Option<String>| {
            let parsed = text.as_ref().map(|text| parse_time(text, Some(self.rate), false));
            parsed
                .transpose()
                .map_err(|error| RenderProblem::Time { setting, error })
        };
        let (from, to) = (given("from", &timing.from)?, given("to", &timing.to)?);
        let (first, last) = self.overlap().unwrap_or((0.0, 0.0));
        let from_secs = from.unwrap_or(first).max(0.0);
        let to_secs = to.unwrap_or(last).min(duration_secs);
        if to_secs - from_secs < MIN_SECS {
            let to_secs = to.unwrap_or(last);
            return Err(RenderProblem::EmptyRange { from_secs, to_secs });
        }
        Ok((from_secs, to_secs))
    }

    /// First and last moment on the master that both recordings hold.
    fn overlap(&self) -> Option<(f64, f64)> {
        let other = match self.master {
            Side::Reference => Side::New,
            Side::New => Side::Reference,
        };
        let duration_secs = self.timeline(self.master).duration_secs();
        let on_master = |t_other: f64| match self.master {
            Side::New => self.warp.new_from_ref(t_other),
            Side::Reference => self.warp.ref_from_new(t_other),
        };
        let (mut first, last) = (
            self.segments_on_master().next()?.0,
            self.segments_on_master().next_back()?.1,
        );
        first = first.max(on_master(0.0).unwrap_or(0.0)).max(0.0);
        let end = on_master(self.timeline(other).duration_secs()).unwrap_or(f64::INFINITY);
        Some((first, last.min(end).min(duration_secs)))
    }

    /// What to add to the master's time so that both are at one place at the first moment that has a
    /// counterpart.
    fn offset_at(&self, from_secs: f64, to_secs: f64) -> Result<f64, RenderProblem> {
        let inside = self.segments_on_master().find(|(_, last)| *last >= from_secs);
        let start = inside
            .map(|(first, _)| first.max(from_secs))
            .filter(|start| *start < to_secs);
        let offset = start.and_then(|start| Some(self.mapped(start)? - start));
        offset.ok_or_else(|| RenderProblem::NoStart(self.overlap()))
    }

    /// Stretches in which the master stands, in order.
    fn stops(&self) -> Vec<(f64, f64)> {
        let wanted = match self.master {
            Side::New => StopSide::New,
            Side::Reference => StopSide::Ref,
        };
        let stops = self.warp.stops().iter().filter(|stop| stop.side == wanted);
        stops.map(|stop| (stop.from_secs, stop.to_secs)).collect()
    }

    fn duration_of_pieces(&self) -> f64 {
        self.pieces
            .last()
            .map_or(0.0, |last| last.out_secs + last.to_secs - last.from_secs)
    }
}

/// `range` without `stops`, which are in order.
fn pieces(range: (f64, f64), stops: &[(f64, f64)]) -> Vec<Piece> {
    let (mut from_secs, to_secs) = range;
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |from_secs: f64, to_secs: f64| {
        if to_secs - from_secs < MIN_SECS {
            return;
        }
        let out_secs = pieces
            .last()
            .map_or(0.0, |last: &Piece| last.out_secs + last.to_secs - last.from_secs);
        pieces.push(Piece {
            from_secs,
            to_secs,
            out_secs,
        });
    };
    for (stop_from, stop_to) in stops {
        add(from_secs, stop_from.min(to_secs));
        from_secs = from_secs.max(*stop_to);
    }
    add(from_secs, to_secs);
    pieces
}

#[cfg(test)]
mod tests;
