//! Whether the server is well, and what a page may do here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mtbsync_markers::DEFAULT_REVIEW_THRESHOLD;
use serde_json::{Value, json};

use crate::config::NamedFiles;
use crate::error::ApiError;
use crate::runs::catalogue::root_name;
use crate::runs::{Role, ids};
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(health))
        .route("/api/session", get(session))
}

async fn health(State(state): State<AppState>) -> Response {
    let root_ok = tokio::fs::metadata(state.root()).await.is_ok_and(|m| m.is_dir());
    let body = json!({ "ok": root_ok, "version": env!("CARGO_PKG_VERSION"), "root_ok": root_ok });
    let status = if root_ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}

async fn session(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let config = state.config();
    let preset = state.look(|catalogue| Ok(catalogue.preset())).await?;
    Ok(Json(json!({
        "page": config.page.name(),
        "version": env!("CARGO_PKG_VERSION"),
        "root_name": root_name(&config.root),
        "rights": config.rights.names(),
        "review_threshold": DEFAULT_REVIEW_THRESHOLD,
        "preset_inputs": presets(&config.inputs, preset.as_ref().map(|run| run.id.as_str())),
    })))
}

/// Ids of what was named on the command line. `run` is the run made of it.
fn presets(inputs: &NamedFiles, run_id: Option<&str>) -> Value {
    let media = |given: bool, role| run_id.filter(|_| given).map(|run| ids::media_id(run, role));
    let input = |given: bool, name| Some(ids::input_id(name)).filter(|_| given);
    json!({
        "ref": media(inputs.reference.is_some(), Role::Reference),
        "new": media(inputs.new.is_some(), Role::New),
        "ref_markers": input(inputs.ref_markers.is_some(), "ref_markers"),
        "new_markers": input(inputs.new_markers.is_some(), "new_markers"),
        "timewarp": input(inputs.timewarp.is_some(), "timewarp"),
        "run": run_id,
    })
}
