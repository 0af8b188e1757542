//! Every tuned number of the crate: value, unit, and where it comes from. *By hand*: chosen, not measured by
//! itself. Limits on damaged input and constants of formats stand beside their readers.

// Sampling plans (`plan`).

/// Key frames alone suffice while 95 % of their gaps are at most this many times the asked frame interval.
/// `make accuracy-key-frames` measures recordings that it lets pass: a camera with a key frame every 10
/// frames of 29.97 (0.334 s) serves 3 per second, one with every 15 (0.5 s) up to 2.5.
pub const KEY_GAP_SLACK: f64 = 1.25;
/// Largest honoured rate, per second: denser grids pick every frame of any recording anyway.
pub(crate) const PLAN_MAX_PER_SEC: f64 = 1000.0;

// Facts about recordings (`info`, `rational`, `layout`).

/// Largest relative distance of the mean frame rate from the nominal one. By hand: a few dropped frames.
pub(crate) const MEAN_RATE_TOLERANCE: f64 = 0.005;
/// Relative distance within which a decimal rate means a usual one: less than the 0.001 between 29.97 and 30.
pub(crate) const SNAP_TOLERANCE: f64 = 0.0004;
/// Sample aspect ratios beyond this (either way) are taken for damaged metadata and ignored. By hand.
pub(crate) const MAX_SAMPLE_ASPECT: f64 = 8.0;

// Proxies (`stand_in`).

/// Largest difference in length of a proxy from its original, seconds. By hand, about three frames.
pub(crate) const PROXY_MAX_DIFFERENCE_SECS: f64 = 0.1;
/// Largest difference in frames. Seen: one camera model writes proxies two frames short.
pub(crate) const PROXY_MAX_FRAME_DIFFERENCE: f64 = 3.0;
/// Relative tolerance when comparing frame rates: tells 29.97 from 30.
pub(crate) const PROXY_RATE_TOLERANCE: f64 = 0.0005;

// Sound and pictures for people (`sound`, `encode`).

/// Packets this long before the wanted time are still decoded, seconds: the first ones after a gap sound
/// wrong. By hand, some ten packets of AAC.
pub(crate) const SOUND_RUN_UP_SECS: f64 = 0.25;
/// Distance from the expected place below which a block follows the one before, seconds. By hand: containers
/// round times to a millisecond.
pub(crate) const SOUND_JITTER_SECS: f64 = 0.01;
/// Quantiser of FFmpeg's JPEG encoder, 2 best to 31 worst. By hand: small files without visible blocks.
pub(crate) const JPEG_QUANTISER: i32 = 4;
/// Bits per second and channel of AAC: what cameras use.
pub(crate) const AAC_BITS_PER_CHANNEL: usize = 96_000;
