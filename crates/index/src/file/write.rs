//! An index onto the disk.

use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_formats::json;
use mtbsync_formats::npz::{Compression, NpzElement, NpzError, NpzWriter};
use mtbsync_task::error::PipelineError;
use mtbsync_vision::dense::{COLS, DESCRIPTOR_LEN, ROWS};
use mtbsync_vision::structure::HOG_GRID_LEN;

use super::{FORMAT, KEYPOINT_NUMBERS, Meta, MetaParams, PICTURES, VERSION, dense_layout, sums_name};
use crate::column::{Column, Summed};
use crate::describe::IMAGE_MAX_DIM;
use crate::error::IndexProblem;
use crate::features::{Features, LOCAL_BYTES};

/// Write `features` to `path`, whole or not at all. Returns the size in bytes.
pub fn write(
    path: &Path,
    replaces: Replaces,
    features: &Features,
    now_utc: &str,
) -> Result<u64, PipelineError> {
    let mut file = StagedFile::create(path, replaces)?;
    encode(&mut file, features, now_utc).map_err(|e| match e {
        NpzError::Io(io) => PipelineError::from(WriteError::from_io(path, io)),
        other => PipelineError::from(IndexProblem::Npz(other)).at(path),
    })?;
    let mut set = FileSet::new();
    set.push(file);
    set.commit()?;
    Ok(std::fs::metadata(path).map_or(0, |m| m.len()))
}

fn meta_of(f: &Features, now_utc: &str, members: Vec<String>) -> Meta {
    Meta {
        format: FORMAT.to_owned(),
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_utc: now_utc.to_owned(),
        source: f.source.clone(),
        params: MetaParams {
            fps: f.params.fps,
            n_features: f.params.n_features,
            clahe: f.params.clahe,
            image_max_dim: IMAGE_MAX_DIM,
            picture: [f.picture.0, f.picture.1],
            dense: dense_layout(),
            precise: f.params.precise,
        },
        num_frames: f.t_secs.len(),
        total_keypoints: f.keypoints.rows(),
        skipped_frames: f.skipped_frames,
        lenses: f.lenses.clone(),
        members,
    }
}

fn encode(file: &mut StagedFile, f: &Features, now_utc: &str) -> Result<(), NpzError> {
    let mut out = Members {
        npz: NpzWriter::new(BufWriter::new(file), Compression::Stored),
        names: Vec::new(),
    };
    let frames = f.t_secs.len();
    let total = f.keypoints.rows();
    out.add("t_ref", &[frames], &f.t_secs)?;
    out.add("frame_offsets", &[f.offsets.len()], &f.offsets)?;
    out.add_column::<f32>("kpts", [total, KEYPOINT_NUMBERS], &f.keypoints)?;
    out.add_column::<u8>("desc", [total, LOCAL_BYTES], &f.descriptors)?;
    out.add_column::<u8>("dense", [frames, DESCRIPTOR_LEN], &f.dense)?;
    out.add("mask", &[ROWS, COLS], &f.mask)?;
    let between = f.fine_t_secs.len();
    out.add("fine_t", &[between], &f.fine_t_secs)?;
    out.add_column::<u8>("fine_dense", [between, DESCRIPTOR_LEN], &f.fine_dense)?;
    if f.detail.rows() > 0 {
        out.add_column::<u8>("detail", [frames, HOG_GRID_LEN], &f.detail)?;
    }
    if f.fine_detail.rows() > 0 {
        out.add_column::<u8>("fine_detail", [between, HOG_GRID_LEN], &f.fine_detail)?;
    }
    for ([offsets, bytes], pictures) in PICTURES.into_iter().zip(&f.luma) {
        if pictures.frames() > 0 {
            out.add(offsets, &[pictures.offsets.len()], &pictures.offsets)?;
            out.add_column::<u8>(bytes, [pictures.jpegs.rows(), 1], &pictures.jpegs)?;
        }
    }
    if !f.track.is_empty() {
        out.add("track", &[f.track.len(), 6], f.track.as_flattened())?;
    }
    let meta = meta_of(f, now_utc, out.names);
    let text = json::to_vec(&meta).map_err(|e| NpzError::Io(std::io::Error::other(e.to_string())))?;
    out.npz.add_text("meta", &text)?;
    let mut buffered = out.npz.finish()?;
    buffered.flush().map_err(NpzError::Io)
}

/// An index being written.
struct Members<W: Write + Seek> {
    npz: NpzWriter<W>,
    names: Vec<String>,
}

impl<W: Write + Seek> Members<W> {
    fn add<T: NpzElement>(&mut self, name: &str, shape: &[usize], data: &[T]) -> Result<(), NpzError> {
        self.names.push(name.to_owned());
        self.npz.add(name, shape, data)
    }

    /// A large member of `[rows, numbers]`, and the checksums of its blocks.
    fn add_column<T: NpzElement>(
        &mut self,
        name: &str,
        shape: [usize; 2],
        column: &Column,
    ) -> Result<(), NpzError> {
        self.names.push(name.to_owned());
        let mut summed = Summed::new(column.reader());
        self.npz.add_bytes::<T>(name, &shape, &mut summed)?;
        let sums = summed.finish();
        self.add(&sums_name(name), &[sums.len()], &sums)
    }
}
