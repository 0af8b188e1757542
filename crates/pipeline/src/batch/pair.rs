//! One pair of a batch: an ordinary `sync`, fenced in. Whatever goes wrong becomes the pair's row.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use mtbsync_formats::json;
use mtbsync_quality::batch_summary::BatchRow;
use mtbsync_quality::perf::{PERF_FILE, Perf, PerfPair, Timings};

use super::pairing::PlannedPair;
use super::record::{self, Metrics, Record};
use super::run::BatchRequest;
use crate::describe::absolute;
use crate::error::{Failure, PipelineError};
use crate::gps::{TrackOffset, TrackRequest};
use crate::index::prepare_folder;
use crate::progress::Context;
use crate::resources::Resources;
use crate::source::write_files;
use crate::sync::{RunName, SyncReport, SyncRequest, sync};

/// End of the name of a file that was being written when the program was killed.
const LEFTOVER_SUFFIX: &str = ".mtbsync-tmp";

/// A pair that is done, well or badly.
pub struct Finished {
    /// Its row of the summary.
    pub row: BatchRow,
    /// Its note; `None` for a failed pair.
    pub record: Option<Record>,
    /// Nothing had to be done.
    pub resumed: bool,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// Does one pair, or finds it done.
///
/// # Errors
/// Only an interruption; everything else is in the row.
pub fn run(
    pair: &PlannedPair,
    batch: &BatchRequest,
    context: &Context<'_>,
) -> Result<Finished, PipelineError> {
    let (begun, resources) = (Instant::now(), Resources::start());
    let folder = batch.pairing.out_dir.join(&pair.name);
    let request = request_of(pair, batch, &folder);
    let key = record::key(&request, context.force);
    if batch.resume
        && let Some(record) = key.as_deref().and_then(|key| Record::finished(&folder, key))
    {
        let row = with_paths(record.row.clone(), pair, &folder);
        return Ok(Finished {
            row,
            record: Some(record),
            resumed: true,
            warnings: Vec::new(),
        });
    }
    Record::forget(&folder);
    remove_leftovers(&folder);
    let result = catch_unwind(AssertUnwindSafe(|| sync(&request, context))).unwrap_or_else(|panic| {
        Err(PipelineError::new(format!(
            "internal error: {}",
            text_of(&*panic)
        )))
    });
    let done = result.and_then(|report| {
        // What a pair cost, and whether a track took part, is in the telemetry that `sync` wrote.
        let perf: Perf = json::read(&folder.join(PERF_FILE)).unwrap_or_default();
        let row = with_paths(row_of(&report, perf.gps_used), pair, &folder);
        let metrics = Metrics::of(&report, &perf);
        let record = match key {
            Some(key) => Record::new(key, row.clone(), metrics, &report)?,
            None => return Err(PipelineError::new("an input changed while it was read")),
        };
        record.write(&folder)?;
        let mut warnings = report.warnings.clone();
        let registered = context
            .cache
            .as_ref()
            .map(|cache| cache.register_run("batch_item", &report, &context.now_utc));
        warnings.extend(
            registered
                .and_then(Result::err)
                .map(|error| format!("run not registered: {error}")),
        );
        Ok((row, record, warnings))
    });
    match done {
        Ok((row, record, warnings)) => Ok(Finished {
            row,
            record: Some(record),
            resumed: false,
            warnings,
        }),
        Err(error) if error.failure == Failure::Interrupted || context.cancel.is_requested() => {
            Err(PipelineError::interrupted())
        }
        Err(error) => {
            let total_sec = begun.elapsed().as_secs_f64();
            let row = BatchRow {
                ok: false,
                error: Some(one_line(&error)),
                total_sec: Some(total_sec),
                ..with_paths(BatchRow::default(), pair, &folder)
            };
            let used = resources.so_far();
            let perf = Perf {
                ok: false,
                cmd: "batch_item".to_owned(),
                out: absolute(&folder),
                pair: PerfPair {
                    reference: absolute(&pair.reference),
                    new: absolute(&pair.new),
                },
                timings: Timings {
                    total_sec: Some(total_sec),
                    ..Timings::default()
                },
                cpu_pct: used.cpu_pct,
                rss_mb: used.rss_mb,
                error: row.error.clone(),
                ts: context.now_utc.clone(),
                ..Perf::default()
            };
            let warnings = write_perf(&folder, &perf).err().map(|e| e.to_string());
            Ok(Finished {
                row,
                record: None,
                resumed: false,
                warnings: warnings.into_iter().collect(),
            })
        }
    }
}

fn request_of(pair: &PlannedPair, batch: &BatchRequest, folder: &Path) -> SyncRequest {
    let mut matching = batch.each.matching.clone();
    matching.gps.reference = matching
        .gps
        .reference
        .or_else(|| track_of(pair.ref_track.as_ref()));
    matching.gps.new = matching.gps.new.or_else(|| track_of(pair.new_track.as_ref()));
    SyncRequest {
        matching,
        reference: pair.reference.clone(),
        new: pair.new.clone(),
        index: None,
        out: Some(folder.to_owned()),
        root: None,
        ref_markers: pair.ref_markers.clone(),
        // The history belongs to the whole batch and is written in its order.
        regression: None,
        run: RunName::Batch(pair.name.clone()),
        ..batch.each.clone()
    }
}

fn track_of(path: Option<&PathBuf>) -> Option<TrackRequest> {
    path.map(|path| TrackRequest {
        path: path.clone(),
        offset: TrackOffset::Auto,
    })
}

fn row_of(report: &SyncReport, gps_used: bool) -> BatchRow {
    let counts = report.markers;
    let timings = &report.timings;
    BatchRow {
        ok: true,
        gps_used: Some(gps_used),
        timewarp_ok: Some(report.ok),
        candidates_kept: Some(report.pairs_kept as u64),
        candidates_total: Some(report.pairs_raw as u64),
        markers_written: counts.map(|c| (c.ok + c.review + c.outside) as u64),
        retrieval_sec: Some(timings.retrieval_sec),
        warp_sec: Some(timings.warp_sec),
        markers_sec: counts.map(|_| timings.markers_sec),
        total_sec: Some(timings.total_sec),
        ppm: report.ppm,
        p90: report.p90,
        inlier_frac: Some(report.inlier_frac),
        coverage: Some(report.coverage),
        markers_review: counts.map(|c| c.review as u64),
        markers_outside: counts.map(|c| c.outside as u64),
        reasons: report.reasons.clone(),
        ..BatchRow::default()
    }
}

fn with_paths(row: BatchRow, pair: &PlannedPair, folder: &Path) -> BatchRow {
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    BatchRow {
        ref_video: text(&pair.reference),
        new_video: text(&pair.new),
        out_dir: folder.to_string_lossy().into_owned(),
        ..row
    }
}

fn write_perf(folder: &Path, perf: &Perf) -> Result<(), PipelineError> {
    prepare_folder(folder)?;
    let bytes = json::to_vec(perf).map_err(|error| PipelineError::new(error.to_string()))?;
    write_files(&[(&folder.join(PERF_FILE), &bytes)])
}

/// Removes what a killed run was writing. The batch holds the lock of its output folder, so nobody is writing now.
pub fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(LEFTOVER_SUFFIX) {
            // Litter is no reason to fail.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What and where, without the advice: a cell of a table.
fn one_line(error: &PipelineError) -> String {
    let text = match &error.file {
        Some(file) => format!("{}: {}", error.what, file.display()),
        None => error.what.clone(),
    };
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}
