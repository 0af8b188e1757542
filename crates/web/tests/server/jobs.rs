//! Jobs, with a script in place of the program: it says what it was told and does what its label says.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use mtbsync_web::jobs::command::{FlagKind, JobCommand, JobCommands, JobFlag};

use crate::place::{Place, add_run, until};

// A shell cannot trap what was ignored when it began, as it is for everything started in the background.
const PROGRAM: &str = r#"#!/usr/bin/env -S --default-signal=INT sh
echo "args: $*" >&2
echo '{"stage":"read new run","done":1,"total":4,"percent":25.0,"eta_sec":1.5}' >&2
case "$*" in
*--label=wait*) trap 'rm -f half; exit 130' INT; touch half; echo waiting >&2; while :; do sleep 0.05; done ;;
*--label=fail*) echo '{"ok":false,"error":{"message":"disk full"}}'; exit 1 ;;
*--label=markers*) cp "$MARKERS" runA/new_markers.csv ;;
esac
echo '{"command":"transfer-markers","ok":true,"result":{"markers":{"ok":6}}}'
"#;

/// Some commands of a program: `!` is needed, `<` a file, `/` a folder, `>` an output, `#` a number, `=` a
/// text, `+` several.
pub fn commands() -> JobCommands {
    let flag = |text: &str| JobFlag {
        name: text.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned(),
        kind: match text.trim_end_matches(['!', '+']).chars().last() {
            Some('<') => FlagKind::Input,
            Some('/') => FlagKind::Folder,
            Some('>') => FlagKind::Output,
            Some('#') => FlagKind::Number,
            Some('=') => FlagKind::Text,
            _ => FlagKind::Switch,
        },
        is_argument: false,
        repeats: text.ends_with('+'),
        required: text.ends_with('!'),
        default: None,
        choices: match text {
            "warp-model=" => vec!["monotone".to_owned(), "affine".to_owned()],
            "export=+" => vec!["resolve-edl".to_owned(), "csv".to_owned()],
            _ => Vec::new(),
        },
        help: String::new(),
        group: String::new(),
    };
    let command = |kind, verb, flags: &str| JobCommand {
        kind,
        verb,
        output: "out",
        flags: flags.split(' ').map(flag).collect(),
    };
    JobCommands {
        items: vec![
            command(
                "sync",
                "sync",
                "reference<! new<! out>! root> fps# top-k# fast no-plot warp-model= label= export=+",
            ),
            JobCommand {
                output: "out-dir",
                ..command("batch", "batch", "input-dir/! out-dir>!")
            },
            command(
                "transfer",
                "transfer-markers",
                "ref-markers<! out>! timewarp-json< label=",
            ),
        ],
        presets: Vec::new(),
        check: |args| {
            let wrong = args
                .iter()
                .find(|arg| ["--fps=500", "--top-k=1.5"].contains(&arg.as_str()));
            wrong.map_or(Ok(()), |arg| Err(format!("bad value in {arg}")))
        },
    }
}

fn place() -> Place {
    let place = Place::with(|config| {
        let program = config.root.parent().unwrap().join("program.sh");
        let markers = config.root.parent().unwrap().join("source/new_markers.csv");
        fs::write(&program, PROGRAM.replace("$MARKERS", markers.to_str().unwrap())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        config.program = program;
    });
    add_run(place.folder.path(), "source");
    place.write("reference.csv", "name,t_ref\na,1\n");
    place
}

fn transfer(label: &str) -> Value {
    json!({"kind": "transfer", "params": {"ref-markers": "reference.csv", "out": "runA/new_markers.csv",
        "timewarp-json": "runA/timewarp.json", "label": label}})
}

fn start(place: &Place, label: &str) -> String {
    let answer = place.send("POST", "/api/jobs", &[], &transfer(label));
    assert_eq!(answer.status, 202, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.header("location"),
        Some(format!("/api/jobs/{id}").as_str())
    );
    id
}

fn state(place: &Place, id: &str) -> String {
    place.get(&format!("/api/jobs/{id}")).json()["state"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_job_tells_its_story() {
    let place = place();
    let id = start(&place, "plain");
    let (status, mut lines) = place.stream(&format!("/api/jobs/{id}/events"), &[]);
    assert_eq!(status, 200);
    let mut story = Vec::new();
    while let Some((name, number, data)) = lines.next_event() {
        story.push((name, number.parse::<u64>().unwrap(), data));
    }
    assert!(story.is_sorted_by_key(|(_, number, _)| *number));
    let last = story.last().unwrap();
    assert_eq!(
        (last.0.as_str(), &last.2["result"]["markers"]["ok"]),
        ("result", &json!(6))
    );
    let log = story.iter().find(|(name, ..)| name == "log").unwrap().2["line"]
        .as_str()
        .unwrap()
        .to_owned();
    let root = place.root.to_str().unwrap();
    let expected = format!(
        "args: transfer-markers --end-with-stdin --summary-json --progress=json --no-color \
         --ref-markers={root}/reference.csv --out={root}/runA/new_markers.csv \
         --timewarp-json={root}/runA/timewarp.json --label=plain"
    );
    assert_eq!(log, expected);
    let job = place.get(&format!("/api/jobs/{id}")).json();
    assert_eq!(
        (&job["state"], &job["exit_code"], &job["progress"]["percent"]),
        (&json!("done"), &json!(0), &json!(25.0))
    );
    // Who comes late is told everything, who comes back only the rest.
    let (_, mut again) = place.stream(
        &format!("/api/jobs/{id}/events"),
        &[("Last-Event-ID", &(last.1 - 1).to_string())],
    );
    assert_eq!(again.next_event().unwrap().0, "result");
    assert!(again.next_event().is_none());

    let failed = start(&place, "fail");
    until(|| state(&place, &failed), |state| state == "failed");
    let job = place.get(&format!("/api/jobs/{failed}")).json();
    assert_eq!(
        (&job["exit_code"], &job["result"]["error"]["message"]),
        (&json!(1), &json!("disk full"))
    );
    assert_eq!(place.get("/api/jobs").json()["items"][0]["id"], json!(failed));
}

#[test]
fn one_runs_and_others_wait_up_to_a_limit() {
    let place = place();
    let running = start(&place, "wait");
    until(|| place.root.join("half").exists(), |exists| *exists);
    let waiting: Vec<String> = (0..32).map(|_| start(&place, "plain")).collect();
    assert_eq!(
        place.send("POST", "/api/jobs", &[], &transfer("plain")).error(),
        (429, "too_many".to_owned())
    );
    assert_eq!(state(&place, &waiting[0]), "queued");
    let run = place.run_id("runA");
    let busy = place.send(
        "PUT",
        &format!("/api/anchors?run={run}"),
        &[("If-Match", "*")],
        &json!({"items": []}),
    );
    assert_eq!(busy.error(), (409, "busy".to_owned()));

    for id in waiting.iter().skip(1) {
        assert_eq!(
            place.ask("DELETE", &format!("/api/jobs/{id}"), &[], "").status,
            202
        );
        assert_eq!(state(&place, id), "cancelled");
    }
    assert_eq!(
        place
            .ask("DELETE", &format!("/api/jobs/{running}"), &[], "")
            .status,
        202
    );
    until(|| state(&place, &waiting[0]), |state| state == "done");
    assert_eq!(state(&place, &running), "cancelled");
    assert!(!place.root.join("half").exists());
    assert_eq!(
        place
            .ask("DELETE", &format!("/api/jobs/{running}"), &[], "")
            .error(),
        (409, "busy".to_owned())
    );
    assert_eq!(place.ask("DELETE", "/api/jobs/none", &[], "").status, 404);
}

#[test]
fn only_known_flags_and_allowed_paths() {
    let place = place();
    fs::write(place.folder.path().join("outside.mp4"), "x").unwrap();
    let outside = place.folder.path().join("outside.mp4").canonicalize().unwrap();
    place.write("ref.mp4", "x");
    place.write("-new.mp4", "x");
    let sync = |change: Value| {
        let mut params = json!({"reference": "ref.mp4", "new": "-new.mp4", "out": "runs/one"});
        params
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        place.send(
            "POST",
            "/api/jobs",
            &[],
            &json!({"kind": "sync", "params": params}),
        )
    };
    let refused = [
        (json!({"config": "ref.mp4"}), 400),
        (json!({"cache-dir": "x"}), 400),
        (json!({"--out": "x"}), 400),
        (json!({"fps": "fast"}), 400),
        (json!({"fps": 500}), 400),
        (json!({"top-k": 1.5}), 400),
        (json!({"fast": "yes"}), 400),
        (json!({"warp-model": "magic"}), 400),
        (json!({"label": "two\nlines"}), 400),
        (json!({"export": ["resolve-edl", "$(reboot)"]}), 400),
        (json!({"out": "../elsewhere"}), 400),
        (json!({"out": "/tmp/elsewhere"}), 400),
        (json!({"out": ".hidden"}), 400),
        (json!({"root": "../up"}), 400),
        (json!({"new": "../outside.mp4"}), 400),
        (json!({"new": outside.to_str().unwrap()}), 403),
        (json!({"new": "gone.mp4"}), 404),
        (json!({"new": "runA"}), 404),
    ];
    for (change, status) in refused {
        let answer = sync(change.clone());
        assert_eq!(answer.error().0, status, "{change} {}", answer.text());
    }
    for body in [
        json!({"kind": "serve"}),
        json!({"kind": "transfer", "params": {}}),
        json!({"params": {}}),
        json!({"kind": "dashboard", "params": {"root": "."}}),
    ] {
        assert_eq!(place.send("POST", "/api/jobs", &[], &body).status, 400, "{body}");
    }
    assert_eq!(place.get("/api/jobs").json()["items"], json!([]));

    let answer = sync(json!({"fast": true, "no-plot": false, "fps": 3, "export": ["resolve-edl", "csv"]}));
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    until(|| state(&place, &id), |state| state == "done");
    let job = place.get(&format!("/api/jobs/{id}")).json();
    let args = format!("{} ", job["log"][0].as_str().unwrap());
    assert!(
        args.contains("/root/-new.mp4 ") && args.contains(" --fast ") && !args.contains("no-plot"),
        "{args}"
    );
    assert!(args.contains(" --export=resolve-edl --export=csv "), "{args}");
}

#[test]
fn recordings_of_runs_and_allowed_folders_are_inputs() {
    let videos = tempfile::tempdir().unwrap();
    let video = videos.path().canonicalize().unwrap().join("ride.mp4");
    fs::write(&video, "x").unwrap();
    let place = Place::with(|config| {
        config.media_roots = vec![videos.path().to_owned()];
        config.inputs.reference = Some(video.clone());
        config.program = "/bin/true".into();
    });
    let reference = place.get("/api/session").json()["preset_inputs"]["ref"].clone();
    let params = json!({"reference": reference, "new": video, "out": "one"});
    let answer = place.send(
        "POST",
        "/api/jobs",
        &[],
        &json!({"kind": "sync", "params": params}),
    );
    assert_eq!(answer.status, 202, "{}", answer.text());
}

#[test]
fn a_job_does_not_undo_what_a_person_has_set() {
    let place = place();
    let notes = json!([{"marker_id": "2", "t_ref": 14.171, "t_new": 14.9, "label": "", "note": ""}]);
    place.write("runA/annotations.json", notes.to_string());
    let id = start(&place, "markers");
    until(|| state(&place, &id), |state| state == "done");
    let table = place.read("runA/new_markers.csv");
    assert!(
        table
            .lines()
            .nth(2)
            .unwrap()
            .contains(",14.900000,14.900000,1.0000,false,ok,"),
        "{table}"
    );
}

#[test]
fn jobs_end_with_the_server() {
    let mut place = place();
    start(&place, "wait");
    until(|| place.root.join("half").exists(), |exists| *exists);
    place.stop();
    assert!(!place.root.join("half").exists());
}

#[test]
fn a_program_that_is_gone_is_a_failed_job() {
    let place = Place::new();
    place.write("reference.csv", "name,t_ref\na,1\n");
    let id = start(&place, "plain");
    until(|| state(&place, &id), |state| state == "failed");
    let job = place.get(&format!("/api/jobs/{id}")).json();
    assert_eq!(
        (&job["exit_code"], &job["log"][0]),
        (&Value::Null, &json!("the program could not be run"))
    );
}
