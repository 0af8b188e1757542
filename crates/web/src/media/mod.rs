//! Recordings over HTTP (http.md section 5).

use axum::Router;

use crate::state::AppState;

/// The addresses below `/api/media`.
pub fn router() -> Router<AppState> {
    Router::new()
}
