//! How many geometric inliers do neighbouring frames of a clip have?
//!
//! Reads raw grey frames from standard input (`ffmpeg ... -f rawvideo -pix_fmt gray -`), matches each with
//! the one `STEP` frames later, and prints per pair: features, matches, inliers of a homography, and the time
//! spent. `scripts/bench_orb.py` prints the same for OpenCV next to it.
//!
//! Usage: `orb_quality WIDTH HEIGHT [STEP] [noclahe]`
#![allow(clippy::print_stdout, reason = "an example prints its table")]

use mtbsync_vision::geometry::{VerifyParams, verify};
use mtbsync_vision::image::LumaView;
use mtbsync_vision::matching::ratio_matches;
use mtbsync_vision::orb::{Extractor, LocalFeatures, OrbParams};
use std::error::Error;
use std::io::Read;
use std::time::{Duration, Instant};

/// The defaults of `--lowe`.
const LOWE: f32 = 0.75;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| arguments.get(i).map(|text| text.parse::<usize>()).transpose();
    let (Some(width), Some(height)) = (number(0)?, number(1)?) else {
        return Err("usage: orb_quality WIDTH HEIGHT [STEP] [noclahe]".into());
    };
    let step = number(2)?.unwrap_or(1);
    let clahe = arguments.get(3).is_none_or(|word| word != "noclahe");
    let mut extractor = Extractor::new(OrbParams {
        clahe,
        ..OrbParams::default()
    });

    let mut frames: Vec<LocalFeatures> = Vec::new();
    let mut extraction = Duration::ZERO;
    let mut input = std::io::stdin().lock();
    let mut frame = vec![0; width * height];
    while input.read_exact(&mut frame).is_ok() {
        let view = LumaView::new(width, height, &frame)?;
        let start = Instant::now();
        frames.push(extractor.extract(&view, None));
        extraction += start.elapsed();
    }
    println!("features,matches,inliers,reproj_error_px,model");
    for (a, b) in frames.iter().zip(frames.iter().skip(step)) {
        let matches = ratio_matches(&a.descriptors, &b.descriptors, LOWE, false);
        let place = |features: &LocalFeatures, i: u32| {
            features
                .keypoints
                .get(i as usize)
                .map_or([0.0; 2], |keypoint| [keypoint.x, keypoint.y])
        };
        let from: Vec<[f32; 2]> = matches.iter().map(|m| place(a, m.query)).collect();
        let to: Vec<[f32; 2]> = matches.iter().map(|m| place(b, m.train)).collect();
        let found = verify(
            &from,
            &to,
            &VerifyParams {
                min_inliers: 0,
                ..VerifyParams::default()
            },
        );
        let (inliers, error, model) = found.map_or((0, 0.0, String::new()), |v| {
            (v.inliers.len(), v.reproj_error_px, format!("{:?}", v.model))
        });
        println!(
            "{},{},{inliers},{error:.3},{model}",
            a.keypoints.len(),
            matches.len()
        );
        for (p, q) in from.iter().zip(&to) {
            println!("#{},{},{},{}", p[0], p[1], q[0], q[1]);
        }
    }
    println!(
        "ms_per_frame,{:.3}",
        extraction.as_secs_f64() * 1000.0 / frames.len().max(1) as f64
    );
    Ok(())
}
