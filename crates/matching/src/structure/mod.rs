//! Pairs made exact by how the scene moved between frames (see [`mtbsync_vision::structure`]).
//!
//! For each pair, the two analysed reference frames around its place give the depths of what they show; where
//! the same things lie in the new frame then tells how far along the way between the two its camera stood.
//! This is done from the earlier and from the later of the two, and both must agree. Which lenses the cameras
//! had is found from the pair itself: with the right ones the most blocks agree. With `--precise` the frames
//! between the analysed ones are located as well, and brought to the pair by the rate of the pairs around.

mod grids;
mod lenses;
mod place;
mod scene;

use mtbsync_align::pair::Pair;
use rayon::prelude::*;

use crate::geometry::Seen;
use crate::tuning::{MIN_LOCATED_SHARE, STRETCH_PAIRS, ZOOM_SIGMAS};
use grids::Recent;
use lenses::Lenses;
pub use lenses::{LensKind, LogZoom};
use place::{LocatedPlace, joined, rates};
use scene::{Expected, Scene, Views};

/// What tells places from the motion of the scene: both recordings' grids, and the lenses they were seen
/// through.
pub struct Structured<'a> {
    scene: Scene<'a>,
    lenses: Lenses,
    /// The reference's lens.
    pub lens: LensKind,
    /// How much larger the new camera shows things than the reference's lens foretells; `None` where too
    /// little of the scene tells.
    pub zoom: Option<LogZoom>,
    /// How much that grows from the first half of the pairs to the second.
    pub change: Option<LogZoom>,
}

impl<'a> Structured<'a> {
    /// With the lenses that fit `pairs` best, one for both if they are `alike`; `None` when an index was made
    /// without HOG grids.
    pub fn new(seen: &'a Seen<'_>, pairs: &[Pair], alike: bool) -> Option<Self> {
        let scene = Scene::new(seen.reference, seen.new, seen.scenery)?;
        let (lenses, lens, zooms) = scene.find_lenses(pairs, alike);
        Some(Self {
            scene,
            lenses,
            lens,
            zoom: zooms.all,
            change: zooms.change,
        })
    }

    /// The new camera's lens as the scene shows it, where that is beyond doubt.
    pub fn zoomed(mut self) -> Self {
        let sure = self
            .zoom
            .filter(|zoom| zoom.median.abs() > ZOOM_SIGMAS * zoom.sigma);
        let log_zoom = sure.map_or(0.0, |zoom| zoom.median);
        self.lenses.new = self.lenses.new.zoomed(log_zoom);
        self
    }

    /// `pairs`, with the places of those that the motion of the scene locates made exact.
    pub fn refine(&self, pairs: &[Pair]) -> Vec<Pair> {
        refine_by_structure(&self.scene, self.lenses, pairs)
    }
}

fn refine_by_structure(scene: &Scene<'_>, lenses: Lenses, pairs: &[Pair]) -> Vec<Pair> {
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
    let mut found: Vec<Option<LocatedPlace>> = Vec::with_capacity(pairs.len());
    for stretch in beside.chunks(STRETCH_PAIRS) {
        let places = stretch.iter().flatten().map(|e| e.t_ref_secs);
        scene.add_views(&mut views, places, lenses.reference);
        found.par_extend(stretch.par_iter().map_init(Recent::default, |recent, frames| {
            scene.locate_beside(frames, &views, lenses.new, recent)
        }));
    }
    joined(&refined, found)
}
