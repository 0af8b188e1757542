//! Exact time for editors: rates are fractions, positions are whole frames, and text (seconds, clock times,
//! SMPTE timecode) becomes a float only at the very edge (docs/reference/exporters.md#time).

mod rate;
mod text;
mod timecode;

pub use rate::{MAX_TIMECODE_RATE, Rate, RateError};
pub use text::{TimeError, parse_time};
pub use timecode::{Counting, Timebase, TimecodeError};
pub(crate) use timecode::{Groups, split_groups};
