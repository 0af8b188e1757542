//! How long a recording can be: the one bound on every time that is read.

/// Latest moment of a recording, a timeline or a ride that is believed, seconds from its zero either way: a
/// week. The latest timecode, 99:59:59:59, is 4.2 days; a camera on a cable fills its largest card in two.
pub const LONGEST_SECS: f64 = 7.0 * 86_400.0;

/// Whether `secs` can be a moment of a recording, or a length of one: a number, at most [`LONGEST_SECS`] from
/// zero.
///
/// ```
/// use mtbsync_formats::is_moment;
///
/// assert!(is_moment(359_999.0) && is_moment(-0.5));
/// assert!(!is_moment(1e15) && !is_moment(f64::NAN) && !is_moment(f64::NEG_INFINITY));
/// ```
pub fn is_moment(secs: f64) -> bool {
    secs.abs() <= LONGEST_SECS
}
