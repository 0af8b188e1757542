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
pub use place::{CellShares, PlaceSequence, ShiftSearch};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::{BINS, COLS, DESCRIPTOR_LEN, ROWS};
    use crate::scenery::Scenery;

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
    fn what_is_masked_in_a_frame_has_no_say_in_the_mean() {
        let plain = frames(6, 1, 0);
        let mut covered = plain.clone();
        covered[DESCRIPTOR_LEN..][..9 * COLS * BINS].fill(200);
        let mut half = all();
        half[..9 * COLS].fill(0);
        let scenery = Scenery::moving(&[0, 1, 0, 0, 0, 0], |hidden| {
            if hidden == 1 { half.clone() } else { all() }
        });
        for i in [0, 1, 4] {
            let [a, b] = [&plain, &covered].map(|frames| {
                let [global, local] = [
                    Centring::global(frames, &scenery),
                    Centring::local(frames, &[0.0, 0.3, 0.6, 0.9, 1.2, 1.5], &scenery),
                ];
                [global.block(i..i + 1), local.block(i..i + 1)].map(|s| s.frame(0).to_vec())
            });
            assert_eq!(a, b, "frame {i}");
        }
        let still = Scenery::still(all());
        let [a, b] =
            [&plain, &covered].map(|frames| Centring::global(frames, &still).block(0..1).frame(0).to_vec());
        assert_ne!(a, b);
    }

    #[test]
    fn weights_scale_what_a_cell_says() {
        let (bytes, scenery) = (frames(5, 1, 0), Scenery::still(all()));
        let mut weights = [1.0; ROWS * COLS];
        weights[..9 * COLS].fill(0.0);
        let centring = Centring::global(&bytes, &scenery);
        let alike = PlaceSequence::new(&centring.at(&[0, 1]));
        let weighted = PlaceSequence::new(&centring.weighted(Some(&weights)).at(&[0, 1]));
        let shares = alike.shares(0, &alike, 0);
        assert!((shares.of_new.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert_eq!(shares.of_new, shares.of_reference());
        let shares = weighted.shares(0, &weighted, 0).of_new;
        assert!(shares[..9 * COLS].iter().all(|&share| share == 0.0));
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_flat_recording_is_like_nothing() {
        let flat = DisplacementSequence::new(&CentredSequence::new(&vec![10; 3 * DESCRIPTOR_LEN], &all()));
        assert_eq!(DisplacementMatcher::default().search(&flat, 0, &flat, 1).0, 0.0);
    }
}
