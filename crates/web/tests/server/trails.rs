//! All runs of a trail over real sockets.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::place::{Place, add_run};

/// A server over `runA` and `runB`, which have the same map of another recording.
fn place() -> Place {
    let place = Place::new();
    add_run(&place.root, "runB");
    let path = place.root.join("runB/timewarp.json");
    let mut map: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    map["new"]["fingerprint"] = json!("sha256:other");
    map["new"]["recorded"] = json!("2026-06-14T10:31:07");
    fs::write(&path, map.to_string()).unwrap();
    place
}

fn id(place: &Place) -> String {
    let trails = place.get("/api/trails").json();
    trails["items"][0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{trails}"))
        .to_owned()
}

#[test]
fn a_board_and_its_curves_are_read() {
    let place = place();
    let id = id(&place);
    let board = place.get(&format!("/api/trails/{id}/board")).json();
    let rows = board["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{board}");
    // The same map twice: nobody can tell them apart.
    assert_eq!((&rows[0]["rank"], &rows[1]["rank"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&rows[0]["tie_with"], &rows[1]["date"]),
        (&json!(["runB"]), &json!("2026-06-14"))
    );
    assert_eq!(board["ids"]["runA"], json!(place.run_id("runA")));
    let sections = board["sections"].as_array().unwrap().len();
    assert_eq!(rows[0]["sections"].as_array().unwrap().len(), sections);
    let curves = place
        .get(&format!("/api/trails/{id}/curves?n=50&against=runB"))
        .json();
    assert_eq!(curves["t_ref"].as_array().unwrap().len(), 50);
    assert_eq!(curves["runs"]["runA"]["delta"][49], json!(0.0));
    let ways = place.get("/api/compose?a=runA&b=runB&n=20").json();
    let (t_a, t_b) = (
        ways["t_new"][10].as_f64().unwrap(),
        ways["t_ref"][10].as_f64().unwrap(),
    );
    assert!((t_a - t_b).abs() < 2e-3, "{ways}");
    for (path, status) in [
        ("/api/trails/nope/board".to_owned(), 404),
        (format!("/api/trails/{id}/board?against=nope"), 404),
        ("/api/compose?a=runA".to_owned(), 400),
        ("/api/compose?a=runA&b=nope".to_owned(), 404),
    ] {
        assert_eq!(place.get(&path).status, status, "{path}");
    }
}

#[test]
fn what_is_said_of_a_trail_is_written_under_its_tag() {
    let place = place();
    let path = format!("/api/trails/{}", id(&place));
    let tag = place.get("/api/trails").header("etag").unwrap().to_owned();
    let body = json!({"name": "Ridge line", "runs": {"runA": {"rider": "Ana", "helmet": "red"}},
        "gates": [{"name": "Top", "t_ref": 3.0, "type": "start"}, {"name": "End", "t_ref": 12.0, "type": "finish"}]});
    assert_eq!(
        place.send("PUT", &path, &[], &body).error(),
        (428, "etag_required".to_owned())
    );
    let saved = place.send("PUT", &path, &[("If-Match", &tag)], &body);
    assert_eq!(saved.status, 200, "{}", saved.text());
    let file: Value = serde_json::from_str(&place.read("trail.json")).unwrap();
    assert_eq!(file["trails"][0]["runs"]["runA"]["helmet"], "red");
    assert_eq!(place.get("/api/trails").header("etag"), saved.header("etag"));
    let board = place.get(&format!("{path}/board")).json();
    assert_eq!(
        (&board["trail"]["name"], &board["gates"][1]["name"]),
        (&json!("Ridge line"), &json!("End"))
    );
    let stale = place.send("PUT", &path, &[("If-Match", &tag)], &body);
    assert_eq!(stale.error(), (412, "etag".to_owned()));
    let now = saved.header("etag").unwrap();
    for bad in [
        json!({"runs": {"nope": {"rider": "B"}}}),
        json!({"gates": [{"name": "Top", "t_ref": 1e15}]}),
        json!({"runs": {"runA": {"note": "n".repeat(4001)}}}),
        json!({"gates": "all"}),
    ] {
        assert_eq!(
            place.send("PUT", &path, &[("If-Match", now)], &bad).status,
            400,
            "{bad}"
        );
    }
    assert_eq!(
        serde_json::from_str::<Value>(&place.read("trail.json")).unwrap(),
        file
    );
}

#[test]
fn another_reference_is_made_and_read_only_servers_make_none() {
    let place = place();
    let path = format!("/api/trails/{}/reference", id(&place));
    let before = place.get(&format!("/api/trails/{}/board", id(&place))).json();
    let made = place.send("POST", &path, &[], &json!({"run": "runB"}));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json()["kept"], json!(["runB"]));
    let after = place.get(&format!("/api/trails/{}/board", id(&place))).json();
    assert_eq!(after["trail"]["reference"]["fingerprint"], "sha256:other");
    assert_eq!(before["rows"][0]["total"], after["rows"][0]["total"]);
    assert_eq!(
        place.send("POST", &path, &[], &json!({"run": "nope"})).status,
        404
    );

    let read_only = Place::with(|config| config.rights.write = false);
    let id = id(&read_only);
    let refused = read_only.send(
        "POST",
        &format!("/api/trails/{id}/reference"),
        &[],
        &json!({"run": "runA"}),
    );
    assert_eq!(refused.error(), (403, "read_only".to_owned()));
    let refused = read_only.send("PUT", &format!("/api/trails/{id}"), &[], &json!({"name": "x"}));
    assert_eq!(refused.status, 403);
}

#[test]
fn damaged_and_foreign_files_are_told_and_left_alone() {
    let place = place();
    let id = id(&place);
    place.write("runB/timewarp.json", "{");
    let listed = place.get("/api/trails").json();
    assert!(
        listed["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("runB is left out"),
        "{listed}"
    );
    assert_eq!(place.get(&format!("/api/trails/{id}/board")).status, 200);
    place.write("trail.json", r#"{"version":9}"#);
    assert_eq!(place.get("/api/trails").status, 422);
    let tried = place.send(
        "PUT",
        &format!("/api/trails/{id}"),
        &[("If-Match", "*")],
        &json!({"name": "x"}),
    );
    assert_eq!(
        (tried.status, place.read("trail.json").as_str()),
        (422, r#"{"version":9}"#)
    );
    let elsewhere = place.folder.path().join("elsewhere.json");
    fs::write(&elsewhere, r#"{"version":1,"trails":[]}"#).unwrap();
    fs::remove_file(place.root.join("trail.json")).unwrap();
    symlink(&elsewhere, place.root.join("trail.json")).unwrap();
    assert_eq!(place.get("/api/trails").error(), (403, "outside_root".to_owned()));
}
