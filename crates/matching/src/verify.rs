//! Checking pairs with local features: do enough corners of both pictures agree with one change of view?

use mtbsync_align::pair::{Pair, PairOrigin};
use mtbsync_align::path::nearest;
use mtbsync_index::features::{DenseFrames, Features, KeypointRow, LocalFrame};
use mtbsync_vision::geometry::{TwoViewModel, VerifyParams, verify};
use mtbsync_vision::grid_window::{COLS, GridWindow, ROWS};
use mtbsync_vision::mask::cell_at;
use mtbsync_vision::matching::{Guide, guided_matches, ratio_matches};
use mtbsync_vision::remap::ViewMap;
use mtbsync_vision::similarity::{Centring, Displacement, DisplacementMatcher};
use rayon::prelude::*;

use crate::displaced::displaceable;
use crate::geometry::{BothSceneries, Seen};
use crate::settings::MatchSettings;
use crate::tuning::{FULL_MATCHES, GUIDE_CELLS, RETRIEVAL_KEYPOINTS};

/// What local features say about each pair.
pub fn verify_pairs(seen: &Seen<'_>, pairs: &[Pair], settings: &MatchSettings) -> Vec<PairOrigin> {
    let &Seen {
        reference,
        new,
        scenery,
    } = seen;
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
    scenery: &BothSceneries,
    displacement: Displacement,
    settings: &MatchSettings,
) -> PairOrigin {
    let place = |k: &KeypointRow| [k[0], k[1]];
    let [of_new, of_reference] = scenery;
    let [from, to] = [new, reference].map(DescribedGrid::of);
    let ours = on_scenery(new.local(i), of_new.analysed.at(i), &from);
    let theirs = on_scenery(reference.local(j), of_reference.analysed.at(j), &to);
    let new_places: Vec<[f32; 2]> = ours.keypoints.iter().map(place).collect();
    let ref_places: Vec<[f32; 2]> = theirs.keypoints.iter().map(place).collect();
    let expect = |place: [f32; 2]| to.place_of(displacement.apply(from.cell_of(place)));
    let guide = Guide {
        query_places: &new_places,
        train_places: &ref_places,
        expect: &expect,
        radius_px: (GUIDE_CELLS * to.window.cell_px().0) as f32,
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
fn on_scenery(frame: LocalFrame, mask: &[u8], grid: &DescribedGrid) -> LocalFrame {
    let features = frame.keypoints.into_iter().zip(frame.descriptors);
    let (keypoints, descriptors) = features
        .filter(|(k, _)| grid.is_scenery(mask, [k[0], k[1]]))
        .unzip();
    LocalFrame {
        keypoints,
        descriptors,
    }
}

/// The dense grid of a recording, laid over its pictures as they were described.
struct DescribedGrid {
    window: GridWindow,
    view: ViewMap,
}

impl DescribedGrid {
    fn of(features: &Features) -> Self {
        Self {
            window: GridWindow::of(features.picture.0, features.picture.1),
            view: features
                .view
                .as_ref()
                .map_or(ViewMap::IDENTITY, |view| *view.map()),
        }
    }

    /// Column and row of a place of the recorded picture.
    fn cell_of(&self, [x, y]: [f32; 2]) -> (f64, f64) {
        let [u, v] = self
            .view
            .target_of(from_middle(self.window.cell_of(f64::from(x), f64::from(y))));
        (HALF_COLS * (u + 1.0), HALF_COLS * v + HALF_ROWS)
    }

    /// Whether a place of the recorded picture lies on scenery; outside the grid its nearest cell decides.
    fn is_scenery(&self, mask: &[u8], place: [f32; 2]) -> bool {
        mask.get(cell_at(self.cell_of(place))).is_none_or(|&m| m != 0)
    }

    /// The place of the recorded picture at a column and row.
    fn place_of(&self, cell: (f64, f64)) -> [f32; 2] {
        let [u, v] = self.view.source_of(from_middle(cell));
        let (width, height) = self.window.cell_px();
        [
            (self.window.left + HALF_COLS * (u + 1.0) * width) as f32,
            (self.window.top + (HALF_COLS * v + HALF_ROWS) * height) as f32,
        ]
    }
}

const HALF_COLS: f64 = COLS as f64 / 2.0;
const HALF_ROWS: f64 = ROWS as f64 / 2.0;

/// A column and row in half widths of the grid from its middle; cells of the described picture are square.
fn from_middle((col, row): (f64, f64)) -> [f64; 2] {
    [(col - HALF_COLS) / HALF_COLS, (row - HALF_ROWS) / HALF_COLS]
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
    order.sort_by(|&a, &b| keypoints[b][2].total_cmp(&keypoints[a][2]).then(a.cmp(&b)));
    order.truncate(RETRIEVAL_KEYPOINTS);
    order
        .into_iter()
        .filter_map(|k| descriptors.get(k).copied())
        .collect()
}
