//! Structure from the motion between two frames: HOG grids, block matching, relative pose and resection.

use divan::{Bencher, black_box};
use mtbsync_vision::image::LumaView;
use mtbsync_vision::mask::MASK_LEN;
use mtbsync_vision::structure::{
    BlockMatches, CameraMotion, HogExtractor, HogGrid, HogMean, HogPyramid, HogSum, Lens, Projection,
    SearchRange, Structure,
};

fn main() {
    divan::main();
}

const WIDTH: usize = 960;
const HEIGHT: usize = 540;

/// Waves of many lengths and directions, seen from so far ahead: what is low in the picture moves most.
fn picture(ahead: f64) -> Vec<u8> {
    let value = |x: f64, y: f64| -> f64 {
        (1..24)
            .map(|k| {
                let k = f64::from(k);
                let (direction, rate) = (k * 2.399_963, std::f64::consts::TAU / (20.0 + (k * 7.31) % 110.0));
                (rate * (x * direction.cos() + y * direction.sin()) + 1.7 * k).sin()
            })
            .sum()
    };
    let middle = (WIDTH as f64 / 2.0, HEIGHT as f64 / 3.0);
    (0..WIDTH * HEIGHT)
        .map(|i| ((i % WIDTH) as f64 - middle.0, (i / WIDTH) as f64 - middle.1))
        .map(|(x, y)| {
            let nearer = 1.0 + ahead * (0.02 + 0.1 * y.max(0.0) / HEIGHT as f64);
            (120.0 + 14.0 * value(x / nearer, y / nearer)).clamp(0.0, 255.0) as u8
        })
        .collect()
}

fn packed(ahead: f64) -> Vec<u8> {
    let picture = picture(ahead);
    LumaView::new(WIDTH, HEIGHT, &picture)
        .map(|view| HogExtractor::default().describe(&view))
        .unwrap_or_default()
}

fn mean() -> HogMean {
    let mut sum = HogSum::default();
    (5..9).for_each(|k| sum.add(&packed(10.0 * f64::from(k))));
    sum.mean()
}

fn grids() -> Option<[HogGrid; 3]> {
    let grid = |ahead| HogGrid::new(&packed(ahead), &mean(), &[1; MASK_LEN]);
    Some([grid(0.0)?, grid(1.0)?, grid(0.4)?])
}

#[divan::bench]
fn describe_960x540(bencher: Bencher) {
    let data = picture(0.0);
    let Ok(view) = LumaView::new(WIDTH, HEIGHT, &data) else {
        return;
    };
    let mut extractor = HogExtractor::default();
    bencher.bench_local(|| extractor.describe(black_box(&view)));
}

#[divan::bench]
fn prepare(bencher: Bencher) {
    let (packed, mean) = (packed(0.0), mean());
    bencher.bench(|| HogGrid::new(black_box(&packed), &mean, &[1; MASK_LEN]));
}

#[divan::bench(args = ["step", "far", "near", "next"])]
fn between(bencher: Bencher, range: &str) {
    let Some([a, b, _]) = grids() else { return };
    let range = match range {
        "step" => SearchRange::STEP,
        "far" => SearchRange::FAR,
        "near" => SearchRange::NEAR,
        _ => SearchRange::NEXT,
    };
    // Other sizes are kept once they are prepared, and preparing them is part of the work.
    bencher
        .with_inputs(|| [a.clone(), b.clone()].map(HogPyramid::new))
        .bench_local_values(|[a, b]| BlockMatches::between(&a, &b, range));
}

#[divan::bench]
fn onto_a_frame_within_a_step(bencher: Bencher) {
    let Some([a, _, c]) = grids() else { return };
    bencher
        .with_inputs(|| [a.clone(), c.clone()].map(HogPyramid::new))
        .bench_local_values(|[a, c]| BlockMatches::onto(&a, &c, SearchRange::WITHIN, CameraMotion::Forward));
}

#[divan::bench]
fn structure_and_resection(bencher: Bencher) {
    let Some(grids) = grids() else { return };
    let [a, b, c] = grids.map(HogPyramid::new);
    let [between, _] = BlockMatches::between(&a, &b, SearchRange::STEP);
    let to_new = BlockMatches::onto(&a, &c, SearchRange::WITHIN, CameraMotion::Forward);
    let lens = Lens::new(Projection::Rectilinear, 100.0, 1.0);
    bencher.bench(|| {
        let structure = Structure::new(black_box(&between), &lens, true)?;
        structure.locate(&to_new, &lens)
    });
}
