//! quality-check, benchmark-quality, prune-perf on the real program (docs/reference/cli.md#quality-check).

use crate::common::{Place, straight_warp};
use serde_json::{Value, json};

/// A history of `count` records; `edit` changes each as it likes.
fn history(count: usize, edit: impl Fn(usize, &mut Value)) -> String {
    let records: Vec<Value> = (0..count)
        .map(|i| {
            let mut record = json!({
                "ts": format!("2026-05-{:02}T{:02}:00:00Z", 1 + i / 24, i % 24),
                "run_id": format!("batch:run{i}"),
                "p90": 0.1, "ppm": 200.0, "inlier_frac": 0.8, "fps": 60.0, "cpu_pct": 100.0,
                "gpu_util": null, "model": "affine", "coverage": 0.9,
            });
            edit(i, &mut record);
            record
        })
        .collect();
    Value::from(records).to_string()
}

/// The newest of `count` records has `metric` set to `value`; every `monotone_every`th record is monotone.
fn drift(count: usize, metric: &'static str, value: f64, monotone_every: usize) -> String {
    history(count, move |i, record| {
        if monotone_every > 0 && i % monotone_every == 0 {
            record["model"] = "monotone".into();
        }
        if i + 1 == count {
            record[metric] = value.into();
        }
    })
}

/// A series, the arguments of its `drift`, exit code and status, and both with `--ci`.
const SERIES: &str = "\
9 runs                                       |  9 p90             9.0 0 |  0 LEARNING |  0 PASS
10 runs: 9 before                            | 10 p90             9.0 0 |  0 LEARNING |  0 PASS
11 runs                                      | 11 p90             9.0 0 | 20 FAIL     |  0 WARN_LEARNING
24 runs                                      | 24 p90             9.0 0 | 20 FAIL     |  0 WARN_LEARNING
25 runs                                      | 25 p90             9.0 0 | 20 FAIL     | 20 FAIL
60 good runs                                 | 60 p90             0.1 0 |  0 OK       |  0 PASS
# Limit max(0.1 * 1.25, 0.1 + 0.25) = 0.35, severe max(0.15, 0.6) = 0.6; equal passes.
p90 at the limit                             | 60 p90            0.35 0 |  0 OK       |  0 PASS
p90 over it                                  | 60 p90            0.36 0 | 10 WARN     |  0 WARN
p90 far over it                              | 60 p90            0.61 0 | 20 FAIL     | 20 FAIL
# max(250, 350) = 350, severe max(300, 500) = 500.
ppm over it                                  | 60 ppm           351.0 0 | 10 WARN     |  0 WARN
ppm far over it                              | 60 ppm           501.0 0 | 20 FAIL     | 20 FAIL
# min(0.68, 0.75) = 0.68, severe min(0.56, 0.7) = 0.56.
inliers under it                             | 60 inlier_frac    0.67 0 | 10 WARN     |  0 WARN
inliers far under it                         | 60 inlier_frac    0.55 0 | 20 FAIL     | 20 FAIL
mixed models, affine newest                  | 60 ppm           501.0 2 | 20 FAIL     | 20 FAIL
24 mixed, affine newest: 11 affine before it | 24 ppm           501.0 2 | 20 FAIL     |  0 WARN_LEARNING
25 mixed, monotone newest: ppm not judged    | 25 ppm         90000.0 2 |  0 OK       |  0 PASS
25 mixed, p90 over it                        | 25 p90            0.36 2 | 10 WARN     |  0 WARN
25 mixed, inliers far under it               | 25 inlier_frac    0.55 3 | 20 FAIL     | 20 FAIL
all monotone: ppm not judged                 | 60 ppm         90000.0 1 |  0 OK       |  0 PASS
too few affine before it                     | 12 ppm         90000.0 2 |  0 OK       |  0 PASS";

#[test]
fn every_series_ends_in_the_status_and_code_that_are_documented() {
    let place = Place::new();
    for line in SERIES.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('|').collect();
        let words = |cell: usize| cells[cell].split_whitespace().collect::<Vec<_>>();
        let (name, numbers, plain, for_ci) = (cells[0].trim(), words(1), words(2), words(3));
        let (count, value) = (numbers[0].parse().unwrap(), numbers[2].parse().unwrap());
        let content = drift(count, numbers[1], value, numbers[3].parse().unwrap());
        place.write("q/quality_history.json", content);
        let said = place.run("quality-check --root q");
        assert_eq!(
            said.code.to_string(),
            plain[0],
            "{name}: {}{}",
            said.stdout,
            said.stderr
        );
        assert!(
            said.stdout
                .starts_with(&format!("Regression Status: {}\n", plain[1])),
            "{name}: {}",
            said.stdout
        );
        let ci = place.run("quality-check --root q --ci --ci-out gate");
        assert_eq!(
            ci.code.to_string(),
            for_ci[0],
            "{name} --ci: {}{}",
            ci.stdout,
            ci.stderr
        );
        let text = place.read("gate/quality_gate.txt");
        assert!(
            text.starts_with(&format!("Quality Gate: {}\n", for_ci[1])),
            "{name}: {text}"
        );
    }
}

#[test]
fn nothing_to_judge_is_two_and_no_failure_of_a_job() {
    let place = Place::new();
    for (content, says) in [
        (None, "no quality history"),
        (Some("[]".to_owned()), "quality history is empty"),
        (Some("{".to_owned()), "not a quality history"),
        (
            Some(history(30, |i, r| {
                if i == 29 {
                    r["p90"] = "x".into();
                }
            })),
            "newest record",
        ),
    ] {
        if let Some(content) = content {
            place.write("q/quality_history.json", content);
        } else {
            std::fs::create_dir_all(place.path("q")).unwrap();
        }
        assert!(
            place.run("quality-check --root q").error(2).contains(says),
            "{says}"
        );
        place.run("quality-check --root q --ci").ok();
        let gate = place.json("q/quality_gate.json");
        assert_eq!(
            (&gate["status"], &gate["exit_code"]),
            (&"NO_DATA".into(), &2.into())
        );
        assert!(gate["regression"].is_null() && gate["message"].is_string());
    }
    assert!(
        place
            .run("quality-check --root nowhere")
            .error(2)
            .contains("root folder not found")
    );
    place.run("quality-check --root nowhere --ci").ok();
    assert!(!place.path("nowhere").exists());
}

#[test]
fn a_check_writes_nothing_unless_it_is_for_ci_and_says_nothing_when_quiet() {
    let place = Place::new();
    place.write("q/quality_history.json", drift(60, "p90", 0.61, 0));
    let said = place.run("quality-check --root q --quiet --fail-on-regression");
    assert_eq!(
        (said.code, said.stdout.as_str(), said.stderr.as_str()),
        (20, "", "")
    );
    assert_eq!(place.list("q"), ["quality_history.json"]);
    let summary = place.run("quality-check --root q --json").json();
    assert_eq!(summary["result"]["status"], "fail");
    assert_eq!(summary["exit_code"], 20);
    let lenient = place.run("quality-check --root q --reg-preset permissive --window 20");
    assert_eq!(
        lenient.code, 10,
        "0.61 is over 0.6 but not over 1.1: {}",
        lenient.stdout
    );
}

/// Run folders that sync would have made.
fn runs(place: &Place, names: &[&str]) {
    for name in names {
        place.write(
            &format!("batch/{name}/timewarp.json"),
            straight_warp(!name.ends_with("bad")),
        );
        place.write(
            &format!("batch/{name}/perf.json"),
            r#"{"ok":true,"fps":61.5,"cpu_pct":100.0,"rss_mb":300.0}"#,
        );
    }
}

#[test]
fn the_report_has_a_row_per_run_and_the_asked_formats() {
    let place = Place::new();
    runs(&place, &["run_1", "run_2", "other", "run_bad"]);
    place.write("batch/run_broken/timewarp.json", "{");
    let said = place.run("benchmark-quality --root batch --out rep --pattern run_* --limit 500 --no-csv --json --html --strict");
    said.ok();
    assert!(
        said.stdout
            .starts_with("Total runs: 4\nOK: 2 (50.0%)\nStrict OK: "),
        "{}",
        said.stdout
    );
    assert_eq!(
        place.list("rep"),
        ["benchmark_quality.html", "benchmark_quality.json", "report.html"]
    );
    let rows = place.json("rep/benchmark_quality.json");
    let broken = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["run_id"] == "run_broken");
    assert_eq!(broken.unwrap()["status"], "error");
}

#[test]
fn json_is_a_report_here_and_summary_json_the_summary() {
    let place = Place::new();
    runs(&place, &["a"]);
    let said = place.run("benchmark-quality --root batch --no-json --json --fields fps");
    assert!(said.ok().stdout.starts_with("Total runs: 1"), "{}", said.stdout);
    let summary = place
        .run("benchmark-quality --root batch --no-csv --no-json --no-html --summary-json")
        .ok()
        .json();
    assert_eq!(summary["result"]["total"], 1);
    assert_eq!(summary["outputs"], json!({}));
    assert!(
        place.read("benchmark_out/report.html").contains("<html"),
        "the page is made unless it is refused"
    );
    assert_eq!(
        place.run("version --summary-json").ok().json()["command"],
        "version"
    );
}

#[test]
fn a_report_on_nothing_is_two_and_a_missing_root_one() {
    let place = Place::new();
    place.write("empty/x.txt", "");
    assert!(
        place
            .run("benchmark-quality --root empty")
            .error(2)
            .contains("no run folder: empty")
    );
    assert!(
        place
            .run("benchmark-quality --root nowhere")
            .error(1)
            .contains("root folder not found")
    );
    assert!(!place.path("benchmark_out").exists());
}

#[test]
fn pruning_lists_before_it_deletes() {
    let place = Place::new();
    runs(&place, &["a", "b", "c"]);
    let planned = place.run("prune-perf --root batch --keep 1 --dry-run");
    assert!(
        planned
            .ok()
            .stdout
            .ends_with("Kept: 1, would delete: 2, total: 3\n"),
        "{}",
        planned.stdout
    );
    let done = place.run("prune-perf --root batch --keep 1 --json").ok().json();
    assert_eq!(done["result"], json!({"kept": 1, "deleted": 2, "total": 3}));
    let left = ["a", "b", "c"].map(|n| place.path(&format!("batch/{n}/perf.json")).exists());
    assert_eq!(left.iter().filter(|there| **there).count(), 1);
    assert!(
        place
            .run("prune-perf --root nowhere")
            .error(1)
            .contains("nowhere")
    );
    place.run("prune-perf --keep -1").error(2);
}
