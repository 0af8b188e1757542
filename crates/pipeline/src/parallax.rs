//! Pairs made exact by how the scene moved between frames (see [`mtbsync_vision::relief`]).
//!
//! For each pair, the two analysed reference frames around its place give the depths of what they show; where the same
//! things lie in the new frame then tells how far along the way between the two its camera stood. This is done from
//! the earlier and from the later of the two, and both must agree. Which lenses the cameras had is found from the pair
//! itself: with the right ones the most blocks agree.

use mtbsync_align::fit::Pair;
use mtbsync_align::refine::make_increasing;
use mtbsync_vision::dense::GridWindow;
use mtbsync_vision::relief::{DetailGrid, DetailMean, DetailSum, Flow, Lens, Located, Projection, Structure};
use rayon::prelude::*;

use crate::features::Features;
use crate::verify::nearest;

/// Reference frames farther apart than this show too different pictures, seconds.
const MAX_BASELINE_SECS: f64 = 1.2;
/// Share of the blocks between two reference frames that must move as one rigid scene.
const MIN_RIGID_SHARE: f64 = 0.85;
/// Both sides agree when they differ by less than this many sigmas of both.
const MAX_DISAGREEMENT: f64 = 2.0;
/// Least share of the pairs that must be located. On open rides a quarter to nine tenths are; where hardly any is (a
/// cockpit that fills the picture: 8 %), those few are more likely something else that moves as one, such as an arm.
const MIN_LOCATED_SHARE: f64 = 0.15;
/// Pairs, evenly spread, from which the lenses are found.
const LENS_SAMPLE: usize = 16;
/// Lenses that are tried: degrees seen across the picture.
const LENSES: [(Projection, f64); 8] = [
    (Projection::Rectilinear, 70.0),
    (Projection::Rectilinear, 85.0),
    (Projection::Rectilinear, 100.0),
    (Projection::Rectilinear, 115.0),
    (Projection::Rectilinear, 130.0),
    (Projection::Equidistant, 100.0),
    (Projection::Equidistant, 120.0),
    (Projection::Equidistant, 140.0),
];
/// Tried if nothing speaks for another: the middle of what action cameras see.
const USUAL_LENS: (Projection, f64) = LENSES[2];
/// Steps by which the best of them is then improved, degrees.
const LENS_STEPS_DEG: [f64; 2] = [7.0, 3.5];
/// Two different lenses need this much more support than one for both.
const OTHER_LENS_GAIN: f64 = 1.03;

/// `pairs`, with the places of those that the motion of the scene locates made exact.
pub fn sharpen(reference: &Features, new: &Features, pairs: &[Pair]) -> Vec<Pair> {
    let Some(scene) = Scene::new(reference, new) else {
        return pairs.to_vec();
    };
    let lenses = scene.find_lenses(pairs);
    let structures = scene.structures(pairs, lenses.reference);
    let located: Vec<Option<Place>> = pairs
        .par_iter()
        .map(|pair| scene.locate(pair, &structures, lenses.new))
        .collect();
    let count = located.iter().flatten().count();
    if (count as f64) < MIN_LOCATED_SHARE * pairs.len() as f64 {
        return pairs.to_vec();
    }
    let mut sharpened: Vec<Pair> = pairs
        .iter()
        .zip(located)
        .map(|(pair, place)| place.map_or(*pair, |place| place.join(pair)))
        .collect();
    make_increasing(&mut sharpened);
    sharpened
}

/// A measured place on the reference, seconds.
#[derive(Clone, Copy, Debug)]
struct Place {
    t_ref: f64,
    sigma: f64,
}

impl Place {
    fn on_the_way(located: &Located, from: f64, to: f64) -> Self {
        Self {
            t_ref: from + located.share * (to - from),
            sigma: located.sigma * (to - from).abs(),
        }
    }

    /// Mean by precision. Half of what they differ by is added to the error: both come from the same new frame.
    fn mean(self, other: Self) -> Self {
        let (p, q) = (self.sigma.powi(-2), other.sigma.powi(-2));
        let apart = self.t_ref - other.t_ref;
        Self {
            t_ref: (p * self.t_ref + q * other.t_ref) / (p + q),
            sigma: (1.0 / (p + q) + 0.5 * apart * apart * p * q / (p + q).powi(2)).sqrt(),
        }
    }

    fn join(self, pair: &Pair) -> Pair {
        let seen = Self {
            t_ref: pair.t_ref_secs,
            sigma: pair.sigma_secs,
        };
        let both = self.mean(seen);
        Pair {
            t_ref_secs: both.t_ref,
            sigma_secs: both.sigma,
            ..*pair
        }
    }
}

/// Detail grids of one recording.
struct Grids<'a> {
    features: &'a Features,
    mean: DetailMean,
    /// Width of a cell by its height.
    cell_aspect: f64,
}

impl<'a> Grids<'a> {
    fn new(features: &'a Features) -> Self {
        let (width, height) = GridWindow::of(features.picture.0, features.picture.1).cell_px();
        Self {
            features,
            mean: mean_of(features),
            cell_aspect: if height > 0.0 { width / height } else { 1.0 },
        }
    }

    fn at(&self, i: usize) -> Option<DetailGrid> {
        DetailGrid::new(&self.features.detail(i)?, &self.mean, &self.features.mask)
    }

    fn lens(&self, (projection, hfov_deg): (Projection, f64)) -> Lens {
        Lens::new(projection, hfov_deg, self.cell_aspect)
    }
}

/// Read in blocks: an index may stay on disk.
fn mean_of(features: &Features) -> DetailMean {
    const BLOCK: usize = 64;
    let mut sum = DetailSum::default();
    let mut packed = Vec::new();
    let frames = features.detail.rows();
    for from in (0..frames).step_by(BLOCK) {
        packed.clear();
        features
            .detail
            .read(from..(from + BLOCK).min(frames), &mut packed);
        sum.add(&packed);
    }
    sum.mean()
}

/// Structures of two neighbouring reference frames, seen from the earlier and from the later.
type BothSides = [Option<Structure>; 2];

#[derive(Clone, Copy, Debug)]
struct Lenses {
    reference: Lens,
    new: Lens,
}

/// Motion around one pair: between the two reference frames, and from each to the new frame.
struct Motion {
    between: [Flow; 2],
    to_new: [Flow; 2],
}

impl Motion {
    /// How many blocks agree with these lenses, weighted by how well.
    fn support(&self, lenses: Lenses) -> f64 {
        let side = |k: usize| {
            let structure = Structure::new(&self.between[k], &lenses.reference, k == 0)?;
            let located = structure.locate(&self.to_new[k], &lenses.new)?;
            Some(located.inliers as f64 * (1.0 - located.residual.min(1.0).powi(2)))
        };
        (0..2).filter_map(side).sum()
    }
}

struct Scene<'a> {
    reference: Grids<'a>,
    new: Grids<'a>,
}

impl<'a> Scene<'a> {
    /// `None` when an index was made without detail grids.
    fn new(reference: &'a Features, new: &'a Features) -> Option<Self> {
        let usable = |f: &Features| f.detail.rows() > 0 && f.t_secs.len() > 1;
        (usable(reference) && usable(new)).then(|| Self {
            reference: Grids::new(reference),
            new: Grids::new(new),
        })
    }

    /// The later of the two reference frames around the pair's place, if they are near enough to each other.
    fn later_frame(&self, pair: &Pair) -> Option<usize> {
        let t = &self.reference.features.t_secs;
        let later = t.partition_point(|&t| t <= pair.t_ref_secs).clamp(1, t.len() - 1);
        (t[later] - t[later - 1] <= MAX_BASELINE_SECS).then_some(later)
    }

    fn between(&self, later: usize) -> Option<[Flow; 2]> {
        let (a, b) = (self.reference.at(later - 1)?, self.reference.at(later)?);
        Some(Flow::both_ways(&a, &b))
    }

    /// From the earlier and from the later reference frame to the new frame of `pair`.
    fn to_new(&self, pair: &Pair, later: usize) -> Option<[Flow; 2]> {
        let new = self.new.at(nearest(&self.new.features.t_secs, pair.t_new_secs))?;
        let from = |j: usize| -> Option<Flow> {
            let [there, _] = Flow::both_ways(&self.reference.at(j)?, &new);
            Some(there)
        };
        Some([from(later - 1)?, from(later)?])
    }

    fn structures(&self, pairs: &[Pair], lens: Lens) -> Vec<BothSides> {
        let mut wanted = vec![false; self.reference.features.t_secs.len()];
        for later in pairs.iter().filter_map(|pair| self.later_frame(pair)) {
            wanted[later] = true;
        }
        let rigid = |s: &Structure| s.rigid_share() >= MIN_RIGID_SHARE;
        wanted
            .into_par_iter()
            .enumerate()
            .map(|(later, wanted)| {
                let Some([there, back]) = wanted.then(|| self.between(later)).flatten() else {
                    return [None, None];
                };
                [
                    Structure::new(&there, &lens, true).filter(rigid),
                    Structure::new(&back, &lens, false).filter(rigid),
                ]
            })
            .collect()
    }

    fn locate(&self, pair: &Pair, structures: &[BothSides], lens: Lens) -> Option<Place> {
        let later = self.later_frame(pair)?;
        let [Some(from_earlier), Some(from_later)] = structures.get(later)? else {
            return None;
        };
        let to_new = self.to_new(pair, later)?;
        let t = &self.reference.features.t_secs;
        let (earlier_secs, later_secs) = (t[later - 1], t[later]);
        let a = Place::on_the_way(&from_earlier.locate(&to_new[0], &lens)?, earlier_secs, later_secs);
        let b = Place::on_the_way(&from_later.locate(&to_new[1], &lens)?, later_secs, earlier_secs);
        let agree = (a.t_ref - b.t_ref).abs() <= MAX_DISAGREEMENT * a.sigma.hypot(b.sigma);
        agree.then(|| a.mean(b))
    }

    /// The lenses with which the most blocks of a few pairs agree: one for both cameras unless two different ones are
    /// plainly better.
    fn find_lenses(&self, pairs: &[Pair]) -> Lenses {
        let sample: Vec<Motion> = pairs
            .iter()
            .step_by(pairs.len().div_ceil(LENS_SAMPLE).max(1))
            .collect::<Vec<_>>()
            .into_par_iter()
            .filter_map(|pair| {
                let later = self.later_frame(pair)?;
                Some(Motion {
                    between: self.between(later)?,
                    to_new: self.to_new(pair, later)?,
                })
            })
            .collect();
        let lenses = |reference, new| Lenses {
            reference: self.reference.lens(reference),
            new: self.new.lens(new),
        };
        // The sum runs in the order of the pairs, whatever the number of threads.
        let support = |lenses: Lenses| -> f64 {
            let each: Vec<f64> = sample.par_iter().map(|motion| motion.support(lenses)).collect();
            each.iter().sum()
        };
        let same = best_lens(|lens| support(lenses(lens, lens)));
        let other = best_lens(|lens| support(lenses(same.0, lens)));
        if other.1 > OTHER_LENS_GAIN * same.1 {
            lenses(same.0, other.0)
        } else {
            lenses(same.0, same.0)
        }
    }
}

type LensKind = (Projection, f64);

/// The lens with the most support, and its support.
fn best_lens(support: impl Fn(LensKind) -> f64) -> (LensKind, f64) {
    let mut best = (USUAL_LENS, support(USUAL_LENS));
    let consider = |lens: LensKind, best: &mut (LensKind, f64)| {
        let value = support(lens);
        if value > best.1 {
            *best = (lens, value);
        }
    };
    for lens in LENSES.into_iter().filter(|&lens| lens != USUAL_LENS) {
        consider(lens, &mut best);
    }
    for step in LENS_STEPS_DEG {
        let (projection, middle) = best.0;
        for hfov_deg in [middle - step, middle + step] {
            consider((projection, hfov_deg), &mut best);
        }
    }
    best
}
