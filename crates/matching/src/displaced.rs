//! Comparing single frames under displacement, along two recordings that may be hours long.

use std::ops::Range;

use mtbsync_align::refine::PlaceSimilarity;
use mtbsync_index::features::DenseFrames;
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::similarity::{
    Centring, Displacement, DisplacementMatcher, DisplacementSequence, FrameBlocks,
};

use crate::compare::FramePairs;
use crate::reweight::CellWeights;
use crate::tuning::KEPT_DISPLACED_BLOCKS;

/// Reference frames tried for the first displacement of a new frame, as offsets in frames from the expected
/// one.
const SEED_OFFSETS: [isize; 3] = [0, -3, 3];

/// Frames to be compared under displacement, prepared where they are needed.
pub type Displaceable<'a> = FrameBlocks<'a, DisplacementSequence>;

/// The frames of a recording, ready to be displaced.
pub fn displaceable(centring: Centring<'_>) -> Displaceable<'_> {
    FrameBlocks::new(centring.frames(), KEPT_DISPLACED_BLOCKS, move |frames| {
        DisplacementSequence::new(&centring.block(frames))
    })
}

/// Similarity of single frames under displacement: of the new and the reference recording.
pub struct Displaced<'a> {
    global: [Displaceable<'a>; 2],
    local: [Displaceable<'a>; 2],
}

impl<'a> Displaced<'a> {
    /// Of the frames of both, with what of them is scenery.
    pub fn new(
        frames: &'a [DenseFrames<'a>; 2],
        scenery: [&'a Scenery; 2],
        weights: Option<&'a CellWeights>,
    ) -> Self {
        let [new, reference] = frames;
        let pairs = FramePairs::new(new, reference, scenery).weighted(weights);
        let [global, local] = pairs.kinds.map(|kind| kind.map(displaceable));
        Self { global, local }
    }
}

impl PlaceSimilarity for Displaced<'_> {
    /// The mean of two similarities: that of all that is seen, which also holds in a standstill, and that of
    /// what passes by, which locates best.
    fn curve(&self, i_new: usize, refs: Range<usize>, centre: usize) -> Vec<f32> {
        let global = displaced_curve(&self.global, i_new, refs.clone(), centre);
        let local = displaced_curve(&self.local, i_new, refs, centre);
        global.iter().zip(local).map(|(a, b)| 0.5 * (a + b)).collect()
    }
}

/// The displacement between two views changes slowly along the reference, so it is searched for in full at a
/// few frames and followed from there.
fn displaced_curve(
    [new, reference]: &[Displaceable<'_>; 2],
    i_new: usize,
    refs: Range<usize>,
    centre: usize,
) -> Vec<f32> {
    let mut matcher = DisplacementMatcher::default();
    let (ours, i) = new.get(i_new);
    let seed = SEED_OFFSETS
        .iter()
        .filter_map(|&o| centre.checked_add_signed(o).filter(|j| refs.contains(j)))
        .map(|j| {
            let (theirs, j) = reference.get(j);
            matcher.search(&ours, i, &theirs, j)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(Displacement::default, |(_, displacement)| displacement);
    refs.map(|j| {
        let (theirs, j) = reference.get(j);
        matcher.follow(&ours, i, &theirs, j, seed).0
    })
    .collect()
}
