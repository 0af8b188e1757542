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
use mtbsync_index::features::Features;
use rayon::prelude::*;

use crate::foreground::SceneryOfFrames;
use crate::tuning::MIN_LOCATED_SHARE;
use grids::Recent;
use place::{LocatedPlace, joined, rates};
use scene::{Expected, Scene, Views};

/// `pairs`, with the places of those that the motion of the scene locates made exact.
pub fn refine_by_structure(
    reference: &Features,
    new: &Features,
    scenery: &[SceneryOfFrames; 2],
    pairs: &[Pair],
) -> Vec<Pair> {
    let Some(scene) = Scene::new(reference, new, scenery) else {
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
    let beside: Vec<Option<LocatedPlace>> = beside
        .par_iter()
        .map_init(Recent::default, |recent, frames| {
            scene.locate_beside(frames, &views, lenses.new, recent)
        })
        .collect();
    joined(&refined, beside)
}
