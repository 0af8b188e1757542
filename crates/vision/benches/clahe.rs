//! Contrast equalisation of one 960 × 540 frame.

use divan::Bencher;
use mtbsync_vision::clahe::Clahe;
use mtbsync_vision::image::LumaView;

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
fn equalise_960x540(bencher: Bencher) {
    let data = picture(960, 540);
    let Ok(view) = LumaView::new(960, 540, &data) else {
        return;
    };
    let mut clahe = Clahe::default();
    let mut out = Vec::new();
    bencher.bench_local(|| clahe.apply(&view, &mut out));
}
