//! From a recording to its features: decode, describe, mask.
//!
//! One thread decodes, the others describe, with a bounded queue between them; what was described goes to
//! nameless files. So memory does not depend on the recording's length. The order of frames is kept, so the
//! result does not depend on the number of threads.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use mtbsync_media::{FrameOptions, FrameRole, LumaFrame, OpenOptions, Recording, SampleRequest};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::{Stage, Task};
use mtbsync_telemetry::clean::clean;
use mtbsync_vision::dense::{DESCRIPTOR_LEN, DenseExtractor};
use mtbsync_vision::image::LumaView;
use mtbsync_vision::mask::{self, MaskSums};
use mtbsync_vision::orb::{Extractor, OrbParams};
use mtbsync_vision::recurring::{SortedFeatures, looks, recurring};
use mtbsync_vision::structure::{HOG_GRID_LEN, HogExtractor};
use rayon::prelude::*;

use crate::camera::CameraTelemetry;
use crate::column::Column;
use crate::error::IndexProblem;
use crate::features::{
    Features, IndexParams, KEYPOINT_BYTES, LOCAL_BYTES, Pictures, SourceRecording, keypoint_bytes,
};
use crate::spool::{Found, FoundSpool, Spool};
use crate::tuning::{BATCH, FINE_FPS, MAX_SKIPPED_SHARE, PRECISE_FINE_FPS, QUEUE};

/// Longest side of the analysed picture, pixels.
pub const IMAGE_MAX_DIM: usize = 960;

/// A recording ready to be described.
pub struct Opened {
    /// The recording.
    pub recording: Recording,
    /// What is stored about it.
    pub source: SourceRecording,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// Open a recording and identify it: by its first file, whichever of its chapters was named.
pub fn open(path: &Path, single_file: bool, no_proxy: bool) -> Result<Opened, PipelineError> {
    let recording = Recording::open(
        path,
        &OpenOptions {
            single_file,
            no_proxy,
        },
    )
    .map_err(|error| PipelineError::from(IndexProblem::Open(error)).at(path))?;
    let info = recording.info();
    let chapters: Vec<&Path> = recording.chapters().iter().map(|c| c.path.as_path()).collect();
    let fingerprint = mtbsync_formats::fingerprint(&chapters)?;
    let name = |p: &Path| {
        p.file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let source = SourceRecording {
        path: absolute(chapters.first().copied().unwrap_or(path)),
        fingerprint,
        chapters: chapters.iter().map(|c| name(c)).collect(),
        proxy: recording
            .chapters()
            .iter()
            .find_map(|c| c.proxy.as_deref())
            .map(name),
        duration_secs: info.duration_secs,
        fps: format!("{}/{}", info.frame_rate.num, info.frame_rate.den),
        width: info.width,
        height: info.height,
        rotation: info.rotation_deg,
        timecode: info.start_timecode.clone(),
    };
    let warnings = recording.warnings().iter().map(ToString::to_string).collect();
    Ok(Opened {
        recording,
        source,
        warnings,
    })
}

/// `path` made absolute without touching the disk; as given when that is impossible.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .to_string_lossy()
        .into_owned()
}

/// Wall time of the two halves of the work; they overlap.
#[derive(Clone, Copy, Debug, Default)]
pub struct DescribeTimes {
    /// Decoding.
    pub decode: Duration,
    /// Describing.
    pub features: Duration,
}

impl DescribeTimes {
    /// Adds the times of another recording, if it was described.
    pub fn add(&mut self, other: Option<DescribeTimes>) {
        let other = other.unwrap_or_default();
        self.decode += other.decode;
        self.features += other.features;
    }
}

/// Describe a recording.
pub fn describe(
    opened: &Opened,
    params: IndexParams,
    stage: Stage,
    task: &Task<'_>,
) -> Result<(Features, DescribeTimes), PipelineError> {
    let path = Path::new(&opened.source.path);
    let fine_fps = if params.precise {
        PRECISE_FINE_FPS
    } else {
        FINE_FPS
    };
    let request = SampleRequest {
        analysed_fps: params.fps,
        fine_fps: Some(fine_fps),
        dense: params.precise,
    };
    let plan = opened.recording.plan(&request);
    let planned = plan.frames().len();
    task.progress
        .start(stage, Some(planned as u64), Some(opened.source.duration_secs));
    let mut stream = opened.recording.frames(
        &plan,
        &FrameOptions {
            max_dim: IMAGE_MAX_DIM,
            threads: task.threads,
        },
    );
    let mut collected = Collected::new(task.scratch)?;
    let (sender, receiver) = sync_channel(QUEUE);
    let mut times = DescribeTimes::default();
    let (outcome, decode, skipped) = std::thread::scope(|scope| {
        let decoder = scope.spawn(move || {
            let mut busy = Duration::ZERO;
            loop {
                let begun = Instant::now();
                let next = stream.next();
                busy += begun.elapsed();
                let Some(frame) = next else { break };
                if sender.send(frame).is_err() {
                    break;
                }
            }
            (busy, stream.skipped())
        });
        let outcome = collected.take_all(&receiver, params, stage, task, &mut times.features);
        drop(receiver);
        let (decode, skipped) = decoder.join().unwrap_or_default();
        (outcome, decode, skipped)
    });
    times.decode = decode;
    outcome.map_err(|problem| PipelineError::from(problem).at(path))?;
    task.cancel.check()?;
    task.progress.finish(stage);
    if planned > 0 && skipped as f64 > MAX_SKIPPED_SHARE * planned as f64 {
        return Err(PipelineError::from(IndexProblem::ManyUnreadable { skipped, planned }).at(path));
    }
    match collected.found.frames() {
        0 => return Err(PipelineError::from(IndexProblem::NoFrame).at(path)),
        1 => return Err(PipelineError::from(IndexProblem::TooShort).at(path)),
        _ => {}
    }
    Ok((collected.into_features(opened, params, skipped, task)?, times))
}

/// One described frame.
struct Described {
    t_secs: f64,
    size: (usize, usize),
    dense: Vec<u8>,
    /// For analysed frames only.
    local: Option<SortedFeatures>,
    detail: Vec<u8>,
    jpeg: Vec<u8>,
}

/// Frames of one kind, analysed or between.
struct FramesOfKind {
    t_secs: Vec<f64>,
    dense: Spool,
    detail: Spool,
    jpeg_ends: Vec<i64>,
    jpegs: Spool,
}

impl FramesOfKind {
    fn new(folder: Option<&Path>) -> Result<Self, IndexProblem> {
        Ok(Self {
            t_secs: Vec::new(),
            dense: Spool::new(DESCRIPTOR_LEN, folder)?,
            detail: Spool::new(HOG_GRID_LEN, folder)?,
            jpeg_ends: Vec::new(),
            jpegs: Spool::new(1, folder)?,
        })
    }

    fn push(&mut self, frame: &Described) -> Result<(), IndexProblem> {
        self.t_secs.push(frame.t_secs);
        self.dense.push(&frame.dense)?;
        self.detail.push(&frame.detail)?;
        self.jpegs.push(&frame.jpeg)?;
        self.jpeg_ends.push(self.jpegs.rows() as i64);
        Ok(())
    }
}

/// What was described so far; all that grows by more than a number a frame is on the disk.
struct Collected {
    kinds: [FramesOfKind; 2],
    found: FoundSpool,
    mask: MaskSums,
    size: (usize, usize),
    folder: Option<PathBuf>,
}

type Frames = Receiver<Result<LumaFrame, mtbsync_media::FrameError>>;

impl Collected {
    fn new(folder: Option<&Path>) -> Result<Self, IndexProblem> {
        Ok(Self {
            kinds: [FramesOfKind::new(folder)?, FramesOfKind::new(folder)?],
            found: FoundSpool::new(folder)?,
            mask: MaskSums::default(),
            size: (0, 0),
            folder: folder.map(Path::to_owned),
        })
    }

    fn take_all(
        &mut self,
        frames: &Frames,
        params: IndexParams,
        stage: Stage,
        task: &Task<'_>,
        busy: &mut Duration,
    ) -> Result<(), IndexProblem> {
        let mut done = 0;
        while let Ok(first) = frames.recv()
            && !task.cancel.is_requested()
        {
            let batch = std::iter::once(first)
                .chain(frames.iter().take(BATCH - 1))
                .collect::<Result<Vec<LumaFrame>, _>>()
                .map_err(IndexProblem::Frame)?;
            let begun = Instant::now();
            let described: Vec<Described> = batch
                .par_iter()
                .map_init(|| Worker::new(params), |worker, frame| worker.describe(frame))
                .collect::<Result<_, _>>()?;
            *busy += begun.elapsed();
            done += described.len() as u64;
            described.iter().try_for_each(|frame| self.push(frame))?;
            task.progress.advance(stage, done);
        }
        Ok(())
    }

    fn push(&mut self, frame: &Described) -> Result<(), IndexProblem> {
        self.size = frame.size;
        self.kinds[usize::from(frame.local.is_none())].push(frame)?;
        if let Some(local) = &frame.local {
            self.mask.add(&frame.dense);
            self.found.push(local)?;
        }
        Ok(())
    }

    fn into_features(
        self,
        opened: &Opened,
        params: IndexParams,
        skipped_frames: usize,
        task: &Task<'_>,
    ) -> Result<Features, PipelineError> {
        let mask = self.mask.mask();
        let found = self.found.finish()?;
        let (offsets, keypoints, descriptors) =
            worth_keeping(&found, &mask, self.size, self.folder.as_deref(), task)?;
        let [analysed, between] = self.kinds;
        let recorded = CameraTelemetry::read(&opened.recording)?;
        let pictures = |ends: &[i64], jpegs: Spool| jpegs.finish().map(|jpegs| Pictures::new(ends, jpegs));
        let features = Features {
            source: opened.source.clone(),
            params,
            picture: self.size,
            t_secs: analysed.t_secs,
            dense: analysed.dense.finish()?,
            offsets,
            keypoints,
            descriptors,
            mask,
            fine_t_secs: between.t_secs,
            fine_dense: between.dense.finish()?,
            detail: analysed.detail.finish()?,
            fine_detail: between.detail.finish()?,
            luma: [
                pictures(&analysed.jpeg_ends, analysed.jpegs)?,
                pictures(&between.jpeg_ends, between.jpegs)?,
            ],
            view: None,
            track: track(&recorded),
            lenses: recorded.lenses,
            skipped_frames,
        };
        Ok(features)
    }
}

/// Offsets, keypoints and descriptors of the local features that lie on scenery and do not recur.
fn worth_keeping(
    found: &Found,
    mask: &[u8],
    (width, height): (usize, usize),
    folder: Option<&Path>,
    task: &Task<'_>,
) -> Result<(Vec<i64>, Column, Column), PipelineError> {
    let mut offsets = vec![0];
    let mut keypoints = Spool::new(KEYPOINT_BYTES, folder)?;
    let mut descriptors = Spool::new(LOCAL_BYTES, folder)?;
    for i in 0..found.frames() {
        task.cancel.check()?;
        let SortedFeatures { features, .. } = found.frame(i);
        let others: Vec<SortedFeatures> = looks(i, found.frames())
            .into_iter()
            .map(|other| found.frame(other))
            .collect();
        let rows = features.keypoints.iter().zip(&features.descriptors);
        for ((k, d), recurs) in rows.zip(recurring(&features, &others)) {
            if !recurs && mask::is_scenery(mask, k.x, k.y, width, height) {
                keypoints.push(&keypoint_bytes(&[k.x, k.y, k.response]))?;
                descriptors.push(d)?;
            }
        }
        offsets.push(keypoints.rows() as i64);
    }
    found.check()?;
    Ok((offsets, keypoints.finish()?, descriptors.finish()?))
}

/// What is usable of the camera's own GPS.
fn track(recorded: &CameraTelemetry) -> Vec<[f64; 6]> {
    let gps = recorded.gps.as_ref();
    gps.map(|stream| clean(&stream.to_track()).0.to_rows())
        .unwrap_or_default()
}

/// Work space of one thread.
struct Worker {
    dense: DenseExtractor,
    detail: HogExtractor,
    orb: Extractor,
}

impl Worker {
    fn new(params: IndexParams) -> Self {
        let orb = OrbParams {
            n_features: params.n_features,
            clahe: params.clahe,
            ..OrbParams::default()
        };
        Self {
            dense: DenseExtractor::default(),
            detail: HogExtractor::default(),
            orb: Extractor::new(orb),
        }
    }

    fn describe(&mut self, frame: &LumaFrame) -> Result<Described, IndexProblem> {
        let view = LumaView::new(frame.width, frame.height, &frame.data).map_err(IndexProblem::Luma)?;
        let analysed = frame.role == FrameRole::Analysed;
        let (detail, thumbnail) = self.detail.describe_keeping(&view);
        Ok(Described {
            t_secs: frame.t_secs,
            size: (frame.width, frame.height),
            dense: self.dense.describe(&view),
            local: analysed.then(|| SortedFeatures::new(self.orb.extract(&view, None))),
            detail,
            jpeg: thumbnail.map_or_else(Vec::new, |picture| picture.to_jpeg()),
        })
    }
}
