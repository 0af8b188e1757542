//! Learned features: `--matcher super` and `--model` (docs/reference/cli.md#analysis-flags).

use std::fs;

use crate::common::{Place, data, small_pair};
use crate::sync::sync_pair;

/// What must not depend on threads, nor on what is cached.
const STABLE: [&str; 4] = ["pairs.csv", "pairs_raw.csv", "warp.npz", "new_markers.csv"];

fn model() -> String {
    data("../crates/vision/models/xfeat-dense-320x160.onnx")
}

#[test]
fn learned_features_give_the_same_bytes_on_any_number_of_threads_and_from_the_cache() {
    let (place, pair) = (Place::sharing_cache(), small_pair());
    sync_pair(&place, &pair, "plain", &[]);
    sync_pair(
        &place,
        &pair,
        "one",
        &["--matcher", "super", "--threads", "1", "--no-cache"],
    );
    sync_pair(
        &place,
        &pair,
        "three",
        &["--matcher", "learned", "--threads", "3"],
    );
    // The built-in model as a file: computed again, since it is known by its content.
    sync_pair(
        &place,
        &pair,
        "named",
        &["--matcher", "super", "--model", &model()],
    );
    for name in STABLE {
        let of = |folder: &str| fs::read(place.path(&format!("{folder}/{name}"))).unwrap();
        assert!(of("one") == of("three") && of("one") == of("named"), "{name}");
    }
    assert_ne!(place.read("plain/pairs_raw.csv"), place.read("one/pairs_raw.csv"));
}

#[test]
fn descriptors_are_kept_for_the_next_run() {
    let (place, pair) = (Place::new(), small_pair());
    let maps = || place.list("cache/learned");
    let more = ["--cache-dir", "cache", "--matcher", "super"];
    sync_pair(&place, &pair, "out", &more);
    let kept = maps();
    assert_eq!(kept.len(), 2, "{kept:?}");
    sync_pair(&place, &pair, "again", &[&more[..], &["--top-k", "4"]].concat());
    assert_eq!(maps(), kept);
    let status = place.run("cache status --cache-dir cache --json").ok().json();
    assert_eq!(
        status["result"]["entries"], 6,
        "2 indexes, 2 sets of descriptors, 2 alignments"
    );
}

#[test]
fn what_is_no_model_is_refused_before_anything_is_decoded() {
    let place = Place::new();
    place.write("notes.onnx", "not a model");
    place.write("half.onnx", &fs::read(model()).unwrap()[..100_000]);
    let [reference, new] = [data("sample/reference.mp4"), data("sample/new.mp4")];
    for (file, said) in [
        ("missing.onnx", "error: file not found: missing.onnx"),
        ("notes.onnx", "error: not an ONNX model ("),
        ("half.onnx", "error: not an ONNX model ("),
        (".", "error: is a folder"),
    ] {
        let pair = ["sync", "--reference", &reference, "--new", &new];
        let outcome = place.run_args(&[&pair[..], &["--matcher", "super", "--model", file]].concat());
        let error = outcome.error(1);
        assert!(error.starts_with(said), "{error}");
        assert!(
            !error.contains("ONNX") || error.contains("hint: a model takes x [1, 1, 160, 320]"),
            "{error}"
        );
    }
}
