//! Lists that are replaced as a whole, under a tag: who writes says which state they have seen.

use std::path::Path;

use axum::Json;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use mtbsync_formats::read_bounded;
use mtbsync_task::files::exists;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::etag;
use crate::error::{ApiError, Kind};
use crate::runs::describe::MAX_FILE_BYTES;

/// The list a client sends.
#[derive(Debug, Deserialize)]
pub struct ItemList<T> {
    /// All of it.
    pub items: Vec<T>,
}

/// A file that is written only here, and its tag. A missing file is an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// Its bytes; `None` without the file.
    pub bytes: Option<Vec<u8>>,
    /// Its tag.
    pub tag: HeaderValue,
}

impl Tagged {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(path: &Path) -> Result<Self, ApiError> {
        let bytes = if exists(path)? {
            let read = read_bounded(path, MAX_FILE_BYTES);
            Some(read.map_err(|error| ApiError::unusable(error.to_string()))?)
        } else {
            None
        };
        let tag = etag::of_bytes(bytes.as_deref().unwrap_or_default());
        Ok(Self { bytes, tag })
    }
}

/// Checks that the client has seen the state of `tag`. `items` is what it is told otherwise.
///
/// # Errors
/// No `If-Match`, or that of an older state.
pub fn check_match(
    headers: &HeaderMap,
    tag: &HeaderValue,
    items: impl FnOnce() -> Value,
) -> Result<(), ApiError> {
    let Some(seen) = headers.get(IF_MATCH) else {
        let text = "If-Match is missing: say which state this replaces";
        return Err(ApiError::new(Kind::MatchRequired, text));
    };
    if etag::matches(seen, tag) {
        return Ok(());
    }
    Err(ApiError::new(Kind::Stale, "it was changed meanwhile")
        .with("items", items())
        .with("etag", text(tag)))
}

/// `{"items","etag"}` and what else belongs to it, under its tag.
pub fn answer(
    items: Value,
    tag: HeaderValue,
    more: impl IntoIterator<Item = (&'static str, Value)>,
) -> Response {
    let mut body = Map::new();
    body.insert("items".to_owned(), items);
    body.insert("etag".to_owned(), text(&tag));
    body.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    ([(ETAG, tag)], Json(Value::Object(body))).into_response()
}

fn text(tag: &HeaderValue) -> Value {
    Value::from(tag.to_str().unwrap_or_default())
}
