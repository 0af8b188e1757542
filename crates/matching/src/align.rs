//! From two sets of features to pairs: the alignment stages in their order.

use std::time::{Duration, Instant};

use mtbsync_align::fusion::fuse;
use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_index::features::Features;
use mtbsync_index::tracks::Tracks;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::{Stage, Task};
use mtbsync_telemetry::clock::Offsets;

use crate::foreground::SceneryOfFrames;
use crate::locate::locate;
use crate::refine::{refined_pairs, unrefined_pairs};
use crate::report::{candidates, origins};
use crate::settings::MatchSettings;
use crate::structure::refine_by_structure;

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
    let scenery = [new, reference].map(SceneryOfFrames::of);
    let located = locate(reference, new, &scenery, tracks, settings, task)?;
    let reversed = located.reversed;
    task.progress.finish(Stage::Sequence);
    task.cancel.check()?;
    let retrieval = begun.elapsed();
    let begun = Instant::now();
    task.progress.start(Stage::Refine, None, None);
    let (visual, refined) = if reversed {
        (Vec::new(), true)
    } else if settings.refine {
        let likely = refined_pairs(
            reference,
            new,
            &scenery,
            &located.path,
            located.weights.as_ref(),
            settings,
        );
        let pairs = if settings.refine_window > 0 {
            refine_by_structure(reference, new, &scenery, &likely)
        } else {
            likely
        };
        (pairs, true)
    } else {
        (unrefined_pairs(reference, new, &located.path), false)
    };
    task.cancel.check()?;
    let by_gps = match &located.gps {
        Some(gps) if !reversed => gps.pairs(&new.t_secs),
        Some(_) | None => Vec::new(),
    };
    let fused = fuse(&visual, &by_gps);
    let pairs: Vec<Pair> = fused.iter().map(|f| f.pair).collect();
    let origins = origins(reference, new, &scenery, &fused, refined, settings);
    let candidates = candidates(
        reference,
        new,
        (&located.similarity, &located.z),
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
        gps_offsets: located.gps.map(|gps| gps.offsets),
        gps: located.gps_took,
        warnings: located.warnings,
    })
}
