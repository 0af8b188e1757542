//! From two sets of features to pairs: the alignment stages in their order.

use std::time::{Duration, Instant};

use mtbsync_align::fusion::fuse;
use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_index::features::Features;
use mtbsync_index::tracks::Tracks;
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::{Stage, Task};
use mtbsync_telemetry::clock::Offsets;

use crate::geometry::{Geometry, Seen, Views, change_in_words, doubted_by};
use crate::locate::locate;
use crate::refine::{refined_pairs, unrefined_pairs};
use crate::report::{candidates, origins};
use crate::settings::{MatchSettings, Matcher};
use crate::structure::{LogZoom, Structured};
use crate::tuning::{GEOMETRY_ROUNDS, MAX_SHARE_LOST};

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
    /// How the cameras differ, if they do.
    pub geometry: Option<Geometry>,
    /// Learned descriptors helped to find the places.
    pub learned: bool,
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
    let mut views = Views::filmed(reference, new);
    let mut located = locate(&views.of(reference, new), tracks, settings, task)?;
    if settings.matcher != Matcher::Orb {
        for _ in 0..GEOMETRY_ROUNDS {
            let Some(seen) = views.look(reference, new, &located, task)? else {
                break;
            };
            let again = locate(&seen.of(reference, new), tracks, settings, task)?;
            if again.share_on_trail() < located.share_on_trail() - MAX_SHARE_LOST {
                break;
            }
            (located, views) = (again, seen);
        }
    }
    let reversed = located.reversed;
    task.progress.finish(Stage::Sequence);
    task.cancel.check()?;
    let retrieval = begun.elapsed();
    let begun = Instant::now();
    task.progress.start(Stage::Refine, None, None);
    let mut change = None;
    let (visual, refined) = if reversed {
        (Vec::new(), true)
    } else if !settings.refine {
        (unrefined_pairs(reference, new, &located.path), false)
    } else {
        let refined =
            |seen: &Seen<'_>| refined_pairs(seen, &located.path, located.weights.as_ref(), settings);
        let likely = refined(&views.of(reference, new));
        let pairs = if settings.refine_window > 0 {
            let (pairs, changing) = exact([reference, new], &mut views, likely, refined, task)?;
            change = changing.filter(LogZoom::is_change);
            doubted_by(change, pairs)
        } else {
            likely
        };
        (pairs, true)
    };
    let mut warnings = located.warnings;
    warnings.extend(change.map(change_in_words));
    let seen = views.of(reference, new);
    task.cancel.check()?;
    let by_gps = match &located.gps {
        Some(gps) if !reversed => gps.pairs(&new.t_secs),
        Some(_) | None => Vec::new(),
    };
    let mut fused = fuse(&visual, &by_gps);
    // A track may begin before its recording and end after it; what was not filmed is no place.
    let filmed = 0.0..=reference.source.duration_secs;
    fused.retain(|f| !f.gps_only || filmed.contains(&f.pair.t_ref_secs));
    let pairs: Vec<Pair> = fused.iter().map(|f| f.pair).collect();
    let origins = origins(&seen, &fused, refined, settings);
    let candidates = candidates(
        reference,
        new,
        (&located.similarity, &located.z),
        settings.top_k,
        &pairs,
        &origins,
    );
    for features in [reference, new, seen.reference, seen.new] {
        features.check()?;
    }
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
        geometry: views.geometry,
        learned: located.learned,
        warnings,
    })
}

/// `pairs` made exact by the motion of the scene. It also tells the scale between the cameras better than
/// likeness does; where that was off, `again` finds the pairs anew. And how the scale changes on the way, as
/// far as the scene tells.
fn exact(
    [reference, new]: [&Features; 2],
    views: &mut Views,
    mut pairs: Vec<Pair>,
    again: impl Fn(&Seen<'_>) -> Vec<Pair>,
    task: &Task<'_>,
) -> Result<(Vec<Pair>, Option<LogZoom>), PipelineError> {
    let rescaled = {
        let seen = views.of(reference, new);
        let Some(structured) = Structured::new(&seen, &pairs, views.geometry.is_some()) else {
            return Ok((pairs, None));
        };
        let can_change = reference.has_pictures() && new.has_pictures();
        let rescaled = structured
            .zoom
            .filter(|_| can_change)
            .and_then(|zoom| views.rescaled(zoom));
        let Some(rescaled) = rescaled else {
            let (exact, zoom, lens) = (structured.refine(&pairs), structured.zoom, structured.lens);
            let change = structured.change;
            return Ok((views.doubted(exact, zoom, lens), change));
        };
        rescaled
    };
    *views = views.changed(reference, new, rescaled, task)?;
    let seen = views.of(reference, new);
    pairs = again(&seen);
    let alike = views.geometry.is_some();
    let found = Structured::new(&seen, &pairs, alike);
    let change = found.as_ref().and_then(|found| found.change);
    let pairs = match found {
        Some(found) if alike => {
            let (zoom, lens) = (found.zoom, found.lens);
            let found = if views.is_bent() { found } else { found.zoomed() };
            let exact = found.refine(&pairs);
            views.doubted(exact, zoom, lens)
        }
        Some(found) => found.refine(&pairs),
        None => pairs,
    };
    Ok((pairs, change))
}
