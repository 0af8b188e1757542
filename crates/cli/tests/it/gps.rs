//! GPS in `sync`, on two laps of a race track filmed by a GoPro (data/race-lap): better with it than without,
//! useful where the picture is black, harmless where it is wrong.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::common::{Place, Said, data, interpolated};

fn lap(name: &str) -> String {
    data(&format!("race-lap/{name}"))
}

/// Time in pass2, time in pass1.
fn truth() -> Vec<(f64, f64)> {
    let text = fs::read_to_string(lap("truth.csv")).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            (cells[0], cells[1])
        })
        .collect()
}

fn sync(place: &Place, new: &str, extra: &[&str]) -> Said {
    let common = ["--out", "out", "--no-plot", "--regression-off"];
    place.sync(&lap("pass1.mp4"), new, &[&common, extra].concat())
}

/// Errors of the map in `out` at the truth's times within a range, seconds; the 90 % interval beside each.
/// Sorted.
fn errors(place: &Place, range_secs: (f64, f64)) -> Vec<(f64, f64)> {
    let [t_new, t_ref, sigma] = place.knots();
    let mut errors: Vec<(f64, f64)> = truth()
        .into_iter()
        .filter(|(t, _)| (range_secs.0..=range_secs.1).contains(t))
        .filter_map(|(t, expected)| {
            let found = interpolated(&t_new, &t_ref, t)?;
            Some(((found - expected).abs(), 2.353 * interpolated(&t_new, &sigma, t)?))
        })
        .collect();
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    errors
}

fn quantile(errors: &[(f64, f64)], share: f64) -> f64 {
    errors[(share * (errors.len() - 1) as f64) as usize].0
}

const WHOLE: (f64, f64) = (0.0, 100.0);

#[test]
fn the_cameras_own_gps_is_used_and_does_no_harm_where_pictures_suffice() {
    let place = Place::sharing_cache();
    assert_eq!(sync(&place, &lap("pass2.mp4"), &["--no-gps"]).code, 0);
    assert_eq!(place.json("out/perf.json")["gps_used"], false);
    let without = errors(&place, WHOLE);
    assert_eq!(sync(&place, &lap("pass2.mp4"), &[]).code, 0);
    assert_eq!(place.json("out/perf.json")["gps_used"], true);
    let with = errors(&place, WHOLE);
    assert_eq!(with.len(), truth().len());
    assert!(quantile(&with, 0.9) < 0.15, "{:?}", with.last());
    assert!(quantile(&with, 0.9) < 1.1 * quantile(&without, 0.9));
    assert!(quantile(&with, 1.0) < 0.4, "{:?}", with.last());
}

/// pass2 with black pictures from 10 s to 20 s, telemetry kept.
fn blacked_out(place: &Place) -> PathBuf {
    let path = place.path("black.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i", &lap("pass2.mp4"), "-vf"])
        .arg("drawbox=x=0:y=0:w=iw:h=ih:t=fill:color=black:enable='between(t,10,20)'")
        .args([
            "-map",
            "0:v",
            "-map",
            "0:d",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "10",
        ])
        .args(["-c:d", "copy", "-copy_unknown"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    path
}

#[test]
fn black_pictures_are_bridged_by_gps() {
    let place = Place::new();
    let black = blacked_out(&place);
    assert_eq!(sync(&place, &black.to_string_lossy(), &[]).code, 0);
    let dark = errors(&place, (10.0, 20.0));
    assert!(dark.len() >= 45, "{}", dark.len());
    assert!(quantile(&dark, 0.9) < 0.2, "{dark:?}");
    let inside = dark
        .iter()
        .filter(|(error, half_width)| error <= half_width)
        .count();
    assert!(inside * 10 >= dark.len() * 8, "{dark:?}");
    let pairs = fs::read_to_string(place.path("out/pairs.csv")).unwrap();
    assert!(pairs.lines().filter(|line| line.contains(",,,G,")).count() >= 25);
    assert_eq!(sync(&place, &black.to_string_lossy(), &["--no-gps"]).code, 0);
    assert!(
        errors(&place, (11.0, 19.0)).is_empty(),
        "pictures alone know nothing there"
    );
}

/// A track of somewhere else: a straight ride at 5 m/s.
fn elsewhere() -> String {
    let point = |k: i32| {
        let lat = 46.5 + f64::from(k) * 5.0 / 111_320.0;
        format!(
            "<trkpt lat=\"{lat:.7}\" lon=\"7.7\"><time>2025-06-14T09:{:02}:{:02}Z</time></trkpt>",
            k / 60,
            k % 60
        )
    };
    let points: String = (0..120).map(point).collect();
    format!("<gpx version=\"1.1\"><trk><trkseg>{points}</trkseg></trk></gpx>")
}

#[test]
fn a_track_of_another_ride_changes_nothing() {
    let place = Place::sharing_cache();
    fs::write(place.path("other.gpx"), elsewhere()).unwrap();
    assert_eq!(sync(&place, &lap("pass2.mp4"), &["--no-gps"]).code, 0);
    let without = fs::read(place.path("out/pairs.csv")).unwrap();
    for both in [
        vec!["--new-gpx", "other.gpx"],
        vec!["--new-gpx", "other.gpx", "--new-gpx-offset", "3"],
        vec![
            "--new-gpx",
            "other.gpx",
            "--ref-gpx",
            "other.gpx",
            "--new-gpx-offset=0",
            "--ref-gpx-offset=0",
        ],
    ] {
        let said = sync(&place, &lap("pass2.mp4"), &both);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(said.stderr.contains("weigh"), "{}", said.stderr);
        assert_eq!(
            fs::read(place.path("out/pairs.csv")).unwrap(),
            without,
            "{both:?}"
        );
    }
}

#[test]
fn unusable_track_files_are_errors_before_any_work() {
    let place = Place::new();
    fs::write(
        place.path("planned.gpx"),
        "<gpx><trk><trkseg><trkpt lat='1' lon='2'/></trkseg></trk></gpx>",
    )
    .unwrap();
    fs::write(place.path("empty.fit"), "").unwrap();
    for (file, what) in [
        ("missing.gpx", "file not found"),
        ("planned.gpx", "has a time"),
        ("empty.fit", "empty"),
    ] {
        let said = sync(&place, &lap("pass2.mp4"), &["--new-gpx", file]);
        assert_eq!(said.code, 1, "{}", said.stderr);
        assert!(
            said.stderr.contains(what) && said.stderr.contains(file),
            "{}",
            said.stderr
        );
        assert!(!place.path("out").exists());
    }
    let said = sync(&place, &lap("pass2.mp4"), &["--new-gpx-offset", "3"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
}

#[test]
fn doctor_tells_about_the_telemetry() {
    let place = Place::new();
    let said = place.run_args(&["doctor", &lap("pass1.mp4")]);
    assert!(said.stdout.contains("GPS5 18 Hz"), "{}", said.stdout);
    assert!(said.stdout.contains("GPS: 67"), "{}", said.stdout);
}

#[test]
fn doctor_looks_at_track_files() {
    let place = Place::new();
    fs::write(place.path("ride.gpx"), elsewhere()).unwrap();
    let said = place.run_args(&["doctor", "ride.gpx"]);
    assert!(
        said.stdout.contains("ok   track: 120 points in 1 segment, 119 s"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("ok   GPS: 120 of 120 samples usable"),
        "{}",
        said.stdout
    );
    let planned = "<gpx><trk><trkseg><trkpt lat='1' lon='2'/></trkseg></trk></gpx>";
    fs::write(place.path("planned.gpx"), planned).unwrap();
    let said = place.run_args(&["doctor", "planned.gpx"]);
    assert_eq!(said.code, 1);
    assert!(
        said.stdout
            .contains("has a time; hint: a planned route has no times"),
        "{}",
        said.stdout
    );
}
