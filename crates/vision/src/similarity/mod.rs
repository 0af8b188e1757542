//! `s = max_δ ⟨a, b_δ⟩ / (|a| |b_δ|)`: similarity of two centred descriptors as their cosine at the best
//! displacement `δ` of one grid against the other, because no two cameras point alike.
//!
//! - [`PlaceSequence`] compares any frame with any other under shifts of the whole grid. It finds the place.
//! - [`DisplacementMatcher`] (on [`DisplacementSequence`]) also shears the part below the horizon sideways,
//!   because half a metre further left the ground moves and the horizon stays, and interpolates between
//!   cells. It locates the place to a fraction of a frame.
//!
//! - [`LearnedSequence`] compares learned maps ([`crate::learned`]) under shifts of the whole grid.
//!
//! What says nothing about the place is removed first (mean-centring, [`Centring`]). All dot products are
//! integers, so results do not depend on vector width or the number of threads.

mod centred;
mod displacement;
mod displacement_matcher;
mod frame_blocks;
mod learned;
mod place;
mod shifted_grid;

pub use crate::tuning::BLOCK_FRAMES;
pub use centred::{CentredSequence, Centring, Descriptors};
pub use displacement::{Displacement, DisplacementSequence};
pub use displacement_matcher::DisplacementMatcher;
pub use frame_blocks::FrameBlocks;
pub use learned::{LearnedCentring, LearnedMaps, LearnedSequence};
pub use place::{PlaceSequence, ShiftSearch};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS};

    /// Descriptors with a block pattern that is displaced by `dx` cells, over random clutter.
    pub(super) fn frames(count: usize, seed: u32, dx: isize) -> Vec<u8> {
        let mut out = Vec::new();
        for f in 0..count {
            for row in 0..ROWS {
                for col in 0..COLS {
                    let source = col as isize - dx;
                    for bin in 0..BINS {
                        let key = [f as u32, row as u32, source as u32, bin as u32]
                            .iter()
                            .fold(seed, |h, v| {
                                (h ^ v).wrapping_mul(0x85eb_ca6b).rotate_left(13) ^ (h >> 7)
                            });
                        out.push((key.wrapping_mul(0xc2b2_ae35) >> 24) as u8);
                    }
                }
            }
        }
        out
    }

    pub(super) fn all() -> Vec<u8> {
        vec![1; ROWS * COLS]
    }

    #[test]
    fn a_turned_camera_is_found_at_its_shift() {
        let a = CentredSequence::new(&frames(5, 1, 0), &all());
        let b = CentredSequence::new(&frames(5, 1, 4), &all());
        let [a, b] = [&a, &b].map(DisplacementSequence::new);
        let (score, displacement) = DisplacementMatcher::default().search(&a, 2, &b, 2);
        assert!(score > 0.9, "{score}");
        assert!((displacement.dx - 4.0).abs() < 0.3, "{displacement:?}");
        assert!(
            displacement.dy.abs() < 0.3 && displacement.shear.abs() < 0.6,
            "{displacement:?}"
        );
    }

    #[test]
    fn masked_cells_have_no_say() {
        let mut mask = all();
        mask[..COLS * 9].fill(0);
        let mut changed = frames(4, 1, 0);
        for frame in changed.chunks_exact_mut(DESCRIPTOR_LEN) {
            frame[..9 * COLS * BINS].fill(33);
        }
        let a = CentredSequence::new(&frames(4, 1, 0), &mask);
        let b = CentredSequence::new(&changed, &mask);
        let [a, b] = [a, b].map(|s| PlaceSequence::new(&s));
        for (i, j) in [(0, 0), (1, 2), (3, 1)] {
            assert_eq!(
                a.similarity(i, &b, j, ShiftSearch::CoarseToFine),
                a.similarity(i, &a, j, ShiftSearch::CoarseToFine)
            );
        }
    }

    #[test]
    fn a_flat_recording_is_like_nothing() {
        let flat = DisplacementSequence::new(&CentredSequence::new(&vec![10; 3 * DESCRIPTOR_LEN], &all()));
        assert_eq!(DisplacementMatcher::default().search(&flat, 0, &flat, 1).0, 0.0);
    }
}
