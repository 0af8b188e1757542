//! `trail`: boards, riders, gates and references of runs with maps written by hand.

use serde_json::{Value, json};

use crate::common::Place;

/// A run at `pace` new seconds for a second of the reference at `path`, mapped on `t_ref` 2 to 22.
fn map(path: &str, key: &str, pace: f64) -> String {
    json!({
        "ok": true, "version": 2, "model": "monotone", "params": null,
        "knots": {"t_new": [1.0, 1.0 + 20.0 * pace], "t_ref": [2.0, 22.0], "sigma": [0.01, 0.01]},
        "segments": [{"knots": [0, 1], "t_new": [1.0, 1.0 + 20.0 * pace], "t_ref": [2.0, 22.0]}],
        "reference": {"path": path, "duration": 24.0, "fingerprint": "sha256:r"},
        "new": {"path": "/n.mp4", "duration": 60.0, "fingerprint": format!("sha256:{key}"), "recorded": "2026-06-14T10:31:07"},
    })
    .to_string()
}

fn place() -> Place {
    let place = Place::sharing_cache();
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/sample/reference.mp4");
    place.write("runs/fast/timewarp.json", map(reference, "f", 0.9));
    place.write("runs/slow/timewarp.json", map(reference, "s", 1.1));
    place.write("gates.csv", "name,t_ref\nTop,4\nFork,10\nBarn,20\n");
    place
}

#[test]
fn a_board_says_who_was_faster_and_where() {
    let place = place();
    let said = place.run("trail gates runs --from gates.csv");
    assert_eq!(said.code, 0, "{}", said.stderr);
    for words in [
        "trail set runs slow/ --rider Ana --bike Hardtail",
        "trail set runs fast --rider Ben --date 2026-05-01",
    ] {
        assert_eq!(place.run(words).code, 0);
    }
    assert_eq!(place.run("trail name runs Ridge").code, 0);
    let said = place.run("trail board runs --csv board.csv --html board.html");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        place
            .read("board.html")
            .contains("<h1>Ridge</h1>\n<p class=\"sub\">2 runs. Fastest: fast")
    );
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "Ridge: 2 runs. Fastest: fast (Ben, 2026-05-01), 14.400 s."
    );
    assert_eq!(
        lines[1],
        "  slow: 3.2 s behind the fastest, most in Fork - Barn (+2.0 s)"
    );
    assert!(
        lines[3].starts_with("1  fast") && lines[3].contains("5.400*"),
        "{}",
        said.stdout
    );
    assert!(
        lines[4].contains("2026-06-14") && lines[4].contains("+1.200"),
        "{}",
        said.stdout
    );
    let csv = place.read("board.csv");
    assert_eq!(csv.lines().count(), 1 + 2 * 3);
    assert!(
        csv.contains("slow,Ana,2026-06-14,2,total,Top,Barn,17.600000,"),
        "{csv}"
    );
    // Its own table is replaced, another file is not.
    assert_eq!(place.run("trail board runs --csv board.csv").code, 0);
    assert_eq!(place.run("trail board runs --csv gates.csv").code, 2);
    let against = place.run("trail board runs --against slow --json");
    let board = against.json()["result"].clone();
    assert_eq!(
        (&board["rows"][0]["run"], &board["against"]),
        (&json!("fast"), &json!("slow"))
    );
    assert!((board["rows"][0]["gap_sec"].as_f64().unwrap() + 3.2).abs() < 1e-6);
}

#[test]
fn a_run_becomes_the_reference_and_nothing_moves() {
    let place = place();
    assert_eq!(place.run("trail gates runs --from gates.csv").code, 0);
    let rows = || place.run("trail board runs --json").json()["result"]["rows"].clone();
    let before = rows();
    let said = place.run("trail reference runs slow");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stdout
            .starts_with("n.mp4 is the reference: 1 run kept, 1 composed, 0 to be synced."),
        "{}",
        said.stdout
    );
    for (before, after) in before.as_array().unwrap().iter().zip(rows().as_array().unwrap()) {
        let sec = |row: &Value| row["total"]["sec"].as_f64().unwrap();
        assert!((sec(before) - sec(after)).abs() < 1e-6 && before["rank"] == after["rank"]);
    }
    let file: Value = serde_json::from_str(&place.read("runs/trail.json")).unwrap();
    assert_eq!(file["trails"][0]["reference"]["fingerprint"], "sha256:s");
}

#[test]
fn gates_are_suggested_with_the_reason_and_set_when_accepted() {
    let place = place();
    let said = place.run("trail gates runs --suggest 3");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stdout.contains("known to ±") && said.stdout.contains("looks"),
        "{}",
        said.stdout
    );
    assert!(!place.path("runs/trail.json").exists());
    let said = place.run("trail gates runs --suggest 3 --accept");
    assert!(said.stdout.ends_with("3 gates, 2 sections.\n"), "{}", said.stdout);
    assert_eq!(place.run("trail board runs").code, 0);
}

#[test]
fn what_is_not_there_ends_in_a_line_and_the_code_that_says_so() {
    let place = place();
    place.write("empty/note.txt", "");
    for (words, code, says) in [
        ("trail board nowhere", 1, "no such folder"),
        ("trail board empty", 1, "no run below it"),
        ("trail set runs nobody --rider A", 1, "runs here: fast, slow"),
        ("trail set runs fast", 2, "missing <--rider"),
        ("trail set runs fast --date 14.6.", 2, "2026-06-14"),
        ("trail board runs", 3, "sections need two gates"),
        ("trail board runs --trail nope", 1, "trails here: reference"),
        (
            "render --root runs --a fast --b nobody --out v.mp4",
            1,
            "no run nobody",
        ),
        ("render --root runs --a fast --out v.mp4", 2, "--b"),
    ] {
        let said = place.run(words);
        assert_eq!(said.code, code, "{words}: {}", said.stderr);
        assert!(said.stderr.contains(says), "{words}: {}", said.stderr);
        assert_eq!(
            said.stderr
                .lines()
                .filter(|line| line.starts_with("error:"))
                .count(),
            1,
            "{words}"
        );
    }
}
