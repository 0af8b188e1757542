//! Markers in and out of editors and cameras: import-markers, retimed timelines, chapters in recordings.

mod common;

use common::{Place, clip};

/// What a HERO6 wrote into `moov/udta/GPMF`: tags at 0.8, 4.72 and 8.48 s, set by hand.
const HIGHLIGHTS: &[u8] = include_bytes!("../../telemetry/tests/data/gpmf/telemetry-mp4header.raw");

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

fn mp4_box(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len() + 8).unwrap().to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(payload);
    bytes
}

/// Payload of a `HMMT` box with tags at these times.
fn hmmt(times_ms: &[u32]) -> Vec<u8> {
    let mut payload = u32::try_from(times_ms.len()).unwrap().to_be_bytes().to_vec();
    payload.extend(times_ms.iter().flat_map(|ms| ms.to_be_bytes()));
    payload.resize(404, 0);
    payload
}

/// Puts boxes into a new `moov/udta`. The clip's `moov` is its last box, so that no offset changes.
fn with_user_data(mut mp4: Vec<u8>, boxes: &[Vec<u8>]) -> Vec<u8> {
    let at = mp4.windows(4).rposition(|kind| kind == b"moov").unwrap() - 4;
    let udta = mp4_box(b"udta", &boxes.concat());
    let size = u32::from_be_bytes(mp4[at..at + 4].try_into().unwrap());
    assert_eq!(at + size as usize, mp4.len(), "moov is the last box");
    mp4.extend(&udta);
    mp4[at..at + 4].copy_from_slice(&(size + u32::try_from(udta.len()).unwrap()).to_be_bytes());
    mp4
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
    assert_eq!(times(&said.ok().stdout), pairs(&[("HiLight 1", "2.500000")]));
    assert!(
        said.stderr
            .contains("earlier chapter GX010042.MP4 is not included"),
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
    place.write("timewarp.json", common::straight_warp(true));
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
        ("m.csv --out m.csv", 2, "output is the input"),
        ("m.csv --fps 0", 2, "bad value"),
    ] {
        let said = place.run(&format!("import-markers {args}"));
        assert!(said.error(code).contains(says), "{args}: {}", said.stderr);
    }
    assert_eq!(place.list("."), ["cut.mp4", "empty", "m.csv", "note.txt"]);
}
