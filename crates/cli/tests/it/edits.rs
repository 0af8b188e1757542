//! What a person has set in a run is what every consumer reads, and survives the next run.

use std::collections::BTreeMap;
use std::fs;

use crate::batch::batch;
use crate::common::{Place, data, straight_warp};
use crate::sync::sync_sample;
use mtbsync_markers::export::Preset;
use serde_json::{Value, json};

/// Markers of a straight map, the second of which a person has moved by half a second and noted on, and the
/// third confirmed; the table on the disk still says what the map says.
const TABLE: &str = "marker_id,name,t_ref,t_new_est,t_new,t_new_low,t_new_high,confidence,needs_review,status,colour,comment\n\
    1,Start,2.000000,1.000000,1.000000,0.900000,1.100000,0.9000,false,ok,,\n\
    2,Rock garden,11.200000,10.200000,10.200000,10.100000,10.300000,0.4000,true,review,Red,slippery\n\
    3,Drop,21.500000,20.500000,20.500000,20.400000,20.600000,0.4000,true,review,,\n\
    4,Finish,30.000000,29.000000,29.000000,28.900000,29.100000,0.9000,false,ok,,\n";

fn notes() -> Value {
    json!([
        {"marker_id": "2", "t_ref": 11.2, "t_new": 10.7, "label": "", "note": "seen by me"},
        {"marker_id": "3", "t_ref": 21.5, "t_new": 20.5, "label": "confirmed", "note": ""},
    ])
}

/// The same table as a person wants it.
fn wanted() -> String {
    TABLE
        .replace(
            "10.200000,10.200000,10.100000,10.300000,0.4000,true,review",
            "10.700000,10.700000,10.700000,10.700000,1.0000,false,ok",
        )
        .replace(
            "20.500000,20.500000,20.400000,20.600000,0.4000,true,review",
            "20.500000,20.500000,20.500000,20.500000,1.0000,false,ok",
        )
}

/// The run `run`, and `wanted`, whose table is as a person wants it.
pub fn edited() -> Place {
    let place = Place::new();
    for folder in ["run", "wanted"] {
        place.write(&format!("{folder}/timewarp.json"), straight_warp(true));
    }
    place.write("run/new_markers.csv", TABLE);
    place.write("run/annotations.json", notes().to_string());
    place.write("wanted/new_markers.csv", wanted());
    place
}

#[test]
fn the_first_export_of_every_preset_has_the_moved_place() {
    let place = edited();
    for preset in Preset::ALL {
        let files = |folder: &str| -> BTreeMap<String, Vec<u8>> {
            let before = place.list(folder);
            let out = format!("{folder}/out{}", preset.default_suffix());
            let said = place.run(&format!(
                "export-markers {folder}/new_markers.csv --preset {} --label same --out {out}",
                preset.name()
            ));
            said.ok();
            let mut made = place.list(folder);
            made.retain(|name| !before.contains(name));
            let read = |name: String| {
                let bytes = fs::read(place.path(folder).join(&name)).unwrap();
                (name, bytes)
            };
            made.into_iter().map(read).collect()
        };
        let (now, wanted) = (files("run"), files("wanted"));
        assert!(!now.is_empty(), "{}", preset.name());
        assert_eq!(now, wanted, "{}", preset.name());
    }
}

#[test]
fn transfer_splits_and_pictures_read_what_was_set() {
    let place = edited();
    let markers =
        "name,t_ref,colour,comment\nStart,2,,\nRock garden,11.2,Red,slippery\nDrop,21.5,,\nFinish,30,,\n";
    place.write("markers.csv", markers);
    let transfer =
        "transfer-markers --ref-markers markers.csv --timewarp-json run/timewarp.json --out again.csv";
    place.run(transfer).ok();
    let again = place.read("again.csv");
    let row = |id: usize| again.lines().nth(id).unwrap().to_owned();
    assert_eq!(
        row(2),
        "2,Rock garden,11.200000,10.700000,10.700000,10.700000,10.700000,1.0000,false,ok,Red,slippery"
    );
    assert!(
        row(3).contains(",20.500000,20.500000,1.0000,false,ok"),
        "{}",
        row(3)
    );

    place
        .run("splits --ref-markers markers.csv --root run --out splits.csv")
        .ok();
    let splits = place.read("splits.csv");
    let sections: Vec<Vec<&str>> = splits
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let times: Vec<(&str, &str)> = sections.iter().take(3).map(|row| (row[9], row[10])).collect();
    assert_eq!(
        times,
        [
            ("9.700000", "0.500000"),
            ("9.800000", "-0.500000"),
            ("8.500000", "0.000000")
        ]
    );

    // Pictures are compared: that of the corrected table, and that of the table which is still the old one.
    for (folder, name) in [("run", "a.png"), ("wanted", "b.png")] {
        place
            .run(&format!(
                "viewer --headless --ref-markers markers.csv --timewarp-json {folder}/timewarp.json \
                 --new-markers {folder}/new_markers.csv --out-png {name}"
            ))
            .ok();
    }
    assert_eq!(
        fs::read(place.path("a.png")).unwrap(),
        fs::read(place.path("b.png")).unwrap()
    );
}

/// The row of a marker in `folder`, from its second estimate on.
fn row(place: &Place, folder: &str, id: &str) -> Vec<String> {
    let table = place.read(&format!("{folder}/new_markers.csv"));
    let row = table.lines().find(|line| line.starts_with(&format!("{id},")));
    row.unwrap().split(',').map(str::to_owned).collect()
}

/// Moves the second marker of the run by a second, confirms the third and adds an anchor a tenth of a second
/// from the curve; returns where the second now is, and the anchor.
fn correct(place: &Place, folder: &str) -> (String, [f64; 2]) {
    let secs = |row: &[String], column: usize| row[column].parse::<f64>().unwrap();
    let (second, third) = (row(place, folder, "2"), row(place, folder, "3"));
    let moved = secs(&second, 4) + 1.0;
    let notes = json!([
        {"marker_id": "2", "t_ref": secs(&second, 2), "t_new": moved, "label": "", "note": ""},
        {"marker_id": "3", "t_ref": secs(&third, 2), "t_new": secs(&third, 4), "label": "confirmed", "note": ""},
    ]);
    place.write(&format!("{folder}/annotations.json"), notes.to_string());
    let fourth = row(place, folder, "4");
    let anchor = [secs(&fourth, 4), secs(&fourth, 2) + 0.1];
    let csv = format!("t_new,t_ref,note\n{},{},here\n", anchor[0], anchor[1]);
    place.write(&format!("{folder}/anchors.csv"), csv);
    (format!("{moved:.6}"), anchor)
}

/// What was set is in the table, and the map meets the anchor.
fn assert_kept(place: &Place, folder: &str, moved: &str, anchor: [f64; 2]) {
    let second = row(place, folder, "2");
    assert_eq!((second[4].as_str(), second[9].as_str()), (moved, "ok"));
    assert_eq!(row(place, folder, "3")[7], "1.0000");
    let map = place.json(&format!("{folder}/timewarp.json"));
    let (new, reference) = (&map["knots"]["t_new"], &map["knots"]["t_ref"]);
    let at = new
        .as_array()
        .unwrap()
        .iter()
        .position(|t| (t.as_f64().unwrap() - anchor[0]).abs() < 1e-6);
    let there = reference[at.unwrap()].as_f64().unwrap();
    assert!((there - anchor[1]).abs() < 1e-6, "{there} {anchor:?}");
}

#[test]
fn another_sync_of_the_pair_keeps_what_was_set() {
    let place = Place::sharing_cache();
    sync_sample(&place, "out", &[]);
    let predicted = row(&place, "out", "2");
    let (moved, anchor) = correct(&place, "out");
    let kept = json!({"confirmed": 1, "moved": 1, "notes": 0, "anchors": 1});
    for more in [
        &[][..],
        &["--force", "--warp-window-sec", "0.4"],
        &["--review-threshold", "0.9"],
    ] {
        let summary = sync_sample(&place, "out", more);
        assert_eq!(summary["result"]["kept"], kept, "{more:?}");
        assert_kept(&place, "out", &moved, anchor);
    }
    // Without the markers' file the run's own table goes on.
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let said = place.sync(&reference, &new, &["--out", "out"]);
    assert!(
        said.ok()
            .stdout
            .contains("1 confirmed marker, 1 moved marker and 1 anchor kept from before"),
        "{}",
        said.stdout
    );
    assert_kept(&place, "out", &moved, anchor);

    let summary = sync_sample(&place, "out", &["--discard-edits"]);
    assert_eq!(summary["result"]["kept"]["moved"], 0);
    assert_eq!(row(&place, "out", "2"), predicted);
    for name in ["annotations.json", "anchors.csv"] {
        assert!(!place.path("out").join(name).exists(), "{name}");
        assert!(place.path("out").join(format!("{name}.bak")).exists(), "{name}");
    }
}

#[test]
fn named_anchors_join_those_of_the_run_and_another_pair_gets_none() {
    let place = Place::sharing_cache();
    sync_sample(&place, "out", &[]);
    let (moved, anchor) = correct(&place, "out");
    let fifth = row(&place, "out", "5");
    let near = format!(
        "t_new,t_ref\n{},{}\n{},{}\n",
        fifth[4],
        fifth[2],
        anchor[0] + 0.05,
        anchor[1]
    );
    place.write("given.csv", near);
    let summary = sync_sample(&place, "out", &["--anchors", "given.csv"]);
    assert_eq!(
        summary["result"]["kept"]["anchors"], 0,
        "the given one takes its place"
    );
    let warnings = summary["warnings"].to_string();
    assert!(
        warnings.contains("1 earlier anchor of this run replaced"),
        "{warnings}"
    );
    assert!(!warnings.contains("by the pictures"), "{warnings}");
    assert_eq!(place.read("out/anchors.csv").lines().count(), 3);
    assert_kept(&place, "out", &moved, [anchor[0] + 0.05, anchor[1]]);

    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let said = place.sync(&new, &reference, &["--out", "out"]);
    assert!(
        said.ok().stderr.contains("belong to other recordings"),
        "{}",
        said.stderr
    );
    assert!(!place.path("out/annotations.json").exists());
    assert!(
        place
            .read("out/annotations.json.bak")
            .contains(moved.trim_end_matches('0'))
    );
}

#[test]
fn an_anchor_that_the_pictures_contradict_is_said() {
    let place = Place::sharing_cache();
    place.write("far.csv", "t_new,t_ref\n12.0,14.0\n");
    let summary = sync_sample(&place, "out", &["--anchors", "far.csv"]);
    let warnings = summary["warnings"].to_string();
    assert!(
        warnings.contains(
            "the anchor at 12.00 s of the new run says 14.00 s of the reference; by the pictures it is 11.3"
        ),
        "{warnings}"
    );
}

#[test]
fn a_batch_keeps_what_was_set_in_its_runs() {
    let place = Place::sharing_cache();
    fs::create_dir_all(place.path("in")).unwrap();
    for (from, to) in [
        ("sample/reference.mp4", "a_ref.mp4"),
        ("sample/new.mp4", "a_new.mp4"),
        ("sample/reference_markers.csv", "a_ref_markers.csv"),
    ] {
        fs::copy(data(from), place.path("in").join(to)).unwrap();
    }
    batch(&place, "out", "").ok();
    let folder = place
        .list("out")
        .into_iter()
        .find(|name| place.path("out").join(name).is_dir());
    let folder = format!("out/{}", folder.unwrap());
    let (moved, anchor) = correct(&place, &folder);
    for more in ["--resume --review-threshold 0.9", ""] {
        batch(&place, "out", more).ok();
        assert_kept(&place, &folder, &moved, anchor);
    }
    // What is finished is not made again, and exports read the notes all the same.
    batch(&place, "out", "--resume").ok();
    place
        .run(&format!(
            "export-markers {folder}/new_markers.csv --preset csv --out set.csv"
        ))
        .ok();
    assert!(
        place.read("set.csv").contains(&moved),
        "{}",
        place.read("set.csv")
    );
}

#[test]
fn a_correction_belongs_to_its_place_whatever_becomes_of_the_rows() {
    let place = Place::sharing_cache();
    sync_sample(&place, "out", &[]);
    let (moved, _) = correct(&place, "out");
    let markers = fs::read_to_string(data("sample/reference_markers.csv")).unwrap();
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let sync = |text: &str| {
        place.write("markers.csv", text);
        let said = place.sync(
            &reference,
            &new,
            &["--ref-markers", "markers.csv", "--out", "out", "--json"],
        );
        said.ok().json()
    };
    // A row before it changes the numbers of all, which are their ids here.
    let inserted = markers.replacen('\n', "\n00 Start,5.0,,\n", 1);
    let summary = sync(&inserted);
    assert_eq!(summary["result"]["kept"]["moved"], 1);
    let third = row(&place, "out", "3");
    assert_eq!(
        (third[1].as_str(), third[4].as_str()),
        ("02 Braking", moved.as_str())
    );
    // Without its marker there is nothing to keep, and that is said.
    let without: String = markers
        .lines()
        .filter(|line| !line.starts_with("02"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let summary = sync(&without);
    assert_eq!(summary["result"]["kept"]["moved"], 0);
    let warnings = summary["warnings"].to_string();
    assert!(
        warnings.contains("no marker is there any more: 14.17 s"),
        "{warnings}"
    );
    assert!(!place.read("out/new_markers.csv").contains(&moved));
    // With the marker the correction is back.
    assert_eq!(sync(&markers)["result"]["kept"]["moved"], 1);
    assert_eq!(row(&place, "out", "2")[4], moved);
}

#[test]
fn a_run_without_a_map_keeps_what_was_set_and_knows_whose_it_is() {
    let place = Place::sharing_cache();
    sync_sample(&place, "out", &[]);
    let (moved, anchor) = correct(&place, "out");
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let only_set = |place: &Place| {
        assert_eq!(row(place, "out", "2")[4], moved);
        assert_eq!(row(place, "out", "1")[9], "outside");
    };
    // Refused by its gates.
    let refused = place.sync(
        &reference,
        &new,
        &["--out", "out", "--warp-min-coverage", "0.999"],
    );
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    only_set(&place);
    place.sync(&reference, &new, &["--out", "out"]).ok();
    assert_kept(&place, "out", &moved, anchor);
    // No map asked for.
    place.sync(&reference, &new, &["--out", "out", "--no-warp"]).ok();
    only_set(&place);
    let said = place.sync(&new, &reference, &["--out", "out"]);
    assert!(
        said.ok().stderr.contains("belong to other recordings"),
        "{}",
        said.stderr
    );
}

#[test]
fn no_output_takes_the_place_of_what_was_set() {
    let place = edited();
    let notes = place.read("run/annotations.json");
    place.write("run/anchors.csv", "t_new,t_ref\n3,4\n");
    place.write("markers.csv", "name,t_ref\nStart,2\nDrop,21.5\n");
    for wrong in [
        "export-markers run/new_markers.csv --preset json --out run/annotations.json",
        "transfer-markers --ref-markers markers.csv --timewarp-json run/timewarp.json --out run/anchors.csv",
        "splits --ref-markers markers.csv --root run --out run/Annotations.json",
    ] {
        assert!(
            place.run(wrong).error(2).contains("holds what a person has set"),
            "{wrong}"
        );
    }
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    place
        .sync(&reference, &new, &["--out", "run/anchors.csv"])
        .error(2);
    assert_eq!(place.read("run/annotations.json"), notes);
    assert_eq!(place.read("run/anchors.csv"), "t_new,t_ref\n3,4\n");
}

#[test]
fn a_table_of_another_program_or_run_is_read_for_what_it_is() {
    let place = edited();
    // Saved by a spreadsheet.
    let theirs = TABLE.replace(',', ";").replace('.', ",");
    place.write("run/new_markers.csv", &theirs);
    let export = |table: &str, out: &str| {
        place
            .run(&format!("export-markers {table} --preset csv --out {out}"))
            .ok();
        place.read(out)
    };
    let wanted = export("wanted/new_markers.csv", "wanted.csv");
    assert_eq!(export("run/new_markers.csv", "theirs.csv"), wanted);
    // Of another run, put beside it.
    place.write("run/sunday.csv", TABLE);
    let sunday = export("run/sunday.csv", "sunday.csv");
    assert!(sunday.contains("10.2") && !sunday.contains("10.7"), "{sunday}");
}
