//! `mtbsync render --ideal` (docs/reference/cli.md#render): which recording is seen and heard when.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Place, clip};
use crate::render::{lumas, probe, secs};

/// Levels of luma from frame to frame: more than coding may change.
const STEP: i32 = 4;
/// Frames after which lumas begin anew.
const CYCLE: i32 = 50;
const RATE: f64 = 30.0;
/// Where the frame's number, the bar beside a portrait picture, and the white edge of `c` are looked for.
const PLACES: [(usize, usize); 3] = [(32, 24), (2, 24), (60, 24)];

/// A clip of six seconds that tells the number of each frame.
fn counting(name: &str, size: &str, more: &str) -> String {
    let white = if name.contains("_c") { "gte(X,48)" } else { "0" };
    let luma = format!("if({white},235,20+mod(N,{CYCLE})*{STEP})");
    let pictures = format!("color=black:size={size}:rate={RATE}:duration=6,geq=lum='{luma}':cb=128:cr=128");
    let args = format!(
        "-f lavfi -i {pictures} {more} -c:v libx264 -qp 1 -bf 2 -g 20 -color_range tv -colorspace bt709 -c:a aac"
    );
    clip(name, &args.split_whitespace().collect::<Vec<_>>())
}

fn tone(hertz: u32, rate: u32) -> String {
    format!("-f lavfi -i sine=frequency={hertz}:sample_rate={rate}:duration=6")
}

/// A run that takes `section_secs` from each gate to the next, from half a second of its recording on.
fn run(place: &Place, name: &str, recording: &str, reference: &str, section_secs: &[f64]) {
    let (mut t_new, mut t_ref) = (vec![0.5], vec![1.0]);
    for secs in section_secs {
        let from = (t_new[t_new.len() - 1], t_ref[t_ref.len() - 1]);
        for tenth in 1..=10 {
            let share = f64::from(tenth) / 10.0;
            t_new.push(from.0 + share * secs);
            t_ref.push(from.1 + share);
        }
    }
    let last = t_new.len() - 1;
    let map = json!({
        "ok": true, "version": 2, "model": "monotone", "params": { "a": 1.0, "b": 0.0 },
        "knots": { "t_new": t_new, "t_ref": t_ref, "sigma": vec![0.01; t_new.len()] },
        "segments": [{ "knots": [0, last], "t_new": [t_new[0], t_new[last]], "t_ref": [t_ref[0], t_ref[last]] }],
        "reference": { "path": reference }, "new": { "path": recording, "duration": 6.0 },
    });
    place.write(&format!("runs/{name}/timewarp.json"), map.to_string());
}

fn gates(t_ref: &[f64]) -> Value {
    let gate = |t_ref: &f64| json!({ "name": format!("G{t_ref}"), "t_ref": t_ref, "type": "split" });
    json!({ "version": 1, "trails": [{
        "id": "line", "name": "Line", "reference": { "fingerprint": "/nowhere/ref.mp4", "file": "ref.mp4" },
        "gates": t_ref.iter().map(gate).collect::<Vec<_>>(),
        "runs": { "hid": { "hidden": true }, "a": { "rider": "Ana" } },
    }] })
}

const GATES: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

/// `a` is the fastest in the first and the last section, `b`, portrait and silent, in the two between, `c`
/// with another sample rate in the fourth. A hidden run, whose recording is gone, would be faster everywhere.
fn season() -> Place {
    let place = Place::new();
    let a = counting("ideal_a.mp4", "64x48", &tone(880, 48_000));
    let b = counting("ideal_b.mp4", "48x64", "");
    let c = counting("ideal_c.mp4", "64x48", &tone(660, 44_100));
    let reference = "/nowhere/ref.mp4";
    run(&place, "a", &a, reference, &[0.81, 1.2, 1.2, 1.2, 0.93]);
    run(&place, "b", &b, reference, &[1.3, 0.68, 0.71, 1.3, 1.3]);
    run(&place, "c", &c, reference, &[1.1, 1.1, 1.1, 0.59, 1.2]);
    run(&place, "hid", "/nowhere/hid.mp4", reference, &[0.5; 5]);
    place.write("runs/trail.json", gates(&GATES).to_string());
    place
}

/// Run, from and to of each section, as the board has them.
fn best(place: &Place) -> Vec<(String, f64, f64)> {
    let board = &place.run("trail board runs --json").json()["result"];
    let rows = board["rows"].as_array().unwrap();
    let runs = board["ideal"]["from"].as_array().unwrap().iter().enumerate();
    runs.map(|(k, run)| {
        let row = rows.iter().find(|row| row["run"] == *run).unwrap();
        let t = &row["sections"][k]["t"];
        let name = run.as_str().unwrap().to_owned();
        (name, t[0].as_f64().unwrap(), t[1].as_f64().unwrap())
    })
    .collect()
}

#[test]
fn each_section_is_seen_from_its_fastest_run() {
    let place = season();
    place
        .run("render --root runs --ideal --no-labels --quality 4 --out v.mp4")
        .ok();
    let best = best(&place);
    let names: Vec<&str> = best.iter().map(|section| section.0.as_str()).collect();
    assert_eq!(names, ["a", "b", "b", "c", "a"]);
    let frames = lumas(&place.path("v.mp4"), (64, 48), &PLACES);
    // Sections of `b` are one stretch: it is not cut at the gate between them.
    let stretches = [
        ("a", best[0].1, best[0].2),
        ("b", best[1].1, best[2].2),
        ("c", best[3].1, best[3].2),
        ("a", best[4].1, best[4].2),
    ];
    let (mut out_secs, mut number) = (0.0, 0);
    for (run, from, to) in stretches {
        out_secs += to - from;
        let begin = number;
        while number < (out_secs * RATE).round() as usize {
            let [shown, left, right] = frames[number][..] else {
                panic!("{number}");
            };
            let t = from + (number - begin) as f64 / RATE;
            let expected = ((t + 0.001) * RATE).floor() as i32 % CYCLE;
            let found = f64::from(shown - 20) / f64::from(STEP);
            assert_eq!(found.round() as i32, expected, "frame {number} of {run}");
            let is_of = match run {
                "a" => (left - shown).abs() <= 2 && (right - shown).abs() <= 2,
                "b" => left <= 18 && right <= 18,
                _ => right > 225,
            };
            assert!(is_of, "frame {number} is of {run}: {left} {right}");
            number += 1;
        }
    }
    assert_eq!(frames.len(), number, "no more and no fewer frames");
    let facts = probe(&place.path("v.mp4"));
    for stream in facts["streams"].as_array().unwrap() {
        assert!((secs(&stream["duration"]) - out_secs).abs() < 0.04, "{stream}");
    }
    assert_heard(&place.path("v.mp4"));
}

/// Tones of `a`, nothing of `b`, of `c` its tone at its pitch, `a` again.
fn assert_heard(path: &Path) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:a", "-f", "s16le", "-ac", "1", "-ar", "48000", "-"])
        .output()
        .unwrap();
    let samples: Vec<i16> = output
        .stdout
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    let part = |from: f64, to: f64| &samples[(from * 48e3) as usize..(to * 48e3) as usize];
    let hertz = |part: &[i16]| {
        let crossings = part
            .windows(2)
            .filter(|pair| (pair[0] < 0) != (pair[1] < 0))
            .count();
        crossings as f64 / 2.0 / (part.len() as f64 / 48e3)
    };
    for (from, to, expected) in [(0.1, 0.7, 880.0), (2.3, 2.7, 660.0), (2.9, 3.6, 880.0)] {
        let found = hertz(part(from, to));
        assert!((found - expected).abs() < 6.0, "{from}: {found} for {expected}");
    }
    let loudest = part(0.9, 2.1).iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest.unwrap() < 50, "{loudest:?}");
}

#[test]
fn captions_size_rate_and_silence_can_be_chosen() {
    let place = season();
    let said =
        place.run("render --root runs --ideal --size 320x240 --fps 15 --audio none --json --out v.mov");
    said.ok();
    let total: f64 = best(&place).iter().map(|(_, from, to)| to - from).sum();
    let frames = (total * 15.0).round() as u64;
    let result = &said.json()["result"];
    assert_eq!(
        (&result["frames"], &result["width"], &result["height"]),
        (&frames.into(), &320.into(), &240.into())
    );
    assert_eq!(
        probe(&place.path("v.mov"))["streams"].as_array().unwrap().len(),
        1
    );
    // The captions stand in the upper left corner: white letters on a dark ground.
    let row: Vec<(usize, usize)> = (0..100).map(|x| (x, 6)).collect();
    let first = &lumas(&place.path("v.mov"), (320, 240), &row)[0];
    assert!(first.iter().max().unwrap() - first.iter().min().unwrap() > 100);
    // An own movie is replaced.
    place
        .run("render --root runs --ideal --fps 1 --out v.mov --trail line")
        .ok();
}

#[test]
fn what_stands_in_the_way_is_named() {
    let place = season();
    let ideal = |more: &str| place.run(&format!("render --root runs --ideal {more}"));
    for flag in [
        "--layout ghost",
        "--a a --b b",
        "--from 1",
        "--delta-bar",
        "--audio ref",
    ] {
        ideal(&format!("--out x.mp4 {flag}")).error(2);
    }
    place
        .run("render --root runs --a a --b b --trail line --out x.mp4")
        .error(2);

    // A gate that nobody came to.
    place.write("runs/trail.json", gates(&[1.0, 2.0, 9.0]).to_string());
    let said = ideal("--out x.mp4");
    assert!(
        said.error(3)
            .contains("there is no ideal run: no sure time for 2 G2 - G9"),
        "{}",
        said.stderr
    );

    // Its own recordings, those of the runs it leaves out, and a recording that is gone.
    place.write("runs/trail.json", gates(&GATES).to_string());
    let own = place.json("runs/a/timewarp.json")["new"]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    ideal(&format!("--overwrite --out {own}")).error(2);
    let slow = place.write("slow.mp4", "a recording");
    run(
        &place,
        "slow",
        slow.to_str().unwrap(),
        "/nowhere/ref.mp4",
        &[1.3; 4],
    );
    ideal("--overwrite --out slow.mp4").error(2);
    assert_eq!(place.read("slow.mp4"), "a recording");
    run(&place, "b", "/nowhere/b.mp4", "/nowhere/ref.mp4", &[0.7; 5]);
    let said = ideal("--out x.mp4");
    assert!(said.error(1).contains("/nowhere/b.mp4 of b"), "{}", said.stderr);

    // Two trails.
    run(&place, "other", &own, "/nowhere/another.mp4", &[1.0; 5]);
    run(&place, "d", "/nowhere/d.mp4", "/nowhere/third.mp4", &[1.0; 5]);
    let said = ideal("--out x.mp4");
    assert!(said.error(2).contains("several trails here"), "{}", said.stderr);
    assert!(place.list(".").iter().all(|name| !name.starts_with('x')));
}
