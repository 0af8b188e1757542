//! The JSON of http.md: one module per subject, thin functions from a request to what the other crates say.

mod files;
mod inputs;
mod perf;
mod quality;
mod runs;
mod session;
mod tables;

use axum::Router;

use crate::state::AppState;

/// Addresses below `/api`, and `/healthz` and `/files`.
pub fn router() -> Router<AppState> {
    Router::new()
        .merge(session::router())
        .merge(tables::router())
        .merge(files::router())
        .merge(perf::router())
        .merge(quality::router())
        .merge(runs::router())
        .merge(inputs::router())
}
