//! The pages and their assets. They are built by `web/` and part of the program; nothing is read from the
//! disk of the user, and in a development build a page built again shows at the next reload.

use std::borrow::Cow;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::config::Page;
use crate::error::ApiError;
use crate::http::etag;
use crate::state::AppState;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Assets carry a hash of their content in their name.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The page that starts jobs; no command starts with it.
const SYNC_PAGE: &str = "sync";
/// Pages change with the program: ask each time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Addresses of pages and assets.
pub fn router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/", get(start_page))
        .route("/index.html", get(start_page))
        .route("/assets/{*path}", get(asset))
        .route("/favicon.ico", get(|headers| root_file("favicon.ico", headers)))
        .route("/favicon.svg", get(|headers| root_file("favicon.svg", headers)));
    for page in Page::ALL.map(Page::name).into_iter().chain([SYNC_PAGE]) {
        router = router.route(
            &format!("/{page}"),
            get(move |headers: HeaderMap| show(page, headers)),
        );
    }
    router
}

async fn start_page(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    show(state.config().page.name(), headers).await
}

async fn show(page: &'static str, headers: HeaderMap) -> Result<Response, ApiError> {
    // One file per page, or one for all of them: the build decides.
    let file = Dist::get(&format!("{page}.html")).or_else(|| Dist::get("index.html"));
    let file = file.ok_or_else(|| ApiError::not_found("the pages are not in this build: page"))?;
    Ok(answer("text/html; charset=utf-8", file, REVALIDATE, &headers))
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let file = Dist::get(&format!("assets/{path}")).ok_or_else(|| ApiError::not_found("asset"))?;
    Ok(answer(content_type(&path), file, IMMUTABLE, &headers))
}

async fn root_file(name: &'static str, headers: HeaderMap) -> Result<Response, ApiError> {
    let file = Dist::get(name).ok_or_else(|| ApiError::not_found(name))?;
    Ok(answer(content_type(name), file, REVALIDATE, &headers))
}

fn answer(kind: &'static str, file: EmbeddedFile, caching: HeaderValue, headers: &HeaderMap) -> Response {
    let tag = etag::of_bytes(&file.data);
    let known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|given| etag::matches(given, &tag));
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, caching),
        (ETAG, tag),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let bytes = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (head, Body::from(bytes)).into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
