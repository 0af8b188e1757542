//! Mistakes of the past, each named by what went wrong. A mistake that is mended gets its test here.

use std::process::Stdio;

use crate::common::{Said, clip, data, straight_warp};
use crate::editors::place_with_new_markers;
use crate::markers::place_with_markers;
use crate::sync::{sync_sample, synced};

#[test]
fn a_map_in_another_folder_was_taken_for_the_missing_one() {
    let place = place_with_markers();
    place.write("cache/timewarp.json", straight_warp(true));
    std::fs::remove_file(place.path("timewarp.json")).unwrap();
    let said = place.run("transfer --ref-markers m.csv --timewarp-json timewarp.json --out n.csv");
    let line = said.error(1);
    assert!(
        line.starts_with(
            "error: file not found: timewarp.json; hint: did you mean cache/timewarp.json (written "
        ),
        "{line}"
    );
    assert!(!place.path("n.csv").exists());
}

#[test]
fn a_closed_stdout_was_an_error() {
    let place = place_with_markers();
    let mut child = place
        .program()
        .args([
            "transfer",
            "--ref-markers",
            "m.csv",
            "--warp",
            "timewarp.json",
            "--progress",
            "none",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let said = Said::of(&child.wait_with_output().unwrap());
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
}

#[test]
fn the_clip_of_an_editor_file_had_no_sound() {
    let place = place_with_new_markers();
    let picture = "testsrc2=size=160x120:rate=30:duration=4";
    let sound = "sine=sample_rate=44100:duration=4";
    let with_sound = clip(
        "editors-sound.mp4",
        &[
            "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-c:a", "aac",
            "-ac", "2", "-f", "mp4",
        ],
    );
    for name in ["GX010007.MP4", "GX020007.MP4"] {
        std::fs::copy(&with_sound, place.path(name)).unwrap();
    }
    let said = place.run("export fcpxml --markers new_markers.csv --video GX010007.MP4 --json");
    let summary = said.ok().json();
    let warning = summary["warnings"][0].as_str().unwrap();
    assert!(warning.contains("the first of 2 files"), "{warning}");
    assert_eq!(
        summary["result"]["clamped"], 1,
        "one marker lies behind the first file"
    );
    let text = place.read("new_markers.fcpxml");
    let asset = "duration=\"120/30s\" hasVideo=\"1\" format=\"r1\" hasAudio=\"1\" audioSources=\"1\" audioChannels=\"2\" audioRate=\"44100\"";
    assert!(text.contains(asset), "{text}");
    assert!(
        text.contains("audioLayout=\"stereo\" audioRate=\"44.1k\""),
        "{text}"
    );
}

#[test]
fn editor_files_of_an_earlier_run_stayed() {
    let place = synced();
    let new = data("sample/new.mp4");
    sync_sample(place, "edited", &["--export", "fcpxml", "--video", &new]);
    let timeline = place.read("edited/new_markers.fcpxml");
    assert!(
        timeline.contains("<asset ") && timeline.contains("new.mp4"),
        "{timeline}"
    );
    sync_sample(place, "edited", &[]);
    assert!(place.read("edited/new_markers.edl").contains("Switchback"));
    assert!(
        !place.path("edited/new_markers.fcpxml").exists(),
        "a file of the run before stayed"
    );
}

#[test]
fn an_editor_file_that_may_be_a_person_s_stayed_without_a_word() {
    let place = synced();
    let theirs = "<fcpxml version=\"1.9\"><event name=\"my cut\"></event></fcpxml>\n";
    place.write("typed/new_markers.fcpxml", theirs);
    let warnings = sync_sample(place, "typed", &[])["warnings"].to_string();
    assert!(
        warnings.contains("new_markers.fcpxml stays as it is"),
        "{warnings}"
    );
    assert_eq!(place.read("typed/new_markers.fcpxml"), theirs);
}
