//! Thousands of random rides without pictures: sequences of descriptors with noise, look-alike places, stops,
//! detours, laps and mishaps, whose truth is known, through the whole chain of this crate.
//!
//! A place is a random vector that changes smoothly along the trail; a frame is the vector of its place plus
//! noise. Similarity is their cosine. `MTB_RIDES` sets how many rides are made (default 60; 2,000 take a
//! minute or two in release), `MTB_FIRST_RIDE` the first seed.

#![allow(clippy::unwrap_used)] // a helper that fails is a failing test

mod chain;
mod laws;
mod random;
mod ride;
mod scenes;
mod tally;
mod trail;

use std::time::Instant;

use chain::{Film, Outcome, align};
use random::Random;
use scenes::{KINDS, Scene};
use tally::{Tallies, Tally};

/// Confidence from which an answer counts as sure.
const SURE: f64 = 0.6;

fn env(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

fn number_of_rides() -> u64 {
    env("MTB_RIDES", 60)
}

fn seeds(share: u64) -> std::ops::Range<u64> {
    let first = env("MTB_FIRST_RIDE", 0);
    first..first + number_of_rides() / share
}

fn films(scene: &Scene, random: &mut Random) -> (Film, Film) {
    let [of_reference, of_new] = &scene.trails;
    (
        Film::of(&scene.reference, of_reference, random, scene.noise),
        Film::of(&scene.new, of_new, random, scene.noise),
    )
}

fn aligned(scene: &Scene, random: &mut Random) -> Outcome {
    let (reference, new) = films(scene, random);
    align(&reference, &new)
}

#[test]
fn random_rides_are_followed_without_confident_mistakes() {
    let mut tallies = Tallies::default();
    for seed in seeds(1) {
        let mut random = Random::new(seed);
        let kind = KINDS[(seed % KINDS.len() as u64) as usize];
        let scene = Scene::new(kind, &mut random);
        let (reference, new) = films(&scene, &mut random);
        let begun = Instant::now();
        let outcome = align(&reference, &new);
        let took = begun.elapsed();
        tallies.of(kind).add(seed, &scene, &outcome, took);
        laws::monotone_and_invertible(&outcome.warp);
    }
    println!("{}", tallies.report());
    let all = tallies.all();
    assert!(all.answered_share() > 0.85 && all.hit_share() > 0.8);
    assert!(
        (all.wrong.len() as f64) <= 0.001 * all.sure as f64,
        "{} of {}",
        all.wrong.len(),
        all.sure
    );
}

#[test]
fn the_laws_hold_for_every_ride() {
    let (mut swapped, mut reversed) = (laws::Agreement::default(), laws::Agreement::default());
    for seed in seeds(4) {
        let mut random = Random::new(seed ^ 0x1a35);
        let kind = KINDS[(seed % KINDS.len() as u64) as usize];
        let scene = Scene::new(kind, &mut random);
        let (reference, new) = films(&scene, &mut random);
        let outcome = align(&reference, &new);
        laws::shifted_by_clocks(&reference, &new, &outcome);
        laws::unmoved_by_anchors_on_it(&new, &outcome);
        swapped.with_swapped(&scene, [&reference, &new], &outcome);
        reversed.with_reversed(&scene, [&reference, &new], &outcome);
    }
    for (what, found) in [("swapped", &swapped), ("reversed", &reversed)] {
        println!(
            "{what}: {} places, {:.3} of them within the interval, {} at odds with both maps sure",
            found.asked,
            found.share(),
            found.at_odds
        );
        assert!(found.share() > 0.9, "{what}: {}", found.share());
        assert!(
            found.at_odds as f64 <= 0.005 * found.asked as f64,
            "{what}: {}",
            found.at_odds
        );
    }
}

#[test]
fn one_lap_against_several_is_never_claimed_to_be_known() {
    let mut sure = Vec::new();
    for seed in seeds(6) {
        let mut random = Random::new(seed ^ 0x1ab5);
        let scene = Scene::one_lap_of_several(&mut random);
        let outcome = aligned(&scene, &mut random);
        let tally = Tally::of(seed, &scene, &outcome);
        if outcome.ok && tally.sure > 0 {
            sure.push((seed, outcome.certainty, tally.sure));
        }
    }
    println!("claimed: {sure:?}");
    // One in two hundred looks unlike enough by chance.
    assert!(sure.len() <= seeds(6).count() / 200, "{sure:?}");
}

#[test]
fn rides_of_different_trails_are_refused() {
    for seed in seeds(2) {
        let mut random = Random::new(seed ^ 0x2545);
        let scene = Scene::wrong_trail(&mut random);
        assert!(!aligned(&scene, &mut random).ok, "ride {seed}");
    }
}

#[test]
fn reversed_rides_are_refused() {
    for seed in seeds(6) {
        let mut random = Random::new(seed ^ 0x31);
        let scene = Scene::reversed(&mut random);
        assert!(!aligned(&scene, &mut random).ok, "ride {seed}");
    }
}
