//! What a request can fail with, and the one JSON body that says so.

use std::fmt;

use axum::http::header::{ALLOW, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use mtbsync_task::error::PipelineError;
use serde_json::{Map, Value, json};

/// The kinds of failure, each with its status and the word programs look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A parameter that means nothing.
    BadRequest,
    /// A path that is never right.
    BadPath,
    /// A body that is no JSON, or not of the wanted shape.
    BadJson,
    /// No or a wrong token.
    Token,
    /// The server was started without this right.
    ReadOnly,
    /// A write from a page of somebody else.
    Origin,
    /// A path that leaves the root.
    OutsideRoot,
    /// Nothing of that name.
    NotFound,
    /// The address is right, the method is not.
    Method,
    /// The body came too slowly.
    Timeout,
    /// A job for that run is at work.
    RunBusy,
    /// The name is that of a file which must not be replaced.
    Taken,
    /// Somebody else has changed it since.
    Stale,
    /// `If-Match` is missing.
    MatchRequired,
    /// A body over its limit.
    BodyTooLarge,
    /// A write that is not JSON.
    MediaType,
    /// A range outside the file.
    Range,
    /// The request was addressed to another host.
    Host,
    /// The file is there, and not what it should be.
    Unusable,
    /// Too many at once.
    TooMany,
    /// Request line or headers over their limit.
    HeadTooLarge,
    /// A disk does not answer.
    Slow,
    /// The server cannot serve at all.
    Busy,
    /// Anything else.
    Internal,
}

impl Kind {
    fn status_and_code(self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::BadPath => (StatusCode::BAD_REQUEST, "bad_path"),
            Self::BadJson => (StatusCode::BAD_REQUEST, "bad_json"),
            Self::Token => (StatusCode::UNAUTHORIZED, "token"),
            Self::ReadOnly => (StatusCode::FORBIDDEN, "read_only"),
            Self::Origin => (StatusCode::FORBIDDEN, "origin"),
            Self::OutsideRoot => (StatusCode::FORBIDDEN, "outside_root"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            Self::RunBusy => (StatusCode::CONFLICT, "busy"),
            Self::Taken => (StatusCode::CONFLICT, "taken"),
            Self::Stale => (StatusCode::PRECONDITION_FAILED, "etag"),
            Self::MatchRequired => (StatusCode::PRECONDITION_REQUIRED, "etag_required"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::Range => (StatusCode::RANGE_NOT_SATISFIABLE, "range"),
            Self::Host => (StatusCode::MISDIRECTED_REQUEST, "host"),
            Self::Unusable => (StatusCode::UNPROCESSABLE_ENTITY, "unusable"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_large"),
            Self::Slow => (StatusCode::GATEWAY_TIMEOUT, "slow"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

/// Why a request was not answered. The text is for the person before the browser: no path of the server's
/// disk.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    kind: Kind,
    message: String,
    // Seldom there; boxed, because every result of a handler has room for an error.
    fields: Option<Box<Map<String, Value>>>,
    detail: Option<Box<str>>,
}

/// What goes to the log and not to the client; an extension of the response.
#[derive(Clone, Debug)]
pub struct Detail(pub String);

impl ApiError {
    /// A failure of `kind`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            fields: None,
            detail: None,
        }
    }

    /// `what` is not there.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("{what} not found"))
    }

    /// A parameter that means nothing.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, message)
    }

    /// A file that is there and not readable as its kind.
    pub fn unusable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unusable, message)
    }

    /// A right is missing.
    pub fn read_only() -> Self {
        Self::new(Kind::ReadOnly, "read-only server")
    }

    /// Trouble inside; `detail` goes to the log.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self {
            detail: Some(detail.to_string().into()),
            ..Self::new(Kind::Internal, "internal error; see the log of the server")
        }
    }

    /// The kind of failure.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Another field of the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.fields.get_or_insert_default().insert(name.to_owned(), value);
        self
    }

    /// What the person can do; part of the text of the answer.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.kind {
            Kind::Token => "give it as Authorization: Bearer, or once as ?token=",
            Kind::ReadOnly => "start with --allow-write",
            Kind::Host => "start with --allow-host NAME",
            Kind::Stale | Kind::MatchRequired => "read it first",
            Kind::TooMany | Kind::Busy => "try again later",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<PipelineError> for ApiError {
    /// A file that could not be used, without the path it has on the server.
    fn from(error: PipelineError) -> Self {
        let text = match error.hint() {
            Some(hint) => format!("{}; {hint}", error.what()),
            None => error.what(),
        };
        Self {
            detail: Some(error.to_string().into()),
            ..Self::unusable(text)
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.kind.status_and_code();
        let message = match self.hint() {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message,
        };
        let mut body = self.fields.map_or_else(Map::new, |fields| *fields);
        body.shift_insert(0, "error".to_owned(), Value::from(message));
        body.shift_insert(1, "code".to_owned(), Value::from(code));
        let mut response = (status, axum::Json(Value::Object(body))).into_response();
        if matches!(self.kind, Kind::TooMany | Kind::Busy) {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(detail) = self.detail {
            response.extensions_mut().insert(Detail(detail.into()));
        }
        response
    }
}

/// The answer to a method an address does not know; which it knows is in `Allow` already.
pub fn method_not_allowed(allow: Option<HeaderValue>) -> Response {
    let mut response = ApiError::new(Kind::Method, "method not allowed here").into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// The body of a failure as text, for answers that are written without a handler.
pub fn body_text(message: &str, code: &str) -> String {
    json!({ "error": message, "code": code }).to_string()
}
