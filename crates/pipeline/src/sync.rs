//! `sync`: two recordings in, the map between them and the markers carried over out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use mtbsync_align::affine::fit_affine;
use mtbsync_align::fit::{Anchor, Pair, fit_monotone};
use mtbsync_align::gates::{MIN_USABLE_PAIRS, Verdict, judge};
use mtbsync_align::{TimeWarp, WarpModel, WarpSettings, confidence};
use mtbsync_formats::atomic::FileSet;
use mtbsync_markers::export::Preset;
use mtbsync_markers::time::Rate;
use mtbsync_markers::{MarkerTable, StatusCounts, new_markers_csv};
use mtbsync_quality::history::{self, HistoryRecord, Model};
use mtbsync_quality::perf::{PERF_FILE, Perf, PerfPair, Timings};
use mtbsync_quality::regression::{self, RegressionSettings, RegressionStatus};

use crate::align_run::{self, Alignment};
use crate::anchors::read_anchors;
use crate::artefacts::{
    NEW_MARKERS_FILE, OVERLAY_FILE, PAIRS_FILE, PAIRS_RAW_FILE, RecordingFile, TIMEWARP_FILE, TimeWarpFile,
    WARP_FILE, pairs_csv, pairs_raw_csv,
};
use crate::cache::alignments::{self, Kept};
use crate::describe::{self, DescribeTimes, Opened};
use crate::error::PipelineError;
use crate::export::{ChosenPreset, ExportSettings, NewRun, Selection, editor_file};
use crate::features::{Features, Source};
use crate::gps::clock::Offsets;
use crate::gps::tracks::{SideInput, Tracks};
use crate::import::read_marker_table;
use crate::index::{self, features_of, prepare_folder, skipped_warning};
use crate::index_file;
use crate::progress::{Context, Stage};
use crate::recorded::Recorded;
use crate::resources::Resources;
use crate::settings::{AnalysisSettings, MatchSettings};
use crate::source::{Source as Input, cannot_write};
use crate::transfer::carry_over;
use crate::viewer::{self, Picture};

/// What to align.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
    /// Markers by status.
    pub markers: Option<StatusCounts>,
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

/// Where the artefacts go.
struct Target {
    folder: PathBuf,
    pairs: PathBuf,
}

impl Target {
    fn of(request: &SyncRequest) -> Self {
        match &request.out {
            Some(out) if !out.is_dir() && out.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) => {
                Self {
                    folder: crate::source::folder_of(out).to_owned(),
                    pairs: out.clone(),
                }
            }
            Some(out) => Self {
                folder: out.clone(),
                pairs: out.join(PAIRS_FILE),
            },
            None => {
                let stem = request.new.file_stem().unwrap_or_default().to_string_lossy();
                let folder = PathBuf::from(format!("{stem}_sync"));
                Self {
                    pairs: folder.join(PAIRS_FILE),
                    folder,
                }
            }
        }
    }
}

/// Removes folders that were made for outputs that then did not come.
struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    fn prepare(&mut self, folder: &Path) -> Result<(), PipelineError> {
        let missing: Vec<PathBuf> = folder
            .ancestors()
            .take_while(|a| !a.as_os_str().is_empty() && !a.exists())
            .map(Path::to_owned)
            .collect();
        self.0.extend(missing);
        prepare_folder(folder)
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        // Only empty folders can be removed this way, so results are safe.
        for folder in &self.0 {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Run the command.
pub fn sync(request: &SyncRequest, context: &Context<'_>) -> Result<SyncReport, PipelineError> {
    let begun = Instant::now();
    let resources = Resources::start(request.analysis.no_gpu);
    let mut inputs = Inputs::open(request, context)?;
    let target = Target::of(request);
    let root = request.root.clone().unwrap_or_else(|| target.folder.clone());
    let mut made = MadeFolders(Vec::new());
    made.prepare(&target.folder)?;
    if request.regression.is_some() {
        made.prepare(&root)?;
    }
    let mut warnings = inputs.warnings.clone();
    let mut describing = DescribeTimes::default();
    let Kept {
        alignment,
        analysed,
        skipped,
    } = alignment_of(&mut inputs, &request.matching, context, &mut describing)?;
    let sources = [&inputs.reference.source, &inputs.new.source];
    warnings.extend(
        skipped
            .into_iter()
            .zip(sources)
            .filter_map(|(skipped, source)| skipped_warning(skipped, &source.path)),
    );
    warnings.extend(alignment.warnings.iter().cloned());

    let warp_begun = Instant::now();
    context.progress.start(Stage::Warp, None, None);
    let (warp, verdict) = fit(&alignment, &inputs.anchors, sources, &request.warp);
    context.progress.finish(Stage::Warp);
    let warp_sec = warp_begun.elapsed();

    let markers_begun = Instant::now();
    let mut run = Run {
        request,
        context,
        target: &target,
        set: FileSet::new(),
        outputs: Vec::new(),
        warnings,
        usable: verdict.ok || (context.force && !warp.segments().is_empty()),
    };
    run.write_pairs(&alignment, &warp)?;
    let mut counts = None;
    if request.stop_after_pairs {
        run.drop_stale(&[TIMEWARP_FILE, WARP_FILE, NEW_MARKERS_FILE, OVERLAY_FILE]);
        run.drop_stale_editor_files();
    } else {
        let file = TimeWarpFile {
            reference: Some(RecordingFile::from(&inputs.reference.source)),
            new: Some(RecordingFile::from(&inputs.new.source)),
            ..TimeWarpFile::new(&warp, &verdict, &request.warp)
        };
        run.write_warp(&file)?;
        counts = run.write_markers(&inputs, &file)?;
        if request.plot {
            let moved = inputs
                .markers
                .as_ref()
                .filter(|_| run.usable)
                .map_or_else(Vec::new, |table| {
                    carry_over(table, &file, request.review_threshold, !verdict.ok)
                });
            let picture = Picture {
                markers: viewer::marker_points(&moved),
                pairs: alignment.pairs.iter().map(dot).collect(),
                ..Picture::default()
            };
            run.put(OVERLAY_FILE, &viewer::draw(&file, picture)?)?;
        } else {
            run.drop_stale(&[OVERLAY_FILE]);
        }
    }
    let timings = SyncTimings {
        decode_sec: describing.decode.as_secs_f64(),
        features_sec: describing.features.as_secs_f64(),
        retrieval_sec: alignment.retrieval.as_secs_f64(),
        gps_sec: alignment.gps.as_secs_f64(),
        refine_sec: alignment.refine.as_secs_f64(),
        warp_sec: warp_sec.as_secs_f64(),
        markers_sec: markers_begun.elapsed().as_secs_f64(),
        total_sec: begun.elapsed().as_secs_f64(),
    };
    let perf = Perf {
        gps_used: alignment.gps_offsets.is_some(),
        ..run.perf(&timings, analysed, &resources, &verdict)
    };
    run.put(
        PERF_FILE,
        &mtbsync_formats::json::to_vec(&perf).map_err(|e| PipelineError::new(e.to_string()))?,
    )?;
    context.cancel.check()?;
    let Run {
        set,
        mut outputs,
        mut warnings,
        ..
    } = run;
    set.commit().map_err(|e| cannot_write(&e))?;
    let regression = match &request.regression {
        Some(settings) if verdict.ok && !request.stop_after_pairs => {
            let status = record(request, settings, &root, &verdict, &perf, &mut warnings)?;
            for name in [history::HISTORY_FILE, regression::REGRESSION_FILE] {
                outputs.push((name.trim_end_matches(".json").to_owned(), root.join(name)));
            }
            status
        }
        _ => None,
    };
    Ok(SyncReport {
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
        markers: counts,
        timings,
        regression,
        outputs,
        out_dir: target.folder,
        warnings,
    })
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
        && let Some(kept) = cache.find_alignment(key, &context.now_utc)?
    {
        return Ok(kept);
    }
    let (reference, times) = match inputs.index.take() {
        Some(features) => (features, None),
        None => features_of(&inputs.reference, inputs.params, Stage::Index, context)?,
    };
    describing.add(times);
    let (new, times) = features_of(&inputs.new, reference.params, Stage::Features, context)?;
    describing.add(times);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(context.threads)
        .build()
        .map_err(|e| PipelineError::new(format!("no worker threads ({e})")))?;
    let alignment = pool.install(|| align_run::align(&reference, &new, &inputs.tracks, settings, context))?;
    let kept = Kept {
        alignment,
        analysed: new.t_secs.len(),
        skipped: [reference.skipped_frames, new.skipped_frames],
    };
    if let Some((cache, key)) = known {
        // A full or read-only cache costs time, not correctness.
        let _ = cache.keep_alignment(&key, &reference.source.fingerprint, &kept, &context.now_utc);
    }
    Ok(kept)
}

/// All inputs, opened and checked before anything expensive.
struct Inputs {
    reference: Opened,
    new: Opened,
    index: Option<Features>,
    params: crate::features::IndexParams,
    markers: Option<MarkerTable>,
    anchors: Vec<Anchor>,
    tracks: Tracks,
    /// The recording as editor files describe it; with the clip itself when one was named for them.
    edited: NewRun,
    warnings: Vec<String>,
}

impl Inputs {
    fn open(request: &SyncRequest, context: &Context<'_>) -> Result<Self, PipelineError> {
        context.progress.start(Stage::Open, None, None);
        let analysis = &request.analysis;
        let anchors = request
            .matching
            .anchors
            .as_deref()
            .map(read_anchors)
            .transpose()?
            .unwrap_or_default();
        let reference = describe::open(&request.reference, analysis.single_file, analysis.no_proxy)?;
        let markers = request
            .ref_markers
            .as_deref()
            .map(|path| read_marker_file(path, &reference))
            .transpose()?;
        let new = describe::open(&request.new, analysis.single_file, analysis.no_proxy)?;
        let index = match &request.index {
            Some(path) => {
                let features = index_file::read(path)?;
                check_index(path, &features, analysis, &reference)?;
                Some(Features {
                    source: reference.source.clone(),
                    ..features
                })
            }
            None => None,
        };
        let params = index.as_ref().map_or_else(|| analysis.params(), |f| f.params);
        let mut warnings: Vec<String> = reference.warnings.iter().chain(&new.warnings).cloned().collect();
        let recorded = [&reference, &new].map(|opened| Recorded::read(&opened.recording));
        for (recorded, path) in recorded.iter().zip([&request.reference, &request.new]) {
            warnings.extend(recorded.check_real_time(path, context.force)?);
        }
        let [of_reference, of_new] = &recorded;
        let tracks = Tracks::read(
            &request.matching.gps,
            &SideInput {
                name: "reference",
                recorded: of_reference,
                indexed: index.as_ref().map_or(&[], |features| &features.track),
                duration_secs: reference.source.duration_secs,
            },
            &SideInput {
                name: "new run",
                recorded: of_new,
                indexed: &[],
                duration_secs: new.source.duration_secs,
            },
        )?;
        context.progress.finish(Stage::Open);
        let edited = match &request.export.video {
            Some(video) => NewRun::open(video)?,
            None => NewRun {
                clip: None,
                ..NewRun::of(&new.recording)
            },
        };
        Ok(Self {
            reference,
            new,
            index,
            params,
            markers,
            anchors,
            tracks,
            edited,
            warnings,
        })
    }
}

fn read_marker_file(path: &Path, reference: &Opened) -> Result<MarkerTable, PipelineError> {
    read_marker_table(&Input::new(path), Rate::parse(&reference.source.fps).ok())
}

fn dot(p: &Pair) -> mtbsync_plot::overlay::Pair {
    let confidence = confidence::within_quarter_second(p.sigma_secs) * p.certainty;
    mtbsync_plot::overlay::Pair {
        t_new: p.t_new_secs,
        t_ref: p.t_ref_secs,
        confidence,
    }
}

fn check_index(
    path: &Path,
    features: &Features,
    asked: &AnalysisSettings,
    reference: &Opened,
) -> Result<(), PipelineError> {
    let differs = |flag: &str, built: String, wanted: String| {
        PipelineError::new(format!("index was built with {flag} {built}, not {wanted}"))
            .at(path)
            .hint(format!("drop --{flag} or rebuild the index"))
    };
    if let Some(fps) = asked.fps.filter(|&f| f != features.params.fps) {
        return Err(differs("fps", features.params.fps.to_string(), fps.to_string()));
    }
    if let Some(n) = asked.n_features.filter(|&n| n != features.params.n_features) {
        return Err(differs(
            "n-features",
            features.params.n_features.to_string(),
            n.to_string(),
        ));
    }
    if asked.clahe == Some(false) && features.params.clahe {
        return Err(PipelineError::new("index was built with CLAHE")
            .at(path)
            .hint("drop --no-clahe or rebuild the index"));
    }
    if asked.precise && !features.params.precise {
        return Err(PipelineError::new("index was built without --precise")
            .at(path)
            .hint("drop --precise or rebuild the index"));
    }
    if features.source.fingerprint != reference.source.fingerprint {
        return Err(PipelineError::new(format!(
            "index is of another recording ({})",
            features.source.path
        ))
        .at(path)
        .hint("rebuild it with mtbsync index, or drop --index"));
    }
    Ok(())
}

impl DescribeTimes {
    fn add(&mut self, other: Option<DescribeTimes>) {
        let other = other.unwrap_or_default();
        self.decode += other.decode;
        self.features += other.features;
    }
}

fn fit(
    alignment: &Alignment,
    anchors: &[Anchor],
    [reference, new]: [&Source; 2],
    settings: &WarpSettings,
) -> (TimeWarp, Verdict) {
    let durations = (new.duration_secs, reference.duration_secs);
    let warp = fit_warp(&alignment.pairs, anchors, settings, durations);
    let mut verdict = judge(&warp, &alignment.pairs, durations.0, settings);
    if alignment.reversed {
        verdict.ok = false;
        verdict.reasons = vec!["reference looks reversed".to_owned()];
    }
    (warp, verdict)
}

/// The warp of the asked model; empty when there are too few pairs. Durations: new, reference, seconds.
pub fn fit_warp(
    pairs: &[Pair],
    anchors: &[Anchor],
    settings: &WarpSettings,
    (new_duration_secs, ref_duration_secs): (f64, f64),
) -> TimeWarp {
    if pairs.len() + anchors.len() < MIN_USABLE_PAIRS {
        return TimeWarp::default();
    }
    match settings.model {
        WarpModel::Monotone => fit_monotone(pairs, anchors),
        WarpModel::Affine => {
            fit_affine(pairs, settings, new_duration_secs, ref_duration_secs).unwrap_or_default()
        }
    }
}

/// The outputs being put together.
struct Run<'a> {
    request: &'a SyncRequest,
    context: &'a Context<'a>,
    target: &'a Target,
    set: FileSet,
    outputs: Vec<(String, PathBuf)>,
    warnings: Vec<String>,
    /// The map may be used: good, or forced.
    usable: bool,
}

impl Run<'_> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), PipelineError> {
        self.put_at(name, &self.target.folder.join(name), bytes)
    }

    fn put_at(&mut self, name: &str, path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
        self.set.write(path, bytes).map_err(|e| cannot_write(&e))?;
        let key = name.split('.').next().unwrap_or(name);
        self.outputs.push((key.to_owned(), path.to_owned()));
        Ok(())
    }

    /// Artefacts of an earlier run that this one does not make must not stay beside its own.
    fn drop_stale(&mut self, names: &[&str]) {
        for name in names {
            self.set.remove_stale(&self.target.folder.join(name));
        }
    }

    /// Editor files of every preset, whether this run was asked for them or not: those of an earlier map are wrong now.
    fn drop_stale_editor_files(&mut self) {
        let stem = NEW_MARKERS_FILE.trim_end_matches(".csv");
        for preset in Preset::ALL {
            self.drop_stale(&[&format!("{stem}{}", preset.default_suffix())]);
        }
    }

    fn write_pairs(&mut self, alignment: &Alignment, warp: &TimeWarp) -> Result<(), PipelineError> {
        let window = self.request.warp.window_secs;
        let keep = |p: &Pair| {
            self.request.stop_after_pairs
                || warp
                    .ref_from_new(p.t_new_secs)
                    .is_none_or(|r| (r - p.t_ref_secs).abs() <= window)
        };
        let (pairs, origins): (Vec<_>, Vec<_>) = alignment
            .pairs
            .iter()
            .zip(&alignment.origins)
            .filter(|(p, _)| keep(p))
            .map(|(p, o)| (*p, *o))
            .unzip();
        self.put(PAIRS_RAW_FILE, &pairs_raw_csv(&alignment.candidates))?;
        let path = self.target.pairs.clone();
        self.put_at(PAIRS_FILE, &path, &pairs_csv(&pairs, &origins))
    }

    fn write_warp(&mut self, file: &TimeWarpFile) -> Result<(), PipelineError> {
        self.put(TIMEWARP_FILE, &file.to_json()?)?;
        if self.usable {
            self.put(WARP_FILE, &file.to_npz()?)
        } else {
            self.drop_stale(&[WARP_FILE]);
            Ok(())
        }
    }

    fn write_markers(
        &mut self,
        inputs: &Inputs,
        file: &TimeWarpFile,
    ) -> Result<Option<StatusCounts>, PipelineError> {
        let stem = Path::new(NEW_MARKERS_FILE)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let names: Vec<String> = self
            .request
            .exports
            .iter()
            .map(|p| crate::export::default_name(p, &stem))
            .collect();
        self.drop_stale_editor_files();
        let Some(table) = inputs.markers.as_ref().filter(|_| self.usable) else {
            self.drop_stale(&[NEW_MARKERS_FILE]);
            return Ok(None);
        };
        self.context.progress.start(Stage::Markers, None, None);
        let moved = carry_over(table, file, self.request.review_threshold, !file.ok);
        self.warnings.extend(table.warnings.iter().cloned());
        if table.markers.is_empty() {
            self.warnings.push("no markers in the marker file".to_owned());
        }
        let csv = new_markers_csv(table, &moved);
        self.put(NEW_MARKERS_FILE, &csv)?;
        self.context.progress.finish(Stage::Markers);
        self.write_editor_files(&csv, &names, &stem, &inputs.edited)?;
        Ok(Some(StatusCounts::of(&moved)))
    }

    fn write_editor_files(
        &mut self,
        csv: &[u8],
        names: &[String],
        stem: &str,
        new_run: &NewRun,
    ) -> Result<(), PipelineError> {
        if names.is_empty() {
            return Ok(());
        }
        self.context.progress.start(Stage::Export, None, None);
        for (preset, name) in self.request.exports.iter().zip(names) {
            let made = editor_file(
                csv,
                preset,
                &self.request.export,
                new_run,
                &Selection::default(),
                stem,
            );
            let made = match made {
                Ok(made) => made,
                // An editor that cannot hold these markers (YouTube below three) must not cost the others.
                Err(error) if error.failure == crate::error::Failure::Failed => {
                    self.warnings.push(format!("no {} file: {error}", preset.name));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let path = self.target.folder.join(name);
            for (part, bytes) in made.paths(&path).iter().zip(&made.files) {
                self.put_at(&preset.name, part, bytes)?;
            }
            self.warnings.extend(made.summary.warnings);
        }
        self.context.progress.finish(Stage::Export);
        Ok(())
    }

    fn perf(&self, timings: &SyncTimings, frames: usize, resources: &Resources, verdict: &Verdict) -> Perf {
        let timings = Timings {
            decode_sec: Some(timings.decode_sec),
            features_sec: Some(timings.features_sec),
            gps_sec: Some(timings.gps_sec),
            retrieval_sec: Some(timings.retrieval_sec),
            refine_sec: Some(timings.refine_sec),
            warp_sec: Some(timings.warp_sec),
            markers_sec: Some(timings.markers_sec),
            total_sec: Some(timings.total_sec),
            frames_processed: frames as u64,
        };
        let used = resources.so_far();
        Perf {
            ok: true,
            cmd: match self.request.run {
                RunName::Sync => "sync",
                RunName::Batch(_) => "batch_item",
            }
            .to_owned(),
            out: describe::absolute(&self.target.folder),
            pair: PerfPair {
                reference: describe::absolute(&self.request.reference),
                new: describe::absolute(&self.request.new),
            },
            fps: timings.fps(),
            timings,
            cpu_pct: used.cpu_pct,
            rss_mb: used.rss_mb,
            gpu_util: used.gpu_util,
            gpu_mem_mb: used.gpu_mem_mb,
            gps_used: false,
            timewarp_ok: (!self.request.stop_after_pairs).then_some(verdict.ok),
            error: None,
            ts: self.context.now_utc.clone(),
        }
    }
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
        model: match request.warp.model {
            WarpModel::Affine => Model::Affine,
            WarpModel::Monotone => Model::Monotone,
        },
        coverage: Some(verdict.coverage),
    };
    let appended = history::append(root, &[entry]).map_err(|e| {
        PipelineError::new(e.to_string())
            .at(e.path().unwrap_or(root))
            .maybe_hint(e.hint())
    })?;
    warnings.extend(appended.warnings);
    let Some(report) = regression::judge_run(&appended.history.records, &run_id, &perf.ts, settings) else {
        return Ok(None);
    };
    regression::write(root, &report).map_err(|e| {
        PipelineError::new(e.to_string())
            .at(e.path().unwrap_or(root))
            .maybe_hint(e.hint())
    })?;
    Ok(Some(report.status))
}
