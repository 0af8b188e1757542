//! Streams of events: what is there, what comes, what was seen, and how many there may be.

use std::collections::BTreeSet;

use serde_json::json;

use crate::place::{Place, until};

const PATH: &str = "/api/perf/stream";

#[test]
fn records_come_as_they_are_written() {
    let place = Place::new();
    let (status, mut lines) = place.stream(PATH, &[]);
    assert_eq!(status, 200);
    let (name, id, data) = lines.next_event().unwrap();
    assert!(name == "init" && !id.is_empty() && data["time"].as_f64().unwrap() > 1e9);
    let (name, id, data) = lines.next_event().unwrap();
    assert_eq!(
        (name.as_str(), &data["file"], &data["cmd"]),
        ("perf", &json!("runA/perf.json"), &json!("sync"))
    );
    assert!(data["wall"].as_f64().is_some() && data["gpu_util"].is_null());
    // Half a file is passed over; whole, it comes.
    place.write("runB/perf.json", r#"{"cmd":"ba"#);
    place.write("runC/perf.json", r#"{"cmd":"first"}"#);
    assert_eq!(lines.next_event().unwrap().2["cmd"], "first");
    place.write("runB/perf.json", r#"{"cmd":"batch_item","fps":12.5}"#);
    let (_, _, data) = lines.next_event().unwrap();
    assert_eq!((&data["cmd"], &data["fps"]), (&json!("batch_item"), &json!(12.5)));
    // A client that comes back is not told again.
    let (_, mut again) = place.stream(PATH, &[("Last-Event-ID", &id)]);
    again.next_event().unwrap();
    let seen: BTreeSet<String> = (0..2)
        .map(|_| again.next_event().unwrap().2["cmd"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        seen,
        BTreeSet::from(["batch_item".to_owned(), "first".to_owned()])
    );
}

#[test]
fn one_stream_too_many_is_refused() {
    let place = Place::new();
    let open = || {
        let (status, mut lines) = place.stream(PATH, &[]);
        if status == 200 {
            lines.next_event().unwrap();
        }
        (status, lines)
    };
    let mut held: Vec<_> = (0..64).map(|_| open()).collect();
    assert!(held.iter().all(|(status, _)| *status == 200));
    assert_eq!(place.get(PATH).error(), (429, "too_many".to_owned()));
    assert_eq!(place.get("/healthz").status, 200);
    held.truncate(60);
    until(|| open().0, |status| *status == 200);
}

#[test]
fn streams_end_with_the_server() {
    let mut place = Place::new();
    let (_, mut lines) = place.stream(PATH, &[]);
    lines.next_event().unwrap();
    place.stop();
    while lines.next_line().is_some() {}
}
