//! The machine-readable summary (docs/reference/cli.md#the-summary-as-json).

use crate::common::{Place, data, straight_warp};

const KEYS: [&str; 9] = [
    "command",
    "version",
    "ok",
    "exit_code",
    "elapsed_sec",
    "outputs",
    "result",
    "warnings",
    "error",
];

#[test]
fn one_object_in_success_failure_and_wrong_usage() {
    let place = Place::new();
    place.write("m.csv", "name,t_ref\nA,5\n");
    place.write("w.json", straight_warp(true));
    place.write("bad.json", straight_warp(false));
    for (args, command, code) in [
        ("version --json", "version", 0),
        (
            "transfer --ref-markers m.csv --warp w.json --json",
            "transfer-markers",
            0,
        ),
        (
            "transfer --ref-markers m.csv --warp bad.json --summary-json",
            "transfer-markers",
            3,
        ),
        (
            "transfer --ref-markers nope.csv --warp w.json --json",
            "transfer-markers",
            1,
        ),
        ("export m.csv --preset nope --json", "export-markers", 2),
        ("--json export m.csv --nope", "export-markers", 2),
        ("index --reference nope.mp4 --json", "index", 1),
        ("--json", "", 2),
    ] {
        let said = place.run(args);
        let summary = said.json();
        let keys: Vec<&str> = summary.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS, "`{args}`");
        assert_eq!(
            (said.code, summary["exit_code"].as_i64()),
            (code, Some(i64::from(code))),
            "`{args}` {summary}"
        );
        assert_eq!(summary["command"], command, "`{args}`");
        assert_eq!(summary["ok"], code == 0, "`{args}`");
        assert_eq!(summary["error"].is_null(), code == 0, "`{args}`");
    }
}

#[test]
fn errors_have_message_file_and_hint() {
    let place = Place::new();
    let error = place.run("index --json --reference nope.mp4").json()["error"].clone();
    assert_eq!(
        (&error["message"], &error["file"]),
        (&"file not found".into(), &"nope.mp4".into())
    );
    assert!(error["hint"].is_string());
}

#[test]
fn index_reports_what_it_did() {
    let place = Place::new();
    let said = place.run_args(&[
        "index",
        "--json",
        "--reference",
        &data("sample/reference.mp4"),
        "--fps",
        "1",
        "--out",
        "i.npz",
    ]);
    let summary = said.ok().json();
    assert_eq!(summary["result"]["frames"], 24);
    assert_eq!(
        summary["result"]["chapters"],
        serde_json::json!(["reference.mp4"])
    );
    assert!((summary["result"]["duration"].as_f64().unwrap() - 24.0).abs() < 1e-9);
    assert!(summary["outputs"]["index"].as_str().unwrap().ends_with("/i.npz"));
}
