//! Numbers that were chosen or measured rather than given by a format: what each is and where it comes from.

// Transfer

/// Confidence below which a marker is for review unless asked otherwise. Chosen by hand on the calibrated
/// scale (docs/concepts/confidence.md): of markers at 0.6 four in ten are farther off than a quarter of a
/// second.
pub const DEFAULT_REVIEW_THRESHOLD: f64 = 0.6;

// Frame rates

/// Frames a time may lie before its frame and still be on it. Bounded by rounding: three decimals are half a
/// millisecond off, which is 0.03 frames at 60 fps.
pub(crate) const ROUNDING_SLACK_FRAMES: f64 = 0.05;

/// Relative distance within which a decimal means a known rate (docs/reference/cli.md#times-and-frame-rates).
/// Bounded by `23.98`, which is 0.00017 from its rate, and by half the 0.001 between an NTSC rate and the
/// whole one.
pub(crate) const SNAP_SHARE: f64 = 0.0004;

// Import

/// Seconds within which two markers of one name are one (a marker on a sequence and on its clip): the
/// resolution of the marker CSV.
pub(crate) const SAME_TIME_SECS: f64 = 1e-6;

/// Slack at the ends of what an FCPXML clip shows, in seconds. Chosen by hand: far above the error of sums of
/// doubles, below every frame duration.
pub(crate) const EDGE_SECS: f64 = 1e-4;

// Export

/// Farthest a piece of constant speed may be from the map, in frames of the timeline. Chosen by hand: a
/// quarter of a frame is below what a picture can show.
pub(crate) const TOLERANCE_FRAMES: f64 = 0.25;

/// A marker that would have to move more frames than this to a free one is joined with the one in its place.
/// Chosen by hand: a sixth of a second at 30 fps is still the same event.
pub(crate) const MAX_SHIFT_FRAMES: i64 = 5;

/// Seconds after the last marker when nothing tells the length of the recording. Chosen by hand: the shortest
/// chapter YouTube shows.
pub(crate) const UNKNOWN_TAIL_SECS: f64 = 10.0;
