//! The token: a secret of the person who started the server, for use beyond the own machine.
//!
//! The address that a browser is opened with can be seen by everybody on the machine in the list of
//! processes. It carries a ticket in place of the token, which is good for one visit.

use std::sync::{Mutex, PoisonError};

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
const TICKET_PARAMETER: &str = "ticket=";

/// How a request passed.
#[derive(Debug)]
pub enum TokenVerdict {
    /// It may go on.
    Yes,
    /// It carried the token in its address: the browser is sent to the address without it, with a cookie.
    WithRedirect(Response),
}

/// A secret that is good once.
#[derive(Debug, Default)]
pub struct Ticket(Mutex<Option<String>>);

impl Ticket {
    /// Good once, when there is one.
    pub fn new(secret: Option<String>) -> Self {
        Self(Mutex::new(secret))
    }

    /// Whether `given` is the ticket, which is then used up.
    fn is_taken_by(&self, given: &str) -> bool {
        let mut secret = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = secret.as_deref().is_some_and(|secret| is_same(given, secret));
        if is_it {
            *secret = None;
        }
        is_it
    }
}

/// # Errors
/// A token is needed and the request knows neither it nor the ticket.
pub fn check(
    request: &Request<Body>,
    token: Option<&str>,
    ticket: &Ticket,
) -> Result<TokenVerdict, ApiError> {
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
    let is_secret = |part: &&str| part.starts_with(PARAMETER) || part.starts_with(TICKET_PARAMETER);
    let (given, others): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_secret);
    let value = |prefix: &str| {
        let mut values = given.iter().filter_map(|part| part.strip_prefix(prefix));
        values.next().and_then(percent_decoded)
    };
    let knows_token = value(PARAMETER).is_some_and(|given| is_same(&given, token));
    if !knows_token && !value(TICKET_PARAMETER).is_some_and(|given| ticket.is_taken_by(&given)) {
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
            check(&request(uri, header), Some("se cret"), &Ticket::default()),
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
    fn a_ticket_is_good_once() {
        let ticket = Ticket::new(Some("one visit".to_owned()));
        let verdict = |uri: &str| check(&request(uri, None), Some("se cret"), &ticket).map_err(|e| e.kind());
        assert!(matches!(verdict("/?ticket=another"), Err(Kind::Token)));
        let Ok(TokenVerdict::WithRedirect(response)) = verdict("/x?ticket=one%20visit&a=1") else {
            panic!("no redirect");
        };
        assert_eq!(response.headers()[LOCATION], "/x?a=1");
        assert!(matches!(verdict("/x?ticket=one%20visit"), Err(Kind::Token)));
    }

    #[test]
    fn the_address_is_cleaned_by_a_redirect() {
        let asked = request("//evil.example/x?a=1&token=se%20cret&b=2", None);
        let Ok(TokenVerdict::WithRedirect(response)) = check(&asked, Some("se cret"), &Ticket::default())
        else {
            panic!("no redirect");
        };
        assert_eq!(response.headers()[LOCATION], "/evil.example/x?a=1&b=2");
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("cret;")
        );
    }
}
