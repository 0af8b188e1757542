//! What can be read: runs, maps, tables, files, also of folders that are empty or damaged.

use std::fs;

use mtbsync_markers::DEFAULT_REVIEW_THRESHOLD;
use serde_json::{Value, json};

use crate::place::{Place, add_run, config};

#[test]
fn a_run_is_described() {
    let place = Place::new();
    let runs = place.get("/api/runs").json();
    let run = &runs["items"][0];
    assert_eq!(
        (&runs["count"], &run["path"], &run["name"]),
        (&json!(1), &json!("runA"), &json!("runA"))
    );
    // printf runA | sha256sum
    assert_eq!(run["id"], "a67e77f69b03");
    assert_eq!((&run["ok"], &run["model"]), (&json!(true), &json!("monotone")));
    assert_eq!(run["markers"], json!({"ok": 6, "review": 0, "outside": 0}));
    assert_eq!(
        (&run["new"]["name"], &run["new"]["duration"]),
        (&json!("new.mp4"), &json!(21.2))
    );
    assert_eq!(run["reference"]["media"].as_str().unwrap().len(), 16);
    // Pages ask for the pairs of runs that have some only: browsers log a 404 as an error.
    assert_eq!(run["has_pairs"], true);
    let bare = Place::new();
    fs::remove_file(bare.write("runA/pairs.csv", "")).unwrap();
    assert_eq!(bare.get("/api/runs").json()["items"][0]["has_pairs"], false);

    let one = place.get("/api/runs/a67e77f69b03").json();
    assert_eq!(one["timewarp"]["version"], 2);
    assert!(one["timewarp"].get("knots").is_none());
    assert_eq!(
        (&one["perf"]["cmd"], &one["regression"]),
        (&json!("sync"), &Value::Null)
    );
    assert_eq!(
        place.get("/api/runs/000000000000").error(),
        (404, "not_found".to_owned())
    );
    let whole = place.get("/api/timewarp?run=a67e77f69b03");
    assert_eq!(whole.text(), place.read("runA/timewarp.json"));
    assert_eq!(place.get("/api/timewarp").text(), whole.text());
}

#[test]
fn a_pair_of_a_batch_is_judged_though_it_joined_the_history_later() {
    let place = Place::new();
    place.write(
        "runA/perf.json",
        r#"{"ok":true,"cmd":"batch_item","ts":"2026-06-01T09:00:07Z"}"#,
    );
    let record = |run: &str, ts: &str| json!({"ts": ts, "run_id": run, "p90": 0.1, "ppm": 10.0, "inlier_frac": 0.9, "model": "monotone"});
    let history = [
        record("batch:runA", "2026-06-01T08:00:00Z"),
        record("batch:other", "2026-06-01T09:00:08Z"),
        record("batch:runA", "2026-06-01T09:00:09Z"),
    ];
    place.write("quality_history.json", Value::from(history.to_vec()).to_string());
    let run = place.get(&format!("/api/runs/{}", place.run_id("runA"))).json();
    assert_eq!(run["regression"]["ts"], "2026-06-01T09:00:09Z", "{run}");
}

#[test]
fn ids_outlive_a_restart() {
    let (first, second) = (Place::new(), Place::new());
    let media = |place: &Place| place.get("/api/runs").json()["items"][0]["new"]["media"].clone();
    assert_eq!(
        (first.run_id("runA"), media(&first)),
        (second.run_id("runA"), media(&second))
    );
}

#[test]
fn maps_are_sampled_where_there_is_one() {
    let place = Place::new();
    let run = format!("/api/runs/{}", place.run_id("runA"));
    let warp = place.get(&format!("{run}/warp?n=101")).json();
    for name in ["t_new", "t_ref", "low", "high", "delta"] {
        assert_eq!(warp[name].as_array().unwrap().len(), 101, "{name}");
    }
    assert_eq!(
        (&warp["t_ref"][0], &warp["t_new"][100]),
        (&Value::Null, &json!(21.2))
    );
    let at = |name: &str| warp[name][50].as_f64().unwrap();
    assert!(at("low") < at("t_ref") && at("t_ref") < at("high"));
    let part = place.get(&format!("{run}/warp?n=1&from=5&to=6")).json();
    assert_eq!(part["t_new"], json!([5.0, 6.0]));
    let most = place.get(&format!("{run}/warp?n=999999999")).json();
    assert_eq!(most["t_new"].as_array().unwrap().len(), 20_000);
    assert_eq!(
        place.get(&format!("{run}/warp?n=many")).error(),
        (400, "bad_request".to_owned())
    );
    assert_eq!(place.get(&format!("{run}/warp?from=inf")).status, 400);

    let pairs = place.get(&format!("{run}/pairs")).json();
    let count = place.read("runA/pairs.csv").lines().count() - 1;
    assert_eq!(pairs["t_ref"].as_array().unwrap().len(), count);
    let splits = place
        .get(&format!("{run}/splits?sections=01%20Switchback,06%20Chute"))
        .json();
    assert_eq!(splits["rows"][0]["to_marker"], "06 Chute");
    assert_eq!(splits["rows"].as_array().unwrap().len(), 2);
    assert_eq!(
        place.get(&format!("{run}/splits?sections=nobody")).error(),
        (422, "unusable".to_owned())
    );
}

#[test]
fn pairs_are_thinned_evenly() {
    let place = Place::new();
    let rows: String = (0..1000).map(|k| format!("{k},{k}\n")).collect();
    place.write("runA/pairs.csv", format!("t_new,t_ref\n{rows}"));
    let pairs = place
        .get(&format!("/api/runs/{}/pairs?n=100", place.run_id("runA")))
        .json();
    let t_new = pairs["t_new"].as_array().unwrap();
    assert_eq!(
        (t_new.len(), &t_new[1], &t_new[99]),
        (100, &json!(10.0), &json!(990.0))
    );
    assert_eq!(pairs["confidence"][0], 1.0);
}

#[test]
fn text_of_people_stays_text() {
    let place = Place::new();
    let name = "<script>alert(1)</script>\"'&";
    let csv = format!(
        "marker_id,name,t_ref,t_new,status\n1,\"{}\",1,2,ok\n",
        name.replace('"', "\"\"")
    );
    place.write("runA/new_markers.csv", csv);
    let run = place.run_id("runA");
    for path in [format!("/api/runs/{run}/markers"), "/api/markers".to_owned()] {
        let answer = place.get(&path);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json()["rows"][0]["name"], name);
    }
    let file = place.get("/files/runA/new_markers.csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        file.header("content-disposition")
            .unwrap()
            .starts_with("attachment;")
    );
}

#[test]
fn files_are_listed_and_sent_in_parts() {
    let place = Place::new();
    place.write("r\u{fc}n 2/timewarp.json", "0123456789");
    let files = place.get("/api/files").json();
    let item = files["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["size"] == 10)
        .unwrap()
        .clone();
    assert_eq!(
        (&item["name"], &item["href"]),
        (
            &json!("r\u{fc}n 2/timewarp.json"),
            &json!("/files/r%C3%BCn%202/timewarp.json")
        )
    );
    let href = item["href"].as_str().unwrap();
    let whole = place.get(href);
    assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
    let part = place.ask("GET", href, &[("Range", "bytes=2-4")], "");
    assert_eq!(
        (part.status, part.text().as_str(), part.header("content-range")),
        (206, "234", Some("bytes 2-4/10"))
    );
    assert_eq!(place.ask("GET", href, &[("Range", "bytes=10-")], "").status, 416);
    let tag = whole.header("etag").unwrap();
    assert_eq!(place.ask("GET", href, &[("If-None-Match", tag)], "").status, 304);
    let stale = place.ask(
        "GET",
        href,
        &[("Range", "bytes=2-4"), ("If-Range", "\"old\"")],
        "",
    );
    assert_eq!(stale.status, 200);
    let head = place.ask("HEAD", href, &[], "");
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, Some("10"), 0)
    );
    assert!(head.header("last-modified").unwrap().ends_with(" GMT"));
    // The same name in the other normal form.
    assert_eq!(place.get("/files/ru%CC%88n%202/timewarp.json").status, 200);
}

#[test]
fn methods_and_addresses_that_are_not_there() {
    let place = Place::new();
    let answer = place.ask("POST", "/api/runs", &[("Content-Type", "application/json")], "{}");
    assert_eq!(answer.error(), (405, "method".to_owned()));
    assert!(answer.header("allow").unwrap().contains("GET"));
    for path in [
        "/api",
        "/api/",
        "/api/nope",
        "/files",
        "/assets/../Cargo.toml",
        "/Dashboard",
        "//healthz",
    ] {
        assert_eq!(place.get(path).error().0, 404, "{path}");
    }
    assert_eq!(place.ask("HEAD", "/api/runs", &[], "").status, 200);
}

#[test]
fn an_empty_root_has_empty_lists() {
    let place = Place::new();
    fs::remove_dir_all(place.root.join("runA")).unwrap();
    assert_eq!(
        place.get("/api/runs").json(),
        json!({"count": 0, "items": [], "truncated": false})
    );
    assert_eq!(place.get("/api/batch").json(), json!({"headers": [], "rows": []}));
    assert_eq!(place.get("/api/marker-list").json()["files"], json!([]));
    assert_eq!(place.get("/api/perf").json(), json!({"count": 0, "items": []}));
    assert_eq!(place.get("/api/perf/history?limit=0").json()["items"], json!([]));
    assert_eq!(place.get("/api/benchmark").json(), json!({"html": null}));
    assert_eq!(
        place.get("/api/regression").json(),
        json!({"status": "empty", "reasons": [], "n_history": 0})
    );
    let missing = place.get("/api/timewarp");
    assert_eq!((missing.status, &missing.json()["ok"]), (404, &json!(false)));
    assert_eq!(missing.json()["error"], "timewarp.json not found");
    fs::remove_dir_all(&place.root).unwrap();
    let health = place.get("/healthz");
    assert_eq!((health.status, &health.json()["root_ok"]), (503, &json!(false)));
    assert_eq!(place.get("/api/runs").status, 200);
}

#[test]
fn damaged_runs_are_shown_as_such() {
    let place = Place::new();
    let damaged: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("text", b"no JSON".to_vec()),
        ("binary", vec![0xff; 1000]),
        ("deep", b"[".repeat(200_000)),
        ("shape", br#"{"version":2,"model":"monotone","params":null,"segments":[{"knots":[5,99],"t_new":[0,1],"t_ref":[0,1]}]}"#.to_vec()),
        ("newer", br#"{"version":99,"model":"monotone"}"#.to_vec()),
    ];
    for (name, content) in &damaged {
        place.write(&format!("{name}/timewarp.json"), content);
        place.write(&format!("{name}/pairs.csv"), content);
        place.write(&format!("{name}/perf.json"), content);
        place.write(&format!("{name}/new_markers.csv"), content);
    }
    let runs = place.get("/api/runs").json();
    assert_eq!(runs["count"], 7);
    for (name, _) in &damaged {
        let id = place.run_id(name);
        let run = place.get(&format!("/api/runs/{id}")).json();
        assert_eq!(run["ok"], Value::Null, "{name}");
        assert!(
            run["error"].as_str().unwrap().starts_with("timewarp.json: "),
            "{name} {run}"
        );
        for part in ["warp", "pairs", "markers", "splits"] {
            assert_eq!(
                place.get(&format!("/api/runs/{id}/{part}")).error(),
                (422, "unusable".to_owned()),
                "{name} {part}"
            );
        }
        assert_eq!(place.get(&format!("/api/anchors?run={id}")).status, 200);
        assert!(
            !place
                .get(&format!("/api/runs/{id}/warp"))
                .text()
                .contains(place.root.to_str().unwrap())
        );
    }
    assert_eq!(place.get("/api/perf").json()["count"], 3);
}

#[test]
fn a_refused_run_is_served_with_its_reasons() {
    let place = Place::new();
    let refused = json!({"ok": false, "version": 2, "model": "monotone", "params": null, "segments": [],
        "reasons": ["no common stretch"], "new": {"path": "/videos/n.mp4", "duration": 10.0}});
    place.write("refused/timewarp.json", refused.to_string());
    let id = place.run_id("refused");
    let run = place.get(&format!("/api/runs/{id}")).json();
    assert_eq!(
        (&run["ok"], &run["reasons"], run.get("error")),
        (&json!(false), &json!(["no common stretch"]), None)
    );
    let warp = place.get(&format!("/api/runs/{id}/warp?n=3")).json();
    assert_eq!(
        (&warp["ok"], &warp["t_ref"]),
        (&json!(false), &json!([null, null, null]))
    );
}

#[test]
fn quality_is_told_from_files_or_from_the_history() {
    let place = Place::new();
    let record = |k: usize| json!({"ts": format!("2026-06-01T09:00:{k:02}Z"), "run_id": "sync:a.mp4", "p90": 0.1, "ppm": 1.0, "inlier_frac": 0.9});
    let history: Vec<Value> = (0..12).map(record).collect();
    place.write("runA/quality_history.json", json!(history).to_string());
    assert_eq!(place.get("/api/regression").json()["status"], "ok");
    place.write(
        "regression.json",
        r#"{"status":"warn","reasons":["x"],"n_history":3}"#,
    );
    crate::place::until(
        || place.get("/api/regression").json(),
        |value| value["status"] == "warn",
    );
    place.write("bench/report.html", "<p>");
    let found = crate::place::until(
        || place.get("/api/benchmark").json(),
        |value| !value["html"].is_null(),
    );
    assert_eq!(found["html"], "/files/bench/report.html");
}

#[test]
fn performance_has_fallbacks_and_nulls() {
    let place = Place::new();
    place.write("old/perf.json", r#"{"ts":"2020-01-01T00:00:00Z","cmd":"sync","fps":null,"timings":{"retrieval_sec":2,"frames_processed":90}}"#);
    let history = place.get("/api/perf/history?fields=fps,nothing").json();
    let old = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["_path"] == "old/perf.json")
        .unwrap();
    assert_eq!(
        (&old["fps"], &old["nothing"], &old["_ts"]),
        (&json!(45.0), &Value::Null, &json!(1_577_836_800.0))
    );
    assert_eq!(place.get("/api/perf/history?limit=x").error().0, 400);
    assert_eq!(place.get("/api/perf/history?limit=-5").json()["count"], 1);
}

#[test]
fn what_the_command_line_names_is_a_run() {
    let outside = tempfile::tempdir().unwrap();
    add_run(outside.path(), "elsewhere");
    let folder = outside.path().canonicalize().unwrap().join("elsewhere");
    let named = folder.join("timewarp.json");
    let video = folder.join("mine.mp4");
    fs::write(&video, "x").unwrap();
    let place = Place::with(|config| {
        config.inputs.timewarp = Some(named);
        config.inputs.new_markers = Some(folder.join("new_markers.csv"));
        config.inputs.new = Some(video);
    });
    let presets = place.get("/api/session").json()["preset_inputs"].clone();
    let run = presets["run"].as_str().unwrap();
    let runs = place.get("/api/runs").json();
    assert_eq!(
        (&runs["items"][0]["id"], &runs["items"][0]["path"]),
        (&json!(run), &Value::Null)
    );
    assert_eq!(runs["items"][0]["new"]["media"], presets["new"]);
    assert_eq!(runs["items"][0]["new"]["name"], "mine.mp4");
    assert_eq!(
        place.get(&format!("/api/runs/{run}/markers")).json()["counts"]["ok"],
        6
    );
    assert_eq!(place.get(&format!("/api/runs/{run}/warp?n=2")).status, 200);
    let map = place.get(&format!("/api/inputs/{}", presets["timewarp"].as_str().unwrap()));
    assert_eq!(map.json()["version"], 2);
    assert_eq!(place.get("/api/inputs/0000000000000000").status, 404);
}

#[test]
fn a_named_map_below_the_root_belongs_to_its_run() {
    let place = Place::with(|config| config.inputs.timewarp = Some(config.root.join("runA/timewarp.json")));
    let session = place.get("/api/session").json();
    assert_eq!(session["preset_inputs"]["run"], json!(place.run_id("runA")));
    assert_eq!(place.get("/api/runs").json()["count"], 1);
    assert_eq!(session["root_name"], "root");
    assert_eq!(session["review_threshold"], json!(DEFAULT_REVIEW_THRESHOLD));
    assert_eq!(config(&place.root).page.name(), session["page"].as_str().unwrap());
}
