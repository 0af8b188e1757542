//! From two sets of features to pairs: the alignment stages in their order.

use std::time::{Duration, Instant};

use mtbsync_align::evidence::Matrix;
use mtbsync_align::fusion::{FusedPair, fuse};
use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_align::path::nearest;
use mtbsync_align::refine::{FrameTimes, refine};
use mtbsync_align::sequence::Posterior;
use mtbsync_index::features::{DenseFrames, Features};
use mtbsync_index::tracks::Tracks;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;
use mtbsync_task::progress::Task;
use mtbsync_telemetry::clock::Offsets;

use crate::compare::{Retrieval, retrieve};
use crate::displaced::Displaced;
use crate::settings::{MatchSettings, Matcher};
use crate::structure::refine_by_structure;
use crate::verify::verify_pairs;

/// Candidates of one frame are at least this far apart, seconds: neighbours of a peak are the same place.
const CANDIDATE_GAP_SECS: f64 = 1.0;
/// Added to the window of `--refine-window` frames: the path is only known to a frame or so.
const WINDOW_MARGIN_FRAMES: f64 = 1.4;
/// Error of an unrefined pair as a share of the frame spacing.
const UNREFINED_SIGMA: f64 = 0.35;

/// Everything the stages found.
pub struct Alignment {
    /// Candidates before the sequence model.
    pub candidates: Vec<Candidate>,
    /// Pairs, in order of time.
    pub pairs: Vec<Pair>,
    /// What stands behind each pair.
    pub origins: Vec<PairOrigin>,
    /// The reference fits better played backwards.
    pub reversed: bool,
    /// Wall time of retrieval and sequence model.
    pub retrieval: Duration,
    /// Wall time of the refinement.
    pub refine: Duration,
    /// GPS that took part: track time at video zero of the reference and the new run.
    pub gps_offsets: Option<Offsets>,
    /// Wall time of the comparison of tracks.
    pub gps: Duration,
    /// Lines for the person.
    pub warnings: Vec<String>,
}

/// Align two recordings.
pub fn align(
    reference: &Features,
    new: &Features,
    tracks: &Tracks,
    settings: &MatchSettings,
    task: &Task<'_>,
) -> Result<Alignment, PipelineError> {
    let begun = Instant::now();
    let Retrieval {
        similarity,
        z,
        path,
        reversed,
        gps,
        gps_took,
        warnings,
    } = retrieve(reference, new, tracks, settings, task)?;
    task.progress.finish(Stage::Sequence);
    task.cancel.check()?;
    let retrieval = begun.elapsed();
    let begun = Instant::now();
    task.progress.start(Stage::Refine, None, None);
    let (visual, refined) = if reversed {
        (Vec::new(), true)
    } else if settings.refine {
        let likely = refined_pairs(reference, new, &path, settings);
        let pairs = if settings.refine_window > 0 {
            refine_by_structure(reference, new, &likely)
        } else {
            likely
        };
        (pairs, true)
    } else {
        (unrefined_pairs(reference, new, &path), false)
    };
    task.cancel.check()?;
    let by_gps = match &gps {
        Some(gps) if !reversed => gps.pairs(&new.t_secs),
        Some(_) | None => Vec::new(),
    };
    let fused = fuse(&visual, &by_gps);
    let pairs: Vec<Pair> = fused.iter().map(|f| f.pair).collect();
    let origins = origins(reference, new, &fused, refined, settings);
    let candidates = candidates(
        reference,
        new,
        (&similarity, &z),
        settings.top_k,
        &pairs,
        &origins,
    );
    reference.check()?;
    new.check()?;
    task.progress.finish(Stage::Refine);
    Ok(Alignment {
        candidates,
        pairs,
        origins,
        reversed,
        retrieval,
        refine: begun.elapsed(),
        gps_offsets: gps.as_ref().map(|gps| gps.offsets),
        gps: gps_took,
        warnings,
    })
}

/// What stands behind each pair.
fn origins(
    reference: &Features,
    new: &Features,
    fused: &[FusedPair],
    refined: bool,
    settings: &MatchSettings,
) -> Vec<PairOrigin> {
    let unverified = |model| PairOrigin {
        model,
        verified: None,
    };
    let visual: Vec<Pair> = fused.iter().filter(|f| !f.gps_only).map(|f| f.pair).collect();
    let visual = match (refined, settings.matcher) {
        (false, _) => vec![unverified('N'); visual.len()],
        (true, Matcher::Dense) => vec![unverified('D'); visual.len()],
        (true, Matcher::Auto | Matcher::Orb) => verify_pairs(new, reference, &visual, settings),
    };
    let mut visual = visual.into_iter();
    fused
        .iter()
        .map(|f| {
            let seen = if f.gps_only { None } else { visual.next() };
            seen.unwrap_or_else(|| unverified('G'))
        })
        .collect()
}

fn refined_pairs(
    reference: &Features,
    new: &Features,
    path: &[Posterior],
    settings: &MatchSettings,
) -> Vec<Pair> {
    let frames = [new, reference].map(DenseFrames::all);
    let masks = [new.mask.as_slice(), reference.mask.as_slice()];
    let similarity = Displaced::new(&frames, masks);
    let [fine_new_secs, fine_ref_secs] = frames.each_ref().map(|f| f.t_secs.as_slice());
    let half_window_secs = (settings.refine_window as f64 + WINDOW_MARGIN_FRAMES) / reference.params.fps;
    let times = FrameTimes {
        analysed: &new.t_secs,
        fine: fine_new_secs,
    };
    refine(path, times, fine_ref_secs, &similarity, half_window_secs)
}

/// The sequence model's places as they are, where they do not go back.
fn unrefined_pairs(reference: &Features, new: &Features, path: &[Posterior]) -> Vec<Pair> {
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

/// The best places of each new frame by itself.
fn candidates(
    reference: &Features,
    new: &Features,
    (similarity, z): (&Matrix, &Matrix),
    top_k: usize,
    pairs: &[Pair],
    origins: &[PairOrigin],
) -> Vec<Candidate> {
    let verified: Vec<(usize, usize, usize)> = pairs
        .iter()
        .zip(origins)
        .filter_map(|(p, o)| {
            let place = (
                nearest(&new.t_secs, p.t_new_secs),
                nearest(&reference.t_secs, p.t_ref_secs),
            );
            o.verified.map(|(inliers, _)| (place.0, place.1, inliers))
        })
        .collect();
    let mut out = Vec::new();
    for (i, &t_new_secs) in new.t_secs.iter().enumerate() {
        let first = z.band(i).start;
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < top_k {
            let apart = |j: &usize| {
                let gap = |&k: &usize| (reference.t_secs[k] - reference.t_secs[*j]).abs();
                chosen.iter().all(|k| gap(k) >= CANDIDATE_GAP_SECS)
            };
            // The best of what is left; of equal ones the first.
            let best = z.band(i).filter(apart).min_by(|&a, &b| {
                z.row(i)[b - first]
                    .total_cmp(&z.row(i)[a - first])
                    .then(a.cmp(&b))
            });
            let Some(best) = best else { break };
            chosen.push(best);
        }
        // Pairs are in order of new time.
        let verified_here = &verified[verified.partition_point(|v| v.0 < i)..];
        let verified_here = &verified_here[..verified_here.partition_point(|v| v.0 == i)];
        let mut rows: Vec<Candidate> = chosen
            .into_iter()
            .map(|j| Candidate {
                t_new_secs,
                t_ref_secs: reference.t_secs[j],
                score: f64::from(similarity.row(i)[j - first]).clamp(0.0, 1.0),
                n_inliers: verified_here.iter().find(|v| v.1 == j).map_or(0, |v| v.2),
            })
            .collect();
        rows.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.t_ref_secs.total_cmp(&b.t_ref_secs))
        });
        out.extend(rows);
    }
    out
}
