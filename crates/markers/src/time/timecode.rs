//! SMPTE timecode, drop-frame and non-drop (SMPTE ST 12-1), as a way to write frame numbers.

use super::rate::Rate;

/// How frame numbers are counted in timecode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// Every number is used.
    #[default]
    NonDrop,
    /// At each minute except each tenth, 2 (29.97) or 4 (59.94) numbers are left out.
    Drop,
}

impl Counting {
    /// Drop-frame or not.
    pub fn drop_if(is_drop: bool) -> Self {
        if is_drop { Self::Drop } else { Self::NonDrop }
    }

    /// This way where it exists for `rate`, else non-drop.
    pub(crate) fn possible_at(self, rate: Rate) -> Self {
        Self::drop_if(self == Self::Drop && Timebase::has_drop_frame(rate))
    }

    /// `DF` or `NDF`, as XML formats write it.
    pub(crate) fn initials(self) -> &'static str {
        match self {
            Self::NonDrop => "NDF",
            Self::Drop => "DF",
        }
    }
}

/// A rate together with a way of counting that exists for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timebase {
    rate: Rate,
    counting: Counting,
}

/// Not a timecode, or not one of this timebase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimecodeError {
    /// Drop-frame for another rate than 29.97 and 59.94.
    #[error("there is no drop-frame timecode at {rate} fps")]
    NoDropFrame {
        /// The rate asked for.
        rate: Rate,
    },
    /// Above 60 frames a second.
    #[error("there is no timecode at {rate} fps")]
    RateTooHigh {
        /// The rate asked for.
        rate: Rate,
    },
    /// Not of the form `hh:mm:ss:ff`.
    #[error("`{text}` is not a timecode")]
    NotATimecode {
        /// What was given.
        text: String,
    },
    /// A group is too large, such as frame 30 at 25 fps.
    #[error("`{text}` is not a timecode at {rate} fps")]
    OutOfRange {
        /// What was given.
        text: String,
        /// The rate it was read at.
        rate: Rate,
    },
}

impl TimecodeError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoDropFrame { .. } => "drop ‹drop-frame›, or use 29.97 or 59.94",
            Self::RateTooHigh { .. } => "give the timeline rate",
            Self::NotATimecode { .. } => "write hh:mm:ss:ff, or hh:mm:ss;ff for drop-frame",
            Self::OutOfRange { .. } => "give the right rate with ‹fps›",
        };
        Some(hint.to_owned())
    }
}

/// The four groups of a timecode as written, and whether a semicolon marked it as drop-frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Groups {
    pub hours: i64,
    pub minutes: i64,
    pub seconds: i64,
    pub frames: i64,
    pub has_semicolon: bool,
}

impl Groups {
    /// The counting that the separator stands for.
    pub fn counting(self) -> Counting {
        Counting::drop_if(self.has_semicolon)
    }
}

/// Splits `hh:mm:ss:ff`, `hh:mm:ss;ff` or `hh;mm;ss;ff`; one to three digits per group.
pub(crate) fn split_groups(text: &str) -> Option<Groups> {
    let mut groups = [0i64; 4];
    let mut parts = text.trim().split([':', ';', '.']);
    for group in &mut groups {
        let part = parts.next()?;
        let is_short_number = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        *group = is_short_number.then(|| part.parse().ok())??;
    }
    // A point as last separator is some programs' drop-frame mark; elsewhere it is a decimal point.
    let points = text.matches('.').count();
    let is_point_last = text.trim().rfind('.') == text.trim().rfind([':', ';', '.']);
    if parts.next().is_some() || points > 1 || points == 1 && !is_point_last {
        return None;
    }
    let [hours, minutes, seconds, frames] = groups;
    let is_clock = hours < 100 && minutes < 60 && seconds < 60;
    is_clock.then_some(Groups {
        hours,
        minutes,
        seconds,
        frames,
        has_semicolon: text.contains([';', '.']),
    })
}

impl Timebase {
    /// # Errors
    /// Drop-frame at a rate that has none, or a rate above 60 fps.
    pub fn new(rate: Rate, counting: Counting) -> Result<Self, TimecodeError> {
        if rate.nominal() > super::MAX_TIMECODE_RATE {
            return Err(TimecodeError::RateTooHigh { rate });
        }
        if counting == Counting::Drop && !Self::has_drop_frame(rate) {
            return Err(TimecodeError::NoDropFrame { rate });
        }
        Ok(Self { rate, counting })
    }

    /// Non-drop counting without a check, for formats that count frames but have no timecode.
    pub(crate) fn non_drop(rate: Rate) -> Self {
        Self {
            rate,
            counting: Counting::NonDrop,
        }
    }

    /// Whether drop-frame counting exists for `rate`.
    pub fn has_drop_frame(rate: Rate) -> bool {
        rate.is_ntsc() && matches!(rate.num(), 30_000 | 60_000)
    }

    /// The rate.
    pub fn rate(self) -> Rate {
        self.rate
    }

    /// The way of counting.
    pub fn counting(self) -> Counting {
        self.counting
    }

    fn numbers_dropped_per_minute(self) -> i64 {
        match self.counting {
            Counting::NonDrop => 0,
            Counting::Drop => i64::from(self.rate.nominal()) / 15,
        }
    }

    fn frames_per_ten_minutes(self) -> i64 {
        600 * i64::from(self.rate.nominal()) - 9 * self.numbers_dropped_per_minute()
    }

    /// Frames from 00:00:00:00 until the hours wrap.
    pub fn frames_per_day(self) -> i64 {
        144 * self.frames_per_ten_minutes()
    }

    /// The timecode of `frame`, counted from 00:00:00:00, hours wrapping at 24.
    pub fn format(self, frame: i64) -> String {
        let separator = match self.counting {
            Counting::NonDrop => ':',
            Counting::Drop => ';',
        };
        let [hours, minutes, seconds, frames] = self.groups(frame);
        format!("{hours:02}:{minutes:02}:{seconds:02}{separator}{frames:02}")
    }

    /// Hours, minutes, seconds and frames of `frame`.
    pub(crate) fn groups(self, frame: i64) -> [i64; 4] {
        let nominal = i64::from(self.rate.nominal());
        let dropped = self.numbers_dropped_per_minute();
        let frame = frame.rem_euclid(self.frames_per_day());
        let tens = frame / self.frames_per_ten_minutes();
        let within_ten = frame % self.frames_per_ten_minutes();
        // The first minute of ten is whole; each of the other nine is short by the dropped numbers.
        let minute_of_ten = (within_ten - dropped).max(0) / (60 * nominal - dropped);
        let number = frame + dropped * (9 * tens + minute_of_ten);
        let seconds = number / nominal;
        [seconds / 3600, seconds / 60 % 60, seconds % 60, number % nominal]
    }

    /// The frame number of a timecode. In drop-frame counting a number that is left out means the next one
    /// that exists.
    ///
    /// # Errors
    /// Not a timecode, or not one at this rate. The kind of separator is not judged.
    pub fn parse(self, text: &str) -> Result<i64, TimecodeError> {
        let groups = split_groups(text).ok_or_else(|| TimecodeError::NotATimecode {
            text: text.to_owned(),
        })?;
        self.frame_of(groups).ok_or_else(|| TimecodeError::OutOfRange {
            text: text.to_owned(),
            rate: self.rate,
        })
    }

    pub(crate) fn frame_of(self, groups: Groups) -> Option<i64> {
        let nominal = i64::from(self.rate.nominal());
        let dropped = self.numbers_dropped_per_minute();
        if groups.frames >= nominal {
            return None;
        }
        let minutes = groups.hours * 60 + groups.minutes;
        let is_left_out = groups.seconds == 0 && groups.frames < dropped && groups.minutes % 10 != 0;
        let frames = if is_left_out { dropped } else { groups.frames };
        let number = (minutes * 60 + groups.seconds) * nominal + frames;
        Some(number - dropped * (minutes - minutes / 10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base(rate: &str, counting: Counting) -> Timebase {
        Timebase::new(Rate::parse(rate).unwrap(), counting).unwrap()
    }

    /// Frames and timecodes on both sides of the skipped numbers.
    #[test]
    fn check_values() {
        for (rate, counting, frame, text) in [
            ("29.97", Counting::Drop, 1799, "00:00:59;29"),
            ("29.97", Counting::Drop, 1800, "00:01:00;02"),
            ("29.97", Counting::Drop, 17_982, "00:10:00;00"),
            ("29.97", Counting::Drop, 107_892, "01:00:00;00"),
            ("59.94", Counting::Drop, 3600, "00:01:00;04"),
            ("59.94", Counting::Drop, 35_964, "00:10:00;00"),
            ("59.94", Counting::Drop, 215_784, "01:00:00;00"),
            ("29.97", Counting::NonDrop, 107_892, "00:59:56:12"),
            ("29.97", Counting::NonDrop, 108_000, "01:00:00:00"),
            ("29.97", Counting::Drop, 107_892 + 1800, "01:01:00;02"),
        ] {
            let base = base(rate, counting);
            assert_eq!(base.format(frame), text);
            assert_eq!(base.parse(text), Ok(frame));
        }
    }

    #[test]
    fn hours_wrap_at_a_day() {
        let base = base("25", Counting::NonDrop);
        assert_eq!(base.format(24 * 3600 * 25 + 1), "00:00:00:01");
        assert_eq!(base.format(-1), "23:59:59:24");
    }

    #[test]
    fn impossible_timecodes_and_timebases_are_refused() {
        let pal = base("25", Counting::NonDrop);
        assert!(matches!(
            pal.parse("00:00:00:25"),
            Err(TimecodeError::OutOfRange { .. })
        ));
        for text in [
            "",
            "1:2:3",
            "00:60:00:00",
            "00:00:00:00:00",
            "0a:00:00:00",
            "00:00:-1:00",
            "1.2:3:4",
        ] {
            assert!(
                matches!(pal.parse(text), Err(TimecodeError::NotATimecode { .. })),
                "{text}"
            );
        }
        let new = |rate: &str, counting| Timebase::new(Rate::parse(rate).unwrap(), counting);
        assert!(matches!(
            new("30", Counting::Drop),
            Err(TimecodeError::NoDropFrame { .. })
        ));
        assert!(matches!(
            new("23.976", Counting::Drop),
            Err(TimecodeError::NoDropFrame { .. })
        ));
        assert!(matches!(
            new("120", Counting::NonDrop),
            Err(TimecodeError::RateTooHigh { .. })
        ));
    }

    #[test]
    fn a_left_out_number_means_the_next_one() {
        assert_eq!(base("29.97", Counting::Drop).parse("00:01:00;00"), Ok(1800));
        assert_eq!(base("29.97", Counting::Drop).parse("00:10:00;00"), Ok(17_982));
    }

    proptest! {
        #[test]
        fn text_and_frames_are_inverse(frame in 0i64..2_000_000, index in 0usize..10) {
            let rates = ["23.976", "24", "25", "29.97", "30", "50", "59.94", "60", "29.97", "59.94"];
            let counting = if index >= 8 { Counting::Drop } else { Counting::NonDrop };
            let base = base(rates[index], counting);
            prop_assert_eq!(base.parse(&base.format(frame)), Ok(frame));
        }
    }
}
