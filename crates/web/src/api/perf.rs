//! What runs cost: the records, their history as series, and the stream of new ones.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use mtbsync_quality::benchmark::perf_field;
use mtbsync_quality::perf::PERF_FILE;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock::now_unix;
use crate::error::ApiError;
use crate::http::query::Query;
use crate::http::sse::{self, Events};
use crate::runs::changes::ChangeId;
use crate::runs::{Catalogue, FoundFile, Scan};
use crate::state::AppState;

/// Most records in a list, and at the start of a stream.
const MAX_ITEMS: usize = 200;
/// Most fields of a history.
const MAX_FIELDS: usize = 32;
/// Series of the pages (docs/reference/http.md#reading).
const FIELDS: &str = "fps,cpu_pct,gpu_util,gpu_mem_mb,rss_mb";
/// How often a stream looks for changes; network folders tell nobody of theirs.
const POLL: Duration = Duration::from_millis(500);

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/perf", get(list))
        .route("/api/perf/history", get(series))
        .route("/api/perf/stream", get(stream))
}

/// Readable records of a scan, newest first.
fn records(catalogue: &Catalogue, found: &Scan, limit: usize) -> Vec<(FoundFile, Value)> {
    let readable = found
        .named(PERF_FILE)
        .into_iter()
        .filter_map(|file| Some((file.clone(), catalogue.perf(&file.path)?)));
    readable.take(limit).collect()
}

async fn list(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let read = |catalogue: &Catalogue| {
        let items: Vec<Value> = records(catalogue, &catalogue.scan(), MAX_ITEMS)
            .into_iter()
            .map(|(file, mut record)| {
                if let Some(object) = record.as_object_mut() {
                    object.insert("_path".to_owned(), Value::from(file.rel.as_str()));
                    object.insert("_mtime".to_owned(), Value::from(file.mtime()));
                }
                record
            })
            .collect();
        Ok(json!({ "count": items.len(), "items": items }))
    };
    state.look(read).await.map(Json)
}

async fn series(State(state): State<AppState>, query: Query) -> Result<Json<Value>, ApiError> {
    let limit = query.count("limit", 500, 1..=2000)?;
    let fields: Vec<String> = query
        .text("fields")
        .unwrap_or(FIELDS)
        .split(',')
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .take(MAX_FIELDS)
        .map(str::to_owned)
        .collect();
    let read = move |catalogue: &Catalogue| {
        let mut found = records(catalogue, &catalogue.scan(), limit);
        found.reverse();
        let items: Vec<Value> = found
            .iter()
            .map(|(file, record)| point(file, record, &fields))
            .collect();
        Ok(json!({ "count": items.len(), "items": items }))
    };
    state.look(read).await.map(Json)
}

fn point(file: &FoundFile, record: &Value, fields: &[String]) -> Value {
    let mut item = Map::new();
    item.insert("_path".to_owned(), Value::from(file.rel.as_str()));
    item.insert(
        "_ts".to_owned(),
        Value::from(ended(record).unwrap_or_else(|| file.mtime())),
    );
    for field in fields {
        item.insert(field.clone(), number(record, field));
    }
    Value::Object(item)
}

/// The end of a run as Unix seconds.
fn ended(record: &Value) -> Option<f64> {
    let ts = record.get("ts")?.as_str()?;
    let time = OffsetDateTime::parse(ts, &Rfc3339).ok()?;
    Some(time.unix_timestamp_nanos() as f64 / 1e9)
}

fn number(record: &Value, field: &str) -> Value {
    Some(perf_field(record, field))
        .filter(Value::is_number)
        .unwrap_or(Value::Null)
}

async fn stream(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let (events, response) = sse::open(&state)?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    tokio::spawn(follow(state, events, last.map(str::to_owned)));
    Ok(response)
}

/// What one look at the root brought: records with their numbers, oldest change first, and all there are.
#[derive(Default)]
struct PerfNews {
    news: Vec<(ChangeId, FoundFile, Value)>,
    all: Vec<ChangeId>,
}

fn look(catalogue: &Catalogue, limit: usize) -> PerfNews {
    let found = catalogue.scan();
    let mut news = records(catalogue, &found, limit);
    news.sort_by(|(a, _), (b, _)| a.modified.cmp(&b.modified).then_with(|| a.rel.cmp(&b.rel)));
    let number = |(file, record)| (catalogue.changes().id(&file), file, record);
    let mut news: Vec<_> = news.into_iter().map(number).collect();
    news.sort_by_key(|(id, ..)| id.number);
    PerfNews {
        news,
        all: found
            .named(PERF_FILE)
            .into_iter()
            .map(|file| catalogue.changes().id(file))
            .collect(),
    }
}

/// Sends what is there and then what changes, until the client or the server ends. `last` is what the client
/// has seen.
async fn follow(state: AppState, events: Events, last: Option<String>) {
    let mut stopping = state.stopping();
    let first = state.look(|catalogue| Ok(catalogue.changes().first())).await;
    let id = last
        .clone()
        .or_else(|| Some(first.ok()?.text()))
        .unwrap_or_default();
    if !events.send("init", &id, &json!({ "time": now_unix() })).await {
        return;
    }
    let mut sent: BTreeSet<u64> = BTreeSet::new();
    let mut is_first = true;
    while !events.is_closed() && !*stopping.borrow() {
        let limit = if is_first { MAX_ITEMS } else { usize::MAX };
        // An internal error here is no reason to end a stream: the next look may succeed.
        let PerfNews { news, all } = state
            .look(move |catalogue| Ok(look(catalogue, limit)))
            .await
            .unwrap_or_default();
        for (id, file, record) in news {
            let was_seen = is_first && last.as_deref().is_some_and(|last| id.is_seen(last));
            let is_new = sent.insert(id.number) && !was_seen;
            if is_new && !events.send("perf", &id.text(), &event(&file, &record)).await {
                return;
            }
        }
        if is_first {
            // Those left out at the start are old, not new.
            sent.extend(all.iter().map(|id| id.number));
        }
        is_first = false;
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = crate::stopping::stopped(&mut stopping) => {}
        }
    }
}

fn event(file: &FoundFile, record: &Value) -> Value {
    json!({
        "file": file.rel,
        "cmd": record.get("cmd"),
        "fps": number(record, "fps"),
        "wall": number(record, "total_sec"),
        "rss_mb": number(record, "rss_mb"),
        "cpu_pct": number(record, "cpu_pct"),
        "gpu_util": number(record, "gpu_util"),
        "gpu_mem_mb": number(record, "gpu_mem_mb"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_unix_seconds() {
        assert_eq!(ended(&json!({ "ts": "1970-01-01T00:01:00.5Z" })), Some(60.5));
        assert_eq!(ended(&json!({ "ts": "soon" })), None);
    }
}
