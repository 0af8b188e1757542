//! The scripts in `examples/` and the quality-gate workflow run as they stand.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Stdio};

use crate::common::{Place, Said, cut, data};

/// Runs `examples/NAME` in the place with the program under test.
fn example(place: &Place, name: &str, args: &[&str], env: &[(&str, &str)]) -> Said {
    let mut command = Command::new("bash");
    command
        .arg(data(&format!("../examples/{name}")))
        .args(args)
        .current_dir(place.path("."))
        .env("MTBSYNC", assert_cmd::cargo::cargo_bin!("mtbsync"))
        .env("HOME", place.path("."))
        .env("MTB_CACHE_DIR", place.path("home/cache"))
        .envs(env.iter().copied())
        .stdin(Stdio::null());
    Said::of(&command.output().unwrap())
}

/// A small pair, so that a script takes seconds.
fn small_pair(place: &Place) {
    fs::create_dir_all(place.path("pairs")).unwrap();
    for (side, source) in [("ref", "sample/reference.mp4"), ("new", "sample/new.mp4")] {
        let made = cut(source, 2..16, "1", "10");
        fs::copy(made, place.path(&format!("pairs/trail_{side}.mp4"))).unwrap();
    }
}

#[test]
fn benchmark_then_diagnosis_then_cleaning_up() {
    let place = Place::new();
    small_pair(&place);
    let said = example(&place, "run_benchmark.sh", &["pairs", "bench"], &[]);
    assert!(
        said.ok().stdout.contains("Report: bench/report/report.html"),
        "{}",
        said.stdout
    );
    assert!(place.read("bench/report/report.html").contains("<html"));
    let gate = place.json("bench/quality_gate.json");
    assert_eq!(gate["status"], "PASS");

    let said = example(
        &place,
        "visual_diagnostic.sh",
        &["bench/batch/trail", &data("sample/reference_markers.csv")],
        &[],
    );
    said.ok();
    assert!(
        fs::read(place.path("bench/batch/trail/diagnostic.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );

    let said = example(&place, "diagnose_alignment.sh", &["bench/batch/trail"], &[]);
    assert!(said.ok().stdout.contains("Aligned:   true"), "{}", said.stdout);
    assert!(said.stdout.contains("What to try:"));

    let shown = example(&place, "dashboard_cleanup.sh", &["bench/batch", "0"], &[]);
    assert!(
        shown.ok().stdout.contains("Nothing was removed"),
        "{}",
        shown.stdout
    );
    assert!(place.path("bench/batch/trail/perf.json").exists());
    example(
        &place,
        "dashboard_cleanup.sh",
        &["bench/batch", "0"],
        &[("APPLY", "1")],
    )
    .ok();
    assert!(!place.path("bench/batch/trail/perf.json").exists());
}

#[test]
fn strict_gates_end_in_a_verdict() {
    let place = Place::new();
    small_pair(&place);
    let said = example(
        &place,
        "resync_strict.sh",
        &["pairs/trail_ref.mp4", "pairs/trail_new.mp4", "strict"],
        &[],
    );
    assert!([0, 3].contains(&said.code), "{}{}", said.stdout, said.stderr);
    assert!(place.path("strict/timewarp.json").exists());
}

#[test]
fn the_ports_file_names_the_documented_ports() {
    let ports = fs::read_to_string(data("../scripts/mtbsync-ports.env")).unwrap();
    let settings = fs::read_to_string(data("../.vscode/settings.json")).unwrap();
    for (name, port) in [
        ("DASHBOARD", 8760),
        ("TELEMETRY", 8761),
        ("COMPARE", 8762),
        ("PREVIEW", 8763),
    ] {
        assert!(ports.contains(&format!("MTB_{name}_PORT={port}\n")));
        assert!(settings.contains(&format!("\"{port}\": ")));
    }
}
