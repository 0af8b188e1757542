//! How much memory a long pair takes whose indexes are there.
//!
//!     long_pair make 3 FOLDER     writes indexes of two generated rides of 3 hours, 800 keypoints a frame
//!     long_pair align 3 FOLDER    aligns them and prints seconds and peak memory
//!
//! Two steps, because making an index takes more memory than reading one. With a fourth argument, `fine`,
//! there are frames between the analysed ones as well; with `laps`, both ride like laps of 24 s and 21 s.

#![allow(clippy::print_stdout)]

#[path = "../tests/generated/mod.rs"]
mod generated;

use std::path::Path;
use std::time::Instant;

use generated::recording;
use mtbsync_align::fit::fit_monotone;
use mtbsync_index::column::Column;
use mtbsync_index::features::{Features, KEYPOINT_BYTES, LOCAL_BYTES};
use mtbsync_index::file as index_file;
use mtbsync_index::tracks::Tracks;
use mtbsync_matching::align::align;
use mtbsync_matching::settings::MatchSettings;
use mtbsync_task::progress::{Cancel, Silent, Task};

const FPS: f64 = 3.0;
const FINE_FPS: f64 = 9.0;
const KEYPOINTS: usize = 800;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (step, hours, folder, kind) = match arguments.as_slice() {
        [step, hours, folder] => (step, hours, folder, ""),
        [step, hours, folder, kind] if ["fine", "laps"].contains(&kind.as_str()) => {
            (step, hours, folder, kind.as_str())
        }
        _ => return Err("usage: long_pair make|align HOURS FOLDER [fine|laps]".to_owned()),
    };
    let secs = 3600.0 * hours.parse::<f64>().map_err(|e| e.to_string())?;
    let files = ["reference", "new"].map(|side| Path::new(folder).join(format!("{side}.npz")));
    match step.as_str() {
        "make" => {
            let places: [fn(f64) -> f64; 2] = if kind == "laps" {
                [|t| t % 24.0, |t| (24.0 / 21.0 * t) % 24.0]
            } else {
                [|t| t, |t| t - 10.0 + 6.0 * (t / 25.0).sin()]
            };
            let lengths = if kind == "laps" {
                [secs, 21.0 / 24.0 * secs]
            } else {
                [secs; 2]
            };
            for ((file, place), secs) in files.iter().zip(places).zip(lengths) {
                let features = ride(secs, place, kind == "fine");
                index_file::write(file, index_file::OWN, &features, "2026-01-01T00:00:00Z")
                    .map_err(|e| e.to_string())?;
            }
            Ok(())
        }
        "align" => {
            let begun = Instant::now();
            let [reference, new] = files.map(|file| index_file::read(&file).map_err(|e| e.to_string()));
            let cancel = Cancel::default();
            let context = Task {
                progress: &Silent,
                cancel: &cancel,
                threads: 2,
                scratch: None,
            };
            let found = align(
                &reference?,
                &new?,
                &Tracks::default(),
                &MatchSettings::default(),
                &context,
            )
            .map_err(|e| e.to_string())?;
            let warp = fit_monotone(&found.pairs, &[]);
            println!(
                "{} pairs, {:.0} s mapped, {:.1} s of wall time, {}",
                found.pairs.len(),
                warp.mapped_secs(),
                begun.elapsed().as_secs_f64(),
                peak().unwrap_or_default()
            );
            Ok(())
        }
        other => Err(format!("no step `{other}`")),
    }
}

/// A generated ride with as many keypoints as a real one, whose looks are random.
fn ride(secs: f64, place: fn(f64) -> f64, fine: bool) -> Features {
    let mut features = recording(1, FPS, secs, 0.8, place);
    let frames = features.t_secs.len();
    let count = frames * KEYPOINTS;
    let mut state = frames as u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 32) as u32
    };
    let mut points = Vec::with_capacity(count * KEYPOINT_BYTES);
    let mut looks = Vec::with_capacity(count * LOCAL_BYTES);
    for _ in 0..count {
        let (x, y) = ((next() % 960) as f32, (next() % 540) as f32);
        for number in [x, y, 1.0] {
            points.extend_from_slice(&number.to_le_bytes());
        }
        for _ in 0..LOCAL_BYTES / 4 {
            looks.extend_from_slice(&next().to_le_bytes());
        }
    }
    features.keypoints = Column::of_bytes(KEYPOINT_BYTES, points);
    features.descriptors = Column::of_bytes(LOCAL_BYTES, looks);
    features.offsets = (0..=frames).map(|i| (i * KEYPOINTS) as i64).collect();
    if fine {
        let between = recording(1, FINE_FPS, secs, 0.8, place);
        let analysed = |t: f64| (t * FPS - (t * FPS).round()).abs() < 1e-6;
        let mut dense = Vec::new();
        for (i, &t) in between.t_secs.iter().enumerate().filter(|(_, t)| !analysed(**t)) {
            features.fine_t_secs.push(t);
            between.dense.read(i..i + 1, &mut dense);
        }
        features.fine_dense = Column::of_bytes(dense.len() / features.fine_t_secs.len().max(1), dense);
    }
    features
}

/// Peak memory as the kernel says it.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(format!("peak {}", line.trim_start_matches("VmHWM:").trim()))
}
