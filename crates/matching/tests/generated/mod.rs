//! Features of rides that nobody filmed: a trail of random looks, ridden twice, with known truth.

use mtbsync_index::column::Column;
use mtbsync_index::features::{Features, IndexParams, KEYPOINT_BYTES, LOCAL_BYTES, SourceRecording};
use mtbsync_vision::dense::{COLS, DESCRIPTOR_LEN, ROWS};
use mtbsync_vision::structure::HOG_GRID_LEN;

/// Reference seconds after which a view has become another one.
const VIEW_SECS: f64 = 1.5;

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// -1..1.
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// What the trail `trail` looks like at view number `k`.
fn look(trail: u64, k: u64) -> Vec<f32> {
    let mut random = Random(
        trail
            .wrapping_mul(0x1000_0001)
            .wrapping_add(k.wrapping_mul(0x5851_f42d)),
    );
    (0..DESCRIPTOR_LEN).map(|_| random.unit()).collect()
}

/// A recording at `fps` frames a second: `place(t)` is where on `trail` the rider is at time `t`, in seconds
/// of the reference rider. `noise` is relative to the strength of the view.
pub fn recording(trail: u64, fps: f64, secs: f64, noise: f32, place: impl Fn(f64) -> f64) -> Features {
    let t_secs: Vec<f64> = (0..(secs * fps) as usize).map(|k| k as f64 / fps).collect();
    let mut random = Random(trail ^ t_secs.len() as u64);
    let mut dense = Vec::with_capacity(t_secs.len() * DESCRIPTOR_LEN);
    let mut near = (u64::MAX, Vec::new(), Vec::new());
    for &t in &t_secs {
        let at = place(t).max(0.0) / VIEW_SECS;
        let k = at as u64;
        if near.0 != k {
            near = (k, look(trail, k), look(trail, k + 1));
        }
        let share = (at - k as f64) as f32;
        dense.extend(near.1.iter().zip(&near.2).map(|(a, b)| {
            let seen = a * (1.0 - share) + b * share;
            (128.0 + 60.0 * (seen + noise * random.unit())).clamp(0.0, 255.0) as u8
        }));
    }
    Features {
        source: SourceRecording {
            path: "ride.mp4".into(),
            fingerprint: String::new(),
            chapters: vec!["ride.mp4".into()],
            proxy: None,
            duration_secs: secs,
            fps: "30000/1001".into(),
            width: 1920,
            height: 1080,
            rotation: 0,
            timecode: None,
        },
        params: IndexParams {
            fps,
            n_features: 0,
            clahe: false,
            precise: false,
        },
        picture: (960, 540),
        offsets: vec![0; t_secs.len() + 1],
        t_secs,
        dense: Column::of_bytes(DESCRIPTOR_LEN, dense),
        keypoints: Column::of_bytes(KEYPOINT_BYTES, Vec::new()),
        descriptors: Column::of_bytes(LOCAL_BYTES, Vec::new()),
        mask: vec![1; ROWS * COLS],
        fine_t_secs: Vec::new(),
        fine_dense: Column::of_bytes(DESCRIPTOR_LEN, Vec::new()),
        detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
        fine_detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
        luma: Default::default(),
        view: None,
        track: Vec::new(),
        lenses: Default::default(),
        skipped_frames: 0,
    }
}
