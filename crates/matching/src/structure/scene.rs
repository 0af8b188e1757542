//! Locating frames of the new run from the structure that neighbouring reference frames show.

use std::collections::BTreeMap;

use mtbsync_align::pair::Pair;
use mtbsync_align::path::nearest;
use mtbsync_align::robust::shared_mean;
use mtbsync_index::features::Features;
use mtbsync_vision::structure::{BlockMatches, CameraMotion, Lens, SearchRange, Structure};
use rayon::prelude::*;

use super::grids::{Grids, Recent};
use super::lenses::{LensKind, Lenses, Motion, Zooms, best_lens};
use super::place::{LocatedPlace, expected_places};
use crate::geometry::BothSceneries;
use crate::tuning::{
    FULL_MOTION, KEPT_VIEWS, LENS_SAMPLE, LOCATED_SIGMA, LONG_BASELINE_SECS, LOOKS, MAX_BASELINE_SECS,
    MAX_DISAGREEMENT, MIN_KEPT_CLEAR, MIN_RIGID_SHARE_FAR, MIN_RIGID_SHARE_NEAR, NEAR_SECS, OTHER_LENS_GAIN,
    RATE_SIGMA, STRETCH_PAIRS,
};

/// The frames before and after a moment by their increasing times; `None` when they are too far apart, or at
/// one time, where nothing moves between them.
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

/// A reference frame with the depths of what it shows, by its motion to a frame after or before it.
#[derive(Clone, Debug)]
pub(super) struct ReferenceView {
    structure: Structure,
    /// Time of the frame, and how long after it (or before, then below 0) the camera stood at the end of the
    /// way.
    t_secs: f64,
    way_secs: f64,
}

impl ReferenceView {
    fn locate(&self, matches: &BlockMatches, lens: &Lens) -> Option<LocatedPlace> {
        let located = self.structure.locate(matches, lens)?;
        Some(LocatedPlace {
            t_ref: self.t_secs + located.share * self.way_secs,
            sigma: LOCATED_SIGMA * located.sigma * self.way_secs.abs(),
        })
    }
}

/// From two neighbouring frames; `None` where too little can be seen.
pub(super) type BothViews = [Option<ReferenceView>; 2];
/// By the number of the later one.
pub(super) type Views = BTreeMap<usize, BothViews>;

/// A new frame and where it is expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    frame: usize,
    pub(super) t_ref_secs: f64,
    /// Reference time from the pair's place to the frame's, seconds.
    ahead_secs: f64,
}

/// A search for a new frame.
#[derive(Clone, Copy, Debug)]
struct FrameSearch {
    frame: usize,
    /// Where it is expected, reference seconds.
    t_ref_secs: f64,
    /// How far blocks are looked for where frames stand close.
    near: SearchRange,
}

/// Both recordings.
pub(super) struct Scene<'a> {
    reference: Grids<'a>,
    new: Grids<'a>,
}

impl<'a> Scene<'a> {
    /// `None` when an index was made without HOG grids.
    pub(super) fn new(
        reference: &'a Features,
        new: &'a Features,
        [of_new, of_reference]: &'a BothSceneries,
    ) -> Option<Self> {
        let usable = |f: &Features| f.detail.rows() > 0 && f.t_secs.len() > 1;
        (usable(reference) && usable(new)).then(|| Self {
            reference: Grids::new(reference, &of_reference.all),
            new: Grids::new(new, &of_new.all),
        })
    }

    /// The reference frames before and after a place, if they are near enough to each other.
    fn frames_around(&self, t_ref_secs: f64) -> Option<[usize; 2]> {
        frames_around(&self.reference.t_secs, t_ref_secs)
    }

    /// Motion between two neighbouring reference frames, seen from each: to the other, or where that shows
    /// hardly any to one farther off on the same side; and how long after it that is, seconds (below 0 before
    /// it).
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
            (structure.rigid_share() >= needed).then_some(ReferenceView {
                structure,
                t_secs: t[around[k]],
                way_secs: *way_secs,
            })
        };
        [view(0), view(1)]
    }

    /// Adds what is seen from the frames around `places`, seconds of the reference. Where there are many
    /// already, the others go: in a long recording each frame has some.
    pub(super) fn add_views(&self, views: &mut Views, places: impl Iterator<Item = f64>, lens: Lens) {
        let mut wanted: Vec<[usize; 2]> = places.filter_map(|place| self.frames_around(place)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if views.len() > KEPT_VIEWS {
            views.retain(|later, _| wanted.binary_search_by_key(later, |around| around[1]).is_ok());
        }
        wanted.retain(|around| !views.contains_key(&around[1]));
        views.par_extend(
            wanted
                .into_par_iter()
                .map_init(Recent::default, |recent, around| {
                    (around[1], self.views(around, lens, recent))
                }),
        );
    }

    /// The places of all pairs that can be located. Where similarity is off by more than half the step
    /// between reference frames, the first look is between the wrong two; what it finds, and what the pairs
    /// around say, leads to the right ones.
    pub(super) fn locate_all(
        &self,
        pairs: &[Pair],
        views: &mut Views,
        lenses: Lenses,
    ) -> Vec<Option<LocatedPlace>> {
        let mut expected: Vec<f64> = pairs.iter().map(|pair| pair.t_ref_secs).collect();
        let mut tried: Vec<Option<[usize; 2]>> = vec![None; pairs.len()];
        let mut located: Vec<Option<LocatedPlace>> = vec![None; pairs.len()];
        for _ in 0..LOOKS {
            let wanted: Vec<(usize, [usize; 2])> = (0..pairs.len())
                .filter_map(|k| Some((k, self.frames_around(expected[k])?)))
                .filter(|&(k, around)| tried[k] != Some(around))
                .collect();
            for stretch in wanted.chunks(STRETCH_PAIRS) {
                self.add_views(views, stretch.iter().map(|&(k, _)| expected[k]), lenses.reference);
                let places: Vec<Option<LocatedPlace>> = stretch
                    .par_iter()
                    .map_init(Recent::default, |recent, &(k, _)| {
                        let frame = nearest(&self.new.t_secs, pairs[k].t_new_secs);
                        let look = FrameSearch {
                            frame,
                            t_ref_secs: expected[k],
                            near: SearchRange::FAR,
                        };
                        self.locate_frame(look, views, lenses.new, recent)
                    })
                    .collect();
                for (&(k, around), place) in stretch.iter().zip(places) {
                    tried[k] = Some(around);
                    located[k] = place.or(located[k]);
                }
            }
            expected = expected_places(pairs, &located);
        }
        located
    }

    /// The frames between the analysed ones up to half a step around the pair.
    pub(super) fn beside(&self, pair: &Pair, rate: f64) -> Vec<Expected> {
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
    pub(super) fn locate_beside(
        &self,
        frames: &[Expected],
        views: &Views,
        lens: Lens,
        recent: &mut Recent,
    ) -> Option<LocatedPlace> {
        let places: Vec<(f64, f64)> = frames
            .iter()
            .filter_map(|e| {
                let look = FrameSearch {
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
        shared_mean(&places).map(|(t_ref, sigma)| LocatedPlace { t_ref, sigma })
    }

    /// The place of a new frame.
    fn locate_frame(
        &self,
        look: FrameSearch,
        views: &Views,
        lens: Lens,
        recent: &mut Recent,
    ) -> Option<LocatedPlace> {
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

    /// The lenses with which the most blocks of a few pairs agree: one for both cameras unless two different
    /// ones are plainly better, if they are not known to be `alike`. And how much larger the new one shows
    /// things than one lens for both says.
    pub(super) fn find_lenses(&self, pairs: &[Pair], alike: bool) -> (Lenses, LensKind, Zooms) {
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
        let zooms = |lenses: Lenses| -> Zooms {
            let each: Vec<Vec<f64>> = sample.par_iter().map(|motion| motion.log_zooms(lenses)).collect();
            Zooms::of(&each)
        };
        let same = best_lens(|lens| support(lenses(lens, lens)));
        if !alike {
            let other = best_lens(|lens| support(lenses(same.0, lens)));
            if other.1 > OTHER_LENS_GAIN * same.1 {
                let found = lenses(same.0, other.0);
                let zooms = Zooms {
                    all: None,
                    ..zooms(found)
                };
                return (found, same.0, zooms);
            }
        }
        let found = lenses(same.0, same.0);
        (found, same.0, zooms(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
