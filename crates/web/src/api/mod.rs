//! The JSON of docs/reference/http.md: one module per subject, thin functions from a request to what the
//! other crates say.

mod anchors;
mod annotations;
mod files;
mod inputs;
mod jobs;
mod perf;
mod quality;
mod runs;
mod session;
mod tables;
mod trails;
mod writes;

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
        .merge(trails::router())
        .merge(inputs::router())
        .merge(annotations::router())
        .merge(anchors::router())
        .merge(writes::router())
        .merge(jobs::router())
}
