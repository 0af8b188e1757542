//! transfer-markers, export-markers and viewer on maps written by hand.

use std::io::Write;
use std::process::Stdio;

use crate::common::{Place, Said, straight_warp};

const MARKERS: &str =
    "name,t_ref,colour,comment,lap\nStart,1.5,red,\"hello, world\",3\nDrop,0:21,,,3\nCar park,35,,,3\n";

pub fn place_with_markers() -> Place {
    let place = Place::new();
    place.write("m.csv", MARKERS);
    place.write("timewarp.json", straight_warp(true));
    place
}

#[test]
fn markers_are_carried_over_with_everything_their_author_wrote() {
    let place = place_with_markers();
    let said = place.run("transfer --reference-markers m.csv --warp timewarp.json --out out/new_markers.csv");
    assert!(
        said.ok().stdout.contains("2 ok, 0 review, 1 outside"),
        "{}",
        said.stdout
    );
    let csv = place.read("out/new_markers.csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status,colour,comment,lap"
    );
    assert!(
        lines[1].starts_with("1,Start,1.500000,0.500000,0.500000,"),
        "{csv}"
    );
    assert!(lines[1].ends_with(",false,ok,red,\"hello, world\",3"), "{csv}");
    assert!(lines[2].starts_with("2,Drop,21.000000,20.000000,"), "{csv}");
    assert_eq!(lines[3], "3,Car park,35.000000,,,,,0.0000,true,outside,,,3");
}

#[test]
fn picture_and_json_are_written_beside_the_markers() {
    let place = place_with_markers();
    let said = place.run("transfer --json --ref-markers m.csv --timewarp-json timewarp.json --out o/n.csv --vis-json --plot-overlay --label A");
    let summary = said.ok().json();
    assert_eq!(
        summary["result"]["markers"],
        serde_json::json!({"ok": 2, "review": 0, "outside": 1})
    );
    assert_eq!(place.list("o"), ["n.csv", "n.json", "n_overlay.png"]);
    assert!(
        summary["outputs"]["overlay"].as_str().unwrap().starts_with('/'),
        "paths are absolute: {summary}"
    );
    let json = place.json("o/n.json");
    assert_eq!((&json["label"], &json["params"]["b"]), (&"A".into(), &1.0.into()));
}

#[test]
fn stdin_and_stdout_are_dashes() {
    let place = place_with_markers();
    let mut child = place
        .program()
        .args([
            "transfer",
            "--ref-markers",
            "-",
            "--warp",
            "timewarp.json",
            "--out",
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(MARKERS.as_bytes()).unwrap();
    let said = Said::of(&child.wait_with_output().unwrap());
    assert!(
        said.ok().stdout.starts_with("marker_id,name,") && said.stdout.lines().count() == 4,
        "{}",
        said.stdout
    );
    assert!(
        said.stderr.contains("2 ok"),
        "the summary goes to stderr: {}",
        said.stderr
    );
    assert_eq!(place.list("."), ["m.csv", "timewarp.json"]);
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out - --json")
        .error(2);
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out - --vis-json")
        .error(2);
}

#[test]
fn a_failed_warp_is_refused_unless_forced() {
    let place = place_with_markers();
    place.write("bad.json", straight_warp(false));
    let said = place.run("transfer --ref-markers m.csv --warp bad.json --out o/n.csv");
    assert!(
        said.error(3)
            .contains("not aligned (coverage 0.20 < 0.50): bad.json"),
        "{}",
        said.stderr
    );
    assert!(!place.path("o").exists(), "nothing is left behind");
    let said = place.run("transfer --ref-markers m.csv --warp bad.json --out o/n.csv --force");
    assert!(said.ok().stdout.contains("0 ok, 2 review, 1 outside") && said.stderr.contains("warning:"));
    assert!(
        place
            .read("o/n.csv")
            .lines()
            .skip(1)
            .all(|line| line.contains(",true,"))
    );
}

#[test]
fn both_warp_flags_must_name_one_map() {
    let place = place_with_markers();
    place.write("same.json", straight_warp(true));
    place.write("other.json", straight_warp(true).replace("31.0", "31.5"));
    place
        .run("transfer --ref-markers m.csv --warp same.json --timewarp-json timewarp.json")
        .ok();
    let said = place.run("transfer --ref-markers m.csv --warp other.json --timewarp-json timewarp.json");
    assert!(
        said.error(1).contains("different maps: other.json"),
        "{}",
        said.stderr
    );
}

#[test]
fn old_straight_line_maps_are_read_and_nonsense_is_not() {
    let place = place_with_markers();
    place.write("v1.json", r#"{"model":"affine","params":{"a":2.0,"b":1.0}}"#);
    place
        .run("transfer --ref-markers m.csv --warp v1.json --out v1.csv")
        .ok();
    assert!(place.read("v1.csv").contains("Drop,21.000000,10.000000,"));
    for (name, text) in [
        ("no_params.json", r#"{"model":"affine"}"#),
        (
            "falling.json",
            r#"{"model":"affine","params":{"a":-1.0,"b":1.0}}"#,
        ),
        ("text.json", "hello"),
        ("newer.json", r#"{"version":7,"model":"monotone"}"#),
        ("cut.npz", "PK\u{3}\u{4}..."),
    ] {
        place.write(name, text);
        let said = place.run(&format!("transfer --ref-markers m.csv --warp {name} --out n.csv"));
        assert!(said.error(1).contains(name), "{}", said.stderr);
    }
    assert!(!place.path("n.csv").exists());
}

#[test]
fn marker_tables_of_any_dialect_are_read() {
    let place = place_with_markers();
    for (name, bytes) in [
        ("bom.csv", b"\xEF\xBB\xBFname,t_ref\r\nA,11\r\n".to_vec()),
        ("semicolon.csv", b"name;time\nA;11,0\n".to_vec()),
        ("tab.csv", b"# made by hand\nid\ttimecode\nA\t0:11\n".to_vec()),
        ("latin.csv", b"name,t_ref\n\xC4bfahrt,11\n".to_vec()),
    ] {
        place.write(name, bytes);
        place
            .run(&format!(
                "transfer --ref-markers {name} --warp timewarp.json --out out.csv"
            ))
            .ok();
        assert!(
            place.read("out.csv").contains(",11.000000,10.000000,10.000000,"),
            "{name}: {}",
            place.read("out.csv")
        );
    }
    assert!(place.read("out.csv").contains("Äbfahrt"));
}

#[test]
fn bad_marker_tables_are_refused_with_their_lines() {
    let place = place_with_markers();
    for (text, says) in [
        ("", "is empty"),
        ("name,foo\nA,1\n", "column t_ref missing (line 1)"),
        (
            "name,t_ref\nA,1\nB,2\nC,3\nD,4\nE,5\nF,x\n",
            "not a number (line 7, column t_ref)",
        ),
        ("name,t_ref\nA,\n", "(line 2, column t_ref)"),
        ("name,t_ref\nA,1,2,3\n", "4 cells but 2 columns (line 2)"),
        (
            "name,t_ref\nA,nan\nB,inf\n",
            "not a number (line 2, column t_ref), not a number (line 3, column t_ref)",
        ),
    ] {
        place.write("bad.csv", text);
        let said = place.run("transfer --ref-markers bad.csv --warp timewarp.json --out n.csv");
        let line = said.error(1);
        assert!(line.contains(says) && line.contains(": bad.csv"), "{line}");
    }
    place.write("none.csv", "name,t_ref\n");
    let said = place.run("transfer --ref-markers none.csv --warp timewarp.json --out n.csv");
    assert!(
        said.ok().stderr.contains("warning: no markers"),
        "{}",
        said.stderr
    );
    assert_eq!(place.read("n.csv").lines().count(), 1);
}

#[test]
fn both_spellings_of_export_give_the_same_file() {
    let place = place_with_markers();
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out n.csv")
        .ok();
    let said = place.run("export-markers n.csv --preset resolve-edl");
    assert!(
        said.ok().stdout.contains("2 markers -> n.edl") && said.stdout.contains("1 left out"),
        "{}",
        said.stdout
    );
    let edl = place.read("n.edl");
    assert!(
        edl.contains("01:00:00:12 01:00:00:13") && edl.contains("|M:Start |D:1"),
        "25 fps from timewarp.json: {edl}"
    );
    place
        .run("export resolve-edl --markers n.csv --out o/x.edl --label n")
        .ok();
    assert_eq!(place.read("o/x.edl"), edl);
    place
        .run("export-markers n.csv --format resolve-edl --out y.edl --fps 25")
        .ok();
    assert_eq!(place.read("y.edl"), edl);
    place.run("export n.csv").ok();
    assert_eq!(
        place.list("."),
        [
            "m.csv",
            "n.csv",
            "n.edl",
            "n_export.csv",
            "o",
            "timewarp.json",
            "y.edl"
        ]
    );
}

#[test]
fn export_refuses_what_it_cannot_mean() {
    let place = place_with_markers();
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out n.csv")
        .ok();
    for (args, code, says) in [
        (
            "export n.csv --preset nope",
            2,
            "unknown preset `nope`; hint: presets are resolve-edl",
        ),
        (
            "export json --markers n.csv --out n.csv",
            2,
            "output is one of the inputs: n.csv",
        ),
        ("export csv", 2, "hint: mtbsync export csv --markers IN.csv"),
        ("export", 2, "no marker table given"),
        (
            "export n.csv --preset resolve-edl --fps 12.34",
            2,
            "bad value `12.34`",
        ),
        (
            "export n.csv --preset resolve-edl --fps 25 --drop-frame",
            2,
            "no drop-frame",
        ),
        (
            "export n.csv --preset resolve-edl --fps 120",
            2,
            "hint: give the timeline rate",
        ),
        (
            "export n.csv --preset resolve-edl --timeline-start 1:2",
            2,
            "not a timecode",
        ),
        (
            "export n.csv --time-column nope",
            1,
            "column nope missing (line 1): n.csv",
        ),
        ("export timewarp.json", 1, ": timewarp.json"),
        ("export nope.csv", 1, "file not found: nope.csv"),
        ("export edl --markers n.csv --preset json", 2, "contradict"),
    ] {
        let said = place.run(args);
        let line = said.error(code);
        assert!(line.contains(says), "`{args}`: {line}");
    }
    assert_eq!(place.list("."), ["m.csv", "n.csv", "timewarp.json"]);
}

#[test]
fn presets_of_a_team_come_from_configuration_and_flags_win() {
    let place = place_with_markers();
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out n.csv")
        .ok();
    let preset = "[presets.team]\nformat = \"resolve-edl\"\nfps = 29.97\nreel = \"A07\"\ntimeline_start = \"00:00:00:00\"\n";
    place.write("home/.config/mtbsync/config.toml", preset);
    place.run("export team --markers n.csv --out a.edl").ok();
    assert!(
        place
            .read("a.edl")
            .contains("A07      V     C        00:00:00:15"),
        "{}",
        place.read("a.edl")
    );
    place
        .run("export n.csv --preset team --reel B01 --fps 25 --out b.edl")
        .ok();
    assert!(
        place
            .read("b.edl")
            .contains("B01      V     C        00:00:00:12"),
        "{}",
        place.read("b.edl")
    );
    place.write("mine.toml", "[presets.team]\nformat = \"json\"\n");
    place
        .run("export n.csv --preset team --config mine.toml --out c.json")
        .ok();
    assert!(place.read("c.json").starts_with('{'));
}

#[test]
fn the_viewer_draws_a_png_and_nothing_else() {
    let place = place_with_markers();
    place.write("pairs.csv", "t_new,t_ref,confidence\n1,2,0.9\n2,3,0.9\n");
    let said = place.run("viewer --headless --ref-markers m.csv --timewarp-json timewarp.json --pairs pairs.csv --out-png o/v.png --size 640x480");
    assert!(
        said.ok().stdout.contains("2 ok, 0 review, 1 outside -> o/v.png"),
        "{}",
        said.stdout
    );
    let png = std::fs::read(place.path("o/v.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(
        (&png[16..20], &png[20..24]),
        (&640u32.to_be_bytes()[..], &480u32.to_be_bytes()[..])
    );
    assert_eq!(place.list("o"), ["v.png"]);
    place.run("viewer --headless --ref-markers m.csv --timewarp-json timewarp.json --out-png o/w.png --size 2x2").error(2);
    place
        .run("viewer --headless --ref-markers m.csv --timewarp-json nope.json --out-png p/w.png")
        .error(1);
    assert!(!place.path("p").exists());
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let place = place_with_markers();
    place.write("file", "x");
    std::fs::create_dir(place.path("folder")).unwrap();
    let said = place.run("transfer --ref-markers m.csv --warp timewarp.json --out file/n.csv");
    assert!(said.error(1).contains("is not a folder: file"), "{}", said.stderr);
    let said = place.run("transfer --ref-markers m.csv --warp timewarp.json --out folder");
    assert!(said.error(1).contains("is a folder: folder"), "{}", said.stderr);
    let said = place.run("transfer --ref-markers m.csv --warp timewarp.json --out /proc/nope/n.csv");
    assert!(said.error(1).contains("/proc"), "{}", said.stderr);
}

#[test]
fn markers_of_an_editor_come_in_and_go_on() {
    let place = place_with_markers();
    place
        .run("transfer --ref-markers m.csv --warp timewarp.json --out n.csv")
        .ok();
    place
        .run("export resolve-edl --markers n.csv --out cut.edl --fps 25")
        .ok();
    let said = place.run("import-markers cut.edl --fps 25 --json");
    let result = said.ok().json()["result"].clone();
    assert_eq!(
        (&result["markers"], &result["format"]),
        (&2.into(), &"resolve-edl".into())
    );
    let table = place.read("cut_markers.csv");
    assert!(
        table.starts_with("marker_id,name,t_ref,t_ref_end,colour,comment,source\nM001,Start,0.480000,"),
        "{table}"
    );
    let said = place.run("transfer --ref-markers cut.edl --fps 25 --warp timewarp.json --out again.csv");
    assert!(
        said.ok().stdout.contains("1 ok, 0 review, 1 outside"),
        "{}",
        said.stdout
    );
    assert!(
        place
            .run("import-markers timewarp.json --out x.csv")
            .error(1)
            .contains(": timewarp.json")
    );
    assert!(
        place
            .run("import-markers cut.edl --format nope")
            .error(2)
            .contains("formats are auto, resolve-edl")
    );
    assert!(
        place
            .run("import-markers cut.edl --format hilight")
            .error(1)
            .contains("not an MP4 file: cut.edl")
    );
}
