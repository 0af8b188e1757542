//! What a person says of a trail and its runs: `trail.json`, changed whole or not at all.

use std::path::Path;

use mtbsync_artefacts::run_set::RunLock;
use mtbsync_artefacts::trail_file::{Gate, TrailEntry, TrailFile};
use mtbsync_task::error::PipelineError;
use mtbsync_task::files::Input;

use super::error::TrailProblem;
use super::places::PlacedGate;
use super::runs::{Root, Trail};

/// What is said of a run; `None`: as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    if said
        .date
        .as_deref()
        .is_some_and(|date| !date.is_empty() && day(date).is_none())
    {
        return Err(TrailProblem::Value("a date is written as 2026-06-14").into());
    }
    change(root, Root::read, |root, file| {
        let name = root.run(run)?.name.clone();
        let trail = root.trail_of(run)?;
        let entry = entry_of(file, &trail);
        let note = entry.runs.entry(name).or_default();
        let set = |to: &mut String, from: &Option<String>| {
            if let Some(text) = from {
                text.trim().clone_into(to);
            }
        };
        set(&mut note.rider, &said.rider);
        set(&mut note.date, &said.date);
        set(&mut note.bike, &said.bike);
        set(&mut note.note, &said.note);
        note.hidden = said.hidden.unwrap_or(note.hidden);
        Ok(entry.id.clone())
    })
}

/// Names a trail. Gives its id, which stays.
///
/// # Errors
/// An empty name, several trails and none named, or as [`change`].
pub fn set_name(root: &Path, id: Option<&str>, name: &str) -> Result<String, PipelineError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(TrailProblem::Value("a name has at least one letter").into());
    }
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

/// Sets the gates of a trail from a table of markers of its reference.
///
/// # Errors
/// An unreadable table, or as [`change`].
pub fn set_gates(root: &Path, id: Option<&str>, markers: &Input) -> Result<Vec<Gate>, PipelineError> {
    let placed = super::places::gates_of_table(markers)?;
    if placed.len() < 2 {
        return Err(PipelineError::from(TrailProblem::FewGates(placed.len())).at(markers.path()));
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
        entry_of(file, &root.one_trail(id)?).gates.clone_from(&gates);
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
