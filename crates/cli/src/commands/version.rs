//! `mtbsync version`.

use serde_json::json;

use crate::printer::Mode;
use crate::session::Session;
use crate::summary::Outcome;

/// Prints the version.
pub fn run(session: &Session) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    // The version is what was asked for, so --quiet does not silence it.
    if session.printer.mode() != Mode::Json {
        session
            .printer
            .data(format!("mtbsync version {version}\n").as_bytes());
    }
    Outcome::done(json!({ "version": version }))
}
