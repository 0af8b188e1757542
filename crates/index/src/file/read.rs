//! An index off the disk: its large members stay there.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use mtbsync_formats::npz::{Array, NpzElement, NpzError, NpzReader};
use mtbsync_formats::{ReadErrorKind, is_moment, json, open_file};
use mtbsync_task::error::PipelineError;
use mtbsync_vision::dense::{COLS, DESCRIPTOR_LEN, ROWS};
use mtbsync_vision::structure::HOG_GRID_LEN;

use super::{FORMAT, KEYPOINT_NUMBERS, Meta, PICTURES, VERSION, dense_layout, sums_name};
use crate::column::{BLOCK_BYTES, Column, IndexFile};
use crate::error::IndexProblem;
use crate::features::{Features, IndexParams, LOCAL_BYTES, Pictures};
use crate::tuning::{MAX_META_BYTES, MAX_UNPACKED_BYTES};

/// Read an index. Descriptors and keypoints stay in the file, which is looked through once and kept open.
pub fn read(path: &Path) -> Result<Features, PipelineError> {
    let file = match open_file(path) {
        Err(error) if matches!(error.kind, ReadErrorKind::IsFolder) => {
            return Err(PipelineError::from(IndexProblem::IsFolder).at(path));
        }
        opened => opened?,
    };
    decode(file).map_err(|problem| PipelineError::from(problem).at(path))
}

/// Times rise, places are on the globe, errors are above 0; altitude and speed may be unknown.
fn is_track(rows: &[[f64; 6]]) -> bool {
    let sound = |[t, lat, lon, _, _, error_m]: &[f64; 6]| {
        is_moment(*t) && lat.abs() <= 90.0 && lon.abs() <= 180.0 && *error_m > 0.0 && error_m.is_finite()
    };
    rows.iter().all(sound) && rows.windows(2).all(|w| w[0][0] < w[1][0])
}

fn not_an_index(error: &NpzError) -> IndexProblem {
    IndexProblem::read(error, IndexProblem::NotAnIndex)
}

fn read_meta(npz: &mut NpzReader<BufReader<File>>) -> Result<Meta, IndexProblem> {
    let text: Array<u8> = npz
        .bounded("meta", MAX_META_BYTES)
        .map_err(|error| not_an_index(&error))?;
    let meta: serde_json::Value = json::from_slice(&text.data).map_err(|_| IndexProblem::NotAnIndex)?;
    if meta.get("format").and_then(|f| f.as_str()) != Some(FORMAT) {
        return Err(IndexProblem::NotAnIndex);
    }
    match meta.get("version").and_then(serde_json::Value::as_u64) {
        None => return Err(IndexProblem::Damaged),
        Some(version) if version > VERSION => return Err(IndexProblem::Newer),
        Some(version) if version < VERSION => return Err(IndexProblem::Older),
        Some(_) => {}
    }
    let meta: Meta = serde_json::from_value(meta).map_err(|_| IndexProblem::Damaged)?;
    if !meta.members.iter().all(|name| npz.contains(name)) {
        return Err(IndexProblem::Damaged);
    }
    Ok(meta)
}

pub(super) fn decode(file: File) -> Result<Features, IndexProblem> {
    let again = file.try_clone();
    let again = again.map_err(|error| IndexProblem::Unreadable(error.to_string()))?;
    let mut npz = NpzReader::new(BufReader::new(again)).map_err(|error| not_an_index(&error))?;
    let file = IndexFile::new(file);
    let meta = read_meta(&mut npz)?;
    let t_secs = numbers::<f64>(&mut npz, "t_ref", &[None])?;
    let n = t_secs.len();
    let offsets = numbers::<i64>(&mut npz, "frame_offsets", &[Some(n + 1)])?;
    let total = offsets
        .last()
        .and_then(|&k| usize::try_from(k).ok())
        .ok_or(IndexProblem::Damaged)?;
    let keypoints = column::<f32>(&mut npz, &file, "kpts", [total, KEYPOINT_NUMBERS])?;
    let descriptors = column::<u8>(&mut npz, &file, "desc", [total, LOCAL_BYTES])?;
    let dense = column::<u8>(&mut npz, &file, "dense", [n, DESCRIPTOR_LEN])?;
    let mask = npz.shaped::<u8>("mask", &[Some(ROWS), Some(COLS)])?.data;
    let mut fine_t_secs = Vec::new();
    let mut fine_dense = Column::of_bytes(DESCRIPTOR_LEN, Vec::new());
    if npz.contains("fine_t") {
        fine_t_secs = numbers::<f64>(&mut npz, "fine_t", &[None])?;
        fine_dense = column::<u8>(&mut npz, &file, "fine_dense", [fine_t_secs.len(), DESCRIPTOR_LEN])?;
    }
    let mut details = |name: &str, frames: usize| {
        if npz.contains(name) {
            column::<u8>(&mut npz, &file, name, [frames, HOG_GRID_LEN])
        } else {
            Ok(Column::of_bytes(HOG_GRID_LEN, Vec::new()))
        }
    };
    let detail = details("detail", n)?;
    let fine_detail = details("fine_detail", fine_t_secs.len())?;
    let frames = [n, fine_t_secs.len()];
    let mut luma = [Pictures::default(), Pictures::default()];
    for ((luma, names), frames) in luma.iter_mut().zip(PICTURES).zip(frames) {
        *luma = pictures(&mut npz, &file, names, frames)?;
    }
    let track: Vec<[f64; 6]> = if npz.contains("track") {
        let rows = numbers::<f64>(&mut npz, "track", &[None, Some(6)])?;
        rows.as_chunks::<6>().0.to_vec()
    } else {
        Vec::new()
    };
    let increasing = |t: &[f64]| t.iter().copied().all(is_moment) && t.windows(2).all(|w| w[0] < w[1]);
    if !increasing(&t_secs)
        || !increasing(&fine_t_secs)
        || !rise_from_zero(&offsets)
        || !is_track(&track)
        || !is_moment(meta.source.duration_secs)
        || !meta.lenses.is_sound()
        || meta.params.dense != dense_layout()
    {
        return Err(IndexProblem::Damaged);
    }
    Ok(Features {
        source: meta.source,
        params: IndexParams {
            fps: meta.params.fps,
            n_features: meta.params.n_features,
            clahe: meta.params.clahe,
            precise: meta.params.precise,
        },
        picture: (meta.params.picture[0], meta.params.picture[1]),
        t_secs,
        dense,
        offsets,
        keypoints,
        descriptors,
        mask,
        fine_t_secs,
        fine_dense,
        detail,
        fine_detail,
        luma,
        view: None,
        track,
        lenses: meta.lenses,
        skipped_frames: meta.skipped_frames,
    })
}

fn rise_from_zero(offsets: &[i64]) -> bool {
    offsets.first() == Some(&0) && offsets.windows(2).all(|w| w[0] <= w[1])
}

/// The reduced pictures of `frames` frames; none where the index was made without.
fn pictures(
    npz: &mut NpzReader<BufReader<File>>,
    file: &Arc<IndexFile>,
    [offsets, bytes]: [&str; 2],
    frames: usize,
) -> Result<Pictures, IndexProblem> {
    if !npz.contains(offsets) {
        return Ok(Pictures::default());
    }
    let offsets = numbers::<i64>(npz, offsets, &[Some(frames + 1)])?;
    let total = offsets.last().and_then(|&end| usize::try_from(end).ok());
    let total = total
        .filter(|_| rise_from_zero(&offsets))
        .ok_or(IndexProblem::Damaged)?;
    Ok(Pictures {
        jpegs: column::<u8>(npz, file, bytes, [total, 1])?,
        offsets,
    })
}

/// A member of that shape, in memory. A compressed one may say anything of its length.
pub(super) fn numbers<T: NpzElement>(
    npz: &mut NpzReader<BufReader<File>>,
    name: &str,
    shape: &[Option<usize>],
) -> Result<Vec<T>, IndexProblem> {
    let found = npz.shape(name)?;
    let bytes = found.iter().try_fold(T::SIZE, |bytes, n| bytes.checked_mul(*n));
    let is_large = bytes.is_none_or(|bytes| bytes > MAX_UNPACKED_BYTES);
    if is_large && npz.locate::<T>(name)?.is_none() {
        return Err(IndexProblem::Damaged);
    }
    Ok(npz.shaped::<T>(name, shape)?.data)
}

/// A large member of `[rows, numbers]`: left in the file where it is stored as it is, else unpacked.
fn column<T: NpzElement>(
    npz: &mut NpzReader<BufReader<File>>,
    file: &Arc<IndexFile>,
    name: &str,
    [rows, numbers]: [usize; 2],
) -> Result<Column, IndexProblem> {
    let width = numbers * T::SIZE;
    if let Some(found) = npz.locate::<T>(name)? {
        // Before anything is made of `rows`, which may be any number that the file says.
        if found.shape != [rows, numbers] {
            return Err(IndexProblem::Damaged);
        }
        let blocks = (rows * width).div_ceil(BLOCK_BYTES);
        let sums = npz.shaped::<u32>(&sums_name(name), &[Some(blocks)])?.data;
        return Ok(Column::in_file([rows, width], file, found.offset, sums));
    }
    let unpacked = self::numbers::<T>(npz, name, &[Some(rows), Some(numbers)])?;
    let mut bytes = Vec::with_capacity(unpacked.len() * T::SIZE);
    unpacked
        .into_iter()
        .for_each(|number| number.append_to(&mut bytes));
    Ok(Column::of_bytes(width, bytes))
}
