//! Checking pairs with local features: do enough corners of both pictures agree with one change of view?

use mtbsync_align::pair::{Pair, PairOrigin};
use mtbsync_align::path::nearest;
use mtbsync_index::features::{DenseFrames, Features, LocalFrame};
use mtbsync_vision::geometry::{TwoViewModel, VerifyParams, verify};
use mtbsync_vision::grid_window::GridWindow;
use mtbsync_vision::mask::is_scenery;
use mtbsync_vision::matching::{Guide, guided_matches, ratio_matches};
use mtbsync_vision::similarity::{Centring, Displacement, DisplacementMatcher};
use rayon::prelude::*;

use crate::displaced::displaceable;
use crate::foreground::SceneryOfFrames;
use crate::settings::MatchSettings;
use crate::tuning::{FULL_MATCHES, GUIDE_CELLS, RETRIEVAL_KEYPOINTS};

/// What local features say about each pair.
pub fn verify_pairs(
    new: &Features,
    reference: &Features,
    scenery: &[SceneryOfFrames; 2],
    pairs: &[Pair],
    settings: &MatchSettings,
) -> Vec<PairOrigin> {
    let frames = [new, reference].map(DenseFrames::analysed);
    let side = |k: usize| displaceable(Centring::global(&frames[k], &scenery[k].analysed));
    let [ours, theirs] = [side(0), side(1)];
    pairs
        .par_iter()
        .map_init(DisplacementMatcher::default, |matcher, p| {
            let i = nearest(&new.t_secs, p.t_new_secs);
            let check = |matcher: &mut DisplacementMatcher, j| {
                let ((ours, at), (theirs, there)) = (ours.get(i), theirs.get(j));
                let (_, displacement) = matcher.search(&ours, at, &theirs, there);
                verify_frames((new, i), (reference, j), scenery, displacement, settings)
            };
            let j = nearest(&reference.t_secs, p.t_ref_secs);
            let first = check(matcher, j);
            // The frame on the other side of the place may see it from a better distance.
            let beyond = if reference.t_secs[j] <= p.t_ref_secs {
                j + 1
            } else {
                j.saturating_sub(1)
            };
            if first.verified.is_some() || beyond == j || beyond >= reference.t_secs.len() {
                return first;
            }
            check(matcher, beyond)
        })
        .collect()
}

/// Match two frames near the places that the displacement of their dense descriptors foretells, then look for
/// one change of view behind the matches.
fn verify_frames(
    (new, i): (&Features, usize),
    (reference, j): (&Features, usize),
    scenery: &[SceneryOfFrames; 2],
    displacement: Displacement,
    settings: &MatchSettings,
) -> PairOrigin {
    let place = |k: &[f32; 5]| [k[0], k[1]];
    let [of_new, of_reference] = scenery;
    let ours = on_scenery(new.local(i), of_new.analysed.at(i), new.picture);
    let theirs = on_scenery(reference.local(j), of_reference.analysed.at(j), reference.picture);
    let new_places: Vec<[f32; 2]> = ours.keypoints.iter().map(place).collect();
    let ref_places: Vec<[f32; 2]> = theirs.keypoints.iter().map(place).collect();
    let from = GridWindow::of(new.picture.0, new.picture.1);
    let to = GridWindow::of(reference.picture.0, reference.picture.1);
    let (cell_width, cell_height) = to.cell_px();
    let expect = |[x, y]: [f32; 2]| {
        let (col, row) = displacement.apply(from.cell_of(f64::from(x), f64::from(y)));
        [
            (to.left + col * cell_width) as f32,
            (to.top + row * cell_height) as f32,
        ]
    };
    let guide = Guide {
        query_places: &new_places,
        train_places: &ref_places,
        expect: &expect,
        radius_px: (GUIDE_CELLS * cell_width) as f32,
    };
    let matches = guided_matches(&ours.descriptors, &theirs.descriptors, settings.lowe, &guide);
    let a: Vec<[f32; 2]> = matches
        .iter()
        .filter_map(|m| new_places.get(m.query as usize))
        .copied()
        .collect();
    let b: Vec<[f32; 2]> = matches
        .iter()
        .filter_map(|m| ref_places.get(m.train as usize))
        .copied()
        .collect();
    let params = VerifyParams {
        reproj_px: settings.ransac_reproj_px,
        min_inliers: settings.min_inliers,
        ..VerifyParams::default()
    };
    match verify(&a, &b, &params) {
        Some(v) => PairOrigin {
            model: match v.model {
                TwoViewModel::Homography => 'H',
                TwoViewModel::Affine => 'A',
                TwoViewModel::Fundamental => 'F',
            },
            verified: Some((v.inliers.len(), v.reproj_error_px)),
        },
        None => PairOrigin {
            model: 'D',
            verified: None,
        },
    }
}

/// The local features that lie on scenery.
fn on_scenery(frame: LocalFrame, mask: &[u8], (width, height): (usize, usize)) -> LocalFrame {
    let features = frame.keypoints.into_iter().zip(frame.descriptors);
    let (keypoints, descriptors) = features
        .filter(|(k, _)| is_scenery(mask, k[0], k[1], width, height))
        .unzip();
    LocalFrame {
        keypoints,
        descriptors,
    }
}

/// Similarity of all frames by the number of their matching local features: `new × reference` values in 0..1.
pub fn local_similarity(new: &Features, reference: &Features, lowe: f32) -> Vec<f32> {
    let thinned: Vec<Vec<[u8; 32]>> = (0..reference.t_secs.len())
        .map(|j| strongest(reference, j))
        .collect();
    (0..new.t_secs.len())
        .into_par_iter()
        .flat_map_iter(|i| {
            let ours = strongest(new, i);
            thinned
                .iter()
                .map(|theirs| ratio_matches(&ours, theirs, lowe, false).len() as f32 / FULL_MATCHES)
                .map(|s| s.min(1.0))
                .collect::<Vec<f32>>()
        })
        .collect()
}

/// Descriptors of the strongest keypoints of a frame, ties by position.
fn strongest(features: &Features, i: usize) -> Vec<[u8; 32]> {
    let LocalFrame {
        keypoints,
        descriptors,
    } = features.local(i);
    let mut order: Vec<usize> = (0..keypoints.len()).collect();
    order.sort_by(|&a, &b| keypoints[b][4].total_cmp(&keypoints[a][4]).then(a.cmp(&b)));
    order.truncate(RETRIEVAL_KEYPOINTS);
    order
        .into_iter()
        .filter_map(|k| descriptors.get(k).copied())
        .collect()
}
