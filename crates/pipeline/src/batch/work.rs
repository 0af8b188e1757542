//! The other side of a batch: what the process of one pair does.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::sweep;
use mtbsync_formats::json;
use mtbsync_index::describe;
use mtbsync_index::tracks::{TrackOffset, TrackRequest};
use mtbsync_quality::batch_summary::BatchRow;
use mtbsync_quality::perf::{PERF_FILE, Perf};
use mtbsync_task::error::{Failure, PipelineError, TaskProblem};

use super::error::BatchProblem;
use super::lock::join_crew;
use super::pair::{Finished, with_paths};
use super::pairing::PlannedPair;
use super::record::{self, Metrics, Record};
use super::run::BatchRequest;
use super::wire::{Line, Message, PairJob, PairTask, Reply};
use crate::context::Context;
use crate::recordings::index::IndexRequest;
use crate::recordings::index::index;
use crate::resources::Resources;
use crate::sync::{RunName, SyncReport, SyncRequest, sync};

/// Does the job in `line` for the batch `request`, and tells `out` about it; an error in what `words` makes
/// of it.
///
/// # Errors
/// An interruption, or a line that is no job. A pair that fails is a reply.
pub fn do_job(
    line: &str,
    request: &BatchRequest,
    context: Context<'_>,
    out: impl Write + Send,
    words: fn(&str) -> String,
) -> Result<(), PipelineError> {
    let job: PairJob = serde_json::from_str(line).map_err(BatchProblem::NotAJob)?;
    let _member = join_crew(&request.pairing.out_dir)?;
    let line = Line::new(out);
    let context = Context {
        task: mtbsync_task::progress::Task {
            progress: &line,
            threads: job.threads.max(1),
            ..context.task
        },
        ..context
    };
    let resources = Resources::start(request.each.analysis.no_gpu);
    let reply = match &job.task {
        PairTask::LookUp(pair) => Ok(look_up(pair, request, &context)),
        PairTask::DescribeReference { reference, out } => {
            let wanted = IndexRequest {
                reference: reference.clone(),
                out: out.clone(),
                analysis: request.each.analysis.clone(),
            };
            guarded(|| index(&wanted, &context)).map(|_| Reply::Described)
        }
        PairTask::Examine(recording) => guarded(|| examine(recording)).map(|()| Reply::Whole),
        PairTask::Align { pair, index } => align(pair, index.as_deref(), request, &context),
    };
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) if error.failure() == Failure::Interrupted || context.task.cancel.is_requested() => {
            return Err(TaskProblem::Interrupted.into());
        }
        Err(error) => Reply::Failed {
            error: one_line(&error.worded(words)),
            used: resources.so_far(),
        },
    };
    line.send(&Message::Reply(Box::new(reply)));
    Ok(())
}

fn look_up(pair: &PlannedPair, batch: &BatchRequest, context: &Context<'_>) -> Reply {
    let folder = batch.pairing.out_dir.join(&pair.name);
    // A batch may have been killed while it completed the record of a finished pair.
    sweep(&folder);
    let key = record::key(&request_of(pair, batch, &folder), context.force);
    match key.and_then(|key| Record::finished(&folder, &key)) {
        Some(record) => Reply::Finished(Box::new(Finished {
            row: with_paths(record.row.clone(), pair, &folder),
            record: Some(record),
            delta: None,
            resumed: true,
            warnings: Vec::new(),
        })),
        None => Reply::NotFinished,
    }
}

fn align(
    pair: &PlannedPair,
    index: Option<&Path>,
    batch: &BatchRequest,
    context: &Context<'_>,
) -> Result<Reply, PipelineError> {
    if batch.resume {
        let found = look_up(pair, batch, context);
        if !matches!(found, Reply::NotFinished) {
            return Ok(found);
        }
    }
    let folder = batch.pairing.out_dir.join(&pair.name);
    let request = request_of(pair, batch, &folder);
    let key = record::key(&request, context.force);
    Record::forget(&folder);
    sweep(&folder);
    let request = SyncRequest {
        index: index.map(Path::to_owned),
        ..request
    };
    let report = guarded(|| sync(&request, context))?;
    // What a pair cost, and whether a track took part, is in the telemetry that `sync` wrote.
    let perf: Perf = json::read(&folder.join(PERF_FILE)).unwrap_or_default();
    let row = with_paths(row_of(&report, perf.gps_used), pair, &folder);
    let key = key.ok_or(BatchProblem::InputChanged)?;
    let record = Record::new(key, row.clone(), Metrics::of(&report, &perf), &report)?;
    record.write(&folder)?;
    let registered = context
        .cache
        .as_ref()
        .map(|cache| cache.register_run("batch_item", &report, &context.now_utc()));
    let mut warnings = report.warnings;
    warnings.extend(
        registered
            .and_then(Result::err)
            .map(|error| format!("run not registered: {error}")),
    );
    Ok(Reply::Finished(Box::new(Finished {
        row,
        record: Some(record),
        delta: report.ride.whole.map(|whole| whole.delta),
        resumed: false,
        warnings,
    })))
}

/// Turns a panic into an error with its text; that says more than the end of the process.
fn guarded<T>(work: impl FnOnce() -> Result<T, PipelineError>) -> Result<T, PipelineError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(BatchProblem::Internal(text_of(&*panic)).into()))
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
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

/// Whether the recording is all there: it opens, no file of it ends early, and its chapters belong together.
///
/// # Errors
/// It is not, and why.
pub(crate) fn examine(path: &Path) -> Result<(), PipelineError> {
    let opened = describe::open(path, false, true)?;
    if opened.recording.info().is_truncated {
        return Err(PipelineError::from(BatchProblem::CutOff).at(path));
    }
    match opened.warnings.into_iter().next() {
        Some(odd) => Err(BatchProblem::Chapters(odd).into()),
        None => Ok(()),
    }
}

/// What and where, without the advice: a cell of a table.
pub(crate) fn one_line(error: &PipelineError) -> String {
    let text = match error.file() {
        Some(file) => format!("{}: {}", error.what(), file.display()),
        None => error.what(),
    };
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
