use proptest::prelude::*;

use super::knots::MIN_KNOT_GAP_SECS;
use super::*;

fn pairs(from: f64, to: f64, f: impl Fn(f64) -> f64) -> Vec<Pair> {
    let n = ((to - from) * 3.0) as usize;
    (0..=n)
        .map(|i| from + i as f64 / 3.0)
        .enumerate()
        .map(|(i, t)| Pair {
            t_new_secs: t,
            t_ref_secs: f(t) + 0.015 * ((i * 31 % 7) as f64 / 3.0 - 1.0),
            sigma_secs: 0.02,
            certainty: 0.99,
        })
        .collect()
}

fn wavy(t: f64) -> f64 {
    4.0 + 0.95 * t + 0.5 * (t / 5.0).sin()
}

#[test]
fn a_coarse_look_is_no_gap_at_every_step() {
    let each_second: Vec<Pair> = pairs(0.0, 60.0, wavy).into_iter().step_by(3).collect();
    let warp = fit_monotone(&each_second, &[]);
    let sigma_secs = |t: f64| warp.ref_sigma_at(t).unwrap();
    assert!((0..20).all(|k| sigma_secs(20.0 + 0.25 * f64::from(k)) < 0.1));
}

#[test]
fn the_map_does_not_begin_before_a_recording() {
    let all = pairs(0.0, 30.0, |t| t - 0.4);
    let warp = fit_warp(&all, &[], &WarpSettings::default(), (30.0, 29.6));
    let [segment] = warp.segments() else {
        panic!("one segment")
    };
    assert!(
        (0.0..0.4).contains(&segment.ref_range().0),
        "{:?}",
        segment.ref_range()
    );
    assert!((warp.ref_from_new(10.0).unwrap() - 9.6).abs() < 0.01);
}

#[test]
fn a_long_gap_ends_a_segment_and_a_short_one_widens_the_error() {
    let mut all = pairs(0.0, 20.0, wavy);
    all.extend(pairs(23.9, 40.0, wavy));
    all.extend(pairs(50.0, 70.0, wavy));
    let warp = fit_monotone(&all, &[]);
    assert_eq!(warp.segments().len(), 2);
    assert_eq!(warp.ref_from_new(45.0), None);
    assert!((warp.ref_from_new(22.0).unwrap() - wavy(22.0)).abs() < 0.15);
    assert!(warp.ref_sigma_at(22.0).unwrap() > 1.15 * warp.ref_sigma_at(10.0).unwrap());
}

#[test]
fn sharp_pairs_at_an_unusual_pace_are_believed_within_a_ride_and_doubted_at_its_end() {
    let slow = |t: f64, from: f64| t - 0.3 * (t - from).clamp(0.0, 4.0);
    let error_at = |t: f64, from: f64| {
        let warp = fit_monotone(&pairs(0.0, 40.0, |t| slow(t, from)), &[]);
        warp.ref_sigma_at(t).unwrap()
    };
    assert!(error_at(22.0, 20.0) < 0.05);
    assert!(error_at(38.0, 36.0) > 3.0 * error_at(22.0, 20.0));
    assert!(error_at(38.0, 50.0) < 0.05, "a usual pace at the end");
    assert!(error_at(36.0, 33.5) < 0.05, "back at a usual pace before the end");
}

#[test]
fn anchors_are_met_exactly_and_pull_their_surroundings() {
    let anchor = Anchor {
        t_new_secs: 20.0,
        t_ref_secs: wavy(20.0) + 0.4,
    };
    let warp = fit_monotone(&pairs(0.0, 40.0, wavy), &[anchor]);
    assert_eq!(warp.ref_from_new(20.0), Some(anchor.t_ref_secs));
    assert!(warp.ref_from_new(20.3).unwrap() > wavy(20.3) + 0.05);
    assert!((warp.ref_from_new(30.0).unwrap() - wavy(30.0)).abs() < 0.03);
}

#[test]
fn contradictory_anchors_are_named() {
    let a = |t_new_secs, t_ref_secs| Anchor {
        t_new_secs,
        t_ref_secs,
    };
    let error = sort_anchors(&[a(5.0, 3.0), a(1.0, 1.0), a(4.0, 3.5)]).unwrap_err();
    assert_eq!(error, ContradictoryAnchors { first: 2, second: 0 });
    assert!(sort_anchors(&[a(2.0, 2.0), a(2.0, 3.0)]).is_err());
    assert_eq!(sort_anchors(&[a(2.0, 2.0), a(1.0, 1.0)]).unwrap()[0], a(1.0, 1.0));
}

#[test]
fn what_is_given_is_met_where_segments_meet() {
    let pair = |t_new_secs: f64, t_ref_secs: f64| Pair {
        t_new_secs,
        t_ref_secs,
        sigma_secs: 0.02,
        certainty: 0.99,
    };
    let mut pairs: Vec<Pair> = (0..=30).map(|k| f64::from(k) / 3.0).map(|t| pair(t, t)).collect();
    let later = (1..=30).map(|k| f64::from(k) / 3.0);
    pairs.extend(later.map(|t| pair(15.0 + t, 9.6 + t)));
    let anchor = Anchor {
        t_new_secs: 15.0,
        t_ref_secs: 9.6,
    };
    let warp = fit_monotone(&pairs, &[anchor]);
    assert_eq!(warp.segments().len(), 2);
    assert!((warp.ref_from_new(15.0).unwrap() - 9.6).abs() < 1e-9, "{warp:?}");
    assert!(warp.ref_from_new(9.0).is_some());
}

#[test]
fn crossing_segments_lose_the_shorter() {
    let mut all = pairs(0.0, 20.0, wavy);
    all.extend(pairs(30.0, 35.0, |t| t - 28.0));
    let warp = fit_monotone(&all, &[]);
    assert_eq!(warp.segments().len(), 1);
    assert!(warp.ref_from_new(32.0).is_none());
}

#[test]
fn a_segment_that_begins_a_little_before_the_end_of_the_last_is_cut() {
    // The new rider leaves at 20 s and comes back 0.3 s of the reference further back.
    let mut all = pairs(0.0, 20.0, |t| t);
    all.extend(pairs(30.0, 45.0, |t| t - 10.3));
    let warp = fit_monotone(&all, &[]);
    assert_eq!(warp.segments().len(), 2);
    assert!((warp.ref_from_new(40.0).unwrap() - 29.7).abs() < 0.05);
    let (first, second) = (warp.segments()[0].ref_range(), warp.segments()[1].ref_range());
    assert!(
        first.1 < second.0 && second.0 < first.1 + 0.5,
        "{first:?} {second:?}"
    );
}

#[test]
fn few_pairs_make_no_segment() {
    assert!(fit_monotone(&pairs(0.0, 1.0, wavy), &[]).segments().is_empty());
    assert!(fit_monotone(&[], &[]).segments().is_empty());
}

#[test]
fn doubt_about_the_path_is_not_averaged_away() {
    let mut all = pairs(0.0, 20.0, wavy);
    all.iter_mut().for_each(|p| p.certainty = 0.5);
    let place = fit_monotone(&all, &[]).locate(12.0, 20.0).unwrap();
    assert!((place.confidence - 0.5).abs() < 0.05, "{place:?}");
}

fn ride() -> impl Strategy<Value = Vec<Pair>> {
    prop::collection::vec((0.2f64..0.6, 0.0f64..1.2, -0.3f64..0.3, 0.01f64..0.2), 6..80).prop_map(|steps| {
        let (mut t_new, mut t_ref) = (1.0, 5.0);
        steps
            .into_iter()
            .map(|(dt, dr, noise, sigma_secs)| {
                t_new += dt;
                t_ref += dr;
                Pair {
                    t_new_secs: t_new,
                    t_ref_secs: t_ref + noise,
                    sigma_secs,
                    certainty: 0.9,
                }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn always_strictly_increasing_and_invertible(pairs in ride()) {
        let warp = fit_monotone(&pairs, &[]);
        for segment in warp.segments() {
            prop_assert!(segment.curve().x().windows(2).all(|w| w[1] - w[0] >= MIN_KNOT_GAP_SECS - 1e-9));
            let (first, last) = segment.new_range();
            let mut before = f64::NEG_INFINITY;
            for k in 0..200 {
                let t = first + (last - first) * f64::from(k) / 199.0;
                let r = segment.curve().y_at(t.min(last)).unwrap();
                prop_assert!(r > before);
                before = r;
                let back = warp.new_from_ref(r).unwrap();
                prop_assert!((segment.curve().y_at(back).unwrap() - r).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn shifting_a_clock_shifts_the_map(pairs in ride(), shift in -50.0f64..50.0) {
        let moved: Vec<Pair> = pairs.iter().map(|p| Pair { t_ref_secs: p.t_ref_secs + shift, ..*p }).collect();
        let (a, b) = (fit_monotone(&pairs, &[]), fit_monotone(&moved, &[]));
        prop_assert_eq!(a.segments().len(), b.segments().len());
        for s in a.segments() {
            for &t in s.curve().x() {
                let (x, y) = (a.ref_from_new(t).unwrap(), b.ref_from_new(t).unwrap());
                prop_assert!((x + shift - y).abs() < 1e-6, "{} {}", x + shift, y);
            }
        }
    }

    #[test]
    fn an_anchor_on_the_curve_changes_nothing(share in 0.1f64..0.9) {
        let all = pairs(0.0, 40.0, wavy);
        let before = fit_monotone(&all, &[]);
        let t_new_secs = 40.0 * share;
        let anchor = Anchor { t_new_secs, t_ref_secs: before.ref_from_new(t_new_secs).unwrap() };
        let after = fit_monotone(&all, &[anchor]);
        for k in 1..400 {
            let t = f64::from(k) / 10.0;
            let (a, b) = (before.ref_from_new(t).unwrap(), after.ref_from_new(t).unwrap());
            prop_assert!((a - b).abs() < 2e-3, "at {}: {} {}", t, a, b);
        }
    }
}

#[test]
fn a_map_cut_where_a_recording_begins_keeps_its_intervals() {
    let half_widths = vec![0.01, 0.02, 0.03, 0.04];
    let segment = Segment::new(
        vec![-0.5, 0.5, 1.5, 2.5],
        vec![-0.1, 1.0, 2.0, 3.0],
        vec![0.05; 4],
    );
    let segment = segment.unwrap().with_half_widths(half_widths).unwrap();
    let cut = from_zero(TimeWarp::new(vec![segment]).unwrap());
    assert_eq!(cut.segments()[0].half_widths(), [0.02, 0.03, 0.04]);
}
