//! Rows of the report on an alignment: what stands behind each pair, and the candidates of each frame by
//! itself.

use mtbsync_align::evidence::Matrix;
use mtbsync_align::fusion::FusedPair;
use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_align::path::nearest;
use mtbsync_index::features::Features;

use crate::geometry::Seen;
use crate::settings::{MatchSettings, Matcher};
use crate::tuning::CANDIDATE_GAP_SECS;
use crate::verify::verify_pairs;

/// What stands behind each pair.
pub fn origins(
    seen: &Seen<'_>,
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
        (true, Matcher::Auto | Matcher::Orb | Matcher::Learned) => verify_pairs(seen, &visual, settings),
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

/// The best places of each new frame by itself.
pub fn candidates(
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
