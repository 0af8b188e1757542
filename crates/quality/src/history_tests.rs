use super::*;
use serde_json::json;

fn record(minute: usize, run_id: &str) -> HistoryRecord {
    HistoryRecord {
        ts: format!(
            "2026-06-{:02}T{:02}:{:02}:00Z",
            1 + minute / 1440,
            minute / 60 % 24,
            minute % 60
        ),
        run_id: run_id.to_owned(),
        p90: 0.13,
        ppm: 234.0,
        inlier_frac: 0.81,
        fps: Some(61.2),
        cpu_pct: None,
        gpu_util: None,
        model: WarpModel::Monotone,
        coverage: Some(0.93),
    }
}

#[test]
fn a_record_is_written_as_specified() {
    let root = tempfile::tempdir().unwrap();
    append(root.path(), &[record(0, "sync:new.mp4")]).unwrap();
    let text = fs::read_to_string(root.path().join(HISTORY_FILE)).unwrap();
    let expected = r#"[
  {
    "ts": "2026-06-01T00:00:00Z",
    "run_id": "sync:new.mp4",
    "p90": 0.13,
    "ppm": 234.0,
    "inlier_frac": 0.81,
    "fps": 61.2,
    "cpu_pct": null,
    "gpu_util": null,
    "model": "monotone",
    "coverage": 0.93
  }
]
"#;
    assert_eq!(text, expected);
}

#[test]
fn records_are_sorted_by_instant_not_by_spelling() {
    let root = tempfile::tempdir().unwrap();
    let at = |ts: &str| HistoryRecord {
        ts: ts.to_owned(),
        ..record(0, ts)
    };
    let unsorted = [
        "2026-06-01T09:00:00.5Z",
        "2026-06-01T10:00:00+02:00",
        "2026-06-01T09:00:00Z",
    ];
    let appended = append(root.path(), &unsorted.map(at)).unwrap();
    let order: Vec<_> = appended.history.records.iter().map(|r| r.ts.as_str()).collect();
    assert_eq!(
        order,
        [
            "2026-06-01T10:00:00+02:00",
            "2026-06-01T09:00:00Z",
            "2026-06-01T09:00:00.5Z"
        ]
    );
}

#[test]
fn the_newest_two_thousand_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let many: Vec<_> = (0..2100).map(|i| record(i, &format!("batch:{i}"))).collect();
    append(root.path(), many.get(..2050).unwrap()).unwrap();
    let history = append(root.path(), many.get(2050..).unwrap()).unwrap().history;
    assert_eq!(history.records.len(), MAX_RECORDS);
    assert_eq!(history.records.first().unwrap().run_id, "batch:100");
    assert_eq!(history.records.last().unwrap().run_id, "batch:2099");
    assert_eq!(read(root.path()).unwrap(), history);
}

#[test]
fn odd_records_are_ignored_but_not_thrown_away() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(HISTORY_FILE);
    let mixed = json!([
        {"ts": "2026-01-01T00:00:00Z", "run_id": "a", "p90": 0.1, "ppm": 3, "inlier_frac": 0.9, "future": [1]},
        {"ts": "2026-01-02T00:00:00Z", "run_id": "b", "p90": null, "ppm": 3, "inlier_frac": 0.9},
        {"ts": "2026-01-03T00:00:00Z", "run_id": "c", "p90": "0.1", "ppm": 3, "inlier_frac": 0.9},
        {"run_id": "d", "p90": 0.1, "ppm": 3, "inlier_frac": 0.9},
        17,
        "text"
    ]);
    fs::write(&path, mixed.to_string()).unwrap();
    let history = read(root.path()).unwrap();
    assert_eq!((history.records.len(), history.ignored), (1, 5));
    assert_eq!(history.records.first().unwrap().model, WarpModel::Affine);
    assert!(history.newest_is_unusable);

    let appended = append(root.path(), &[record(0, "new")]).unwrap();
    assert!(!appended.history.newest_is_unusable);
    assert_eq!(
        appended.warnings,
        ["5 of 7 history records ignored: ts, run_id, p90, ppm or inlier_frac missing"]
    );
    let kept: Vec<Value> = json::read(&path).unwrap();
    assert_eq!(kept.len(), 7);
    assert!(kept.iter().any(|v| v.get("future") == Some(&json!([1]))));
}

#[test]
fn a_damaged_history_is_put_aside() {
    for damage in [
        "",
        "{",
        "{\"a\":1}",
        "[{\"ts\":",
        "null",
        "\u{feff}[1,]",
        "\0\0\0",
    ] {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(HISTORY_FILE);
        fs::write(&path, damage).unwrap();
        assert!(
            matches!(read(root.path()), Err(HistoryError::Damaged { .. })),
            "{damage:?}"
        );
        let appended = append(root.path(), &[record(0, "a")]).unwrap();
        assert_eq!(appended.history.records.len(), 1);
        assert_eq!(appended.warnings.len(), 1);
        let aside = fs::read_to_string(root.path().join(DAMAGED_FILE)).unwrap();
        assert_eq!(aside, damage);
    }
}

#[test]
fn no_history_is_its_own_error() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(read(root.path()), Err(HistoryError::Missing { .. })));
    let nowhere = root.path().join("no/such/folder");
    assert!(matches!(append(&nowhere, &[]), Err(HistoryError::Lock { .. })));
}

/// Name of the variable that makes the test below a writer process instead: its number and the folder.
const WRITER: &str = "MTBSYNC_TEST_HISTORY_WRITER";
/// Name of the variable with the number of records; `scripts/check_history.sh` sets it.
const RECORDS: &str = "MTBSYNC_HISTORY_RECORDS";
/// Records without it.
const FEW_RECORDS: usize = 96;
const PROCESSES: usize = 4;

/// Records of the test, and the times of each: a moment of its own, so that the newest are known.
fn record_count() -> usize {
    let asked = std::env::var(RECORDS).ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(FEW_RECORDS)
}

#[test]
fn several_processes_lose_nothing() {
    let count = record_count();
    if let Some(job) = std::env::var_os(WRITER) {
        let job = job.into_string().unwrap();
        let (process, root) = job.split_once(':').unwrap();
        let process: usize = process.parse().unwrap();
        for i in (process..count).step_by(PROCESSES) {
            append(Path::new(root), &[record(i, &format!("sync:{i}"))]).unwrap();
        }
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let mut writers: Vec<_> = (0..PROCESSES)
        .map(|process| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "history::tests::several_processes_lose_nothing"])
                .env(WRITER, format!("{process}:{}", root.path().display()))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let (mut looks, mut longest) = (0, 0);
    while writers
        .iter_mut()
        .any(|writer| writer.try_wait().unwrap().is_none())
    {
        match fs::read(root.path().join(HISTORY_FILE)) {
            Ok(bytes) => {
                let records: Vec<HistoryRecordSeen> = serde_json::from_slice(&bytes).unwrap();
                assert!(
                    records.len() <= MAX_RECORDS && records.len() >= longest,
                    "{}",
                    records.len()
                );
                (looks, longest) = (looks + 1, records.len());
            }
            Err(error) => assert_eq!((error.kind(), looks), (std::io::ErrorKind::NotFound, 0)),
        }
    }
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let history = read(root.path()).unwrap();
    let names: Vec<_> = history.records.iter().map(|r| r.run_id.clone()).collect();
    let expected: Vec<_> = (count.saturating_sub(MAX_RECORDS)..count)
        .map(|i| format!("sync:{i}"))
        .collect();
    assert!(
        names == expected,
        "{} records, {} ignored",
        names.len(),
        history.ignored
    );
    eprintln!(
        "{count} records by {PROCESSES} processes: {} kept, read {looks} times meanwhile",
        names.len()
    );
}

/// What a reader that knows nothing of the writers needs to find.
#[derive(serde::Deserialize)]
struct HistoryRecordSeen {
    #[serde(rename = "run_id")]
    _run_id: String,
}

#[test]
fn threads_of_one_process_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let root = root.path();
            scope.spawn(move || {
                for i in 0..12 {
                    append(root, &[record(i, &format!("sync:{thread}-{i}"))]).unwrap();
                }
            });
        }
    });
    assert_eq!(read(root.path()).unwrap().records.len(), 48);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever is in the file, an append leaves a readable history that holds the new record.
    #[test]
    fn any_file_content_is_survived(content in "\\PC*|\\[(\\{\"ts\":\"2026-01-01T00:00:00Z\",\"run_id\":\"a\",\"p90\":[0-9e.+-]{1,6}\\},?){0,3}\\]") {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(HISTORY_FILE), content).unwrap();
        append(root.path(), &[record(0, "new")]).unwrap();
        let history = read(root.path()).unwrap();
        proptest::prop_assert!(history.records.iter().any(|r| r.run_id == "new"));
    }
}
