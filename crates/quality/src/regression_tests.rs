use super::*;
use crate::thresholds::ThresholdPreset;

/// A steady history of `count` runs with the median p90 1.0 s, ppm 200, inliers 0.75, then `last`.
pub fn series(count: usize, model: WarpModel, last: impl Fn(&mut HistoryRecord)) -> Vec<HistoryRecord> {
    let mut records: Vec<_> = (0..count)
        .map(|i| HistoryRecord {
            ts: format!("2026-06-01T{:02}:{:02}:00Z", i / 60, i % 60),
            run_id: format!("sync:{i}.mp4"),
            p90: 1.0,
            ppm: 200.0,
            inlier_frac: 0.75,
            fps: Some(60.0),
            cpu_pct: None,
            gpu_util: None,
            model,
            coverage: None,
        })
        .collect();
    records.last_mut().into_iter().for_each(last);
    records
}

fn newest(records: &[HistoryRecord]) -> RegressionReport {
    judge_newest(records, &RegressionSettings::default()).unwrap()
}

#[test]
fn ten_records_before_the_current_one_are_needed() {
    use RegressionStatus::{Fail, Learning};
    for (count, status) in [
        (1, Learning),
        (9, Learning),
        (10, Learning),
        (11, Fail),
        (24, Fail),
        (25, Fail),
        (60, Fail),
    ] {
        let report = newest(&series(count, WarpModel::Affine, |r| r.p90 = 9.0));
        assert_eq!(report.status, status, "{count} runs");
        assert_eq!(report.n_history, count);
        assert_eq!(report.baseline.n_used, (count - 1).min(50));
    }
    let learning = newest(&series(6, WarpModel::Affine, |_| ()));
    assert_eq!(
        learning.reasons,
        ["Insufficient history for gating (n=5, need ≥10)"]
    );
    assert!(judge_newest(&[], &RegressionSettings::default()).is_none());
}

#[test]
fn each_metric_warns_and_fails_strictly_beyond_its_limits() {
    use RegressionStatus::{Fail, Ok, Warn};
    type Drift = fn(&mut HistoryRecord);
    let cases: [(Drift, RegressionStatus, &str); 12] = [
        (|r| r.p90 = 1.25, Ok, "All metrics within baseline thresholds"),
        (
            |r| r.p90 = 1.35,
            Warn,
            "P90 regression: 1.35s vs baseline 1.00s (+35.0%)",
        ),
        (
            |r| r.p90 = 1.50,
            Warn,
            "P90 regression: 1.50s vs baseline 1.00s (+50.0%)",
        ),
        (
            |r| r.p90 = 1.51,
            Fail,
            "P90 regression (severe): 1.51s vs baseline 1.00s (+51.0%)",
        ),
        (|r| r.ppm = 350.0, Ok, "All metrics within baseline thresholds"),
        (
            |r| r.ppm = 351.0,
            Warn,
            "PPM regression: 351 vs baseline 200 (+75.5%)",
        ),
        (
            |r| r.ppm = 500.0,
            Warn,
            "PPM regression: 500 vs baseline 200 (+150.0%)",
        ),
        (
            |r| r.ppm = 501.0,
            Fail,
            "PPM regression (severe): 501 vs baseline 200 (+150.5%)",
        ),
        (
            |r| r.inlier_frac = 0.6375,
            Ok,
            "All metrics within baseline thresholds",
        ),
        (
            |r| r.inlier_frac = 0.63,
            Warn,
            "Inlier fraction regression: 0.63 vs baseline 0.75 (-16.0%)",
        ),
        (
            |r| r.inlier_frac = 0.525,
            Warn,
            "Inlier fraction regression: 0.53 vs baseline 0.75 (-30.0%)",
        ),
        (
            |r| r.inlier_frac = 0.52,
            Fail,
            "Inlier fraction regression (severe): 0.52 vs baseline 0.75 (-30.7%)",
        ),
    ];
    for (drift, status, reason) in cases {
        for count in [11, 25, 60] {
            let report = newest(&series(count, WarpModel::Affine, drift));
            assert_eq!(
                (report.status, report.reasons.as_slice()),
                (status, [reason.to_owned()].as_slice())
            );
        }
    }
}

#[test]
fn the_worst_metric_decides_and_all_are_named() {
    let report = newest(&series(30, WarpModel::Affine, |r| {
        r.p90 = 1.3;
        r.ppm = 900.0;
        r.inlier_frac = 0.6;
    }));
    assert_eq!(report.status, RegressionStatus::Fail);
    assert_eq!(report.reasons.len(), 3);
}

#[test]
fn better_runs_are_never_a_regression() {
    let report = newest(&series(30, WarpModel::Affine, |r| {
        r.p90 = 0.0;
        r.ppm = 0.0;
        r.inlier_frac = 1.0;
    }));
    assert_eq!(report.status, RegressionStatus::Ok);
}

#[test]
fn ppm_is_judged_among_affine_runs_only() {
    let drift = |r: &mut HistoryRecord| r.ppm = 9000.0;
    assert_eq!(
        newest(&series(60, WarpModel::Monotone, drift)).status,
        RegressionStatus::Ok
    );

    // Twelve affine runs around 200 ppm among monotone rides around 20 000.
    let mut mixed = series(40, WarpModel::Affine, |r| r.ppm = 400.0);
    for (i, record) in mixed.iter_mut().take(39).enumerate() {
        if i % 3 != 0 {
            (record.model, record.ppm) = (WarpModel::Monotone, 20_000.0);
        }
    }
    let report = newest(&mixed);
    assert_eq!(report.status, RegressionStatus::Warn);
    assert_eq!(report.baseline.ppm_baseline, Some(200.0));

    // With nine of them it is shown, not judged.
    for record in mixed.iter_mut().filter(|r| r.model == WarpModel::Affine).take(4) {
        (record.model, record.ppm) = (WarpModel::Monotone, 20_000.0);
    }
    let report = newest(&mixed);
    assert_eq!(report.status, RegressionStatus::Ok);
    assert_eq!(report.baseline.ppm_baseline, Some(20_000.0));
    assert_eq!(report.deltas.ppm_delta, Some(-19_600.0));
}

#[test]
fn the_baseline_is_the_window_before_the_run() {
    let mut records = series(60, WarpModel::Affine, |r| r.p90 = 1.2);
    // Older than the window: must not count.
    records.iter_mut().take(9).for_each(|r| r.p90 = 100.0);
    let report = newest(&records);
    assert_eq!(
        (report.baseline.n_used, report.baseline.p90_baseline),
        (50, Some(1.0))
    );

    let settings = RegressionSettings {
        window: 55,
        ..RegressionSettings::default()
    };
    let wide = judge_newest(&records, &settings).unwrap();
    assert_eq!((wide.baseline.n_used, wide.window), (55, 55));

    let earlier = judge_run(&records, "sync:20.mp4", "2026-06-01T00:20:00Z", &settings).unwrap();
    assert_eq!((earlier.baseline.n_used, earlier.n_history), (20, 60));
    assert!(judge_run(&records, "sync:20.mp4", "other", &settings).is_none());
}

#[test]
fn presets_order_from_strict_to_permissive() {
    let records = series(30, WarpModel::Affine, |r| r.p90 = 1.3);
    let status = |preset: ThresholdPreset| {
        let settings = RegressionSettings {
            thresholds: preset.thresholds(),
            window: 50,
        };
        judge_newest(&records, &settings).unwrap().status
    };
    assert_eq!(status(ThresholdPreset::Strict), RegressionStatus::Fail);
    assert_eq!(status(ThresholdPreset::Normal), RegressionStatus::Warn);
    assert_eq!(status(ThresholdPreset::Permissive), RegressionStatus::Ok);
}

#[test]
fn shares_of_a_zero_baseline_are_null() {
    let mut records = series(20, WarpModel::Affine, |_| ());
    records.iter_mut().take(19).for_each(|r| r.ppm = 0.0);
    let report = newest(&records);
    assert_eq!(
        (report.deltas.ppm_delta, report.deltas.ppm_delta_pct),
        (Some(200.0), None)
    );
    assert_eq!(report.reasons, ["PPM regression: 200 vs baseline 0"]);
}

#[test]
fn the_file_is_written_as_specified() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &newest(&series(12, WarpModel::Affine, |r| r.p90 = 1.35)),
    )
    .unwrap();
    let text = std::fs::read_to_string(root.path().join(REGRESSION_FILE)).unwrap();
    let expected = r#"{
  "status": "warn",
  "reasons": [
    "P90 regression: 1.35s vs baseline 1.00s (+35.0%)"
  ],
  "run_id": "sync:11.mp4",
  "ts": "2026-06-01T00:11:00Z",
  "current": {
    "p90": 1.35,
    "ppm": 200.0,
    "inlier_frac": 0.75,
    "fps": 60.0
  },
  "baseline": {
    "p90_baseline": 1.0,
    "ppm_baseline": 200.0,
    "inlier_baseline": 0.75,
    "fps_baseline": 60.0,
    "n_used": 11,
    "sufficient": true
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
  "deltas": {
    "p90_delta": 0.3500000000000001,
    "p90_delta_pct": 0.3500000000000001,
    "ppm_delta": 0.0,
    "ppm_delta_pct": 0.0,
    "inlier_delta": 0.0,
    "inlier_delta_pct": 0.0
  },
  "n_history": 12,
  "window": 50
}
"#;
    assert_eq!(text, expected);
}

proptest::proptest! {
    /// A run that is worse in every judged metric never gets a better status.
    #[test]
    fn worse_numbers_never_look_better(
        p90 in 0.0..4.0f64, ppm in 0.0..2000.0f64, inlier in 0.0..1.0f64,
        worse in (0.0..2.0f64, 0.0..900.0f64, 0.0..0.5f64),
    ) {
        let status = |p90: f64, ppm: f64, inlier: f64| newest(&series(30, WarpModel::Affine, |r| {
            (r.p90, r.ppm, r.inlier_frac) = (p90, ppm, inlier);
        })).status;
        let before = status(p90, ppm, inlier);
        proptest::prop_assert!(status(p90 + worse.0, ppm + worse.1, inlier - worse.2) >= before);
    }
}
