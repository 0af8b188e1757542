//! The time of day, for what the server records. Nothing is computed from it.

use std::time::SystemTime;

use mtbsync_task::clock;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::runs::scan::unix_secs;

/// As in the name of an export (docs/reference/files.md#annotationsjson).
const FOR_NAMES: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]_[hour][minute][second]");

/// Now, UTC, for file names.
pub fn now_for_names() -> String {
    clock::now().format(FOR_NAMES).unwrap_or_default()
}

/// Now, Unix seconds.
pub fn now_unix() -> f64 {
    unix_secs(SystemTime::now())
}
