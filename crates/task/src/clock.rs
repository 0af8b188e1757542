//! The time of day, for what files say about when they were made. Nothing is computed from it.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

/// First and last moment that RFC 3339 has a text for.
const WRITABLE: (OffsetDateTime, OffsetDateTime) =
    (datetime!(0000-01-01 0:00 UTC), datetime!(9999-12-31 23:59:59 UTC));

/// No camera of this kind is older: what says so has a clock that was never set.
const FIRST_CAMERA: OffsetDateTime = datetime!(1990-01-01 0:00 UTC);

/// Now, to the second.
pub fn now() -> OffsetDateTime {
    written(SystemTime::now())
}

/// Now, RFC 3339.
pub fn now_utc() -> String {
    now().format(&Rfc3339).unwrap_or_default()
}

/// A moment of a clock without a zone, such as a camera's: `2026-06-14T10:31:07`. `None` for what no camera
/// says: a clock that was never set, or one beyond the year 9999.
///
/// ```
/// use mtbsync_task::clock::local_text;
///
/// assert_eq!(local_text(1_781_433_067.0).as_deref(), Some("2026-06-14T10:31:07"));
/// assert_eq!(local_text(0.0), None);
/// ```
pub fn local_text(unix_secs: f64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(unix_secs as i64).ok()?;
    let text = moment.format(&Rfc3339).ok()?;
    (moment > FIRST_CAMERA).then(|| text.chars().take("2026-06-14T10:31:07".len()).collect())
}

/// Whether the clock of the machine says a date that files can hold; where it does not, they hold the
/// nearest.
pub fn is_writable() -> bool {
    now() > WRITABLE.0 && now() < WRITABLE.1
}

/// The nearest moment that has a text.
fn written(moment: SystemTime) -> OffsetDateTime {
    let (first, last) = WRITABLE;
    let secs = match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |secs| -secs),
    };
    let secs = secs.clamp(first.unix_timestamp(), last.unix_timestamp());
    OffsetDateTime::from_unix_timestamp(secs).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn any_clock_has_a_text() {
        let year = Duration::from_secs(31_556_952);
        for (moment, text) in [
            (UNIX_EPOCH + 54 * year, "2024-01-01T"),
            (UNIX_EPOCH - year, "1968-12-31T"),
            (UNIX_EPOCH + 9000 * year, "9999-12-31T23:59:59Z"),
            (UNIX_EPOCH + 100_000 * year, "9999-12-31T23:59:59Z"),
            (UNIX_EPOCH - 5000 * year, "0000-01-01T00:00:00Z"),
        ] {
            let written = written(moment).format(&Rfc3339).unwrap();
            assert!(written.starts_with(text), "{written} {text}");
        }
        assert!(is_writable() && now_utc().ends_with('Z'));
    }
}
