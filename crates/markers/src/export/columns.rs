//! `csv` and `json`: every exported marker with all its columns, in JSON typed
//! (docs/reference/files.md#markers-as-json).

use mtbsync_formats::csv::CsvWriter;
use mtbsync_formats::json;
use serde::Serialize;

use super::error::ExportError;
use super::input::ExportMarker;
use super::job::{ExportJob, Written};
use crate::write::{Lazily, typed_object};

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
    #[derive(Serialize)]
    struct Labelled<'a, M> {
        label: &'a str,
        markers: M,
    }
    let object = |marker: &ExportMarker| typed_object(&job.table.columns, &marker.cells);
    let labelled = Labelled {
        label: job.options.label.as_deref().unwrap_or(DEFAULT_LABEL),
        markers: Lazily(|| job.table.markers.iter().map(object)),
    };
    Ok(all_rows(job, json::to_vec(&labelled)?))
}

/// Rows are not placed on frames, so none is joined.
fn all_rows(job: &ExportJob<'_>, bytes: Vec<u8>) -> Written {
    Written {
        exported: job.table.markers.len(),
        ..job.written(bytes)
    }
}
