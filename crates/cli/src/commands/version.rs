//! `mtbsync version`.

use serde_json::json;

use crate::printer::Mode;
use crate::session::Session;
use crate::summary::Outcome;

/// What of others is inside the program.
const THIRD_PARTY: &str = include_str!("../../../../THIRD_PARTY.md");
/// The licence that has to go with the network.
const MODEL_LICENCE: &str = include_str!("../../../vision/models/LICENSE-APACHE-2.0.txt");

/// The version; with `-v` also whose work is in the program, with `-vv` the licence of the network as well.
pub fn text(verbosity: u8) -> String {
    let mut text = format!("mtbsync version {}\n", env!("CARGO_PKG_VERSION"));
    if verbosity > 0 {
        text.push('\n');
        text.push_str(THIRD_PARTY);
    }
    if verbosity > 1 {
        text.push('\n');
        text.push_str(MODEL_LICENCE);
    }
    text
}

/// Prints the version.
pub fn run(session: &Session) -> Outcome {
    // The version is what was asked for, so --quiet does not silence it.
    if session.printer.mode() != Mode::Json {
        session.printer.data(text(session.printer.verbosity()).as_bytes());
    }
    Outcome::done(json!({ "version": env!("CARGO_PKG_VERSION") }))
}
