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

/// Whether each feature of each frame recurs. Frames are in order of time.
pub fn recurring(frames: &[LocalFeatures]) -> Vec<Vec<bool>> {
    let n = frames.len();
    if n < STATIC_MIN_FRAMES {
        return frames.iter().map(|f| vec![false; f.keypoints.len()]).collect();
    }
    let sorted: Vec<Vec<usize>> = frames.iter().map(by_row).collect();
    (0..n)
        .map(|i| {
            let looks: Vec<usize> = (1..=LOOKS).map(|k| (i + k * n / (LOOKS + 1)) % n).collect();
            let seen_again = |k: usize| {
                looks
                    .iter()
                    .filter(|&&other| is_in(&frames[i], k, &frames[other], &sorted[other]))
                    .count()
            };
            (0..frames[i].keypoints.len())
                .map(|k| seen_again(k) >= MIN_SEEN)
                .collect()
        })
        .collect()
}

/// Indices of a frame's features from top to bottom.
fn by_row(frame: &LocalFeatures) -> Vec<usize> {
    let mut order: Vec<usize> = (0..frame.keypoints.len()).collect();
    order.sort_by(|&a, &b| {
        frame.keypoints[a]
            .y
            .total_cmp(&frame.keypoints[b].y)
            .then(a.cmp(&b))
    });
    order
}

fn is_in(frame: &LocalFeatures, k: usize, other: &LocalFeatures, order: &[usize]) -> bool {
    let (point, descriptor) = (&frame.keypoints[k], &frame.descriptors[k]);
    let from = order.partition_point(|&o| other.keypoints[o].y < point.y - RADIUS_PX);
    order[from..]
        .iter()
        .take_while(|&&o| other.keypoints[o].y <= point.y + RADIUS_PX)
        .any(|&o| {
            (other.keypoints[o].x - point.x).abs() <= RADIUS_PX
                && hamming(descriptor, &other.descriptors[o]) <= MAX_DISTANCE
        })
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

    #[test]
    fn the_visor_recurs_and_the_tree_does_not() {
        assert!(recurring(&ride(40)).iter().all(|f| f == &[true, false]));
    }

    #[test]
    fn a_different_look_at_the_same_spot_is_scenery() {
        let mut frames = ride(40);
        for (f, frame) in frames.iter_mut().enumerate() {
            frame.descriptors[0] = look(1000 + f);
        }
        assert!(recurring(&frames).iter().all(|f| f == &[false, false]));
    }

    #[test]
    fn a_short_recording_proves_nothing() {
        assert!(recurring(&ride(10)).iter().flatten().all(|&r| !r));
        assert!(recurring(&[]).is_empty());
    }
}
