//! Schedules of the sample recordings (30 frames a second, 20 s and more) under maps made here.

use std::path::Path;

use mtbsync_align::Segment;
use mtbsync_media::OpenOptions;
use mtbsync_task::error::{Failure, Problem};

use super::*;
use crate::markers::export::RateChoice;

const FPS: u32 = 30;

fn timeline(name: &str) -> Timeline {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/sample")
        .join(name);
    Recording::open(&path, &OpenOptions::default())
        .unwrap()
        .timeline()
        .clone()
}

/// A map through knots `(t_new, t_ref)`, one list per segment.
fn warp(segments: &[&[(f64, f64)]]) -> TimeWarp {
    let segment = |knots: &&[(f64, f64)]| {
        let (new, reference) = knots.iter().copied().unzip();
        Segment::new(new, reference, vec![0.05; knots.len()]).unwrap()
    };
    TimeWarp::new(segments.iter().map(segment).collect()).unwrap()
}

fn timing() -> Timing {
    Timing {
        lock: Lock::Place,
        master: Side::New,
        from: None,
        to: None,
        stops: Stops::Hold,
        rate: RateChoice::Auto,
    }
}

fn schedule(timing: &Timing, warp: TimeWarp) -> Result<Schedule, RenderProblem> {
    let timelines = ["reference.mp4", "new.mp4"].map(timeline);
    Schedule::of_timelines(timing, Rate::whole(FPS), warp, timelines)
}

fn given(from: &str, to: &str) -> Timing {
    Timing {
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        ..timing()
    }
}

#[test]
fn locked_by_place_both_show_the_mapped_frames() {
    // The new run takes twice as long.
    let half = warp(&[&[(2.0, 4.0), (12.0, 9.0)]]);
    let found = schedule(&timing(), half.clone()).unwrap();
    assert_eq!(found.frames(), 300);
    let moment = found.moment(60);
    assert_eq!((moment.new, moment.reference), (Some(120), Some(150)));
    assert!((moment.delta_secs.unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(found.indices(Side::New), (60..360).collect::<Vec<_>>());
    assert_eq!(found.indices(Side::Reference), (120..270).collect::<Vec<_>>());
    let reversed = Timing {
        master: Side::Reference,
        ..timing()
    };
    let found = schedule(&reversed, half).unwrap();
    let moment = found.moment(30);
    assert_eq!(
        (found.frames(), moment.reference, moment.new),
        (150, Some(150), Some(120))
    );
    assert!(
        (moment.delta_secs.unwrap() - 1.0).abs() < 1e-9,
        "still lost by the new run"
    );
}

#[test]
fn locked_by_time_both_play_on_from_one_place() {
    let by_time = Timing {
        lock: Lock::Time,
        ..given("4", "10")
    };
    let found = schedule(&by_time, warp(&[&[(2.0, 4.0), (12.0, 9.0)]])).unwrap();
    let frames = |number| (found.moment(number).new, found.moment(number).reference);
    assert_eq!(
        (frames(0), frames(150)),
        ((Some(120), Some(150)), (Some(270), Some(300)))
    );
    assert_eq!(found.own_speed_shift_secs(Side::Reference), Some(1.0));
    let nowhere = Timing {
        lock: Lock::Time,
        ..given("13", "15")
    };
    let error = schedule(&nowhere, warp(&[&[(2.0, 4.0), (12.0, 9.0)]])).unwrap_err();
    assert!(error.hint().unwrap().contains("2.0 to 12.0 s"));
}

#[test]
fn a_stretch_without_counterpart_shows_the_master_alone() {
    let found = schedule(
        &given("0", "15"),
        warp(&[&[(2.0, 3.0), (5.0, 6.0)], &[(8.0, 9.0), (12.0, 13.0)]]),
    )
    .unwrap();
    let has_reference =
        [0, 59, 61, 149, 151, 239, 241, 400].map(|number| found.moment(number).reference.is_some());
    assert_eq!(
        has_reference,
        [false, false, true, true, false, false, true, false]
    );
    assert!((0..found.frames()).all(|number| found.moment(number).new == Some(number as usize)));
    assert_eq!(found.moment(0).delta_secs, None);
}

#[test]
fn a_stop_is_held_or_cut_out() {
    let stop = || {
        warp(&[&[
            (0.0, 0.0),
            (5.0, 5.0),
            (5.2, 5.01),
            (9.8, 5.02),
            (10.0, 5.03),
            (15.0, 10.0),
        ]])
    };
    let held = schedule(&timing(), stop()).unwrap();
    let still: Vec<_> = (165..285)
        .filter_map(|number| held.moment(number).reference)
        .collect();
    assert!(still.iter().all(|index| index.abs_diff(150) <= 1), "{still:?}");
    let skip = Timing {
        stops: Stops::Skip,
        ..timing()
    };
    let cut = schedule(&skip, stop()).unwrap();
    assert!(
        held.frames() - cut.frames() > 120,
        "{} {}",
        held.frames(),
        cut.frames()
    );
    assert_eq!(cut.pieces().len(), 2);
    let last = cut.moment(cut.frames() - 1);
    assert!((last.master_secs - 15.0).abs() < 0.05);
    assert!(
        (last.delta_secs.unwrap() - 5.0).abs() < 0.1,
        "the stop still counts"
    );
}

#[test]
fn ranges_are_times_on_the_master_and_never_empty() {
    let straight = || warp(&[&[(0.0, 1.0), (15.0, 16.0)]]);
    let found = schedule(&given("00:00:02:15", "0:04"), straight()).unwrap();
    assert_eq!((found.frames(), found.moment(0).new), (45, Some(75)));
    for (from, to) in [("5", "5"), ("6", "5"), ("500", "600"), ("x", "5")] {
        let error = schedule(&given(from, to), straight()).unwrap_err();
        assert_eq!(error.failure(), Failure::Usage, "{from} {to}");
    }
    let end_secs = timeline("new.mp4").duration_secs();
    let clipped = schedule(&given("1", "9999"), straight()).unwrap();
    assert!((clipped.duration_secs() - (end_secs - 1.0)).abs() < 0.04);
}
