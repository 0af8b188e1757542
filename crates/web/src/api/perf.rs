//! What runs cost: the records, their history as series, and the stream of new ones.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

use crate::error::ApiError;
use crate::http::etag;
use crate::http::query::Query;
use crate::http::sse::{self, Events};
use crate::runs::scan::unix_secs;
use crate::runs::{Catalogue, FoundFile};
use crate::state::AppState;

/// Most records in a list, and at the start of a stream.
const MAX_ITEMS: usize = 200;
/// Most fields of a history.
const MAX_FIELDS: usize = 32;
/// Series of the pages (http.md section 4).
const FIELDS: &str = "fps,cpu_pct,gpu_util,gpu_mem_mb,rss_mb";
/// How often a stream looks for changes; network folders tell nobody of theirs.
const POLL: Duration = Duration::from_millis(500);
/// Hex digits that tell apart files changed in the same moment.
const ID_DIGITS: usize = 12;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/perf", get(list))
        .route("/api/perf/history", get(series))
        .route("/api/perf/stream", get(stream))
}

/// Readable records, newest first.
fn records(catalogue: &Catalogue, limit: usize) -> Vec<(FoundFile, Value)> {
    let found = catalogue.scan();
    let readable = found
        .named(PERF_FILE)
        .into_iter()
        .filter_map(|file| Some((file.clone(), catalogue.perf(&file.path).as_ref().clone()?)));
    readable.take(limit).collect()
}

async fn list(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let read = |catalogue: &Catalogue| {
        let items: Vec<Value> = records(catalogue, MAX_ITEMS)
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
        let mut found = records(catalogue, limit);
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
    let last = headers
        .get("last-event-id")
        .and_then(|id| Place::parse(id.to_str().ok()?))
        .unwrap_or_default();
    tokio::spawn(follow(state, events, last));
    Ok(response)
}

/// Where a record stands in the order of changes: time in nanoseconds, then a hash of its path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    nanos: u128,
    path: String,
}

impl Place {
    fn of(file: &FoundFile) -> Self {
        let age = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            nanos: age.as_nanos(),
            path: etag::hex(file.rel.as_bytes(), ID_DIGITS),
        }
    }

    fn parse(id: &str) -> Option<Self> {
        let (nanos, path) = id.split_once('-')?;
        Some(Self {
            nanos: nanos.parse().ok()?,
            path: path.to_owned(),
        })
    }

    fn id(&self) -> String {
        format!("{}-{}", self.nanos, self.path)
    }
}

/// Sends what is there and then what changes, until the client or the server ends.
async fn follow(state: AppState, events: Events, last: Place) {
    let mut stopping = state.stopping();
    let begun = json!({ "time": unix_secs(SystemTime::now()) });
    if !events.send("init", &last.id(), &begun).await {
        return;
    }
    let mut sent: BTreeMap<String, (SystemTime, u64)> = BTreeMap::new();
    let mut is_first = true;
    while !events.is_closed() && !*stopping.borrow() {
        let limit = if is_first { MAX_ITEMS } else { usize::MAX };
        // An internal error here is no reason to end a stream: the next look may succeed.
        let mut found = state
            .look(move |catalogue| Ok(records(catalogue, limit)))
            .await
            .unwrap_or_default();
        found.sort_by_cached_key(|(file, _)| Place::of(file));
        for (file, record) in found {
            let stamp = (file.modified, file.size);
            if sent.insert(file.rel.clone(), stamp) == Some(stamp) {
                continue;
            }
            let place = Place::of(&file);
            let was_seen = is_first && place <= last;
            if !was_seen && !events.send("perf", &place.id(), &event(&file, &record)).await {
                return;
            }
        }
        if is_first {
            // Those left out at the start are old, not new.
            let all = state.look(|catalogue| Ok(catalogue.scan())).await;
            for file in all.iter().flat_map(|found| found.named(PERF_FILE)) {
                sent.entry(file.rel.clone()).or_insert((file.modified, file.size));
            }
        }
        is_first = false;
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = crate::server::stopped(&mut stopping) => {}
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
    fn places_survive_their_text() {
        let place = Place {
            nanos: 12,
            path: "ab".to_owned(),
        };
        assert_eq!(Place::parse(&place.id()), Some(place.clone()));
        assert!(Place::default() < place && Place::parse("x-1").is_none() && Place::parse("1").is_none());
    }

    #[test]
    fn times_are_unix_seconds() {
        assert_eq!(ended(&json!({ "ts": "1970-01-01T00:01:00.5Z" })), Some(60.5));
        assert_eq!(ended(&json!({ "ts": "soon" })), None);
    }
}
