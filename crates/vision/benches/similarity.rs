//! What comparing two frames costs: coarse, in full, and located along the trail.

use divan::{Bencher, black_box};
use mtbsync_vision::dense::{COLS, DESCRIPTOR_LEN, ROWS};
use mtbsync_vision::similarity::{CentredSequence, PlaceSequence, Warp, WarpMatcher};

fn main() {
    divan::main();
}

fn sequence(seed: u64) -> CentredSequence {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    let bytes: Vec<u8> = (0..16 * DESCRIPTOR_LEN).map(|_| byte()).collect();
    CentredSequence::new(&bytes, &[1; ROWS * COLS])
}

/// A thousand pairs by their pooled descriptors.
#[divan::bench]
fn pooled_1000_pairs(bencher: Bencher) {
    let (a, b) = (PlaceSequence::new(&sequence(1)), PlaceSequence::new(&sequence(2)));
    bencher.bench(|| {
        (0..1000)
            .map(|k| black_box(&a).pooled_likeness(k % 16, &b, k / 16 % 16))
            .sum::<f32>()
    });
}

/// A thousand pairs, coarse first, then in full.
#[divan::bench]
fn likeness_1000_pairs(bencher: Bencher) {
    let (a, b) = (PlaceSequence::new(&sequence(1)), PlaceSequence::new(&sequence(2)));
    bencher.bench(|| {
        (0..1000)
            .map(|k| black_box(&a).likeness(k % 16, &b, k / 16 % 16))
            .sum::<f32>()
    });
}

/// A thousand pairs whose displacement is nearly known.
#[divan::bench]
fn follow_1000_pairs(bencher: Bencher) {
    let (a, b) = (sequence(1), sequence(2));
    let mut matcher = WarpMatcher::default();
    bencher.bench_local(|| {
        (0..1000)
            .map(|k| {
                matcher
                    .follow(black_box(&a), k % 16, &b, k / 16 % 16, Warp::default())
                    .0
            })
            .sum::<f32>()
    });
}

/// A thousand pairs at any displacement.
#[divan::bench]
fn search_1000_pairs(bencher: Bencher) {
    let (a, b) = (sequence(1), sequence(2));
    let mut matcher = WarpMatcher::default();
    bencher.bench_local(|| {
        (0..1000)
            .map(|k| matcher.search(black_box(&a), k % 16, &b, k / 16 % 16).0)
            .sum::<f32>()
    });
}
