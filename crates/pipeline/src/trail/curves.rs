//! How much time each run has lost up to a place of the trail.

use std::collections::BTreeMap;

use mtbsync_task::error::PipelineError;
use serde::Serialize;

use super::error::TrailProblem;
use super::places::{Passage, Places};
use super::runs::TrailRun;
use crate::map::delta::Delta;

/// One run along the trail, at the places of [`Curves::t_ref`]; `None` where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Seconds lost since the first gate; below 0 won.
    pub delta: Vec<Option<f64>>,
    /// Lower end of the 90 % interval.
    pub low: Vec<Option<f64>>,
    /// Its upper end.
    pub high: Vec<Option<f64>>,
}

/// All runs along the trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curves {
    /// Places, seconds of the reference, evenly from the first gate to the last.
    pub t_ref: Vec<f64>,
    /// By run.
    pub runs: BTreeMap<String, Curve>,
}

/// The runs that are shown at `n` places, against the reference or another run.
///
/// # Errors
/// Nothing to compare, or no run of that name.
pub fn curves(places: &Places<'_>, n: usize, against: Option<&str>) -> Result<Curves, PipelineError> {
    let gates = places.gates();
    let (Some(first), Some(last)) = (gates.first(), gates.last().filter(|_| gates.len() > 1)) else {
        return Err(TrailProblem::FewGates(gates.len()).into());
    };
    let step = (last.t_ref_secs - first.t_ref_secs) / n.saturating_sub(1).max(1) as f64;
    let t_ref: Vec<f64> = (0..n).map(|k| first.t_ref_secs + step * k as f64).collect();
    let ridden = |run: &TrailRun| ridden(places, run, &t_ref);
    let other = match against {
        Some(name) => {
            let found = places.runs().find(|run| run.name == name);
            let found = found.ok_or_else(|| {
                let names: Vec<&str> = places.runs().map(|run| run.name.as_str()).collect();
                TrailProblem::NoSuchRun {
                    name: name.to_owned(),
                    known: names.join(", "),
                }
            })?;
            Some((found, ridden(found)))
        }
        None => None,
    };
    let shown = places.runs().filter(|run| !places.trail().note(run).hidden);
    let runs = shown.map(|run| {
        let mut curve = Curve::default();
        for (k, (own, t)) in ridden(run).into_iter().zip(&t_ref).enumerate() {
            let is_self = other.as_ref().is_some_and(|(other, _)| other.name == run.name);
            let theirs = match &other {
                Some((_, theirs)) => theirs.get(k).copied().flatten(),
                None => Some(Ridden {
                    secs: t - first.t_ref_secs,
                    half_width_secs: 0.0,
                }),
            };
            let delta = own.zip(theirs).map(|(own, theirs)| {
                let ends = [own.half_width_secs, theirs.half_width_secs];
                Delta::of(theirs.secs, own.secs, if is_self { [0.0; 2] } else { ends })
            });
            curve.delta.push(delta.map(|delta| delta.secs));
            curve.low.push(delta.map(|delta| delta.interval().0));
            curve.high.push(delta.map(|delta| delta.interval().1));
        }
        (run.name.clone(), curve)
    });
    let runs = runs.collect();
    Ok(Curves { t_ref, runs })
}

/// What a run has ridden since the first gate.
#[derive(Clone, Copy)]
struct Ridden {
    secs: f64,
    half_width_secs: f64,
}

fn ridden(places: &Places<'_>, run: &TrailRun, t_ref: &[f64]) -> Vec<Option<Ridden>> {
    let way = places.to_run(run);
    let start: Option<Passage> = places.passages(run).first().copied().flatten();
    let here = |t: f64| places.predicted(way.as_ref()?, t);
    t_ref
        .iter()
        .enumerate()
        .map(|(k, &t)| {
            // A place differs from itself by nothing, however badly it is known.
            if k == 0 {
                return start.map(|_| Ridden {
                    secs: 0.0,
                    half_width_secs: 0.0,
                });
            }
            let (start, here) = (start?, here(t)?);
            Some(Ridden {
                secs: here.t_secs - start.t_secs,
                half_width_secs: start.half_width_secs.hypot(here.half_width_secs),
            })
        })
        .collect()
}
