use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::carry::Direction;
use crate::confidence::interval_half_width_secs;

/// Rounding of times through a chain away from stops.
const SAME_SECS: f64 = 1e-9;
/// What `to_warp` promises.
const RESAMPLED_SECS: f64 = 1e-3;

fn segment(knots: &[(f64, f64)], sigma: f64) -> Segment {
    let (x, y): (Vec<f64>, Vec<f64>) = knots.iter().copied().unzip();
    let sigma = vec![sigma; x.len()];
    Segment::new(x, y, sigma).unwrap()
}

fn map(segments: &[&[(f64, f64)]], sigma: f64) -> Arc<TimeWarp> {
    let segments = segments.iter().map(|knots| segment(knots, sigma));
    Arc::new(TimeWarp::new(segments.collect()).unwrap())
}

/// Run A, then run B of one reference.
fn a_to_b(a: &Arc<TimeWarp>, b: &Arc<TimeWarp>) -> Composition {
    Composition::new(vec![
        Step::forwards(Arc::clone(a)),
        Step::backwards(Arc::clone(b)),
    ])
}

/// How a stretch between two knots goes on: new and reference seconds.
fn stretch() -> impl Strategy<Value = (f64, f64)> {
    let riding = (0.1f64..1.5, 0.4f64..2.5).prop_map(|(dx, rate)| (dx, dx * rate));
    let new_stands = (1.0f64..5.0).prop_map(|dx| (dx, dx * 1e-6));
    let ref_stands = (0.05f64..0.3, 2.0f64..6.0);
    prop_oneof![12 => riding, 1 => new_stands, 1 => ref_stands]
}

/// Maps of one to four segments; some of them begin after others end.
fn maps() -> impl Strategy<Value = Arc<TimeWarp>> {
    let segment = (
        (0.01f64..4.0, 0.01f64..4.0),
        prop::collection::vec((stretch(), 0.004f64..0.2), 1..15),
    );
    let start = (-15.0f64..15.0, prop_oneof![9 => -15.0f64..15.0, 1 => Just(500.0)]);
    (start, prop::collection::vec(segment, 1..5)).prop_map(|((mut x, mut y), parts)| {
        let segments = parts.into_iter().map(|(gap, stretches)| {
            (x, y) = (x + gap.0, y + gap.1);
            let mut knots = (vec![x], vec![y], vec![0.05]);
            for ((dx, dy), sigma) in stretches {
                (x, y) = (x + dx, y + dy);
                knots.0.push(x);
                knots.1.push(y);
                knots.2.push(sigma);
            }
            Segment::new(knots.0, knots.1, knots.2).unwrap()
        });
        let segments: Vec<Segment> = segments.collect();
        Arc::new(TimeWarp::new(segments).unwrap())
    })
}

fn chains() -> impl Strategy<Value = Composition> {
    prop::collection::vec((maps(), any::<bool>()), 0..5).prop_map(|steps| {
        let step = |(warp, is_forwards)| match is_forwards {
            true => Step::forwards(warp),
            false => Step::backwards(warp),
        };
        Composition::new(steps.into_iter().map(step).collect())
    })
}

/// Moments of the first clock: within the chain's stretches, beside them, and anywhere.
fn moments(chain: &Composition, shares: &[f64]) -> Vec<f64> {
    let within = chain.segments().into_iter().flat_map(|(from, to)| {
        let inner = shares
            .iter()
            .map(move |share| (from + share * (to - from)).min(to));
        inner.chain([from, to])
    });
    let mut moments: Vec<f64> = within
        .chain(shares.iter().map(|share| share * 60.0 - 20.0))
        .collect();
    moments.sort_by(f64::total_cmp);
    moments
}

/// The value step by step, and whether nobody stands on the way.
fn step_by_step(chain: &Composition, t: f64) -> Option<(f64, bool)> {
    let mut state = (t, true);
    for Step { warp, direction } in &chain.steps {
        let (t_in, rides) = state;
        let (t_new, t_out) = match direction {
            Direction::Forwards => (t_in, warp.ref_from_new(t_in)?),
            Direction::Backwards => (warp.new_from_ref(t_in)?, warp.new_from_ref(t_in)?),
        };
        let slope = warp.segment_at_new(t_new)?.curve().slope_at(t_new)?;
        state = (t_out, rides && (0.05..20.0).contains(&slope));
    }
    Some(state)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn never_less_at_a_later_moment(chain in chains(), shares in prop::collection::vec(0.0f64..1.0, 12)) {
        let mut before = f64::NEG_INFINITY;
        let near = moments(&chain, &shares).into_iter().flat_map(|t| [t.next_down(), t, t.next_up()]);
        let mut times: Vec<f64> = near.collect();
        times.sort_by(f64::total_cmp);
        for t in times {
            let Some(value) = chain.value_at(t) else { continue };
            prop_assert!(value >= before, "{} after {} at {}", value, before, t);
            before = value;
        }
    }

    #[test]
    fn there_and_back(chain in chains(), shares in prop::collection::vec(0.0f64..1.0, 12)) {
        let inverse = chain.inverse();
        prop_assert_eq!(inverse.segments(), chain.last_segments());
        prop_assert_eq!(inverse.inverse().segments(), chain.segments());
        for t in moments(&chain, &shares) {
            let Some(value) = chain.value_at(t) else { continue };
            let back = inverse.value_at(value).unwrap();
            if step_by_step(&chain, t).is_some_and(|(_, rides)| rides) {
                prop_assert!((back - t).abs() <= SAME_SECS, "{} came back as {}", t, back);
            }
            prop_assert_eq!(inverse.inverse().value_at(t), Some(value));
        }
    }

    #[test]
    fn it_has_a_value_where_every_step_has_one(chain in chains(), shares in prop::collection::vec(0.0f64..1.0, 12)) {
        for t in moments(&chain, &shares) {
            let is_at_an_end = chain.segments().iter().any(|(from, to)| (t - from).abs().min((t - to).abs()) < 1e-6);
            match (chain.value_at(t), step_by_step(&chain, t)) {
                (Some(value), Some((expected, _))) => prop_assert!((value - expected).abs() <= SAME_SECS),
                (None, None) => {}
                (is, expected) => prop_assert!(is_at_an_end, "{:?} in place of {:?} at {}", is, expected, t),
            }
        }
    }

    #[test]
    fn chains_are_joined_in_any_order(
        (a, b, c) in (chains(), chains(), chains()),
        shares in prop::collection::vec(0.0f64..1.0, 8),
    ) {
        let (left, right) = (a.then(&b).then(&c), a.then(&b.then(&c)));
        let alone = [Composition::identity().then(&a), a.then(&Composition::identity())];
        prop_assert_eq!(left.segments(), right.segments());
        for t in moments(&left, &shares) {
            prop_assert_eq!(left.at(t), right.at(t));
            let by_parts = a.value_at(t).and_then(|t| b.value_at(t)).and_then(|t| c.value_at(t));
            if let (Some(whole), Some(parts)) = (left.value_at(t), by_parts) {
                prop_assert!((whole - parts).abs() <= SAME_SECS);
            }
        }
        for t in moments(&a, &shares) {
            prop_assert!(alone.iter().all(|same| same.at(t) == a.at(t)));
        }
    }

    #[test]
    fn places_hold_their_value(chain in chains(), shares in prop::collection::vec(0.0f64..1.0, 12)) {
        for t in moments(&chain, &shares) {
            prop_assert_eq!(chain.at(t).is_some(), chain.value_at(t).is_some());
            let (Some(place), Some(value)) = (chain.at(t), chain.value_at(t)) else { continue };
            prop_assert!(place.first_secs <= value && value <= place.last_secs, "{:?} {}", place, value);
            prop_assert!(place.low_secs <= place.first_secs && place.last_secs <= place.high_secs, "{:?}", place);
            prop_assert!(place.sigma_secs.is_finite() && place.sigma_secs >= 0.0);
            prop_assert!(place.half_width_secs.is_finite());
        }
    }

    #[test]
    fn one_map_is_within_a_millisecond(chain in chains(), shares in prop::collection::vec(0.0f64..1.0, 30)) {
        let warp = chain.to_warp();
        prop_assert_eq!(warp.is_some(), !chain.segments().is_empty());
        let Some(warp) = warp else { return Ok(()) };
        let ranges: Vec<_> = warp.segments().iter().map(Segment::new_range).collect();
        prop_assert_eq!(ranges, chain.segments());
        let inverse = chain.inverse();
        for t in moments(&chain, &shares) {
            let (Some(is), Some(wanted)) = (warp.ref_from_new(t), chain.value_at(t)) else { continue };
            let away = (is - wanted).abs().min((inverse.value_at(is).unwrap_or(f64::INFINITY) - t).abs());
            prop_assert!(away <= RESAMPLED_SECS, "{} in place of {} at {}", is, wanted, t);
        }
    }
}

#[test]
fn errors_of_both_maps_count_with_the_local_rate() {
    let a = map(&[&[(0.0, 0.0), (20.0, 20.0)]], 0.03);
    let b = map(&[&[(0.0, 0.0), (10.0, 20.0)]], 0.04);
    let sigma = |chain: Composition| chain.at(8.0).unwrap().sigma_secs;
    assert!((sigma(a_to_b(&a, &b)) - 0.05 / 2.0).abs() < 1e-12);
    let there_and_on = Composition::new(vec![Step::backwards(Arc::clone(&a)), Step::forwards(b)]);
    assert!((sigma(there_and_on) - 0.04f64.hypot(2.0 * 0.03)).abs() < 1e-12);
    let place = a_to_b(&a, &a).at(8.0).unwrap();
    assert_eq!((place.first_secs, place.last_secs), (place.t_secs, place.t_secs));
    let half = interval_half_width_secs(0.03);
    let independent = half * 2f64.sqrt();
    assert!(
        place.half_width_secs < independent && place.half_width_secs > half,
        "{place:?}"
    );
    let doubted = map(&[&[(0.0, 0.0), (20.0, 20.0)]], 1.0);
    let independent = interval_half_width_secs(2f64.sqrt());
    let half = a_to_b(&doubted, &doubted).at(8.0).unwrap().half_width_secs;
    assert!((half - independent).abs() < 1e-3, "doubts are not shared: {half}");
}

#[test]
fn one_map_backwards_says_what_it_says_of_markers() {
    let knots = [
        (0.0, 0.0),
        (9.9, 9.9),
        (10.0, 10.0),
        (16.0, 10.01),
        (16.1, 10.11),
        (30.0, 24.0),
    ];
    let warp = map(&[&knots, &[(33.0, 24.1), (60.0, 51.0)]], 0.05);
    let chain = Composition::new(vec![Step::backwards(Arc::clone(&warp))]);
    for t_ref in [5.0, 9.98, 10.005, 10.2, 23.99, 24.12, 40.0] {
        let (place, marker) = (chain.at(t_ref).unwrap(), warp.locate(t_ref, 60.0).unwrap());
        assert_eq!(
            (place.low_secs, place.high_secs),
            (marker.low_secs, marker.high_secs),
            "{t_ref}"
        );
        assert_eq!(place.first_secs, marker.t_new_secs);
    }
}

#[test]
fn a_stop_of_the_last_run_is_an_interval_around_its_middle() {
    let rides = map(&[&[(0.0, 0.0), (20.0, 20.0)]], 0.02);
    let stands = map(&[&[(0.0, 0.0), (10.0, 10.0), (16.0, 10.1), (30.0, 24.0)]], 0.02);
    let chain = a_to_b(&rides, &stands);
    let [stop] = chain.stops()[..] else {
        panic!("{:?}", chain.stops())
    };
    assert_eq!(stop.side, StopSide::Ref);
    let place = chain.at(10.05).unwrap();
    assert_eq!(
        (place.first_secs, place.last_secs),
        (stop.from_secs, stop.to_secs)
    );
    assert_eq!(place.t_secs, 0.5 * (stop.from_secs + stop.to_secs));
    assert!(place.half_width_secs > 0.5 * (stop.to_secs - stop.from_secs) && place.sigma_secs < 0.05);
    let [stop] = chain.inverse().stops()[..] else {
        panic!("{:?}", chain.inverse().stops())
    };
    assert_eq!(stop.side, StopSide::New);
    // Who stands stays at one place of the other run, and that is known as well as beside it.
    let place = chain.inverse().at(13.0).unwrap();
    assert!(
        (place.t_secs - 10.05).abs() < 0.05 && place.half_width_secs < 0.15,
        "{place:?}"
    );
}

#[test]
fn a_stop_of_the_reference_is_none_of_the_runs() {
    let over_stop = |from: f64, to: f64| {
        let before = [(0.0, 0.0), (4.0, 4.0), (8.0, 8.0), (from, 10.0)];
        let after = [(to, 18.0), (to + 2.0, 20.0), (to + 6.0, 24.0), (to + 10.0, 28.0)];
        map(&[&[before, after].concat()], 0.02)
    };
    let (a, b) = (over_stop(10.0, 10.3), over_stop(10.1, 10.5));
    assert!(a.stops().iter().any(|stop| stop.side == StopSide::Ref));
    let chain = a_to_b(&a, &b);
    assert_eq!(chain.stops(), []);
    for t in [9.0, 10.1, 10.2, 12.0] {
        let place = chain.at(t).unwrap();
        assert_eq!(place.first_secs, place.last_secs);
        assert!(
            (place.t_secs - t).abs() < 0.4 && place.half_width_secs < 0.2,
            "{place:?}"
        );
    }
}

#[test]
fn runs_that_share_nothing_have_no_map() {
    let early = map(&[&[(0.0, 0.0), (10.0, 10.0)]], 0.02);
    let late = map(&[&[(0.0, 10.0), (10.0, 20.0)]], 0.02);
    let chain = a_to_b(&early, &late);
    assert!(chain.segments().is_empty() && chain.stops().is_empty() && chain.to_warp().is_none());
    assert_eq!(
        (chain.value_at(10.0), chain.at(5.0), chain.value_at(f64::NAN)),
        (None, None, None)
    );
}

#[test]
fn the_surest_path_has_the_smallest_variance() {
    let edge = |new_key, ref_key, variance| Edge {
        new_key,
        ref_key,
        variance,
    };
    let legs = |edges: &[Edge], from, to| {
        let path = surest_path(edges, from, to)?;
        Some(
            path.iter()
                .map(|leg| (leg.edge, leg.direction))
                .collect::<Vec<_>>(),
        )
    };
    let (forwards, backwards) = (Direction::Forwards, Direction::Backwards);
    let edges = [
        edge("a", "r", 4.0),
        edge("b", "r", 9.0),
        edge("a", "s", 1.0),
        edge("b", "s", 1.0),
        edge("r", "s", 0.5),
        edge("b", "s", 0.75),
        edge("b", "s", f64::NAN),
        edge("lonely", "t", 1.0),
    ];
    assert_eq!(legs(&edges, "a", "b"), Some(vec![(2, forwards), (5, backwards)]));
    assert_eq!(legs(&edges, "a", "r"), Some(vec![(2, forwards), (4, backwards)]));
    assert_eq!(legs(&edges, "a", "a"), Some(Vec::new()));
    assert_eq!(
        (legs(&edges, "a", "lonely"), legs(&edges, "a", "nobody")),
        (None, None)
    );

    let ties = [
        edge("a", "y", 1.0),
        edge("b", "y", 1.0),
        edge("b", "x", 1.0),
        edge("a", "x", 1.0),
    ];
    assert_eq!(legs(&ties, "a", "b"), Some(vec![(3, forwards), (2, backwards)]));
    let fewer = [&ties[..], &[edge("b", "a", 2.0)]].concat();
    assert_eq!(legs(&fewer, "a", "b"), Some(vec![(4, backwards)]));

    let keys = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"];
    let row: Vec<Edge> = keys.windows(2).map(|pair| edge(pair[0], pair[1], 1.0)).collect();
    assert_eq!(legs(&row, "k0", "k8").map(|path| path.len()), Some(MAX_STEPS));
    assert_eq!(legs(&row, "k0", "k9"), None);
}

#[test]
fn a_typical_variance_is_the_median() {
    let segment = Segment::new(vec![0.0, 1.0, 2.0], vec![0.0, 1.0, 2.0], vec![9.0, 0.1, 0.2]).unwrap();
    let variance = typical_variance(&TimeWarp::new(vec![segment]).unwrap()).unwrap();
    assert!((variance - 0.04).abs() < 1e-12);
    assert_eq!(typical_variance(&TimeWarp::default()), None);
}
