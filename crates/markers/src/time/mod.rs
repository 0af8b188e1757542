//! Exact time for editors: rates are fractions, positions are whole frames, and text (seconds, clock times,
//! SMPTE timecode) becomes a float only at the very edge (editors.md section 1, cli.md section 1.1).

mod rate;
mod text;
mod timecode;

pub use rate::{MAX_TIMECODE_RATE, Rate, RateError};
pub use text::{TimeError, parse_time};
pub use timecode::{Counting, Timebase, TimecodeError};
pub(crate) use timecode::{Groups, split_groups};
