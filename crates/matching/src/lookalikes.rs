//! How unlike all other places each place of a recording is: where a gate is found again without doubt.

use mtbsync_index::features::{DenseFrames, Features};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Task;

use crate::compare::FramePairs;
use crate::foreground::SceneryOfFrames;
use crate::tuning::{OTHER_PLACE_SECS, SPARSE_FRAMES};

/// A place and the other place that looks most like it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookalike {
    /// The place, seconds.
    pub t_secs: f64,
    /// How far the most alike other place stands out, as a share of how far the place itself does: 0 nothing
    /// looks like it, 1 another place looks just the same.
    pub likeness: f64,
}

/// Some hundred places of a recording, evenly spread.
///
/// # Errors
/// An index that contradicts itself, and when interrupted.
pub fn lookalikes(features: &Features, task: &Task<'_>) -> Result<Vec<Lookalike>, PipelineError> {
    let scenery = SceneryOfFrames::of(features);
    let frames = DenseFrames::analysed(features);
    let rows: Vec<usize> = (0..frames.t_secs.len())
        .step_by(frames.t_secs.len().div_ceil(SPARSE_FRAMES).max(1))
        .collect();
    let z = FramePairs::new(&frames, &frames, [&scenery.analysed, &scenery.analysed]).glance(&rows)?;
    task.cancel.check()?;
    features.check()?;
    let places = rows.iter().enumerate().filter_map(|(k, &row)| {
        let t_secs = *frames.t_secs.get(row)?;
        let own = f64::from(*z.row(k).get(row)?);
        let others = z.row(k).iter().zip(&frames.t_secs);
        let others = others.filter(|(_, t)| (*t - t_secs).abs() > OTHER_PLACE_SECS);
        let most = others.map(|(z, _)| f64::from(*z)).fold(0.0, f64::max);
        (own > 0.0).then(|| Lookalike {
            t_secs,
            likeness: (most / own).min(1.0),
        })
    });
    Ok(places.collect())
}
