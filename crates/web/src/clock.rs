//! The time of day, for what the server records. Nothing is computed from it.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::runs::scan::unix_secs;

/// As in the name of an export (docs/reference/files.md#annotationsjson).
const FOR_NAMES: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]_[hour][minute][second]");

/// Now, UTC, RFC 3339.
pub fn now_utc() -> String {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0)
        .unwrap_or(now)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// Now, UTC, for file names.
pub fn now_for_names() -> String {
    OffsetDateTime::now_utc().format(FOR_NAMES).unwrap_or_default()
}

/// Now, Unix seconds.
pub fn now_unix() -> f64 {
    unix_secs(SystemTime::now())
}
