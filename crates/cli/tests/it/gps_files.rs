//! GPS in `sync` from track files (data/sample, noisy 1 Hz tracks on clocks of their own) and over chapters
//! of a recording (data/race-lap).

use std::fs;
use std::process::Command;

use crate::common::{Place, Said, data, interpolated};

/// Track time of the sample's tracks at video zero, seconds: `gpx_time_of_video_zero` of pair.json minus the
/// first point.
const SAMPLE_OFFSETS: [f64; 2] = [8.0, 6.0];

fn sync(place: &Place, reference: &str, new: &str, extra: &[&str]) -> Said {
    let common = ["--out", "out", "--no-plot", "--regression-off"];
    place.sync(reference, new, &[&common, extra].concat())
}

fn sync_sample(place: &Place, extra: &[&str]) -> Said {
    let [reference, new] = ["sample/reference.mp4", "sample/new.mp4"].map(data);
    sync(place, &reference, &new, extra)
}

fn ffmpeg(args: &[&str]) {
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args)
        .status()
        .unwrap();
    assert!(made.success());
}

/// The sample's track, every latitude moved.
fn moved_north(track: &str, metres: f64) -> String {
    let text = fs::read_to_string(data(track)).unwrap();
    let mut parts = text.split("lat=\"");
    let mut moved = parts.next().unwrap().to_owned();
    for part in parts {
        let (lat, rest) = part.split_once('"').unwrap();
        let lat = lat.parse::<f64>().unwrap() + metres / 111_320.0;
        moved += &format!("lat=\"{lat:.7}\"{rest}");
    }
    moved
}

#[test]
fn the_clocks_of_track_files_are_found() {
    let place = Place::sharing_cache();
    let [reference, new] = ["sample/reference.gpx", "sample/new.gpx"].map(data);
    let said = sync_sample(&place, &["--ref-gpx", &reference, "--new-gpx", &new, "--json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let json = said.json();
    let found =
        ["ref_offset_sec", "new_offset_sec"].map(|name| json["result"]["gps"][name].as_f64().unwrap());
    for (found, truth) in found.iter().zip(SAMPLE_OFFSETS) {
        assert!((found - truth).abs() < 1.0, "{found} {truth}");
    }
}

#[test]
fn a_track_beside_the_trail_changes_nothing() {
    let place = Place::sharing_cache();
    assert_eq!(sync_sample(&place, &["--no-gps"]).code, 0);
    let without = fs::read(place.path("out/pairs.csv")).unwrap();
    let reference = data("sample/reference.gpx");
    for metres in [100.0, -100.0] {
        fs::write(place.path("beside.gpx"), moved_north("sample/new.gpx", metres)).unwrap();
        for offsets in [&[][..], &["--ref-gpx-offset=8", "--new-gpx-offset=6"][..]] {
            let tracks = ["--ref-gpx", &reference, "--new-gpx", "beside.gpx"];
            let said = sync_sample(&place, &[&tracks[..], offsets].concat());
            assert_eq!(said.code, 0, "{}", said.stderr);
            assert!(said.stderr.contains("weigh"), "{}", said.stderr);
            assert_eq!(
                fs::read(place.path("out/pairs.csv")).unwrap(),
                without,
                "{metres}"
            );
        }
    }
}

#[test]
fn where_nothing_is_seen_a_file_speaks_only_with_its_offset() {
    let place = Place::sharing_cache();
    for (name, secs) in [("ref.mp4", "24"), ("new.mp4", "24")] {
        let black = format!("color=black:s=64x36:r=6:d={secs}");
        let path = place.path(name).to_string_lossy().into_owned();
        ffmpeg(&[
            "-f", "lavfi", "-i", &black, "-c:v", "libx264", "-g", "2", "-pix_fmt", "yuv420p", &path,
        ]);
    }
    let [reference, new] = ["sample/reference.gpx", "sample/new.gpx"].map(data);
    let tracks = ["--ref-gpx", &reference, "--new-gpx", &new];
    assert_eq!(sync(&place, "ref.mp4", "new.mp4", &tracks).code, 3);
    let offsets = ["--ref-gpx-offset=8", "--new-gpx-offset=6"];
    let said = sync(
        &place,
        "ref.mp4",
        "new.mp4",
        &[&tracks[..], &offsets[..]].concat(),
    );
    assert_eq!(said.code, 0, "{}", said.stderr);
    let [t_new, t_ref, sigma] = place.knots();
    let truth = fs::read_to_string(data("sample/truth.csv")).unwrap();
    let errors: Vec<(f64, f64)> = truth
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',').map(|cell| cell.parse::<f64>().ok());
            let (at, expected) = (cells.next()??, cells.next()??);
            let found = interpolated(&t_new, &t_ref, at)?;
            Some((
                (found - expected).abs(),
                2.353 * interpolated(&t_new, &sigma, at)?,
            ))
        })
        .collect();
    assert!(errors.len() > 400, "{}", errors.len());
    let held = errors
        .iter()
        .filter(|(error, half_width)| error <= half_width)
        .count();
    assert!(held * 10 >= errors.len() * 9, "{held} of {}", errors.len());
    let markers = sigma.iter().filter(|&&sigma| sigma < 0.1).count();
    assert_eq!(
        markers, 0,
        "a 1 Hz track does not know places to a tenth of a second"
    );
}

#[test]
fn chapters_give_the_result_of_the_uncut_recording() {
    let place = Place::sharing_cache();
    let [reference, new] = ["race-lap/pass1.mp4", "race-lap/pass2.mp4"].map(data);
    assert_eq!(sync(&place, &reference, &new, &[]).code, 0);
    let uncut = place.knots();
    let pattern = place.path("GX0%d0042.MP4").to_string_lossy().into_owned();
    let cut = [
        "-segment_times",
        "20",
        "-segment_start_number",
        "1",
        "-reset_timestamps",
        "1",
    ];
    let copy = [
        "-map",
        "0:v",
        "-map",
        "0:d",
        "-c",
        "copy",
        "-copy_unknown",
        "-f",
        "segment",
    ];
    let mp4 = ["-segment_format", "mp4", &pattern];
    ffmpeg(&[&["-i", &new][..], &copy, &cut, &mp4].concat());
    assert!(place.path("GX020042.MP4").is_file());
    assert_eq!(sync(&place, &reference, "GX010042.MP4", &[]).code, 0);
    let chapters = place.knots();
    let mut compared = 0;
    for tenth in 0..450 {
        let at = f64::from(tenth) * 0.1;
        let places = [&uncut, &chapters].map(|k| interpolated(&k[0], &k[1], at));
        let [Some(a), Some(b)] = places else {
            assert_eq!(places, [None, None], "{at}");
            continue;
        };
        assert!((a - b).abs() < 1e-3, "{at}: {a} {b}");
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
}
