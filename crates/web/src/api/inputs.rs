//! Tables and maps named on the command line, by the ids `/api/session` gives: they may lie outside the root,
//! where nothing else is read.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use crate::error::ApiError;
use crate::runs::describe::{BoundedTable, read_json};
use crate::runs::ids::input_id;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/api/inputs/{id}", get(input))
}

async fn input(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let inputs = &state.config().inputs;
    let named = [
        ("ref_markers", &inputs.ref_markers),
        ("new_markers", &inputs.new_markers),
        ("timewarp", &inputs.timewarp),
    ];
    let found = named
        .into_iter()
        .find_map(|(name, path)| Some((name, path.clone().filter(|_| input_id(name) == id)?)));
    let (name, path) = found.ok_or_else(|| ApiError::not_found("input"))?;
    let read = move |_: &crate::runs::Catalogue| {
        let content = if name == "timewarp" {
            read_json(&path)
        } else {
            BoundedTable::read_markers(&path).map(|table| Value::Object(table.to_json()))
        };
        content.map_err(|what| ApiError::unusable(format!("{name}: {what}")))
    };
    state.look(read).await.map(Json)
}
