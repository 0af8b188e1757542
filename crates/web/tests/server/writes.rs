//! The small writes of the dashboard.

use serde_json::json;

use crate::place::{Place, add_run};

#[test]
fn tables_become_json_below_the_root() {
    let place = Place::new();
    let export = |from: &str, to: &str| {
        place.send(
            "POST",
            "/api/export-json",
            &[],
            &json!({"in_csv": from, "out_json": to}),
        )
    };
    let done = export("runA/new_markers.csv", "runA/out.json");
    assert_eq!(done.json(), json!({"ok": true, "path": "runA/out.json"}));
    let written: serde_json::Value = serde_json::from_str(&place.read("runA/out.json")).unwrap();
    let marker = &written["markers"][0];
    assert_eq!(
        (&marker["t_ref"], &marker["needs_review"], &marker["marker_id"]),
        (&json!(10.24), &json!(false), &json!("1"))
    );
    for (from, to, status) in [
        ("runA/new_markers.csv", "../out.json", 400),
        ("runA/new_markers.csv", "/tmp/out.json", 400),
        ("runA/new_markers.csv", ".out.json", 400),
        ("runA/new_markers.csv", "out.txt", 400),
        ("runA/new_markers.csv", "runA/timewarp.json", 400),
        ("runA/perf.json", "out.json", 400),
        ("runA/nothing.csv", "out.json", 404),
        ("runA/new_markers.csv", "no/folder/out.json", 404),
        ("runA/pairs.csv", "pairs.json", 200),
    ] {
        assert_eq!(export(from, to).status, status, "{from} {to}");
    }
    place.write("odd.csv", "a,b\n1,2\n");
    assert_eq!(
        export("odd.csv", "odd.json").error(),
        (422, "unusable".to_owned())
    );
}

#[test]
fn old_records_are_pruned() {
    let place = Place::new();
    for name in ["runB", "runC"] {
        add_run(&place.root, name);
    }
    let prune =
        |keep: serde_json::Value| place.send("POST", "/api/perf/prune", &[], &json!({ "keep": keep }));
    for bad in [json!(-1), json!(1.5), json!("2"), json!(null), json!(1e300)] {
        assert_eq!(
            prune(bad.clone()).error(),
            (400, "bad_request".to_owned()),
            "{bad}"
        );
    }
    assert_eq!(
        prune(json!(2)).json(),
        json!({"ok": true, "result": {"kept": 2, "deleted": 1, "total": 3}})
    );
    assert_eq!(place.get("/api/perf").json()["count"], 2);
}
