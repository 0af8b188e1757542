use super::*;
use crate::gate::{GATE_JSON_FILE, GATE_TEXT_FILE, GateStatus};
use crate::history::{HISTORY_FILE, HistoryRecord};
use crate::regression::RegressionStatus;
use mtbsync_align::WarpModel;
use std::fs;

const NOW: &str = "2026-06-01T09:00:00Z";

fn record(i: usize, model: WarpModel) -> HistoryRecord {
    HistoryRecord {
        ts: format!("2026-05-01T{:02}:{:02}:00Z", i / 60, i % 60),
        run_id: format!("sync:{i}.mp4"),
        p90: 1.0,
        ppm: 200.0,
        inlier_frac: 0.75,
        fps: None,
        cpu_pct: None,
        gpu_util: None,
        model,
        coverage: None,
    }
}

/// A root with `count` runs on disk, the last one changed by `last`.
fn root_with(count: usize, model: WarpModel, last: impl Fn(&mut HistoryRecord)) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let mut records: Vec<_> = (0..count).map(|i| record(i, model)).collect();
    records.last_mut().into_iter().for_each(last);
    history::append(root.path(), &records).unwrap();
    root
}

/// Status, gate word, recorded code, and whether the gate stops a job.
fn verdict(root: &Path) -> (Option<RegressionStatus>, String, u8, bool) {
    let outcome = check(root, &RegressionSettings::default());
    let gate = outcome.gate(NOW, 25);
    let status = match &outcome {
        CheckOutcome::Judged { report, .. } => Some(report.status),
        CheckOutcome::NoData { .. } => None,
    };
    (
        status,
        gate.shown_status().to_owned(),
        gate.exit_code,
        gate.status == GateStatus::Fail,
    )
}

#[test]
fn scripted_series_give_the_specified_status_and_gate() {
    use RegressionStatus::{Fail, Learning, Ok, Warn};
    type Drift = fn(&mut HistoryRecord);
    let steady: Drift = |_| ();
    let warn: [Drift; 3] = [|r| r.p90 = 1.4, |r| r.ppm = 400.0, |r| r.inlier_frac = 0.6];
    let fail: [Drift; 3] = [|r| r.p90 = 1.6, |r| r.ppm = 600.0, |r| r.inlier_frac = 0.4];
    let both = [WarpModel::Affine, WarpModel::Monotone];
    let word = |w: &str| w.to_owned();

    for model in both {
        for (count, status) in [
            (1, Learning),
            (9, Learning),
            (10, Learning),
            (11, Ok),
            (24, Ok),
            (25, Ok),
            (60, Ok),
        ] {
            let root = root_with(count, model, steady);
            assert_eq!(
                verdict(root.path()),
                (Some(status), word("PASS"), 0, false),
                "{count} steady"
            );
        }
        for (metric, (warn, fail)) in warn.into_iter().zip(fail).enumerate() {
            let judged = model == WarpModel::Affine || metric != 1;
            for count in [9, 10, 24, 25, 60] {
                let (warned, failed) = (root_with(count, model, warn), root_with(count, model, fail));
                let (expect_warn, expect_fail) = if count <= 10 {
                    (
                        (Some(Learning), word("PASS"), 0, false),
                        (Some(Learning), word("PASS"), 0, false),
                    )
                } else if !judged {
                    (
                        (Some(Ok), word("PASS"), 0, false),
                        (Some(Ok), word("PASS"), 0, false),
                    )
                } else if count < 25 {
                    (
                        (Some(Warn), word("WARN"), 10, false),
                        (Some(Fail), word("WARN_LEARNING"), 0, false),
                    )
                } else {
                    (
                        (Some(Warn), word("WARN"), 10, false),
                        (Some(Fail), word("FAIL"), 20, true),
                    )
                };
                assert_eq!(
                    verdict(warned.path()),
                    expect_warn,
                    "warn {metric} {model:?} {count}"
                );
                assert_eq!(
                    verdict(failed.path()),
                    expect_fail,
                    "fail {metric} {model:?} {count}"
                );
            }
        }
    }
}

#[test]
fn nothing_to_judge_is_no_data() {
    let no_data = (None, "NO_DATA".to_owned(), 2, false);
    let root = tempfile::tempdir().unwrap();
    assert_eq!(verdict(&root.path().join("missing")), no_data);
    assert_eq!(verdict(root.path()), no_data);
    let without_numbers = r#"[{"ts":"2026-01-01T00:00:00Z","run_id":"a","p90":1,"ppm":1,"inlier_frac":1},
        {"ts":"2026-01-02T00:00:00Z","run_id":"b","p90":null,"ppm":1,"inlier_frac":1}]"#;
    for damage in ["[]", "{", "{}", "[3]", without_numbers] {
        fs::write(root.path().join(HISTORY_FILE), damage).unwrap();
        assert_eq!(verdict(root.path()), no_data, "{damage}");
    }
}

#[test]
fn nothing_is_written_by_the_check_itself() {
    let root = root_with(30, WarpModel::Affine, |r| r.p90 = 3.0);
    let names = |path: &Path| {
        let mut names: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names(root.path());
    check(root.path(), &RegressionSettings::default());
    assert_eq!(names(root.path()), before);
}

#[test]
fn the_summary_reads_as_specified() {
    let root = root_with(120, WarpModel::Affine, |r| {
        (r.p90, r.ppm, r.inlier_frac) = (1.35, 245.0, 0.72);
    });
    let CheckOutcome::Judged { report, .. } = check(root.path(), &RegressionSettings::default()) else {
        panic!("no data");
    };
    let expected = "\
Regression Status: WARN

Metric          Current   Baseline      Delta
---------------------------------------------
P90 (s)           1.350      1.000     +0.350
PPM               245.0      200.0      +45.0
Inlier Frac       0.720      0.750     -0.030

→ P90 regression: 1.35s vs baseline 1.00s (+35.0%)

Baseline window: 50 runs (120 total)
Run ID: sync:119.mp4
";
    assert_eq!(summary_text(&report, report.status.shown()), expected);
}

#[test]
fn the_gate_files_read_as_specified() {
    let root = root_with(12, WarpModel::Monotone, |r| r.p90 = 1.75);
    let gate = check(root.path(), &RegressionSettings::default()).gate(NOW, 25);
    gate.write(root.path(), false).unwrap();
    let text = fs::read_to_string(root.path().join(GATE_TEXT_FILE)).unwrap();
    let expected = "\
Quality Gate: WARN_LEARNING

Metric          Current   Baseline      Delta
---------------------------------------------
P90 (s)           1.750      1.000     +0.750
PPM               200.0      200.0       +0.0
Inlier Frac       0.750      0.750     +0.000

→ P90 regression (severe): 1.75s vs baseline 1.00s (+75.0%)

Learning mode: Only 12 runs in history (need 25 for hard-fail)
";
    assert_eq!(text, expected);
    let json = fs::read_to_string(root.path().join(GATE_JSON_FILE)).unwrap();
    let expected = r#"{
  "status": "WARN",
  "exit_code": 0,
  "timestamp": "2026-06-01T09:00:00Z",
  "regression": {
    "severity": "fail",
    "current": {
      "p90_sec": 1.75,
      "ppm": 200.0,
      "inlier_frac": 0.75
    },
    "baseline": {
      "p90_sec": 1.0,
      "ppm": 200.0,
      "inlier_frac": 0.75
    },
    "deltas": {
      "p90_sec": 0.75,
      "ppm": 0.0,
      "inlier_frac": 0.0
    },
    "thresholds": {
      "p90_reg_pct": 0.25,
      "p90_reg_abs": 0.25,
      "ppm_reg_pct": 0.25,
      "ppm_reg_abs": 150.0,
      "inlier_reg_pct": 0.15,
      "inlier_reg_abs": 0.05,
      "severe_multiplier": 2.0
    },
    "reasons": [
      "P90 regression (severe): 1.75s vs baseline 1.00s (+75.0%)"
    ]
  },
  "learning": true,
  "history_size": 12,
  "min_history": 25,
  "display_status": "WARN_LEARNING"
}
"#;
    assert_eq!(json, expected);
}

#[test]
fn gates_without_comparison_carry_a_message() {
    let gate = QualityGate::no_data("no quality history", NOW, 25);
    assert_eq!((gate.status, gate.exit_code), (GateStatus::NoData, 2));
    assert_eq!(gate.text(), "Quality Gate: NO_DATA\n\nno quality history\n");
    let json = serde_json::to_value(&gate).unwrap();
    assert!(json.get("regression").unwrap().is_null());
    assert_eq!(json.get("message").unwrap(), "no quality history");
}
