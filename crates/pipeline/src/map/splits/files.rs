//! The files of `splits`: the table of sections, the continuous delta, its picture.

use mtbsync_formats::atomic::Replaces;
use std::path::Path;

use mtbsync_formats::csv::{CsvWriter, seconds6};
use mtbsync_plot::delta::{DeltaPlot, DeltaPoint, DeltaRun};
use mtbsync_task::error::PipelineError;

use super::{DeltaRow, SplitsTable};
use crate::map::error::MapProblem;

/// The continuous delta of one run.
pub(super) struct DeltaCurve {
    /// The reference it is against.
    pub reference: String,
    /// The run.
    pub name: String,
    /// Its points.
    pub rows: Vec<DeltaRow>,
}

/// Knows a table of sections.
pub(super) const OWN_SECTIONS: Replaces = Replaces::own(|ends| ends.has_header("run,section,from_marker,"));
/// Knows a table of the continuous delta.
pub(super) const OWN_DELTA: Replaces = Replaces::own(|ends| ends.has_header("run,t_ref,t_new,delta,"));

/// The table of the sections: all runs of each reference.
pub(super) fn splits_csv(tables: &[SplitsTable]) -> Vec<u8> {
    let mut csv = CsvWriter::new(&[
        "run",
        "section",
        "from_marker",
        "to_marker",
        "t_ref_from",
        "t_ref_to",
        "t_new_from",
        "t_new_to",
        "ref_time",
        "new_time",
        "delta",
        "delta_low",
        "delta_high",
        "delta_cumulative",
        "status",
        "reference",
    ]);
    let runs = tables
        .iter()
        .flat_map(|table| table.runs.iter().map(move |run| (&table.reference, run)));
    for (reference, run) in runs {
        let numbered = run
            .sections
            .iter()
            .enumerate()
            .map(|(k, s)| ((k + 1).to_string(), s));
        for (name, section) in numbered.chain(run.total.iter().map(|total| ("total".to_owned(), total))) {
            csv.row(&[
                run.name.clone(),
                name,
                section.gates.0.clone(),
                section.gates.1.clone(),
                seconds6(section.t_ref_secs.0),
                seconds6(section.t_ref_secs.1),
                cell(section.t_new_secs.map(|t| t.0)),
                cell(section.t_new_secs.map(|t| t.1)),
                seconds6(section.ref_secs()),
                cell(section.new_secs()),
                cell(section.delta.map(|d| d.0)),
                cell(section.delta.map(|d| d.1)),
                cell(section.delta.map(|d| d.2)),
                cell(section.delta_cumulative),
                section.status.to_owned(),
                reference.clone(),
            ]);
        }
    }
    csv.into_bytes()
}

/// The continuous delta: the curves of each reference.
pub(super) fn delta_csv(curves: &[DeltaCurve]) -> Vec<u8> {
    let columns = [
        "run",
        "t_ref",
        "t_new",
        "delta",
        "delta_low",
        "delta_high",
        "reference",
    ];
    let mut csv = CsvWriter::new(&columns);
    for DeltaCurve {
        reference,
        name,
        rows,
    } in curves
    {
        for row in rows {
            csv.row(&[
                name.clone(),
                seconds6(row.t_ref_secs),
                cell(row.known.map(|k| k.0)),
                cell(row.known.map(|k| k.1)),
                cell(row.known.map(|k| k.2)),
                cell(row.known.map(|k| k.3)),
                reference.clone(),
            ]);
        }
    }
    csv.into_bytes()
}

fn cell(value: Option<f64>) -> String {
    value.map(seconds6).unwrap_or_default()
}

/// The picture of the curves of one reference; SVG by the suffix of `path`, else PNG.
pub(super) fn picture(path: &Path, curves: &[&DeltaCurve]) -> Result<Vec<u8>, PipelineError> {
    let point = |row: &DeltaRow| {
        let (_, delta, low, high) = row.known.unwrap_or((f64::NAN, f64::NAN, f64::NAN, f64::NAN));
        DeltaPoint {
            t_ref: row.t_ref_secs,
            delta,
            low,
            high,
        }
    };
    let plot = DeltaPlot {
        title: "Time against the reference".to_owned(),
        runs: curves
            .iter()
            .map(|curve| DeltaRun {
                name: curve.name.clone(),
                points: curve.rows.iter().map(point).collect(),
            })
            .collect(),
        size: mtbsync_plot::DEFAULT_SIZE,
    };
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("svg")) {
        return Ok(plot.svg().into_bytes());
    }
    plot.png()
        .map_err(|error| PipelineError::from(MapProblem::Plot(error)).at(path))
}
