//! GPS as evidence, on rides made here and on the sample pairs of the repository.

use std::f64::consts::TAU;
use std::io::Cursor;

use mtbsync_telemetry::clock::{SearchSide, SideTrack, Signal, TrackClock, offsets};
use mtbsync_telemetry::geometry::{LocalPlane, Path};
use mtbsync_telemetry::place::{ClockSigmas, PlaceEvidence};
use mtbsync_telemetry::{FileTelemetry, Fix, Track, TrackPoint, TrackSource, clean, read_track};
use proptest::prelude::*;

/// Metres per degree of latitude.
const DEGREE_M: f64 = 111_195.08;

/// A track at 1 Hz from a position (east, north) in metres for every second.
fn ride(seconds: u32, position_m: impl Fn(f64) -> (f64, f64)) -> Track {
    let points = (0..seconds)
        .map(|second| {
            let time_secs = f64::from(second);
            let (x_m, y_m) = position_m(time_secs);
            TrackPoint {
                time_secs,
                utc_unix_secs: None,
                lat_deg: 46.5 + y_m / DEGREE_M,
                lon_deg: 7.2 + x_m / (DEGREE_M * 46.5_f64.to_radians().cos()),
                altitude_m: None,
                speed_mps: None,
                dop: None,
                error_m: 3.0,
                fix: Fix::ThreeD,
            }
        })
        .collect();
    Track {
        points,
        source: TrackSource::Gpx,
    }
}

/// A winding trail by distance ridden.
fn trail(way_m: f64) -> (f64, f64) {
    (
        way_m * 0.8 + 30.0 * (way_m / 60.0).sin(),
        40.0 * (way_m / 90.0).cos(),
    )
}

fn evidence(reference: &Track, new: &Track) -> PlaceEvidence {
    PlaceEvidence::new(reference, new, ClockSigmas::default()).unwrap()
}

/// Largest error of the chain against the truth, seconds, leaving its ends out.
fn worst_error(evidence: &PlaceEvidence, truth: impl Fn(f64) -> f64) -> f64 {
    let matches = evidence.matches();
    let inner = &matches[2..matches.len() - 2];
    inner
        .iter()
        .map(|m| (m.t_ref_secs - truth(m.t_new_secs)).abs())
        .fold(0.0, f64::max)
}

fn is_flat(evidence: &PlaceEvidence, seconds: u32, grid: &[f64]) -> bool {
    (0..seconds).all(|t| {
        evidence
            .log_likelihood_ratio(f64::from(t), grid, 5.0)
            .iter()
            .all(|&llr| llr == 0.0)
    })
}

#[test]
fn other_start_and_other_speed_are_matched_along_the_path() {
    let reference = ride(200, |t| trail(5.0 * t));
    let new = ride(150, |t| trail(200.0 + 4.0 * t + 20.0 * (t / 20.0).sin()));
    let truth = |t: f64| (200.0 + 4.0 * t + 20.0 * (t / 20.0).sin()) / 5.0;
    let evidence = evidence(&reference, &new);
    assert!(evidence.matches().len() > 145);
    assert!(
        worst_error(&evidence, truth) < 0.3,
        "{}",
        worst_error(&evidence, truth)
    );
    let grid: Vec<f64> = (0..800).map(|i| f64::from(i) * 0.25).collect();
    let llr = evidence.log_likelihood_ratio(70.0, &grid, 5.0);
    let best = (0..llr.len()).max_by(|&a, &b| llr[a].total_cmp(&llr[b])).unwrap();
    assert!((grid[best] - truth(70.0)).abs() < 0.5);
    assert!(llr[best] > 2.0 && llr[10] < -2.0);
    let tempered = evidence.log_likelihood_ratio(70.0, &grid, 0.5);
    assert!(
        (tempered[best] - llr[best] / 10.0).abs() < 1e-3,
        "ten looks in five seconds are one observation"
    );
}

#[test]
fn parts_outside_the_reference_have_no_match() {
    let reference = ride(100, |t| trail(300.0 + 5.0 * t));
    let new = ride(200, |t| trail(5.0 * t));
    let evidence = evidence(&reference, &new);
    let (first, last) = (evidence.matches()[0], *evidence.matches().last().unwrap());
    assert!((first.t_new_secs - 60.0).abs() <= 6.0, "{first:?}");
    assert!((last.t_new_secs - 160.0).abs() <= 6.0, "{last:?}");
    assert!(evidence.candidates(20.0).is_empty());
}

#[test]
fn out_and_back_is_told_apart_by_direction() {
    let out_and_back = |t: f64| trail(if t < 100.0 { 5.0 * t } else { 1000.0 - 5.0 * t });
    let reference = ride(200, out_and_back);
    let new = ride(90, |t| out_and_back(105.0 + t));
    let evidence = evidence(&reference, &new);
    assert!(worst_error(&evidence, |t| 105.0 + t) < 0.3);
    assert_eq!(evidence.candidates(40.0).len(), 1);
}

#[test]
fn laps_give_all_candidates_and_the_chain_stays_on_one() {
    let lap = |t: f64| (60.0 * (t / 60.0 * TAU).cos(), 60.0 * (t / 60.0 * TAU).sin());
    let reference = ride(180, lap);
    let new = ride(50, |t| lap(t + 5.0));
    let evidence = evidence(&reference, &new);
    let times: Vec<f64> = evidence.candidates(20.0).iter().map(|m| m.t_ref_secs).collect();
    assert_eq!(times.len(), 3);
    for (lap_number, time) in times.iter().enumerate() {
        assert!((time - 25.0 - 60.0 * lap_number as f64).abs() < 0.3, "{times:?}");
    }
    assert!(
        evidence
            .matches()
            .windows(2)
            .all(|pair| pair[1].t_ref_secs - pair[0].t_ref_secs < 3.0)
    );
}

#[test]
fn a_stop_of_the_reference_is_one_candidate_as_long_as_the_stop() {
    let way = |t: f64| {
        5.0 * if t < 60.0 {
            t
        } else if t < 90.0 {
            60.0
        } else {
            t - 30.0
        }
    };
    let reference = ride(150, |t| trail(way(t)));
    let new = ride(120, |t| trail(5.0 * t));
    let evidence = evidence(&reference, &new);
    let candidates = evidence.candidates(60.0);
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    let (first_secs, last_secs) = candidates[0].t_ref_range_secs;
    assert!(
        (first_secs - 60.0).abs() < 3.0 && (last_secs - 90.0).abs() < 3.0,
        "{candidates:?}"
    );
    let llr = evidence.log_likelihood_ratio(60.0, &[66.0, 75.0, 84.0, 120.0], 5.0);
    assert!(
        (llr[0] - llr[1]).abs() < 0.2 && (llr[2] - llr[1]).abs() < 0.2 && llr[3] < llr[1] - 2.0,
        "{llr:?}"
    );
}

#[test]
fn a_detour_parts_two_chains() {
    let reference = ride(300, |t| trail(5.0 * t));
    let new = ride(300, |t| {
        let (x_m, y_m) = trail(5.0 * t);
        // From 120 s to 180 s on another trail, up to 200 m aside.
        let aside = ((t - 120.0) / 60.0).clamp(0.0, 1.0);
        (x_m, y_m + 200.0 * (aside * TAU / 2.0).sin())
    });
    let evidence = evidence(&reference, &new);
    assert_eq!(evidence.trusted_secs().len(), 2);
    assert!(worst_error(&evidence, |t| t) < 3.0);
    assert!(evidence.candidates(150.0).is_empty());
    assert_eq!(evidence.candidates(250.0).len(), 1);
}

#[test]
fn wrong_gps_says_nothing() {
    let reference = ride(200, |t| trail(5.0 * t));
    let grid: Vec<f64> = (0..200).map(f64::from).collect();
    let aside = ride(200, |t| (trail(5.0 * t).0, trail(5.0 * t).1 + 100.0));
    assert!(
        is_flat(&evidence(&reference, &aside), 200, &grid),
        "shifted by 100 m"
    );
    let other = ride(200, |t| (300.0 + 50.0 * (t / 9.0).sin(), 5.0 * t - 500.0));
    assert!(
        is_flat(&evidence(&reference, &other), 200, &grid),
        "a trail that crosses"
    );
    let far = ride(200, |t| (50_000.0 + 5.0 * t, 0.0));
    assert!(is_flat(&evidence(&reference, &far), 200, &grid), "elsewhere");
    let reversed = ride(200, |t| trail(1000.0 - 5.0 * t));
    assert!(
        is_flat(&evidence(&reference, &reversed), 200, &grid),
        "the other way round"
    );
}

#[test]
fn a_constant_offset_between_days_is_taken_out() {
    let reference = ride(300, |t| trail(5.0 * t));
    let new = ride(300, |t| (trail(5.0 * t).0 + 3.0, trail(5.0 * t).1 - 4.0));
    let evidence = evidence(&reference, &new);
    let (east_m, north_m) = evidence.bias_m();
    assert!(
        (east_m - 3.0).abs() < 1.0 && (north_m + 4.0).abs() < 1.0,
        "{:?}",
        evidence.bias_m()
    );
    let worst_secs = worst_error(&evidence, |t| t);
    // The trail is ridden at 1.5 m/s in its bends, where the offset alone would be 3 s.
    assert!(worst_secs < 0.7, "{worst_secs} with {:?}", evidence.bias_m());
}

fn race_lap(name: &str) -> FileTelemetry {
    let path = format!("{}/../../data/race-lap/{name}", env!("CARGO_MANIFEST_DIR"));
    FileTelemetry::read(&mut Cursor::new(std::fs::read(path).unwrap())).unwrap()
}

fn race_lap_track(name: &str) -> Track {
    clean::clean(&race_lap(name).telemetry.unwrap().gps.unwrap().to_track()).0
}

#[test]
fn race_lap_by_gps_alone() {
    let (pass1, pass2) = (race_lap_track("pass1.mp4"), race_lap_track("pass2.mp4"));
    let evidence = evidence(&pass1, &pass2);
    let path = format!("{}/../../data/race-lap/truth.csv", env!("CARGO_MANIFEST_DIR"));
    let mut errors: Vec<f64> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            let candidates = evidence.candidates(cells[0]);
            assert_eq!(candidates.len(), 1);
            (candidates[0].t_ref_secs - cells[1]).abs()
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    assert!(
        errors[errors.len() / 2] < 0.1,
        "median {}",
        errors[errors.len() / 2]
    );
    assert!(
        errors[errors.len() - 1] < 0.2,
        "worst {}",
        errors[errors.len() - 1]
    );
    // Pass 2 begins 8.8 s before the road of pass 1 does.
    assert!(evidence.candidates(6.0).is_empty());
    assert!((evidence.matches()[0].t_new_secs - 9.0).abs() <= 1.0);
}

#[test]
fn race_lap_shifted_by_100_metres_says_nothing() {
    let (pass1, pass2) = (race_lap_track("pass1.mp4"), race_lap_track("pass2.mp4"));
    let grid: Vec<f64> = (0..37).map(f64::from).collect();
    for (east_m, north_m) in [
        (100.0, 0.0),
        (-100.0, 0.0),
        (0.0, 100.0),
        (0.0, -100.0),
        (70.0, 70.0),
        (-70.0, 70.0),
        (70.0, -70.0),
    ] {
        let mut shifted = pass2.clone();
        for point in &mut shifted.points {
            point.lat_deg += north_m / DEGREE_M;
            point.lon_deg += east_m / (DEGREE_M * point.lat_deg.to_radians().cos());
        }
        assert!(
            is_flat(&evidence(&pass1, &shifted), 44, &grid),
            "{east_m} {north_m}"
        );
    }
}

#[test]
fn a_watch_finds_its_recording_by_speed() {
    // The camera's GPS thinned to a watch's rate, on a clock of its own.
    let camera = race_lap_track("pass2.mp4");
    let mut watch = camera.clone();
    watch.points = watch.points.into_iter().step_by(18).collect();
    let watch = watch.shifted(-812.0);
    let path = Path::from_track(&camera, &LocalPlane::around(&camera).unwrap());
    let video_speed = Signal::speed(&path).unwrap();
    let (first, last) = camera.span_secs().unwrap();
    let seen: Vec<(f64, f64)> = (first.ceil() as i32..last as i32)
        .map(|t| (f64::from(t), f64::from(t)))
        .collect();
    let camera = SideTrack {
        track: camera,
        clock: TrackClock::Recording,
    };
    let watch = SideTrack {
        track: watch,
        clock: TrackClock::Guessed(Vec::new()),
    };
    let side = |track, signal| SearchSide {
        track,
        signal,
        duration_secs: last,
    };
    let found = offsets(&side(&camera, None), &side(&watch, Some(&video_speed)), &seen).unwrap();
    assert!((found.new_secs - 812.0).abs() < 0.5, "{found:?}");
}

#[test]
fn sample_pair_with_its_noisy_gpx() {
    let read = |name: &str, video_zero_secs: f64| {
        let path = format!("{}/../../data/sample/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = read_track(&std::fs::read(path).unwrap()).unwrap();
        clean::clean(&file.track).0.shifted(video_zero_secs)
    };
    // Track time at video zero, from pair.json.
    let evidence = evidence(&read("reference.gpx", 8.0), &read("new.gpx", 6.0));
    let path = format!("{}/../../data/sample/truth.csv", env!("CARGO_MANIFEST_DIR"));
    let truth = std::fs::read_to_string(path).unwrap();
    let header: Vec<&str> = truth.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|cell| *cell == name).unwrap();
    let (t_new, t_ref) = (column("t_new"), column("t_ref"));
    let (mut inside, mut count) = (0, 0);
    for line in truth.lines().skip(1).step_by(15) {
        let cells: Vec<&str> = line.split(',').collect();
        let (Ok(t_new_secs), Ok(t_ref_secs)) = (cells[t_new].parse::<f64>(), cells[t_ref].parse::<f64>())
        else {
            continue;
        };
        if let Some(candidate) = evidence.candidates(t_new_secs).first() {
            count += 1;
            inside += usize::from((candidate.t_ref_secs - t_ref_secs).abs() < 2.0 * candidate.sigma_t_secs);
        }
    }
    assert!(count > 30);
    assert!(
        inside as f64 >= 0.9 * count as f64,
        "{inside} of {count} within two sigmas"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the start and pace: matches increase in both times, lie near the truth, and every candidate
    /// is within its gate and in order.
    #[test]
    fn any_pace_is_followed(start_m in 0.0..400.0_f64, speed_mps in 2.0..9.0_f64, wobble in 0.0..0.7_f64, period_secs in 8.0..60.0_f64) {
        let way_m = |t: f64| start_m + speed_mps * (t + wobble * period_secs / TAU * (t / period_secs * TAU).sin());
        let reference = ride(200, |t| trail(5.0 * t));
        let new = ride(60, |t| trail(way_m(t)));
        let evidence = evidence(&reference, &new);
        let matches = evidence.matches();
        prop_assert!(matches.len() > 50, "{} matches", matches.len());
        for pair in matches.windows(2) {
            prop_assert!(pair[0].t_new_secs < pair[1].t_new_secs && pair[0].t_ref_secs <= pair[1].t_ref_secs);
        }
        for matched in matches {
            let error_secs = (matched.t_ref_secs - way_m(matched.t_new_secs) / 5.0).abs();
            prop_assert!(error_secs < 1.0 && error_secs < 3.0 * matched.sigma_t_secs, "{matched:?}: {error_secs}");
        }
        for t in 0..60 {
            let candidates = evidence.candidates(f64::from(t));
            prop_assert!(candidates.iter().all(|c| c.cross_distance_m <= 25.0 && c.sigma_t_secs > 0.0));
            prop_assert!(candidates.windows(2).all(|pair| pair[0].t_ref_secs < pair[1].t_ref_secs));
        }
    }
}
