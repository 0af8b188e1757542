//! Numbers that were chosen or measured rather than given by a format: what each is and where it comes from.

/// Farthest a piece of constant speed may be from the map, in frames of the timeline. Chosen by hand: a quarter of a
/// frame is below what a picture can show.
pub(crate) const TOLERANCE_FRAMES: f64 = 0.25;

/// A marker that would have to move more frames than this to a free one is joined with the one in its place. Chosen
/// by hand: a sixth of a second at 30 fps is still the same event.
pub(crate) const MAX_SHIFT_FRAMES: i64 = 5;

/// Seconds after the last marker when nothing tells the length of the recording. Chosen by hand: the shortest chapter
/// YouTube shows.
pub(crate) const UNKNOWN_TAIL_SECS: f64 = 10.0;
