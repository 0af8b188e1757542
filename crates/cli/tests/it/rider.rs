//! What a rider types and reads: recordings in order, the folder of a run, whole recordings by any chapter,
//! and the last lines of `sync`.

use std::fs;
use std::process::Command;

use crate::common::{Place, Said, clip, cut, data, interpolated};

fn lines(said: &Said) -> Vec<&str> {
    said.stdout.lines().collect()
}

fn sample(place: &Place, more: &[&str]) -> Said {
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let markers = data("sample/reference_markers.csv");
    let files = [
        "sync",
        &reference,
        &new,
        "--ref-markers",
        &markers,
        "--out",
        "my run",
    ];
    place.run_args(&[&files, more].concat())
}

#[test]
fn sync_ends_with_what_happened() {
    let place = Place::sharing_cache();
    let said = sample(&place, &[]);
    assert_eq!(
        lines(said.ok()),
        [
            "You were 2.9 s faster from 01 to 06; biggest gain 04–05: -1.4 s.",
            "All 6 markers are sure.",
            "Results: my run",
            "Next: mtbsync compare 'my run'   (both runs side by side)",
        ]
    );
    let told = sample(&place, &["-v"]);
    assert_eq!(told.ok().stdout, said.stdout);
    for line in [
        "Settings: ",
        "Pairs: ",
        "Time-warp: ",
        "Gates: all passed",
        "Markers: 6 ok",
        "Timing: ",
    ] {
        let told = told.stderr.lines().any(|told| told.starts_with(line));
        assert!(told, "{line}");
    }
    let result = sample(&place, &["--json"]).ok().json()["result"].clone();
    let ride = &result["ride"];
    assert_eq!(ride["whole"]["from"]["name"], "01 Switchback");
    let delta = ride["whole"]["delta"].as_f64().unwrap();
    assert!((delta + 2.91).abs() < 0.05, "{delta}");
    assert!(ride["whole"]["delta_low"].as_f64().unwrap() < delta);
    assert_eq!(ride["biggest_loss"], serde_json::Value::Null, "faster everywhere");
}

#[test]
fn a_part_in_common_comes_first() {
    let place = Place::sharing_cache();
    let reference = cut("sample/reference.mp4", 6..24, "1", "10");
    let said = place.run_args(&["sync", &reference, &data("sample/new.mp4"), "--out", "part"]);
    let said = lines(said.ok()).join("\n");
    assert!(
        said.starts_with("Partly aligned: your run and the reference show the same trail from 0:0"),
        "{said}"
    );
    assert!(
        said.contains("\nYou were ")
            && said.contains("from the first moment both runs show to the last (0:0"),
        "{said}"
    );
}

#[test]
fn a_refusal_says_what_may_be_wrong() {
    let place = Place::sharing_cache();
    let said = place.run_args(&[
        "sync",
        &data("sample/reference.mp4"),
        &data("race-lap/pass1.mp4"),
        "--out",
        "no",
    ]);
    assert_eq!(said.code, 3);
    assert!(
        said.stderr.ends_with("not aligned: no common stretch\n"),
        "{}",
        said.stderr
    );
    assert!(
        said.stdout
            .starts_with("The two recordings show no stretch of trail that is surely the same."),
        "{}",
        said.stdout
    );
    // A gate that is too strict for a ride that fits.
    let said = sample(&place, &["--warp-min-coverage", "0.99"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stdout.starts_with("Only a part fits: ") && said.stdout.contains("--warp-min-coverage"),
        "{}",
        said.stdout
    );
    let said = sample(&place, &["--warp-max-p90", "0.0001"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stderr.contains("not aligned: p90 ") && said.stdout.contains("a higher --warp-max-p90 takes it"),
        "{}{}",
        said.stderr,
        said.stdout
    );
}

#[test]
fn a_recording_that_is_cut_off_is_named_as_such() {
    let place = Place::sharing_cache();
    let faststart = clip(
        "fast.mp4",
        &[
            "-i",
            &data("sample/new.mp4"),
            "-c",
            "copy",
            "-movflags",
            "+faststart",
            "-f",
            "mp4",
        ],
    );
    let bytes = fs::read(faststart).unwrap();
    let half = place.write("half.mp4", &bytes[..bytes.len() / 2]);
    let half = half.to_str().unwrap();
    let said = place.run_args(&["sync", &data("sample/reference.mp4"), half, "--out", "half"]);
    assert!(
        said.ok()
            .stderr
            .contains("half.mp4 is cut off: the file ends after "),
        "{}",
        said.stderr
    );
    assert!(
        said.stdout
            .starts_with("The new recording is cut off: only what is there was compared.\n"),
        "{}",
        said.stdout
    );
    let said = place.run_args(&["sync", &data("race-lap/pass1.mp4"), half, "--out", "no", "-q"]);
    assert_eq!((said.code, said.stdout.as_str()), (3, ""));
    let said = place.run_args(&["sync", &data("race-lap/pass1.mp4"), half, "--out", "no"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stdout.contains("\nThe new recording is cut off: "),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("\nNext: mtbsync doctor "), "{}", said.stdout);
    // Of some copies nothing but the index is there; of others not even that.
    let start = bytes.windows(4).position(|kind| kind == b"mdat").unwrap();
    let nothing = place.write("nothing.mp4", &bytes[..start + 8]);
    let ftyp = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    let no_index = place.write("no_index.mp4", [&bytes[..ftyp], &bytes[start - 4..]].concat());
    for (file, what) in [
        (nothing, "recording is cut off before its first picture"),
        (no_index, "recording is cut off (no moov box)"),
    ] {
        let said = place.run_args(&["sync", &data("sample/reference.mp4"), file.to_str().unwrap()]);
        let error = said.error(1);
        assert!(error.contains(what) && error.contains("hint: copy "), "{error}");
    }
}

#[test]
fn any_chapter_is_the_whole_recording() {
    let place = Place::sharing_cache();
    let pattern = place.path("GX0%d0123.MP4");
    let status = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-y",
            "-i",
            &data("sample/new.mp4"),
            "-c",
            "copy",
            "-f",
            "segment",
        ])
        .args([
            "-segment_times",
            "10",
            "-reset_timestamps",
            "1",
            "-segment_start_number",
            "1",
        ])
        .arg(&pattern)
        .status();
    assert!(status.unwrap().success());
    let second = place.path("GX020123.MP4");
    let said = place.run_args(&[
        "sync",
        &data("sample/reference.mp4"),
        second.to_str().unwrap(),
        "--out",
        "out",
    ]);
    let told =
        "GX020123.MP4 is one chapter of a recording: all of it is used, from GX010123.MP4 to GX020123.MP4";
    assert!(said.ok().stderr.contains(told), "{}", said.stderr);
    let new = &place.json("out/timewarp.json")["new"];
    assert!(new["path"].as_str().unwrap().ends_with("/GX010123.MP4"), "{new}");
    let [t_new, t_ref, _] = place.knots();
    assert!(
        t_new[0] < 5.0 && t_new[t_new.len() - 1] > 15.0,
        "both chapters: {t_new:?}"
    );
    let at = interpolated(&t_new, &t_ref, 18.182).unwrap();
    assert!(
        (at - 20.402).abs() < 0.1,
        "on the clock of the whole recording: {at}"
    );
    // Alone it is a recording of its own.
    let alone = [
        "sync",
        &data("sample/reference.mp4"),
        second.to_str().unwrap(),
        "--single-file",
        "--out",
        "out",
    ];
    assert!(!place.run_args(&alone).ok().stderr.contains("one chapter"));
    assert!(place.knots()[0].last().unwrap() < &13.0);
}

#[test]
fn a_run_knows_its_files() {
    let place = Place::sharing_cache();
    let new = cut("sample/new.mp4", 2..18, "1", "10");
    fs::copy(new, place.path("new.mp4")).unwrap();
    let reference = cut("sample/reference.mp4", 2..18, "1", "10");
    place.write("m.csv", "name,t_ref\njump,3.0\nroot,7.5\nbermuda,11.0\n");
    let sync = [
        "sync",
        &reference,
        "new.mp4",
        "--ref-markers",
        "m.csv",
        "--out",
        "run",
    ];
    place.run_args(&sync).ok();

    let said = place.run("splits run");
    assert!(said.ok().stdout.contains("jump - root"), "{}", said.stdout);
    place.run("export-markers run").ok();
    assert!(place.read("run/new_markers_export.csv").contains("bermuda"));
    place.run("export run --preset resolve-edl").ok();
    place.run("export resolve-edl --markers run --out other.edl").ok();
    assert_eq!(place.read("run/new_markers.edl"), place.read("other.edl"));
    let said = place.run("render run --size 160x64 --audio none --to 5");
    assert!(
        said.ok().stdout.contains("-> run/comparison.mp4"),
        "{}",
        said.stdout
    );
    assert!(place.path("run/comparison.mp4").exists());

    fs::rename(place.path("new.mp4"), place.path("moved.mp4")).unwrap();
    let said = place.run("render run");
    let error = said.error(1);
    assert!(
        error.contains("the new recording of the run is no longer there"),
        "{error}"
    );
    assert!(error.contains("hint: say where it is with --new"), "{error}");
    place
        .run("render run --new moved.mp4 --size 160x64 --audio none --to 5")
        .ok();
    for command in ["render m", "export m", "compare m", "splits m"] {
        fs::create_dir_all(place.path("m")).unwrap();
        let said = place.run(command);
        assert!(
            said.error(1).contains("is no run: it holds no timewarp.json"),
            "{command}"
        );
    }
}
