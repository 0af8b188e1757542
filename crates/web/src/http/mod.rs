//! Pieces of HTTP that several handlers need: entity tags, files with ranges, bounded bodies.

pub mod body;
pub mod etag;
pub mod file_response;
pub mod patience;
pub mod query;
pub mod sse;
pub mod tagged;
pub mod text;
