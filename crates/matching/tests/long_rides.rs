//! Long recordings take the sparse look and the band; what comes out must be what comes out of short ones.

#![allow(clippy::expect_used)] // a helper that fails is a failing test

mod generated;

use generated::recording;
use mtbsync_align::fit::fit_monotone;
use mtbsync_align::pair::Pair;
use mtbsync_index::features::Features;
use mtbsync_index::tracks::Tracks;
use mtbsync_matching::align::{Alignment, align};
use mtbsync_matching::settings::{MatchSettings, Matcher};
use mtbsync_task::progress::{Cancel, Silent, Task};

const FPS: f64 = 2.0;

/// Six minutes ridden at a changing pace, with a start of its own.
fn place(t: f64) -> f64 {
    t - 20.0 + 6.0 * (t / 25.0).sin()
}

/// A long ride on the trail of that number, aligned with one on trail 1.
fn aligned(trail: u64) -> Alignment {
    let reference = recording(1, FPS, 340.0, 0.8, |t| t);
    let new = recording(trail, FPS, 360.0, 0.8, place);
    aligned_with(&reference, &new)
}

/// Of a reference of laps of 24 s and a new run of laps of 21 s, so many of each.
fn aligned_laps(reference: usize, new: usize) -> Alignment {
    let reference = recording(1, FPS, 24.0 * reference as f64, 0.8, |t| t % 24.0);
    let new = recording(1, FPS, 21.0 * new as f64, 0.8, |t| (t * 24.0 / 21.0) % 24.0);
    aligned_with(&reference, &new)
}

fn aligned_with(reference: &Features, new: &Features) -> Alignment {
    let settings = MatchSettings {
        matcher: Matcher::Dense,
        ..MatchSettings::default()
    };
    let task = Task {
        progress: &Silent,
        cancel: &Cancel::default(),
        threads: 2,
        scratch: None,
    };
    align(reference, new, &Tracks::default(), &settings, &task).expect("generated features are consistent")
}

#[test]
fn a_long_ride_is_followed_within_its_band() {
    let found = aligned(1);
    assert!(!found.reversed);
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    let warp = fit_monotone(&found.pairs, &[]);
    let mut answered = 0;
    for k in 0..330 {
        let t = 22.0 + f64::from(k);
        let truth = place(t);
        if let Some(t_ref) = warp.ref_from_new(t) {
            answered += 1;
            assert!((t_ref - truth).abs() < 0.3, "at {t}: {t_ref}, true {truth}");
        } else {
            assert!(!(5.0..335.0).contains(&truth), "no answer at {t}");
        }
    }
    assert!(answered > 300, "{answered}");
}

#[test]
fn a_long_ride_elsewhere_has_no_place() {
    let found = aligned(2);
    assert!(found.pairs.len() < 20, "{}", found.pairs.len());
}

#[test]
fn among_many_like_laps_none_is_claimed() {
    let found = aligned_laps(60, 15);
    assert!(!found.warnings.is_empty());
    let sure = found.pairs.iter().map(|pair| pair.certainty).fold(0.0, f64::max);
    assert!(sure <= 0.5, "{sure}");
}

#[test]
fn as_many_like_laps_on_both_sides_are_told_apart_by_their_order() {
    let found = aligned_laps(60, 60);
    let off = |pair: &&Pair| (pair.t_ref_secs - pair.t_new_secs * 24.0 / 21.0).abs() > 12.0;
    assert!(found.pairs.len() > 2_300, "{}", found.pairs.len());
    let wrong = found
        .pairs
        .iter()
        .filter(off)
        .filter(|pair| pair.certainty > 0.5)
        .count();
    assert_eq!(wrong, 0);
}
