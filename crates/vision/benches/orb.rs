//! Feature extraction from one 960 × 540 frame, with and without contrast equalisation.

use divan::Bencher;
use mtbsync_vision::image::LumaView;
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

#[divan::bench(args = [true, false])]
fn extract_960x540(bencher: Bencher, clahe: bool) {
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
