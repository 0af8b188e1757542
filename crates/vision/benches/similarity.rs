//! What comparing two frames costs: coarse, in full, and located along the trail.

use divan::{Bencher, black_box};
use mtbsync_vision::dense::{COLS, DESCRIPTOR_LEN, ROWS};
use mtbsync_vision::scenery::Scenery;
use mtbsync_vision::similarity::{
    CentredSequence, Centring, Displacement, DisplacementMatcher, DisplacementSequence, PlaceSequence,
    ShiftSearch,
};

fn main() {
    divan::main();
}

fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..16 * DESCRIPTOR_LEN).map(|_| byte()).collect()
}

fn sequence(seed: u64) -> CentredSequence {
    CentredSequence::new(&bytes(seed), &[1; ROWS * COLS])
}

fn displaceable(seed: u64) -> DisplacementSequence {
    DisplacementSequence::new(&sequence(seed))
}

/// Pairs by their pooled descriptors, in full around the best of those, and in full at every shift.
#[divan::bench(args = [ShiftSearch::Pooled, ShiftSearch::CoarseToFine, ShiftSearch::Exhaustive])]
fn similarities_1024_pairs(bencher: Bencher, search: ShiftSearch) {
    let (a, b) = (PlaceSequence::new(&sequence(1)), PlaceSequence::new(&sequence(2)));
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        for i in 0..64 {
            black_box(&a).similarities(i % 16, &b, 0..16, search, &mut out);
        }
    });
}

/// Sixteen frames centred around their moment and prepared, for finding places and for locating them.
#[divan::bench]
fn prepare_16_frames(bencher: Bencher) {
    let (bytes, times) = (
        bytes(1),
        (0..16).map(|k| f64::from(k) / 3.0).collect::<Vec<f64>>(),
    );
    let scenery = Scenery::still(vec![1; ROWS * COLS]);
    let centring = Centring::local(&bytes, &times, &scenery);
    bencher.bench(|| {
        let block = centring.block(0..16);
        (PlaceSequence::new(&block), DisplacementSequence::new(&block))
    });
}

/// A thousand pairs whose displacement is nearly known.
#[divan::bench]
fn follow_1000_pairs(bencher: Bencher) {
    let (a, b) = (displaceable(1), displaceable(2));
    let mut matcher = DisplacementMatcher::default();
    bencher.bench_local(|| {
        (0..1000)
            .map(|k| {
                matcher
                    .follow(black_box(&a), k % 16, &b, k / 16 % 16, Displacement::default())
                    .0
            })
            .sum::<f32>()
    });
}

/// A thousand pairs at any displacement.
#[divan::bench]
fn search_1000_pairs(bencher: Bencher) {
    let (a, b) = (displaceable(1), displaceable(2));
    let mut matcher = DisplacementMatcher::default();
    bencher.bench_local(|| {
        (0..1000)
            .map(|k| matcher.search(black_box(&a), k % 16, &b, k / 16 % 16).0)
            .sum::<f32>()
    });
}
