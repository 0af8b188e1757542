//! Every tuned number of the crate, by stage: value, unit, and where it comes from.
//!
//! What is not here: limits on hostile input, which stand beside their readers, and constants of formats. *By
//! hand*: chosen, not measured by itself; `make accuracy-gps` measures all of them together.

use std::ops::RangeInclusive;

// Receiver errors (`track`, `gpmf::gps`).

/// Smallest 1-sigma error believed of any receiver, metres. Measured: two days on one trail differ by 2 to 4
/// m whatever DOP says.
pub(crate) const MIN_ERROR_M: f64 = 2.0;
/// 1-sigma error per unit of DOP, metres. By hand.
pub(crate) const ERROR_PER_DOP_M: f64 = 2.5;
/// 1-sigma error where the file says nothing about it, metres. Measured: what the distances between two phone
/// tracks of one route (median 3.6 m, 90 % under 10 m) leave for each.
pub(crate) const UNKNOWN_ERROR_M: f64 = 4.0;
/// 1-sigma error of a date from `GPSU`, seconds. Measured: 0.38 s late on a recording, and once per payload.
pub(crate) const GPSU_SIGMA_SECS: f64 = 0.6;
/// 1-sigma error of a date from `GPS9`, seconds. By hand: UTC per sample, but the delay of the receiver is
/// unknown.
pub(crate) const GPS9_SIGMA_SECS: f64 = 0.3;

// Sample times (`gpmf::timing`).

/// Share of the usual sample count below which a payload with lost samples is incomplete. By hand.
pub(crate) const TIMING_INCOMPLETE_SHARE: f64 = 0.9;
/// A payload that begins later than this many lengths of the one before leaves a gap. By hand, between 1 and
/// 2.
pub(crate) const TIMING_GAP_LENGTHS: f64 = 1.5;

// Real time or time-lapse (`realtime`).

/// Lengths of a payload in real time, seconds: 1.001 s, or 1.04 s in 25/50 fps modes, with room on both
/// sides.
pub(crate) const REAL_TIME_PAYLOAD_SECS: RangeInclusive<f64> = 0.9..=1.15;
/// Telemetry length over video length in real time. By hand, around 1.
pub(crate) const REAL_TIME_LENGTH_RATIO: RangeInclusive<f64> = 0.85..=1.25;
/// Length below which the last, partly filled payload dominates that ratio, seconds. By hand.
pub(crate) const REAL_TIME_MIN_SECS: f64 = 10.0;
/// Fewest GPS samples of a payload. By hand: cameras since HERO5 write 10 or 18.
pub(crate) const REAL_TIME_MIN_GPS: f64 = 3.0;
/// Lowest accelerometer rate, hertz. By hand: cameras write about 200.
pub(crate) const REAL_TIME_MIN_ACCL_HZ: f64 = 50.0;

// Cleaning (`clean`).

/// Dilution of precision from which on a sample is not used. By hand.
pub(crate) const CLEAN_MAX_DOP: f64 = 5.0;
/// Fastest believable change of position, metres per second. By hand.
pub(crate) const CLEAN_MAX_SPEED_MPS: f64 = 40.0;
/// A receiver that reports more speed is believed up to this multiple of it (race cars). By hand.
pub(crate) const CLEAN_REPORTED_SPEED_MARGIN: f64 = 1.25;
/// Speed above which an unchanged position is frozen, metres per second. By hand.
pub(crate) const CLEAN_FROZEN_SPEED_MPS: f64 = 1.0;

// Smooth path (`geometry::path`).

/// Step of a path, seconds. By hand: 8 m for a car, 1 m for a rider.
pub(crate) const PATH_STEP_SECS: f64 = 0.2;
/// Smallest bandwidth for positions, seconds. By hand.
pub(crate) const PATH_MIN_BANDWIDTH_SECS: f64 = 0.4;
/// Bandwidth as a multiple of the spacing of the samples around. By hand.
pub(crate) const PATH_BANDWIDTH_SPACINGS: f64 = 0.75;
/// Bandwidth for velocity, in bandwidths for position. By hand: a slope needs more samples.
pub(crate) const PATH_VELOCITY_BANDWIDTH: f64 = 2.0;
/// Bandwidths beyond which a sample weighs nothing (3e-4 of the middle).
pub(crate) const PATH_CUTOFF_BANDWIDTHS: f64 = 4.0;
/// A silence longer than this many median steps is a gap. Seen: recorders that save few points leave 5 to 10.
pub(crate) const PATH_GAP_STEPS: f64 = 5.0;
/// Shorter silences are never a gap, longer ones than the second always are, seconds. By hand.
pub(crate) const PATH_GAP_LIMITS_SECS: (f64, f64) = (3.0, 30.0);
/// Error of a straight line between two samples: half of this times time squared, m/s^2. By hand.
pub(crate) const PATH_UNSEEN_MPS2: f64 = 1.0;

// Reference curve (`place::curve`).

/// Shortest distance between two vertices, metres. By hand, far below GPS errors.
pub(crate) const CURVE_MIN_SEGMENT_M: f64 = 0.5;
/// Slower than this is a stop, metres per second. By hand.
pub(crate) const STOP_SPEED_MPS: f64 = 0.5;
/// Smallest cosine between the directions of two runs on one trail. By hand, 60 degrees: a switchback ridden
/// on another line differs this much for a moment.
pub(crate) const CURVE_MIN_HEADING_COSINE: f64 = 0.5;
/// Speed below which a direction means nothing, metres per second. By hand.
pub(crate) const CURVE_HEADING_SPEED_MPS: f64 = 1.0;
/// Two minima are one where the curve between them is no farther away than this, metres. By hand.
pub(crate) const CURVE_SAME_PLACE_M: f64 = 1.0;

// Chains of matches (`place::chain`, `place`).

/// Spacing of the samples that are chained, seconds. By hand.
pub(crate) const CHAIN_STEP_SECS: f64 = 1.0;
/// Samples a match may skip to continue a chain. By hand: 15 s.
pub(crate) const CHAIN_MAX_SKIP: usize = 15;
/// Slowest and fastest believable ratio of reference time to new time between two matches. By hand.
pub(crate) const CHAIN_RATIO_LIMITS: (f64, f64) = (1.0 / 6.0, 6.0);
/// Slack of that ratio besides the sigmas of the matches, seconds. By hand.
pub(crate) const CHAIN_RATIO_SLACK_SECS: f64 = 1.0;
/// Cost of skipping a sample, in units of a perfect match. By hand.
pub(crate) const CHAIN_SKIP_COST: f64 = 0.3;
/// Cost of another pace, per unit of squared logarithm. By hand.
pub(crate) const CHAIN_PACE_COST: f64 = 0.1;
/// Fewest matches of a chain. By hand.
pub(crate) const CHAIN_MIN_MATCHES: usize = 8;
/// Fewest matches of a chain by the number of its ends in the middle of both tracks. Measured: a real lap
/// shifted by 100 m chains for 13 s, a wrong track for half a minute at most.
pub(crate) const CHAIN_MIN_MATCHES_BY_OPEN_ENDS: [usize; 3] = [CHAIN_MIN_MATCHES, 30, 60];
/// A track that has nothing this long before a chain begins there, seconds. By hand.
pub(crate) const CHAIN_END_SECS: f64 = 5.0;
/// Shortest way along the reference that a chain covers, metres. By hand.
pub(crate) const CHAIN_MIN_M: f64 = 40.0;
/// Share of the samples between the ends of a chain that must be matched. By hand.
pub(crate) const CHAIN_MIN_SHARE: f64 = 0.5;
/// Largest median distance of a chain, in sigmas of the positions. By hand.
pub(crate) const CHAIN_MAX_SIGMAS: f64 = 2.5;
/// How far from the ends of a chain GPS may still speak, seconds. By hand.
pub(crate) const CHAIN_MARGIN_SECS: f64 = 10.0;

// Place evidence (`place`).

/// Distance from the reference curve beyond which a position is elsewhere, metres. Seen: 15 m off under
/// trees; a parallel trail is usually farther away.
pub(crate) const PLACE_GATE_M: f64 = 25.0;
/// Share of positions that are wrong although everything agrees. By hand.
pub(crate) const PLACE_OUTLIER_SHARE: f64 = 0.02;
/// Errors of one receiver stay alike this long, seconds: evidence within it is one observation. By hand.
pub(crate) const GPS_CORRELATION_SECS: f64 = 5.0;
/// Smallest speed used to turn metres into seconds, metres per second. By hand.
pub(crate) const PLACE_MIN_SPEED_MPS: f64 = 0.5;
/// 1-sigma constant offset between two days, metres. Measured: 2 to 4 m.
pub(crate) const PLACE_BIAS_SIGMA_M: f64 = 3.0;

// Priors of clock offsets (`clock`).

/// 1-sigma error of UTC in a track file, seconds. By hand: whole seconds and delay of the smoothing.
pub(crate) const CLOCK_UTC_SIGMA_SECS: f64 = 0.5;
/// 1-sigma error of a camera clock set by hand or by a phone, seconds. By hand.
pub(crate) const CLOCK_CAMERA_SIGMA_SECS: f64 = 60.0;
/// Share of a recording inside the track for a time zone to be possible. By hand.
pub(crate) const CLOCK_ZONE_MIN_COVERED: f64 = 0.8;

// Clock search (`clock::search`); `make accuracy-gps` measures it as a whole.

/// Step of speed signals, seconds. By hand.
pub(crate) const CLOCK_SIGNAL_STEP_SECS: f64 = 0.25;
/// Step of the search, seconds. By hand.
pub(crate) const CLOCK_COARSE_STEP_SECS: f64 = 0.25;
/// Step around the best offsets, seconds. By hand.
pub(crate) const CLOCK_FINE_STEP_SECS: f64 = 0.05;
/// Fine steps to each side: a little more than one coarse step.
pub(crate) const CLOCK_FINE_STEPS: i32 = 6;
/// Reference offsets tried around the one the places ask for, coarse steps to each side. By hand, 5 s.
pub(crate) const CLOCK_REF_STEPS: i32 = 20;
/// A prior is searched this many of its sigmas to both sides. By hand.
pub(crate) const CLOCK_PRIOR_SIGMAS: f64 = 3.0;
/// Guesses of one side that are tried: time zones. By hand.
pub(crate) const CLOCK_MAX_GUESSES: usize = 3;
/// Most offsets of one side that are tried: an hour.
pub(crate) const CLOCK_MAX_OFFSETS: usize = 14_400;
/// Track kept around what the prior allows, seconds. By hand.
pub(crate) const CLOCK_CROP_MARGIN_SECS: f64 = 30.0;
/// Share of the recording its track must cover. By hand.
pub(crate) const CLOCK_MIN_COVERED: f64 = 0.6;
/// Time after which the speed of a rider is a new observation, seconds. By hand.
pub(crate) const CLOCK_SPEED_CORRELATION_SECS: f64 = 4.0;
/// Residuals count up to here, seconds; so does a place without a match. By hand.
pub(crate) const CLOCK_MAX_RESIDUAL_SECS: f64 = 5.0;
/// Mean residual below which nothing is left to gain, seconds. By hand.
pub(crate) const CLOCK_MIN_RESIDUAL_SECS: f64 = 0.05;
/// Mean residual above which the tracks do not repeat what the pictures show, seconds. By hand.
pub(crate) const CLOCK_MAX_FIT_SECS: f64 = 1.0;
/// The same in sigmas of the matches; the larger of both counts. By hand.
pub(crate) const CLOCK_MAX_FIT_SIGMAS: f64 = 1.0;
/// Fewest seconds of path seen by the pictures. By hand.
pub(crate) const CLOCK_MIN_PATH_SECS: usize = 12;
/// Matches farther apart are not joined, seconds. By hand.
pub(crate) const CLOCK_MAX_MATCH_GAP_SECS: f64 = 5.0;
/// Smallest error claimed of an offset that was searched, seconds. By hand.
pub(crate) const CLOCK_MIN_SIGMA_SECS: f64 = 0.1;
/// An offset known better than this needs no search, seconds. By hand.
pub(crate) const CLOCK_SURE_SIGMA_SECS: f64 = 2.0;
