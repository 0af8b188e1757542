//! Who may ask: host, token, origin, paths.

use std::fs;

use serde_json::json;

use crate::place::Place;

fn with_host(place: &Place, host: &str) -> u16 {
    place.ask("GET", "/healthz", &[("Host", host)], "").status
}

#[test]
fn only_own_host_names_are_answered() {
    let place = Place::with(|config| config.allow_hosts = vec!["bike-pc.lan".to_owned()]);
    for host in [
        "localhost",
        "localhost:1",
        "a.localhost",
        "127.0.0.1:9",
        "[::1]:7",
        "bike-pc.lan:8760",
    ] {
        assert_eq!(with_host(&place, host), 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "",
    ] {
        let answer = place.ask("GET", "/healthz", &[("Host", host)], "");
        assert_eq!(answer.error(), (421, "host".to_owned()), "{host}");
    }
    let without = place.raw(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(without.status, 421);
    let twice =
        place.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n");
    assert_eq!(twice.status, 421);
    let absolute = place
        .raw(b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(absolute.status, 421);
}

#[test]
fn the_host_is_looked_at_before_the_token() {
    let place = Place::with(|config| config.token = Some("s3cret".to_owned()));
    let answer = place.ask("GET", "/?token=s3cret", &[("Host", "evil.example")], "");
    assert_eq!(answer.status, 421);
}

#[test]
fn a_token_opens_everything_and_leaves_the_address() {
    let place = Place::with(|config| config.token = Some("s3cret".to_owned()));
    for path in [
        "/healthz",
        "/",
        "/api/runs",
        "/assets/x.js",
        "/nowhere",
        "/?token=wrong",
    ] {
        assert_eq!(place.get(path).error(), (401, "token".to_owned()), "{path}");
    }
    let bearer = place.ask("GET", "/healthz", &[("Authorization", "Bearer s3cret")], "");
    assert_eq!(bearer.status, 200);
    let answer = place.get("/api/runs?a=1&token=s3cret");
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/api/runs?a=1"))
    );
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let value = cookie.split(';').next().unwrap();
    assert_eq!(place.ask("GET", "/healthz", &[("Cookie", value)], "").status, 200);
    let write = place.send("POST", "/api/perf/prune?token=s3cret", &[], &json!({"keep": 1}));
    assert_eq!(write.status, 401);
}

#[test]
fn writes_of_other_sites_are_refused() {
    let place = Place::new();
    let prune = |headers: &[(&str, &str)]| place.ask("POST", "/api/perf/prune", headers, r#"{"keep":9}"#);
    let json = ("Content-Type", "application/json");
    assert_eq!(prune(&[json]).status, 200);
    assert_eq!(prune(&[json, ("Origin", "http://127.0.0.1:5173")]).status, 200);
    assert_eq!(
        prune(&[json, ("Origin", "http://evil.example")]).error(),
        (403, "origin".to_owned())
    );
    assert_eq!(prune(&[json, ("Origin", "null")]).status, 403);
    assert_eq!(prune(&[json, ("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert_eq!(
        prune(&[("Content-Type", "text/plain")]).error(),
        (415, "media_type".to_owned())
    );
    assert_eq!(prune(&[]).status, 415);
    let preflight = [
        ("Origin", "http://evil.example"),
        ("Access-Control-Request-Method", "POST"),
    ];
    let answer = place.ask("OPTIONS", "/api/perf/prune", &preflight, "");
    assert_eq!(answer.status, 403);
    assert!(!answer.head.to_ascii_lowercase().contains("access-control-allow"));
}

#[test]
fn nothing_outside_the_list_leaves_the_server() {
    let place = Place::new();
    fs::write(place.folder.path().join("secret.json"), "TOP SECRET").unwrap();
    fs::write(place.folder.path().join("perf.json"), "TOP SECRET").unwrap();
    place.write(".hidden/perf.json", "TOP SECRET");
    place.write("runA/.perf.json", "TOP SECRET");
    place.write("notes.txt", "TOP SECRET");
    place.write("ride.mp4", "TOP SECRET");
    let paths = [
        "../perf.json",
        "runA/../../perf.json",
        "%2e%2e/perf.json",
        "%2e%2e%2fperf.json",
        "..%2fperf.json",
        "%252e%252e/perf.json",
        "%252e%252e%252fperf.json",
        "..%5cperf.json",
        "..\\perf.json",
        "%c0%ae%c0%ae/perf.json",
        "%00perf.json",
        "perf.json%00.png",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "C:/perf.json",
        ".hidden/perf.json",
        "%2ehidden/perf.json",
        "runA/.perf.json",
        "runA/%2e/perf.json",
        "notes.txt",
        "ride.mp4",
        "runA",
        "runA/",
        "",
        "%zz",
        "%",
    ];
    for path in paths {
        for address in [format!("/files/{path}"), format!("/api/markers?file={path}")] {
            let answer = place.get(&address);
            assert!(
                matches!(answer.status, 400 | 403 | 404) || path.is_empty(),
                "{address} {}",
                answer.status
            );
            assert!(
                !answer.text().contains("SECRET") && !answer.text().contains("root:"),
                "{address}"
            );
        }
    }
    assert_eq!(
        place.get("/files/..%2fperf.json").error(),
        (400, "bad_path".to_owned())
    );
    assert_eq!(
        place.get("/files/runA/nope.json").error(),
        (404, "not_found".to_owned())
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_root_do_not_exist() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let outside = place.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("perf.json"), r#"{"cmd":"SECRET"}"#).unwrap();
    fs::write(outside.join("new_markers.csv"), "name,t_ref\nSECRET,1\n").unwrap();
    fs::create_dir(place.root.join("runB")).unwrap();
    symlink(outside.join("perf.json"), place.root.join("runB/perf.json")).unwrap();
    symlink(&outside, place.root.join("linked")).unwrap();
    for path in [
        "/files/runB/perf.json",
        "/files/linked/perf.json",
        "/api/markers?file=linked/new_markers.csv",
    ] {
        assert_eq!(place.get(path).error().0, 404, "{path}");
    }
    for path in ["/api/files", "/api/perf", "/api/runs", "/api/marker-list"] {
        let text = place.get(path).text();
        assert!(
            !text.contains("SECRET") && !text.contains("linked") && !text.contains("runB"),
            "{path} {text}"
        );
    }
    let export = json!({"in_csv": "linked/new_markers.csv", "out_json": "x.json"});
    assert_eq!(
        place.send("POST", "/api/export-json", &[], &export).error(),
        (403, "outside_root".to_owned())
    );
    let export = json!({"in_csv": "runA/new_markers.csv", "out_json": "linked/x.json"});
    assert_eq!(place.send("POST", "/api/export-json", &[], &export).status, 403);
    assert!(!outside.join("x.json").exists());
}

#[test]
fn every_answer_carries_the_headers() {
    let place = Place::new();
    place.write("report.html", "<script>1</script>");
    for path in [
        "/",
        "/api/runs",
        "/nowhere",
        "/files/runA/perf.json",
        "/files/%2e%2e",
    ] {
        let answer = place.get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            Some("same-origin"),
            "{path}"
        );
    }
    assert_eq!(place.get("/api/runs").header("cache-control"), Some("no-store"));
    let report = place.get("/files/report.html");
    assert_eq!(
        report.header("content-security-policy"),
        Some("sandbox allow-scripts")
    );
    assert_eq!(report.header("content-disposition"), None);
}

#[test]
fn a_read_only_server_changes_nothing() {
    let place = Place::with(|config| config.rights = mtbsync_web::Rights::default());
    let run = place.run_id("runA");
    let refused = (403, "read_only".to_owned());
    let writes = [
        ("POST", "/api/perf/prune".to_owned(), json!({"keep": 0})),
        (
            "POST",
            "/api/export-json".to_owned(),
            json!({"in_csv": "a.csv", "out_json": "a.json"}),
        ),
        ("POST", "/api/jobs".to_owned(), json!({"kind": "sync"})),
        ("PUT", format!("/api/annotations?run={run}"), json!({"items": []})),
        ("PUT", format!("/api/anchors?run={run}"), json!({"items": []})),
    ];
    for (method, path, body) in writes {
        assert_eq!(
            place.send(method, &path, &[], &body).error(),
            refused,
            "{method} {path}"
        );
    }
    let answer = place.ask("DELETE", "/api/jobs/1", &[], "");
    assert_eq!(answer.error(), refused);
    assert_eq!(
        answer.json()["error"],
        "read-only server; start with --allow-write"
    );
    assert_eq!(place.get("/api/session").json()["rights"], json!(["read"]));
    assert!(place.root.join("runA/perf.json").exists());
}
