//! Limits on the request line and the headers.

use axum::body::Body;
use axum::http::Request;

use crate::error::{ApiError, Kind};

/// Longest request line, bytes.
const MAX_LINE_BYTES: usize = 8 << 10;
/// Longest headers together, bytes.
const MAX_HEADER_BYTES: usize = 32 << 10;
/// ` HTTP/1.1` and two blanks around the address.
const LINE_EXTRA_BYTES: usize = 12;
/// `: ` and the line end of a header.
const HEADER_EXTRA_BYTES: usize = 4;

/// # Errors
/// Either is longer than allowed.
pub fn check(request: &Request<Body>) -> Result<(), ApiError> {
    let line = request.method().as_str().len() + uri_bytes(request) + LINE_EXTRA_BYTES;
    if line > MAX_LINE_BYTES {
        return Err(ApiError::new(
            Kind::HeadTooLarge,
            "the request line is longer than 8 KiB",
        ));
    }
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_EXTRA_BYTES)
        .sum();
    if headers > MAX_HEADER_BYTES {
        return Err(ApiError::new(
            Kind::HeadTooLarge,
            "the headers are longer than 32 KiB",
        ));
    }
    Ok(())
}

fn uri_bytes(request: &Request<Body>) -> usize {
    let uri = request.uri();
    uri.path().len() + uri.query().map_or(0, |query| query.len() + 1)
}
