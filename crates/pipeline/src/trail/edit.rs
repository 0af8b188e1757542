//! What a person says of a trail and its runs: `trail.json`, changed whole or not at all.

use std::path::Path;

use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::trail_file::{Gate, RunNote, TrailEntry, TrailFile};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::TrailProblem;
use super::places::{PlacedGate, Places};
use super::runs::{Root, Trail};
use crate::map::splits::SAME_GATE_SECS;

/// What is said of a run; `None`: as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RunChange {
    /// Who rode.
    pub rider: Option<String>,
    /// When, `2026-06-14`; empty: as the recording says.
    pub date: Option<String>,
    /// On what.
    pub bike: Option<String>,
    /// A text.
    pub note: Option<String>,
    /// Not on the board.
    pub hidden: Option<bool>,
    /// What is not known here.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl RunChange {
    /// # Errors
    /// A date that is none.
    pub fn check(&self) -> Result<(), PipelineError> {
        let date = self.date.as_deref().filter(|date| !date.is_empty());
        match date {
            Some(date) if day(date).is_none() => {
                Err(TrailProblem::Value("a date is written as 2026-06-14").into())
            }
            _ => Ok(()),
        }
    }

    /// Writes it into what was said before.
    pub fn apply(&self, note: &mut RunNote) {
        let set = |to: &mut String, from: &Option<String>| {
            if let Some(text) = from {
                text.trim().clone_into(to);
            }
        };
        set(&mut note.rider, &self.rider);
        set(&mut note.date, &self.date);
        set(&mut note.bike, &self.bike);
        set(&mut note.note, &self.note);
        note.hidden = self.hidden.unwrap_or(note.hidden);
        note.rest.extend(self.rest.clone());
    }
}

/// Changes trail.json of `folder` while nobody else does; `read` finds the runs below it.
///
/// # Errors
/// Unreadable, refused by `change`, or not writable: the file stays as it was.
pub fn change<T, E: From<PipelineError>>(
    folder: &Path,
    read: impl FnOnce(&Path) -> Result<Root, PipelineError>,
    change: impl FnOnce(&Root, &mut TrailFile) -> Result<T, E>,
) -> Result<T, E> {
    let _lock = RunLock::wait(folder);
    let root = read(folder)?;
    let mut file = root.file.clone();
    let changed = change(&root, &mut file)?;
    if file != root.file {
        file.write(folder)?;
    }
    Ok(changed)
}

/// The entry of a trail in the file; one of its own for a trail that has none yet.
pub fn entry_of<'f>(file: &'f mut TrailFile, trail: &Trail<'_>) -> &'f mut TrailEntry {
    let known = file.trails.iter().position(|entry| entry.id == trail.entry.id);
    let k = known.unwrap_or_else(|| {
        file.trails.push(trail.entry.clone());
        file.trails.len() - 1
    });
    &mut file.trails[k]
}

/// Says something of a run. Gives the id of its trail.
///
/// # Errors
/// No such run, a date that is none, or as [`change`].
pub fn set_run(root: &Path, run: &str, said: &RunChange) -> Result<String, PipelineError> {
    said.check()?;
    change(root, Root::read, |root, file| {
        let name = root.run(run)?.name.clone();
        let trail = root.trail_of(run)?;
        let entry = entry_of(file, &trail);
        said.apply(entry.runs.entry(name).or_default());
        Ok(entry.id.clone())
    })
}

/// A name without blanks around it.
///
/// # Errors
/// Nothing is left.
pub fn checked_name(name: &str) -> Result<&str, PipelineError> {
    match name.trim() {
        "" => Err(TrailProblem::Value("a name has at least one letter").into()),
        name => Ok(name),
    }
}

/// Names a trail. Gives its id, which stays.
///
/// # Errors
/// An empty name, several trails and none named, or as [`change`].
pub fn set_name(root: &Path, id: Option<&str>, name: &str) -> Result<String, PipelineError> {
    let name = checked_name(name)?;
    change(root, Root::read, |root, file| {
        let trail = root.one_trail(id)?;
        let is_new = !file.trails.iter().any(|entry| entry.id == trail.entry.id);
        let slug = super::runs::slug(name);
        let is_free = !file.trails.iter().any(|entry| entry.id == slug);
        let entry = entry_of(file, &trail);
        name.clone_into(&mut entry.name);
        if is_new && is_free {
            entry.id = slug;
        }
        Ok(entry.id.clone())
    })
}

/// Refuses gates that lie outside of the reference, and a single one.
///
/// # Errors
/// Which.
pub fn check_gates(root: &Root, trail: &Trail<'_>, gates: &[Gate]) -> Result<(), PipelineError> {
    if gates.len() == 1 {
        return Err(TrailProblem::Value("a trail needs two gates at different places").into());
    }
    let places = Places::new(root, trail.clone());
    let outside = |gate: &&Gate| match gate.t_ref {
        Some(t_ref) => !places.is_filmed(t_ref),
        None => gate.on.is_none() || gate.t_on.is_none(),
    };
    match gates.iter().find(outside) {
        Some(gate) => Err(TrailProblem::GateOutside(gate.name.clone()).into()),
        None => Ok(()),
    }
}

/// Sets the gates of a trail from a table of markers of its reference.
///
/// # Errors
/// An unreadable table, or as [`change`].
pub fn set_gates(root: &Path, id: Option<&str>, markers: &Input) -> Result<Vec<Gate>, PipelineError> {
    let mut placed = super::places::gates_of_table(markers)?;
    placed.dedup_by(|b, a| b.t_ref_secs - a.t_ref_secs < SAME_GATE_SECS);
    if placed.len() < 2 {
        let few = TrailProblem::Value("a trail needs two gates at different places");
        return Err(PipelineError::from(few).at(markers.path()));
    }
    put_gates(root, id, placed)
}

/// Sets gates that are placed on the trail's reference.
///
/// # Errors
/// As [`change`].
pub fn put_gates(root: &Path, id: Option<&str>, placed: Vec<PlacedGate>) -> Result<Vec<Gate>, PipelineError> {
    let gates: Vec<Gate> = placed
        .into_iter()
        .map(|gate| Gate {
            name: gate.name,
            t_ref: Some(gate.t_ref_secs),
            kind: gate.kind,
            ..Gate::default()
        })
        .collect();
    change(root, Root::read, |root, file| {
        let trail = root.one_trail(id)?;
        check_gates(root, &trail, &gates)?;
        entry_of(file, &trail).gates.clone_from(&gates);
        Ok(gates)
    })
}

/// Takes the gates away: the markers of the runs serve again. Gives how many there were.
///
/// # Errors
/// As [`change`].
pub fn clear_gates(root: &Path, id: Option<&str>) -> Result<usize, PipelineError> {
    change(root, Root::read, |root, file| {
        let entry = entry_of(file, &root.one_trail(id)?);
        let count = entry.gates.len();
        entry.gates.clear();
        Ok(count)
    })
}

/// The day of the calendar that a text names, as `2026-06-14`.
pub(super) fn day(text: &str) -> Option<time::Date> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).ok()
}
