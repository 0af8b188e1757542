//! Thousands of random rides without pictures: sequences of descriptors with noise, aliasing, stops, detours and laps,
//! whose truth is known, through evidence, sequence model, refinement, fit and gates.
//!
//! A place is a random vector that changes smoothly along the trail; a frame is the vector of its place plus noise.
//! Similarity is their cosine. `MTB_RIDES` sets how many rides are made (default 60; 2,000 take a few minutes).

#![allow(clippy::unwrap_used)] // a helper that fails is a failing test

use std::f64::consts::TAU;
use std::ops::Range;

use mtbsync_align::evidence::{Matrix, log_likelihood_ratios, z_scores};
use mtbsync_align::fit::fit_monotone;
use mtbsync_align::gates::judge;
use mtbsync_align::refine::{FrameTimes, PlaceSimilarity, RefineSettings, refine};
use mtbsync_align::sequence::beliefs;
use mtbsync_align::{TimeWarp, WarpSettings};

const DIMS: usize = 48;
const FPS: f64 = 3.0;
const FINE_FPS: f64 = 10.0;
/// Metres after which a view has become another one.
const VIEW_METRES: f64 = 2.5;

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().max(1e-12).ln()).sqrt() * (TAU * self.unit()).cos()
    }

    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// What every place of a trail looks like: one look each `VIEW_METRES`, blended between.
struct Trail {
    looks: Vec<[f64; DIMS]>,
}

impl Trail {
    fn new(random: &mut Random, metres: f64, aliasing: f64) -> Self {
        let n = (metres / VIEW_METRES) as usize + 8;
        let mut looks: Vec<[f64; DIMS]> = Vec::with_capacity(n);
        for k in 0..n {
            let look = if k > 20 && random.chance(aliasing) {
                // Repetitive forest: this looks like somewhere else.
                looks[(random.next() as usize) % k]
            } else {
                std::array::from_fn(|_| random.normal())
            };
            looks.push(look);
        }
        Self { looks }
    }

    fn view(&self, metres: f64, random: &mut Random, noise: f64) -> Vec<f32> {
        let at = (metres / VIEW_METRES).clamp(0.0, (self.looks.len() - 2) as f64);
        let (k, share) = (at.floor() as usize, at.fract());
        let (a, b) = (
            (0.5 * share * std::f64::consts::PI).cos(),
            (0.5 * share * std::f64::consts::PI).sin(),
        );
        (0..DIMS)
            .map(|d| (a * self.looks[k][d] + b * self.looks[k + 1][d] + noise * random.normal()) as f32)
            .collect()
    }
}

/// Where a rider is at each moment; `None` while on another trail.
struct Ride {
    step: f64,
    metres: Vec<Option<f64>>,
}

impl Ride {
    fn new(random: &mut Random, from: f64, to: f64, pace: f64, events: bool) -> Self {
        let step = 0.02;
        let mut metres = Vec::new();
        let (mut at, mut phase) = (from, random.between(0.0, TAU));
        let wobble = random.between(0.1, 0.35);
        let stop_at = random.between(0.3, 0.7) * (to - from) + from;
        let mut stop_left = if events && random.chance(0.4) {
            random.between(2.0, 12.0)
        } else {
            0.0
        };
        let detour_at = random.between(0.2, 0.8) * (to - from) + from;
        let mut detour_left = if events && random.chance(0.25) {
            random.between(6.0, 20.0)
        } else {
            0.0
        };
        while at < to && metres.len() < 12_000 {
            if at >= detour_at && detour_left > 0.0 {
                detour_left -= step;
                metres.push(None);
                continue;
            }
            metres.push(Some(at));
            if at >= stop_at && stop_left > 0.0 {
                stop_left -= step;
                continue;
            }
            phase += step * 0.9;
            at += step * pace * (1.0 + wobble * phase.sin());
        }
        Self { step, metres }
    }

    fn duration(&self) -> f64 {
        self.metres.len() as f64 * self.step
    }

    fn at(&self, t: f64) -> Option<f64> {
        self.metres.get((t / self.step) as usize).copied().flatten()
    }

    fn views(&self, trail: &Trail, fps: f64, random: &mut Random, noise: f64) -> (Vec<f64>, Vec<Vec<f32>>) {
        let n = (self.duration() * fps) as usize;
        (0..n)
            .map(|i| i as f64 / fps)
            .map(|t| {
                let view = match self.at(t) {
                    Some(metres) => trail.view(metres, random, noise),
                    None => (0..DIMS).map(|_| random.normal() as f32).collect(),
                };
                (t, view)
            })
            .unzip()
    }

    /// Moments at which the ride is at `metres`: first and last.
    fn when(&self, metres: f64) -> Option<(f64, f64)> {
        let near = |m: &Option<f64>| m.is_some_and(|m| (m - metres).abs() < 0.15);
        let first = self.metres.iter().position(near)?;
        let last = self.metres.iter().rposition(near)?;
        Some((first as f64 * self.step, last as f64 * self.step))
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |p: &[f32], q: &[f32]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
}

struct Views {
    new: Vec<Vec<f32>>,
    reference: Vec<Vec<f32>>,
}

impl PlaceSimilarity for Views {
    fn curve(&self, i_new: usize, refs: Range<usize>, _: usize) -> Vec<f32> {
        refs.map(|j| cosine(&self.new[i_new], &self.reference[j]))
            .collect()
    }
}

/// Two rides aligned.
struct Outcome {
    warp: TimeWarp,
    ok: bool,
}

fn align(trail: (&Trail, &Trail), rides: (&Ride, &Ride), random: &mut Random, noise: f64) -> Outcome {
    let (reference, new) = rides;
    let (t_ref, ref_views) = reference.views(trail.0, FPS, random, noise);
    let (t_new, new_views) = new.views(trail.1, FPS, random, noise);
    let (fine_ref, fine_ref_views) = reference.views(trail.0, FINE_FPS, random, noise);
    let (fine_new, fine_new_views) = new.views(trail.1, FINE_FPS, random, noise);
    let values = new_views
        .iter()
        .flat_map(|a| ref_views.iter().map(|b| cosine(a, b)))
        .collect();
    let similarity = Matrix::new(t_new.len(), t_ref.len(), values).unwrap();
    let path = beliefs(&log_likelihood_ratios(&z_scores(&similarity)), &t_new, &t_ref);
    let views = Views {
        new: fine_new_views,
        reference: fine_ref_views,
    };
    let times = FrameTimes {
        analysed: &t_new,
        fine: &fine_new,
    };
    let pairs = refine(
        &path,
        times,
        &fine_ref,
        &views,
        RefineSettings {
            half_window_secs: 0.8,
        },
    );
    let warp = fit_monotone(&pairs, &[]);
    let ok = judge(&warp, &pairs, new.duration(), &WarpSettings::default()).ok;
    Outcome { warp, ok }
}

fn number_of_rides() -> u64 {
    std::env::var("MTB_RIDES")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(60)
}

/// Of all rides: probes answered, hits within a quarter of a second, and what was confident and wrong.
#[derive(Default)]
struct Tally {
    probes: usize,
    answered: usize,
    hits: usize,
    confident: usize,
    confident_wrong: Vec<String>,
    accepted: usize,
}

fn check_laws(warp: &TimeWarp) {
    for segment in warp.segments() {
        let (first, last) = segment.new_range();
        let mut before = f64::NEG_INFINITY;
        for k in 0..=100 {
            let t = (first + (last - first) * f64::from(k) / 100.0).min(last);
            let r = segment.curve().y_at(t).unwrap();
            assert!(r > before, "not strictly increasing at {t}");
            before = r;
            let back = warp.new_from_ref(r).unwrap();
            assert!((segment.curve().y_at(back).unwrap() - r).abs() < 1e-9);
        }
    }
}

#[test]
fn random_rides_are_followed_without_confident_mistakes() {
    let mut tally = Tally::default();
    for seed in 0..number_of_rides() {
        let mut random = Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) + 1);
        let noise = random.between(0.3, 1.1);
        let metres = random.between(150.0, 350.0);
        let aliasing = if random.chance(0.3) {
            random.between(0.0, 0.3)
        } else {
            0.0
        };
        let trail = Trail::new(&mut random, metres + 20.0, aliasing);
        let reference = Ride::new(&mut random, 0.0, metres, 5.0, false);
        let from = if random.chance(0.3) {
            random.between(0.0, 0.25) * metres
        } else {
            0.0
        };
        let to = if random.chance(0.3) {
            random.between(0.75, 1.0) * metres
        } else {
            metres
        };
        let pace = random.between(2.5, 8.0);
        let new = Ride::new(&mut random, from, to, pace, true);
        let outcome = align((&trail, &trail), (&reference, &new), &mut random, noise);
        check_laws(&outcome.warp);
        tally.accepted += usize::from(outcome.ok);
        for k in 0..80 {
            let t_ref = reference.duration() * f64::from(k) / 80.0;
            let Some(truth) = reference.at(t_ref).and_then(|m| new.when(m)) else {
                continue;
            };
            tally.probes += 1;
            let Some(place) = outcome.warp.locate(t_ref, new.duration()) else {
                continue;
            };
            tally.answered += 1;
            let error = (truth.0 - place.t_new_secs)
                .max(place.t_new_secs - truth.1)
                .max(0.0);
            tally.hits += usize::from(error <= 0.25);
            if outcome.ok && place.confidence >= 0.6 && !place.in_stop {
                tally.confident += 1;
                if error > 0.3 {
                    tally.confident_wrong.push(format!(
                        "ride {seed} at {t_ref:.1}: {error:.2} s off, {:.2}",
                        place.confidence
                    ));
                }
            }
        }
    }
    let share = |n: usize| n as f64 / tally.probes as f64;
    println!(
        "{} rides, {} accepted; {} probes, {:.3} answered, {:.3} within 0.25 s; {} confident, {} of them wrong",
        number_of_rides(),
        tally.accepted,
        tally.probes,
        share(tally.answered),
        share(tally.hits),
        tally.confident,
        tally.confident_wrong.len()
    );
    tally
        .confident_wrong
        .iter()
        .take(20)
        .for_each(|line| println!("  {line}"));
    assert!(share(tally.answered) > 0.85 && share(tally.hits) > 0.8);
    assert!(
        (tally.confident_wrong.len() as f64) < 0.005 * tally.confident as f64,
        "{} of {}",
        tally.confident_wrong.len(),
        tally.confident
    );
}

#[test]
fn rides_of_different_trails_are_refused() {
    let mut accepted = Vec::new();
    for seed in 0..number_of_rides() / 2 {
        let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) + 7);
        let noise = random.between(0.3, 1.1);
        let (a, b) = (
            Trail::new(&mut random, 300.0, 0.0),
            Trail::new(&mut random, 300.0, 0.0),
        );
        let reference = Ride::new(&mut random, 0.0, 250.0, 5.0, false);
        let pace = random.between(3.0, 7.0);
        let new = Ride::new(&mut random, 0.0, 250.0, pace, true);
        if align((&a, &b), (&reference, &new), &mut random, noise).ok {
            accepted.push(seed);
        }
    }
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn reversed_rides_are_refused() {
    for seed in 0..number_of_rides() / 6 {
        let mut random = Random(seed + 31);
        let trail = Trail::new(&mut random, 300.0, 0.0);
        let reference = Ride::new(&mut random, 0.0, 250.0, 5.0, false);
        let mut new = Ride::new(&mut random, 0.0, 250.0, 5.0, false);
        new.metres.reverse();
        assert!(
            !align((&trail, &trail), (&reference, &new), &mut random, 0.5).ok,
            "ride {seed}"
        );
    }
}
