//! Instants as seconds since 1970-01-01 UTC, and the three spellings recordings and tracks use.
//!
//! An `f64` of this size still resolves a quarter of a microsecond, far below any clock met here.

use time::{Date, Month};

/// Seconds from 1904-01-01, the origin of MP4 times, to 1970-01-01.
pub(crate) const MP4_EPOCH_TO_UNIX_SECS: i64 = 2_082_844_800;
/// Unix time of 1989-12-31, the origin of FIT times.
pub(crate) const FIT_EPOCH_UNIX_SECS: f64 = 631_065_600.0;
/// Unix time of 2000-01-01, the origin of GPS9 days.
pub(crate) const GPS9_EPOCH_UNIX_SECS: f64 = 946_684_800.0;
/// Seconds of a day.
pub(crate) const DAY_SECS: f64 = 86_400.0;

/// Unix seconds of a calendar time; `None` when there is no such date or time of day.
fn unix_secs(year: i32, month: u8, day: u8, hour: u32, minute: u32, second: f64) -> Option<f64> {
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    // 24:00:00 and the leap second 60 are legal spellings.
    if hour > 24 || minute > 59 || !(0.0..61.0).contains(&second) {
        return None;
    }
    let midnight = date.midnight().assume_utc().unix_timestamp() as f64;
    Some(midnight + f64::from(hour * 3600 + minute * 60) + second)
}

/// `yymmddhhmmss.sss`, the text of `GPSU`.
pub(crate) fn parse_gpsu(text: &str) -> Option<f64> {
    let pair = |at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
    let second: f64 = text.get(10..)?.trim_end_matches('\0').parse().ok()?;
    unix_secs(
        2000 + i32::from(pair(0)?),
        pair(2)?,
        pair(4)?,
        u32::from(pair(6)?),
        u32::from(pair(8)?),
        second,
    )
}

/// `2013-01-02T12:07:08(.25)(Z|+02:00)`; a time without zone counts as UTC, as GPX says it is.
pub(crate) fn parse_iso8601(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, clock) = text.split_once(['T', ' '])?;
    let (year, month_day) = date.split_once('-')?;
    let (month, day) = month_day.split_once('-')?;
    let (clock, zone_secs) = split_zone(clock)?;
    let mut parts = clock.split(':');
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let second: f64 = match parts.next() {
        // Some programs write a decimal comma.
        Some(second) => second.replace(',', ".").parse().ok()?,
        None => 0.0,
    };
    let local = unix_secs(
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
        hour,
        minute,
        second,
    )?;
    Some(local - zone_secs)
}

/// Separates `Z`, `+hh:mm`, `+hhmm` or nothing from a time of day; the zone comes in seconds east.
fn split_zone(clock: &str) -> Option<(&str, f64)> {
    if let Some(utc) = clock.strip_suffix(['Z', 'z']) {
        return Some((utc, 0.0));
    }
    let Some(at) = clock.rfind(['+', '-']) else {
        return Some((clock, 0.0));
    };
    let (clock, zone) = clock.split_at(at);
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let hours: f64 = digits.get(..2)?.parse().ok()?;
    let minutes: f64 = match digits.get(2..) {
        Some("") | None => 0.0,
        Some(minutes) => minutes.parse().ok()?,
    };
    let secs = hours * 3600.0 + minutes * 60.0;
    Some((clock, if zone.starts_with('-') { -secs } else { secs }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpsu_text_is_utc() {
        assert_eq!(parse_gpsu("220920132937.923"), Some(1_663_680_577.923));
        assert_eq!(parse_gpsu("221320132937.923"), None);
        assert_eq!(parse_gpsu("2209"), None);
        assert_eq!(
            parse_gpsu("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"),
            None
        );
    }

    #[test]
    fn iso_times_with_and_without_zone() {
        let utc = parse_iso8601("2013-01-02T12:07:08Z");
        assert_eq!(utc, Some(1_357_128_428.0));
        assert_eq!(parse_iso8601("2013-01-02T12:07:08"), utc);
        assert_eq!(parse_iso8601("2013-01-02T14:07:08+02:00"), utc);
        assert_eq!(parse_iso8601("2013-01-02T07:07:08-0500"), utc);
        assert_eq!(
            parse_iso8601(" 2013-01-02T12:07:08.250Z "),
            Some(1_357_128_428.25)
        );
        for wrong in [
            "",
            "2013-01-02",
            "2013-13-02T12:07:08Z",
            "T",
            "2013-01-02T12:61:08Z",
            "2013-01-02T12:07:08+1",
        ] {
            assert_eq!(parse_iso8601(wrong), None, "{wrong}");
        }
    }
}
