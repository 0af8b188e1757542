//! Moments pinned by hand, and the map fitted again through them (docs/reference/http.md#notes-and-anchors).

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use axum::routing::get;
use mtbsync_artefacts::anchors::{ANCHORS_FILE, AnchorRow, read_rows, rows_csv, sorted_rows};
use mtbsync_artefacts::pairs::PAIRS_FILE;
use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::sample::sample;
use mtbsync_artefacts::time_warp::TIMEWARP_FILE;
use mtbsync_formats::is_moment;
use mtbsync_pipeline::map::refit::refit;
use mtbsync_task::files::exists;
use serde_json::{Value, json};

use super::annotations::run_of;
use crate::error::{ApiError, Kind};
use crate::http::body::{self, MAX_BODY_BYTES};
use crate::http::etag;
use crate::http::query::Query;
use crate::http::tagged::{ItemList, Tagged, answer, check_match};
use crate::runs::Run;
use crate::state::AppState;

/// Most anchors of a run.
const MAX_ITEMS: usize = 5000;
/// Longest note, characters.
const MAX_NOTE: usize = 4000;
/// Points of the map in the answer.
const WARP_POINTS: usize = 500;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/api/anchors", get(read).put(replace))
}

async fn read(State(state): State<AppState>, query: Query) -> Result<Response, ApiError> {
    let run = run_of(&state, &query).await?;
    let (rows, tag) = state
        .look(move |_| {
            let path = run.folder()?.join(ANCHORS_FILE);
            Ok((stored(&path)?, Tagged::read(&path)?.tag))
        })
        .await?;
    Ok(answer(json!(rows), tag, []))
}

/// The anchors on the disk, as written; none without the file.
fn stored(path: &Path) -> Result<Vec<AnchorRow>, ApiError> {
    if !exists(path)? {
        return Ok(Vec::new());
    }
    Ok(read_rows(path)?)
}

async fn replace(
    State(state): State<AppState>,
    query: Query,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let is_dry = query.flag("dry_run");
    if !is_dry {
        state.needs_annotate()?;
    }
    let run = run_of(&state, &query).await?;
    if !is_dry && state.jobs().is_busy_in(run.folder()?) {
        return Err(ApiError::new(Kind::RunBusy, "a job is writing this run"));
    }
    let headers = request.headers().clone();
    let ItemList { items } = body::json(request, MAX_BODY_BYTES).await?;
    let rows = ordered(&items)?;
    if is_dry {
        let done = state.look(move |_| fit(&run, rows)).await?;
        return Ok(done.answer());
    }
    let done = state
        .while_writing(move |awaited, _| {
            let lock = RunLock::wait(run.folder()?);
            awaited.check()?;
            let path = run.folder()?.join(ANCHORS_FILE);
            let tag = Tagged::read(&path)?.tag;
            // A file that is no table any more may be replaced by who has seen its tag.
            check_match(&headers, &tag, || json!(stored(&path).unwrap_or_default()))?;
            let done = fit(&run, rows)?;
            done.refit.write(&lock).map_err(ApiError::internal)?;
            Ok(Done {
                tag: etag::of_bytes(&rows_csv(&done.rows)),
                ..done
            })
        })
        .await?;
    Ok(done.answer())
}

/// A run with its anchors, and the tag of the anchors on the disk.
struct Done {
    rows: Vec<AnchorRow>,
    tag: HeaderValue,
    refit: mtbsync_pipeline::map::refit::Refit,
}

impl Done {
    fn answer(&self) -> Response {
        let warp = sample(&self.refit.file, (None, None), WARP_POINTS);
        let more = [
            ("warp", json!(warp)),
            ("markers_changed", json!(self.refit.changed)),
            ("doubts", json!(self.refit.doubts)),
        ];
        answer(json!(self.rows), self.tag.clone(), more)
    }
}

fn fit(run: &Run, rows: Vec<AnchorRow>) -> Result<Done, ApiError> {
    let folder = run.folder()?;
    let is_whole = [TIMEWARP_FILE, PAIRS_FILE]
        .iter()
        .all(|name| folder.join(name).is_file());
    if !is_whole {
        return Err(ApiError::unusable(format!(
            "anchors need {TIMEWARP_FILE} and {PAIRS_FILE} in the folder of the run"
        )));
    }
    let tag = Tagged::read(&folder.join(ANCHORS_FILE))?.tag;
    Ok(Done {
        refit: refit(folder, rows.clone())?,
        rows,
        tag,
    })
}

/// The anchors in order, each of them possible beside the others.
fn ordered(items: &[AnchorRow]) -> Result<Vec<AnchorRow>, ApiError> {
    if items.len() > MAX_ITEMS {
        return Err(ApiError::new(
            Kind::BodyTooLarge,
            format!("more than {MAX_ITEMS} anchors"),
        ));
    }
    for (index, item) in items.iter().enumerate() {
        let is_time = |time: f64| is_moment(time) && time >= 0.0;
        if !is_time(item.t_new) || !is_time(item.t_ref) || item.note.chars().count() > MAX_NOTE {
            let text = format!(
                "anchor {}: times are seconds from 0 to 7 days; notes have at most 4000 characters",
                index + 1
            );
            return Err(ApiError::bad_request(text));
        }
    }
    // Files keep six decimals.
    let rounded = |secs: f64| (secs * 1e6).round() / 1e6;
    let rows: Vec<AnchorRow> = items
        .iter()
        .map(|item| AnchorRow {
            t_new: rounded(item.t_new),
            t_ref: rounded(item.t_ref),
            note: item.note.clone(),
        })
        .collect();
    sorted_rows(&rows).map_err(|pair| {
        let shown = |index: usize| {
            let item = items.get(index).cloned().unwrap_or_default();
            format!("{} (new {:.3} s, reference {:.3} s)", index + 1, item.t_new, item.t_ref)
        };
        ApiError::unusable(format!(
            "anchors {} and {} contradict each other: a later moment of the new run must lie later in the reference",
            shown(pair.first),
            shown(pair.second)
        ))
        .with("anchors", Value::from(vec![pair.first, pair.second]))
    })
}
