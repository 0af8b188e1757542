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
    next.run(request).await
}
