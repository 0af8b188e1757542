//! Regression and benchmark: what the quality commands left, or would say.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use mtbsync_quality::regression::{self, RegressionSettings};
use mtbsync_quality::{history, regression::REGRESSION_FILE};
use serde_json::{Value, json};

use super::files::href;
use crate::error::ApiError;
use crate::runs::Catalogue;
use crate::runs::describe::read_json;
use crate::state::AppState;

const REPORT_FILE: &str = "report.html";

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/regression", get(regression))
        .route("/api/benchmark", get(benchmark))
}

async fn regression(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let read = |catalogue: &Catalogue| {
        let found = catalogue.scan();
        if let Some(file) = found.in_root_or_newest(REGRESSION_FILE) {
            return read_json(&file.path).map_err(|what| ApiError::unusable(format!("{}: {what}", file.rel)));
        }
        let report = found.in_root_or_newest(history::HISTORY_FILE).and_then(|file| {
            // By the name in the list: a link below the root may lead to another one.
            let history = history::read(catalogue.root().join(&file.rel).parent()?).ok()?;
            regression::judge_newest(&history.records, &RegressionSettings::default())
        });
        match report {
            Some(report) => serde_json::to_value(report).map_err(ApiError::internal),
            None => Ok(json!({ "status": "empty", "reasons": [], "n_history": 0 })),
        }
    };
    state.look(read).await.map(Json)
}

async fn benchmark(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let found = state.look(|catalogue| Ok(catalogue.scan())).await?;
    let html = found.named(REPORT_FILE).first().map(|file| href(&file.rel));
    Ok(Json(json!({ "html": html })))
}
