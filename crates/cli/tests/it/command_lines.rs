//! Command lines that scripts rely on, word for word, on small recordings. Those of the servers are not here.

use std::fs;

use crate::common::{Place, cut, data};

/// Runs a line as a shell would, and expects one of `codes`.
#[track_caller]
fn line(place: &Place, line: &str, codes: &[i32]) {
    let args: Vec<&str> = line.split_whitespace().skip(1).collect();
    let mut command = place.program();
    let said = crate::common::Said::of(&command.args(args).args(["--progress", "none"]).output().unwrap());
    assert!(
        codes.contains(&said.code),
        "{line}: {}\n{}{}",
        said.code,
        said.stdout,
        said.stderr
    );
}

fn place() -> Place {
    let place = Place::new();
    fs::copy(
        cut("sample/reference.mp4", 2..18, "1", "10"),
        place.path("ref.mp4"),
    )
    .unwrap();
    fs::copy(cut("sample/new.mp4", 2..18, "1", "10"), place.path("new.mp4")).unwrap();
    fs::copy(data("sample/reference.gpx"), place.path("ref.gpx")).unwrap();
    fs::copy(data("sample/new.gpx"), place.path("new.gpx")).unwrap();
    place.write("m.csv", "name,t_ref\njump,3.0\nroot,7.5\nbermuda,11.0\n");
    place
}

#[test]
fn one_pair_from_index_to_editor() {
    let place = place();
    line(
        &place,
        "mtbsync index --reference ref.mp4 --fps 3 --out cache/ref_index.npz",
        &[0],
    );
    line(
        &place,
        "mtbsync sync --reference ref.mp4 --new new.mp4 --index cache/ref_index.npz --out pairs.csv --fps 3 --threads 4 --fast --no-gpu",
        &[0],
    );
    line(
        &place,
        "mtbsync sync --reference ref.mp4 --new new.mp4 --ref-gpx ref.gpx --new-gpx new.gpx --index cache/ref_index.npz --out cache/pairs.csv",
        &[0],
    );
    // Strict gates and a young history: the run works, whatever its verdict.
    line(
        &place,
        "mtbsync sync --reference ref.mp4 --new new.mp4 --index cache/ref_index.npz --out strict --warp-window-sec 0.3 \
         --warp-inlier-thresh 0.05 --warp-min-inlier-frac 0.5 --warp-ransac-iters 1000 --warp-max-ppm 500",
        &[0, 3],
    );
    line(
        &place,
        "mtbsync sync --reference ref.mp4 --new new.mp4 --index cache/ref_index.npz --out gated --fail-on-regression --reg-window 100 \
         --reg-p90-pct 0.10 --reg-p90-abs 0.10 --reg-inlier-abs 0.05",
        &[0],
    );
    line(
        &place,
        "mtbsync warp --pairs cache/pairs.csv --out cache/warp.npz",
        &[0],
    );
    line(
        &place,
        "mtbsync transfer --reference-markers m.csv --warp cache/warp.npz --out out/new_markers.csv --review-threshold 0.6",
        &[0],
    );
    line(
        &place,
        "mtbsync transfer-markers --ref-markers m.csv --timewarp-json cache/timewarp.json --out out/new_markers.csv --plot-overlay",
        &[0],
    );
    line(
        &place,
        "mtbsync export edl --markers out/new_markers.csv --out out/new_markers.edl --reel 001 --fps 29.97",
        &[0],
    );
    fs::copy(place.path("out/new_markers.csv"), place.path("new_markers.csv")).unwrap();
    for preset in ["fcpxml", "premiere", "resolve-edl"] {
        line(
            &place,
            &format!("mtbsync export-markers new_markers.csv --preset {preset}"),
            &[0],
        );
    }
    fs::copy(place.path("cache/timewarp.json"), place.path("timewarp.json")).unwrap();
    line(
        &place,
        "mtbsync viewer --headless --ref-markers m.csv --timewarp-json timewarp.json --out-png alignment_overlay.png",
        &[0],
    );
}

#[test]
fn a_batch_and_its_reports() {
    let place = place();
    fs::create_dir_all(place.path("input_videos")).unwrap();
    for (from, to) in [("ref.mp4", "run_2024_ref.mp4"), ("new.mp4", "run_2024_new.mp4")] {
        fs::rename(place.path(from), place.path("input_videos").join(to)).unwrap();
    }
    line(
        &place,
        "mtbsync batch input_videos/ --out-dir batch_out --no-gpu",
        &[0],
    );
    line(
        &place,
        "mtbsync benchmark-quality --root batch_out --out rep --pattern run_2024* --limit 500 --no-csv --json --html --strict --quiet",
        &[0],
    );
    line(
        &place,
        "mtbsync quality-check --root batch_out --window 100 --reg-p90-pct 0.10 --reg-p90-abs 0.10 --fail-on-regression",
        &[0],
    );
    line(
        &place,
        "mtbsync prune-perf --root batch_out --keep 200 --dry-run",
        &[0],
    );
}

#[test]
fn manual_pages_cover_every_command() {
    let place = Place::new();
    place.run("man pages").ok();
    let pages = place.list("pages");
    for name in [
        "mtbsync.1",
        "mtbsync-sync.1",
        "mtbsync-batch.1",
        "mtbsync-quality-check.1",
    ] {
        assert!(pages.contains(&name.to_owned()), "{name} in {pages:?}");
    }
    assert!(!pages.contains(&"mtbsync-man.1".to_owned()));
    let page = place.read("pages/mtbsync-batch.1");
    assert!(
        page.contains(".TH mtbsync\\-batch 1") || page.contains(".TH mtbsync-batch 1"),
        "{page}"
    );
    assert!(
        page.contains("resume") && page.contains("mtbsync batch"),
        "{page}"
    );
}
