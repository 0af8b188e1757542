//! What the program knows about a recording once it has looked at it: the content of an index.

use mtbsync_vision::dense::DESCRIPTOR_LEN;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Absolute path of the named file.
    pub path: String,
    /// Content fingerprint.
    pub fingerprint: String,
    /// File names of all chapters.
    pub chapters: Vec<String>,
    /// File name of the proxy that was read instead, if any.
    pub proxy: Option<String>,
    /// Length in seconds.
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

/// One local feature: place and shape in pixels of the analysed picture.
pub type KeypointRow = [f32; 5];

/// Features of all analysed frames of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Where they come from.
    pub source: Source,
    /// How they were made.
    pub params: IndexParams,
    /// Width and height of the analysed picture, pixels.
    pub picture: (usize, usize),
    /// Times of the analysed frames, seconds, strictly increasing.
    pub t_secs: Vec<f64>,
    /// Dense descriptors of the analysed frames, [`DESCRIPTOR_LEN`] bytes each.
    pub dense: Vec<u8>,
    /// Rows of frame i in `keypoints` and `descriptors`: `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<i64>,
    /// x, y, size, angle in degrees, response.
    pub keypoints: Vec<KeypointRow>,
    /// 256 bits per keypoint.
    pub descriptors: Vec<[u8; 32]>,
    /// Cells of the dense grid: 1 scenery, 0 never moving.
    pub mask: Vec<u8>,
    /// Times of further frames between the analysed ones, for refinement; may be empty.
    pub fine_t_secs: Vec<f64>,
    /// Dense descriptors of those.
    pub fine_dense: Vec<u8>,
    /// Frames that could not be read.
    pub skipped_frames: usize,
}

impl Features {
    /// Local features of analysed frame `i`: keypoints and descriptors. Empty beyond the last frame.
    pub fn local(&self, i: usize) -> (&[KeypointRow], &[[u8; 32]]) {
        let bound = |k: usize| {
            self.offsets
                .get(k)
                .and_then(|&o| usize::try_from(o).ok())
                .unwrap_or(0)
        };
        let range = bound(i)..bound(i + 1).max(bound(i));
        (
            self.keypoints.get(range.clone()).unwrap_or_default(),
            self.descriptors.get(range).unwrap_or_default(),
        )
    }

    /// All frames with a dense descriptor, analysed and between, in order of time: times and descriptors.
    pub fn all_dense(&self) -> (Vec<f64>, Vec<u8>) {
        let mut order: Vec<(f64, bool, usize)> =
            Vec::with_capacity(self.t_secs.len() + self.fine_t_secs.len());
        order.extend(self.t_secs.iter().enumerate().map(|(i, &t)| (t, false, i)));
        order.extend(self.fine_t_secs.iter().enumerate().map(|(i, &t)| (t, true, i)));
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut dense = Vec::with_capacity(order.len() * DESCRIPTOR_LEN);
        for &(_, fine, i) in &order {
            let from = if fine { &self.fine_dense } else { &self.dense };
            dense.extend_from_slice(&from[i * DESCRIPTOR_LEN..(i + 1) * DESCRIPTOR_LEN]);
        }
        (order.into_iter().map(|o| o.0).collect(), dense)
    }
}
