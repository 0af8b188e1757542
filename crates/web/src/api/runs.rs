//! Runs: the list, and what is known of each.

use std::path::Path as FilePath;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mtbsync_artefacts::edits;
use mtbsync_artefacts::pairs::PAIRS_FILE;
use mtbsync_artefacts::sample::{WarpSample, sample};
use mtbsync_artefacts::time_warp::TIMEWARP_FILE;
use mtbsync_formats::read_bounded;
use mtbsync_pipeline::map::splits;
use mtbsync_quality::history::{self, HistoryRecord};
use mtbsync_quality::regression::{self, RegressionSettings};
use mtbsync_task::files::Input;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::http::etag;
use crate::http::query::Query;
use crate::runs::catalogue::MARKER_COLUMNS;
use crate::runs::describe::{BoundedTable, Counts, MAX_FILE_BYTES, read_json, read_timewarp};
use crate::runs::{Catalogue, Run};
use crate::state::AppState;

/// Columns of a splits table, one of which its header holds.
const SPLITS_COLUMNS: [&str; 2] = ["run", "section"];
/// Points of a sampled map when the page does not say.
const WARP_POINTS: usize = 500;
/// Pairs when the page does not say.
const PAIRS: usize = 2000;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/runs", get(list))
        .route("/api/runs/{id}", get(one))
        .route("/api/runs/{id}/warp", get(warp))
        .route("/api/runs/{id}/markers", get(markers))
        .route("/api/runs/{id}/pairs", get(pairs))
        .route("/api/runs/{id}/splits", get(sections))
        .route("/api/timewarp", get(timewarp))
}

async fn list(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let read = |catalogue: &Catalogue| {
        let items = catalogue.describe_all(&catalogue.runs());
        Ok(json!({ "count": items.len(), "items": items, "truncated": catalogue.scan().truncated }))
    };
    state.look(read).await.map(Json)
}

async fn one(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let read = move |catalogue: &Catalogue| {
        let run = catalogue.run(&id)?;
        let mut value = catalogue.describe(&run);
        let perf = run.perf.as_deref().and_then(|path| catalogue.perf(path));
        let regression = perf.as_ref().and_then(|perf| judged(catalogue, &run, perf));
        let timewarp = run.timewarp.as_deref().and_then(without_knots);
        if let Some(object) = value.as_object_mut() {
            object.insert("timewarp".to_owned(), timewarp.unwrap_or(Value::Null));
            object.insert("perf".to_owned(), perf.unwrap_or(Value::Null));
            object.insert("regression".to_owned(), regression.unwrap_or(Value::Null));
        }
        Ok(value)
    };
    state.look(read).await.map(Json)
}

fn without_knots(path: &FilePath) -> Option<Value> {
    let mut value = read_json(path).ok()?;
    value.as_object_mut()?.shift_remove("knots");
    Some(value)
}

/// The run against those before it: its record lies in the history of its folder or of one above it.
fn judged(catalogue: &Catalogue, run: &Run, perf: &Value) -> Option<Value> {
    let ts = perf.get("ts")?.as_str()?;
    let new = perf
        .pointer("/pair/new")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let new_name = FilePath::new(new)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let names = [format!("sync:{new_name}"), format!("batch:{}", run.name)];
    let folders = run.folder.as_deref()?.ancestors();
    folders
        .take_while(|folder| folder.starts_with(catalogue.root()))
        .filter(|folder| !catalogue.leads_out(&folder.join(history::HISTORY_FILE)))
        .filter_map(|folder| history::read(folder).ok())
        .find_map(|history| {
            let judge = |name: &String| {
                // A pair of a batch joins the history after it has ended.
                let since = |record: &&HistoryRecord| record.run_id == *name && record.ts.as_str() >= ts;
                let joined = history.records.iter().find(since)?;
                regression::judge_run(&history.records, name, &joined.ts, &RegressionSettings::default())
            };
            serde_json::to_value(names.iter().find_map(judge)?).ok()
        })
}

/// timewarp.json as it is: of the run asked for, else of the root, else the newest.
async fn timewarp(State(state): State<AppState>, query: Query) -> Result<Response, ApiError> {
    let id = query.text("run").map(str::to_owned);
    let read = move |catalogue: &Catalogue| {
        let missing = || ApiError::not_found(TIMEWARP_FILE).with("ok", Value::Bool(false));
        let path = match id {
            Some(id) => catalogue.run(&id)?.timewarp()?.to_owned(),
            None => {
                let found = catalogue.scan();
                let file = found.in_root_or_newest(TIMEWARP_FILE);
                file.map(|file| file.path.clone()).ok_or_else(missing)?
            }
        };
        let unusable = |what: &str| ApiError::unusable(format!("{TIMEWARP_FILE}: {what}"));
        let bytes = read_bounded(&path, MAX_FILE_BYTES).map_err(|error| unusable(&error.to_string()))?;
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(_)) => Ok(bytes),
            Ok(_) | Err(_) => Err(unusable("is not a JSON object")),
        }
    };
    let bytes = state.look(read).await?;
    Ok((
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        bytes,
    )
        .into_response())
}

async fn warp(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<WarpSample>, ApiError> {
    let n = query.count("n", WARP_POINTS, 2..=20_000)?;
    let range = (query.number("from")?, query.number("to")?);
    let read = move |catalogue: &Catalogue| {
        let run = catalogue.run(&id)?;
        let file = read_timewarp(run.timewarp()?)
            .map_err(|what| ApiError::unusable(format!("{TIMEWARP_FILE}: {what}")))?;
        Ok(sample(&file, range, n))
    };
    state.look(read).await.map(Json)
}

async fn markers(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let read = move |catalogue: &Catalogue| {
        let run = catalogue.run(&id)?;
        let path = run
            .markers
            .as_deref()
            .ok_or_else(|| ApiError::not_found("markers of the run"))?;
        let unusable = |what: String| ApiError::unusable(format!("markers: {what}"));
        let bytes = edits::read_table(path, MAX_FILE_BYTES).map_err(|error| unusable(error.what()))?;
        let read = BoundedTable::parse(&bytes, &MARKER_COLUMNS).map_err(unusable)?;
        let mut object = read.to_json();
        object.insert("counts".to_owned(), json!(Counts::of(&read.table)));
        let tag = etag::of_bytes(&bytes);
        object.insert("etag".to_owned(), json!(tag.to_str().unwrap_or_default()));
        Ok(Value::Object(object))
    };
    state.look(read).await.map(Json)
}

async fn pairs(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let n = query.count("n", PAIRS, 100..=20_000)?;
    let read = move |catalogue: &Catalogue| {
        let run = catalogue.run(&id)?;
        let path = run
            .pairs
            .as_deref()
            .ok_or_else(|| ApiError::not_found(PAIRS_FILE))?;
        let unusable = |what: String| ApiError::unusable(format!("{PAIRS_FILE}: {what}"));
        let table = BoundedTable::read(path, &["t_new", "t_ref"])
            .map_err(unusable)?
            .table;
        let needed = |name: &str| {
            table
                .column(&[name])
                .ok_or_else(|| unusable(format!("column {name} missing")))
        };
        let (t_new, t_ref) = (needed("t_new")?, needed("t_ref")?);
        let confidence = table.column(&["confidence", "score"]);
        let total = table.rows.len();
        let mut columns = [Vec::new(), Vec::new(), Vec::new()];
        for k in 0..total.min(n) {
            // Even steps; all rows when there are no more than asked for.
            let Some(row) = table.rows.get(k * total / total.min(n)) else {
                continue;
            };
            let number = |column| {
                table
                    .required_moment(row, column)
                    .map_err(|error| unusable(error.to_string()))
            };
            let weight = confidence.map_or(Ok(None), |column| table.number(row, column));
            let weight = weight.map_err(|error| unusable(error.to_string()))?;
            let [of_new, of_ref, of_weight] = &mut columns;
            of_new.push(number(t_new)?);
            of_ref.push(number(t_ref)?);
            of_weight.push(weight.unwrap_or(1.0));
        }
        let [t_new, t_ref, confidence] = columns;
        Ok(json!({ "t_new": t_new, "t_ref": t_ref, "confidence": confidence }))
    };
    state.look(read).await.map(Json)
}

async fn sections(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let names = query.text("sections").map(|text| {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    let read = move |catalogue: &Catalogue| {
        let run = catalogue.run(&id)?;
        let gates = run.given.ref_markers.clone().or_else(|| run.markers.clone());
        let gates = gates.ok_or_else(|| ApiError::unusable("the run has no markers to serve as gates"))?;
        let csv = splits::table(Input::File(gates), run.timewarp()?.to_owned(), names)?;
        let table = BoundedTable::parse(&csv, &SPLITS_COLUMNS).map_err(ApiError::internal)?;
        Ok(Value::Object(table.to_json()))
    };
    state.look(read).await.map(Json)
}
