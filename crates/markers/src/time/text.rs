//! Times as people write them: seconds, clock times, timecode.

use std::borrow::Cow;

use mtbsync_formats::is_moment;

use super::rate::Rate;
use super::timecode::{Timebase, TimecodeError, split_groups};

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// None of the known forms.
    #[error("not a time")]
    NotATime,
    /// A time that no recording has.
    #[error("a time beyond 7 days")]
    TooFar,
    /// Timecode without a rate to read it at.
    #[error("timecode needs a frame rate")]
    NeedsRate,
    /// Timecode that does not exist at the rate.
    #[error(transparent)]
    Timecode(#[from] TimecodeError),
}

impl TimeError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotATime | Self::TooFar => Some("write seconds, m:ss, h:mm:ss or timecode".to_owned()),
            Self::NeedsRate => Some("give the rate with ‹fps›".to_owned()),
            Self::Timecode(error) => error.hint(),
        }
    }
}

/// Parses a time (docs/reference/cli.md#times-and-frame-rates) to seconds: `75.2`, `m:ss(.fff)`,
/// `h:mm:ss(.fff)`, or timecode, which needs `rate` (a semicolon in it means drop-frame). In files, and only
/// there, the decimal sign may be a comma: `decimal_comma`.
///
/// # Errors
/// See [`TimeError`].
pub fn parse_time(text: &str, rate: Option<Rate>, decimal_comma: bool) -> Result<f64, TimeError> {
    let text = text.trim();
    let plain = if decimal_comma && text.contains(',') {
        Cow::Owned(text.replacen(',', ".", 1))
    } else {
        Cow::Borrowed(text)
    };
    let mut groups = plain.split(':');
    let groups = [(); 4].map(|()| groups.next());
    let secs = match groups {
        [Some(seconds), None, ..] if !seconds.contains(';') => parse_decimal(seconds, true),
        [Some(minutes), Some(seconds), None, _] => clock_time("0", minutes, seconds),
        [Some(hours), Some(minutes), Some(seconds), None] if !seconds.contains(';') => {
            clock_time(hours, minutes, seconds)
        }
        _ => parse_timecode(text, rate),
    }?;
    if is_moment(secs) {
        Ok(secs)
    } else {
        Err(TimeError::TooFar)
    }
}

fn parse_timecode(text: &str, rate: Option<Rate>) -> Result<f64, TimeError> {
    let groups = split_groups(text).ok_or(TimeError::NotATime)?;
    let rate = rate.ok_or(TimeError::NeedsRate)?;
    Ok(rate.secs_at(Timebase::new(rate, groups.counting())?.parse(text)?))
}

/// Minutes may exceed 59 only as the first group, seconds never do.
fn clock_time(hours: &str, minutes: &str, seconds: &str) -> Result<f64, TimeError> {
    let whole = |text: &str| {
        let is_short = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_short {
            text.parse::<u32>().map_err(|_| TimeError::NotATime)
        } else {
            Err(TimeError::NotATime)
        }
    };
    let (hours_count, minutes_count) = (whole(hours)?, whole(minutes)?);
    let secs = parse_decimal(seconds, false)?;
    if secs >= 60.0 || minutes_count >= 60 && hours_count > 0 {
        return Err(TimeError::NotATime);
    }
    Ok(f64::from(hours_count) * 3600.0 + f64::from(minutes_count) * 60.0 + secs)
}

fn parse_decimal(text: &str, allow_sign_and_exponent: bool) -> Result<f64, TimeError> {
    let extra: &[u8] = if allow_sign_and_exponent { b"+-.eE" } else { b"." };
    let is_decimal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || extra.contains(&byte));
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| is_decimal && number.is_finite());
    number.ok_or(TimeError::NotATime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let ntsc = Rate::parse("29.97").ok();
        for (text, secs) in [
            ("75.2", 75.2),
            ("-1.5", -1.5),
            ("1:15.2", 75.2),
            ("90:00", 5400.0),
            ("1:02:03.5", 3723.5),
            ("00:00:10:00", 10.01),
            ("00:01:00;02", 60.06),
        ] {
            let parsed = parse_time(text, ntsc, false).unwrap();
            assert!((parsed - secs).abs() < 1e-9, "{text}: {parsed}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "abc",
            "1:60",
            "1:75:00",
            "1::2",
            "1:-2",
            "inf",
            "nan",
            "1,5",
            "1:2:3:4:5",
            "1;2",
            "0x1",
        ] {
            assert_eq!(parse_time(text, None, false), Err(TimeError::NotATime), "{text}");
        }
        assert_eq!(parse_time("00:00:10:00", None, false), Err(TimeError::NeedsRate));
        let drop_at_25 = parse_time("00:00:10;00", Some(Rate::whole(25)), false);
        assert!(matches!(
            drop_at_25,
            Err(TimeError::Timecode(TimecodeError::NoDropFrame { .. }))
        ));
    }

    #[test]
    fn times_end_after_a_week() {
        let pal = Some(Rate::whole(25));
        for far in ["604801", "1e15", "-1e308", "10081:00", "169:00:00", "99999:00:00"] {
            assert_eq!(parse_time(far, pal, false), Err(TimeError::TooFar), "{far}");
        }
        for believed in ["604800", "168:00:00", "99:59:59:24", "5e-324"] {
            assert!(parse_time(believed, pal, false).is_ok(), "{believed}");
        }
    }

    #[test]
    fn decimal_commas_are_for_files() {
        assert_eq!(parse_time("75,2", None, true), Ok(75.2));
        assert_eq!(parse_time("1:15,25", None, true), Ok(75.25));
        assert_eq!(parse_time("1,234,5", None, true), Err(TimeError::NotATime));
    }
}
