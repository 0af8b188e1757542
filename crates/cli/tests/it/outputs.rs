//! Outputs replace nothing that is not theirs, belong together, and what is stored is what was written.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::common::{Place, data, small_pair, straight_warp};
use crate::sync::sync_sample;

const MARKERS: &str = "name,t_ref\nStart,2\nDrop,11.2\nRoots,21.5\nFinish,30\n";
/// A recording, as far as anybody can tell who is about to replace it.
const RECORDING: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41 hours of riding";

fn place() -> Place {
    let place = Place::new();
    place.write("m.csv", MARKERS);
    place.write("run/timewarp.json", straight_warp(true));
    place.run("transfer-markers --ref-markers m.csv --timewarp-json run/timewarp.json --out run/new_markers.csv")
        .ok();
    place.write("pairs.csv", pairs());
    place
}

fn pairs() -> String {
    let rows = (0..60).map(|i| format!("{}.0,{}.0\n", i, i + 1));
    format!("t_new,t_ref\n{}", rows.collect::<String>())
}

/// Every command that writes a named file, with `OUT` in its place.
const COMMANDS: [&str; 17] = [
    "export-markers run/new_markers.csv --preset resolve-edl --out OUT",
    "export-markers run/new_markers.csv --preset edl --out OUT",
    "export-markers run/new_markers.csv --preset fcpxml --out OUT",
    "export-markers run/new_markers.csv --preset premiere --out OUT",
    "export-markers run/new_markers.csv --preset premiere-csv --out OUT",
    "export-markers run/new_markers.csv --preset avid --out OUT",
    "export-markers run/new_markers.csv --preset otio --out OUT",
    "export-markers run/new_markers.csv --preset ffmetadata --out OUT",
    "export-markers run/new_markers.csv --preset csv --out OUT",
    "export-markers run/new_markers.csv --preset json --out OUT",
    "transfer-markers --ref-markers m.csv --timewarp-json run/timewarp.json --out OUT",
    "import-markers run/new_markers.csv --out OUT",
    "viewer --headless --ref-markers m.csv --timewarp-json run/timewarp.json --out-png OUT",
    "splits --ref-markers m.csv --timewarp-json run/timewarp.json --out OUT",
    "splits --ref-markers m.csv --timewarp-json run/timewarp.json --out s.csv --delta-out OUT",
    "warp --pairs pairs.csv --out OUT --timewarp-json w.json --force",
    "warp --pairs pairs.csv --out w.npz --timewarp-json OUT --force",
];

#[test]
fn no_command_replaces_what_is_not_its_own() {
    for command in COMMANDS {
        let place = place();
        let command = command.replace("OUT", "ride.npz");
        place.write("ride.npz", RECORDING);
        let before = place.list("");
        let said = place.run(&command);
        assert_eq!(said.code, 2, "{command}: {}", said.stderr);
        assert!(
            said.stderr
                .starts_with("error: another file is there: ride.npz; hint: "),
            "{}",
            said.stderr
        );
        assert!(said.stderr.contains("--overwrite"), "{}", said.stderr);
        assert_eq!(fs::read(place.path("ride.npz")).unwrap(), RECORDING, "{command}");
        assert_eq!(place.list(""), before, "{command}");
        // Who means it may.
        assert_ne!(place.run(&format!("{command} --overwrite")).code, 2, "{command}");
        let made = fs::read(place.path("ride.npz")).unwrap();
        assert_ne!(made, RECORDING, "{command}");
        // And what the command has made itself, it makes again.
        assert_ne!(place.run(&command).code, 2, "{command}");
        assert_eq!(fs::read(place.path("ride.npz")).unwrap(), made, "{command}");
    }
}

/// The presets, and the ending of each.
const PRESETS: [(&str, &str); 11] = [
    ("resolve-edl", ".edl"),
    ("edl", ".cmx.edl"),
    ("fcpxml", ".fcpxml"),
    ("premiere", ".xml"),
    ("premiere-csv", ".premiere.csv"),
    ("avid", ".avid.txt"),
    ("otio", ".otio"),
    ("youtube", ".txt"),
    ("ffmetadata", ".ffmeta"),
    ("csv", ".out.csv"),
    ("json", ".json"),
];

#[test]
fn what_an_export_has_made_it_makes_again() {
    let place = Place::new();
    let tables = [
        (
            "comments",
            "marker_id,name,t_new,comment\na,A,2,brake late\nb,B,20,12  3 roots\nc,C,40,\n",
        ),
        ("no_ids", "name,t_new\nA,2\nB,20\nC,40\n"),
        ("no_moments", "name,t_ref\nA,2\nB,20\nC,40\n"),
        ("empty", "name,t_new\n"),
    ];
    for (name, table) in tables {
        place.write(&format!("{name}.csv"), table);
        for (preset, ending) in PRESETS {
            let command =
                format!("export-markers {name}.csv --preset {preset} --fps 30 --out {name}{ending}");
            let first = place.run(&command);
            if first.code == 0 {
                place.run(&command).ok();
            }
            assert!(first.code == 0 || first.code == 1, "{command}: {}", first.stderr);
        }
    }
}

#[test]
fn tables_and_chapters_of_a_person_are_not_replaced() {
    let place = place();
    for (preset, theirs) in [
        ("csv", "t_ref,t_new,my_notes\n1,2,hours of work\n"),
        ("youtube", "0:00 Start\n0:40 The good part\n"),
        (
            "json",
            "{\"label\": \"mine\", \"markers\": [{\"name\": \"A\", \"t_ref\": 1}]}",
        ),
    ] {
        for out in ["theirs", "run/theirs"] {
            place.write(out, theirs);
            let said = place.run(&format!(
                "export run/new_markers.csv --preset {preset} --out {out}"
            ));
            assert_eq!(
                (said.code, place.read(out).as_str()),
                (2, theirs),
                "{}",
                said.stderr
            );
        }
    }
}

#[test]
fn a_table_is_of_the_map_that_is_there_when_it_is_written() {
    let place = place();
    place.write("run/manifest.json", r#"{"version":1,"whole":true,"files":{}}"#);
    let args = "transfer-markers --ref-markers - --timewarp-json run/timewarp.json --out run/new_markers.csv";
    let mut child = place
        .program()
        .args(args.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut markers = child.stdin.take().unwrap();
    // More than a pipe holds: once it is written the command has begun to read it, after the map.
    let long = format!("name,t_ref,comment\nA,11,{}", "c".repeat(256 << 10));
    markers.write_all(long.as_bytes()).unwrap();
    let other = straight_warp(true).replace("\"t_ref\":[1.0,31.0]", "\"t_ref\":[3.0,33.0]");
    place.write("run/timewarp.json", other);
    drop(markers);
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(
        place
            .read("run/new_markers.csv")
            .contains("A,11.000000,8.000000,")
    );
}

#[test]
fn an_input_is_never_replaced() {
    let place = place();
    for (input, command) in [
        (
            "run/new_markers.csv",
            "export-markers run/new_markers.csv --preset csv --out run/new_markers.csv",
        ),
        (
            "m.csv",
            "transfer-markers --ref-markers m.csv --timewarp-json run/timewarp.json --out m.csv",
        ),
        (
            "run/timewarp.json",
            "transfer-markers --ref-markers m.csv --timewarp-json run/timewarp.json --out run/timewarp.json",
        ),
        (
            "m.csv",
            "splits --ref-markers m.csv --timewarp-json run/timewarp.json --out m.csv",
        ),
        (
            "run/timewarp.json",
            "splits --ref-markers m.csv --timewarp-json run/timewarp.json --out run/../run/timewarp.json",
        ),
        (
            "m.csv",
            "viewer --headless --ref-markers m.csv --timewarp-json run/timewarp.json --out-png m.csv",
        ),
        (
            "pairs.csv",
            "warp --pairs pairs.csv --out w.npz --timewarp-json pairs.csv",
        ),
        ("m.csv", "import-markers m.csv --out m.csv"),
    ] {
        let before = place.read(input);
        let said = place.run(&format!("{command} --overwrite"));
        assert_eq!(said.code, 2, "{command}: {}", said.stderr);
        assert!(
            said.stderr.starts_with("error: output is one of the inputs: "),
            "{}",
            said.stderr
        );
        assert_eq!(place.read(input), before, "{command}");
    }
}

#[test]
fn a_sync_replaces_its_own_artefacts_only_and_says_so_before_it_works() {
    let place = Place::new();
    for (name, content) in [
        ("pairs.csv", "t_new,t_ref\n1,2\n"),
        ("perf.json", "{\"mine\":1}"),
        ("manifest.json", "{\"name\":\"my web app\"}"),
        ("alignment_overlay.png", "\u{89}PNG mine"),
    ] {
        let path = place.write(&format!("o/{name}"), content);
        let said = place.sync(
            &data("sample/reference.mp4"),
            &data("sample/new.mp4"),
            &["--out", "o"],
        );
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(
            said.stderr.contains(name) && said.stderr.contains("--overwrite"),
            "{}",
            said.stderr
        );
        assert!(!said.stderr.contains("read new run"), "{}", said.stderr);
        assert_eq!(place.list("o"), [name]);
        fs::remove_file(path).unwrap();
    }
}

/// A place with a run of the sample in `run`.
fn run_of_the_sample() -> Place {
    let place = Place::sharing_cache();
    sync_sample(&place, "run", &["--no-plot"]);
    place
}

#[test]
fn files_of_two_runs_are_told_apart() {
    let place = run_of_the_sample();
    place.write("m.csv", MARKERS);
    let readers = [
        "transfer-markers --ref-markers m.csv --timewarp-json run/timewarp.json --out x.csv",
        "splits --ref-markers m.csv --timewarp-json run/timewarp.json --out s.csv",
        "viewer --headless --ref-markers m.csv --timewarp-json run/timewarp.json --out-png x.png",
    ];
    for command in readers {
        place.run(command).ok();
    }
    // A map of another run was put in its place.
    let map = place.read("run/timewarp.json");
    place.write("run/timewarp.json", straight_warp(true));
    for command in readers {
        let said = place.run(command);
        let told = "timewarp.json was changed or replaced after its run was written";
        assert!(said.ok().stderr.contains(told), "{}", said.stderr);
    }
    place.write("run/timewarp.json", map);
    // Killed between two renames: the list says so, the table is still the older one.
    let list = place.read("run/manifest.json");
    place.write(
        "run/manifest.json",
        list.replace("\"whole\": true", "\"whole\": false"),
    );
    place.write("run/new_markers.csv", "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status,colour,comment\n");
    for command in readers
        .iter()
        .chain(&["export-markers run/new_markers.csv --preset csv --out x_export.csv"])
    {
        let said = place.run(command);
        assert_eq!(said.code, 1, "{command}: {}", said.stderr);
        let told = said.stderr.lines().last().unwrap();
        assert!(
            told.contains("of the newer, new_markers.csv of the older"),
            "{command}: {told}"
        );
        assert!(
            told.contains("timewarp.json") && told.contains("make the run again"),
            "{told}"
        );
    }
    // The next run makes it whole.
    sync_sample(&place, "run", &["--no-plot"]);
    place.run(readers[0]).ok();
}

#[test]
fn a_table_that_a_person_has_edited_is_read_with_a_warning() {
    let place = run_of_the_sample();
    let table = place.read("run/new_markers.csv");
    place.write("run/new_markers.csv", table.replacen("Switchback", "Hairpin", 1));
    let said = place.run("export-markers run/new_markers.csv --preset csv --out x.csv");
    said.ok();
    assert!(
        said.stderr.contains("new_markers.csv was changed or replaced"),
        "{}",
        said.stderr
    );
    assert!(place.read("x.csv").contains("Hairpin"));
}

#[test]
fn what_killed_processes_left_is_swept_by_the_next_run() {
    let place = Place::sharing_cache();
    let left = [
        "run/.timewarp.jsonAb12.mtbsync-tmp",
        "run/.pairs.csv.olderAb12.mtbsync-tmp",
    ];
    for name in left {
        place.write(name, "cut");
    }
    sync_sample(&place, "run", &["--no-plot"]);
    assert!(
        place
            .list("run")
            .iter()
            .all(|name| !name.ends_with(".mtbsync-tmp")),
        "{:?}",
        place.list("run")
    );
}

/// The only file in a folder of the cache.
fn only_file(folder: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn a_flipped_digit_in_the_cache_is_found_and_made_again() {
    let place = Place::new();
    let [reference, new] = small_pair();
    let sync = |out: &str| {
        place.sync(&reference, &new, &["--out", out, "--no-plot"]).ok();
        place.read(&format!("{out}/timewarp.json"))
    };
    let first = sync("a");
    place.run("cache check").ok();
    let alignment = only_file(&place.path("home/cache/alignment"));
    let mut bytes = fs::read(&alignment).unwrap();
    let digit = bytes.iter().position(u8::is_ascii_digit).unwrap();
    bytes[digit] = if bytes[digit] == b'1' { b'2' } else { b'1' };
    fs::write(&alignment, &bytes).unwrap();
    let index = fs::read_dir(place.path("home/cache/index"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&index).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&index, &bytes).unwrap();
    let checked = place.run("cache check --json");
    assert_eq!(checked.code, 1);
    let damaged = checked.json()["result"]["damaged"].as_array().unwrap().len();
    assert_eq!(damaged, 2, "{}", checked.stdout);
    assert_eq!(sync("b"), first);
    place.run("cache check").ok();
}

#[test]
fn clearing_a_cache_spares_everything_else_in_its_folder() {
    let place = Place::new();
    let mine = [
        ("photos/index/holiday.npz", "PK mine"),
        ("photos/proxy/ride.mp4", "0000ftyp mine"),
        ("photos/alignment/notes.json", "{}"),
        (
            "photos/index/0123456789abcdef0123456789abcdef.npz",
            "not an archive",
        ),
        ("photos/cache.db", "a database of my own"),
        ("photos/a.jpg", "picture"),
    ];
    for (name, content) in mine {
        place.write(name, content);
    }
    place.write("photos/index/.x1.mtbsync-tmp", "cut");
    let status = place.run("cache status --cache-dir photos --json");
    assert_eq!(status.ok().json()["result"]["leftovers"], 1);
    place.run("cache clear --yes --cache-dir photos").ok();
    assert!(!place.path("photos/index/.x1.mtbsync-tmp").exists());
    for (name, content) in mine {
        let name = name.replace("cache.db", "cache.db.damaged");
        assert_eq!(place.read(&name), content, "{name}");
    }
}
