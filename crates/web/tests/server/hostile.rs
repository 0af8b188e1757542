//! Folders that somebody else has filled: pipes, huge files, times beyond all measure, links to elsewhere.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{Place, add_run, until};

fn fifo(place: &Place, rel: &str) {
    let path = place.root.join(rel);
    let _ = fs::remove_file(&path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
}

/// A map whose last knot lies at 10^15 s.
fn endless() -> String {
    json!({
        "ok": true, "version": 2, "model": "monotone", "params": { "a": 1.0, "b": 0.0 },
        "knots": { "t_new": [0.0, 1e15], "t_ref": [0.0, 1e15], "sigma": [0.1, 0.1] },
        "segments": [{ "knots": [0, 1], "t_new": [0.0, 1e15], "t_ref": [0.0, 1e15] }],
        "reference": { "path": "/v/ref.mp4", "duration": 40.0, "fingerprint": "", "fps": "30/1" },
        "new": { "path": "/v/new.mp4", "duration": 1e15, "fingerprint": "", "fps": "30/1" },
    })
    .to_string()
}

fn rows(place: &Place) -> Vec<Value> {
    let runs = place.get("/api/runs");
    assert_eq!(runs.status, 200, "{}", runs.text());
    runs.json()["items"].as_array().unwrap().clone()
}

fn error_of(rows: &[Value], path: &str) -> Value {
    let row = rows.iter().find(|row| row["path"] == path);
    row.unwrap_or_else(|| panic!("{path} in {rows:?}"))["error"].clone()
}

#[test]
fn bad_folders_are_rows_with_an_error_and_the_others_are_as_ever() {
    let place = Place::with(|config| {
        config.limits.file = Duration::from_millis(200);
        config.limits.answer = Duration::from_secs(2);
    });
    fifo(&place, "pipe/timewarp.json");
    let huge = place.write("huge/timewarp.json", "");
    fs::File::options()
        .write(true)
        .open(huge)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    place.write("far/timewarp.json", endless());
    add_run(&place.root, "notes");
    fifo(&place, "notes/annotations.json");
    let outside = place.folder.path().join("secret.json");
    fs::write(&outside, "{}").unwrap();
    add_run(&place.root, "linked");
    fs::remove_file(place.root.join("linked/pairs.csv")).unwrap();
    symlink(&outside, place.root.join("linked/pairs.csv")).unwrap();
    let found = rows(&place);
    assert_eq!(found.len(), 6, "{found:?}");
    assert_eq!(error_of(&found, "runA"), Value::Null);
    for (path, says) in [
        ("pipe", "timewarp.json is no file"),
        ("huge", "larger than"),
        ("linked", "pairs.csv is a link that leads out"),
    ] {
        let error = error_of(&found, path);
        assert!(
            error.as_str().is_some_and(|text| text.contains(says)),
            "{path}: {error}"
        );
    }
    // Whatever these are found to be, everything else goes on.
    for path in ["far", "notes"] {
        let id = place.run_id(path);
        for what in ["warp", "markers"] {
            place.get(&format!("/api/runs/{id}/{what}"));
        }
    }
    assert_eq!(
        place
            .get(&format!("/api/runs/{}/warp", place.run_id("runA")))
            .status,
        200
    );
    let id = place.run_id("linked");
    for path in [
        format!("/api/runs/{id}"),
        format!("/api/runs/{id}/pairs"),
        format!("/api/annotations?run={id}"),
        format!("/api/anchors?run={id}"),
    ] {
        assert_eq!(
            place.get(&path).error(),
            (403, "outside_root".to_owned()),
            "{path}"
        );
    }
}

#[test]
fn a_folder_with_a_link_out_of_the_root_is_no_input() {
    let place = Place::new();
    let outside = place.folder.path().join("a_ref.mp4");
    fs::write(&outside, "x").unwrap();
    fs::create_dir(place.root.join("in")).unwrap();
    symlink(&outside, place.root.join("in/a_ref.mp4")).unwrap();
    place.write("in/a_new.mp4", "x");
    let order = json!({"kind": "batch", "params": {"input-dir": "in", "out-dir": "out"}});
    let answer = place.send("POST", "/api/jobs", &[], &order);
    assert_eq!(answer.error(), (403, "outside_root".to_owned()));
    fs::remove_file(place.root.join("in/a_ref.mp4")).unwrap();
    symlink("a_new.mp4", place.root.join("in/a_ref.mp4")).unwrap();
    let answer = place.send("POST", "/api/jobs", &[], &order);
    assert_eq!(answer.status, 202, "{}", answer.text());
    until(
        || place.get("/api/jobs").json(),
        |jobs| jobs["items"][0]["ended"].is_number(),
    );
}

#[test]
fn exports_replace_only_exports() {
    let place = Place::new();
    place.write("package.json", "{\"name\":\"precious\"}");
    let export = |to: &str| {
        let body = json!({"in_csv": "runA/new_markers.csv", "out_json": to});
        place.send("POST", "/api/export-json", &[], &body)
    };
    assert_eq!(export("package.json").error(), (409, "taken".to_owned()));
    assert!(place.read("package.json").contains("precious"));
    let mine = json!({"markers": [{"name": "mine", "t_ref": 1}]});
    place.write("mine.json", mine.to_string());
    assert_eq!(export("mine.json").error(), (409, "taken".to_owned()));
    place.write("runA/new_markers.csv", "marker_id,name,t_ref\n1,A,2\n");
    assert_eq!(
        (export("again.json").status, export("again.json").status),
        (200, 200)
    );
}
