//! `json`: every exported marker with all its columns, typed (docs/reference/files.md#markers-as-json).

use mtbsync_formats::json;
use serde_json::{Value, json};

use super::error::ExportError;
use super::job::Job;
use super::{Exporter, Written};
use crate::write::typed_object;

/// Label when none is given.
const DEFAULT_LABEL: &str = "markers";

pub(super) struct JsonExporter;

impl Exporter for JsonExporter {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let markers: Vec<Value> = job
            .table
            .markers
            .iter()
            .map(|marker| typed_object(&job.table.columns, &marker.cells))
            .collect();
        let label = job.options.label.as_deref().unwrap_or(DEFAULT_LABEL);
        let bytes = json::to_vec(&json!({"label": label, "markers": markers})).map_err(|error| {
            ExportError::Unwritable {
                reason: error.to_string(),
            }
        })?;
        Ok(Written::one(bytes, job.table.markers.len()))
    }
}
