//! The two small writes of the dashboard (docs/reference/http.md#writing-and-jobs).

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::routing::post;
use axum::{Json, Router};
use mtbsync_artefacts::run_set::write_files;
use mtbsync_formats::json::to_vec;
use mtbsync_markers::typed_object;
use mtbsync_quality::prune::prune_perf;
use mtbsync_task::error::Failure;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{ApiError, Kind};
use crate::guard::paths::RelPath;
use crate::http::body::{self, MAX_BODY_BYTES};
use crate::runs::artefacts;
use crate::runs::describe::BoundedTable;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/export-json", post(export_json))
        .route("/api/perf/prune", post(prune))
}

#[derive(Deserialize)]
struct ExportJson {
    in_csv: String,
    out_json: String,
}

async fn export_json(State(state): State<AppState>, request: Request<Body>) -> Result<Json<Value>, ApiError> {
    state.needs_write()?;
    let wanted: ExportJson = body::json(request, MAX_BODY_BYTES).await?;
    let (input, output) = (RelPath::new(&wanted.in_csv)?, RelPath::new(&wanted.out_json)?);
    let has = |rel: &RelPath, suffix: &str| rel.as_str().to_ascii_lowercase().ends_with(suffix);
    if !has(&input, ".csv") || !has(&output, ".json") {
        return Err(ApiError::bad_request("this makes a .json of a .csv"));
    }
    let name = output.as_str().rsplit('/').next().unwrap_or_default();
    if artefacts::is_fixed_name(name) {
        return Err(ApiError::bad_request(format!(
            "{name} is the name of another file"
        )));
    }
    let root = state.root().to_owned();
    let rel = output.as_str().to_owned();
    state
        .while_writing(move |_, _| {
            let table = BoundedTable::read_markers(&input.existing(&root)?)
                .map_err(|what| ApiError::unusable(format!("{}: {what}", input.as_str())))?
                .table;
            let target = output.writable(&root)?;
            let rows = table.rows.iter();
            let markers: Vec<Value> = rows
                .map(|row| typed_object(&table.headers, row.cells()))
                .collect();
            let bytes = to_vec(&json!({ "markers": markers })).map_err(ApiError::internal)?;
            write_files(&[(&target, mtbsync_markers::own::JSON, &bytes)]).map_err(|error| {
                if error.failure() == Failure::Usage {
                    let text = format!("{}: {}; choose another name", output.as_str(), error.what());
                    ApiError::new(Kind::Taken, text)
                } else {
                    ApiError::internal(error)
                }
            })
        })
        .await?;
    Ok(Json(json!({ "ok": true, "path": rel })))
}

#[derive(Deserialize)]
struct Prune {
    keep: Value,
}

async fn prune(State(state): State<AppState>, request: Request<Body>) -> Result<Json<Value>, ApiError> {
    state.needs_write()?;
    let wanted: Prune = body::json(request, MAX_BODY_BYTES).await?;
    let keep = wanted.keep.as_u64().and_then(|keep| usize::try_from(keep).ok());
    let keep = keep.ok_or_else(|| ApiError::bad_request("keep must be a whole number, 0 or more"))?;
    let root = state.root().to_owned();
    let report = state
        .while_writing(move |_, _| prune_perf(&root, keep, false).map_err(ApiError::internal))
        .await?;
    Ok(Json(json!({
        "ok": report.failed.is_empty(),
        "result": { "kept": report.kept.len(), "deleted": report.deleted.len(), "total": report.total() },
    })))
}
