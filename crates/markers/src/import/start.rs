//! Timecode of files that say neither where their timeline starts nor, mostly, how fast it runs.

use super::error::ImportError;
use super::found::{ImportOptions, ImportedMarker};
use crate::time::{Counting, Groups, Rate, Timebase};

/// A timecode as written, and how it counts.
pub(super) type CountedGroups = (Groups, Counting);

/// How a timecode counts: as asked for, else as its separator says, else like `unmarked`.
pub(super) fn counted(groups: Groups, unmarked: Counting, options: &ImportOptions) -> CountedGroups {
    let by_mark = if groups.has_semicolon {
        Counting::Drop
    } else {
        unmarked
    };
    (groups, options.counting.unwrap_or(by_mark))
}

/// The rate of a file without one: NTSC-speed only where drop-frame counting proves it.
fn guess_rate(options: &ImportOptions, timecodes: &[CountedGroups]) -> Rate {
    if let Some(rate) = options.rate {
        return rate;
    }
    let is_fast = timecodes.iter().any(|(groups, _)| groups.frames >= 30);
    let is_drop = timecodes.iter().any(|(_, counting)| *counting == Counting::Drop);
    let nominal = if is_fast { 60 } else { 30 };
    let ntsc = Rate::new(nominal * 1000, 1001).filter(|_| is_drop);
    ntsc.unwrap_or(Rate::whole(nominal))
}

/// Turns timecodes into seconds from the start of their timeline.
pub(super) struct TimelineClock {
    pub rate: Rate,
    start_frame: i64,
    /// The start as timecode.
    pub start: String,
}

impl TimelineClock {
    /// A clock for the timecodes of a file, in its order. It starts where the options say, else at the whole
    /// hour at or before the first event when that is one hour or later, else at zero.
    pub fn new(timecodes: &[CountedGroups], options: &ImportOptions) -> Result<Self, ImportError> {
        let rate = guess_rate(options, timecodes);
        let first = timecodes.first();
        let by_first = first.map(|(_, counting)| *counting);
        let base = Timebase::new(rate, options.counting.or(by_first).unwrap_or_default())?;
        let hour = Groups {
            hours: first.map_or(0, |(groups, _)| groups.hours),
            ..Groups::default()
        };
        let start_frame = match &options.timeline_start {
            Some(start) => base.parse(start)?,
            None => base.frame_of(hour).unwrap_or(0),
        };
        Ok(Self {
            rate,
            start_frame,
            start: base.format(start_frame),
        })
    }

    /// Frame of the timeline; `None` when the timecode does not exist at this rate.
    pub fn frame(&self, (groups, counting): CountedGroups) -> Option<i64> {
        // Non-drop timecode at a rate that has no drop-frame may still carry semicolons.
        let base =
            Timebase::new(self.rate, counting).or_else(|_| Timebase::new(self.rate, Counting::NonDrop));
        Some(base.ok()?.frame_of(groups)? - self.start_frame)
    }

    /// A marker from `frame` on, with an end when it is longer than a frame.
    pub fn marker(&self, frame: i64, frames: i64) -> ImportedMarker {
        ImportedMarker {
            t_ref_secs: self.rate.secs_at(frame),
            t_ref_end_secs: (frames > 1).then(|| self.rate.secs_at(frame.saturating_add(frames))),
            ..ImportedMarker::default()
        }
    }

    /// The warning about a marker whose timecode gives no frame.
    pub fn no_frame(&self, marker: &str) -> String {
        let rate = self.rate;
        format!("marker `{marker}` has a timecode that does not exist at {rate} fps")
    }
}
