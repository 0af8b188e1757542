//! What the program knows about a recording once it has looked at it: the content of an index.

use std::ops::Range;
use std::sync::Arc;

use mtbsync_task::error::PipelineError;
use mtbsync_telemetry::lens::Lenses;
use mtbsync_vision::dense::DESCRIPTOR_LEN;
use mtbsync_vision::remap::Remap;
use mtbsync_vision::similarity::Descriptors;
use mtbsync_vision::structure::HOG_GRID_LEN;
use mtbsync_vision::thumbnail::Thumbnail;
use serde::{Deserialize, Serialize};

use crate::column::Column;

/// Analysis parameters that change the content of an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexParams {
    /// Analysed frames per second asked for.
    pub fps: f64,
    /// ORB keypoints wanted per frame.
    pub n_features: usize,
    /// Local contrast equalisation before ORB.
    pub clahe: bool,
    /// Every frame was decoded for the finest measurement.
    pub precise: bool,
}

/// The recording an index was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceRecording {
    /// Absolute path of the named file.
    pub path: String,
    /// Content fingerprint.
    pub fingerprint: String,
    /// File names of all chapters.
    pub chapters: Vec<String>,
    /// File name of the proxy that was read instead, if any.
    pub proxy: Option<String>,
    /// Length in seconds.
    #[serde(rename = "duration")]
    pub duration_secs: f64,
    /// Frame rate as a fraction, `30000/1001`.
    pub fps: String,
    /// Width as shown, pixels.
    pub width: usize,
    /// Height as shown, pixels.
    pub height: usize,
    /// Rotation that was undone, degrees.
    pub rotation: u32,
    /// Start timecode, when the file has one.
    pub timecode: Option<String>,
}

/// One local feature: x and y in pixels of the analysed picture, and response.
pub type KeypointRow = [f32; 3];
/// Bytes of a [`KeypointRow`] in an index.
pub const KEYPOINT_BYTES: usize = size_of::<KeypointRow>();
/// Bytes of the descriptor of a local feature.
pub const LOCAL_BYTES: usize = 32;

/// Local features of one frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalFrame {
    /// x, y, response.
    pub keypoints: Vec<KeypointRow>,
    /// 256 bits per keypoint.
    pub descriptors: Vec<[u8; LOCAL_BYTES]>,
}

/// A frame: whether it is one between the analysed ones, and its number among its kind.
pub type FrameNumber = (bool, usize);

/// A keypoint as a row of its column.
pub fn keypoint_bytes(keypoint: &KeypointRow) -> [u8; KEYPOINT_BYTES] {
    let mut bytes = [0; KEYPOINT_BYTES];
    let places = bytes.as_chunks_mut().0.iter_mut();
    places
        .zip(keypoint)
        .for_each(|(place, number)| *place = number.to_le_bytes());
    bytes
}

/// Pictures of one kind of frames, [`Thumbnail`]s as JPEGs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// Bytes of picture i in `jpegs`: `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<i64>,
    /// All of them, one after the other.
    pub jpegs: Column,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            jpegs: Column::of_bytes(1, Vec::new()),
        }
    }
}

impl Pictures {
    /// Of JPEGs one after the other, and where each ends.
    pub fn new(ends: &[i64], jpegs: Column) -> Self {
        Self {
            offsets: std::iter::once(0).chain(ends.iter().copied()).collect(),
            jpegs,
        }
    }

    /// Number of pictures.
    pub fn frames(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    fn read(&self, i: usize) -> Option<Thumbnail> {
        let bound = |k: usize| usize::try_from(*self.offsets.get(k)?).ok();
        let mut bytes = Vec::new();
        self.jpegs.read(bound(i)?..bound(i + 1)?, &mut bytes);
        Thumbnail::from_jpeg(&bytes)
    }
}

/// Features of all analysed frames of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Where they come from.
    pub source: SourceRecording,
    /// How they were made.
    pub params: IndexParams,
    /// Width and height of the analysed picture, pixels.
    pub picture: (usize, usize),
    /// Times of the analysed frames, seconds, strictly increasing.
    pub t_secs: Vec<f64>,
    /// Dense descriptors of the analysed frames, [`DESCRIPTOR_LEN`] bytes each.
    pub dense: Column,
    /// Rows of frame i in `keypoints` and `descriptors`: `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<i64>,
    /// x, y, response: [`KEYPOINT_BYTES`] each, little-endian.
    pub keypoints: Column,
    /// 256 bits per keypoint, [`LOCAL_BYTES`] each.
    pub descriptors: Column,
    /// Cells of the dense grid: 1 scenery, 0 never moving.
    pub mask: Vec<u8>,
    /// Times of further frames between the analysed ones, for refinement; may be empty.
    pub fine_t_secs: Vec<f64>,
    /// Dense descriptors of those.
    pub fine_dense: Column,
    /// HOG grids of the analysed frames, [`HOG_GRID_LEN`] bytes each; empty in an index made without.
    pub detail: Column,
    /// HOG grids of the frames between, as many as `fine_t_secs` has; empty in an index made without.
    pub fine_detail: Column,
    /// Reduced pictures of the analysed frames and of those between; none in an index made without.
    pub luma: [Pictures; 2],
    /// How the pictures were changed before they were described, if they were.
    pub view: Option<Arc<Remap>>,
    /// Usable GPS of the camera, on the recording's clock: rows of `mtbsync_telemetry::Track`; may be empty.
    pub track: Vec<[f64; 6]>,
    /// What the camera says of its lens, on the recording's clock.
    pub lenses: Lenses,
    /// Frames that could not be read.
    pub skipped_frames: usize,
}

impl Features {
    /// Local features of analysed frame `i`. Empty beyond the last frame.
    pub fn local(&self, i: usize) -> LocalFrame {
        let bound = |k: usize| {
            self.offsets
                .get(k)
                .and_then(|&o| usize::try_from(o).ok())
                .unwrap_or(0)
        };
        let rows = bound(i)..bound(i + 1).max(bound(i));
        let (mut points, mut descriptors) = (Vec::new(), Vec::new());
        self.keypoints.read(rows.clone(), &mut points);
        self.descriptors.read(rows, &mut descriptors);
        let numbers: Vec<f32> = points
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&n| f32::from_le_bytes(n))
            .collect();
        LocalFrame {
            keypoints: numbers.as_chunks::<3>().0.to_vec(),
            descriptors: descriptors.as_chunks::<LOCAL_BYTES>().0.to_vec(),
        }
    }

    /// HOG grid of a frame; `None` where there is none.
    pub fn hog_grid(&self, (between, i): FrameNumber) -> Option<Vec<u8>> {
        let column = if between { &self.fine_detail } else { &self.detail };
        (i < column.rows()).then(|| {
            let mut bytes = Vec::with_capacity(HOG_GRID_LEN);
            column.read(i..i + 1, &mut bytes);
            bytes
        })
    }

    /// Whether the pictures of all its frames are there: an index of an earlier version has none.
    pub fn has_pictures(&self) -> bool {
        self.luma[0].frames() == self.t_secs.len() && self.luma[1].frames() == self.fine_t_secs.len()
    }

    /// The reduced picture of a frame as it was described; `None` where there is none.
    pub fn luma(&self, (between, i): FrameNumber) -> Option<Thumbnail> {
        let seen = self.luma[usize::from(between)].read(i)?;
        Some(match &self.view {
            Some(view) => view.picture(&seen),
            None => seen,
        })
    }

    /// All frames with a HOG grid in order of time.
    pub fn with_hog_grid(&self) -> (Vec<f64>, Vec<FrameNumber>) {
        let between = if self.fine_detail.rows() > 0 {
            self.fine_t_secs.as_slice()
        } else {
            &[]
        };
        in_order(&self.t_secs, between)
    }

    /// Whether everything that was asked for could be read.
    ///
    /// # Errors
    /// The first reading that failed; what was computed with it is worth nothing.
    pub fn check(&self) -> Result<(), PipelineError> {
        [
            &self.dense,
            &self.fine_dense,
            &self.detail,
            &self.fine_detail,
            &self.keypoints,
            &self.descriptors,
            &self.luma[0].jpegs,
            &self.luma[1].jpegs,
        ]
        .into_iter()
        .try_for_each(Column::check)
    }
}

/// Frames of both kinds in order of time.
fn in_order(analysed: &[f64], between: &[f64]) -> (Vec<f64>, Vec<FrameNumber>) {
    let timed = |times: &[f64], fine| -> Vec<(f64, FrameNumber)> {
        times.iter().enumerate().map(|(i, &t)| (t, (fine, i))).collect()
    };
    let mut frames = timed(analysed, false);
    frames.extend(timed(between, true));
    frames.sort_by(|a, b| a.0.total_cmp(&b.0));
    frames.into_iter().unzip()
}

/// Dense descriptors of a recording's frames in order of time.
pub struct DenseFrames<'a> {
    /// Times, seconds, increasing.
    pub t_secs: Vec<f64>,
    features: &'a Features,
    /// Empty when all are analysed ones.
    order: Vec<FrameNumber>,
}

impl<'a> DenseFrames<'a> {
    /// The analysed frames.
    pub fn analysed(features: &'a Features) -> Self {
        Self {
            t_secs: features.t_secs.clone(),
            features,
            order: Vec::new(),
        }
    }

    /// The analysed frames and those between.
    pub fn all(features: &'a Features) -> Self {
        if features.fine_t_secs.is_empty() {
            return Self::analysed(features);
        }
        let (t_secs, order) = in_order(&features.t_secs, &features.fine_t_secs);
        Self {
            t_secs,
            features,
            order,
        }
    }
}

impl Descriptors for DenseFrames<'_> {
    fn frames(&self) -> usize {
        self.t_secs.len()
    }

    fn read(&self, frames: Range<usize>, out: &mut Vec<u8>) {
        let Features {
            dense, fine_dense, ..
        } = self.features;
        if self.order.is_empty() {
            return dense.read(frames, out);
        }
        let order = &self.order[frames];
        // Each kind is in order of time, so a stretch of both together is a stretch of each.
        let read = |fine: bool, column: &Column| {
            let mut rows = order.iter().filter(|o| o.0 == fine).map(|o| o.1);
            let mut bytes = Vec::new();
            if let Some(first) = rows.next() {
                column.read(first..rows.next_back().unwrap_or(first) + 1, &mut bytes);
            }
            bytes
        };
        let kinds = [read(false, dense), read(true, fine_dense)];
        let mut rest = kinds.each_ref().map(|bytes| bytes.chunks_exact(DESCRIPTOR_LEN));
        for &(fine, _) in order {
            out.extend_from_slice(rest[usize::from(fine)].next().unwrap_or(&[0; DESCRIPTOR_LEN]));
        }
    }
}
