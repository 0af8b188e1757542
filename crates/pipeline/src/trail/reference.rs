//! Another reference for a trail: its places told on the recording of one of its runs.
//!
//! Maps stay as they were measured: only trail.json changes, and ways over several maps are composed when
//! they are needed. So nothing gets less exact however often the reference changes, what a person has
//! confirmed in a run stays where it is, and every step can be taken back.

use mtbsync_align::confidence::CONFIDENCE_RADIUS_SECS;
use mtbsync_artefacts::trail_file::{Gate, ReferenceName, TrailFile};
use mtbsync_task::error::PipelineError;
use serde::Serialize;

use super::edit::entry_of;
use super::error::TrailProblem;
use super::places::{Passage, Places};
use super::runs::{Root, Trail, TrailRun};

/// What another reference means for the runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Repointed {
    /// The trail.
    pub trail: String,
    /// The file of its reference now.
    pub reference: String,
    /// Runs with a map of their own to it, the run itself among them.
    pub kept: Vec<String>,
    /// Runs whose way to it is composed.
    pub composed: Vec<ComposedRun>,
    /// Runs that only a sync with it would place well.
    pub to_sync: Vec<UnplacedRun>,
    /// Gates at which the new reference never was: they are kept, and wait for another one.
    pub gates_apart: Vec<String>,
}

/// A run whose way is composed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComposedRun {
    /// The run.
    pub run: String,
    /// Median half width of the 90 % interval at the gates, seconds.
    pub half_width_sec: f64,
}

/// A run that should be synced.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnplacedRun {
    /// The run.
    pub run: String,
    /// Why.
    pub why: String,
}

/// Makes the recording of `run` the reference of its trail, in `file`.
///
/// # Errors
/// No such run, a run whose map does not name its recording, or one that was not aligned.
pub fn repoint(root: &Root, file: &mut TrailFile, run: &str) -> Result<Repointed, PipelineError> {
    let run = root.run(run)?;
    let key = run.new_key().to_owned();
    let Some(recording) = run.file.new.as_ref().filter(|_| !key.is_empty()) else {
        return Err(TrailProblem::NoRecording(run.name.clone()).into());
    };
    let trail = root.trail_of(&run.name)?;
    if run.warp.is_none() {
        let problem = TrailProblem::NotAligned(run.name.clone());
        return Err(PipelineError::from(problem).at(&run.folder));
    }
    let old = Places::new(root, trail.clone());
    let mut entry = trail.entry.clone();
    entry.gates = entry.gates.iter().map(|gate| moved(&old, gate, &key)).collect();
    entry.reference = ReferenceName {
        fingerprint: key,
        file: recording.file_name(),
        rest: entry.reference.rest,
    };
    let gates_apart = entry.gates.iter().filter(|gate| gate.t_ref.is_none());
    let mut report = Repointed {
        trail: entry.id.clone(),
        reference: entry.reference.file.clone(),
        gates_apart: gates_apart.map(|gate| gate.name.clone()).collect(),
        ..Repointed::default()
    };
    let new = Trail {
        entry: entry.clone(),
        runs: trail.runs.clone(),
    };
    let new = Places::new(root, new);
    for run in &trail.runs {
        report.add(run, &old, &new);
    }
    // They stay with their trail, whatever becomes of the run that connects them now.
    for run in &trail.runs {
        entry.runs.entry(run.name.clone()).or_default();
    }
    *entry_of(file, &trail) = entry;
    Ok(report)
}

/// A gate on the clock of the recording `key`, told by the recording on which it was set.
fn moved(old: &Places<'_>, gate: &Gate, key: &str) -> Gate {
    let Some((on, t_on)) = old.set_on(gate) else {
        return gate.clone();
    };
    if on == key {
        return Gate {
            t_ref: Some(t_on),
            on: None,
            t_on: None,
            t_then: None,
            ..gate.clone()
        };
    }
    let t_ref = old.between(&on, key).and_then(|way| way.value_at(t_on));
    Gate {
        t_ref,
        t_then: t_ref,
        on: Some(on),
        t_on: Some(t_on),
        ..gate.clone()
    }
}

impl Repointed {
    fn add(&mut self, run: &TrailRun, old: &Places<'_>, new: &Places<'_>) {
        let key = new.reference_key();
        if run.is_recording(key) || (run.warp.is_some() && run.reference_key() == key) {
            self.kept.push(run.name.clone());
            return;
        }
        let why = |why: String| UnplacedRun {
            run: run.name.clone(),
            why,
        };
        // A hidden run is nobody's to be synced: it may have been already, into another folder.
        if new.trail().note(run).hidden {
            return;
        }
        if run.warp.is_none() {
            self.to_sync.push(why("it was not aligned".to_owned()));
            return;
        }
        let at =
            |places: &Places<'_>| -> Vec<Passage> { places.passages(run).into_iter().flatten().collect() };
        let (before, now) = (at(old), at(new));
        let mut widths: Vec<f64> = now.iter().map(|passage| passage.half_width_secs).collect();
        widths.sort_by(f64::total_cmp);
        match widths.get(widths.len() / 2) {
            None => self
                .to_sync
                .push(why("it shares no part with the reference".to_owned())),
            Some(_) if now.len() < before.len() => {
                let lost = before.len() - now.len();
                let gates = if lost == 1 {
                    "one gate".to_owned()
                } else {
                    format!("{lost} gates")
                };
                self.to_sync.push(why(format!("{gates} of it are not in both")));
            }
            Some(&half) if half > CONFIDENCE_RADIUS_SECS => {
                self.to_sync.push(why(format!("known to ±{half:.2} s only")));
            }
            Some(&half_width_sec) => self.composed.push(ComposedRun {
                run: run.name.clone(),
                half_width_sec,
            }),
        }
    }
}
