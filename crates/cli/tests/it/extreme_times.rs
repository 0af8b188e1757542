//! Times no recording has, in every file that is read: an error or an answer, never a command that does not
//! come back.

use std::fmt::Write;

use crate::common::{Place, straight_warp};

/// Times as files may write them; none of them is one of a recording.
const EXTREMES: [&str; 6] = ["1e15", "1e308", "-1e15", "9223372036854775807", "NaN", "Infinity"];

/// A place with a good map, markers, pairs, notes and anchors.
fn place() -> Place {
    let place = Place::new();
    place.write("timewarp.json", straight_warp(true));
    place.write("m.csv", "name,t_ref\nA,5\nB,20\n");
    place.write("new_markers.csv", NEW_MARKERS);
    place.write("pairs.csv", pairs(""));
    place
}

const NEW_MARKERS: &str = "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status\n\
    1,A,5.000000,4.000000,4.000000,3.9,4.1,0.9,false,ok\n2,B,20.000000,19.000000,19.000000,18.9,19.1,0.9,false,ok\n";

fn pairs(last: &str) -> String {
    let mut text = String::from("t_new,t_ref,confidence,sigma\n");
    for k in 0..60 {
        let t = f64::from(k) / 3.0;
        let _ = writeln!(text, "{t},{},0.95,0.03", t + 1.0);
    }
    text + last
}

/// Commands that read the map, by what they need beside it.
const COMMANDS_OF_MAPS: [&str; 6] = [
    "transfer --ref-markers m.csv --warp timewarp.json --out moved.csv",
    "transfer --ref-markers m.csv --warp timewarp.json --plot-overlay --out moved.csv",
    "splits --ref-markers m.csv --timewarp-json timewarp.json --out splits.csv --delta-out delta.csv --plot delta.png",
    "viewer --headless --ref-markers m.csv --timewarp-json timewarp.json --out-png picture.png",
    "export fcpxml --markers new_markers.csv --retime --out out.fcpxml",
    "export otio --markers new_markers.csv --retime --out out.otio",
];

/// Runs a command that must come back: with an answer, or with one line that says why not and nothing
/// written.
#[track_caller]
fn comes_back(place: &Place, command: &str, out: &str) {
    let said = place.run(command);
    assert!(
        [0, 1, 3].contains(&said.code),
        "{command}: {} {}",
        said.code,
        said.stderr
    );
    if said.code != 0 {
        said.error(said.code);
        assert!(!place.path(out).exists(), "{command}: {out} is left");
    }
}

fn output_of(command: &str) -> &str {
    command
        .split(" --out")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().last())
        .unwrap_or("none")
}

#[test]
fn maps_with_extreme_knots_are_refused_by_every_command() {
    let place = place();
    // Each extreme in each place, and each command once per place.
    for (turn, extreme) in EXTREMES.into_iter().enumerate() {
        for (good, bad) in [
            (
                "\"t_new\":[0.0,30.0],\"t_ref\":[1.0,31.0],\"sigma\"",
                format!("\"t_new\":[0.0,{extreme}],\"t_ref\":[1.0,31.0],\"sigma\""),
            ),
            (
                "\"t_ref\":[1.0,31.0],\"sigma\"",
                format!("\"t_ref\":[1.0,{extreme}],\"sigma\""),
            ),
            ("\"sigma\":[0.05,0.05]", format!("\"sigma\":[0.05,{extreme}]")),
            ("\"duration\":30.0", format!("\"duration\":{extreme}")),
            ("\"duration\":40.0", format!("\"duration\":{extreme}")),
        ] {
            let text = straight_warp(true);
            assert!(text.contains(good), "{good}");
            place.write("timewarp.json", text.replace(good, &bad));
            let command = COMMANDS_OF_MAPS[turn];
            let said = place.run(command);
            let line = said.error(1);
            assert!(line.contains("timewarp.json"), "{bad}: {line}");
            assert!(!place.path(output_of(command)).exists(), "{command}");
        }
    }
}

#[test]
fn a_line_of_the_first_version_has_ends() {
    let place = place();
    for line in [
        r#""a":1,"b":0"#,
        r#""a":1e-9,"b":0"#,
        r#""a":1e9,"b":0"#,
        r#""a":1,"b":-600000"#,
    ] {
        place.write(
            "timewarp.json",
            format!(r#"{{"model":"affine","params":{{{line}}}}}"#),
        );
        for command in COMMANDS_OF_MAPS {
            comes_back(&place, command, output_of(command));
        }
    }
    place.write("timewarp.json", r#"{"model":"affine","params":{"a":1,"b":1e15}}"#);
    assert!(place.run(COMMANDS_OF_MAPS[0]).error(1).contains("params.b"));
}

#[test]
fn the_longest_map_of_two_knots_is_answered() {
    let place = place();
    let text = straight_warp(true)
        .replace("30.0", "604800.0")
        .replace("31.0", "604800.0");
    place.write("timewarp.json", text.replace("40.0", "604800.0"));
    for command in COMMANDS_OF_MAPS {
        if !command.starts_with("splits") {
            place.run(command).ok();
        }
    }
    let error = place.run(COMMANDS_OF_MAPS[2]);
    assert!(
        error.error(2).contains("give a larger --step"),
        "{}",
        error.stderr
    );
    place.run(&format!("{} --step 60", COMMANDS_OF_MAPS[2])).ok();
}

#[test]
fn marker_tables_name_the_line() {
    let place = place();
    for extreme in EXTREMES {
        place.write("m.csv", format!("name,t_ref\nA,5\nB,{extreme}\n"));
        for command in &COMMANDS_OF_MAPS[..4] {
            let said = place.run(command);
            let line = said.error(1);
            assert!(line.contains("(line 3, column t_ref): m.csv"), "{line}");
            assert!(!place.path(output_of(command)).exists(), "{command}");
        }
        place.write(
            "far.csv",
            NEW_MARKERS.replace("19.000000,18.9", &format!("{extreme},18.9")),
        );
        let said = place.run("export edl --markers far.csv --out far.edl");
        assert!(
            said.error(1).contains("(line 3, column t_new)"),
            "{}",
            said.stderr
        );
        let said = place.run("import-markers m.csv --out imported.csv");
        assert!(
            said.error(1).contains("(line 3, column t_ref)"),
            "{}",
            said.stderr
        );
    }
    // A time that is not believed in the table of a run is no moment of its marker.
    place.write("m.csv", "name,t_ref\nA,5\nB,100:00:00\nC,-5e-324\n");
    place.run(COMMANDS_OF_MAPS[0]).ok();
}

#[test]
fn pairs_and_anchors_name_the_line() {
    let place = place();
    for extreme in EXTREMES {
        place.write("pairs.csv", pairs(&format!("{extreme},21,0.9,0.03\n")));
        let said = place.run("warp --pairs pairs.csv --out fitted.npz");
        assert!(
            said.error(1).contains("(line 62, column t_new)"),
            "{}",
            said.stderr
        );
        assert!(!place.path("fitted.npz").exists());
        let said = place.run("viewer --headless --ref-markers m.csv --timewarp-json timewarp.json --pairs pairs.csv --out-png p.png");
        assert!(
            said.error(1).contains("(line 62, column t_new)"),
            "{}",
            said.stderr
        );
        place.write("pairs.csv", pairs(""));
        place.write("anchors.csv", format!("t_new,t_ref\n1,2\n5,{extreme}\n"));
        let said = place.run("warp --pairs pairs.csv --anchors anchors.csv --out fitted.npz");
        assert!(
            said.error(1).contains("(line 3, column t_ref)"),
            "{}",
            said.stderr
        );
    }
    // Rows a week apart are work for each row, not for each second between them.
    place.write("pairs.csv", pairs("600000,600001,0.9,0.03\n"));
    comes_back(&place, "warp --pairs pairs.csv --out fitted.npz", "none");
}

#[test]
fn notes_name_the_field() {
    let place = place();
    for extreme in &EXTREMES[..4] {
        place.write(
            "annotations.json",
            format!(r#"[{{"marker_id":"1","t_new":{extreme}}}]"#),
        );
        let said = place.run("transfer --ref-markers m.csv --warp timewarp.json --out moved.csv");
        let line = said.error(1);
        assert!(
            line.contains("[0].t_new") && line.contains("annotations.json"),
            "{line}"
        );
    }
}

#[test]
fn histories_and_runs_with_extreme_numbers_are_reported() {
    let place = place();
    let record = |p90: &str| {
        format!(
            r#"{{"ts":"2024-01-01T00:00:00Z","run_id":"sync:a","p90":{p90},"ppm":1.0,"inlier_frac":0.9}}"#
        )
    };
    for extreme in &EXTREMES[..4] {
        place.write(
            "root/quality_history.json",
            format!("[{},{}]", record(extreme), record("0.1")),
        );
        let said = place.run("quality-check --root root");
        assert!([0, 2, 10, 20].contains(&said.code), "{}", said.stderr);
        let text = straight_warp(true).replace("[0.0,30.0]", &format!("[0.0,{extreme}]"));
        place.write("root/run/timewarp.json", text);
        place.write(
            "root/run/perf.json",
            format!(r#"{{"ok":true,"timings":{{"total_sec":{extreme}}}}}"#),
        );
        place.write("root/run/pairs.csv", format!("t_new,t_ref\n1,2\n{extreme},5\n"));
        let said = place.run("benchmark-quality --root root --out report");
        assert!([0, 2].contains(&said.code), "{}", said.stderr);
    }
}
