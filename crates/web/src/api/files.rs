//! The artefact list, and the files on it.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::guard::paths::RelPath;
use crate::http::file_response::send_file;
use crate::http::text::{attachment, percent_encoded_path};
use crate::runs::FoundFile;
use crate::runs::artefacts::content_type;
use crate::state::AppState;

const PREFIX: &str = "/files/";
/// Reports run their own script and nothing else, as a page of nobody.
const REPORT_POLICY: HeaderValue = HeaderValue::from_static("sandbox allow-scripts");

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/files", get(list))
        .route("/files/{*rel}", get(download))
}

/// Where a file of the list is downloaded.
pub(super) fn href(rel: &str) -> String {
    format!("{PREFIX}{}", percent_encoded_path(rel))
}

fn item(file: &FoundFile) -> Value {
    json!({ "name": file.rel, "href": href(&file.rel), "size": file.size, "mtime": file.mtime() })
}

async fn list(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    let found = state.look(|catalogue| Ok(catalogue.scan())).await?;
    let items: Vec<Value> = found.files.iter().map(item).collect();
    Ok(Json(json!({ "items": items, "truncated": found.truncated })))
}

async fn download(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    // The raw path: it is decoded here, once.
    let rel = RelPath::encoded(uri.path().strip_prefix(PREFIX).unwrap_or_default())?;
    let found = state.look(|catalogue| Ok(catalogue.scan())).await?;
    let file = found
        .find(rel.as_str())
        .ok_or_else(|| ApiError::not_found("file"))?;
    let kind = content_type(file.name());
    let mut response = send_file(&file.path, HeaderValue::from_static(kind), &headers).await?;
    let is_html = kind.starts_with("text/html");
    let head = response.headers_mut();
    if is_html {
        head.insert(CONTENT_SECURITY_POLICY, REPORT_POLICY);
    } else if kind != "image/png" {
        head.insert(CONTENT_DISPOSITION, attachment(file.name()));
    }
    Ok(response)
}
