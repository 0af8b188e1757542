//! Recordings over HTTP (docs/reference/http.md#recordings): the files themselves with ranges, facts about
//! them, times of their frames, single frames as JPEG, and the copies that browsers play.
//!
//! An id leads to a path only through the runs (`AppState::media`), so nothing else is ever served.
//! Recordings stay indexed between requests (`library`); copies are made one after the other in the
//! background (`copies`).

pub mod container;
mod copies;
mod library;

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mtbsync_media::encode::jpeg;
use mtbsync_media::scale::{ColourMatrix, ColourOptions, MAX_SIDE, fit_inside};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::blocking::blocking;
use crate::error::{ApiError, Kind};
use crate::http::file_response::send_file;
use crate::http::query::Query;
use crate::state::AppState;
use copies::{Copies, CopyState};
use library::{Library, OpenRecording};

/// Frames decoded at the same time (docs/reference/http.md#recordings).
const MAX_DECODES: usize = 4;
/// Width of a frame when none is asked for, and the range it is kept in, pixels.
const FRAME_WIDTH: f64 = 640.0;
const FRAME_WIDTHS: (f64, f64) = (64.0, 1920.0);

/// What the handlers share.
struct Desk {
    library: Library,
    copies: Copies,
    decodes: Arc<Semaphore>,
}

/// The addresses below `/api/media`.
pub fn router(state: &AppState) -> Router<AppState> {
    let desk = Desk {
        library: Library::default(),
        copies: Copies::new(state.config().cache.clone(), state.stopping()),
        decodes: Arc::new(Semaphore::new(MAX_DECODES)),
    };
    Router::new()
        .route("/api/media/{id}", get(file))
        .route("/api/media/{id}/info", get(info))
        .route("/api/media/{id}/frames", get(frames))
        .route("/api/media/{id}/frame", get(frame))
        .layer(Extension(Arc::new(desk)))
}

/// The recording of an id, opened.
async fn opened(state: &AppState, desk: &Arc<Desk>, id: &str) -> Result<Arc<OpenRecording>, ApiError> {
    let path = state.media(id).await?.path;
    let desk = Arc::clone(desk);
    blocking(state.config().limits.recording, move || desk.library.open(&path)).await
}

/// The video file, or the part of it the client asked for.
async fn file(
    State(state): State<AppState>,
    Extension(desk): Extension<Arc<Desk>>,
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
    let opened = opened(&state, &desk, &id).await?;
    let missing = || ApiError::not_found("chapter");
    let original = opened.chapters.get(chapter).ok_or_else(missing)?;
    let (path, content_type) = if wants_copy {
        let copy = {
            let (desk, opened) = (Arc::clone(&desk), Arc::clone(&opened));
            blocking(state.config().limits.answer, move || {
                Ok(desk.copies.find(&opened, chapter))
            })
            .await?
        };
        let copy: PathBuf = copy.ok_or_else(|| ApiError::not_found("copy for browsers"))?;
        (copy, HeaderValue::from_static("video/mp4"))
    } else {
        (original.path.clone(), original.content_type.clone())
    };
    send_file(&path, content_type, &headers)
        .await
        .map_err(|error| match error.kind() {
            Kind::NotFound => ApiError::new(Kind::NotFound, "video file is no longer at its place"),
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
    Extension(desk): Extension<Arc<Desk>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let opened = opened(&state, &desk, &id).await?;
    let copy = {
        let (desk, opened) = (Arc::clone(&desk), Arc::clone(&opened));
        blocking(state.config().limits.answer, move || {
            Ok(desk.copies.state_of(&opened))
        })
        .await?
    };
    Ok(Json(facts(&opened, &id, &copy)))
}

fn facts(opened: &OpenRecording, id: &str, copy: &CopyState) -> Value {
    let info = opened.recording.info();
    let chapters = opened.recording.chapters();
    let starts = chapters.iter().map(|chapter| chapter.start_secs);
    let ends = starts.clone().skip(1).chain([info.duration_secs]);
    let chapters = starts.zip(ends).enumerate();
    let chapters = chapters
        .map(|(index, (start, end))| json!({ "index": index, "start": start, "duration": end - start }));
    let variants: &[&str] = if *copy == CopyState::Ready {
        &["original", "proxy"]
    } else {
        &["original"]
    };
    json!({
        "duration": info.duration_secs,
        "fps": format!("{}/{}", info.frame_rate.num, info.frame_rate.den),
        "width": info.width,
        "height": info.height,
        "codec": info.codec,
        "bit_depth": info.bit_depth,
        "rotation": info.rotation_deg,
        "variants": variants,
        "proxy": copy.to_json(),
        "chapters": chapters.collect::<Vec<_>>(),
        "frame_times": format!("/api/media/{id}/frames"),
    })
}

/// Times of all frames, f64 little-endian seconds.
async fn frames(
    State(state): State<AppState>,
    Extension(desk): Extension<Arc<Desk>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let opened = opened(&state, &desk, &id).await?;
    let timeline = opened.recording.timeline();
    let bytes: Vec<u8> = (0..timeline.len())
        .flat_map(|index| timeline.pts_secs(index).to_le_bytes())
        .collect();
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(CONTENT_TYPE, kind)], bytes).into_response())
}

/// The frame shown at a time, as JPEG.
async fn frame(
    State(state): State<AppState>,
    Extension(desk): Extension<Arc<Desk>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let t_secs = query
        .number("t")?
        .ok_or_else(|| ApiError::bad_request("parameter t is missing"))?;
    let width = query.number("w")?.unwrap_or(FRAME_WIDTH);
    let width = width.clamp(FRAME_WIDTHS.0, FRAME_WIDTHS.1) as usize;
    let opened = opened(&state, &desk, &id).await?;
    if t_secs >= opened.recording.info().duration_secs {
        return Err(ApiError::not_found("frame at that time"));
    }
    let permit = Arc::clone(&desk.decodes)
        .try_acquire_owned()
        .map_err(|_| ApiError::new(Kind::TooMany, "too many frames are being decoded"))?;
    let picture = blocking(state.config().limits.recording, move || {
        let picture = picture(&opened, t_secs, width);
        drop(permit);
        picture
    });
    let kind = HeaderValue::from_static("image/jpeg");
    Ok(([(CONTENT_TYPE, kind)], picture.await?).into_response())
}

fn picture(opened: &OpenRecording, t_secs: f64, width: usize) -> Result<Vec<u8>, ApiError> {
    let recording = &opened.recording;
    let info = recording.info();
    let options = ColourOptions {
        size: fit_inside((info.width, info.height), (width, MAX_SIDE)),
        matrix: Some(ColourMatrix::Bt601),
        full_range: true,
        threads: 0,
    };
    let index = recording.timeline().shown_at(t_secs);
    let unusable = |error: String| ApiError::unusable(format!("the frame cannot be decoded ({error})"));
    let frame = recording.colour_frames(&[index], &options).next();
    let frame = frame
        .ok_or_else(|| unusable("it is damaged".to_owned()))?
        .map_err(|error| unusable(error.to_string()))?;
    jpeg(&frame.picture).map_err(ApiError::internal)
}
