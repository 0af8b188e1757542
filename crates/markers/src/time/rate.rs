//! Frame rates as exact fractions.

use std::fmt;

use crate::tuning::{ROUNDING_SLACK_FRAMES, SNAP_SHARE};

/// SMPTE timecode ends here: two digits per group and no counting above 60 frames a second.
pub const MAX_TIMECODE_RATE: u32 = 60;
/// The NTSC rates that decimals may mean.
const NTSC_RATES: [Rate; 3] = [ntsc(24_000), ntsc(30_000), ntsc(60_000)];
/// Bounds of a believable frame rate, and of the numbers it is written with.
const MIN_FPS: u32 = 1;
const MAX_FPS: u32 = 1000;
const MAX_TERM: u32 = 10_000_000;

/// Frames beyond this are no positions: far above any recording, far below where sums could overflow.
const MAX_FRAME: i64 = 1 << 50;

/// A frame rate: `num / den` frames a second, reduced, between 1 and 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Rate {
    num: u32,
    den: u32,
}

/// Not a usable rate; holds what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// Neither a decimal nor `N/D`.
    #[error("`{0}` is not a frame rate")]
    NotARate(String),
    /// A decimal close to no known rate.
    #[error("`{0}` is close to no known frame rate")]
    Unknown(String),
    /// Below 1 or above 1000 frames a second.
    #[error("frame rate `{0}` is out of range")]
    OutOfRange(String),
}

impl RateError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some("use 23.976, 24, 25, 29.97, 30, 50, 59.94, 60 or a fraction like 30000/1001".to_owned())
    }
}

impl Rate {
    /// `num / den`, reduced; `None` when it is no believable frame rate.
    pub fn new(num: u32, den: u32) -> Option<Self> {
        let divisor = greatest_common_divisor(num, den);
        let (num, den) = (num.checked_div(divisor)?, den.checked_div(divisor)?);
        let is_small = num <= MAX_TERM && den <= MAX_TERM;
        let in_range = den > 0 && num / den >= MIN_FPS && num.div_ceil(den) <= MAX_FPS;
        (is_small && in_range).then_some(Self { num, den })
    }

    /// A whole number of frames a second, kept within the believable range.
    pub const fn whole(fps: u32) -> Self {
        let num = if fps < MIN_FPS {
            MIN_FPS
        } else if fps > MAX_FPS {
            MAX_FPS
        } else {
            fps
        };
        Self { num, den: 1 }
    }

    /// Parses a rate (docs/reference/cli.md#times-and-frame-rates, without `auto`): decimals snap to the rate
    /// they mean.
    ///
    /// # Errors
    /// See [`RateError`].
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let text = text.trim();
        let not_a_rate = || RateError::NotARate(text.to_owned());
        let out_of_range = || RateError::OutOfRange(text.to_owned());
        if let Some((num, den)) = text.split_once('/') {
            let term = |term: &str| term.trim().parse::<u32>().map_err(|_| not_a_rate());
            return Self::new(term(num)?, term(den)?).ok_or_else(out_of_range);
        }
        let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let fps: f64 = text.parse().map_err(|_| not_a_rate())?;
        if !is_decimal {
            return Err(if fps < 0.0 { out_of_range() } else { not_a_rate() });
        }
        if fps < f64::from(MIN_FPS) || fps > f64::from(MAX_FPS) {
            return Err(out_of_range());
        }
        Self::nearest(fps).ok_or_else(|| RateError::Unknown(text.to_owned()))
    }

    /// The known or whole rate that `fps` means, within 0.04 %.
    pub fn nearest(fps: f64) -> Option<Self> {
        let whole = Self::whole(fps.round() as u32);
        let mut candidates = NTSC_RATES.to_vec();
        candidates.push(whole);
        let distance = |rate: &Self| (fps / rate.as_f64() - 1.0).abs();
        candidates.retain(|rate| distance(rate) <= SNAP_SHARE);
        candidates
            .into_iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The numerator.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// The denominator.
    pub const fn den(self) -> u32 {
        self.den
    }

    /// Frames a second, in full double precision.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Frames a second as timecode counts them: rounded.
    pub fn nominal(self) -> u32 {
        (self.num + self.den / 2) / self.den
    }

    /// Whether this is one of the rates slowed down by 1000/1001.
    pub const fn is_ntsc(self) -> bool {
        self.den == 1001
    }

    /// The frame shown at `secs`; unbelievable times end at 2^50.
    pub fn frame_at(self, secs: f64) -> i64 {
        let frame = (secs * f64::from(self.num) / f64::from(self.den) + ROUNDING_SLACK_FRAMES).floor();
        (frame as i64).clamp(-MAX_FRAME, MAX_FRAME)
    }

    /// When `frame` begins, in seconds.
    pub fn secs_at(self, frame: i64) -> f64 {
        (i128::from(frame) * i128::from(self.den)) as f64 / f64::from(self.num)
    }

    /// Whole frames of this rate that fit into `frames` frames of `other`.
    pub fn whole_frames_of(self, frames: i64, other: Self) -> i64 {
        let num = i128::from(frames) * i128::from(other.den) * i128::from(self.num);
        let den = i128::from(other.num) * i128::from(self.den);
        i64::try_from(num.div_euclid(den))
            .unwrap_or(MAX_FRAME)
            .clamp(-MAX_FRAME, MAX_FRAME)
    }

    /// The rate for a timeline with timecode: itself up to 60 fps, else divided by the smallest whole number
    /// that brings it there.
    pub fn for_timecode(self) -> Self {
        let divisor = self.num.div_ceil(self.den * MAX_TIMECODE_RATE).max(1);
        Self::new(self.num, self.den * divisor).unwrap_or(self)
    }
}

impl fmt::Display for Rate {
    /// As people write it: `25`, `29.97`, `23.976`, `25/2`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.num, self.den) {
            (num, 1) => write!(formatter, "{num}"),
            (24_000, 1001) => formatter.write_str("23.976"),
            (num, 1001) if num % 1000 == 0 => write!(formatter, "{:.2}", self.as_f64()),
            (num, den) => write!(formatter, "{num}/{den}"),
        }
    }
}

const fn ntsc(num: u32) -> Rate {
    Rate { num, den: 1001 }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Option<(u32, u32)> {
        Rate::parse(text).ok().map(|rate| (rate.num(), rate.den()))
    }

    #[test]
    fn decimals_snap_to_the_rate_they_mean() {
        for (text, expected) in [
            ("23.976", (24_000, 1001)),
            ("23.98", (24_000, 1001)),
            ("29.97", (30_000, 1001)),
            ("29.970030", (30_000, 1001)),
            ("59.94", (60_000, 1001)),
            ("59.95", (60_000, 1001)),
            ("30", (30, 1)),
            ("30.00", (30, 1)),
            ("29.995", (30, 1)),
            ("48", (48, 1)),
            ("30000/1001", (30_000, 1001)),
            ("50/2", (25, 1)),
            ("25/2", (25, 2)),
        ] {
            assert_eq!(parts(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        for text in [
            "0", "-25", "NaN", "inf", "23.99", "12.5", "abc", "", "1/0", "0/1", "1001/1", "1/2", "3e1",
        ] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_above_sixty_are_divided_for_timecode() {
        let divided = |text| Rate::parse(text).unwrap().for_timecode();
        assert_eq!(divided("120000/1001"), Rate::parse("59.94").unwrap());
        assert_eq!(divided("240"), Rate::whole(60));
        assert_eq!(divided("100"), Rate::whole(50));
        assert_eq!(divided("60000/1001"), Rate::parse("59.94").unwrap());
        assert_eq!(
            Rate::new(240_000, 1001).unwrap().for_timecode().to_string(),
            "59.94"
        );
    }

    #[test]
    fn whole_frames_are_rounded_down() {
        let ntsc = Rate::parse("29.97").unwrap();
        assert_eq!(ntsc.whole_frames_of(7200, Rate::new(60_000, 1001).unwrap()), 3600);
        assert_eq!(Rate::whole(25).whole_frames_of(100, Rate::whole(30)), 83);
    }

    proptest! {
        #[test]
        fn times_rounded_in_files_return_to_their_frame(frame in 0i64..4_000_000, index in 0usize..8) {
            let text = ["23.976", "24", "25", "29.97", "30", "50", "59.94", "60"][index];
            let rate = Rate::parse(text).unwrap();
            let secs = rate.secs_at(frame);
            prop_assert_eq!(rate.frame_at(secs), frame);
            prop_assert_eq!(rate.frame_at(format!("{secs:.3}").parse().unwrap()), frame);
            prop_assert_eq!(rate.frame_at(format!("{secs:.6}").parse().unwrap()), frame);
        }
    }
}
