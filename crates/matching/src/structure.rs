//! Pairs made exact by how the scene moved between frames (see [`mtbsync_vision::structure`]).
//!
//! For each pair, the two analysed reference frames around its place give the depths of what they show; where the same
//! things lie in the new frame then tells how far along the way between the two its camera stood. This is done from
//! the earlier and from the later of the two, and both must agree. Which lenses the cameras had is found from the pair
//! itself: with the right ones the most blocks agree. With `--precise` the frames between the analysed ones are located as
//! well, and brought to the pair by the rate of the pairs around.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use mtbsync_align::pair::{Pair, make_increasing};
use mtbsync_align::path::nearest;
use mtbsync_align::robust::shared_mean;
use mtbsync_index::features::Features;
use mtbsync_vision::grid_window::GridWindow;
use mtbsync_vision::structure::{
    BlockMatches, CameraMotion, HogGrid, HogMean, HogPyramid, HogSum, Lens, Projection, SearchRange,
    Structure,
};
use rayon::prelude::*;

/// Reference frames farther apart than this show too different pictures, seconds.
const MAX_BASELINE_SECS: f64 = 1.2;
/// Motion between two reference frames from which on farther ones are no better, fine cells of the HOG grid, and how far
/// apart they may be to reach it, seconds. Measured: neighbours 1/15 s apart locate 95 of 100 frames to 5 ms (median),
/// frames 1/3 s apart 79 to 95 to 9 ms or better.
const FULL_MOTION: f64 = 1.0;
const LONG_BASELINE_SECS: f64 = 0.5;
/// The farther frame must show this share of the nearer one's clear blocks.
const MIN_KEPT_CLEAR: f64 = 0.7;
/// Pictures taken this near to each other show things at nearly the same places, seconds.
const NEAR_SECS: f64 = 0.15;
/// Share of the blocks between two reference frames that must move as one rigid scene. Of frames near to each other nearly
/// all blocks are right, and where fewer agree, something else moves; of farther ones some are wrong by chance.
const MIN_RIGID_SHARE_NEAR: f64 = 0.85;
const MIN_RIGID_SHARE_FAR: f64 = 0.7;
/// Factor on the error by the blocks' residuals, which takes depths and the turn between the frames as exact. Measured on
/// two pairs with known truth (dev_partial, dev_speed), checked on the others.
const LOCATED_SIGMA: f64 = 1.4;
/// Both sides agree when they differ by less than this many sigmas of both.
const MAX_DISAGREEMENT: f64 = 2.0;
/// Least share of the pairs that must be located. On open rides a quarter to nine tenths are; where hardly any is (a
/// cockpit that fills the picture: 8 %), those few are more likely something else that moves as one, such as an arm.
const MIN_LOCATED_SHARE: f64 = 0.15;
/// How often a pair is looked for.
const LOOKS: usize = 3;
/// Located pairs farther apart than this say nothing about those between, seconds.
const MAX_BRIDGE_SECS: f64 = 2.0;
/// How well the rate between pairs is known, as a share of it.
const RATE_SIGMA: f64 = 0.1;
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
pub fn refine_by_structure(reference: &Features, new: &Features, pairs: &[Pair]) -> Vec<Pair> {
    let Some(scene) = Scene::new(reference, new) else {
        return pairs.to_vec();
    };
    let lenses = scene.find_lenses(pairs);
    let mut views = Views::default();
    let located = scene.locate_all(pairs, &mut views, lenses);
    let count = located.iter().flatten().count();
    if (count as f64) < MIN_LOCATED_SHARE * pairs.len() as f64 {
        return pairs.to_vec();
    }
    let refined = joined(pairs, located);
    let rates = rates(&refined);
    let beside: Vec<Vec<Expected>> = refined
        .iter()
        .zip(&rates)
        .map(|(pair, &rate)| scene.beside(pair, rate))
        .collect();
    scene.add_views(
        &mut views,
        beside.iter().flatten().map(|e| e.t_ref_secs),
        lenses.reference,
    );
    let beside: Vec<Option<Place>> = beside
        .par_iter()
        .map_init(Recent::default, |recent, frames| {
            scene.locate_beside(frames, &views, lenses.new, recent)
        })
        .collect();
    joined(&refined, beside)
}

/// The frames before and after a moment by their increasing times; `None` when they are too far apart, or at one time, where
/// nothing moves between them.
fn frames_around(t_secs: &[f64], moment_secs: f64) -> Option<[usize; 2]> {
    let later = t_secs
        .partition_point(|&t| t <= moment_secs)
        .clamp(1, t_secs.len().checked_sub(1).filter(|&last| last > 0)?);
    let apart_secs = t_secs[later] - t_secs[later - 1];
    (apart_secs > 0.0 && apart_secs <= MAX_BASELINE_SECS).then_some([later - 1, later])
}

/// How far blocks are looked for between pictures of places this many seconds apart.
fn search_range(apart_secs: f64, near: SearchRange, far: SearchRange) -> SearchRange {
    if apart_secs <= NEAR_SECS { near } else { far }
}

/// `pairs` joined with the places that are known, in increasing order.
fn joined(pairs: &[Pair], places: Vec<Option<Place>>) -> Vec<Pair> {
    let both = pairs.iter().zip(places);
    let mut joined: Vec<Pair> = both
        .map(|(pair, place)| place.map_or(*pair, |place| place.join(pair)))
        .collect();
    make_increasing(&mut joined);
    joined
}

/// Where the pairs are to be looked for, seconds of the reference: where they were located, on the line between the
/// located ones around, or else where they are.
fn expected_places(pairs: &[Pair], located: &[Option<Place>]) -> Vec<f64> {
    let known: Vec<(f64, f64)> = pairs
        .iter()
        .zip(located)
        .filter_map(|(pair, place)| Some((pair.t_new_secs, place.as_ref()?.t_ref)))
        .collect();
    let between = |t: f64| {
        let after = known.partition_point(|k| k.0 < t);
        let (&(t1, y1), &(t0, y0)) = (known.get(after)?, known.get(after.checked_sub(1)?)?);
        (t1 - t0 <= MAX_BRIDGE_SECS).then(|| y0 + (y1 - y0) * (t - t0) / (t1 - t0))
    };
    let places = pairs.iter().zip(located);
    places
        .map(|(pair, place)| match place {
            Some(place) => place.t_ref,
            None => between(pair.t_new_secs).unwrap_or(pair.t_ref_secs),
        })
        .collect()
}

/// Reference seconds per new second at each pair, from the pairs beside it.
fn rates(pairs: &[Pair]) -> Vec<f64> {
    (0..pairs.len())
        .map(|k| {
            let (before, after) = (&pairs[k.saturating_sub(1)], &pairs[(k + 1).min(pairs.len() - 1)]);
            let taken = after.t_new_secs - before.t_new_secs;
            if taken > 0.0 {
                (after.t_ref_secs - before.t_ref_secs) / taken
            } else {
                1.0
            }
        })
        .collect()
}

/// A measured place on the reference, seconds.
#[derive(Clone, Copy, Debug)]
struct Place {
    t_ref: f64,
    sigma: f64,
}

impl Place {
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

/// HOG grids of one recording: of the analysed frames, and of those between that have one.
struct Grids<'a> {
    features: &'a Features,
    /// Times of the frames, seconds, increasing.
    t_secs: Vec<f64>,
    /// For each frame whether it is one between, and the number among its kind.
    order: Vec<(bool, usize)>,
    mean: HogMean,
    /// Width of a cell by its height.
    cell_aspect: f64,
}

impl<'a> Grids<'a> {
    fn new(features: &'a Features) -> Self {
        let (width, height) = GridWindow::of(features.picture.0, features.picture.1).cell_px();
        let (t_secs, order) = features.with_detail();
        Self {
            features,
            t_secs,
            order,
            mean: mean_of(features),
            cell_aspect: if height > 0.0 { width / height } else { 1.0 },
        }
    }

    fn at(&self, i: usize) -> Option<HogPyramid> {
        let &(between, k) = self.order.get(i)?;
        let packed = if between {
            self.features.fine_detail(k)
        } else {
            self.features.detail(k)
        };
        HogGrid::new(&packed?, &self.mean, &self.features.mask).map(HogPyramid::new)
    }

    fn lens(&self, (projection, hfov_deg): (Projection, f64)) -> Lens {
        Lens::new(projection, hfov_deg, self.cell_aspect)
    }
}

/// Grids of the reference that one thread prepared last: neighbouring pairs look at the same frames.
#[derive(Default)]
struct Recent(VecDeque<(usize, Option<Rc<HogPyramid>>)>);

impl Recent {
    /// A pair looks at the two frames around it and at one farther off on each side.
    const KEPT: usize = 6;

    fn get(&mut self, grids: &Grids<'_>, i: usize) -> Option<Rc<HogPyramid>> {
        if let Some((_, grid)) = self.0.iter().find(|(number, _)| *number == i) {
            return grid.clone();
        }
        if self.0.len() >= Self::KEPT {
            self.0.pop_front();
        }
        let grid = grids.at(i).map(Rc::new);
        self.0.push_back((i, grid.clone()));
        grid
    }
}

/// Read in blocks: an index may stay on disk.
fn mean_of(features: &Features) -> HogMean {
    const BLOCK: usize = 64;
    let mut sum = HogSum::default();
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

/// A reference frame with the depths of what it shows, by its motion to a frame after or before it.
#[derive(Clone, Debug)]
struct View {
    structure: Structure,
    /// Time of the frame, and how long after it (or before, then below 0) the camera stood at the end of the way.
    t_secs: f64,
    way_secs: f64,
}

impl View {
    fn locate(&self, matches: &BlockMatches, lens: &Lens) -> Option<Place> {
        let located = self.structure.locate(matches, lens)?;
        Some(Place {
            t_ref: self.t_secs + located.share * self.way_secs,
            sigma: LOCATED_SIGMA * located.sigma * self.way_secs.abs(),
        })
    }
}

/// From two neighbouring frames; `None` where too little can be seen.
type BothViews = [Option<View>; 2];
/// By the number of the later one.
type Views = BTreeMap<usize, BothViews>;

#[derive(Clone, Copy, Debug)]
struct Lenses {
    reference: Lens,
    new: Lens,
}

/// A new frame and where it is expected.
#[derive(Clone, Copy, Debug)]
struct Expected {
    frame: usize,
    t_ref_secs: f64,
    /// Reference time from the pair's place to the frame's, seconds.
    ahead_secs: f64,
}

/// A search for a new frame.
#[derive(Clone, Copy, Debug)]
struct Look {
    frame: usize,
    /// Where it is expected, reference seconds.
    t_ref_secs: f64,
    /// How far blocks are looked for where frames stand close.
    near: SearchRange,
}

/// Motion around one pair: from both reference frames beside it to their partners, and from each to the new frame.
struct Motion {
    between: [BlockMatches; 2],
    to_new: [BlockMatches; 2],
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
    /// `None` when an index was made without HOG grids.
    fn new(reference: &'a Features, new: &'a Features) -> Option<Self> {
        let usable = |f: &Features| f.detail.rows() > 0 && f.t_secs.len() > 1;
        (usable(reference) && usable(new)).then(|| Self {
            reference: Grids::new(reference),
            new: Grids::new(new),
        })
    }

    /// The reference frames before and after a place, if they are near enough to each other.
    fn frames_around(&self, t_ref_secs: f64) -> Option<[usize; 2]> {
        frames_around(&self.reference.t_secs, t_ref_secs)
    }

    /// Motion between two neighbouring reference frames, seen from each: to the other, or where that shows hardly any to
    /// one farther off on the same side; and how long after it that is, seconds (below 0 before it).
    fn between(&self, [earlier, later]: [usize; 2], recent: &mut Recent) -> Option<[(BlockMatches, f64); 2]> {
        let t = &self.reference.t_secs;
        let secs = t[later] - t[earlier];
        let [there, back] = self.motion(
            earlier,
            later,
            search_range(secs, SearchRange::NEXT, SearchRange::STEP),
            recent,
        )?;
        Some([
            self.or_farther(earlier, (there, secs), recent),
            self.or_farther(later, (back, -secs), recent),
        ])
    }

    /// `near`, the motion from reference frame `i`, or that to a farther frame where it is too little.
    fn or_farther(&self, i: usize, near: (BlockMatches, f64), recent: &mut Recent) -> (BlockMatches, f64) {
        let t = &self.reference.t_secs;
        let (clear, moved) = near.0.reliable_motion();
        let needed_secs = near.1.abs() * FULL_MOTION / moved.max(f64::EPSILON);
        let farther = nearest(t, t[i] + needed_secs.min(LONG_BASELINE_SECS).copysign(near.1));
        let way_secs = t[farther] - t[i];
        if moved >= FULL_MOTION || way_secs * near.1.signum() <= near.1.abs() {
            return near;
        }
        // What hardly moved has not grown either.
        let range = search_range(way_secs.abs(), SearchRange::NEXT, SearchRange::FAR);
        let motion = if farther > i {
            self.motion(i, farther, range, recent).map(|[far, _]| far)
        } else {
            self.motion(farther, i, range, recent).map(|[_, far]| far)
        };
        match motion {
            Some(far) if far.reliable_motion().0 as f64 >= MIN_KEPT_CLEAR * clear as f64 => (far, way_secs),
            Some(_) | None => near,
        }
    }

    /// From the earlier to the later reference frame, and back.
    fn motion(
        &self,
        earlier: usize,
        later: usize,
        range: SearchRange,
        recent: &mut Recent,
    ) -> Option<[BlockMatches; 2]> {
        Some(BlockMatches::between(
            &*recent.get(&self.reference, earlier)?,
            &*recent.get(&self.reference, later)?,
            range,
        ))
    }

    /// From each of two neighbouring reference frames to a new one, which was taken between them.
    fn to_new(
        &self,
        [earlier, later]: [usize; 2],
        new: usize,
        near: SearchRange,
        recent: &mut Recent,
    ) -> Option<[BlockMatches; 2]> {
        let t = &self.reference.t_secs;
        let range = search_range(t[later] - t[earlier], near, SearchRange::WITHIN);
        let new = self.new.at(new)?;
        let mut from = |i: usize, motion: CameraMotion| -> Option<BlockMatches> {
            Some(BlockMatches::onto(
                &*recent.get(&self.reference, i)?,
                &new,
                range,
                motion,
            ))
        };
        Some([
            from(earlier, CameraMotion::Forward)?,
            from(later, CameraMotion::Backward)?,
        ])
    }

    /// What is seen from two neighbouring reference frames.
    fn views(&self, around: [usize; 2], lens: Lens, recent: &mut Recent) -> BothViews {
        let Some(between) = self.between(around, recent) else {
            return [None, None];
        };
        let t = &self.reference.t_secs;
        let needed = if t[around[1]] - t[around[0]] <= NEAR_SECS {
            MIN_RIGID_SHARE_NEAR
        } else {
            MIN_RIGID_SHARE_FAR
        };
        let view = |k: usize| {
            let (matches, way_secs) = &between[k];
            let structure = Structure::new(matches, &lens, k == 0)?;
            (structure.rigid_share() >= needed).then_some(View {
                structure,
                t_secs: t[around[k]],
                way_secs: *way_secs,
            })
        };
        [view(0), view(1)]
    }

    /// Adds what is seen from the frames around `places`, seconds of the reference.
    fn add_views(&self, views: &mut Views, places: impl Iterator<Item = f64>, lens: Lens) {
        let mut wanted: Vec<[usize; 2]> = places.filter_map(|place| self.frames_around(place)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|around| !views.contains_key(&around[1]));
        views.par_extend(
            wanted
                .into_par_iter()
                .map_init(Recent::default, |recent, around| {
                    (around[1], self.views(around, lens, recent))
                }),
        );
    }

    /// The places of all pairs that can be located. Where similarity is off by more than half the step between reference
    /// frames, the first look is between the wrong two; what it finds, and what the pairs around say, leads to the
    /// right ones.
    fn locate_all(&self, pairs: &[Pair], views: &mut Views, lenses: Lenses) -> Vec<Option<Place>> {
        let mut expected: Vec<f64> = pairs.iter().map(|pair| pair.t_ref_secs).collect();
        let mut tried: Vec<Option<[usize; 2]>> = vec![None; pairs.len()];
        let mut located: Vec<Option<Place>> = vec![None; pairs.len()];
        for _ in 0..LOOKS {
            let wanted: Vec<(usize, [usize; 2])> = (0..pairs.len())
                .filter_map(|k| Some((k, self.frames_around(expected[k])?)))
                .filter(|&(k, around)| tried[k] != Some(around))
                .collect();
            self.add_views(views, wanted.iter().map(|&(k, _)| expected[k]), lenses.reference);
            let places: Vec<Option<Place>> = wanted
                .par_iter()
                .map_init(Recent::default, |recent, &(k, _)| {
                    let frame = nearest(&self.new.t_secs, pairs[k].t_new_secs);
                    let look = Look {
                        frame,
                        t_ref_secs: expected[k],
                        near: SearchRange::FAR,
                    };
                    self.locate_frame(look, views, lenses.new, recent)
                })
                .collect();
            for ((k, around), place) in wanted.into_iter().zip(places) {
                tried[k] = Some(around);
                located[k] = place.or(located[k]);
            }
            expected = expected_places(pairs, &located);
        }
        located
    }

    /// The frames between the analysed ones up to half a step around the pair.
    fn beside(&self, pair: &Pair, rate: f64) -> Vec<Expected> {
        let half_step_secs = 0.5 / self.new.features.params.fps;
        let t = &self.new.t_secs;
        let from = t.partition_point(|&t| t < pair.t_new_secs - half_step_secs);
        let until = t.partition_point(|&t| t <= pair.t_new_secs + half_step_secs);
        (from..until)
            .filter(|&frame| self.new.order[frame].0)
            .map(|frame| {
                let ahead_secs = rate * (t[frame] - pair.t_new_secs);
                Expected {
                    frame,
                    t_ref_secs: pair.t_ref_secs + ahead_secs,
                    ahead_secs,
                }
            })
            .collect()
    }

    /// The pair's place from the frames beside it.
    fn locate_beside(
        &self,
        frames: &[Expected],
        views: &Views,
        lens: Lens,
        recent: &mut Recent,
    ) -> Option<Place> {
        let places: Vec<(f64, f64)> = frames
            .iter()
            .filter_map(|e| {
                let look = Look {
                    frame: e.frame,
                    t_ref_secs: e.t_ref_secs,
                    near: SearchRange::NEAR,
                };
                let place = self.locate_frame(look, views, lens, recent)?;
                Some((
                    place.t_ref - e.ahead_secs,
                    place.sigma.hypot(RATE_SIGMA * e.ahead_secs),
                ))
            })
            .collect();
        // They are measured against the same depths.
        shared_mean(&places).map(|(t_ref, sigma)| Place { t_ref, sigma })
    }

    /// The place of a new frame.
    fn locate_frame(&self, look: Look, views: &Views, lens: Lens, recent: &mut Recent) -> Option<Place> {
        let around = self.frames_around(look.t_ref_secs)?;
        let [Some(earlier), Some(later)] = views.get(&around[1])? else {
            return None;
        };
        let to_new = self.to_new(around, look.frame, look.near, recent)?;
        let (a, b) = (
            earlier.locate(&to_new[0], &lens)?,
            later.locate(&to_new[1], &lens)?,
        );
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
                let recent = &mut Recent::default();
                let around = self.frames_around(pair.t_ref_secs)?;
                let new = nearest(&self.new.t_secs, pair.t_new_secs);
                Some(Motion {
                    between: self.between(around, recent)?.map(|(matches, _)| matches),
                    to_new: self.to_new(around, new, SearchRange::FAR, recent)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(t_new_secs: f64, t_ref_secs: f64) -> Pair {
        Pair {
            t_new_secs,
            t_ref_secs,
            sigma_secs: 0.1,
            certainty: 1.0,
        }
    }

    fn at(t_ref: f64) -> Place {
        Place { t_ref, sigma: 0.02 }
    }

    #[test]
    fn frames_around_a_moment_are_near_and_apart() {
        let t = [0.0, 0.1, 0.1, 0.2, 3.0];
        assert_eq!(frames_around(&t, 0.05), Some([0, 1]));
        assert_eq!(frames_around(&t, -1.0), Some([0, 1]));
        assert_eq!(frames_around(&t, 0.1), Some([2, 3]));
        assert_eq!(frames_around(&t, 1.0), None, "too far apart");
        assert_eq!(
            frames_around(&[0.5, 0.5], 0.5),
            None,
            "an index may name one time twice"
        );
        assert_eq!(frames_around(&[0.5], 0.5), None);
    }

    #[test]
    fn a_pair_is_looked_for_where_its_neighbours_say() {
        let pairs = [pair(0.0, 10.0), pair(0.5, 10.2), pair(1.0, 11.0), pair(9.0, 19.0)];
        let located = [Some(at(10.1)), None, Some(at(11.1)), None];
        assert_eq!(expected_places(&pairs, &located), [10.1, 10.6, 11.1, 19.0]);
        // Too far apart to say anything about what lies between.
        let far = [Some(at(10.1)), None, None, Some(at(19.5))];
        assert_eq!(expected_places(&pairs, &far), [10.1, 10.2, 11.0, 19.5]);
    }
}
