//! Places of a trail that make good gates: unlike all others, and well located in the runs.

use std::collections::BTreeSet;

use mtbsync_artefacts::trail_file::GateKind;
use mtbsync_index::describe;
use mtbsync_matching::lookalikes::{Lookalike, lookalikes};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;
use serde::Serialize;

use super::error::TrailProblem;
use super::places::{PlacedGate, Places};
use super::runs::TrailRun;
use crate::context::Context;
use crate::recordings::index::features_of;
use crate::settings::AnalysisSettings;

/// Places are tried this far apart, seconds. By hand.
const STEP_SECS: f64 = 0.25;
/// A likeness of 1 costs as much as this half width of the 90 % interval, seconds. By hand: what a section of
/// ten seconds can bear.
const LIKENESS_COST_SECS: f64 = 0.2;
/// Share of the way to the next gate that a place may be off its even place. By hand.
const REACH_SHARE: f64 = 0.4;

/// A place that makes a good gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// A name for it.
    pub name: String,
    /// Its place, seconds of the reference.
    pub t_ref: f64,
    /// Start, split or finish.
    #[serde(rename = "type")]
    pub kind: GateKind,
    /// Share by which the most alike other place looks like it; `None` where the reference recording is gone.
    pub likeness: Option<f64>,
    /// Median half width of the 90 % interval among the runs, seconds.
    pub half_width_sec: f64,
    /// Runs that were there.
    pub runs: usize,
}

/// `count` gates, evenly spread over what most runs rode.
///
/// # Errors
/// No aligned run, too few places for so many gates, or an unreadable reference.
pub fn suggest(
    places: &Places<'_>,
    count: usize,
    context: &Context<'_>,
) -> Result<Vec<Suggestion>, PipelineError> {
    let mut recordings = BTreeSet::new();
    let is_counted = |run: &&TrailRun| {
        let is_new = run.new_key().is_empty() || recordings.insert(run.new_key().to_owned());
        is_new && run.warp.is_some() && !places.trail().note(run).hidden
    };
    let ways: Vec<_> = places
        .runs()
        .filter(is_counted)
        .filter_map(|run| places.to_run(run))
        .collect();
    if ways.is_empty() {
        return Err(TrailProblem::NothingAligned.into());
    }
    let known = |t: f64| {
        let mut widths: Vec<f64> = ways
            .iter()
            .filter_map(|way| Some(places.predicted(way, t)?.half_width_secs))
            .collect();
        widths.sort_by(f64::total_cmp);
        let is_common = 2 * widths.len() > ways.len();
        let middle = widths.get(widths.len() / 2).copied();
        middle.filter(|_| is_common).map(|half| (half, widths.len()))
    };
    let end_secs = ways
        .iter()
        .flat_map(|way| way.segments())
        .map(|(_, to)| to)
        .fold(0.0, f64::max);
    let steps = (end_secs / STEP_SECS) as usize;
    let common: Vec<(f64, f64, usize)> = (0..=steps)
        .map(|k| STEP_SECS * k as f64)
        .filter_map(|t| known(t).map(|(half, runs)| (t, half, runs)))
        .collect();
    let (Some(first), Some(last)) = (common.first(), common.last()) else {
        return Err(TrailProblem::NothingAligned.into());
    };
    let step = (last.0 - first.0) / count.saturating_sub(1).max(1) as f64;
    if count < 2 || step < 4.0 * STEP_SECS {
        return Err(TrailProblem::ManyGates(count).into());
    }
    let alike = look(places, context)?;
    let likeness = |t: f64| {
        let near = alike
            .iter()
            .min_by(|a, b| (a.t_secs - t).abs().total_cmp(&(b.t_secs - t).abs()));
        near.map(|place| place.likeness)
    };
    let best = |k: usize| {
        let even = first.0 + step * k as f64;
        let near = common
            .iter()
            .filter(|(t, ..)| (t - even).abs() <= REACH_SHARE * step);
        let cost =
            |&(t, half, _): &&(f64, f64, usize)| half + LIKENESS_COST_SECS * likeness(*t).unwrap_or(0.0);
        near.min_by(|a, b| cost(a).total_cmp(&cost(b)))
    };
    let found = (0..count).filter_map(|k| {
        let &(t_ref, half_width_sec, runs) = best(k)?;
        let (name, kind) = match k {
            0 => ("Start".to_owned(), GateKind::Start),
            k if k + 1 == count => ("Finish".to_owned(), GateKind::Finish),
            k => (format!("Gate {k}"), GateKind::Split),
        };
        Some(Suggestion {
            name,
            t_ref,
            kind,
            likeness: likeness(t_ref),
            half_width_sec,
            runs,
        })
    });
    Ok(found.collect())
}

impl Suggestion {
    /// As a gate of the trail.
    pub fn gate(&self) -> PlacedGate {
        PlacedGate {
            id: String::new(),
            name: self.name.clone(),
            t_ref_secs: self.t_ref,
            kind: self.kind,
            set_on: (String::new(), self.t_ref),
        }
    }
}

/// What the reference shows; nothing where its recording is gone.
fn look(places: &Places<'_>, context: &Context<'_>) -> Result<Vec<Lookalike>, PipelineError> {
    let Some(path) = places.reference_path() else {
        return Ok(Vec::new());
    };
    context.task.progress.start(Stage::Open, None, None);
    let opened = describe::open(&path, false, false)?;
    context.task.progress.finish(Stage::Open);
    let found = features_of(
        &opened,
        AnalysisSettings::default().params(),
        Stage::Index,
        context,
    )?;
    context.task.progress.start(Stage::Retrieval, None, None);
    let alike = context
        .task
        .workers()?
        .install(|| lookalikes(&found.features, &context.task));
    context.task.progress.finish(Stage::Retrieval);
    alike
}
