//! Geometric check of 200 matches, a fifth of them wrong, on a scene with depth.

use divan::{Bencher, black_box};
use mtbsync_vision::geometry::{VerifyParams, verify};

fn main() {
    divan::main();
}

type Pairs = (Vec<[f32; 2]>, Vec<[f32; 2]>);

fn matches() -> Pairs {
    let mut state = 1u64;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..200)
        .map(|i| {
            let (x, y, depth) = (960.0 * unit(), 540.0 * unit(), 3.0 + 20.0 * unit());
            let moved = [
                x + (x - 480.0) / depth + 90.0 / depth,
                y + (y - 270.0) / depth + unit(),
            ];
            (
                [x, y],
                if i % 5 == 0 {
                    [960.0 * unit(), 540.0 * unit()]
                } else {
                    moved
                },
            )
        })
        .unzip()
}

#[divan::bench]
fn verify_200(bencher: Bencher) {
    let (a, b) = matches();
    bencher.bench_local(|| verify(black_box(&a), black_box(&b), &VerifyParams::default()));
}
