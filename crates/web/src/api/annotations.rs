//! Notes on the markers of a run (docs/reference/http.md#notes-and-anchors).

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mtbsync_artefacts::annotations::{self, ANNOTATIONS_FILE, Annotation};
use mtbsync_artefacts::moments;
use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::time_warp::TimeWarpFile;
use mtbsync_formats::is_moment;
use mtbsync_pipeline::map::refit::write_notes;
use mtbsync_task::clock::now_utc;
use serde_json::json;

use crate::clock::now_for_names;
use crate::error::{ApiError, Kind};
use crate::http::body::{self, MAX_NOTES_BYTES};
use crate::http::etag;
use crate::http::query::Query;
use crate::http::tagged::{ItemList, Tagged, answer, check_match};
use crate::http::text::attachment;
use crate::runs::Run;
use crate::runs::describe::read_timewarp;
use crate::state::AppState;

/// Most notes of a run.
const MAX_ITEMS: usize = 5000;
/// Longest id and label, characters.
const MAX_WORD: usize = 200;
/// Longest note, characters.
const MAX_NOTE: usize = 4000;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/annotations", get(read).put(replace))
        .route("/api/annotations/export", get(export))
}

/// The run that `?run=` names.
pub(super) async fn run_of(state: &AppState, query: &Query) -> Result<Run, ApiError> {
    let id = query
        .text("run")
        .ok_or_else(|| ApiError::bad_request("parameter run is missing"))?;
    state.run(id).await
}

fn parsed(file: &Tagged) -> Result<Vec<Annotation>, ApiError> {
    file.bytes
        .as_deref()
        .map_or(Ok(Vec::new()), |bytes| Ok(annotations::parse(bytes)?))
}

async fn read(State(state): State<AppState>, query: Query) -> Result<Response, ApiError> {
    let run = run_of(&state, &query).await?;
    let (items, tag) = state
        .look(move |_| {
            let file = Tagged::read(&run.folder()?.join(ANNOTATIONS_FILE))?;
            Ok((parsed(&file)?, file.tag))
        })
        .await?;
    Ok(answer(json!(items), tag, []))
}

async fn replace(
    State(state): State<AppState>,
    query: Query,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    state.needs_annotate()?;
    let run = run_of(&state, &query).await?;
    let headers = request.headers().clone();
    let ItemList { mut items } = body::json(request, MAX_NOTES_BYTES).await?;
    check(&items)?;
    let (items, tag) = state
        .while_writing(move |awaited, _| {
            let lock = RunLock::wait(run.folder()?);
            awaited.check()?;
            let path = run.folder()?.join(ANNOTATIONS_FILE);
            let file = Tagged::read(&path)?;
            let before = parsed(&file)?;
            check_match(&headers, &file.tag, || json!(before))?;
            let map = run.timewarp.as_deref().and_then(|path| read_timewarp(path).ok());
            check_ends(map.as_ref(), &items, &before)?;
            complete(&run, map.as_ref(), &mut items, &before);
            // The table of markers says the same at once, so that whoever reads it next is right.
            write_notes(&lock, run.folder()?, &before, &items).map_err(ApiError::internal)?;
            let bytes = annotations::to_json(&items).map_err(ApiError::internal)?;
            Ok((items, etag::of_bytes(&bytes)))
        })
        .await?;
    Ok(answer(json!(items), tag, []))
}

/// What the server knows better than the page. A run whose map or table is damaged only gives no differences.
fn complete(run: &Run, map: Option<&TimeWarpFile>, items: &mut [Annotation], before: &[Annotation]) {
    let table = run.markers.as_deref().and_then(|path| moments::read(path).ok());
    annotations::complete(items, before, &table.unwrap_or_default(), map, &now_utc());
}

/// Refuses new moments beyond the end of the recording, where it is known.
fn check_ends(
    map: Option<&TimeWarpFile>,
    items: &[Annotation],
    before: &[Annotation],
) -> Result<(), ApiError> {
    let Some(end_secs) = map.and_then(|map| map.new.as_ref()).map(|new| new.duration) else {
        return Ok(());
    };
    let is_beyond = |item: &&Annotation| item.t_new.is_some_and(|secs| end_secs > 0.0 && secs > end_secs);
    let is_known = |item: &&Annotation| !before.iter().any(|old| old.t_new == item.t_new);
    match items.iter().find(|item| is_beyond(item) && is_known(item)) {
        Some(item) => Err(ApiError::bad_request(format!(
            "{:.2} s is after the end of the new recording ({end_secs:.2} s)",
            item.t_new.unwrap_or_default()
        ))),
        None => Ok(()),
    }
}

fn check(items: &[Annotation]) -> Result<(), ApiError> {
    if items.len() > MAX_ITEMS {
        return Err(ApiError::new(
            Kind::BodyTooLarge,
            format!("more than {MAX_ITEMS} notes"),
        ));
    }
    let mut markers = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let wrong = |what: &str| ApiError::bad_request(format!("note {}: {what}", index + 1));
        let id = item.marker_id.as_deref();
        let is_long = |text: &str, limit: usize| text.chars().count() > limit;
        if is_long(id.unwrap_or_default(), MAX_WORD) || is_long(&item.label, MAX_WORD) {
            return Err(wrong("marker_id and label have at most 200 characters"));
        }
        if is_long(&item.note, MAX_NOTE) {
            return Err(wrong("note has at most 4000 characters"));
        }
        let times = [item.t_ref, item.t_new];
        if times
            .into_iter()
            .flatten()
            .any(|time| !is_moment(time) || time < 0.0)
        {
            return Err(wrong("times are seconds from 0 to 7 days"));
        }
        // Ids of markers need not be unique; together with the place in the reference they are.
        let place = item.t_ref.map(f64::to_bits);
        if id.is_some_and(|id| !markers.insert((id, place))) {
            return Err(wrong("this marker has a note already"));
        }
    }
    Ok(())
}

async fn export(State(state): State<AppState>, query: Query) -> Result<Response, ApiError> {
    let is_csv = match query.text("format").unwrap_or("csv") {
        "csv" => true,
        "json" => false,
        _ => return Err(ApiError::bad_request("format is csv or json")),
    };
    let run = run_of(&state, &query).await?;
    let items = state
        .look(move |_| parsed(&Tagged::read(&run.folder()?.join(ANNOTATIONS_FILE))?))
        .await?;
    let (bytes, suffix, kind) = if is_csv {
        (annotations::to_csv(&items), "csv", "text/csv; charset=utf-8")
    } else {
        let bytes = annotations::to_json(&items).map_err(ApiError::internal)?;
        (bytes, "json", "application/json")
    };
    let name = format!("annotations_{}.{suffix}", now_for_names());
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, attachment(&name)),
    ];
    Ok((head, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(id: &str, t_ref: Option<f64>) -> Annotation {
        Annotation {
            marker_id: Some(id.to_owned()),
            t_ref,
            ..Annotation::default()
        }
    }

    #[test]
    fn limits_count_characters_and_name_the_note() {
        let long = |count| "\u{e9}".repeat(count);
        assert!(check(&[about(&long(200), None)]).is_ok());
        let error = check(&[about("a", None), about(&long(201), None)]).unwrap_err();
        assert!(error.to_string().starts_with("note 2:"), "{error}");
        let note = Annotation {
            note: long(4001),
            ..Annotation::default()
        };
        assert!(check(&[note]).is_err());
        assert!(check(&[about("a", Some(-1.0))]).is_err() && check(&[about("a", Some(f64::NAN))]).is_err());
        assert_eq!(
            check(&vec![Annotation::default(); 5001]).unwrap_err().kind(),
            Kind::BodyTooLarge
        );
    }

    #[test]
    fn one_note_per_marker_and_any_number_of_free_ones() {
        assert!(check(&[about("a", Some(1.0)), about("a", Some(2.0))]).is_ok());
        assert!(check(&[about("a", Some(1.0)), about("a", Some(1.0))]).is_err());
        assert!(check(&vec![Annotation::default(); 3]).is_ok());
    }
}
