//! Timecode of files that say neither where their timeline starts nor, mostly, how fast it runs.

use super::{ImportError, ImportOptions};
use crate::time::{Counting, Groups, Rate, Timebase};

/// The rate of a file without one: NTSC-speed only where drop-frame counting proves it.
pub(super) fn guess_rate(options: &ImportOptions, timecodes: &[(Groups, Counting)]) -> Rate {
    if let Some(rate) = options.rate {
        return rate;
    }
    let is_fast = timecodes.iter().any(|(groups, _)| groups.frames >= 30);
    let is_drop = timecodes.iter().any(|(_, counting)| *counting == Counting::Drop);
    let nominal = if is_fast { 60 } else { 30 };
    let ntsc = if is_drop {
        Rate::new(nominal * 1000, 1001)
    } else {
        None
    };
    ntsc.unwrap_or(Rate::whole(nominal))
}

/// Turns timecodes into seconds from the start of their timeline.
pub(super) struct Clock {
    pub rate: Rate,
    start_frame: i64,
    /// The start as timecode.
    pub start: String,
}

impl Clock {
    /// A clock that starts where the options say, else at the whole hour at or before the first event when that
    /// is one hour or later, else at zero.
    pub fn new(
        rate: Rate,
        first: Option<(Groups, Counting)>,
        options: &ImportOptions,
    ) -> Result<Self, ImportError> {
        let counting = options
            .counting
            .or(first.map(|(_, counting)| counting))
            .unwrap_or_default();
        let base = Timebase::new(rate, counting)?;
        let start_frame = match &options.timeline_start {
            Some(start) => base.parse(start)?,
            None => {
                let hours = first.map_or(0, |(groups, _)| groups.hours);
                base.frame_of(Groups {
                    hours,
                    ..Groups::default()
                })
                .unwrap_or(0)
            }
        };
        Ok(Self {
            rate,
            start_frame,
            start: base.format(start_frame),
        })
    }

    /// Frame of the timeline; `None` when the timecode does not exist at this rate.
    pub fn frame(&self, groups: Groups, counting: Counting) -> Option<i64> {
        // Non-drop timecode at a rate that has no drop-frame may still carry semicolons.
        let base =
            Timebase::new(self.rate, counting).or_else(|_| Timebase::new(self.rate, Counting::NonDrop));
        Some(base.ok()?.frame_of(groups)? - self.start_frame)
    }
}
