//! The learned descriptors of a recording's analysed frames, computed from their reduced pictures where they
//! are asked for.
//!
//! A frame takes the network ten milliseconds, so a recording is only described this way when another is
//! compared with it by learned evidence. What was computed is kept in a folder, if there is one: a file for
//! each set of pictures and each network, named by both.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile};
use mtbsync_formats::read_bounded;
use mtbsync_formats::seal::{SEAL_BYTES, is_whole, seal};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::{Stage, Task};
use mtbsync_vision::learned::{LEARNED_LEN, LearnedExtractor, LearnedModel, ModelProblem};
use mtbsync_vision::similarity::LearnedMaps;
use sha2::{Digest, Sha256};

use crate::column::{Column, IndexFile, Summed};
use crate::error::IndexProblem;
use crate::features::Features;
use crate::spool::Spool;
use crate::tuning::LEARNED_BATCH;

/// What the names of kept files end with.
pub const LEARNED_SUFFIX: &str = "maps";
/// Changes when the descriptors or the network that is built in do.
const REVISION: u32 = 2;
/// Largest file that is read as a model: a hundred times the one that is built in.
const MAX_MODEL_BYTES: u64 = 256 << 20;
/// Frames whose pictures name a kept file: the same recording seen through another lens has others.
const NAMING_FRAMES: usize = 8;

/// Learned descriptors of frames, [`LEARNED_LEN`] bytes each.
pub struct LearnedColumn(Column);

impl LearnedColumn {
    /// Whether everything that was asked for could be read.
    ///
    /// # Errors
    /// The first reading that failed.
    pub fn check(&self) -> Result<(), PipelineError> {
        self.0.check()
    }
}

impl LearnedMaps for LearnedColumn {
    fn frames(&self) -> usize {
        self.0.rows()
    }

    fn read(&self, frames: Range<usize>, out: &mut Vec<u8>) {
        self.0.read(frames, out);
    }
}

/// A network and how it is told from others.
pub struct NamedModel {
    model: LearnedModel,
    fingerprint: String,
}

impl NamedModel {
    /// The network of a file, or the one that is built in.
    ///
    /// # Errors
    /// The file cannot be read, or is no ONNX model of the interface of the one that is built in.
    pub fn open(path: Option<&Path>) -> Result<Self, PipelineError> {
        let Some(path) = path else {
            let model = LearnedModel::built_in().map_err(IndexProblem::Model)?;
            return Ok(Self {
                model,
                fingerprint: String::new(),
            });
        };
        let bytes = read_bounded(path, MAX_MODEL_BYTES)?;
        let fingerprint = hex(&Sha256::digest(&bytes));
        let model = LearnedModel::of_bytes(bytes)
            .map_err(|problem| PipelineError::from(IndexProblem::Model(problem)).at(path))?;
        Ok(Self { model, fingerprint })
    }

    /// What tells the network from others: a digest of its file, nothing for the one that is built in.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Some of the analysed frames, in this order, in a nameless file.
///
/// # Errors
/// The model cannot be run, there is no room for the file, or the work is to stop.
pub fn describe_some(
    features: &Features,
    frames: &[usize],
    model: &NamedModel,
    task: &Task<'_>,
) -> Result<LearnedColumn, PipelineError> {
    let mut spool = Spool::new(LEARNED_LEN, task.scratch)?;
    describe(features, frames, model, task, &mut spool)?;
    Ok(LearnedColumn(spool.finish()?))
}

/// All analysed frames. With a folder they are read from there where they are kept, and kept there else; a
/// folder that cannot be written to costs time, nothing else.
///
/// # Errors
/// As [`describe_some`].
pub fn describe_all(
    features: &Features,
    model: &NamedModel,
    folder: Option<&Path>,
    task: &Task<'_>,
) -> Result<LearnedColumn, PipelineError> {
    let every: Vec<usize> = (0..features.t_secs.len()).collect();
    let path = folder.map(|folder| folder.join(file_name(features, model)));
    if let Some(kept) = path.as_ref().and_then(|path| open(path, every.len())) {
        return Ok(kept);
    }
    let described = describe_some(features, &every, model, task)?;
    if let Some(path) = path {
        // A full or read-only folder costs time, not correctness.
        let _ = keep(&path, &described.0);
    }
    Ok(described)
}

/// Writes descriptors, and the seal after them.
fn keep(path: &Path, described: &Column) -> io::Result<()> {
    let mut staged = StagedFile::create(path, Replaces::ANYTHING).map_err(io::Error::other)?;
    io::copy(&mut described.reader(), &mut staged)?;
    seal(&mut staged)?;
    let mut set = FileSet::new();
    set.push(staged);
    set.commit().map_err(io::Error::other)?;
    Ok(())
}

/// The file of a recording's descriptors, known by its pictures and the network.
fn file_name(features: &Features, model: &NamedModel) -> PathBuf {
    let mut digest = Sha256::new();
    digest.update(REVISION.to_le_bytes());
    for text in [&features.source.fingerprint, &model.fingerprint] {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    features
        .t_secs
        .iter()
        .for_each(|t| digest.update(t.to_le_bytes()));
    for k in 0..NAMING_FRAMES {
        let picture = features.luma((false, k * features.t_secs.len() / NAMING_FRAMES));
        digest.update(picture.as_ref().map_or(&[][..], |picture| picture.pixels()));
    }
    PathBuf::from(hex(&digest.finalize()[..16])).with_extension(LEARNED_SUFFIX)
}

/// A kept file of that many frames whose seal holds.
fn open(path: &Path, frames: usize) -> Option<LearnedColumn> {
    let mut file = File::open(path).ok()?;
    let bytes = (frames * LEARNED_LEN) as u64;
    if file.metadata().ok()?.len() != bytes + SEAL_BYTES || !is_whole(path).ok()? {
        return None;
    }
    // When it was last used, for whoever keeps the folder; where that cannot be said it is as good.
    let _ = file.set_modified(SystemTime::now());
    let mut summed = Summed::new((&mut file).take(bytes));
    io::copy(&mut summed, &mut io::sink()).ok()?;
    let (sums, shape) = (summed.finish(), [frames, LEARNED_LEN]);
    Some(LearnedColumn(Column::in_file(
        shape,
        &IndexFile::new(file),
        0,
        sums,
    )))
}

/// Writes the descriptors of some frames, a batch after the other, each frame described by one thread.
fn describe(
    features: &Features,
    frames: &[usize],
    model: &NamedModel,
    task: &Task<'_>,
    out: &mut Spool,
) -> Result<(), PipelineError> {
    let extractors: Vec<LearnedExtractor<'_>> = (0..rayon::current_num_threads())
        .map(|_| LearnedExtractor::new(&model.model))
        .collect();
    task.progress
        .start(Stage::Learned, Some(frames.len() as u64), None);
    for (number, batch) in frames.chunks(LEARNED_BATCH * extractors.len()).enumerate() {
        task.cancel.check()?;
        let described = std::thread::scope(|scope| {
            let share = batch.len().div_ceil(extractors.len());
            // All are started before the first is waited for.
            let threads: Vec<_> = batch
                .chunks(share)
                .zip(&extractors)
                .map(|(frames, extractor)| scope.spawn(move || describe_each(features, frames, extractor)))
                .collect();
            let joined = threads.into_iter().map(|thread| {
                let stopped = |_| {
                    Err(IndexProblem::Model(ModelProblem::NotRun(
                        "it broke off".to_owned(),
                    )))
                };
                thread.join().unwrap_or_else(stopped)
            });
            joined.collect::<Result<Vec<Vec<u8>>, IndexProblem>>()
        })?;
        for bytes in &described {
            out.push(bytes)?;
        }
        task.progress.advance(
            Stage::Learned,
            (number * LEARNED_BATCH * extractors.len() + batch.len()) as u64,
        );
    }
    task.progress.finish(Stage::Learned);
    // Pictures that could not be read would be kept as zeros.
    features.check()
}

fn describe_each(
    features: &Features,
    frames: &[usize],
    extractor: &LearnedExtractor<'_>,
) -> Result<Vec<u8>, IndexProblem> {
    let mut out = Vec::with_capacity(frames.len() * LEARNED_LEN);
    for &i in frames {
        let picture = features.luma((false, i));
        let pixels = picture.as_ref().map_or(&[][..], |picture| picture.pixels());
        out.extend(extractor.describe(pixels).map_err(IndexProblem::Model)?);
    }
    Ok(out)
}
