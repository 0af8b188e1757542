//! All runs of a trail (docs/reference/http.md#trails).

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Request;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use mtbsync_artefacts::sample::{WarpSample, sample};
use mtbsync_artefacts::trail_file::{Gate, RunNote, TrailFile, trail_path};
use mtbsync_pipeline::trail::board::{BoardRequest, board};
use mtbsync_pipeline::trail::curves::{Curves, curves};
use mtbsync_pipeline::trail::edit::{RunChange, change, check_gates, checked_name, entry_of};
use mtbsync_pipeline::trail::pair;
use mtbsync_pipeline::trail::places::Places;
use mtbsync_pipeline::trail::reference::{Repointed, repoint};
use mtbsync_pipeline::trail::runs::{Root, Trail};
use mtbsync_task::error::PipelineError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{ApiError, Kind};
use crate::http::body::{self, MAX_NOTES_BYTES};
use crate::http::query::Query;
use crate::http::tagged::{Tagged, answer, check_match};
use crate::runs::Catalogue;
use crate::state::AppState;

/// Points of a curve unless asked otherwise.
const CURVE_POINTS: usize = 400;
/// Most points of all curves together: 400 of 500 runs.
const MAX_CURVE_VALUES: usize = 200_000;
/// Points of a map unless asked otherwise: as `/api/runs/{id}/warp`.
const WARP_POINTS: usize = 500;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/trails", get(list))
        .route("/api/trails/{id}", put(replace))
        .route("/api/trails/{id}/board", get(read_board))
        .route("/api/trails/{id}/curves", get(read_curves))
        .route("/api/trails/{id}/reference", post(set_reference))
        .route("/api/compose", get(compose))
}

/// The runs below the root that may be read.
fn read_root(catalogue: &Catalogue) -> Result<Root, PipelineError> {
    let mut folders: BTreeMap<String, PathBuf> = BTreeMap::new();
    for run in catalogue.runs() {
        let is_whole = run.timewarp.is_some() && catalogue.run(&run.id).is_ok();
        if let (Some(rel), Some(folder), true) = (run.rel, run.folder, is_whole) {
            folders.insert(rel, folder);
        }
    }
    Root::of(catalogue.root(), folders)
}

fn check_file(catalogue: &Catalogue) -> Result<(), ApiError> {
    if catalogue.leads_out(&trail_path(catalogue.root())) {
        return Err(ApiError::new(
            Kind::OutsideRoot,
            "trail.json is a link out of the root",
        ));
    }
    Ok(())
}

/// The root and a trail of it.
fn with_trail<T>(
    catalogue: &Catalogue,
    id: &str,
    work: impl FnOnce(&Root, Trail<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    check_file(catalogue)?;
    let root = read_root(catalogue)?;
    let trail = root.trails().into_iter().find(|trail| trail.entry.id == id);
    work(&root, trail.ok_or_else(|| ApiError::not_found("trail"))?)
}

fn check_against(trail: &Trail<'_>, against: Option<&str>) -> Result<(), ApiError> {
    let is_its = |name: &str| trail.runs.iter().any(|run| run.name == name);
    match against {
        Some(name) if !is_its(name) => Err(ApiError::not_found("run of the trail")),
        _ => Ok(()),
    }
}

fn trail_json(trail: &Trail<'_>) -> Value {
    let notes: BTreeMap<&str, RunNote> = trail
        .runs
        .iter()
        .map(|run| (run.name.as_str(), trail.note(run)))
        .collect();
    json!({
        "id": trail.entry.id,
        "name": trail.entry.name,
        "reference": trail.entry.reference,
        "gates": trail.entry.gates,
        "runs": notes,
    })
}

async fn list(State(state): State<AppState>) -> Result<Response, ApiError> {
    let read = |catalogue: &Catalogue| {
        check_file(catalogue)?;
        let file = Tagged::read(&trail_path(catalogue.root()))?;
        let root = read_root(catalogue)?;
        let trails: Vec<Value> = root.trails().iter().map(trail_json).collect();
        Ok((trails, file.tag, root.warnings))
    };
    let (trails, tag, warnings) = state.look(read).await?;
    Ok(answer(json!(trails), tag, [("warnings", json!(warnings))]))
}

async fn read_board(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let request = BoardRequest {
        against: query.text("against").map(str::to_owned),
        rider: query.text("rider").map(str::to_owned),
        hidden: query.flag("hidden"),
        ..BoardRequest::default()
    };
    let read = move |catalogue: &Catalogue| {
        let ids: BTreeMap<String, String> = catalogue
            .runs()
            .into_iter()
            .filter_map(|run| Some((run.rel?, run.id)))
            .collect();
        with_trail(catalogue, &id, |root, trail| {
            check_against(&trail, request.against.as_deref())?;
            let places = Places::new(root, trail);
            let board = board(&places, &request)?;
            let mut value = json!(board);
            let of_rows = board
                .rows
                .iter()
                .filter_map(|row| Some((row.run.clone(), json!(ids.get(&row.run)?))));
            value["ids"] = Value::Object(of_rows.collect());
            value["warnings"] = json!(places.warnings);
            Ok(value)
        })
    };
    state.look(read).await.map(Json)
}

async fn read_curves(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Curves>, ApiError> {
    let n = query.count("n", CURVE_POINTS, 2..=20_000)?;
    let against = query.text("against").map(str::to_owned);
    let read = move |catalogue: &Catalogue| {
        with_trail(catalogue, &id, |root, trail| {
            check_against(&trail, against.as_deref())?;
            let n = n.min(MAX_CURVE_VALUES / trail.runs.len().max(1)).max(2);
            Ok(curves(&Places::new(root, trail), n, against.as_deref())?)
        })
    };
    state.look(read).await.map(Json)
}

/// What a page may say of a trail: what it leaves out stays as it was.
#[derive(Deserialize)]
struct TrailBody {
    name: Option<String>,
    gates: Option<Vec<Gate>>,
    runs: Option<BTreeMap<String, RunChange>>,
}

async fn replace(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    state.needs_write()?;
    let headers = request.headers().clone();
    let said: TrailBody = body::json(request, MAX_NOTES_BYTES).await?;
    let (trail, tag) = state
        .while_writing(move |awaited, catalogue| {
            check_file(catalogue)?;
            let path = trail_path(catalogue.root());
            let work = |root: &Root, file: &mut TrailFile| {
                awaited.check()?;
                let now = || json!(root.trails().iter().map(trail_json).collect::<Vec<_>>());
                check_match(&headers, &Tagged::read(&path)?.tag, now)?;
                apply(root, file, &id, said)
            };
            change(catalogue.root(), |_| read_root(catalogue), work)?;
            let tag = Tagged::read(&path)?.tag;
            let trail = with_trail(catalogue, &id, |_, trail| Ok(trail_json(&trail)))?;
            Ok((trail, tag))
        })
        .await?;
    Ok(answer(trail, tag, []))
}

fn apply(root: &Root, file: &mut TrailFile, id: &str, said: TrailBody) -> Result<(), ApiError> {
    let trails = root.trails();
    let trail = trails.iter().find(|trail| trail.entry.id == id);
    let trail = trail.ok_or_else(|| ApiError::not_found("trail"))?;
    let refused = |error: PipelineError| ApiError::bad_request(error.what());
    let before = &trail.entry.gates;
    let gates = said.gates.map(|gates| {
        gates
            .into_iter()
            .map(|gate| with_rest(gate, before))
            .collect::<Vec<_>>()
    });
    if let Some(gates) = &gates {
        check_gates(root, trail, gates).map_err(refused)?;
    }
    let entry = entry_of(file, trail);
    if let Some(name) = &said.name {
        checked_name(name).map_err(refused)?.clone_into(&mut entry.name);
    }
    if let Some(gates) = gates {
        entry.gates = gates;
    }
    for (name, mut said) in said.runs.unwrap_or_default() {
        let run = trail.runs.iter().find(|run| run.name == name);
        if run.is_none() && !entry.runs.contains_key(&name) {
            return Err(ApiError::bad_request(format!("{name} is no run of this trail")));
        }
        said.check().map_err(refused)?;
        let note = entry.runs.entry(name).or_default();
        // A date that the recording says is sent back as it was read: nobody has set it.
        let is_recorded = |date: &String| run.is_some_and(|run| run.recorded_date() == *date);
        if note.date.is_empty() && said.date.as_ref().is_some_and(is_recorded) {
            said.date = None;
        }
        said.apply(note);
    }
    file.check().map_err(|error| ApiError::bad_request(error.what()))
}

/// A gate with what others have written into the one of its name.
fn with_rest(mut gate: Gate, before: &[Gate]) -> Gate {
    if let Some(old) = before.iter().find(|old| old.name == gate.name) {
        // A page that knows less of it, or has moved it.
        let is_moved = gate.t_ref != old.t_ref;
        let of_old = |value: &Option<f64>| value.filter(|_| !is_moved);
        gate.on = old.on.clone().filter(|_| !is_moved);
        (gate.t_on, gate.t_then) = (of_old(&old.t_on), of_old(&old.t_then));
        for (name, value) in &old.rest {
            gate.rest.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    gate
}

#[derive(Deserialize)]
struct ReferenceBody {
    run: String,
}

async fn set_reference(
    State(state): State<AppState>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Json<Repointed>, ApiError> {
    state.needs_write()?;
    let wanted: ReferenceBody = body::json(request, MAX_NOTES_BYTES).await?;
    let repointed = state
        .while_writing(move |awaited, catalogue| {
            with_trail(catalogue, &id, |_, trail| {
                check_against(&trail, Some(&wanted.run))
            })?;
            change(
                catalogue.root(),
                |_| read_root(catalogue),
                |root, file| {
                    awaited.check()?;
                    Ok(repoint(root, file, &wanted.run)?)
                },
            )
        })
        .await?;
    Ok(Json(repointed))
}

async fn compose(State(state): State<AppState>, query: Query) -> Result<Json<WarpSample>, ApiError> {
    let n = query.count("n", WARP_POINTS, 2..=20_000)?;
    let range = (query.number("from")?, query.number("to")?);
    let run = |name: &str| {
        let named = query.text(name).map(str::to_owned);
        named.ok_or_else(|| ApiError::bad_request(format!("parameter {name} is missing")))
    };
    let (a, b) = (run("a")?, run("b")?);
    let read = move |catalogue: &Catalogue| {
        check_file(catalogue)?;
        let root = read_root(catalogue)?;
        let found = |name: &str| {
            root.runs
                .iter()
                .find(|run| run.name == name)
                .ok_or_else(|| ApiError::not_found("run"))
        };
        let (a, b) = (found(&a)?, found(&b)?);
        let trail = root.trail_of(&a.name)?;
        let file = pair::map(&Places::new(&root, trail), a, b)?;
        Ok(sample(&file, range, n))
    };
    state.look(read).await.map(Json)
}
