//! Pictures of the sample recording: every frame decoded, and three a second kept.

use std::path::Path;

use divan::Bencher;
use mtbsync_media::{FrameOptions, OpenOptions, Recording, SampleRequest};

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn sample_with_threads(bencher: Bencher, threads: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sample/reference.mp4");
    let options = OpenOptions {
        single_file: true,
        no_proxy: true,
    };
    let Ok(recording) = Recording::open(&path, &options) else {
        return;
    };
    let plan = recording.plan(&SampleRequest {
        analysed_fps: 3.0,
        fine_fps: Some(10.0),
        dense: false,
    });
    let options = FrameOptions {
        max_dim: 960,
        threads,
    };
    bencher.bench_local(|| recording.frames(&plan, &options).filter(Result::is_ok).count());
}
