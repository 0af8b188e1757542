//! JSON in and out. Out: UTF-8, 2-space indent, final newline, keys in declaration order, shortest round-trip
//! numbers, `null` for NaN and infinities (serde_json's rule for floats). In: bounded size, bounded depth
//! (serde_json's 128), unknown keys left to the types, which ignore them.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::read::{ReadError, read_bounded};

/// Bound for JSON files: a timewarp.json of a ten-hour ride at ten knots a second stays under 30 MiB.
pub const MAX_JSON_BYTES: u64 = 64 << 20;

/// A JSON text that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The file itself.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The text is not JSON, or not of the wanted shape; serde_json's message ends with line and column.
    #[error("not valid JSON: {0}")]
    Syntax(serde_json::Error),
    /// A value that has no JSON form (a map with keys that are no strings).
    #[error("cannot be written as JSON: {0}")]
    Serialize(serde_json::Error),
    /// Written by a newer program.
    #[error("version {found} is newer than this program knows ({supported})")]
    NewerVersion {
        /// The version in the file.
        found: u64,
        /// The newest version that can be read.
        supported: u64,
    },
}

impl JsonError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::NewerVersion { .. } => Some("update mtbsync".to_owned()),
            Self::Syntax(_) | Self::Serialize(_) => None,
        }
    }
}

/// The bytes of a JSON file holding `value`.
///
/// # Errors
/// Only for values that have no JSON form.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(JsonError::Serialize)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Parses a JSON text; a byte order mark is allowed.
///
/// # Errors
/// Not JSON, or not of the shape of `T`.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    serde_json::from_slice(body).map_err(JsonError::Syntax)
}

/// Reads the JSON file at `path`, at most [`MAX_JSON_BYTES`] long.
///
/// # Errors
/// The file cannot be read, is not JSON, or not of the shape of `T`.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, JsonError> {
    from_slice(&read_bounded(path, MAX_JSON_BYTES)?)
}

/// Refuses files of a version this program does not know yet.
///
/// # Errors
/// `found` is greater than `supported`.
pub fn check_version(found: u64, supported: u64) -> Result<(), JsonError> {
    if found > supported {
        Err(JsonError::NewerVersion { found, supported })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_indented_ends_with_a_newline_and_has_no_nan() {
        #[derive(Serialize)]
        struct Sample {
            b: f64,
            a: Vec<f64>,
        }
        let bytes = to_vec(&Sample {
            b: f64::NAN,
            a: vec![0.1, 1.0, f64::INFINITY],
        })
        .unwrap();
        let expected = "{\n  \"b\": null,\n  \"a\": [\n    0.1,\n    1.0,\n    null\n  ]\n}\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn unknown_keys_are_ignored_and_deep_nesting_is_an_error() {
        #[derive(serde::Deserialize)]
        struct Sample {
            a: u32,
        }
        let sample: Sample = from_slice(b"\xEF\xBB\xBF{\"z\": [1], \"a\": 3}").unwrap();
        assert_eq!(sample.a, 3);
        let deep = "[".repeat(100_000);
        assert!(from_slice::<serde_json::Value>(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_newer_version_asks_for_an_update() {
        assert!(check_version(2, 2).is_ok());
        let error = check_version(3, 2).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("update mtbsync"));
    }
}
