//! The token: a secret of the person who started the server, for use beyond the own machine.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::paths::percent_decoded;
use crate::error::{ApiError, Kind};
use crate::http::etag;

const COOKIE_NAME: &str = "mtbsync_token";
const PARAMETER: &str = "token=";

/// How a request passed.
#[derive(Debug)]
pub enum TokenVerdict {
    /// It may go on.
    Yes,
    /// It carried the token in its address: the browser is sent to the address without it, with a cookie.
    WithRedirect(Response),
}

/// # Errors
/// A token is needed and the request does not know it.
pub fn check(request: &Request<Body>, token: Option<&str>) -> Result<TokenVerdict, ApiError> {
    let Some(token) = token else {
        return Ok(TokenVerdict::Yes);
    };
    let headers = request.headers();
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
    });
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut cookies = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE_NAME);
    let wanted_cookie = cookie_value(token);
    if bearer.is_some_and(|given| is_same(given, token))
        || cookies.any(|(_, given)| is_same(given, &wanted_cookie))
    {
        return Ok(TokenVerdict::Yes);
    }
    let refuse = || ApiError::new(Kind::Token, "this server needs its token");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let query = request.uri().query().filter(|_| is_read).ok_or_else(refuse)?;
    let (given, others): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|part| part.starts_with(PARAMETER));
    let given = given
        .first()
        .and_then(|part| percent_decoded(part.strip_prefix(PARAMETER)?));
    if !given.is_some_and(|given| is_same(&given, token)) {
        return Err(refuse());
    }
    redirect(request.uri().path(), &others.join("&"), &wanted_cookie).map(TokenVerdict::WithRedirect)
}

fn redirect(path: &str, query: &str, cookie: &str) -> Result<Response, ApiError> {
    // Two slashes at the start would name another host.
    let path = format!("/{}", path.trim_start_matches('/'));
    let place = if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    };
    let header = |text: String| HeaderValue::try_from(text).map_err(ApiError::internal);
    let cookie = format!("{COOKIE_NAME}={cookie}; Path=/; HttpOnly; SameSite=Strict");
    let head = [(LOCATION, header(place)?), (SET_COOKIE, header(cookie)?)];
    Ok((StatusCode::SEE_OTHER, head).into_response())
}

/// The cookie holds a hash: a token may hold characters a cookie may not.
fn cookie_value(token: &str) -> String {
    etag::hex(token.as_bytes(), 64)
}

/// Equality in a time that does not tell where two texts differ: their hashes are compared without a
/// shortcut.
fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (Sha256::digest(a.as_bytes()), Sha256::digest(b.as_bytes()));
    a.iter().zip(b.iter()).fold(0, |sum, (x, y)| sum | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, header: Option<(&str, &str)>) -> Request<Body> {
        let mut builder = Request::builder().uri(uri);
        if let Some((name, value)) = header {
            builder = builder.header(name, value);
        }
        builder.body(Body::empty()).unwrap()
    }

    fn passes(uri: &str, header: Option<(&str, &str)>) -> bool {
        matches!(
            check(&request(uri, header), Some("se cret")),
            Ok(TokenVerdict::Yes)
        )
    }

    #[test]
    fn header_and_cookie_pass() {
        assert!(passes("/", Some(("authorization", "Bearer se cret"))));
        let cookie = format!("a=b; mtbsync_token={}", cookie_value("se cret"));
        assert!(passes("/", Some(("cookie", &cookie))));
        for wrong in ["Bearer secret", "Bearer", "Basic se cret", "se cret"] {
            assert!(!passes("/", Some(("authorization", wrong))), "{wrong}");
        }
        assert!(!passes("/", Some(("cookie", "mtbsync_token=se cret"))));
        assert!(!passes("/", None));
    }

    #[test]
    fn the_address_is_cleaned_by_a_redirect() {
        let asked = request("//evil.example/x?a=1&token=se%20cret&b=2", None);
        let Ok(TokenVerdict::WithRedirect(response)) = check(&asked, Some("se cret")) else {
            panic!("no redirect");
        };
        assert_eq!(response.headers()[LOCATION], "/evil.example/x?a=1&b=2");
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("cret;")
        );
    }
}
