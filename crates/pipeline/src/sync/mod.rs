//! `sync`: two recordings in, the map between them and the markers carried over out.

pub(crate) mod error;
mod inputs;
mod kept;
mod outputs;
mod places;
pub mod ride;

use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use mtbsync_align::fit::{Anchor, fit_warp};
use mtbsync_align::gates::{Verdict, judge};
use mtbsync_align::{TimeWarp, WarpModel, WarpSettings};
use mtbsync_artefacts::edits::EditCounts;
use mtbsync_artefacts::geometry::{GeometryFile, LensFile};
use mtbsync_artefacts::time_warp::MatcherFile;
use mtbsync_formats::atomic::FileSet;
use mtbsync_index::describe::DescribeTimes;
use mtbsync_index::features::SourceRecording;
use mtbsync_markers::StatusCounts;
use mtbsync_matching::align::{Alignment, align};
use mtbsync_matching::geometry::{Geometry, LensKind};
use mtbsync_matching::settings::MatchSettings;
use mtbsync_quality::history::{self, HistoryRecord};
use mtbsync_quality::perf::{PERF_FILE, Perf};
use mtbsync_quality::regression::{self, RegressionSettings, RegressionStatus};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;
use mtbsync_telemetry::clock::Offsets;
use mtbsync_vision::structure::Projection;

use self::error::SyncProblem;
use self::inputs::Inputs;
use self::kept::KeptEdits;
use self::outputs::{Found, SyncRun};
use self::places::Prepared;
use self::ride::Ride;
use crate::cache::{Cache, alignments, alignments::Kept};
use crate::context::Context;
use crate::map::refusal::REVERSED;
use crate::markers::export::{ChosenPreset, ExportSettings};
use crate::recordings::index::{self, features_of, skipped_warning};
use crate::resources::Resources;
use crate::settings::AnalysisSettings;

/// What to align.
#[derive(Clone, Debug, Serialize)]
pub struct SyncRequest {
    /// The reference recording.
    pub reference: PathBuf,
    /// The new recording.
    pub new: PathBuf,
    /// Index of the reference.
    pub index: Option<PathBuf>,
    /// Artefact folder, or the pairs file in it. `None`: `<new stem>_sync`.
    pub out: Option<PathBuf>,
    /// Folder of the quality history. `None`: the artefact folder.
    pub root: Option<PathBuf>,
    /// Markers of the reference.
    pub ref_markers: Option<PathBuf>,
    /// Confidence below which a marker is for review.
    pub review_threshold: f64,
    /// Editor files to write.
    pub exports: Vec<ChosenPreset>,
    /// How they look.
    pub export: ExportSettings,
    /// How recordings are described.
    pub analysis: AnalysisSettings,
    /// How frames are matched.
    pub matching: MatchSettings,
    /// How the warp is fitted and judged.
    pub warp: WarpSettings,
    /// Put notes and anchors of an earlier run in the folder aside.
    pub discard_edits: bool,
    /// Stop after the pairs.
    pub stop_after_pairs: bool,
    /// Draw the overlay.
    pub plot: bool,
    /// Compare with earlier runs; `None`: keep no history.
    pub regression: Option<RegressionSettings>,
    /// Name of the command in perf.json and of the record in the history.
    pub run: RunName,
}

/// How a run calls itself.
#[derive(Clone, Debug, Serialize)]
pub enum RunName {
    /// A single `sync`.
    Sync,
    /// A pair of a batch, by its name.
    Batch(String),
}

/// Wall times, seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncTimings {
    /// Decoding both recordings.
    pub decode_sec: f64,
    /// Describing both.
    pub features_sec: f64,
    /// Retrieval and sequence model.
    pub retrieval_sec: f64,
    /// Comparison of GPS tracks.
    pub gps_sec: f64,
    /// Refinement and verification.
    pub refine_sec: f64,
    /// Fit and gates.
    pub warp_sec: f64,
    /// Markers and editor files.
    pub markers_sec: f64,
    /// The whole command.
    pub total_sec: f64,
}

impl SyncTimings {
    /// Of the stages before the map.
    fn of(describing: &DescribeTimes, alignment: &Alignment) -> Self {
        Self {
            decode_sec: describing.decode.as_secs_f64(),
            features_sec: describing.features.as_secs_f64(),
            retrieval_sec: alignment.retrieval.as_secs_f64(),
            gps_sec: alignment.gps.as_secs_f64(),
            refine_sec: alignment.refine.as_secs_f64(),
            ..Self::default()
        }
    }
}

/// Which recordings end before their video does; only what is there was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutOff {
    /// The reference.
    pub reference: bool,
    /// The new run.
    pub new: bool,
}

/// What came out. `ok: false` is a result, not an error.
#[derive(Clone, Debug)]
pub struct SyncReport {
    /// Gates passed; true as well when only pairs were asked for.
    pub ok: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// Shape of the map.
    pub model: WarpModel,
    /// Number of segments.
    pub segments: usize,
    /// Mapped share of the new run.
    pub coverage: f64,
    /// Share of inlier pairs.
    pub inlier_frac: f64,
    /// Median residual, seconds.
    pub p50: Option<f64>,
    /// 90th percentile of the residuals, seconds.
    pub p90: Option<f64>,
    /// Deviation of the line's slope from 1.
    pub ppm: Option<f64>,
    /// All residuals, for reports.
    pub residuals: Option<mtbsync_align::gates::Residuals>,
    /// Pairs inside the map.
    pub n_pairs: usize,
    /// Rows of pairs.csv.
    pub pairs_kept: usize,
    /// Rows of pairs_raw.csv.
    pub pairs_raw: usize,
    /// Pairs verified by local features.
    pub pairs_verified: usize,
    /// GPS that took part: what was found about its clocks.
    pub gps: Option<Offsets>,
    /// How the cameras differ, if they do.
    pub geometry: Option<GeometryFile>,
    /// What found the places.
    pub matcher: MatcherFile,
    /// Markers by status.
    pub markers: Option<StatusCounts>,
    /// What a person had set in the run, and what counts as before.
    pub kept: EditCounts,
    /// What the map means to the rider; nothing where only pairs were asked for.
    pub ride: Ride,
    /// Recordings whose file ends before its video does.
    pub cut_off: CutOff,
    /// Seconds per stage.
    pub timings: SyncTimings,
    /// Comparison with earlier runs.
    pub regression: Option<RegressionStatus>,
    /// What was written, by kind.
    pub outputs: Vec<(String, PathBuf)>,
    /// The artefact folder.
    pub out_dir: PathBuf,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

impl SyncReport {
    /// The map and what it rests on; nothing about times and files yet.
    fn of(request: &SyncRequest, alignment: &Alignment, warp: &TimeWarp, verdict: &Verdict) -> Self {
        Self {
            ok: verdict.ok || request.stop_after_pairs,
            reasons: if request.stop_after_pairs {
                Vec::new()
            } else {
                verdict.reasons.clone()
            },
            model: request.warp.model,
            segments: warp.segments().len(),
            coverage: verdict.coverage,
            inlier_frac: verdict.inlier_frac,
            p50: verdict.residuals.map(|r| r.p50),
            p90: verdict.residuals.map(|r| r.p90),
            ppm: verdict.line.map(|l| l.ppm()),
            residuals: verdict.residuals,
            n_pairs: verdict.n_pairs,
            pairs_kept: alignment.pairs.len(),
            pairs_raw: alignment.candidates.len(),
            pairs_verified: alignment.origins.iter().filter(|o| o.verified.is_some()).count(),
            gps: alignment.gps_offsets,
            geometry: alignment.geometry.as_ref().map(geometry_file),
            matcher: matcher_file(&request.matching, alignment),
            markers: None,
            kept: EditCounts::default(),
            ride: Ride::default(),
            cut_off: CutOff::default(),
            timings: SyncTimings::default(),
            regression: None,
            outputs: Vec::new(),
            out_dir: PathBuf::new(),
            warnings: Vec::new(),
        }
    }
}

/// Run the command.
pub fn sync(request: &SyncRequest, context: &Context<'_>) -> Result<SyncReport, PipelineError> {
    let begun = Instant::now();
    if let Some(cache) = &context.cache {
        cache.sweep();
    }
    let resources = Resources::start(request.analysis.no_gpu);
    let mut inputs = Inputs::open(request, context)?;
    let Prepared {
        target,
        root,
        may,
        _made,
    } = Prepared::new(request, context)?;
    // What a person has set is read again when it is used; now only what cannot be read ends the command.
    KeptEdits::of(request, &target.folder, &inputs)?;
    let mut describing = DescribeTimes::default();
    let Kept {
        alignment,
        analysed,
        skipped,
    } = alignment_of(&mut inputs, &request.matching, context, &mut describing)?;
    let mut warnings = inputs.warnings.clone();
    let sources = [&inputs.reference.source, &inputs.new.source];
    warnings.extend(skipped_warnings(skipped, sources));
    warnings.extend(alignment.warnings.iter().cloned());

    let warp_begun = Instant::now();
    context.task.progress.start(Stage::Warp, None, None);
    let kept = KeptEdits::of(request, &target.folder, &inputs)?;
    let (warp, verdict) = fit(&alignment, &kept.anchors(), sources, &request.warp);
    context.task.progress.finish(Stage::Warp);
    let warp_time = warp_begun.elapsed();

    let markers_begun = Instant::now();
    let mut run = SyncRun {
        request,
        context,
        target: &target,
        set: FileSet::new(),
        may: may.0,
        outputs: Vec::new(),
        warnings,
        usable: verdict.ok || (context.force && !warp.segments().is_empty()),
    };
    let found = Found {
        alignment: &alignment,
        warp: &warp,
        verdict: &verdict,
    };
    let written = run.write_all(&mut inputs, &kept, &found)?;
    let timings = SyncTimings {
        warp_sec: warp_time.as_secs_f64(),
        markers_sec: markers_begun.elapsed().as_secs_f64(),
        total_sec: begun.elapsed().as_secs_f64(),
        ..SyncTimings::of(&describing, &alignment)
    };
    let perf = Perf {
        gps_used: alignment.gps_offsets.is_some(),
        ..run.perf(&timings, analysed, &resources, &verdict)
    };
    run.put(PERF_FILE, &mtbsync_formats::json::to_vec(&perf)?)?;
    context.task.cancel.check()?;
    let (mut outputs, mut warnings) = (run.outputs, run.warnings);
    kept.lock.commit_run(run.set, may.1)?;
    drop(kept);
    let regression = match &request.regression {
        Some(settings) if verdict.ok && !request.stop_after_pairs => {
            outputs.extend(history_files(&root));
            record(request, settings, &root, &verdict, &perf, &mut warnings)?
        }
        _ => None,
    };
    Ok(SyncReport {
        markers: written.markers,
        kept: written.kept,
        ride: written.ride,
        cut_off: inputs.cut_off(),
        timings,
        regression,
        outputs,
        out_dir: target.folder,
        warnings,
        ..SyncReport::of(request, &alignment, &warp, &verdict)
    })
}

/// The geometry as timewarp.json holds it.
fn geometry_file(found: &Geometry) -> GeometryFile {
    let lens = |(projection, hfov_deg): LensKind| LensFile {
        projection: match projection {
            Projection::Rectilinear => "rectilinear",
            Projection::Equidistant => "equidistant",
        }
        .to_owned(),
        hfov_deg,
    };
    let [reference, new] = match found.lenses() {
        Some(lenses) => lenses.map(|kind| Some(lens(kind))),
        None => [None, None],
    };
    GeometryFile {
        scale: found.new_is_wider(),
        scale_sigma: found.log_scale_sigma,
        roll_deg: found.roll_deg(),
        pitch_deg: found.pitch_deg,
        reference,
        new,
    }
}

fn matcher_file(asked: &MatchSettings, alignment: &Alignment) -> MatcherFile {
    MatcherFile {
        asked: asked.matcher.name().to_owned(),
        learned: alignment.learned,
    }
}

fn skipped_warnings(skipped: [usize; 2], sources: [&SourceRecording; 2]) -> impl Iterator<Item = String> {
    let pairs = skipped.into_iter().zip(sources);
    pairs.filter_map(|(skipped, source)| skipped_warning(skipped, &source.path))
}

/// What the stages find for both recordings, from the cache where it is known.
fn alignment_of(
    inputs: &mut Inputs,
    settings: &MatchSettings,
    context: &Context<'_>,
    describing: &mut DescribeTimes,
) -> Result<Kept, PipelineError> {
    // An index that was named may hold anything; only those of the cache are known by their keys.
    let known = context.cache.as_ref().filter(|_| inputs.index.is_none());
    let keys = [&inputs.reference, &inputs.new].map(|opened| index::key(opened, inputs.params));
    let known = known.and_then(|cache| {
        let key = alignments::key(keys.each_ref().map(String::as_str), settings, &inputs.tracks)?;
        Some((cache, key))
    });
    if let Some((cache, key)) = &known
        && let Some(kept) = cache.find_alignment(key, &context.now_utc())?
    {
        return Ok(kept);
    }
    let (reference, times) = match inputs.index.take() {
        Some(features) => (features, None),
        None => {
            let found = features_of(&inputs.reference, inputs.params, Stage::Index, context)?;
            inputs.warnings.extend(found.warning);
            (found.features, found.times)
        }
    };
    describing.add(times);
    let found = features_of(&inputs.new, reference.params, Stage::Features, context)?;
    inputs.warnings.extend(found.warning);
    describing.add(found.times);
    let new = found.features;
    let pool = context.task.workers()?;
    let settings = MatchSettings {
        learned_folder: context.cache.as_ref().and_then(Cache::learned_folder),
        ..settings.clone()
    };
    let begun = SystemTime::now();
    let task = context.task_with_scratch();
    let alignment = pool.install(|| align(&reference, &new, &inputs.tracks, &settings, &task))?;
    if let Some(cache) = &context.cache {
        // A full or read-only cache costs time, not correctness.
        let _ = cache.keep_learned(begun, &context.now_utc());
    }
    let kept = Kept {
        alignment,
        analysed: new.t_secs.len(),
        skipped: [reference.skipped_frames, new.skipped_frames],
    };
    if let Some((cache, key)) = known {
        // A full or read-only cache costs time, not correctness.
        let _ = cache.keep_alignment(&key, &reference.source.fingerprint, &kept, &context.now_utc());
    }
    Ok(kept)
}

fn fit(
    alignment: &Alignment,
    anchors: &[Anchor],
    [reference, new]: [&SourceRecording; 2],
    settings: &WarpSettings,
) -> (TimeWarp, Verdict) {
    let durations = (new.duration_secs, reference.duration_secs);
    let warp = fit_warp(&alignment.pairs, anchors, settings, durations);
    let mut verdict = judge(&warp, &alignment.pairs, durations.0, settings);
    if alignment.reversed {
        verdict.ok = false;
        verdict.reasons = vec![REVERSED.to_owned()];
    }
    (warp, verdict)
}

/// What is written of the history below `root`, by kind.
fn history_files(root: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let names = [history::HISTORY_FILE, regression::REGRESSION_FILE].into_iter();
    names.map(|name| (name.trim_end_matches(".json").to_owned(), root.join(name)))
}

/// Append the run to the history and compare it with the runs before.
fn record(
    request: &SyncRequest,
    settings: &RegressionSettings,
    root: &Path,
    verdict: &Verdict,
    perf: &Perf,
    warnings: &mut Vec<String>,
) -> Result<Option<RegressionStatus>, PipelineError> {
    let (Some(residuals), Some(line)) = (verdict.residuals, verdict.line) else {
        return Ok(None);
    };
    let new_name = request.new.file_name().unwrap_or_default().to_string_lossy();
    let run_id = match &request.run {
        RunName::Sync => format!("sync:{new_name}"),
        RunName::Batch(pair) => format!("batch:{pair}"),
    };
    let entry = HistoryRecord {
        ts: perf.ts.clone(),
        run_id: run_id.clone(),
        p90: residuals.p90,
        ppm: line.ppm(),
        inlier_frac: verdict.inlier_frac,
        fps: perf.fps,
        cpu_pct: perf.cpu_pct,
        gpu_util: perf.gpu_util,
        model: request.warp.model,
        coverage: Some(verdict.coverage),
    };
    let appended =
        history::append(root, &[entry]).map_err(|error| SyncProblem::History(error, root.to_owned()))?;
    warnings.extend(appended.warnings);
    let Some(report) = regression::judge_run(&appended.history.records, &run_id, &perf.ts, settings) else {
        return Ok(None);
    };
    regression::write(root, &report).map_err(|error| SyncProblem::Regression(error, root.to_owned()))?;
    Ok(Some(report.status))
}
