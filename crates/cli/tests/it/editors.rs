//! Markers in and out of editors and cameras: import-markers, retimed timelines, chapters in recordings.

use crate::common::{Place, clip, mp4_box, straight_warp, with_user_data};

/// What a HERO6 wrote into `moov/udta/GPMF`: tags at 0.8, 4.72 and 8.48 s, set by hand.
const HIGHLIGHTS: &[u8] = include_bytes!("../../../telemetry/tests/data/gpmf/telemetry-mp4header.raw");

/// A clip of ten seconds, H.264 at 30 frames a second, as the bytes of an MP4.
fn ten_seconds() -> Vec<u8> {
    let source = "testsrc2=size=160x120:rate=30:duration=10";
    let path = clip(
        "editors-10s.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            source,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-f",
            "mp4",
        ],
    );
    std::fs::read(path).unwrap()
}

/// Payload of a `HMMT` box with tags at these times.
fn hmmt(times_ms: &[u32]) -> Vec<u8> {
    let mut payload = u32::try_from(times_ms.len()).unwrap().to_be_bytes().to_vec();
    payload.extend(times_ms.iter().flat_map(|ms| ms.to_be_bytes()));
    payload.resize(404, 0);
    payload
}

fn times(csv: &str) -> Vec<(String, String)> {
    let rows = csv.lines().skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        (cells[1].to_owned(), cells[2].to_owned())
    })
    .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, t)| ((*name).to_owned(), (*t).to_owned()))
        .collect()
}

#[test]
fn hilights_of_all_chapters_are_joined() {
    let place = Place::new();
    place.write(
        "GX010042.MP4",
        with_user_data(ten_seconds(), &[mp4_box(b"GPMF", HIGHLIGHTS)]),
    );
    place.write(
        "GX020042.MP4",
        with_user_data(ten_seconds(), &[mp4_box(b"HMMT", &hmmt(&[2500]))]),
    );
    let said = place.run("import-markers GX010042.MP4 --json");
    let summary = said.ok().json();
    assert_eq!(
        (&summary["result"]["format"], &summary["result"]["rate"]),
        (&"hilight".into(), &"30/1".into())
    );
    let csv = place.read("GX010042_markers.csv");
    let found = times(&csv);
    assert_eq!(
        found.last(),
        Some(&("HiLight 4".to_owned(), "12.500000".to_owned())),
        "{csv}"
    );
    assert!(
        csv.contains("\nM001,HiLight 1,0.800000,,yellow,\"manual, 100 %\",hilight\n"),
        "{csv}"
    );
    let said = place.run("import-markers GX010042.MP4 --format chapters --out none.csv");
    assert!(
        said.error(1)
            .contains("no markers found: GX010042.MP4; hint: the recording has no chapters")
    );
    let said = place.run("import-markers GX020042.MP4 --format hilight --out -");
    assert_eq!(times(&said.ok().stdout), found, "any chapter stands for all");
    assert!(
        said.stderr
            .contains("all of it is used, from GX010042.MP4 to GX020042.MP4"),
        "{}",
        said.stderr
    );
}

#[test]
fn tags_may_be_reference_markers() {
    let place = Place::new();
    place.write(
        "ref.mp4",
        with_user_data(ten_seconds(), &[mp4_box(b"HMMT", &hmmt(&[2500, 7000]))]),
    );
    place.write("timewarp.json", straight_warp(true));
    let said = place.run("transfer --ref-markers ref.mp4 --warp timewarp.json --out n.csv");
    assert!(
        said.ok().stdout.contains("2 ok, 0 review, 0 outside"),
        "{}",
        said.stdout
    );
    assert!(place.read("n.csv").contains("HiLight 2,7.000000,6.000000,"));
}

#[test]
fn damage_and_wrong_input_are_told() {
    let place = Place::new();
    let mp4 = ten_seconds();
    place.write("cut.mp4", &mp4[..mp4.len() / 2]);
    place.write("note.txt", "Dear diary\n");
    place.write("m.csv", "name,t_ref\nA,1\n");
    place.write("empty", "");
    for (args, code, says) in [
        ("cut.mp4", 1, "no index (moov box)"),
        ("note.txt", 1, "readable formats are resolve-edl, edl, fcpxml"),
        ("empty", 1, "empty"),
        ("gone.edl", 1, "file not found: gone.edl"),
        (". --out x.csv", 1, "folder"),
        ("note.txt --format hilight", 1, "not an MP4 file: note.txt"),
        ("note.txt --format nope", 2, "formats are auto, resolve-edl"),
        ("- --format hilight --out x.csv", 2, "stdin"),
        ("-", 2, "give --out"),
        ("m.csv --out m.csv", 2, "output is one of the inputs"),
        ("m.csv --fps 0", 2, "bad value"),
    ] {
        let said = place.run(&format!("import-markers {args}"));
        assert!(said.error(code).contains(says), "{args}: {}", said.stderr);
    }
    assert_eq!(place.list("."), ["cut.mp4", "empty", "m.csv", "note.txt"]);
}

const NEW_MARKERS: &str = "marker_id,name,t_ref,t_new,confidence,needs_review,status\n\
    1,Start,1.0,0.0,0.9,false,ok\n2,Rock garden,2.0,1.0,0.9,false,ok\n3,Drop,6.0,5.0,0.9,false,ok\n4,Far,60,,0,true,outside\n";

pub fn place_with_new_markers() -> Place {
    let place = Place::new();
    place.write("new_markers.csv", NEW_MARKERS);
    place.write("timewarp.json", straight_warp(true));
    place
}

#[test]
fn the_new_run_is_retimed_onto_the_reference() {
    let place = place_with_new_markers();
    for (preset, file) in [
        ("fcpxml", "new_markers.fcpxml"),
        ("otio", "new_markers.otio"),
        ("premiere", "new_markers.xml"),
    ] {
        let said = place.run(&format!(
            "export {preset} --markers new_markers.csv --retime --json"
        ));
        let result = said.ok().json()["result"].clone();
        assert_eq!(
            (&result["exported"], &result["rate"]),
            (&3.into(), &"30/1".into()),
            "{preset}"
        );
        let text = place.read(file);
        assert!(
            text.contains("ref.mp4") && text.contains("new.mp4"),
            "both runs in {preset}"
        );
        let said = place.run(&format!("import-markers {file} --out back.csv"));
        said.ok();
        let expected = pairs(&[
            ("Start", "1.000000"),
            ("Rock garden", "2.000000"),
            ("Drop", "6.000000"),
        ]);
        assert_eq!(
            times(&place.read("back.csv")),
            expected,
            "{preset}: times of the reference"
        );
    }
}

#[test]
fn retiming_takes_recordings_and_map_from_where_it_is_told() {
    let place = place_with_new_markers();
    place.write("run/ref.mp4", ten_seconds());
    place.write("run/fast.mp4", ten_seconds());
    std::fs::rename(place.path("timewarp.json"), place.path("run/timewarp.json")).unwrap();
    let said = place.run("export otio --markers new_markers.csv --retime");
    assert!(
        said.error(1).contains("hint: did you mean run/timewarp.json"),
        "{}",
        said.stderr
    );
    let said = place.run(
        "export otio --markers new_markers.csv --retime --warp run/timewarp.json --reference-video run/ref.mp4 --video run/fast.mp4",
    );
    assert!(!said.ok().stderr.contains("is not there"), "{}", said.stderr);
    let timeline = place.json("new_markers.otio");
    let tracks = &timeline["tracks"]["children"];
    assert_eq!(
        tracks[0]["children"][0]["source_range"]["duration"]["value"],
        300.0
    );
    let shown = &tracks[1]["children"];
    assert_eq!(
        shown[0]["OTIO_SCHEMA"], "Gap.1",
        "the new run starts a second later: {shown}"
    );
    assert_eq!(shown[0]["source_range"]["duration"]["value"], 30.0);
    assert_eq!(shown[1]["source_range"]["duration"]["value"], 270.0);
}

#[test]
fn retiming_that_cannot_be_is_refused() {
    let place = place_with_new_markers();
    place.write("bad.json", straight_warp(false));
    place.write(
        "line.json",
        r#"{"ok":true,"model":"affine","params":{"a":1.0,"b":0.0}}"#,
    );
    for (args, code, says) in [
        (
            "export edl --markers new_markers.csv --retime",
            2,
            "no retiming in `edl`",
        ),
        (
            "export fcpxml --markers new_markers.csv --timewarp-json timewarp.json",
            2,
            "--retime",
        ),
        (
            "export fcpxml --markers new_markers.csv --retime --time-column t_new",
            2,
            "timeline of the reference",
        ),
        (
            "export fcpxml --markers new_markers.csv --retime --warp bad.json",
            3,
            "not aligned",
        ),
        (
            "export fcpxml --markers new_markers.csv --retime --warp line.json",
            1,
            "--video",
        ),
        (
            "export fcpxml --markers - --retime --out x.fcpxml",
            2,
            "--timewarp-json",
        ),
    ] {
        let said = place.run(args);
        assert!(said.error(code).contains(says), "{args}: {}", said.stderr);
    }
    assert_eq!(
        place.list("."),
        ["bad.json", "line.json", "new_markers.csv", "timewarp.json"]
    );
    let said = place.run("export fcpxml --markers new_markers.csv --retime --warp bad.json --force");
    assert!(
        said.ok().stderr.contains("the runs are not aligned"),
        "{}",
        said.stderr
    );
}

#[test]
fn chapters_go_into_a_recording_and_come_back() {
    let place = place_with_new_markers();
    let plain = with_user_data(ten_seconds(), &[mp4_box(b"FIRM", b"H22.01")]);
    place.write("new.mp4", &plain);
    let said = place.run("export-markers new_markers.csv --preset ffmetadata --mux new.mp4 --out o/with.mp4");
    assert!(
        said.ok().stdout.contains("3 markers -> o/with.mp4"),
        "{}",
        said.stdout
    );
    assert_eq!(place.list("o"), ["with.mp4"]);
    let copy = std::fs::read(place.path("o/with.mp4")).unwrap();
    let moov = plain.windows(4).rposition(|kind| kind == b"moov").unwrap() - 4;
    assert!(copy[..moov] == plain[..moov], "the streams are where they were");
    assert!(copy.windows(6).any(|bytes| bytes == b"H22.01"));
    let said = place.run("import-markers o/with.mp4 --json");
    assert_eq!(said.ok().json()["result"]["format"], "chapters");
    let expected = pairs(&[
        ("Start", "0.000000"),
        ("Rock garden", "1.000000"),
        ("Drop", "5.000000"),
    ]);
    assert_eq!(times(&place.read("o/with_markers.csv")), expected);
    let probe = std::process::Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_entries",
            "chapter=start_time:chapter_tags=title",
            "-of",
            "csv=p=0",
        ])
        .arg(place.path("o/with.mp4"))
        .output()
        .unwrap();
    let chapters = String::from_utf8(probe.stdout).unwrap();
    assert_eq!(chapters, "0.000000,Start\n1.000000,Rock garden\n5.000000,Drop\n");
}

#[test]
fn chapters_are_not_written_into_just_anything() {
    let place = place_with_new_markers();
    place.write("new.mp4", ten_seconds());
    place.write("text.mp4", "hello");
    place.write("none.csv", "name,t_new\n");
    for (args, code, says) in [
        (
            "--preset fcpxml --mux new.mp4 --out x.mp4",
            2,
            "--preset ffmetadata",
        ),
        ("--preset ffmetadata --mux new.mp4", 2, "--out"),
        ("--preset ffmetadata --mux new.mp4 --out -", 2, "--out"),
        (
            "--preset ffmetadata --mux new.mp4 --out new.mp4",
            2,
            "output is one of the inputs: new.mp4",
        ),
        ("--preset ffmetadata --mux text.mp4 --out x.mp4", 1, "not a video"),
        (
            "--preset ffmetadata --mux gone.mp4 --out x.mp4",
            1,
            "file not found: gone.mp4",
        ),
    ] {
        let said = place.run(&format!("export-markers new_markers.csv {args}"));
        assert!(said.error(code).contains(says), "{args}: {}", said.stderr);
    }
    place
        .run("export-markers none.csv --preset ffmetadata --mux new.mp4 --out x.mp4")
        .error(1);
    let names = [
        "new.mp4",
        "new_markers.csv",
        "none.csv",
        "text.mp4",
        "timewarp.json",
    ];
    assert_eq!(place.list("."), names, "nothing is left behind");
}

/// The run of markers in two chapters of ten seconds each, and its map, whose new recording is so long.
fn place_with_chapters(new_secs: f64) -> Place {
    let place = place_with_new_markers();
    for name in ["GX010042.MP4", "GX020042.MP4"] {
        place.write(name, ten_seconds());
    }
    let first = place.path("GX010042.MP4");
    let map = straight_warp(true).replace("/v/new.mp4", first.to_str().unwrap());
    let map = map.replace(r#""duration":30.0"#, &format!(r#""duration":{new_secs}"#));
    place.write("timewarp.json", map);
    place
}

#[test]
fn markers_do_not_go_into_a_later_chapter() {
    let place = place_with_chapters(20.0);
    let with = |more: &str| place.run(&format!("export-markers new_markers.csv {more}"));
    for more in [
        "--preset fcpxml --video GX020042.MP4",
        "--preset fcpxml --video GX020042.MP4 --retime --reference-video GX010042.MP4",
        "--preset ffmetadata --mux GX020042.MP4 --out o.mp4",
        "--preset ffmetadata --video GX010042.MP4 --mux GX020042.MP4 --out o.mp4",
    ] {
        let said = with(more);
        let error = said.error(2);
        assert!(
            error.contains("is not the first file of its recording")
                && error.contains(": GX020042.MP4; hint: name GX010042.MP4, or join"),
            "{more}: {error}"
        );
    }
    let said = with("--preset fcpxml --video GX010042.MP4");
    assert!(
        said.ok()
            .stderr
            .contains("is the first of 2 files of its recording"),
        "{}",
        said.stderr
    );
    // Without a map nobody says that the markers are those of the later file.
    std::fs::remove_file(place.path("timewarp.json")).unwrap();
    with("--preset fcpxml --video GX020042.MP4").error(2);
}

#[test]
fn a_chapter_that_was_aligned_alone_is_a_recording() {
    let place = place_with_chapters(10.0);
    for name in ["GX010042.MP4", "GX020042.MP4"] {
        for more in [
            format!("--preset fcpxml --video {name} --out o.fcpxml"),
            format!("--preset ffmetadata --mux {name} --out o.mp4"),
        ] {
            let said = place.run(&format!("export-markers new_markers.csv {more}"));
            assert!(
                !said.ok().stderr.contains("files of its recording"),
                "{}",
                said.stderr
            );
        }
    }
    // A later number on its own, as of another card, is a recording, too.
    let place = place_with_chapters(20.0);
    std::fs::remove_file(place.path("GX010042.MP4")).unwrap();
    place
        .run("export-markers new_markers.csv --preset fcpxml --video GX020042.MP4")
        .ok();
}
