//! The whole chain on two rides: evidence, sequence model, ambiguity, refinement, fit and gates, in the order
//! of the program.

use std::ops::Range;

use mtbsync_align::evidence::{Matrix, log_likelihood_ratios, z_scores};
use mtbsync_align::fit::fit_warp;
use mtbsync_align::gates::judge;
use mtbsync_align::pair::Pair;
use mtbsync_align::refine::{FrameTimes, PlaceSimilarity, refine};
use mtbsync_align::sequence::posteriors;
use mtbsync_align::{TimeWarp, WarpSettings, ambiguity};

use crate::random::Random;
use crate::ride::Ride;
use crate::trail::Trail;

const FPS: f64 = 3.0;
const FINE_FPS: f64 = 10.0;

/// Times and pictures of one recording, as analysed and as refined.
#[derive(Clone)]
pub struct Film {
    pub t: Vec<f64>,
    views: Vec<Vec<f32>>,
    fine: Vec<f64>,
    fine_views: Vec<Vec<f32>>,
    pub duration: f64,
}

impl Film {
    pub fn of(ride: &Ride, trail: &Trail, random: &mut Random, noise: f64) -> Self {
        let (t, views) = ride.views(trail, FPS, random, noise);
        let (fine, fine_views) = ride.views(trail, FINE_FPS, random, noise);
        Self {
            t,
            views,
            fine,
            fine_views,
            duration: ride.duration(),
        }
    }

    /// The same film on a clock that is `secs` ahead.
    pub fn later(&self, secs: f64) -> Self {
        let later = |t: &[f64]| t.iter().map(|t| t + secs).collect();
        Self {
            t: later(&self.t),
            fine: later(&self.fine),
            ..self.clone()
        }
    }

    /// The film played backwards.
    pub fn backwards(&self) -> Self {
        let back = |t: &[f64]| t.iter().rev().map(|t| self.duration - t).collect();
        let views = |v: &[Vec<f32>]| v.iter().rev().cloned().collect();
        Self {
            t: back(&self.t),
            views: views(&self.views),
            fine: back(&self.fine),
            fine_views: views(&self.fine_views),
            duration: self.duration,
        }
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |p: &[f32], q: &[f32]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
}

struct Views<'a> {
    new: &'a [Vec<f32>],
    reference: &'a [Vec<f32>],
}

impl PlaceSimilarity for Views<'_> {
    fn curve(&self, i_new: usize, refs: Range<usize>, _: usize) -> Vec<f32> {
        refs.map(|j| cosine(&self.new[i_new], &self.reference[j]))
            .collect()
    }
}

/// Two rides aligned.
pub struct Outcome {
    pub pairs: Vec<Pair>,
    pub warp: TimeWarp,
    pub ok: bool,
    /// Probability of the found path against another that looks alike.
    pub certainty: f64,
}

pub fn align(reference: &Film, new: &Film) -> Outcome {
    let values = new
        .views
        .iter()
        .flat_map(|a| reference.views.iter().map(|b| cosine(a, b)))
        .collect();
    let similarity = Matrix::new(new.t.len(), reference.t.len(), values).unwrap();
    let llr = log_likelihood_ratios(&z_scores(similarity));
    let mut path = posteriors(&llr, &new.t, &reference.t);
    let certainty = ambiguity::certainty(&llr, &path, &new.t, &reference.t);
    path.iter_mut().for_each(|posterior| posterior.on *= certainty);
    let views = Views {
        new: &new.fine_views,
        reference: &reference.fine_views,
    };
    let times = FrameTimes {
        analysed: &new.t,
        fine: &new.fine,
    };
    let pairs = refine(&path, times, &reference.fine, &views, 0.8);
    let settings = WarpSettings::default();
    let warp = fit_warp(&pairs, &[], &settings, (new.duration, reference.duration));
    let ok = judge(&warp, &pairs, new.duration, &settings).ok;
    Outcome {
        pairs,
        warp,
        ok,
        certainty,
    }
}
