//! From two indexes to a map: how the cost grows with the length of the rides. Features are generated, 3
//! frames a second and no frames between, so nothing is decoded.

#[path = "../tests/generated/mod.rs"]
mod generated;

use divan::{Bencher, black_box};
use generated::recording;
use mtbsync_align::fit::fit_monotone;
use mtbsync_index::tracks::Tracks;
use mtbsync_matching::align::align;
use mtbsync_matching::settings::{MatchSettings, Matcher};
use mtbsync_task::progress::{Cancel, Silent, Task};

fn main() {
    divan::main();
}

/// 267 s are the 8,000 frames at 30 a second that other tools publish their times for.
#[divan::bench(args = [60, 267, 300, 1200, 3600], sample_count = 5, sample_size = 1)]
fn retrieval_to_warp_of_secs(bencher: Bencher, secs: u32) {
    let secs = f64::from(secs);
    let reference = recording(1, 3.0, secs, 0.8, |t| t);
    let new = recording(1, 3.0, secs, 0.8, |t| t - 10.0 + 6.0 * (t / 25.0).sin());
    let settings = MatchSettings {
        matcher: Matcher::Dense,
        ..MatchSettings::default()
    };
    let cancel = Cancel::default();
    bencher.bench_local(|| {
        let context = Task {
            progress: &Silent,
            cancel: &cancel,
            threads: 2,
            scratch: None,
        };
        align(
            black_box(&reference),
            &new,
            &Tracks::default(),
            &settings,
            &context,
        )
        .map(|found| fit_monotone(&found.pairs, &[]))
    });
}
