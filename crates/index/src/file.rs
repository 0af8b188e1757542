//! `index.npz`: features on disk, readable by numpy without pickle.
//!
//! Beside the members of the documented layout an index may hold `fine_t` (`f64[F]`) and `fine_dense` (`u8`
//! of F × D): dense descriptors of frames between the analysed ones, there when every frame had to be decoded
//! anyway; and `detail` (`u8[N, 9216]`) and `fine_detail` (`u8[F, 9216]`): the HOG grids of both kinds, two
//! bins a byte; `luma` and `fine_luma`: their reduced pictures as JPEGs one after the other, picture `i` at
//! `luma_offsets[i]..luma_offsets[i + 1]`. `track` is there when the camera's own GPS has usable points.
//! Large members stay in the file; `<name>_crc32` holds the checksums of their blocks.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_formats::npz::{Array, Compression, NpzElement, NpzError, NpzReader, NpzWriter};
use mtbsync_formats::{ReadError, ReadErrorKind, is_moment, json, open_file};
use mtbsync_task::error::PipelineError;
use mtbsync_telemetry::lens::Lenses;
use mtbsync_vision::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS, SCALE};
use mtbsync_vision::structure::HOG_GRID_LEN;
use serde::{Deserialize, Serialize};

use crate::column::{BLOCK_BYTES, Column, IndexFile, Summed};
use crate::describe::IMAGE_MAX_DIM;
use crate::error::IndexProblem;
use crate::features::{Features, IndexParams, KEYPOINT_BYTES, LOCAL_BYTES, Pictures, SourceRecording};

const FORMAT: &str = "mtbsync-index";
const VERSION: u64 = 4;
/// Members with the reduced pictures of the analysed frames and of those between: where each begins, and
/// their bytes.
const PICTURES: [[&str; 2]; 2] = [["luma_offsets", "luma"], ["fine_luma_offsets", "fine_luma"]];
/// x, y, response.
const KEYPOINT_NUMBERS: usize = KEYPOINT_BYTES / size_of::<f32>();

#[derive(Serialize, Deserialize)]
struct Meta {
    format: String,
    version: u64,
    program: String,
    created_utc: String,
    source: SourceRecording,
    params: MetaParams,
    num_frames: usize,
    total_keypoints: usize,
    skipped_frames: usize,
    #[serde(default)]
    lenses: Lenses,
    /// Names of the members before this one: what may be absent, and is, is told from what got lost.
    members: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct MetaParams {
    fps: f64,
    n_features: usize,
    clahe: bool,
    image_max_dim: usize,
    picture: [usize; 2],
    dense: MetaDense,
    #[serde(default)]
    precise: bool,
}

#[derive(Serialize, Deserialize, PartialEq)]
struct MetaDense {
    cols: usize,
    rows: usize,
    bins: usize,
    scale: f64,
    offset: f64,
}

fn dense_layout() -> MetaDense {
    // The shortest decimal of the f32, so that the file says 0.0019607844 and not its binary tail.
    let scale = SCALE.to_string().parse().unwrap_or(f64::from(SCALE));
    MetaDense {
        cols: COLS,
        rows: ROWS,
        bins: BINS,
        scale,
        offset: 0.0,
    }
}

/// Knows an index by its first member.
pub const OWN: Replaces =
    Replaces::own(|ends| ends.head.starts_with(b"PK\x03\x04") && ends.head_holds("t_ref.npy"));

/// Whether the index at `path` is what was written; every byte of it is read.
///
/// # Errors
/// It cannot be opened.
pub fn is_whole(path: &Path) -> Result<bool, PipelineError> {
    let file = File::open(path).map_err(|error| ReadError::from_io(path, error))?;
    Ok(NpzReader::new(BufReader::new(file)).is_ok_and(|mut npz| npz.check_all().is_ok()))
}

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

fn sums_name(column: &str) -> String {
    format!("{column}_crc32")
}

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

fn read_meta(npz: &mut NpzReader<BufReader<File>>) -> Result<Meta, IndexProblem> {
    let text: Array<u8> = npz.array("meta").map_err(|_| IndexProblem::NotAnIndex)?;
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

fn decode(file: File) -> Result<Features, IndexProblem> {
    let again = file.try_clone().map_err(|_| IndexProblem::Damaged)?;
    let mut npz = NpzReader::new(BufReader::new(again)).map_err(|_| IndexProblem::NotAnIndex)?;
    let file = IndexFile::new(file);
    let meta = read_meta(&mut npz)?;
    let t_secs = npz.shaped::<f64>("t_ref", &[None])?.data;
    let n = t_secs.len();
    let offsets = npz.shaped::<i64>("frame_offsets", &[Some(n + 1)])?.data;
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
        fine_t_secs = npz.shaped::<f64>("fine_t", &[None])?.data;
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
        let rows = npz.shaped::<f64>("track", &[None, Some(6)])?.data;
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
    let offsets = npz.shaped::<i64>(offsets, &[Some(frames + 1)])?.data;
    let total = offsets.last().and_then(|&end| usize::try_from(end).ok());
    let total = total
        .filter(|_| rise_from_zero(&offsets))
        .ok_or(IndexProblem::Damaged)?;
    Ok(Pictures {
        jpegs: column::<u8>(npz, file, bytes, [total, 1])?,
        offsets,
    })
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
        let blocks = (rows * width).div_ceil(BLOCK_BYTES);
        let sums = npz.shaped::<u32>(&sums_name(name), &[Some(blocks)])?.data;
        if found.shape != [rows, numbers] {
            return Err(IndexProblem::Damaged);
        }
        return Ok(Column::in_file([rows, width], file, found.offset, sums));
    }
    let unpacked = npz.shaped::<T>(name, &[Some(rows), Some(numbers)])?.data;
    let mut bytes = Vec::with_capacity(unpacked.len() * T::SIZE);
    unpacked
        .into_iter()
        .for_each(|number| number.append_to(&mut bytes));
    Ok(Column::of_bytes(width, bytes))
}

#[cfg(test)]
mod tests {
    use mtbsync_telemetry::lens::{Lens, LensFrom, LensMode};

    use super::*;

    fn features(track: Vec<[f64; 6]>) -> Features {
        Features {
            source: SourceRecording {
                path: "/v/ref.mp4".to_owned(),
                fingerprint: "sha256:0".to_owned(),
                chapters: vec!["ref.mp4".to_owned()],
                proxy: None,
                duration_secs: 2.0,
                fps: "30/1".to_owned(),
                width: 640,
                height: 360,
                rotation: 0,
                timecode: None,
            },
            params: IndexParams {
                fps: 3.0,
                n_features: 0,
                clahe: true,
                precise: false,
            },
            picture: (640, 360),
            t_secs: vec![0.0, 0.5],
            dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; 2 * DESCRIPTOR_LEN]),
            offsets: vec![0, 0, 0],
            keypoints: Column::of_bytes(KEYPOINT_BYTES, Vec::new()),
            descriptors: Column::of_bytes(LOCAL_BYTES, Vec::new()),
            mask: vec![1; ROWS * COLS],
            fine_t_secs: Vec::new(),
            fine_dense: Column::of_bytes(DESCRIPTOR_LEN, Vec::new()),
            detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
            fine_detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
            luma: Default::default(),
            view: None,
            track,
            lenses: Lenses::default(),
            skipped_frames: 0,
        }
    }

    #[test]
    fn detail_grids_of_all_frames_are_kept_and_too_few_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.npz");
        let details =
            |frames: usize, value: u8| Column::of_bytes(HOG_GRID_LEN, vec![value; frames * HOG_GRID_LEN]);
        let precise = Features {
            detail: details(2, 1),
            fine_t_secs: vec![0.25],
            fine_dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; DESCRIPTOR_LEN]),
            fine_detail: details(1, 2),
            ..features(Vec::new())
        };
        write(&path, OWN, &precise, "2026-06-01T09:00:00Z").unwrap();
        let kept = read(&path).unwrap();
        let found = [(false, 1), (false, 2), (true, 0), (true, 1)].map(|frame| kept.hog_grid(frame));
        let grid = |value: u8| Some(vec![value; HOG_GRID_LEN]);
        assert!(found == [grid(1), None, grid(2), None]);
        let too_few = Features {
            fine_detail: details(2, 2),
            ..precise
        };
        // Either the writer or the reader notices.
        let written = write(&path, OWN, &too_few, "2026-06-01T09:00:00Z");
        assert!(written.is_err() || read(&path).is_err());
    }

    #[test]
    fn a_flipped_bit_is_noticed_wherever_it_changes_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.npz");
        let grids = |frames: usize| Column::of_bytes(HOG_GRID_LEN, vec![3; frames * HOG_GRID_LEN]);
        let full = Features {
            offsets: vec![0, 1, 1],
            keypoints: Column::of_bytes(KEYPOINT_BYTES, vec![1; KEYPOINT_BYTES]),
            descriptors: Column::of_bytes(LOCAL_BYTES, vec![2; LOCAL_BYTES]),
            fine_t_secs: vec![0.25],
            fine_dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; DESCRIPTOR_LEN]),
            detail: grids(2),
            fine_detail: grids(1),
            luma: [
                Pictures::new(&[10, 30], Column::of_bytes(1, vec![4; 30])),
                Pictures::new(&[20], Column::of_bytes(1, vec![5; 20])),
            ],
            ..features(vec![[0.0, 46.5, 7.2, 900.0, 4.5, 3.0]])
        };
        write(&path, Replaces::ANYTHING, &full, "2026-06-01T09:00:00Z").unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut noticed = 0;
        // Each byte of the directory and the text at the end, some of the columns before.
        let text = bytes.len() - 6000;
        let places: Vec<usize> = (0..text).step_by(31).chain(text..bytes.len()).collect();
        for &place in &places {
            let mut file = tempfile::tempfile().unwrap();
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            file.write_all(&flipped).unwrap();
            match decode(file) {
                Err(_) => noticed += 1,
                // Times of members, and lengths that are there twice.
                Ok(found) => assert!(found == full && found.check().is_ok(), "byte {place}"),
            }
        }
        assert!(noticed > places.len() * 3 / 4, "{noticed} of {}", places.len());
    }

    #[test]
    fn an_index_of_another_version_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.npz");
        for (version, words) in [
            (VERSION - 1, "index of an older version"),
            (VERSION + 1, "newer version"),
        ] {
            let file = BufWriter::new(File::create(&path).unwrap());
            let mut npz = NpzWriter::new(file, Compression::Stored);
            let meta = format!(r#"{{"format":"{FORMAT}","version":{version}}}"#);
            npz.add_text("meta", meta.as_bytes()).unwrap();
            npz.finish().unwrap().flush().unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("index.npz"), "{error}");
        }
    }

    #[test]
    fn what_is_said_of_the_lens_is_kept_and_nonsense_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.npz");
        let said = |diagonals: &[(f64, f64)]| {
            let mut lenses = Lenses::default();
            for &(from_secs, deg) in diagonals {
                let lens = Lens {
                    mode: Some(LensMode::Linear),
                    diagonal_deg: Some(deg),
                };
                lenses.push(LensFrom { from_secs, lens });
            }
            let features = Features {
                lenses,
                ..features(Vec::new())
            };
            write(&path, OWN, &features, "2026-06-01T09:00:00Z").unwrap();
            (features.lenses, read(&path).map(|f| f.lenses))
        };
        for good in [&[][..], &[(0.0, 87.0)], &[(0.0, 87.0), (61.5, 120.0)]] {
            let (written, kept) = said(good);
            assert_eq!(kept.unwrap(), written);
        }
        assert!(said(&[(0.0, -4.0)]).1.is_err());
        assert!(said(&[(f64::NAN, 87.0)]).1.is_err());
    }

    #[test]
    fn a_track_is_kept_and_a_damaged_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.npz");
        let kept = |track: &[[f64; 6]]| {
            write(&path, OWN, &features(track.to_vec()), "2026-06-01T09:00:00Z").unwrap();
            read(&path).map(|f| f.track)
        };
        let track = [
            [0.0, 46.5, 7.2, 900.0, 4.5, 3.0],
            [0.1, 46.5001, 7.2, 900.0, 4.5, 3.0],
        ];
        assert_eq!(kept(&track).unwrap(), track);
        assert_eq!(kept(&[]).unwrap(), Vec::<[f64; 6]>::new());
        let unknown = kept(&[[0.0, 46.5, 7.2, f64::NAN, f64::NAN, 3.0]]).unwrap();
        assert!(unknown[0][3].is_nan() && unknown[0][4].is_nan());
        for (column, value) in [(0, f64::NAN), (1, 91.0), (2, f64::INFINITY), (5, 0.0)] {
            let mut damaged = track;
            damaged[1][column] = value;
            assert!(kept(&damaged).is_err(), "{column}");
        }
        assert!(kept(&[track[1], track[0]]).is_err());
    }
}
