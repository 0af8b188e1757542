//! The JSON of http.md: one module per subject, thin functions from a request to what the other crates say.

mod session;

use axum::Router;

use crate::state::AppState;

/// Addresses below `/api`, and `/healthz` and `/files`.
pub fn router() -> Router<AppState> {
    Router::new().merge(session::router())
}
