//! Notes on markers.

use serde_json::{Value, json};

use crate::place::Place;

fn note(id: &str, t_new: f64) -> Value {
    json!({"marker_id": id, "t_ref": 10.24, "t_new": t_new, "label": "late", "note": "<b>brakes</b>"})
}

#[test]
fn notes_are_replaced_under_their_tag() {
    let place = Place::new();
    let path = format!("/api/annotations?run={}", place.run_id("runA"));
    let empty = place.get(&path);
    assert_eq!(empty.json()["items"], json!([]));
    let tag = empty.header("etag").unwrap().to_owned();
    assert_eq!(empty.json()["etag"], json!(tag));
    let body =
        json!({"items": [note("1", 11.0), {"marker_id": null, "t_new": 3.0, "label": "", "note": "free"}]});
    assert_eq!(
        place.send("PUT", &path, &[], &body).error(),
        (428, "etag_required".to_owned())
    );
    let saved = place.send("PUT", &path, &[("If-Match", &tag)], &body);
    assert_eq!(saved.status, 200, "{}", saved.text());
    let items = saved.json()["items"].clone();
    // The map puts the marker at 10.939256.
    assert!(
        (items[0]["delta_sec"].as_f64().unwrap() - 0.060_744).abs() < 1e-4,
        "{items}"
    );
    assert!(items[0]["created_at"].as_str().unwrap().ends_with('Z') && items[1]["delta_sec"].is_null());
    let now = place.get(&path);
    assert_eq!(
        (now.json()["items"].clone(), now.header("etag")),
        (items.clone(), saved.header("etag"))
    );
    assert_eq!(now.json()["items"][0]["note"], "<b>brakes</b>");

    let stale = place.send("PUT", &path, &[("If-Match", &tag)], &json!({"items": []}));
    assert_eq!(stale.error(), (412, "etag".to_owned()));
    assert_eq!(stale.json()["items"], items);
    let cleared = place.send(
        "PUT",
        &path,
        &[("If-Match", now.header("etag").unwrap())],
        &json!({"items": []}),
    );
    assert_eq!(
        (cleared.status, place.read("runA/annotations.json").as_str()),
        (200, "[]\n")
    );
}

#[test]
fn notes_have_limits_and_large_bodies_pass_within_them() {
    let place = Place::new();
    let path = format!("/api/annotations?run={}", place.run_id("runA"));
    let tag = place.get(&path).header("etag").unwrap().to_owned();
    let put = |items: Value| {
        place
            .send("PUT", &path, &[("If-Match", &tag)], &json!({ "items": items }))
            .status
    };
    assert_eq!(put(json!([note(&"x".repeat(201), 1.0)])), 400);
    assert_eq!(put(json!([note("1", -1.0)])), 400);
    assert_eq!(put(json!([note("1", 1.0), note("1", 2.0)])), 400);
    assert_eq!(put(json!([{"marker_id": 5}])), 400);
    assert_eq!(put(json!("items")), 400);
    assert_eq!(put(json!(vec![json!({"note": "y".repeat(4001)})])), 400);
    assert_eq!(put(json!(vec![json!({"note": "y".repeat(1000)}); 5000])), 413);
    assert!(!place.root.join("runA/annotations.json").exists());
    assert_eq!(put(json!(vec![json!({"note": "y".repeat(2000)}); 1000])), 200);
    assert_eq!(
        place.get("/api/annotations").error(),
        (400, "bad_request".to_owned())
    );
    assert_eq!(place.get("/api/annotations?run=nope").status, 404);
}

#[test]
fn notes_are_exported_for_spreadsheets() {
    let place = Place::new();
    place.write(
        "runA/annotations.json",
        json!([{"marker_id": "=cmd()", "t_ref": 1.5, "note": "a,b"}]).to_string(),
    );
    let run = place.run_id("runA");
    let csv = place.get(&format!("/api/annotations/export?run={run}&format=csv"));
    assert!(
        csv.header("content-disposition")
            .unwrap()
            .contains("annotations_")
    );
    assert!(
        csv.text().ends_with("\n'=cmd(),1.500000,,,,\"a,b\",\n"),
        "{}",
        csv.text()
    );
    let json = place.get(&format!("/api/annotations/export?run={run}&format=json"));
    assert_eq!(json.json()[0]["marker_id"], "=cmd()");
    assert_eq!(
        place
            .get(&format!("/api/annotations/export?run={run}&format=xml"))
            .status,
        400
    );
    place.write("runA/annotations.json", "{");
    assert_eq!(
        place.get(&format!("/api/annotations?run={run}")).error(),
        (422, "unusable".to_owned())
    );
}

#[test]
fn the_table_of_markers_says_at_once_what_was_set() {
    let place = Place::new();
    let path = format!("/api/annotations?run={}", place.run_id("runA"));
    let put = |items: Value| place.send("PUT", &path, &[("If-Match", "*")], &json!({ "items": items }));
    let before = place.read("runA/new_markers.csv");
    let note = json!({"marker_id": "2", "t_ref": 14.171, "t_new": 14.9, "label": "", "note": ""});
    assert_eq!(put(json!([note])).status, 200);
    let moved = place.read("runA/new_markers.csv");
    assert!(
        moved.contains("2,02 Braking,14.171000,14.900000,14.900000,14.900000,14.900000,1.0000,false,ok"),
        "{moved}"
    );
    let others = |table: &str| -> Vec<String> {
        let rows = table.lines().filter(|line| !line.starts_with("2,"));
        rows.map(str::to_owned).collect()
    };
    assert_eq!(others(&moved), others(&before));
    // A note that sets no moment, or none at all: the map says where it is again.
    let text = json!({"marker_id": "2", "t_ref": 14.171, "label": "", "note": "look"});
    assert_eq!(put(json!([text])).status, 200);
    let back = place.read("runA/new_markers.csv");
    assert!(
        back.contains("2,02 Braking,14.171000,14.274707,14.274707,14.18")
            && back.contains(",0.9918,false,ok"),
        "{back}"
    );
    assert_eq!(others(&back), others(&before));
    // Damage beside it costs no note.
    for damaged in ["timewarp.json", "new_markers.csv"] {
        place.write(&format!("runA/{damaged}"), "{");
        assert_eq!(put(json!([note])).status, 200, "{damaged}");
        assert!(place.read("runA/annotations.json").contains("14.9"), "{damaged}");
    }
}
