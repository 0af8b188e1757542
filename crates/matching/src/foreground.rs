//! Which cells of each frame show scenery: all but what never moves, and what moves with the camera
//! ([`mtbsync_vision::foreground`]).

use mtbsync_index::features::{Features, FrameNumber};
use mtbsync_vision::foreground::{Foreground, ForegroundShift};
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::structure::HOG_GRID_LEN;
use rayon::prelude::*;

use crate::tuning::FOREGROUND_SAMPLE;

/// Scenery of a recording's frames.
pub struct SceneryOfFrames {
    /// Of the analysed ones.
    pub analysed: Scenery,
    /// Of these and those between, in order of time.
    pub all: Scenery,
    /// Something moves with the camera, and with it much that is not rigid: whoever holds the bars.
    pub has_foreground: bool,
}

impl SceneryOfFrames {
    /// Of a recording. Without HOG grids, and where nothing moves with the camera, all frames have the
    /// recording's one mask.
    pub fn of(features: &Features) -> Self {
        let (_, order) = features.with_hog_grid();
        let analysed: Vec<FrameNumber> = (0..features.t_secs.len()).map(|i| (false, i)).collect();
        let has_grids = features.detail.rows() == analysed.len()
            && order.len() == analysed.len() + features.fine_t_secs.len();
        let Some(foreground) = has_grids.then(|| find(features)).flatten() else {
            return Self {
                analysed: Scenery::still(features.mask.clone()),
                all: Scenery::still(features.mask.clone()),
                has_foreground: false,
            };
        };
        let measured = |frame: FrameNumber| -> ForegroundShift {
            features
                .hog_grid(frame)
                .map_or((0, 0), |grid| foreground.shift(&grid))
        };
        let of_analysed: Vec<ForegroundShift> = analysed.par_iter().map(|&frame| measured(frame)).collect();
        let shifts: Vec<ForegroundShift> = order
            .par_iter()
            .map(|&(between, i)| {
                if !between {
                    return of_analysed[i];
                }
                let after = features.t_secs.partition_point(|&t| t <= features.fine_t_secs[i]);
                let before = after.checked_sub(1).and_then(|before| of_analysed.get(before));
                match (before, of_analysed.get(after)) {
                    // What lies where it lay a third of a second ago has not moved.
                    (Some(before), Some(after)) if before == after => *after,
                    _ => measured((between, i)),
                }
            })
            .collect();
        let mask = |shift| -> Vec<u8> {
            let still = features.mask.iter();
            still
                .zip(foreground.mask(shift))
                .map(|(&a, b)| a.min(b))
                .collect()
        };
        Self {
            analysed: Scenery::moving(&of_analysed, mask),
            all: Scenery::moving(&shifts, mask),
            has_foreground: true,
        }
    }
}

/// The foreground of a recording, from analysed frames spread over it.
fn find(features: &Features) -> Option<Foreground> {
    let len = features.detail.rows();
    let count = FOREGROUND_SAMPLE.min(len);
    let mut packed = Vec::with_capacity(count * HOG_GRID_LEN);
    for k in 0..count {
        let i = k * len / count;
        features.detail.read(i..i + 1, &mut packed);
    }
    Foreground::find(&packed)
}
