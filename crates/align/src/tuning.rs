//! Tuned constants of the alignment, by stage.

// Path.

/// Fastest new rider: reference seconds per new second in one step of the sequence model.
pub(crate) const MAX_RATIO: f64 = 3.4;
/// Posterior probability of being off the trail from which on a frame counts as off: the other side is likelier.
pub(crate) const MAX_OFF: f64 = 0.5;
/// Analysed frames farther apart than this have no path between them, seconds.
pub(crate) const MAX_PATH_GAP_SECS: f64 = 2.0;
/// A path's slope is taken over this much each side, seconds.
pub(crate) const RATE_SPAN_SECS: f64 = 0.5;

// Leaps of the path, seconds of reference time.

/// Nothing is smoothed across a step ahead farther than the fastest riding by this much.
pub(crate) const SMOOTHING_LEAP_SECS: f64 = 1.0;
/// The posterior beside a step ahead farther than the fastest riding by this much is looked at again.
pub(crate) const POSTERIOR_LEAP_SECS: f64 = 0.7;
/// A step of the pairs ahead farther than the pace around it explains by this much is a leap.
pub(crate) const LEAP_BEYOND_PACE_SECS: f64 = 0.7;
/// This many pairs on each side tell the pace and have to agree.
pub(crate) const LEAP_SIDE: usize = 3;
/// The step itself makes up this share of such a leap; else somebody rode fast.
pub(crate) const LEAP_STEP_SHARE: f64 = 0.6;

// Fusion with GPS.

/// Error of misled pictures, one sigma, seconds: neighbouring places of the same look.
pub(crate) const MISLED_SECS: f64 = 0.7;

// Sequence model.

/// Half width of the window whose posterior mass is [`Posterior::on`](crate::sequence::Posterior::on), seconds of
/// reference time.
pub(crate) const ON_SECS: f64 = 0.7;
/// Share of the posterior mass that may lie beyond each end of its credible interval.
pub(crate) const INTERVAL_TAIL: f64 = 1e-3;
