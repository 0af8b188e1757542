//! What describing one 960×540 frame costs: contrast equalisation, local features with and without it, dense
//! descriptor; and the mask of a recording of 800 frames.

use divan::{Bencher, black_box};
use mtbsync_vision::clahe::Clahe;
use mtbsync_vision::dense::{DESCRIPTOR_LEN, DenseExtractor};
use mtbsync_vision::image::LumaView;
use mtbsync_vision::mask::MaskSums;
use mtbsync_vision::orb::{Extractor, OrbParams};

fn main() {
    divan::main();
}

/// A picture with corners at several sizes, edges and sensor noise, the same every time.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let hash = |i: usize, j: usize, salt: usize| {
        let h = (i.wrapping_mul(0x9e37_79b9) ^ j.wrapping_mul(0xc2b2_ae35) ^ salt).wrapping_mul(0x85eb_ca6b);
        ((h >> 13) ^ h) & 0xff
    };
    (0..width * height)
        .map(|i| (i % width, i / width))
        .map(|(x, y)| (hash(x / 37, y / 29, 1) + hash(x / 11, y / 13, 2) / 2 + hash(x, y, 3) / 16) / 2)
        .map(|grey| grey.min(255) as u8)
        .collect()
}

#[divan::bench]
fn clahe_960x540(bencher: Bencher) {
    let data = picture(960, 540);
    let Ok(view) = LumaView::new(960, 540, &data) else {
        return;
    };
    let mut clahe = Clahe::default();
    let mut out = Vec::new();
    bencher.bench_local(|| clahe.apply(&view, &mut out));
}

#[divan::bench(args = [true, false])]
fn orb_960x540(bencher: Bencher, clahe: bool) {
    let data = picture(960, 540);
    let Ok(view) = LumaView::new(960, 540, &data) else {
        return;
    };
    let mut extractor = Extractor::new(OrbParams {
        clahe,
        ..OrbParams::default()
    });
    bencher.bench_local(|| extractor.extract(&view, None));
}

#[divan::bench]
fn dense_960x540(bencher: Bencher) {
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
    bencher.bench(|| {
        let mut sums = MaskSums::default();
        sums.add(black_box(&descriptors));
        sums.mask()
    });
}
