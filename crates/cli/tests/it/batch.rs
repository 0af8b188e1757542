//! `batch` on the real program: pairing, isolation, order, resuming (docs/reference/cli.md#batch).

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::common::{Place, cut, data};
use serde_json::Value;

/// Flags that make a batch of small clips fast.
const FAST: &str = "--fps 2 --n-features 100 --no-refine";
/// Columns of the summary that hold wall times.
const TIMES: [usize; 4] = [10, 11, 12, 13];

/// Three pairs that align, one of different trails, one damaged, one with text for a video.
fn folder(place: &Place) {
    fs::create_dir_all(place.path("in")).unwrap();
    let put = |clip: &str, name: &str| {
        fs::copy(clip, place.path("in").join(name)).unwrap();
    };
    let reference = cut("sample/reference.mp4", 2..16, "1", "15");
    put(&reference, "a_ref.mp4");
    put(&cut("sample/new.mp4", 2..16, "1", "15"), "a_NEW.MP4");
    put(&reference, "b_ref.mp4");
    put(&cut("sample/new.mp4", 3..17, "1.2", "15"), "b_new.mov");
    put(&reference, "c_ref.mp4");
    put(&cut("race-lap/pass2.mp4", 5..19, "1", "15"), "c_new.mp4");
    put(&reference, "d_ref.mp4");
    let bytes = fs::read(place.path("in/a_NEW.MP4")).unwrap();
    fs::write(place.path("in/d_new.mp4"), &bytes[..bytes.len() / 3]).unwrap();
    fs::write(place.path("in/e_ref.mp4"), "not a video").unwrap();
    put(&reference, "e_new.mp4");
    put(&reference, "f_ref.mp4");
    put(&reference, "f_new.mp4");
    put(&reference, "lonely_ref.mp4");
    fs::copy(
        data("sample/reference_markers.csv"),
        place.path("in/a_ref_markers.csv"),
    )
    .unwrap();
}

pub fn batch(place: &Place, out: &str, more: &str) -> crate::common::Said {
    place.run(&format!("batch in --out-dir {out} --progress none {FAST} {more}"))
}

/// Rows of the summary, wall times left out.
fn summary(place: &Place, out: &str) -> Vec<Vec<String>> {
    let text = place
        .read(&format!("{out}/batch_summary.csv"))
        .replace(out, "OUT");
    let rows = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|mut row| {
        TIMES.iter().for_each(|&column| row[column].clear());
        row
    })
    .collect()
}

/// Everything that a batch leaves and that does not tell time: file names and contents.
fn results(place: &Place, out: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(&place.path(out), "", &mut found);
    for (name, content) in &mut found {
        let file = name.rsplit('/').next().unwrap();
        if file.ends_with("_history.json") || file == "regression.json" {
            let mut value: Value = serde_json::from_slice(content).unwrap();
            forget_times(&mut value);
            *content = value.to_string().into_bytes();
        } else if matches!(file, "perf.json" | "batch_item.json" | "batch_summary.csv") {
            content.clear();
        }
    }
    found.insert(
        "summary".to_owned(),
        format!("{:?}", summary(place, out)).into_bytes(),
    );
    found
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(object) => object.iter_mut().for_each(|(key, value)| {
            if key == "ts" || key.starts_with("fps") || key == "cpu_pct" {
                *value = Value::Null;
            } else {
                forget_times(value);
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

#[track_caller]
fn assert_same_results(place: &Place) {
    let (killed, calm) = (results(place, "killed"), results(place, "calm"));
    assert!(
        killed.keys().eq(calm.keys()),
        "{:?} {:?}",
        killed.keys(),
        calm.keys()
    );
    for (name, content) in &killed {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            *content == calm[name],
            "{name}: {}\n{}",
            shown(content),
            shown(&calm[name])
        );
    }
}

#[test]
fn every_pair_gets_its_own_end_and_kills_change_nothing() {
    let place = Place::new();
    folder(&place);
    let said = batch(&place, "calm", "--jobs 2");
    assert_eq!(said.code, 3, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout
            .contains("6 pairs: 3 aligned, 1 not aligned, 2 failed"),
        "{}",
        said.stdout
    );
    let line = |name: &str| said.stdout.lines().find(|line| line.starts_with(name));
    assert_eq!(line("f: "), Some("f: aligned"), "no markers");
    assert!(
        line("a: ").unwrap().starts_with("a: aligned, 6 markers"),
        "{}",
        said.stdout
    );
    assert!(
        !said.stdout.contains("coverage ") || line("c: ").unwrap().contains("coverage "),
        "numbers only where one is a reason: {}",
        said.stdout
    );
    assert!(
        said.stderr.contains("no partner for in/lonely_ref.mp4"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("panicked"));
    let rows = summary(&place, "calm");
    let shown: Vec<(&str, &str, &str)> = rows[1..]
        .iter()
        .map(|r| (r[2].as_str(), r[3].as_str(), r[6].as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("OUT/a", "true", "true"),
            ("OUT/b", "true", "true"),
            ("OUT/c", "true", "false"),
            ("OUT/d", "false", ""),
            ("OUT/e", "false", ""),
            ("OUT/f", "true", "true"),
        ]
    );
    for failed in ["d", "e"] {
        let perf = place.json(&format!("calm/{failed}/perf.json"));
        assert_eq!((&perf["ok"], &perf["cmd"]), (&false.into(), &"batch_item".into()));
        assert!(perf["error"].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert!(place.path("calm/a/new_markers.csv").exists() && !place.path("calm/b/new_markers.csv").exists());
    let history = place.json("calm/quality_history.json");
    let ids: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["run_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["batch:a", "batch:b", "batch:f"]);
    for record in history.as_array().unwrap() {
        let pair = record["run_id"].as_str().unwrap().trim_start_matches("batch:");
        let perf = place.json(&format!("calm/{pair}/perf.json"));
        let times = [&perf["ts"], &record["ts"]].map(|ts| ts.as_str().unwrap().to_owned());
        assert!(
            times[0] <= times[1],
            "a pair joins the history after it has ended: {times:?}"
        );
    }

    killed_and_resumed(&place);
    assert_same_results(&place);
    let before = fs::metadata(place.path("killed/a/timewarp.json"))
        .unwrap()
        .modified()
        .unwrap();
    let again = batch(&place, "killed", "--resume");
    assert_eq!(
        again.stdout.matches("(finished before)").count(),
        4,
        "{}",
        again.stdout
    );
    assert_eq!(
        before,
        fs::metadata(place.path("killed/a/timewarp.json"))
            .unwrap()
            .modified()
            .unwrap()
    );
    assert_same_results(&place);

    // Other parameters, another artefact: those pairs run again.
    fs::write(place.path("killed/b/pairs.csv"), "changed").unwrap();
    let again = batch(&place, "killed", "--resume --review-threshold 0.6");
    assert_eq!(
        again.stdout.matches("(finished before)").count(),
        3,
        "{}",
        again.stdout
    );
    let again = batch(&place, "killed", "--resume --review-threshold 0.7");
    assert_eq!(
        again.stdout.matches("(finished before)").count(),
        0,
        "{}",
        again.stdout
    );
}

/// Kills a batch as soon as its first, second and third pair has ended, and resumes it.
fn killed_and_resumed(place: &Place) {
    for kill_after in 1..=3 {
        let mut child = place
            .program()
            .args("batch in --out-dir killed --progress plain --resume --no-cache".split(' '))
            .args(FAST.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ended = lines
            .map_while(Result::ok)
            .filter(|line| line.contains(" ended in "));
        assert_eq!(ended.take(kill_after).count(), kill_after);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    fs::write(place.path("killed/a/.pairs.csvXYZ.mtbsync-tmp"), "left by a kill").unwrap();
    fs::write(
        place.path("killed/b/.batch_item.jsonXYZ.mtbsync-tmp"),
        "left beside a result",
    )
    .unwrap();
    fs::remove_file(place.path("killed/a/batch_item.json")).unwrap();
    fs::write(place.path("killed/quality_history.json"), "[]").unwrap();
    assert_eq!(batch(place, "killed", "--resume --threads 1").code, 3);
}

#[test]
fn a_dry_run_lists_and_writes_nothing() {
    let place = Place::new();
    for name in [
        "a_ref.mp4",
        "a_new.mp4",
        "a_ref.GPX",
        "a_new.fit",
        "a_ref_markers.csv",
    ] {
        place.write(&format!("in/{name}"), "x");
    }
    let said = place.run("batch in --dry-run");
    let shown: Vec<&str> = said.ok().stdout.lines().map(str::trim).collect();
    assert_eq!(
        shown,
        [
            "a:",
            "reference    in/a_ref.mp4",
            "new          in/a_new.mp4",
            "ref track    in/a_ref.GPX",
            "new track    in/a_new.fit",
            "ref markers  in/a_ref_markers.csv",
            "1 pairs, nothing written",
        ]
    );
    assert_eq!(place.list("."), ["in"]);
}

#[test]
fn folders_without_pairs_are_errors() {
    let place = Place::new();
    place.write("in/x.txt", "");
    let nothing = place.run("batch in");
    assert!(
        nothing.error(1).contains("*_ref.mp4 and *_new.mp4"),
        "{}",
        nothing.stderr
    );
    assert!(
        place
            .run("batch nowhere")
            .error(1)
            .contains("folder not found: nowhere")
    );
    assert!(place.run("batch in/x.txt").error(1).contains("is not a folder"));
    assert!(!place.path("batch_out").exists());
    place.run("batch").error(2);
    place.run("batch in --jobs 0").error(2);
}

#[test]
fn one_reference_is_described_once_for_all() {
    let place = Place::new();
    fs::create_dir_all(place.path("in")).unwrap();
    let reference = cut("sample/reference.mp4", 2..16, "1", "15");
    fs::copy(&reference, place.path("best.mp4")).unwrap();
    for name in ["x.mp4", "y.mp4"] {
        fs::copy(
            cut("sample/new.mp4", 2..16, "1", "15"),
            place.path("in").join(name),
        )
        .unwrap();
    }
    let said = place.run(&format!(
        "batch in --reference best.mp4 --jobs 2 --json --progress none {FAST}"
    ));
    let summary = said.ok().json();
    assert_eq!(summary["result"]["aligned"], 2);
    assert_eq!(summary["result"]["regression"], "learning");
    // Two recordings by content, the reference and the one that both x and y are, and their one alignment.
    let status = place.run("cache status --json").ok().json();
    assert_eq!(status["result"]["entries"], 3);
    let times: Vec<f64> = ["x", "y"]
        .iter()
        .map(|name| place.json(&format!("batch_out/{name}/perf.json")))
        .map(|perf| perf["timings"]["decode_sec"].as_f64().unwrap())
        .collect();
    assert!(times[0] > 0.0 || times[1] > 0.0);
    let uncached = place.run(&format!(
        "batch in --reference best.mp4 --out-dir o2 --jobs 2 --no-cache --progress none {FAST}"
    ));
    uncached.ok();
    assert!(!place.list("o2").contains(&".batch_reference.npz".to_owned()));
    let again = place.run(&format!(
        "batch in --reference best.mp4 --out-dir o2 --resume --no-cache --no-gpu --progress none {FAST}"
    ));
    assert_eq!(
        again.ok().stdout.matches("(finished before)").count(),
        2,
        "{}",
        again.stdout
    );
    fs::remove_file(place.path("o2/x/pairs.csv")).unwrap();
    let again = place.run(&format!(
        "batch in --reference best.mp4 --out-dir o2 --resume --no-cache --progress none {FAST}"
    ));
    assert_eq!(
        again.ok().stdout.matches("(finished before)").count(),
        1,
        "{}",
        again.stdout
    );
    for name in ["timewarp.json", "pairs.csv", "warp.npz"] {
        assert_eq!(
            fs::read(place.path("batch_out/x").join(name)).unwrap(),
            fs::read(place.path("o2/x").join(name)).unwrap()
        );
    }
}

#[test]
fn a_second_batch_in_the_same_folder_waits_its_turn() {
    let place = Place::new();
    for name in ["a_ref.mp4", "a_new.mp4"] {
        place.write(&format!("in/{name}"), "x");
    }
    fs::create_dir_all(place.path("o")).unwrap();
    let held = fs::File::create(place.path("o/.batch.lock")).unwrap();
    held.lock().unwrap();
    assert!(
        place
            .run("batch in --out-dir o")
            .error(1)
            .contains("another batch or watch is writing here: o")
    );
}

#[test]
fn a_regression_is_twenty_on_request_unless_a_pair_failed() {
    let place = Place::new();
    fs::create_dir_all(place.path("in")).unwrap();
    fs::copy(
        cut("sample/reference.mp4", 2..16, "1", "15"),
        place.path("in/a_ref.mp4"),
    )
    .unwrap();
    fs::copy(
        cut("sample/new.mp4", 2..16, "1", "15"),
        place.path("in/a_new.mp4"),
    )
    .unwrap();
    let records: Vec<Value> = (0..30)
        .map(|i| {
            serde_json::json!({
                "ts": format!("2020-05-01T00:{i:02}:00Z"), "run_id": format!("batch:{i}"),
                "p90": 1e-6, "ppm": 1.0, "inlier_frac": 0.5, "model": "monotone",
            })
        })
        .collect();
    place.write("o/quality_history.json", Value::from(records).to_string());
    let strict = "--reg-p90-abs 0 --reg-p90-pct 0";
    assert_eq!(batch(&place, "o", strict).code, 0, "only on request");
    let said = batch(&place, "o", &format!("{strict} --fail-on-regression -v"));
    assert_eq!(said.code, 20, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("\na: coverage "), "{}", said.stderr);
    assert!(said.stdout.contains("a: aligned"), "{}", said.stdout);
    assert!(said.stdout.contains("regression FAIL"), "{}", said.stdout);
    for name in ["b_ref.mp4", "b_new.mp4"] {
        place.write(&format!("in/{name}"), "not a video");
    }
    let said = batch(&place, "o", &format!("{strict} --fail-on-regression"));
    assert_eq!(said.code, 3, "a failed pair wins: {}{}", said.stdout, said.stderr);
}
