//! `csv` and `json`: every exported marker with all its columns, in JSON typed
//! (docs/reference/files.md#markers-as-json).

use mtbsync_formats::csv::CsvWriter;
use mtbsync_formats::json;
use serde_json::{Value, json};

use super::error::ExportError;
use super::job::{ExportJob, Written};
use crate::write::typed_object;

/// Label when none is given.
const DEFAULT_LABEL: &str = "markers";

pub(super) fn write_csv(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let mut writer = CsvWriter::new(&job.table.columns);
    for marker in &job.table.markers {
        writer.row(&marker.cells);
    }
    Ok(all_rows(job, writer.into_bytes()))
}

pub(super) fn write_json(job: &ExportJob<'_>) -> Result<Written, ExportError> {
    let markers = job.table.markers.iter();
    let markers: Vec<Value> = markers
        .map(|marker| typed_object(&job.table.columns, &marker.cells))
        .collect();
    let label = job.options.label.as_deref().unwrap_or(DEFAULT_LABEL);
    Ok(all_rows(
        job,
        json::to_vec(&json!({"label": label, "markers": markers}))?,
    ))
}

/// Rows are not placed on frames, so none is joined.
fn all_rows(job: &ExportJob<'_>, bytes: Vec<u8>) -> Written {
    Written {
        exported: job.table.markers.len(),
        ..job.written(bytes)
    }
}
