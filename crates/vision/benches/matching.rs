//! Hamming search of 800 descriptors among 800.

use divan::{Bencher, black_box};
use mtbsync_vision::matching::ratio_matches;

fn main() {
    divan::main();
}

fn descriptors(count: usize, seed: u64) -> Vec<[u8; 32]> {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..count).map(|_| std::array::from_fn(|_| byte())).collect()
}

#[divan::bench]
fn ratio_matches_one_way_800x800(bencher: Bencher) {
    let (query, train) = (descriptors(800, 1), descriptors(800, 2));
    bencher.bench_local(|| ratio_matches(black_box(&query), black_box(&train), 0.75, false));
}

#[divan::bench]
fn ratio_matches_both_ways_800x800(bencher: Bencher) {
    let (query, train) = (descriptors(800, 1), descriptors(800, 2));
    bencher.bench_local(|| ratio_matches(black_box(&query), black_box(&train), 0.75, true));
}
