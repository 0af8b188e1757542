//! The commands that serve pages: start line, ports, rights, jobs with the real program, the end
//! (docs/reference/http.md#starting-it).
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Place, Said, data};
use mtbsync_markers::export::Preset;
use serde_json::{Value, json};

/// Longest a job may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running server, and the first line it printed.
pub struct Serving {
    pub child: Child,
    first_line: String,
    address: String,
    token: Option<String>,
}

impl Serving {
    pub fn start(place: &Place, args: &[&str]) -> Self {
        Self::start_with(place, args, |_| {})
    }

    fn start_with(place: &Place, args: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut program = place.program();
        change(&mut program);
        let mut child = program
            .args(args)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut first_line)
            .unwrap();
        let address = first_line
            .split("http://")
            .nth(1)
            .unwrap_or_else(|| panic!("{args:?}: {first_line}"));
        Self {
            address: address.split('/').next().unwrap().to_owned(),
            first_line: first_line.trim_end().to_owned(),
            child,
            token: None,
        }
    }

    /// The JSON an address answers with, and the status.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let token = self.token.as_ref();
        let token = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {token}If-Match: *\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path, "").1
    }

    /// Asks again until `is_so`.
    pub fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let value = self.get(path);
            if is_so(&value) {
                return value;
            }
            assert!(begun.elapsed() < PATIENCE, "{value}");
        }
    }

    fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Ends it like Ctrl-C; what it said on stderr.
    fn end_and_listen(mut self) -> String {
        let mut stderr = self.child.stderr.take().unwrap();
        assert_eq!(self.interrupt().0, Some(0));
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        said
    }

    /// Ends it like Ctrl-C; exit code and what it said since.
    pub fn interrupt(mut self) -> (Option<i32>, String) {
        let pid = i32::try_from(self.child.id()).unwrap();
        // SAFETY: `kill` has no memory effects; the process is our own child and has not been waited for.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
        let mut said = String::new();
        self.child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Of a test that failed; one that passed has ended it.
        let _ = self.child.kill();
    }
}

#[test]
fn each_command_serves_its_page_and_ends_with_ctrl_c() {
    let place = Place::new();
    place.write("new_markers.csv", "name,t_ref,t_new\nA,1,2\n");
    place.write("timewarp.json", r#"{"model":"affine","params":{"a":1,"b":0}}"#);
    let root = place.path("").canonicalize().unwrap();
    for (args, page, rights) in [
        (vec!["dashboard", "--root", "."], "dashboard", json!(["read"])),
        (
            vec!["telemetry-ui", "--allow-write"],
            "telemetry",
            json!(["read", "annotate", "write"]),
        ),
        (
            vec!["compare-ui", "--timewarp-json", "timewarp.json"],
            "compare",
            json!(["read", "annotate"]),
        ),
        (
            vec!["preview", "--markers", "new_markers.csv", "--read-only"],
            "preview",
            json!(["read"]),
        ),
        (vec!["viewer"], "viewer", json!(["read"])),
    ] {
        let serving = Serving::start(&place, &args);
        let expected = format!(
            "Serving {page} of {} at http://{}/",
            root.display(),
            serving.address
        );
        assert_eq!(serving.first_line, expected);
        let session = serving.get("/api/session");
        assert_eq!((&session["page"], &session["rights"]), (&json!(page), &rights));
        // Markers without a map have the one beside them.
        let has_map = !session["preset_inputs"]["timewarp"].is_null();
        assert_eq!(has_map, matches!(page, "compare" | "preview"), "{session}");
        assert_eq!(serving.interrupt(), (Some(0), String::new()), "{page}");
    }
}

#[test]
fn the_summary_is_said_once_and_at_the_start() {
    let place = Place::new();
    let serving = Serving::start(&place, &["dashboard", "--json"]);
    let summary: Value = serde_json::from_str(&serving.first_line).unwrap();
    assert_eq!(summary["command"], "dashboard");
    assert_eq!(summary["result"]["url"], format!("http://{}/", serving.address));
    assert_eq!(serving.interrupt(), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_served_is_one_line() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let line = place.run(&format!("dashboard --port {port}"));
    assert!(
        line.error(1).contains("already in use; hint: ") && line.error(1).contains("--port"),
        "{}",
        line.stderr
    );
    assert!(
        place
            .run("dashboard --root nowhere")
            .error(1)
            .contains("folder not found: nowhere")
    );
    assert!(
        place
            .run("compare-ui --ref nothing.mp4 --port 0")
            .error(1)
            .contains("file not found: nothing.mp4")
    );
    assert!(
        place
            .run("preview --markers nothing.csv --port 0")
            .error(1)
            .contains("nothing.csv")
    );
    place.run("dashboard --port 70000").error(2);
    place.run("dashboard --port -1").error(2);
    assert!(
        place
            .run("dashboard --host 0.0.0.0 --allow-write --port 0")
            .error(2)
            .contains("needs a token; hint: add --token-file")
    );
    place
        .run_args(&["dashboard", "--token", " ", "--port", "0"])
        .error(2);
    place.run("compare-ui --read-only --allow-write").error(2);
    let said = place.run("compare run --timewarp-json other.json");
    assert!(said.error(2).contains("--timewarp-json"), "{}", said.stderr);
    // The folder of a run wins over a map in the environment.
    for (args, says) in [
        (vec!["compare", "run"], "folder not found: run"),
        (vec!["compare", "--port", "0"], "file not found: other.json"),
    ] {
        let mut program = place.program();
        program.args(&args).env("MTB_COMPARE_TIMEWARP_JSON", "other.json");
        let said = Said::of(&program.output().unwrap());
        assert!(said.error(1).contains(says), "{args:?}: {}", said.stderr);
    }
    place.run("viewer --out-png a.png").error(2);
    for bad in ["0", "70000", "http"] {
        let output = place
            .program()
            .arg("telemetry-ui")
            .env("MTB_TELEMETRY_PORT", bad)
            .output()
            .unwrap();
        let said = Said::of(&output);
        assert!(said.error(2).contains("MTB_TELEMETRY_PORT"), "{}", said.stderr);
    }
}

#[test]
fn a_sync_runs_as_a_job() {
    let place = Place::sharing_cache();
    let rides = data("sample");
    let serving = Serving::start(&place, &["dashboard", "--allow-write", "--media-root", &rides]);
    let input = |name: &str| format!("{rides}/{name}");
    let order = json!({"kind": "sync", "params": {"reference": input("reference.mp4"), "new": input("new.mp4"),
        "ref-markers": input("reference_markers.csv"), "out": "rides/first", "fast": true, "export": ["resolve-edl"]}});
    let (status, answer) = serving.ask("POST", "/api/jobs", &order.to_string());
    assert_eq!(status, 202, "{answer}");
    let job = format!("/api/jobs/{}", answer["id"].as_str().unwrap());
    let job = serving.until(&job, |job| job["ended"].is_number());
    assert_eq!(
        (&job["state"], &job["exit_code"]),
        (&json!("done"), &json!(0)),
        "{job}"
    );
    assert_eq!(
        (&job["result"]["command"], &job["result"]["result"]["ok"]),
        (&json!("sync"), &json!(true))
    );
    assert!(job["progress"]["stage"].is_string(), "{job}");
    assert!(place.list("rides/first").contains(&"new_markers.edl".to_owned()));
    let runs = serving.get("/api/runs");
    assert_eq!(
        (&runs["items"][0]["path"], &runs["items"][0]["ok"]),
        (&json!("rides/first"), &json!(true))
    );
    assert_eq!(serving.interrupt().0, Some(0));
}

#[test]
fn what_was_set_is_in_the_first_export_and_outlives_a_killed_server() {
    let place = crate::edits::edited();
    let notes = place.read("run/annotations.json");
    fs::remove_file(place.path("run/annotations.json")).unwrap();
    let start = || Serving::start(&place, &["dashboard", "--root", ".", "--allow-write"]);
    let mut serving = start();
    let runs = serving.get("/api/runs");
    let run = |runs: &Value| {
        let items = runs["items"].as_array().unwrap();
        let run = items.iter().find(|run| run["path"] == "run").unwrap();
        run["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/api/annotations?run={}", run(&runs));
    let (status, answer) = serving.ask("PUT", &path, &format!(r#"{{"items":{notes}}}"#));
    assert_eq!(status, 200, "{answer}");
    for preset in Preset::ALL {
        let (name, suffix) = (preset.name(), preset.default_suffix());
        let wanted = format!("wanted/job{suffix}");
        place
            .run(&format!(
                "export-markers wanted/new_markers.csv --preset {name} --label same --out {wanted}"
            ))
            .ok();
        let order = json!({"kind": "export", "params": {"markers": "run/new_markers.csv", "preset": name,
            "label": "same", "out": format!("run/job{suffix}")}});
        let (status, answer) = serving.ask("POST", "/api/jobs", &order.to_string());
        assert_eq!(status, 202, "{answer}");
        let job = format!("/api/jobs/{}", answer["id"].as_str().unwrap());
        let job = serving.until(&job, |job| job["ended"].is_number());
        assert_eq!(job["state"], "done", "{job}");
        let bytes = |path: &str| fs::read(place.path(path)).unwrap();
        assert_eq!(bytes(&format!("run/job{suffix}")), bytes(&wanted), "{name}");
    }
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let again = start();
    let kept = again.get(&format!("/api/annotations?run={}", run(&again.get("/api/runs"))));
    assert_eq!(kept["items"][0]["t_new"], 10.7, "{kept}");
    assert_eq!(again.interrupt().0, Some(0));
    assert_eq!(
        place.read("run/new_markers.csv"),
        place.read("wanted/new_markers.csv")
    );
}

#[test]
fn a_job_that_runs_when_the_server_ends_leaves_nothing() {
    let place = Place::new();
    for name in ["pass1.mp4", "pass2.mp4"] {
        fs::copy(data(&format!("race-lap/{name}")), place.path(name)).unwrap();
    }
    let serving = Serving::start(&place, &["dashboard", "--allow-write"]);
    let order = json!({"kind": "sync", "params": {"reference": "pass1.mp4", "new": "pass2.mp4", "out": "o",
        "fps": 30, "n-features": 5000}});
    let (_, answer) = serving.ask("POST", "/api/jobs", &order.to_string());
    let job = format!("/api/jobs/{}", answer["id"].as_str().unwrap());
    serving.until(&job, |job| job["progress"]["stage"] == "index reference");
    assert_eq!(serving.interrupt().0, Some(0));
    assert!(!place.path("o").exists(), "{:?}", place.list("o"));
    assert!(
        place.list("home/cache/index").is_empty(),
        "no partial index in the cache"
    );
}

#[test]
fn the_token_comes_from_a_file_or_the_environment_and_stays_there() {
    let place = Place::new();
    for (name, mode) in [("mine", 0o600), ("everybodys", 0o644)] {
        let path = place.write(name, "se cret-7\n");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    for name in ["ref.mp4", "new.mp4"] {
        fs::copy(data("sample/new.mp4"), place.path(name)).unwrap();
    }
    let order = json!({"kind": "sync", "params": {"reference": "ref.mp4", "new": "new.mp4", "out": "o", "fps": 30,
        "n-features": 20000}});
    for (args, variable, warns) in [
        (&["--token-file", "mine"][..], None, false),
        (&["--token-file", "everybodys"], None, true),
        (&[], Some("se cret-7"), false),
        // The flag wins.
        (&["--token-file", "mine"], Some("other"), false),
    ] {
        let serving = Serving::start_with(
            &place,
            &[&["dashboard", "--allow-write"], args].concat(),
            |program| {
                program.envs(variable.map(|token| ("MTB_TOKEN", token)));
            },
        );
        assert_eq!(serving.ask("GET", "/api/session", "").0, 401);
        let serving = serving.with_token("se cret-7");
        let (status, answer) = serving.ask("POST", "/api/jobs", &order.to_string());
        assert_eq!(status, 202, "{answer}");
        let job = format!("/api/jobs/{}", answer["id"].as_str().unwrap());
        serving.until(&job, |job| job["progress"]["stage"].is_string());
        let server = serving.child.id();
        let child = fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
        // Without the list of children (an option of the kernel) all processes would have to be looked
        // through.
        for pid in child.unwrap_or_default().split_whitespace() {
            for file in ["cmdline", "environ"] {
                let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                assert!(
                    !text.contains("cret") && !text.contains("MTB_TOKEN"),
                    "{file}: {text}"
                );
            }
        }
        let said = serving.end_and_listen();
        assert_eq!(said.contains("others can read the token"), warns, "{said}");
    }
    place.write("two", "a\nb");
    place.write("empty", " \n");
    for (file, says) in [("two", "not one line"), ("empty", "empty"), ("none", "not found")] {
        let said = place.run(&format!("dashboard --port 0 --token-file {file}"));
        assert!(said.code != 0 && said.stderr.contains(says), "{}", said.stderr);
    }
    place
        .run("dashboard --port 0 --token x --token-file mine")
        .error(2);
}
