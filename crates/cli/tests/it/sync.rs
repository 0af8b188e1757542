//! The whole way on the sample pair: artefacts, accuracy, refusal, determinism (docs/reference/cli.md#sync).

use std::fs;
use std::sync::OnceLock;

use crate::common::{Place, clip, data};
use serde_json::Value;

/// Artefacts of a sync with markers that do not depend on time and machine.
const STABLE: [&str; 7] = [
    "alignment_overlay.png",
    "new_markers.csv",
    "new_markers.edl",
    "pairs.csv",
    "pairs_raw.csv",
    "timewarp.json",
    "warp.npz",
];

/// A place where the sample pair was synced into `out`, with both indexes in the cache.
pub fn synced() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::lasting("synced");
        sync_sample(&place, "out", &["--threads", "1"]);
        place
    })
}

pub fn sync_sample(place: &Place, out: &str, more: &[&str]) -> Value {
    let recordings = [data("sample/reference.mp4"), data("sample/new.mp4")];
    sync_pair(place, &recordings, out, more)
}

/// A sync of two recordings of the sample, with its markers.
pub fn sync_pair(place: &Place, [reference, new]: &[String; 2], out: &str, more: &[&str]) -> Value {
    let markers = data("sample/reference_markers.csv");
    let common = [
        "--ref-markers",
        &markers,
        "--export",
        "resolve-edl",
        "--out",
        out,
        "--json",
    ];
    place.sync(reference, new, &[&common, more].concat()).ok().json()
}

/// The sample's markers in `out` are where the truth is, to `within` seconds, and sure.
fn assert_markers_are_right(place: &Place, out: &str, within: f64) {
    let found = rows(&place.read(&format!("{out}/new_markers.csv")));
    let truth = rows(&fs::read_to_string(data("sample/marker_truth.csv")).unwrap());
    assert_eq!(found.len(), truth.len());
    for (found, truth) in found.iter().zip(&truth) {
        let (estimate, wanted): (f64, f64) = (found[4].parse().unwrap(), truth[2].parse().unwrap());
        assert!((estimate - wanted).abs() < within, "{found:?} is not {wanted}");
        assert_eq!(found[9], "ok");
    }
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    csv.lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

#[test]
fn markers_land_where_the_truth_is() {
    assert_markers_are_right(synced(), "out", 0.1);
}

/// Cameras write a key frame every 8 to 15 frames, and only those are decoded.
#[test]
fn key_frames_alone_place_markers_within_half_a_frame() {
    let as_cameras_write = |name: &str| {
        let times = ["-fps_mode", "passthrough", "-enc_time_base", "-1"];
        let input = data(&format!("sample/{name}.mp4"));
        let picture = ["-i", &input, "-map", "0:v", "-c:v", "libx264", "-crf", "18"];
        let frames = ["-g", "10", "-keyint_min", "10", "-sc_threshold", "0", "-bf", "0"];
        clip(
            &format!("sample_{name}_key_frames.mp4"),
            &[&picture[..], &frames, &times, &["-f", "mp4"]].concat(),
        )
    };
    let recordings = ["reference", "new"].map(as_cameras_write);
    let place = Place::sharing_cache();
    sync_pair(&place, &recordings, "out", &[]);
    assert_markers_are_right(&place, "out", 0.5 / 30.0);
}

#[test]
fn the_artefact_folder_is_complete() {
    let place = synced();
    let names = place.list("out");
    for name in STABLE
        .iter()
        .chain(&["perf.json", "quality_history.json", "regression.json"])
    {
        assert!(names.contains(&(*name).to_owned()), "{name} in {names:?}");
    }
    assert!(
        !names.iter().any(|name| name.ends_with(".mtbsync-tmp")),
        "{names:?}"
    );
}

#[test]
fn the_summary_has_the_documented_fields() {
    let place = Place::sharing_cache();
    let summary = sync_sample(&place, "out", &[]);
    let result = summary["result"].as_object().unwrap();
    for key in [
        "ok",
        "reasons",
        "ppm",
        "inlier_frac",
        "coverage",
        "residuals",
        "n_pairs",
        "geometry",
        "gps",
        "markers",
        "timings",
        "regression",
    ] {
        assert!(result.contains_key(key), "{key} in {summary}");
    }
    assert_eq!(result["markers"]["ok"], 6);
    assert!(
        summary["outputs"]["timewarp"]
            .as_str()
            .unwrap()
            .ends_with("/out/timewarp.json"),
        "{summary}"
    );
}

#[test]
fn same_bytes_for_every_thread_count_and_every_run() {
    let place = Place::sharing_cache();
    sync_sample(&place, "two", &["--threads", "2", "--no-cache"]);
    sync_sample(&place, "again", &["--threads", "1", "--no-cache"]);
    for name in STABLE {
        let one = fs::read(synced().path("out").join(name)).unwrap();
        assert_eq!(
            fs::read(place.path("two").join(name)).unwrap(),
            one,
            "{name}, two threads"
        );
        assert_eq!(
            fs::read(place.path("again").join(name)).unwrap(),
            one,
            "{name}, again without cache"
        );
    }
}

#[test]
fn a_given_index_gives_the_same_map_and_must_fit() {
    let place = Place::sharing_cache();
    let reference = data("sample/reference.mp4");
    place
        .run_args(&["index", "--reference", &reference, "--out", "ref.npz"])
        .ok();
    sync_sample(&place, "out", &["--index", "ref.npz"]);
    assert_eq!(
        place.read("out/timewarp.json"),
        synced().read("out/timewarp.json")
    );
    let new = data("sample/new.mp4");
    let said = place.sync(
        &reference,
        &new,
        &["--index", "ref.npz", "--fps", "5", "--out", "x"],
    );
    assert!(
        said.error(1)
            .contains("index was built with fps 3, not 5: ref.npz; hint: drop --fps"),
        "{}",
        said.stderr
    );
    let said = place.sync(&new, &new, &["--index", "ref.npz", "--out", "x"]);
    assert!(
        said.error(1).contains(": ref.npz"),
        "an index of another recording: {}",
        said.stderr
    );
    place.write("no.npz", "nothing");
    let said = place.sync(&reference, &new, &["--index", "no.npz", "--out", "x"]);
    assert!(
        said.error(1).contains("not an index: no.npz; hint:"),
        "{}",
        said.stderr
    );
    assert!(!place.path("x").exists());
}

#[test]
fn the_pairs_file_may_be_named_and_its_folder_takes_the_rest() {
    let place = Place::sharing_cache();
    sync_sample(&place, "cache/my_pairs.csv", &["--no-plot", "--regression-off"]);
    let names = place.list("cache");
    assert!(
        names.contains(&"my_pairs.csv".to_owned()) && names.contains(&"timewarp.json".to_owned()),
        "{names:?}"
    );
    assert!(
        !names.contains(&"alignment_overlay.png".to_owned())
            && !names.contains(&"regression.json".to_owned())
    );
    let said = place.run("warp --pairs cache/my_pairs.csv --out again/warp.npz");
    assert!(said.ok().stdout.contains("Gates: all passed"), "{}", said.stdout);
    assert_eq!(place.list("again"), ["timewarp.json", "warp.npz"]);
    place
        .run_args(&[
            "transfer",
            "--ref-markers",
            &data("sample/reference_markers.csv"),
            "--warp",
            "again/warp.npz",
        ])
        .ok();
    assert_eq!(place.read("new_markers.csv").lines().count(), 7);
}

#[test]
fn a_gate_that_fails_is_named_and_withholds_the_markers() {
    let place = Place::sharing_cache();
    let (reference, new, markers) = (
        data("sample/reference.mp4"),
        data("sample/new.mp4"),
        data("sample/reference_markers.csv"),
    );
    let sync = |more: &[&str]| {
        let common = ["--ref-markers", &markers, "--out", "out"];
        place.sync(&reference, &new, &[&common, more].concat())
    };
    sync(&[]).ok();
    let said = sync(&["--warp-max-p90", "0.001"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stderr.contains("not aligned: ") && said.stderr.contains("> 0.001"),
        "{}",
        said.stderr
    );
    let names = place.list("out");
    for stale in ["warp.npz", "new_markers.csv"] {
        assert!(
            !names.contains(&stale.to_owned()),
            "{stale} of the run before is gone: {names:?}"
        );
    }
    let warp = place.json("out/timewarp.json");
    assert_eq!(warp["ok"], false);
    sync(&["--warp-max-p90", "0.001", "--force"]);
    assert!(
        place
            .read("out/new_markers.csv")
            .lines()
            .skip(1)
            .all(|line| line.contains(",true,review,"))
    );
}

#[test]
fn runs_without_anything_in_common_are_refused() {
    let reversed = clip(
        "sample_reversed.mp4",
        &[
            "-i",
            &data("sample/reference.mp4"),
            "-vf",
            "reverse",
            "-an",
            "-g",
            "15",
            "-f",
            "mp4",
        ],
    );
    let (sample, lap) = (data("sample/reference.mp4"), data("race-lap/pass1.mp4"));
    let markers = data("sample/reference_markers.csv");
    let place = Place::sharing_cache();
    for (name, reference, new) in [
        ("a", &sample, &lap),
        ("b", &lap, &sample),
        ("c", &sample, &reversed),
    ] {
        let said = place.sync(reference, new, &["--ref-markers", &markers, "--out", name]);
        assert_eq!(said.code, 3, "{name}: {}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains("not aligned: "), "{}", said.stderr);
        let warp = place.json(&format!("{name}/timewarp.json"));
        assert_eq!(
            (&warp["ok"], warp["knots"]["t_new"].as_array().unwrap().len()),
            (&Value::Bool(false), 0)
        );
        assert!(
            !place.path(name).join("new_markers.csv").exists() && !place.path(name).join("warp.npz").exists()
        );
    }
}

#[test]
fn a_recording_on_itself_is_the_identity() {
    let place = Place::sharing_cache();
    let sample = data("sample/new.mp4");
    place.write("m.csv", "name,t_ref\nA,3\nB,10.5\nC,18.25\n");
    place
        .sync(&sample, &sample, &["--ref-markers", "m.csv", "--out", "o"])
        .ok();
    for row in rows(&place.read("o/new_markers.csv")) {
        let (t_ref, t_new): (f64, f64) = (row[2].parse().unwrap(), row[4].parse().unwrap());
        assert!((t_ref - t_new).abs() < 0.005, "{row:?}");
    }
}

#[test]
fn pairs_alone_can_be_asked_for() {
    let place = Place::sharing_cache();
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    place.sync(&reference, &new, &["--no-warp", "--out", "o"]).ok();
    let names = place.list("o");
    assert!(
        names.contains(&"pairs.csv".to_owned()) && !names.contains(&"timewarp.json".to_owned()),
        "{names:?}"
    );
}

#[test]
fn fast_says_what_it_set_and_flags_win() {
    let place = Place::sharing_cache();
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let said = place.sync(&reference, &new, &["--fast", "--out", "o"]);
    assert!(
        said.ok()
            .stdout
            .starts_with("fast: threads 4, warp-ransac-iters 250"),
        "{}",
        said.stdout
    );
    let said = place.sync(
        &reference,
        &new,
        &[
            "--fast",
            "--warp-ransac-iters",
            "300",
            "--threads",
            "2",
            "--out",
            "p",
        ],
    );
    assert!(
        said.ok().stdout.starts_with("fast: threads 2, refine-window 0\n"),
        "{}",
        said.stdout
    );
}
