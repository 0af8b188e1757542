//! Local features of what never moves: `frames × features` to one flag a feature.
//!
//! The mask of [`crate::mask`] hides cells in which nothing changes. A cockpit seen through moving light, or
//! a handlebar with scenery behind it, also has features with the same pixel and the same descriptor
//! throughout the recording. They match in every pair of frames, whatever the place, and would verify
//! anything. A feature recurs when it is found again (within a radius and a Hamming distance) in several of a
//! few frames spread over the recording.

use crate::matching::hamming;
use crate::orb::LocalFeatures;
use crate::tuning::{
    RECURRING_LOOKS as LOOKS, RECURRING_MAX_DISTANCE as MAX_DISTANCE, RECURRING_MIN_SEEN as MIN_SEEN,
    RECURRING_RADIUS_PX as RADIUS_PX, STATIC_MIN_FRAMES,
};

/// The frames that frame `i` of `frames` is looked for in; none in a recording too short to prove anything.
pub fn looks(i: usize, frames: usize) -> Vec<usize> {
    if frames < STATIC_MIN_FRAMES {
        return Vec::new();
    }
    (1..=LOOKS)
        .map(|k| (i + k * frames / (LOOKS + 1)) % frames)
        .collect()
}

/// A frame's features, and their order from top to bottom.
#[derive(Clone, Debug, Default)]
pub struct SortedFeatures {
    /// In the order they were found in.
    pub features: LocalFeatures,
    /// Their numbers from top to bottom.
    pub order: Vec<u32>,
}

impl SortedFeatures {
    /// Of a frame's features.
    pub fn new(features: LocalFeatures) -> Self {
        let points = &features.keypoints;
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        let y = |k: u32| points[k as usize].y;
        order.sort_by(|&a, &b| y(a).total_cmp(&y(b)).then(a.cmp(&b)));
        Self { features, order }
    }

    /// Whether feature `k` of `frame` is found again here.
    fn holds(&self, frame: &LocalFeatures, k: usize) -> bool {
        let (point, descriptor) = (&frame.keypoints[k], &frame.descriptors[k]);
        let there = |&o: &u32| &self.features.keypoints[o as usize];
        let from = self.order.partition_point(|o| there(o).y < point.y - RADIUS_PX);
        self.order[from..]
            .iter()
            .take_while(|o| there(o).y <= point.y + RADIUS_PX)
            .any(|o| {
                (there(o).x - point.x).abs() <= RADIUS_PX
                    && hamming(descriptor, &self.features.descriptors[*o as usize]) <= MAX_DISTANCE
            })
    }
}

/// Whether each feature of a frame recurs, by the frames that [`looks`] names.
pub fn recurring(frame: &LocalFeatures, others: &[SortedFeatures]) -> Vec<bool> {
    let seen_again = |k: usize| others.iter().filter(|other| other.holds(frame, k)).count();
    (0..frame.keypoints.len())
        .map(|k| seen_again(k) >= MIN_SEEN)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orb::{DESCRIPTOR_BYTES, Keypoint};

    fn keypoint(x: f32, y: f32) -> Keypoint {
        Keypoint {
            x,
            y,
            size: 31.0,
            angle_deg: 0.0,
            response: 1.0,
        }
    }

    fn look(seed: usize) -> [u8; DESCRIPTOR_BYTES] {
        std::array::from_fn(|i| (seed.wrapping_mul(2_654_435_761) >> (i % 24)) as u8 ^ (i * 37 * seed) as u8)
    }

    /// A visor at one spot, trembling by a pixel, and a tree that comes closer.
    fn ride(frames: usize) -> Vec<LocalFeatures> {
        (0..frames)
            .map(|f| LocalFeatures {
                keypoints: vec![
                    keypoint(300.0 + (f % 2) as f32, 500.0),
                    keypoint(100.0 + 9.0 * f as f32, 200.0),
                ],
                descriptors: vec![look(1), look(100 + f)],
            })
            .collect()
    }

    fn recurring_in(frames: &[LocalFeatures]) -> Vec<Vec<bool>> {
        let sorted: Vec<SortedFeatures> = frames.iter().cloned().map(SortedFeatures::new).collect();
        let of = |(i, frame)| {
            let looks = looks(i, sorted.len());
            let others: Vec<SortedFeatures> = looks.iter().map(|&k| sorted[k].clone()).collect();
            recurring(frame, &others)
        };
        frames.iter().enumerate().map(of).collect()
    }

    #[test]
    fn the_visor_recurs_and_the_tree_does_not() {
        assert!(recurring_in(&ride(40)).iter().all(|f| f == &[true, false]));
    }

    #[test]
    fn a_different_look_at_the_same_spot_is_scenery() {
        let mut frames = ride(40);
        for (f, frame) in frames.iter_mut().enumerate() {
            frame.descriptors[0] = look(1000 + f);
        }
        assert!(recurring_in(&frames).iter().all(|f| f == &[false, false]));
    }

    #[test]
    fn a_short_recording_proves_nothing() {
        assert!(recurring_in(&ride(10)).iter().flatten().all(|&r| !r));
        assert!(recurring_in(&[]).is_empty());
    }
}
