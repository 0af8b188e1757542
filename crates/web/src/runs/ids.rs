//! Ids of runs and recordings: short hashes, so that an address holds no path and stays the same after a
//! restart.

use super::Role;
use crate::http::etag;

/// Hex digits of a run's id (docs/reference/http.md#reading).
const RUN_DIGITS: usize = 12;
/// Hex digits of a recording's id (docs/reference/http.md#recordings).
const MEDIA_DIGITS: usize = 16;
/// Stands for the path of the run that was put together on the command line; no path below a root can be
/// this.
const COMMAND_LINE: &str = "//command line";

/// The id of the run at `rel` (`.` for the root itself).
pub fn run_id(rel: &str) -> String {
    etag::hex(rel.as_bytes(), RUN_DIGITS)
}

/// The id of the run whose files were named on the command line and lie outside the root.
pub fn command_line_id() -> String {
    run_id(COMMAND_LINE)
}

/// The id of one recording of a run.
pub fn media_id(run_id: &str, role: Role) -> String {
    etag::hex(format!("{run_id}{}", role.name()).as_bytes(), MEDIA_DIGITS)
}

/// The id of another file named on the command line, for `/api/inputs`.
pub fn input_id(name: &str) -> String {
    etag::hex(format!("{COMMAND_LINE}/{name}").as_bytes(), MEDIA_DIGITS)
}
