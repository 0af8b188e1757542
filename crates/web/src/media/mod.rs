//! Recordings over HTTP (docs/reference/http.md#recordings): the files themselves with ranges, facts about
//! them, times of their frames, single frames as JPEG, and the copies that browsers play.
//!
//! An id leads to a path only through the runs (`AppState::media`), so nothing else is ever served.
//! Recordings are opened and decoded by children (`decoder`) and stay indexed between requests (`library`);
//! copies are made one after the other in the background (`copies`).

pub mod container;
mod copies;
pub mod library;

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::blocking::blocking;
use crate::decoder::protocol::{Ask, StandIn};
use crate::error::{ApiError, Kind};
use crate::http::file_response::send_file;
use crate::http::query::Query;
use crate::state::AppState;
use container::content_type;
use copies::{Copies, CopyState};
use library::OpenRecording;

/// Width of a frame when none is asked for, and the range it is kept in, pixels.
const FRAME_WIDTH: f64 = 640.0;
const FRAME_WIDTHS: (f64, f64) = (64.0, 1920.0);

/// The addresses below `/api/media`.
pub fn router(state: &AppState) -> Router<AppState> {
    let copies = Copies::new(
        state.config().cache.clone(),
        Arc::clone(state.decoders()),
        state.stopping(),
    );
    Router::new()
        .route("/api/media/{id}", get(file))
        .route("/api/media/{id}/info", get(info))
        .route("/api/media/{id}/frames", get(frames))
        .route("/api/media/{id}/frame", get(frame))
        .layer(Extension(Arc::new(copies)))
}

/// The recording of an id: where it is, and what its decoder found in it.
async fn opened(state: &AppState, id: &str) -> Result<(PathBuf, Arc<OpenRecording>), ApiError> {
    let path = state.media(id).await?.path;
    let shared = state.clone();
    blocking(state.decode_time(), move || {
        let opened = shared.library().open(&path)?;
        Ok((path, opened))
    })
    .await
}

/// Refuses another file of `recording` that has become a link out of its folder since it was opened.
fn check_beside(file: &FsPath, recording: &FsPath) -> Result<(), ApiError> {
    let real = file.canonicalize().map_err(|_| gone())?;
    if real.parent() == recording.parent() {
        Ok(())
    } else {
        Err(ApiError::new(
            Kind::OutsideRoot,
            "a file of the recording lies elsewhere",
        ))
    }
}

fn gone() -> ApiError {
    ApiError::new(Kind::NotFound, "video file is no longer at its place")
}

/// The video file, or the part of it the client asked for.
async fn file(
    State(state): State<AppState>,
    Extension(copies): Extension<Arc<Copies>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let chapter = chapter_of(&query)?;
    let wants_copy = match query.text("variant") {
        None | Some("original") => false,
        Some("proxy") => true,
        Some(_) => {
            return Err(ApiError::bad_request(
                "parameter variant is neither original nor proxy",
            ));
        }
    };
    let (recording, opened) = opened(&state, &id).await?;
    let found = blocking(state.config().limits.answer, move || {
        let original = opened.facts.chapters.get(chapter);
        let original = original.ok_or_else(|| ApiError::not_found("chapter"))?;
        if !wants_copy {
            check_beside(&original.path, &recording)?;
            return Ok((original.path.clone(), content_type(&original.path)));
        }
        let copy = copies.find(&opened, chapter);
        let copy = copy.ok_or_else(|| ApiError::not_found("copy for browsers"))?;
        if matches!(original.stand_in, StandIn::Camera(_)) {
            check_beside(&copy, &recording)?;
        }
        Ok((copy, HeaderValue::from_static("video/mp4")))
    });
    let (path, content_type) = found.await?;
    send_file(&path, content_type, &headers)
        .await
        .map_err(|error| match error.kind() {
            Kind::NotFound => gone(),
            _ => error,
        })
}

/// The number of the chapter asked for, from 0.
fn chapter_of(query: &Query) -> Result<usize, ApiError> {
    let text = query.text("chapter").unwrap_or("0");
    text.parse()
        .map_err(|_| ApiError::bad_request("parameter chapter is not a number"))
}

/// Facts about the recording. Asking for them lets the copy for browsers be made, where one is needed.
async fn info(
    State(state): State<AppState>,
    Extension(copies): Extension<Arc<Copies>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let (_, opened) = opened(&state, &id).await?;
    let copy = {
        let opened = Arc::clone(&opened);
        blocking(state.config().limits.answer, move || Ok(copies.state_of(&opened))).await?
    };
    Ok(Json(facts(&opened, &id, &copy)))
}

fn facts(opened: &OpenRecording, id: &str, copy: &CopyState) -> Value {
    let facts = &opened.facts;
    let starts = facts.chapters.iter().map(|chapter| chapter.start_secs);
    let ends = starts.clone().skip(1).chain([facts.duration_secs]);
    let chapters = starts.zip(ends).enumerate();
    let chapters = chapters
        .map(|(index, (start, end))| json!({ "index": index, "start": start, "duration": end - start }));
    let variants: &[&str] = if *copy == CopyState::Ready {
        &["original", "proxy"]
    } else {
        &["original"]
    };
    json!({
        "duration": facts.duration_secs,
        "fps": facts.frame_rate,
        "width": facts.width,
        "height": facts.height,
        "codec": facts.codec,
        "bit_depth": facts.bit_depth,
        "rotation": facts.rotation_deg,
        "variants": variants,
        "proxy": copy.to_json(),
        "chapters": chapters.collect::<Vec<_>>(),
        "frame_times": format!("/api/media/{id}/frames"),
    })
}

/// Times of all frames, f64 little-endian seconds.
async fn frames(State(state): State<AppState>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let (_, opened) = opened(&state, &id).await?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(CONTENT_TYPE, kind)], opened.times.clone()).into_response())
}

/// The frame shown at a time, as JPEG.
async fn frame(
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let t_secs = query
        .number("t")?
        .ok_or_else(|| ApiError::bad_request("parameter t is missing"))?;
    let width = query.number("w")?.unwrap_or(FRAME_WIDTH);
    let width = width.clamp(FRAME_WIDTHS.0, FRAME_WIDTHS.1) as usize;
    let path = state.media(&id).await?.path;
    let shared = state.clone();
    let picture = blocking(state.decode_time(), move || {
        let opened = shared.library().open(&path)?;
        if t_secs >= opened.facts.duration_secs {
            return Err(ApiError::not_found("frame at that time"));
        }
        let (_, picture) = shared.decoders().ask_now(&Ask::Frame { path, t_secs, width })?;
        Ok(picture)
    });
    let kind = HeaderValue::from_static("image/jpeg");
    Ok(([(CONTENT_TYPE, kind)], picture.await?).into_response())
}
