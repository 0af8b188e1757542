//! `mtbsync render` (docs/reference/cli.md#render): what is seen and heard in the videos, and that nothing is
//! left when it fails.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Place, Said, clip, data};
use serde_json::Value;

/// A clip whose picture number n is a grey of luma 20 + n: a look at a pixel tells which frame it is. With a
/// sound that beeps during its fourth second only.
fn counting(name: &str, secs: u32) -> String {
    let pictures = format!("color=black:size=64x48:rate=30:duration={secs},geq=lum='20+N':cb=128:cr=128");
    let sound =
        format!("sine=frequency=880:sample_rate=48000:duration={secs},volume='between(t,3,4)':eval=frame");
    let args = format!(
        "-f lavfi -i {pictures} -f lavfi -i {sound} -c:v libx264 -qp 1 -bf 2 -g 20 -color_range tv -colorspace bt709 \
         -c:a aac"
    );
    clip(name, &args.split(' ').collect::<Vec<_>>())
}

/// A map through knots `(t_new, t_ref)`.
fn warp(ok: bool, knots: &[(f64, f64)]) -> String {
    let (new, reference): (Vec<f64>, Vec<f64>) = knots.iter().copied().unzip();
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    serde_json::json!({
        "ok": ok, "version": 2, "model": "monotone", "params": { "a": 1.0, "b": 0.0 },
        "knots": { "t_new": new, "t_ref": reference, "sigma": vec![0.02; knots.len()] },
        "segments": [{ "knots": [0, knots.len() - 1], "t_new": [first.0, last.0], "t_ref": [first.1, last.1] }],
        "reasons": ["coverage 0.20 < 0.50"],
    })
    .to_string()
}

/// Renders the counting clips under `knots`.
fn render(place: &Place, knots: &[(f64, f64)], more: &str) -> Said {
    place.write("w.json", warp(true, knots));
    let (reference, new) = (counting("count_ref.mp4", 6), counting("count_new.mp4", 6));
    let mut args = vec![
        "render",
        "--reference",
        &reference,
        "--new",
        &new,
        "--timewarp-json",
        "w.json",
    ];
    args.extend(more.split_whitespace());
    place.run_args(&args)
}

/// Luma of the pixels at `places` (x, y) in every frame of a video.
pub fn lumas(path: &Path, size: (usize, usize), places: &[(usize, usize)]) -> Vec<Vec<i32>> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args([
            "-map",
            "0:v",
            "-fps_mode",
            "passthrough",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-",
        ])
        .output()
        .unwrap();
    let frames = output.stdout.chunks_exact(size.0 * size.1 * 3 / 2);
    let at = |frame: &[u8]| {
        places
            .iter()
            .map(|(x, y)| i32::from(frame[y * size.0 + x]))
            .collect()
    };
    frames.map(at).collect()
}

pub fn probe(path: &Path) -> Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_streams", "-show_format"])
        .arg(path)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn secs(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// First and last second at which something is heard.
fn heard(path: &Path) -> (f64, f64) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:a", "-f", "s16le", "-ac", "1", "-ar", "48000", "-"])
        .output()
        .unwrap();
    let samples = output
        .stdout
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]));
    let loud: Vec<usize> = samples
        .enumerate()
        .filter(|(_, s)| s.abs() > 500)
        .map(|(at, _)| at)
        .collect();
    let secs = |at: usize| at as f64 / 48_000.0;
    (secs(loud[0]), secs(loud[loud.len() - 1]))
}

const PLAIN: &str = "--no-labels --quality 4";

#[test]
fn both_sides_show_the_same_place_in_every_frame() {
    let place = Place::new();
    // The new run goes at half the speed of the reference for two seconds, then at its speed.
    let knots = [
        (0.5, 1.0),
        (1.0, 1.25),
        (2.0, 1.75),
        (2.5, 2.0),
        (3.0, 2.5),
        (4.0, 3.5),
        (5.0, 4.5),
    ];
    render(&place, &knots, &format!("{PLAIN} --out v/side.mp4")).ok();
    let path = place.path("v/side.mp4");
    let pixels = lumas(&path, (128, 48), &[(32, 24), (96, 24)]);
    assert_eq!(pixels.len(), 135, "4.5 s of 30 frames");
    for (number, pair) in pixels.iter().enumerate() {
        let t_new = 0.5 + number as f64 / 30.0;
        let t_ref = if t_new < 2.5 {
            1.0 + (t_new - 0.5) / 2.0
        } else {
            2.0 + t_new - 2.5
        };
        let (left, right) = (pair[0] - 20, pair[1] - 20);
        assert!(
            (right - (t_new * 30.0).round() as i32).abs() <= 1,
            "frame {number}: new {right}"
        );
        // The curve rounds the corner a little.
        let slack = if (t_new - 2.5).abs() < 0.6 { 2 } else { 1 };
        assert!(
            (left - (t_ref * 30.0) as i32).abs() <= slack,
            "frame {number}: reference {left}"
        );
    }
    let facts = probe(&path);
    let [video, sound] = &facts["streams"].as_array().unwrap()[..] else {
        panic!("{facts}");
    };
    assert_eq!(
        (&video["codec_name"], &video["avg_frame_rate"]),
        (&"h264".into(), &"30/1".into())
    );
    assert_eq!(sound["codec_name"], "aac");
    for stream in [video, sound] {
        assert!((secs(&stream["duration"]) - 4.5).abs() < 0.03, "{stream}");
    }
    // The master's beep from 3 to 4 s.
    let (first, last) = heard(&path);
    assert!(
        (first - 2.5).abs() < 0.05 && (last - 3.5).abs() < 0.05,
        "{first} {last}"
    );
}

#[test]
fn the_master_the_lock_and_the_sound_can_be_chosen() {
    let place = Place::new();
    let knots = [(1.0, 0.0), (5.0, 2.0)];
    let by_reference = format!("{PLAIN} --master ref --layout stacked --audio new --out ref.mov");
    render(&place, &knots, &by_reference).ok();
    let path = place.path("ref.mov");
    let pixels = lumas(&path, (64, 96), &[(32, 24), (32, 72)]);
    assert_eq!(pixels.len(), 60);
    assert!(
        (pixels[30][0] - 50).abs() <= 1 && (pixels[30][1] - 110).abs() <= 1,
        "{:?}",
        pixels[30]
    );
    // Twice as fast, as its pictures: new second 3 is heard at 1 s, second 4 at 1.5 s.
    let (first, last) = heard(&path);
    assert!(
        (first - 1.0).abs() < 0.06 && (last - 1.5).abs() < 0.06,
        "{first} {last}"
    );

    let by_time = format!("{PLAIN} --lock time --from 2 --to 4 --audio none --fps 15 --out time.mp4");
    render(&place, &knots, &by_time).ok();
    let path = place.path("time.mp4");
    let pixels = lumas(&path, (128, 48), &[(32, 24), (96, 24)]);
    assert_eq!(pixels.len(), 30);
    assert!(
        (pixels[15][0] - (20 + 45)).abs() <= 1,
        "0.5 s at the start, 1.5 s here: {:?}",
        pixels[15]
    );
    assert!((pixels[15][1] - (20 + 90)).abs() <= 1, "{:?}", pixels[15]);
    assert_eq!(probe(&path)["streams"].as_array().unwrap().len(), 1);
}

#[test]
fn stretches_without_counterpart_are_grey_and_the_ghost_mixes() {
    let place = Place::new();
    let knots = [(2.0, 1.0), (5.0, 4.0)];
    render(&place, &knots, &format!("{PLAIN} --from 1 --to 3 --out gap.mp4")).ok();
    let pixels = lumas(&place.path("gap.mp4"), (128, 48), &[(32, 24), (96, 24)]);
    assert!(
        (pixels[10][0] - 96).abs() <= 1 && (pixels[10][1] - 60).abs() <= 1,
        "{:?}",
        pixels[10]
    );
    assert!((pixels[45][0] - 65).abs() <= 1, "{:?}", pixels[45]);

    let ghost =
        format!("{PLAIN} --layout ghost --ghost-opacity 0.25 --from 3 --to 4 --size 96x72 --out g.mp4");
    render(&place, &knots, &ghost).ok();
    let pixels = lumas(&place.path("g.mp4"), (96, 72), &[(48, 36)]);
    // Three quarters of reference frame 60, one of new frame 90.
    assert!((pixels[0][0] - 88).abs() <= 1, "{:?}", pixels[0]);
}

#[test]
fn texts_are_written_onto_the_frames_and_codecs_can_be_chosen() {
    let place = Place::new();
    place.write("m.csv", "name,t_ref\nDrop,2.0\n");
    let knots = [(0.0, 1.0), (4.0, 5.0)];
    let all =
        "--delta-bar --markers m.csv --size 640x240 --from 0.5 --to 1.5 --codec hevc --json --out t.mp4";
    let said = render(&place, &knots, all);
    said.ok();
    let result = &said.json()["result"];
    assert_eq!(
        (&result["frames"], &result["duration"]),
        (&30.into(), &1.0.into())
    );
    assert_eq!(probe(&place.path("t.mp4"))["streams"][0]["codec_name"], "hevc");
    let column: Vec<(usize, usize)> = (0..240).map(|y| (320, y)).collect();
    let frames = lumas(&place.path("t.mp4"), (640, 240), &column);
    // Before the marker's time there is no name; the bar at the lower edge is always there.
    let differs = |y: usize| (frames[5][y] - frames[25][y]).abs() > 30;
    assert!((190..230).any(differs), "the name appears");
    assert!(
        frames[5][238] < frames[5][120] - 8,
        "the bar darkens: {} {}",
        frames[5][238],
        frames[5][120]
    );
    render(
        &place,
        &knots,
        "--codec av1 --quality 40 --from 1 --to 1.2 --audio none --out a.mp4",
    )
    .ok();
    assert_eq!(probe(&place.path("a.mp4"))["streams"][0]["codec_name"], "av1");
}

#[test]
fn the_sample_pair_is_at_the_same_place() {
    let place = Place::new();
    place
        .run(&format!("warp --pairs {} --out w.npz", data("sample/truth.csv")))
        .ok();
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    place
        .run_args(&[
            "render",
            "--reference",
            &reference,
            "--new",
            &new,
            "--warp",
            "w.npz",
            "--from",
            "8",
            "--to",
            "10",
            "--size",
            "320x90",
            "--no-labels",
            "--quality",
            "10",
            "--out",
            "s.mp4",
        ])
        .ok();
    let truth = place.read_truth();
    let grid: Vec<(usize, usize)> = (0..160 * 90).map(|at| (at % 160, at / 160)).collect();
    let source = scaled(&reference);
    let frames = lumas(&place.path("s.mp4"), (320, 90), &grid);
    for number in [0, 20, 40] {
        let expected = (truth(8.0 + number as f64 / 30.0) * 30.0) as i64;
        let off = |index: i64| -> i64 {
            let frame = &source[usize::try_from(index).unwrap()];
            frame
                .iter()
                .zip(&frames[number])
                .map(|(a, b)| i64::from((a - b).abs()))
                .sum()
        };
        let best = (expected - 12..=expected + 12)
            .min_by_key(|index| off(*index))
            .unwrap();
        assert!(
            (best - expected).abs() <= 1,
            "frame {number}: {best} instead of {expected}"
        );
    }
}

/// All frames of a recording at the size it has in the test above.
fn scaled(path: &str) -> Vec<Vec<i32>> {
    let place = Place::new();
    let small = place.path("small.mkv");
    let status = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-v",
            "error",
            "-i",
            path,
            "-vf",
            "scale=160:90",
            "-c:v",
            "ffv1",
        ])
        .arg(&small)
        .status()
        .unwrap();
    assert!(status.success());
    let grid: Vec<(usize, usize)> = (0..160 * 90).map(|at| (at % 160, at / 160)).collect();
    lumas(&small, (160, 90), &grid)
}

trait Truth {
    /// Reference time for a new time of the sample pair.
    fn read_truth(&self) -> impl Fn(f64) -> f64;
}

impl Truth for Place {
    fn read_truth(&self) -> impl Fn(f64) -> f64 {
        let text = std::fs::read_to_string(data("sample/truth.csv")).unwrap();
        let rows = text.lines().skip(1).filter_map(|line| {
            let mut cells = line.split(',').map(str::parse::<f64>);
            Some((cells.next()?.ok()?, cells.next()?.ok()?))
        });
        let rows: Vec<(f64, f64)> = rows.collect();
        move |t_new| {
            let nearest = rows
                .iter()
                .min_by(|a, b| (a.0 - t_new).abs().total_cmp(&(b.0 - t_new).abs()));
            nearest.unwrap().1
        }
    }
}

#[test]
fn wrong_calls_say_what_to_do_and_leave_nothing() {
    let place = Place::new();
    let knots = [(1.0, 1.0), (5.0, 5.0)];
    let empty = render(&place, &knots, "--from 4 --to 4 --out new/x.mp4");
    assert!(empty.error(2).contains("nothing to show"), "{}", empty.stderr);
    let named = render(&place, &knots, "--out x.avi");
    assert!(named.error(2).contains(".mp4 or .mov"), "{}", named.stderr);
    render(&place, &knots, "--size 101x50 --out x.mp4").error(2);
    render(&place, &knots, "--stops skip --lock time --out x.mp4").error(2);
    render(&place, &knots, "--quality 52 --out x.mp4").error(2);

    place.write("bad.json", warp(false, &knots));
    let (reference, new) = (counting("count_ref.mp4", 6), counting("count_new.mp4", 6));
    let run = |reference: &str, more: &str| {
        let mut args = vec![
            "render",
            "--reference",
            reference,
            "--new",
            &new,
            "--out",
            "x.mp4",
        ];
        args.extend(more.split_whitespace());
        place.run_args(&args)
    };
    assert!(
        run(&reference, "--warp bad.json")
            .error(3)
            .contains("not aligned")
    );
    let gone = run("gone.mp4", "--warp w.json");
    assert!(gone.error(1).contains("file not found"), "{}", gone.stderr);
    assert_eq!(place.list("."), ["bad.json", "w.json"]);
    run(
        &reference,
        "--warp bad.json --force --from 2 --to 2.2 --audio none",
    )
    .ok();
}

#[test]
fn a_map_of_other_recordings_is_refused() {
    let place = Place::new();
    let mut map: Value = serde_json::from_str(&warp(true, &[(1.0, 1.0), (5.0, 5.0)])).unwrap();
    map["new"] = serde_json::json!({ "path": "/v/other.mp4", "duration": 6.0, "fingerprint": "sha256:00", "fps": "30/1" });
    place.write("w.json", map.to_string());
    let (reference, new) = (counting("count_ref.mp4", 6), counting("count_new.mp4", 6));
    let args = [
        "render",
        "--reference",
        &reference,
        "--new",
        &new,
        "--warp",
        "w.json",
        "--out",
        "x.mp4",
    ];
    let said = place.run_args(&args);
    assert!(
        said.error(1).contains("not the recording the map was made of"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("--force"), "{}", said.stderr);
}

/// As much of an older result as it is known by.
const OLDER: &str = "older\0\0\0\u{17}freemade by mtbsync";

/// Starts a rendering that takes long, with an older result in its place.
fn long_rendering(place: &Place) -> Command {
    place.write("w.json", warp(true, &[(0.0, 0.0), (18.0, 18.0)]));
    place.write("o/x.mp4", OLDER);
    let mut command = place.program();
    command.args([
        "render",
        "--reference",
        &data("sample/reference.mp4"),
        "--new",
        &data("sample/new.mp4"),
    ]);
    command.args([
        "--warp", "w.json", "--out", "o/x.mp4", "--size", "2560x720", "--fps", "60",
    ]);
    command
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing() {
    use std::io::{BufRead, BufReader, Read};

    let place = Place::new();
    let mut child = long_rendering(&place).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("render ...") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: `kill` has no memory effects; the process is our own child and has not been waited for.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("error: interrupted"), "{said}");
    assert_eq!(
        (place.list("o"), place.read("o/x.mp4")),
        (vec!["x.mp4".to_owned()], OLDER.to_owned())
    );
}

#[cfg(unix)]
#[test]
fn an_output_that_cannot_grow_is_one_error_and_leaves_nothing() {
    let place = Place::new();
    let command = long_rendering(&place);
    // A limit on file sizes stands in for a full disk; the signal that comes with it is ignored.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\""]);
    shell
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(place.path("."));
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let said = Said::of(&shell.output().unwrap());
    assert!(said.error(1).contains("o/x.mp4"), "{}", said.stderr);
    assert_eq!(
        (place.list("o"), place.read("o/x.mp4")),
        (vec!["x.mp4".to_owned()], OLDER.to_owned())
    );
}
