//! Jobs of the server with the real program: each kind to its result on the disk, and to its end when it is
//! cancelled or the server is killed.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use crate::common::{Place, clip, cut, data};
use crate::servers::{PATIENCE, Serving};

/// Recordings of a pair for a batch, markers, and a finished run.
fn small() -> Place {
    let place = Place::sharing_cache();
    fs::create_dir_all(place.path("in")).unwrap();
    for (side, source) in [("ref", "sample/reference.mp4"), ("new", "sample/new.mp4")] {
        for name in ["-a", "b"] {
            let cut = cut(source, 2..16, "1", "15");
            fs::copy(cut, place.path(&format!("in/{name}_{side}.mp4"))).unwrap();
        }
    }
    place.write("markers.csv", "marker_id,name,t_ref\n1,Root,5\n2,Drop,8\n");
    place
}

/// Two longer recordings, as they are and as a pair for a batch.
fn long() -> Place {
    let place = Place::new();
    fs::create_dir_all(place.path("in")).unwrap();
    for (source, side) in [("pass1", "ref"), ("pass2", "new")] {
        let source = data(&format!("race-lap/{source}.mp4"));
        for name in ["a", "b"] {
            fs::copy(&source, place.path(&format!("in/{name}_{side}.mp4"))).unwrap();
        }
    }
    place.write("run/timewarp.json", crate::common::straight_warp(true));
    place.write("run/new_markers.csv", "marker_id,name,t_ref,t_new\n1,Root,5,6\n");
    place
}

/// Jobs that take minutes, each with the word its progress holds once it is at work.
fn endless() -> [(&'static str, Value); 3] {
    let slow = json!({"fps": 30, "n-features": 20000, "precise": true, "no-cache": true, "threads": 1});
    let with = |more: Value| {
        let mut params = slow.as_object().unwrap().clone();
        params.extend(more.as_object().unwrap().clone());
        Value::from(params)
    };
    [
        (
            "sync",
            with(json!({"reference": "in/a_ref.mp4", "new": "in/a_new.mp4", "out": "out"})),
        ),
        (
            "batch",
            with(json!({"input-dir": "in", "out-dir": "out", "jobs": 2})),
        ),
        (
            "render",
            json!({"reference": "in/a_ref.mp4", "new": "in/a_new.mp4", "timewarp-json": "run/timewarp.json",
                "out": "out/both.mp4", "size": "3840x1080", "quality": 1, "threads": 1}),
        ),
    ]
}

/// Jobs that are done at once.
fn brief() -> [(&'static str, Value); 3] {
    [
        (
            "transfer",
            json!({"ref-markers": "run/new_markers.csv", "timewarp-json": "run/timewarp.json", "out": "out/t.csv"}),
        ),
        (
            "export",
            json!({"markers": "run/new_markers.csv", "preset": "csv", "out": "out/e.csv"}),
        ),
        ("benchmark", json!({"root": ".", "out": "out/report"})),
    ]
}

/// Starts a job; its address.
fn start(serving: &Serving, kind: &str, params: &Value) -> String {
    let (status, answer) = serving.ask(
        "POST",
        "/api/jobs",
        &json!({"kind": kind, "params": params}).to_string(),
    );
    assert_eq!(status, 202, "{kind}: {answer}");
    format!("/api/jobs/{}", answer["id"].as_str().unwrap())
}

/// Does a job to its end.
fn done(serving: &Serving, kind: &str, params: &Value) {
    let job = start(serving, kind, params);
    let job = serving.until(&job, |job| job["ended"].is_number());
    assert_eq!(
        (&job["state"], &job["exit_code"]),
        (&json!("done"), &json!(0)),
        "{kind}: {job}"
    );
    assert_eq!(job["result"]["ok"], json!(true), "{job}");
}

/// Processes that were started in `place`: all of them have its folder in their environment.
fn processes_of(place: &Place) -> Vec<i32> {
    let mark = format!("HOME={}", place.path("home").display()).into_bytes();
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_ours = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == mark)
    };
    pids.filter(is_ours).collect()
}

/// Waits until as many processes of `place` run.
#[track_caller]
fn until_processes(place: &Place, is_so: impl Fn(usize) -> bool) {
    let begun = Instant::now();
    loop {
        let found = processes_of(place);
        if is_so(found.len()) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{found:?}");
    }
}

/// Files below a folder of the place, lock files of a batch aside.
fn files_below(place: &Place, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in place.list(folder) {
        let path = format!("{folder}/{name}");
        if place.path(&path).is_dir() {
            found.extend(files_below(place, &path));
        } else if !name.starts_with(".batch") {
            found.push(path);
        }
    }
    found
}

#[test]
fn each_kind_reaches_its_result() {
    let place = small();
    let serving = Serving::start(&place, &["dashboard", "--allow-write"]);
    done(
        &serving,
        "batch",
        &json!({"input-dir": "in", "out-dir": "all", "jobs": 2, "fps": 2, "n-features": 100,
            "ref-markers": "markers.csv"}),
    );
    let summary = place.read("all/batch_summary.csv");
    assert_eq!(
        summary.lines().filter(|row| row.contains(",true,")).count(),
        2,
        "{summary}"
    );
    for name in ["-a", "b"] {
        assert!(
            place.path(&format!("all/{name}/new_markers.csv")).is_file(),
            "{name}"
        );
    }
    done(
        &serving,
        "sync",
        &json!({"reference": "in/-a_ref.mp4", "new": "in/-a_new.mp4", "out": "run", "fps": 2, "n-features": 100}),
    );
    assert_eq!(place.json("run/timewarp.json")["ok"], json!(true));
    done(
        &serving,
        "transfer",
        &json!({"ref-markers": "markers.csv", "timewarp-json": "run/timewarp.json", "out": "run/new_markers.csv"}),
    );
    let markers = place.read("run/new_markers.csv");
    assert!(markers.contains("Root") && markers.contains("Drop"), "{markers}");
    done(
        &serving,
        "export",
        &json!({"markers": "run/new_markers.csv", "preset": "resolve-edl", "fps": "30", "out": "run/m.edl"}),
    );
    assert!(place.read("run/m.edl").contains("Root"));
    done(
        &serving,
        "render",
        &json!({"reference": "in/-a_ref.mp4", "new": "in/-a_new.mp4", "timewarp-json": "run/timewarp.json",
            "out": "run/both.mp4", "from": "2", "to": "3", "audio": "none"}),
    );
    assert_eq!(fs::read(place.path("run/both.mp4")).unwrap()[4..8], *b"ftyp");
    done(&serving, "benchmark", &json!({"root": ".", "out": "report"}));
    assert!(
        !files_below(&place, "report").is_empty(),
        "{:?}",
        place.list("report")
    );
    assert_eq!(serving.interrupt().0, Some(0));
}

#[test]
fn a_job_that_is_cancelled_leaves_nothing() {
    for (kind, params) in endless() {
        let place = long();
        let serving = Serving::start(&place, &["dashboard", "--allow-write"]);
        let job = start(&serving, kind, &params);
        let workers = if kind == "batch" { 3 } else { 1 };
        until_processes(&place, |count| count == 1 + workers);
        serving.until(&job, |job| job["progress"]["stage"].is_string());
        let behind: Vec<String> = brief()
            .iter()
            .map(|(kind, params)| start(&serving, kind, params))
            .collect();
        for job in behind.iter().chain([&job]) {
            assert_eq!(serving.ask("DELETE", job, "").0, 202);
        }
        for job in behind.iter().chain([&job]) {
            let ended = serving.until(job, |job| job["ended"].is_number());
            assert_eq!(ended["state"], "cancelled", "{kind}: {ended}");
        }
        // Nothing but the server.
        until_processes(&place, |count| count == 1);
        let left = files_below(&place, "out");
        assert!(left.is_empty(), "{kind}: {left:?}");
        assert_eq!(serving.interrupt().0, Some(0));
    }
}

#[test]
fn jobs_of_a_killed_server_end() {
    for (kind, params) in endless().into_iter().chain(brief()) {
        let place = long();
        let mut serving = Serving::start(&place, &["dashboard", "--allow-write"]);
        let job = start(&serving, kind, &params);
        serving.until(&job, |job| job["started"].is_number());
        if kind == "batch" {
            until_processes(&place, |count| count == 4);
        }
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
        until_processes(&place, |count| count == 0);
        let left = files_below(&place, "out");
        let is_temporary = |path: &String| path.contains("tmp") || path.contains(".part");
        assert!(!left.iter().any(is_temporary), "{kind}: {left:?}");
    }
}

#[test]
fn decoders_and_copies_of_a_killed_server_end() {
    let place = Place::new();
    let args = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=1280x720:rate=30:duration=60",
        "-c:v",
        "mpeg4",
        "-q:v",
        "9",
    ];
    fs::copy(
        clip("long.mp4", &[&args[..], &["-f", "mp4"]].concat()),
        place.path("long.mp4"),
    )
    .unwrap();
    let map = crate::common::straight_warp(true).replace("/v/new.mp4", "../long.mp4");
    place.write("run/timewarp.json", map);
    let mut serving = Serving::start(&place, &["dashboard"]);
    let media = serving.get("/api/runs")["items"][0]["new"]["media"].clone();
    let info = format!("/api/media/{}/info", media.as_str().unwrap());
    serving.until(&info, |info| {
        info["proxy"]["percent"]
            .as_f64()
            .is_some_and(|percent| percent >= 1.0)
    });
    // The server, a decoder that has opened the recording, and the one that makes the copy.
    until_processes(&place, |count| count == 3);
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    until_processes(&place, |count| count == 0);
    assert!(
        files_below(&place, "home/cache/proxy").is_empty(),
        "{:?}",
        place.list("home/cache/proxy")
    );
}

#[test]
fn no_job_replaces_a_recording() {
    let place = small();
    place.write("table.csv", fs::read(place.path("in/b_ref.mp4")).unwrap());
    let before = fs::read(place.path("in/b_ref.mp4")).unwrap();
    let serving = Serving::start(&place, &["dashboard", "--allow-write"]);
    for (kind, params, why) in [
        (
            "export",
            json!({"markers": "markers.csv", "preset": "csv", "out": "in/b_ref.mp4"}),
            "is a recording",
        ),
        (
            "export",
            json!({"markers": "markers.csv", "preset": "csv", "out": "table.csv"}),
            "is a recording",
        ),
        (
            "export",
            json!({"markers": "markers.csv", "preset": "csv", "out": "markers.csv"}),
            "is an input",
        ),
        (
            "transfer",
            json!({"ref-markers": "markers.csv", "timewarp-json": "markers.csv", "out": "in/b_new.mp4"}),
            "is a recording",
        ),
        (
            "render",
            json!({"reference": "in/b_ref.mp4", "new": "in/b_new.mp4", "timewarp-json": "markers.csv",
                "out": "in/b_ref.mp4"}),
            "is an input",
        ),
    ] {
        let order = json!({"kind": kind, "params": params}).to_string();
        let (status, answer) = serving.ask("POST", "/api/jobs", &order);
        assert_eq!((status, &answer["code"]), (409, &json!("taken")), "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(why), "{answer}");
    }
    // A recording that appears while the job waits its turn.
    let slow = json!({"reference": "in/b_ref.mp4", "new": "in/b_new.mp4", "out": "slow", "fps": 30,
        "n-features": 20000, "no-cache": true});
    let running = start(&serving, "sync", &slow);
    let waiting = start(
        &serving,
        "export",
        &json!({"markers": "markers.csv", "preset": "csv", "out": "late.csv"}),
    );
    place.write("late.csv", &before);
    assert_eq!(serving.ask("DELETE", &running, "").0, 202);
    let job = serving.until(&waiting, |job| job["ended"].is_number());
    assert_eq!(job["state"], "failed", "{job}");
    for name in ["in/b_ref.mp4", "table.csv", "late.csv"] {
        assert!(fs::read(place.path(name)).unwrap() == before, "{name}");
    }
    assert_eq!(serving.interrupt().0, Some(0));
}
