//! `mtbsync version`.

use serde_json::json;

use crate::session::Session;
use crate::summary::Outcome;

/// Prints the version.
pub fn run(session: &Session) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    session.printer.line(&format!("mtbsync version {version}"));
    Outcome::done(json!({ "version": version }))
}
