//! Jobs over HTTP (docs/reference/http.md#writing-and-jobs).

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::error::ApiError;
use crate::http::body::{self, MAX_BODY_BYTES};
use crate::http::sse::{self, Events};
use crate::jobs::command::JobCommands;
use crate::jobs::request;
use crate::state::AppState;

/// Least time between two looks of a stream: at most ten events of progress a second.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/commands", get(commands))
        .route("/api/jobs", get(list).post(start))
        .route("/api/jobs/{id}", get(one).delete(cancel))
        .route("/api/jobs/{id}/events", get(events))
}

async fn commands(State(state): State<AppState>) -> Json<JobCommands> {
    Json(state.config().jobs.clone())
}

async fn list(State(state): State<AppState>) -> Json<Value> {
    Json(json!({ "items": state.jobs().all() }))
}

async fn one(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    state.jobs().details(&id).map(Json)
}

#[derive(Deserialize)]
struct JobRequest {
    kind: String,
    #[serde(default)]
    params: Map<String, Value>,
}

async fn start(State(state): State<AppState>, request: Request<Body>) -> Result<Response, ApiError> {
    state.needs_write()?;
    let wanted: JobRequest = body::json(request, MAX_BODY_BYTES).await?;
    let commands = state.config().jobs.clone();
    let order = state
        .look(move |catalogue| request::order(&wanted.kind, &wanted.params, &commands, catalogue))
        .await?;
    let id = state.jobs().add(order)?;
    let place = HeaderValue::try_from(format!("/api/jobs/{id}")).map_err(ApiError::internal)?;
    let body = Json(json!({ "id": id, "state": "queued" }));
    Ok((StatusCode::ACCEPTED, [(LOCATION, place)], body).into_response())
}

async fn cancel(State(state): State<AppState>, Path(id): Path<String>) -> Result<Response, ApiError> {
    state.needs_write()?;
    state.jobs().cancel(&id)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response())
}

async fn events(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.jobs().since(&id, 0)?;
    let (events, response) = sse::open(&state)?;
    let seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    tokio::spawn(follow(state, events, id, seen));
    Ok(response)
}

/// Sends what happened and what happens, until the job, the client or the server ends.
async fn follow(state: AppState, events: Events, id: String, mut seen: u64) {
    let mut changes = state.jobs().changes();
    let mut stopping = state.stopping();
    loop {
        changes.mark_unchanged();
        let Ok((news, is_over)) = state.jobs().since(&id, seen) else {
            return;
        };
        for event in news {
            seen = event.number;
            if !events
                .send(event.name, &event.number.to_string(), &event.data)
                .await
            {
                return;
            }
        }
        if is_over {
            return;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = crate::stopping::stopped(&mut stopping) => return,
            () = events.closed() => return,
        }
        tokio::time::sleep(PAUSE).await;
    }
}
