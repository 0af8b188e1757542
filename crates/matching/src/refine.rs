//! Pairs of times from the posterior: located between the analysed frames, or as the sequence model left
//! them.

use mtbsync_align::pair::Pair;
use mtbsync_align::path::nearest;
use mtbsync_align::refine::{FrameTimes, refine};
use mtbsync_align::sequence::Posterior;
use mtbsync_index::features::{DenseFrames, Features};

use crate::displaced::Displaced;
use crate::geometry::Seen;
use crate::reweight::CellWeights;
use crate::settings::MatchSettings;
use crate::tuning::{UNREFINED_SIGMA, WINDOW_MARGIN_FRAMES};

/// Places at the peak of the similarity under displacement, within the settings' window around the
/// posterior's.
pub fn refined_pairs(
    seen: &Seen<'_>,
    path: &[Posterior],
    weights: Option<&CellWeights>,
    settings: &MatchSettings,
) -> Vec<Pair> {
    let Seen {
        reference,
        new,
        scenery,
    } = seen;
    let frames = [new, reference].map(|side| DenseFrames::all(side));
    let similarity = Displaced::new(&frames, scenery.each_ref().map(|s| &s.all), weights);
    let [fine_new_secs, fine_ref_secs] = frames.each_ref().map(|f| f.t_secs.as_slice());
    let half_window_secs = (settings.refine_window as f64 + WINDOW_MARGIN_FRAMES) / reference.params.fps;
    let times = FrameTimes {
        analysed: &new.t_secs,
        fine: fine_new_secs,
    };
    refine(path, times, fine_ref_secs, &similarity, half_window_secs)
}

/// The sequence model's places as they are, where they do not go back.
pub fn unrefined_pairs(reference: &Features, new: &Features, path: &[Posterior]) -> Vec<Pair> {
    let mut latest = f64::NEG_INFINITY;
    path.iter()
        .zip(&new.t_secs)
        .filter(|(b, _)| b.is_on_trail())
        .filter_map(|(b, &t_new_secs)| {
            let nearest_frame = reference.t_secs.get(nearest(&reference.t_secs, b.t_ref_secs))?;
            (*nearest_frame >= latest).then(|| {
                latest = *nearest_frame;
                Pair {
                    t_new_secs,
                    t_ref_secs: *nearest_frame,
                    sigma_secs: UNREFINED_SIGMA / reference.params.fps,
                    certainty: b.on.min(1.0),
                }
            })
        })
        .collect()
}
