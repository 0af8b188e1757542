//! All addresses, behind the guard.

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::error::ApiError;
use crate::state::AppState;
use crate::{api, guard, media, pages};

/// The whole application.
pub fn router(state: AppState) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(api::router())
        .merge(media::router(&state))
        .fallback(|| async { ApiError::not_found("page") })
        .layer(from_fn_with_state(state.clone(), guard::check))
        .layer(from_fn_with_state(state.clone(), guard::reply::complete))
        .with_state(state)
}
