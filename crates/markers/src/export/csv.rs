//! `csv`: every exported marker with all its columns.

use mtbsync_formats::csv::CsvWriter;

use super::error::ExportError;
use super::job::Job;
use super::{Exporter, Written};

pub(super) struct CsvExporter;

impl Exporter for CsvExporter {
    fn write(&self, job: &Job<'_>) -> Result<Written, ExportError> {
        let mut writer = CsvWriter::new(&job.table.columns);
        for marker in &job.table.markers {
            writer.row(&marker.cells);
        }
        Ok(Written::one(writer.into_bytes(), job.table.markers.len()))
    }
}
