//! Values of flags: numbers with a range, rates, times.
//!
//! Each parser gives the text clap prints after `invalid value '..' for '--flag'`.

use std::fmt::Display;
use std::ops::{RangeBounds, RangeInclusive};

use clap::builder::{PossibleValue, PossibleValuesParser, RangedI64ValueParser, TypedValueParser};

/// Named values of a flag: name, value, and its line of help; a name without help is another spelling of one
/// before.
pub struct Choices<T: 'static>(pub &'static [(&'static str, T, &'static str)]);

impl<T: Copy + PartialEq + Send + Sync + 'static> Choices<T> {
    /// The parser of the flag.
    pub fn parser(&'static self) -> impl TypedValueParser<Value = T> {
        let values = self.0.iter().map(|(name, _, help)| {
            let value = PossibleValue::new(*name);
            if help.is_empty() {
                value.hide(true)
            } else {
                value.help(*help)
            }
        });
        PossibleValuesParser::new(values).try_map(|given| {
            let named = self.0.iter().find(|(name, ..)| *name == given);
            named.map(|(_, value, _)| *value).ok_or("not a choice")
        })
    }

    /// The name of a value, for the default of the flag.
    pub fn name(&self, wanted: T) -> &'static str {
        let named = self.0.iter().find(|(_, value, _)| *value == wanted);
        named.map_or("", |(name, ..)| name)
    }
}

/// A line of help and the default that takes effect when the flag is missing.
pub fn with_default(help: &str, default: impl Display) -> String {
    format!("{help} [default: {default}]")
}

/// A whole number in a range.
pub fn count(range: impl RangeBounds<i64>) -> RangedI64ValueParser<usize> {
    RangedI64ValueParser::new().range(range)
}

/// A finite number in `range`.
fn number_in(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    let number = finite(text)?;
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(format!("must be {} to {}", range.start(), range.end()))
    }
}

/// A finite number.
pub fn finite(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err("not a finite number".to_owned())
    }
}

/// A finite number that is not negative.
pub fn non_negative(text: &str) -> Result<f64, String> {
    let number = finite(text)?;
    if number >= 0.0 {
        Ok(number)
    } else {
        Err("must not be negative".to_owned())
    }
}

/// A finite number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    let number = finite(text)?;
    if number > 0.0 {
        Ok(number)
    } else {
        Err("must be above 0".to_owned())
    }
}

/// A share, 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    number_in(text, 0.0..=1.0)
}

/// Analysed frames per second.
pub fn analysis_fps(text: &str) -> Result<f64, String> {
    number_in(text, 0.1..=60.0)
}

/// `auto` or seconds, checked and kept as written.
pub fn auto_or_seconds(text: &str) -> Result<String, String> {
    if text != "auto" {
        finite(text)?;
    }
    Ok(text.to_owned())
}

/// `WIDTHxHEIGHT` in pixels.
pub fn picture_size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once(['x', 'X'])
        .and_then(|(width, height)| Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?)));
    parsed.ok_or_else(|| "must be WIDTHxHEIGHT, such as 1200x900".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_in_range() {
        assert_eq!(analysis_fps("3"), Ok(3.0));
        for bad in ["0", "61", "-3", "nan", "inf", "x", ""] {
            assert!(analysis_fps(bad).is_err(), "{bad}");
        }
        assert_eq!(finite("-0.5"), Ok(-0.5));
        assert!(positive("0").is_err() && non_negative("0").is_ok());
    }

    #[test]
    fn sizes_need_two_numbers() {
        assert_eq!(picture_size("1200x900"), Ok((1200, 900)));
        for bad in ["1200", "x900", "axb", "-1x5"] {
            assert!(picture_size(bad).is_err(), "{bad}");
        }
    }
}
