//! Writes must come from our own pages or from a script, not from a page of somebody else in the same
//! browser.

use axum::body::Body;
use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, Request};

use super::host::is_own_origin;
use crate::error::{ApiError, Kind};

/// # Errors
/// A preflight; a write from another site; a write that is not JSON, which a form of another site could send.
pub fn check(request: &Request<Body>, allowed_hosts: &[String]) -> Result<(), ApiError> {
    let headers = request.headers();
    let refuse = || ApiError::new(Kind::Origin, "this comes from another site");
    match *request.method() {
        Method::GET | Method::HEAD => return Ok(()),
        Method::OPTIONS if headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) => return Err(refuse()),
        Method::OPTIONS => return Ok(()),
        _ => {}
    }
    if *request.method() != Method::DELETE && !is_json(headers) {
        let text = "the body must be JSON (Content-Type: application/json)";
        return Err(ApiError::new(Kind::MediaType, text));
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_ours = |origin: &str| {
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| is_own_origin(authority, host, allowed_hosts))
    };
    let mut origins = headers.get_all(ORIGIN).iter();
    let origins_pass = origins.all(|origin| origin.to_str().is_ok_and(is_ours));
    let is_cross_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site");
    if !origins_pass || is_cross_site {
        return Err(refuse());
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(method: &str, headers: &[(&str, &str)]) -> Result<(), Kind> {
        let mut builder = Request::builder().method(method).uri("/x");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        check(&builder.body(Body::empty()).unwrap(), &[]).map_err(|error| error.kind())
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

    #[test]
    fn own_pages_and_scripts_may_write() {
        assert_eq!(verdict("PUT", &[JSON]), Ok(()));
        assert_eq!(
            verdict("POST", &[JSON, ("origin", "http://localhost:5173")]),
            Ok(())
        );
        let addressed = [
            JSON,
            ("host", "192.168.1.7:8760"),
            ("origin", "http://192.168.1.7:8760"),
        ];
        assert_eq!(verdict("POST", &addressed), Ok(()));
        assert_eq!(verdict("POST", &[JSON, ("origin", "http://[::1]:8760")]), Ok(()));
        assert_eq!(verdict("DELETE", &[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(verdict("GET", &[("origin", "http://evil.example")]), Ok(()));
    }

    #[test]
    fn others_may_not() {
        for origin in [
            "http://evil.example",
            "null",
            "file://localhost",
            "http://localhost.evil.example",
            "http://203.0.113.9",
            "http://192.168.1.7:8760",
            "http://[2001:db8::1]",
        ] {
            assert_eq!(
                verdict("POST", &[JSON, ("origin", origin)]),
                Err(Kind::Origin),
                "{origin}"
            );
        }
        assert_eq!(
            verdict("PUT", &[JSON, ("sec-fetch-site", "cross-site")]),
            Err(Kind::Origin)
        );
        assert_eq!(
            verdict("POST", &[("content-type", "text/plain")]),
            Err(Kind::MediaType)
        );
        assert_eq!(verdict("POST", &[]), Err(Kind::MediaType));
        assert_eq!(
            verdict("OPTIONS", &[("access-control-request-method", "PUT")]),
            Err(Kind::Origin)
        );
    }
}
