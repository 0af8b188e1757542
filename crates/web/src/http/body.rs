//! JSON bodies with a bound on their size and on the time they take.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::config::Limits;
use crate::error::{ApiError, Kind};

/// Most bytes of a body (docs/reference/http.md#limits).
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Most bytes of a body with notes.
pub const MAX_NOTES_BYTES: usize = 4 << 20;
/// Longest a client may take to send a body; an extension of every request.
#[derive(Clone, Copy, Debug)]
pub struct BodyTime(pub Duration);

/// The body of a request as `T`.
///
/// # Errors
/// Too large, too slow, no JSON, or not of the shape of `T`.
pub async fn json<T: DeserializeOwned>(request: Request<Body>, max_bytes: usize) -> Result<T, ApiError> {
    let bytes = bytes(request, max_bytes).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::new(
            Kind::BadJson,
            format!("the body is not the JSON expected here: {error}"),
        )
    })
}

async fn bytes(request: Request<Body>, max_bytes: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        let limit = format!("the body is larger than {} MiB", max_bytes >> 20);
        ApiError::new(Kind::BodyTooLarge, limit)
    };
    if announced(request.headers()).is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large());
    }
    let limit = request.extensions().get::<BodyTime>().copied();
    let BodyTime(limit) = limit.unwrap_or(BodyTime(Limits::default().body));
    let whole = Limited::new(request.into_body(), max_bytes).collect();
    match tokio::time::timeout(limit, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::bad_request("the body ended early")),
        Err(_) => Err(ApiError::new(Kind::Timeout, "the body came too slowly")),
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
