//! Sequence model, refinement and warp of a pair of 800 analysed frames a side, on evidence that is known.

use std::ops::Range;

use divan::{Bencher, black_box};
use mtbsync_align::evidence::Matrix;
use mtbsync_align::fit::fit_monotone;
use mtbsync_align::pair::Pair;
use mtbsync_align::refine::{FrameTimes, PlaceSimilarity, refine};
use mtbsync_align::sequence::{Posterior, posteriors};

fn main() {
    divan::main();
}

const FRAMES: usize = 800;
const SPACING_SECS: f64 = 1.0 / 3.0;

fn times() -> Vec<f64> {
    (0..FRAMES).map(|i| i as f64 * SPACING_SECS).collect()
}

/// Where the new rider is at `t`, seconds of the reference.
fn place(t: f64) -> f64 {
    t + 5.0 + 3.0 * (t / 20.0).sin()
}

/// Every frame against every frame, as short pairs are compared.
#[divan::bench(sample_count = 20)]
fn sequence_of_all_cells(bencher: Bencher) {
    let t = times();
    let values = (0..FRAMES * FRAMES)
        .map(|cell| {
            let (i, j) = (cell / FRAMES, cell % FRAMES);
            if (place(t[i]) - t[j]).abs() < SPACING_SECS {
                4.0
            } else {
                -2.0
            }
        })
        .collect();
    let Some(evidence) = Matrix::new(FRAMES, FRAMES, values) else {
        return;
    };
    bencher.bench(|| posteriors(black_box(&evidence), &t, &t));
}

/// Within a band of ten seconds each side, as long pairs are.
#[divan::bench(sample_count = 50)]
fn sequence_in_a_band(bencher: Bencher) {
    let t = times();
    let bands: Vec<Range<usize>> = t
        .iter()
        .map(|&t| {
            let centre = (place(t) / SPACING_SECS) as usize;
            centre.saturating_sub(30).min(FRAMES - 60)..(centre + 30).clamp(60, FRAMES)
        })
        .collect();
    let values = bands
        .iter()
        .zip(&t)
        .flat_map(|(band, &now)| {
            band.clone().map(move |j| {
                let off = place(now) - j as f64 * SPACING_SECS;
                if off.abs() < SPACING_SECS { 4.0 } else { -2.0 }
            })
        })
        .collect();
    let Some(evidence) = Matrix::banded(FRAMES, bands, values) else {
        return;
    };
    bencher.bench(|| posteriors(black_box(&evidence), &t, &t));
}

/// Similarity that costs nothing: what is left is refinement itself.
struct Peak<'a>(&'a [f64]);

impl PlaceSimilarity for Peak<'_> {
    fn curve(&self, i_new: usize, refs: Range<usize>, _: usize) -> Vec<f32> {
        let truth = place(self.0[i_new]);
        refs.map(|j| (-(self.0[j] - truth).powi(2)).exp() as f32)
            .collect()
    }
}

#[divan::bench(sample_count = 50)]
fn refine_without_pictures(bencher: Bencher) {
    let t = times();
    let posteriors: Vec<Posterior> = t
        .iter()
        .map(|&t| Posterior {
            t_ref_secs: place(t),
            on: 0.99,
            off: 0.01,
        })
        .collect();
    let frames = FrameTimes {
        analysed: &t,
        fine: &t,
    };
    bencher.bench(|| refine(black_box(&posteriors), frames, &t, &Peak(&t), 0.8));
}

#[divan::bench(sample_count = 50)]
fn warp_of_800_pairs(bencher: Bencher) {
    let pairs: Vec<Pair> = times()
        .into_iter()
        .map(|t| Pair {
            t_new_secs: t,
            t_ref_secs: place(t) + 0.02 * (t * 7.0).sin(),
            sigma_secs: 0.03,
            certainty: 0.99,
        })
        .collect();
    bencher.bench(|| fit_monotone(black_box(&pairs), &[]));
}
