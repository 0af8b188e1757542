//! The dense descriptor of one 960 × 540 frame, and the mask of a recording of 800.

use divan::{Bencher, black_box};
use mtbsync_vision::dense::{DESCRIPTOR_LEN, DenseExtractor};
use mtbsync_vision::image::LumaView;
use mtbsync_vision::mask::static_mask;

fn main() {
    divan::main();
}

/// Corners at several sizes and sensor noise, the same every time.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let hash = |i: usize, j: usize| (i.wrapping_mul(0x9e37_79b9) ^ j.wrapping_mul(0xc2b2_ae35)) >> 13 & 0xff;
    (0..width * height)
        .map(|i| (i % width, i / width))
        .map(|(x, y)| (hash(x / 37, y / 29) + hash(x / 11, y / 13) / 2 + hash(x, y) / 16).min(255) as u8)
        .collect()
}

#[divan::bench]
fn describe_960x540(bencher: Bencher) {
    let data = picture(960, 540);
    let Ok(view) = LumaView::new(960, 540, &data) else {
        return;
    };
    let mut extractor = DenseExtractor::default();
    bencher.bench_local(|| extractor.describe(black_box(&view)));
}

#[divan::bench]
fn mask_of_800_frames(bencher: Bencher) {
    let descriptors: Vec<u8> = (0..800 * DESCRIPTOR_LEN)
        .map(|i| (i.wrapping_mul(0x9e37_79b9) >> 11) as u8)
        .collect();
    bencher.bench(|| static_mask(black_box(&descriptors)));
}
