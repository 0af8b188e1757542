//! How much: heads, bodies, connections, folders.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::place::Place;

#[test]
fn heads_and_bodies_have_limits() {
    let place = Place::new();
    let long = "x".repeat(9 << 10);
    assert_eq!(
        place.get(&format!("/api/runs?{long}")).error(),
        (431, "too_large".to_owned())
    );
    let wide = "x".repeat(40 << 10);
    assert_eq!(
        place.ask("GET", "/healthz", &[("X-Wide", &wide)], "").error(),
        (431, "too_large".to_owned())
    );
    let huge = "x".repeat(600 << 10);
    assert_eq!(place.ask("GET", "/healthz", &[("X-Huge", &huge)], "").status, 431);
    let body = json!({ "keep": 1, "more": "x".repeat(1 << 20) });
    assert_eq!(
        place.send("POST", "/api/perf/prune", &[], &body).error(),
        (413, "too_large".to_owned())
    );
    let chunked = [
        ("Content-Type", "application/json"),
        ("Transfer-Encoding", "chunked"),
    ];
    let head: String = chunked
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let mut bytes =
        format!("POST /api/perf/prune HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n")
            .into_bytes();
    for _ in 0..20 {
        bytes.extend(format!("{:x}\r\n{}\r\n", 1 << 16, "1".repeat(1 << 16)).into_bytes());
    }
    assert_eq!(place.raw(&bytes).status, 413);
    assert_eq!(place.get("/healthz").status, 200);
}

#[test]
fn broken_requests_get_an_answer_each() {
    let place = Place::new();
    for body in ["", "{", "[]", "{\"keep\":}", "\u{0}", "nul"] {
        let answer = place.ask(
            "POST",
            "/api/perf/prune",
            &[("Content-Type", "application/json")],
            body,
        );
        assert_eq!(answer.error(), (400, "bad_json".to_owned()), "{body:?}");
    }
    let deep = format!("{{\"keep\":{}}}", "[".repeat(100_000));
    assert_eq!(
        place
            .ask(
                "POST",
                "/api/perf/prune",
                &[("Content-Type", "application/json")],
                &deep
            )
            .status,
        400
    );
    for bytes in ["GARBAGE\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = place.connect();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(place.get("/healthz").status, 200, "{bytes}");
    }
}

/// Clients that never finish their request.
fn slow(place: &Place, count: usize) -> Vec<TcpStream> {
    let begin = |_| {
        let mut stream = place.connect();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: local").unwrap();
        stream
    };
    (0..count).map(begin).collect()
}

#[test]
fn slow_clients_block_nobody() {
    let place = Place::new();
    let mut held = slow(&place, 200);
    for _ in 0..20 {
        assert_eq!(place.get("/healthz").status, 200);
    }
    // Bodies that never come hold nobody up, either.
    for stream in held.iter_mut().take(20) {
        let rest = b"host\r\n\r\nPOST /api/perf/prune HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
        stream.write_all(rest).unwrap();
    }
    assert_eq!(place.get("/api/runs").status, 200);
}

#[test]
fn the_connection_after_the_last_is_told_so() {
    let place = Place::new();
    let held = slow(&place, 256);
    let answer = place.get("/healthz");
    assert_eq!(answer.error(), (503, "busy".to_owned()));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    drop(held);
    crate::place::until(|| place.get("/healthz").status, |status| *status == 200);
}

/// Short enough for a test; everything that ends by it has waited for a client that does nothing.
const MOMENT: Duration = Duration::from_millis(200);

fn impatient() -> Place {
    Place::with(|config| {
        config.limits.head = MOMENT;
        config.limits.body = MOMENT;
        config.limits.stall = MOMENT;
        config.limits.connections = 8;
    })
}

/// What comes until the server closes.
fn rest(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn half_a_request_is_answered_in_the_end() {
    let place = impatient();
    let answer = rest(slow(&place, 1).remove(0));
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"timeout\""),
        "{answer}"
    );
    let mut stream = place.connect();
    let head = b"POST /api/perf/prune HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: 50\r\n\r\n{";
    stream.write_all(head).unwrap();
    let answer = rest(stream);
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("the body came too slowly"),
        "{answer}"
    );
}

#[test]
fn connections_without_a_request_end() {
    let place = impatient();
    assert_eq!(rest(place.connect()), "");
    let mut stream = place.connect();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn clients_that_do_not_read_are_given_up() {
    let place = impatient();
    // More than the system takes in on behalf of a client.
    let big = place.write("new_markers_big.csv", "");
    std::fs::File::options()
        .write(true)
        .open(big)
        .unwrap()
        .set_len(256 << 20)
        .unwrap();
    let ask = |_| {
        let mut stream = place.connect();
        stream
            .write_all(b"GET /files/new_markers_big.csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        // The answer has begun: the connection is one of those there may be.
        stream.read_exact(&mut [0; 12]).unwrap();
        stream
    };
    let held: Vec<TcpStream> = (0..8).map(ask).collect();
    crate::place::until(|| place.get("/healthz").status, |status| *status == 200);
    drop(held);
}

#[test]
fn crowded_and_deep_folders_are_cut() {
    let place = Place::new();
    place.write("a/b/c/d/e/f/g/h/i/timewarp.json", "{}");
    let runs = place.get("/api/runs").json();
    assert_eq!((&runs["truncated"], &runs["count"]), (&json!(true), &json!(1)));
}
