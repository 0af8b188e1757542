//! `index`: describe a recording once, for many comparisons.

use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{Replaces, WriteError, check_writable};
use mtbsync_index::camera::CameraTelemetry;
use mtbsync_index::describe::{self, DescribeTimes, Opened};
use mtbsync_index::features::{Features, IndexParams};
use mtbsync_index::file as index_file;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;

use super::error::RecordingProblem;
use crate::cache::{self, Cache, Lookup};
use crate::context::Context;
use crate::settings::{AnalysisSettings, DEFAULT_FPS, DEFAULT_N_FEATURES};

/// What to index.
#[derive(Clone, Debug)]
pub struct IndexRequest {
    /// The recording.
    pub reference: PathBuf,
    /// Where the index goes; a missing `.npz` is added. `None`: the cache.
    pub out: Option<PathBuf>,
    /// How.
    pub analysis: AnalysisSettings,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct IndexReport {
    /// The written file.
    pub path: PathBuf,
    /// Analysed frames.
    pub frames: usize,
    /// Mean number of keypoints per frame.
    pub mean_keypoints: f64,
    /// Median number of keypoints per frame.
    pub median_keypoints: f64,
    /// Frames without any keypoint.
    pub frames_without_keypoints: usize,
    /// Time of the first analysed frame, seconds.
    pub first_secs: f64,
    /// Time of the last analysed frame, seconds.
    pub last_secs: f64,
    /// Size of the file.
    pub bytes: u64,
    /// Analysed frames per second in fact.
    pub fps_actual: f64,
    /// Length of the recording, seconds.
    pub duration_secs: f64,
    /// File names of the chapters.
    pub chapters: Vec<String>,
    /// File name of the proxy that was read.
    pub proxy: Option<String>,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

impl AnalysisSettings {
    /// The parameters, defaults filled in.
    pub fn params(&self) -> IndexParams {
        IndexParams {
            fps: self.fps.unwrap_or(DEFAULT_FPS),
            n_features: self.n_features.unwrap_or(DEFAULT_N_FEATURES),
            clahe: self.clahe.unwrap_or(true),
            precise: self.precise,
        }
    }
}

/// Run the command.
pub fn index(request: &IndexRequest, context: &Context<'_>) -> Result<IndexReport, PipelineError> {
    let params = request.analysis.params();
    if let Some(cache) = &context.cache {
        cache.sweep();
    }
    context.task.progress.start(Stage::Open, None, None);
    let opened = describe::open(
        &request.reference,
        request.analysis.single_file,
        request.analysis.no_proxy,
    )?;
    let not_real_time =
        CameraTelemetry::read(&opened.recording)?.check_real_time(&request.reference, context.force)?;
    context.task.progress.finish(Stage::Open);
    if request.out.is_none() && context.cache.is_none() {
        return Err(RecordingProblem::NoOutput.into());
    }
    let out = request.out.as_deref().map(with_npz_suffix);
    let outputs = context.outputs([request.reference.as_path()]);
    let may = match &out {
        Some(path) => outputs.check(path, index_file::OWN)?,
        None => Replaces::ANYTHING,
    };
    let found = features_of(&opened, params, Stage::Index, context)?;
    let features = found.features;
    let mut warnings = opened.warnings;
    warnings.extend(found.warning);
    warnings.extend(not_real_time);
    warnings.extend(skipped_warning(features.skipped_frames, &features.source.path));
    context.task.progress.start(Stage::Write, None, None);
    let (path, bytes) = match (out, &context.cache) {
        (None, Some(cache)) => cache.keep(&key_of(&features), &features, &context.now_utc())?,
        (out, _) => {
            let path = out.unwrap_or_default();
            let bytes = index_file::write(&path, may, &features, &context.now_utc())?;
            (path, bytes)
        }
    };
    context.task.progress.finish(Stage::Write);
    Ok(report(path, &features, bytes, warnings))
}

/// Features of a recording, and how they were come by.
pub struct FeaturesOf {
    /// What is known of it now.
    pub features: Features,
    /// How long describing took; `None` from the cache.
    pub times: Option<DescribeTimes>,
    /// A line for the person.
    pub warning: Option<String>,
}

/// Features of an opened recording, from the cache where they are. Others are kept there and read from there,
/// so that working files can go.
pub fn features_of(
    opened: &Opened,
    params: IndexParams,
    stage: Stage,
    context: &Context<'_>,
) -> Result<FeaturesOf, PipelineError> {
    let key = key(opened, params);
    let find = |cache: &Cache| cache.find(&key, &opened.source.fingerprint, params, &context.now_utc());
    // The recording may have moved since: its path is today's.
    let today = |found: Features| Features {
        source: opened.source.clone(),
        ..found
    };
    let found = context.cache.as_ref().map_or(Ok(Lookup::Missing), find)?;
    let warning = match found {
        Lookup::Found(features) => {
            return Ok(FeaturesOf {
                features: today(*features),
                times: None,
                warning: None,
            });
        }
        Lookup::Missing => None,
        Lookup::Damaged => Some(format!(
            "the cached index of {} is damaged: made again",
            opened.source.path
        )),
    };
    let pool = context.task.workers()?;
    let task = context.task_with_scratch();
    let (features, times) = pool.install(|| describe::describe(opened, params, stage, &task))?;
    // A full or read-only cache costs time, not correctness.
    let kept = context.cache.as_ref().and_then(|cache| {
        cache.keep(&key, &features, &context.now_utc()).ok()?;
        find(cache).ok()
    });
    let features = match kept {
        Some(Lookup::Found(kept)) => today(*kept),
        _ => features,
    };
    Ok(FeaturesOf {
        features,
        times: Some(times),
        warning,
    })
}

/// The key of a recording's index in the cache.
pub fn key(opened: &Opened, params: IndexParams) -> String {
    cache::key(&opened.source.fingerprint, opened.source.proxy.as_deref(), params)
}

fn key_of(features: &Features) -> String {
    let source = &features.source;
    cache::key(&source.fingerprint, source.proxy.as_deref(), features.params)
}

/// A line about unreadable frames of a recording, if there were any.
pub fn skipped_warning(skipped: usize, path: &str) -> Option<String> {
    (skipped > 0).then(|| format!("{skipped} unreadable frames left out of {path}"))
}

/// Create the folder of an output and make sure that it can be written to.
pub fn prepare_folder_of(path: &Path) -> Result<(), PipelineError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    prepare_folder(folder)
}

/// Create a folder and make sure that it can be written to.
pub fn prepare_folder(folder: &Path) -> Result<(), PipelineError> {
    std::fs::create_dir_all(folder).map_err(|error| WriteError::from_io(folder, error))?;
    check_writable(folder).map_err(|error| PipelineError::from(error).at(folder))
}

fn with_npz_suffix(path: &Path) -> PathBuf {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".npz");
    name.into()
}

fn report(path: PathBuf, features: &Features, bytes: u64, warnings: Vec<String>) -> IndexReport {
    let mut counts: Vec<i64> = features.offsets.windows(2).map(|w| w[1] - w[0]).collect();
    counts.sort_unstable();
    let frames = counts.len();
    let median = match frames {
        0 => 0.0,
        n if n % 2 == 1 => counts[n / 2] as f64,
        n => 0.5 * (counts[n / 2 - 1] + counts[n / 2]) as f64,
    };
    let (first_secs, last_secs) = (
        features.t_secs.first().copied().unwrap_or(0.0),
        features.t_secs.last().copied().unwrap_or(0.0),
    );
    let span = last_secs - first_secs;
    IndexReport {
        path,
        frames,
        mean_keypoints: features.keypoints.rows() as f64 / frames.max(1) as f64,
        median_keypoints: median,
        frames_without_keypoints: counts.iter().filter(|&&c| c == 0).count(),
        first_secs,
        last_secs,
        bytes,
        fps_actual: if span > 0.0 {
            (frames - 1) as f64 / span
        } else {
            0.0
        },
        duration_secs: features.source.duration_secs,
        chapters: features.source.chapters.clone(),
        proxy: features.source.proxy.clone(),
        warnings,
    }
}
