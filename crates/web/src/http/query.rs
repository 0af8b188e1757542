//! Parameters after the `?`. A value that means nothing is an answer with status 400, never a broken
//! connection.

use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::guard::paths::percent_decoded;

/// Most parameters looked at; no address here has more than a handful.
const MAX_PARAMETERS: usize = 64;

/// Decoded parameters in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the text after the `?`.
    ///
    /// # Errors
    /// An escape that is none, or a text that is not UTF-8.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let decoded = |part: &str| {
            percent_decoded(&part.replace('+', " "))
                .ok_or_else(|| ApiError::bad_request("a parameter is not valid percent-encoded UTF-8"))
        };
        text.split('&')
            .filter(|part| !part.is_empty())
            .take(MAX_PARAMETERS)
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                Ok((decoded(name)?, decoded(value)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The first parameter of that name; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A finite number.
    ///
    /// # Errors
    /// Not a number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number: Option<f64> = text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        number
            .map(Some)
            .ok_or_else(|| ApiError::bad_request(format!("parameter {name} is not a number")))
    }

    /// A count, moved into `range` when it lies outside.
    ///
    /// # Errors
    /// Not a number.
    pub fn count(&self, name: &str, default: usize, range: RangeInclusive<usize>) -> Result<usize, ApiError> {
        let Some(number) = self.number(name)? else {
            return Ok(default);
        };
        // Saturating: any number has a nearest count.
        Ok((number.round() as usize).clamp(*range.start(), *range.end()))
    }

    /// Whether a switch is on: `1` or `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|value| value == "1" || value == "true")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_clamped_and_nonsense_is_refused() {
        let query = Query::parse("n=5&m=abc&big=1e300&low=-4&x=NaN&e=").unwrap();
        assert_eq!(query.count("n", 7, 2..=10).unwrap(), 5);
        assert_eq!(query.count("big", 7, 2..=10).unwrap(), 10);
        assert_eq!(query.count("low", 7, 2..=10).unwrap(), 2);
        assert_eq!(query.count("absent", 7, 2..=10).unwrap(), 7);
        assert_eq!(query.count("e", 7, 2..=10).unwrap(), 7);
        assert!(query.count("m", 7, 2..=10).is_err() && query.number("x").is_err());
    }

    #[test]
    fn values_are_decoded_once() {
        let query = Query::parse("a=x%2526y+z&a=second").unwrap();
        assert_eq!(query.text("a"), Some("x%26y z"));
        assert!(Query::parse("a=%zz").is_err() && Query::parse("a=%ff").is_err());
    }
}
