//! Tables below the root: the summary of a batch, and markers of new runs.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::guard::paths::RelPath;
use crate::http::query::Query;
use crate::runs::catalogue::marker_tables;
use crate::runs::describe::BoundedTable;
use crate::state::AppState;

const BATCH_FILE: &str = "batch_summary.csv";
/// Columns of a batch summary, one of which its header holds.
const BATCH_COLUMNS: [&str; 5] = ["ref_video", "new_video", "out_dir", "ok", "timewarp_ok"];

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/batch", get(batch))
        .route("/api/marker-list", get(marker_list))
        .route("/api/markers", get(markers))
}

fn empty() -> Map<String, Value> {
    Map::from_iter([("headers".to_owned(), json!([])), ("rows".to_owned(), json!([]))])
}

async fn batch(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let read = |catalogue: &crate::runs::Catalogue| {
        let found = catalogue.scan();
        let Some(file) = found.find(BATCH_FILE) else {
            return Ok(empty());
        };
        let table = BoundedTable::read(&file.path, &BATCH_COLUMNS);
        Ok(table
            .map_err(|what| ApiError::unusable(format!("{BATCH_FILE}: {what}")))?
            .to_json())
    };
    state.look(read).await.map(Value::Object).map(Json)
}

async fn marker_list(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let found = state.look(|catalogue| Ok(catalogue.scan())).await?;
    let files: Vec<&str> = marker_tables(&found)
        .iter()
        .map(|file| file.rel.as_str())
        .collect();
    Ok(Json(json!({ "files": files, "truncated": found.truncated })))
}

async fn markers(State(state): State<AppState>, query: Query) -> Result<Json<Value>, ApiError> {
    let wanted = query.text("file").map(RelPath::new).transpose()?;
    let read = move |catalogue: &crate::runs::Catalogue| {
        let found = catalogue.scan();
        let tables = marker_tables(&found);
        let file = match &wanted {
            Some(rel) => tables.iter().find(|file| file.rel == rel.as_str()),
            None => tables.first(),
        };
        let Some(file) = file else {
            return match wanted {
                Some(_) => Err(ApiError::not_found("marker file")),
                None => Ok(empty()),
            };
        };
        let table = BoundedTable::read_markers(&file.path)
            .map_err(|what| ApiError::unusable(format!("{}: {what}", file.rel)))?;
        let mut object = table.to_json();
        object.insert("file".to_owned(), Value::from(file.rel.as_str()));
        Ok(object)
    };
    state.look(read).await.map(Value::Object).map(Json)
}
