//! Which cells of each frame of a recording show scenery.

use std::collections::BTreeMap;

/// Masks of the frames of a recording, [`crate::mask::MASK_LEN`] bytes each: 1 scenery, 0 what moves with the
/// camera. Frames that are masked alike share one.
#[derive(Clone, Debug)]
pub struct Scenery {
    masks: Vec<Vec<u8>>,
    /// Number of each frame's mask; empty where all frames have the one mask.
    of_frame: Vec<usize>,
}

impl Scenery {
    /// The same in all frames.
    pub fn still(mask: Vec<u8>) -> Self {
        Self {
            masks: vec![mask],
            of_frame: Vec::new(),
        }
    }

    /// A mask for each frame, made by `mask` from what tells the masks apart.
    pub fn moving<K: Ord + Copy>(keys: &[K], mask: impl Fn(K) -> Vec<u8>) -> Self {
        let mut numbers = BTreeMap::new();
        let mut masks = Vec::new();
        let of_frame = keys
            .iter()
            .map(|&key| {
                *numbers.entry(key).or_insert_with(|| {
                    masks.push(mask(key));
                    masks.len() - 1
                })
            })
            .collect();
        Self { masks, of_frame }
    }

    /// The mask of a frame; where there is none for it, nothing is masked.
    pub fn at(&self, frame: usize) -> &[u8] {
        let number = self.of_frame.get(frame).copied().unwrap_or(0);
        self.masks.get(number).map_or(&[], Vec::as_slice)
    }

    /// The mask that all frames share, if they do.
    pub fn of_all(&self) -> Option<&[u8]> {
        (self.masks.len() == 1).then(|| self.at(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_masked_alike_share_a_mask() {
        let scenery = Scenery::moving(&[3, 5, 3, 3], |key: u8| vec![key; 2]);
        let seen: Vec<&[u8]> = (0..4).map(|frame| scenery.at(frame)).collect();
        assert_eq!(seen, [[3, 3], [5, 5], [3, 3], [3, 3]]);
        assert_eq!(scenery.masks.len(), 2);
        assert!(scenery.of_all().is_none());
    }

    #[test]
    fn one_mask_is_that_of_all_frames() {
        assert_eq!(Scenery::still(vec![1, 0]).at(70), [1, 0]);
        assert_eq!(
            Scenery::moving(&[2; 3], |_| vec![1, 0]).of_all(),
            Some(&[1, 0][..])
        );
        assert!(Scenery::moving(&[], |_: u8| vec![]).at(0).is_empty());
    }
}
