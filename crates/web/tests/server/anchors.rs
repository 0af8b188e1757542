//! Moments pinned by hand, and the map that follows.

use serde_json::{Value, json};

use crate::place::Place;

const PIN: f64 = 12.0;

/// Reference time of the run's map at `t_new`.
fn mapped(place: &Place, t_new: f64) -> f64 {
    let run = place.run_id("runA");
    let warp = place
        .get(&format!("/api/runs/{run}/warp?n=2&from={t_new}&to={t_new}"))
        .json();
    warp["t_ref"][0].as_f64().unwrap()
}

fn pin(place: &Place, shift: f64) -> Value {
    json!({"items": [{"t_new": PIN, "t_ref": mapped(place, PIN) + shift, "note": "the post"}]})
}

fn files(place: &Place) -> Vec<String> {
    ["timewarp.json", "new_markers.csv"]
        .map(|name| place.read(&format!("runA/{name}")))
        .into()
}

#[test]
fn an_anchor_is_met_and_markers_follow() {
    let place = Place::new();
    let path = format!("/api/anchors?run={}", place.run_id("runA"));
    let before = place.get(&path);
    assert_eq!(before.json()["items"], json!([]));
    let tag = before.header("etag").unwrap().to_owned();
    let body = pin(&place, 0.4);
    let wanted = body["items"][0]["t_ref"].as_f64().unwrap();
    let old = files(&place);

    let tried = place.send("PUT", &format!("{path}&dry_run=1"), &[], &body);
    assert_eq!(tried.status, 200, "{}", tried.text());
    assert_eq!(tried.json()["warp"]["t_new"].as_array().unwrap().len(), 500);
    assert!(!tried.json()["markers_changed"].as_array().unwrap().is_empty());
    assert_eq!(files(&place), old);
    assert!(!place.root.join("runA/anchors.csv").exists());

    assert_eq!(
        place.send("PUT", &path, &[], &body).error(),
        (428, "etag_required".to_owned())
    );
    let saved = place.send("PUT", &path, &[("If-Match", &tag)], &body);
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(saved.json()["warp"], tried.json()["warp"]);
    assert!(
        (mapped(&place, PIN) - wanted).abs() < 1e-6,
        "{} {wanted}",
        mapped(&place, PIN)
    );
    assert!(place.root.join("runA/warp.npz").exists());
    assert_ne!(files(&place), old);
    assert!(place.read("runA/anchors.csv").ends_with(",the post\n"));
    let now = place.get(&path);
    assert_eq!(
        (now.header("etag"), &now.json()["items"][0]["t_new"]),
        (saved.header("etag"), &json!(PIN))
    );

    assert_eq!(
        place.send("PUT", &path, &[("If-Match", &tag)], &body).error(),
        (412, "etag".to_owned())
    );
    let cleared = place.send(
        "PUT",
        &path,
        &[("If-Match", now.header("etag").unwrap())],
        &json!({"items": []}),
    );
    assert_eq!(cleared.status, 200);
    assert!((mapped(&place, PIN) - (wanted - 0.4)).abs() < 0.02);
}

#[test]
fn an_anchor_far_from_the_measured_curve_is_doubted_until_it_is_stored() {
    let place = Place::new();
    let path = format!("/api/anchors?run={}", place.run_id("runA"));
    let far = pin(&place, 2.0);
    let tried = place.send("PUT", &format!("{path}&dry_run=1"), &[], &far).json();
    let doubt = &tried["doubts"][0];
    let off = doubt["t_ref"].as_f64().unwrap() - doubt["measured"].as_f64().unwrap();
    assert!((off - 2.0).abs() < 0.05, "{doubt}");
    assert!(doubt["band"].as_f64().unwrap() < 0.4, "{doubt}");
    let near = place.send("PUT", &format!("{path}&dry_run=1"), &[], &pin(&place, 0.05));
    assert_eq!(near.json()["doubts"], json!([]));
    assert_eq!(place.send("PUT", &path, &[("If-Match", "*")], &far).status, 200);
    let again = place.send("PUT", &format!("{path}&dry_run=1"), &[], &far);
    assert_eq!(again.json()["doubts"], json!([]), "decided before");
}

#[test]
fn contradictions_name_both_anchors() {
    let place = Place::new();
    let path = format!("/api/anchors?run={}", place.run_id("runA"));
    let put = |items: Value| {
        place.send(
            "PUT",
            &format!("{path}&dry_run=1"),
            &[],
            &json!({ "items": items }),
        )
    };
    let crossed = put(json!([{"t_new": 5.0, "t_ref": 9.0}, {"t_new": 6.0, "t_ref": 8.0}]));
    assert_eq!(crossed.error(), (422, "unusable".to_owned()));
    let text = crossed.json()["error"].as_str().unwrap().to_owned();
    assert!(
        text.contains("anchors 1 (new 5.000 s") && text.contains("and 2 (new 6.000 s"),
        "{text}"
    );
    assert_eq!(
        put(json!([{"t_new": -1.0, "t_ref": 9.0}])).error(),
        (400, "bad_request".to_owned())
    );
    assert_eq!(put(json!([{"t_new": 1.0}])).error(), (400, "bad_json".to_owned()));
    assert_eq!(put(json!(null)).status, 400);
    // Sent in any order, they are stored in theirs.
    let sorted = put(json!([{"t_new": 9.0, "t_ref": 8.6}, {"t_new": 5.0, "t_ref": 4.7}]));
    assert_eq!(
        (sorted.status, &sorted.json()["items"][0]["t_new"]),
        (200, &json!(5.0))
    );
}

#[test]
fn a_person_knows_better_than_a_refit() {
    let place = Place::new();
    let notes = json!([{"marker_id": "2", "t_ref": 14.171, "t_new": 14.9, "label": "", "note": ""}]);
    place.write("runA/annotations.json", notes.to_string());
    let path = format!("/api/anchors?run={}", place.run_id("runA"));
    let saved = place.send("PUT", &path, &[("If-Match", "*")], &pin(&place, 0.2));
    assert_eq!(saved.status, 200);
    let table = place.read("runA/new_markers.csv");
    let row = table.lines().nth(2).unwrap();
    assert_eq!(
        row,
        "2,02 Braking,14.171000,14.900000,14.900000,14.900000,14.900000,1.0000,false,ok,Blue,"
    );
}

#[test]
fn a_refit_that_fails_leaves_everything() {
    let place = Place::new();
    let path = format!("/api/anchors?run={}", place.run_id("runA"));
    let body = pin(&place, 0.2);
    place.write("runA/new_markers.csv", "name,colour\nA,red\n");
    let old = files(&place);
    let answer = place.send("PUT", &path, &[("If-Match", "*")], &body);
    assert_eq!(answer.error(), (422, "unusable".to_owned()));
    assert_eq!(files(&place), old);
    assert!(!place.root.join("runA/anchors.csv").exists() && !place.root.join("runA/warp.npz").exists());
    std::fs::remove_file(place.root.join("runA/pairs.csv")).unwrap();
    assert_eq!(
        place.send("PUT", &path, &[("If-Match", "*")], &body).error(),
        (422, "unusable".to_owned())
    );
}

#[test]
fn whoever_only_reads_may_try() {
    let place = Place::with(|config| config.rights = mtbsync_web::Rights::default());
    let path = format!("/api/anchors?run={}&dry_run=1", place.run_id("runA"));
    assert_eq!(place.send("PUT", &path, &[], &pin(&place, 0.1)).status, 200);
}
