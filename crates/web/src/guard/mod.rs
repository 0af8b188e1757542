//! What every request passes before a handler sees it (docs/reference/http.md#what-protects-you), in a fixed
//! order: who it is addressed to, whether it knows the token, whether a write comes from our own pages, how
//! long its head is. And what every answer carries on its way back.

pub mod head;
pub mod host;
pub mod paths;
pub mod reply;
pub mod token;
pub mod writes;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, Kind};
use crate::http::body::BodyTime;
use crate::state::AppState;

/// The checks, then the handler.
pub async fn check(State(state): State<AppState>, mut request: Request<Body>, next: Next) -> Response {
    let config = state.config();
    request.extensions_mut().insert(BodyTime(config.limits.body));
    if let Err(error) = host::check(&request, &config.allow_hosts) {
        return error.into_response();
    }
    match token::check(&request, config.token.as_deref(), state.ticket()) {
        Ok(token::TokenVerdict::Yes) => {}
        Ok(token::TokenVerdict::WithRedirect(redirect)) => return redirect,
        Err(error) => return error.into_response(),
    }
    if let Err(error) = writes::check(&request, &config.allow_hosts) {
        return error.into_response();
    }
    if let Err(error) = head::check(&request) {
        return error.into_response();
    }
    // A disk that does not answer keeps a thread, but neither the client nor its connection.
    let limit = state.decode_time() + config.limits.answer + config.limits.body;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(Kind::Slow, "there is no answer in time; is the disk there?").into_response(),
    }
}
