//! The runs below a root, and which of them are of one trail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use mtbsync_align::TimeWarp;
use mtbsync_artefacts::edits::Edits;
use mtbsync_artefacts::run_set::changed;
use mtbsync_artefacts::time_warp::{RecordingFile, TIMEWARP_FILE, TimeWarpFile, read_warp};
use mtbsync_artefacts::trail_file::{ReferenceName, RunNote, TrailEntry, TrailFile};
use mtbsync_formats::walk::walk;
use mtbsync_task::error::PipelineError;

use super::error::TrailProblem;

/// A run below the root.
#[derive(Clone, Debug)]
pub struct TrailRun {
    /// Its folder below the root, joined by `/`; `.` for the root.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// When its map was written.
    pub modified: SystemTime,
    /// Its map as it is on the disk.
    pub file: TimeWarpFile,
    /// Its map; `None` for a run that was not aligned.
    pub warp: Option<Arc<TimeWarp>>,
    /// What a person has set in it.
    pub edits: Edits,
}

impl TrailRun {
    /// Reads the run in `folder`.
    ///
    /// # Errors
    /// Its map, or what a person has set, cannot be read.
    pub fn read(name: String, folder: PathBuf) -> Result<Self, PipelineError> {
        let path = folder.join(TIMEWARP_FILE);
        let file = read_warp(&path)?;
        let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified());
        let warp = file.warp().filter(|warp| file.ok && !warp.segments().is_empty());
        Ok(Self {
            name,
            modified: modified.unwrap_or(SystemTime::UNIX_EPOCH),
            warp: warp.map(Arc::new),
            edits: Edits::beside(&path)?,
            file,
            folder,
        })
    }

    /// What tells its reference from others.
    pub fn reference_key(&self) -> &str {
        self.file.reference.as_ref().map_or("", RecordingFile::key)
    }

    /// Whether its own recording is the one of that key, where it is known.
    pub fn is_recording(&self, key: &str) -> bool {
        !key.is_empty() && self.new_key() == key
    }

    /// The day on which it was recorded, `2026-06-14`, as the camera says; empty where that is unknown.
    pub fn recorded_date(&self) -> &str {
        let recorded = self.file.new.as_ref().and_then(|new| new.recorded.as_deref());
        recorded.and_then(|text| text.get(..10)).unwrap_or_default()
    }

    /// What tells its own recording from others.
    pub fn new_key(&self) -> &str {
        self.file.new.as_ref().map_or("", RecordingFile::key)
    }
}

/// The folders of runs in `root` and below, by the names of the runs.
pub(super) fn run_folders(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut folders = BTreeMap::new();
    if root.join(TIMEWARP_FILE).is_file() {
        folders.insert(".".to_owned(), root.to_owned());
    }
    walk(root, str::to_owned, |entry| {
        if entry.kind.is_file()
            && entry.name == TIMEWARP_FILE
            && let Some((run, _)) = entry.rel.rsplit_once('/')
            && let Some(folder) = entry.path.parent()
        {
            folders.insert(run.to_owned(), folder.to_owned());
        }
    });
    folders
}

/// The runs below a folder, and what `trail.json` says of them.
#[derive(Clone, Debug)]
pub struct Root {
    /// The folder.
    pub folder: PathBuf,
    /// Its trail.json.
    pub file: TrailFile,
    /// Its runs, by name.
    pub runs: Vec<TrailRun>,
    /// Runs that cannot be read, and other lines for the person.
    pub warnings: Vec<String>,
}

/// Runs of one trail.
#[derive(Clone, Debug)]
pub struct Trail<'a> {
    /// What trail.json says of it, or would.
    pub entry: TrailEntry,
    /// Its runs, by name.
    pub runs: Vec<&'a TrailRun>,
}

impl Root {
    /// Reads all runs below `folder`.
    ///
    /// # Errors
    /// No folder, or a trail.json that cannot be read. A run that cannot be read is a warning.
    pub fn read(folder: &Path) -> Result<Self, PipelineError> {
        if !folder.is_dir() {
            return Err(PipelineError::from(TrailProblem::NoRoot).at(folder));
        }
        Self::of(folder, run_folders(folder))
    }

    /// Reads runs that were found, folders by name.
    ///
    /// # Errors
    /// A trail.json that cannot be read.
    pub fn of(root: &Path, folders: BTreeMap<String, PathBuf>) -> Result<Self, PipelineError> {
        let file = TrailFile::read(root)?;
        let (mut runs, mut warnings) = (Vec::new(), Vec::new());
        for (name, folder) in folders {
            warnings.extend(changed(&folder.join(TIMEWARP_FILE)));
            match TrailRun::read(name.clone(), folder) {
                Ok(run) => runs.push(run),
                Err(error) => warnings.push(format!("{name} is left out: {}", error.what())),
            }
        }
        Ok(Self {
            folder: root.to_owned(),
            file,
            runs,
            warnings,
        })
    }

    /// The run of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn run(&self, name: &str) -> Result<&TrailRun, PipelineError> {
        let wanted = name.trim_end_matches('/');
        self.runs.iter().find(|run| run.name == wanted).ok_or_else(|| {
            let names: Vec<&str> = self.runs.iter().map(|run| run.name.as_str()).collect();
            let problem = match names.as_slice() {
                [] => TrailProblem::NoRun,
                names => TrailProblem::NoSuchRun {
                    name: wanted.to_owned(),
                    known: names.join(", "),
                },
            };
            PipelineError::from(problem).at(&self.folder)
        })
    }

    /// All trails: those of trail.json first, in its order, then others by their first run.
    pub fn trails(&self) -> Vec<Trail<'_>> {
        let groups = Groups::of(&self.runs);
        let mut trails: Vec<Trail<'_>> = Vec::new();
        let mut placed = BTreeSet::new();
        for entry in &self.file.trails {
            let key = groups.of_key(&entry.reference.fingerprint);
            // Who is named in a trail is of that one.
            let is_named = |entry: &TrailEntry, run: &TrailRun| entry.runs.contains_key(&run.name);
            let is_named_elsewhere =
                |run: &TrailRun| self.file.trails.iter().any(|other| is_named(other, run));
            let is_its = |(k, run): &(usize, &TrailRun)| {
                let leads_there = key.is_some_and(|key| groups.of_run(run) == Some(key));
                let is_its = is_named(entry, run) || (leads_there && !is_named_elsewhere(run));
                !placed.contains(k) && is_its
            };
            let runs: Vec<(usize, &TrailRun)> = self.runs.iter().enumerate().filter(is_its).collect();
            placed.extend(runs.iter().map(|(k, _)| *k));
            trails.push(Trail {
                entry: entry.clone(),
                runs: runs.into_iter().map(|(_, run)| run).collect(),
            });
        }
        let mut others: BTreeMap<Option<usize>, Vec<&TrailRun>> = BTreeMap::new();
        for (k, run) in self.runs.iter().enumerate().filter(|(k, _)| !placed.contains(k)) {
            let _ = k;
            others.entry(groups.of_run(run)).or_default().push(run);
        }
        let mut others: Vec<Vec<&TrailRun>> = others.into_values().collect();
        others.sort_by(|a, b| {
            a.first()
                .map(|run| &run.name)
                .cmp(&b.first().map(|run| &run.name))
        });
        for runs in others {
            let entry = self.new_entry(&runs, &trails);
            trails.push(Trail { entry, runs });
        }
        trails
    }

    /// The trail of that id; without one the only trail, or that of most runs with a line that says so.
    ///
    /// # Errors
    /// No such trail, or no run at all.
    pub fn trail(&self, id: Option<&str>, warnings: &mut Vec<String>) -> Result<Trail<'_>, PipelineError> {
        let mut trails = self.trails();
        let known = |trails: &[Trail<'_>]| {
            let ids: Vec<&str> = trails.iter().map(|trail| trail.entry.id.as_str()).collect();
            ids.join(", ")
        };
        if let Some(id) = id {
            let found = trails.iter().position(|trail| trail.entry.id == id);
            let Some(k) = found else {
                let (id, known) = (id.to_owned(), known(&trails));
                return Err(PipelineError::from(TrailProblem::NoSuchTrail { id, known }).at(&self.folder));
            };
            return Ok(trails.swap_remove(k));
        }
        let most = trails
            .iter()
            .map(|trail| trail.runs.len())
            .max()
            .filter(|most| *most > 0);
        let Some(k) = trails.iter().position(|trail| Some(trail.runs.len()) == most) else {
            return Err(PipelineError::from(TrailProblem::NoRun).at(&self.folder));
        };
        if trails.len() > 1 {
            let trail = trails.remove(k);
            warnings.push(format!(
                "{} is shown; other trails here: {}",
                trail.entry.id,
                known(&trails)
            ));
            return Ok(trail);
        }
        Ok(trails.swap_remove(k))
    }

    /// The only trail, or the one of that id: for what changes it.
    ///
    /// # Errors
    /// No such trail, or several and none is named.
    pub fn one_trail(&self, id: Option<&str>) -> Result<Trail<'_>, PipelineError> {
        let trails = self.trails();
        if id.is_none() && trails.len() > 1 {
            let ids: Vec<&str> = trails.iter().map(|trail| trail.entry.id.as_str()).collect();
            return Err(PipelineError::from(TrailProblem::SeveralTrails(ids.join(", "))).at(&self.folder));
        }
        self.trail(id, &mut Vec::new())
    }

    /// The trail a run is of.
    ///
    /// # Errors
    /// No such run.
    pub fn trail_of(&self, run: &str) -> Result<Trail<'_>, PipelineError> {
        let name = &self.run(run)?.name;
        let trails = self.trails();
        let holds = |trail: &Trail<'_>| trail.runs.iter().any(|run| run.name == *name);
        let found = trails.into_iter().find(holds);
        found.ok_or_else(|| PipelineError::from(TrailProblem::NoRun).at(&self.folder))
    }

    /// What trail.json would say of a trail it does not know: the reference most of its runs have.
    fn new_entry(&self, runs: &[&TrailRun], taken: &[Trail<'_>]) -> TrailEntry {
        let mut counts: Vec<(&RecordingFile, usize)> = Vec::new();
        for reference in runs.iter().filter_map(|run| run.file.reference.as_ref()) {
            match counts
                .iter_mut()
                .find(|(known, _)| known.key() == reference.key())
            {
                Some((_, count)) => *count += 1,
                None => counts.push((reference, 1)),
            }
        }
        let most = counts.iter().map(|(_, count)| *count).max();
        let reference = counts
            .iter()
            .find(|(_, count)| Some(*count) == most)
            .map(|(file, _)| *file);
        let file = reference.map_or_else(String::new, RecordingFile::file_name);
        let stem = Path::new(&file)
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let name = if stem.is_empty() { "trail".to_owned() } else { stem };
        let is_free = |id: &String| taken.iter().all(|trail| trail.entry.id != *id);
        let slug = slug(&name);
        let numbered = (2..).map(|n| format!("{slug}-{n}"));
        let id = std::iter::once(slug.clone()).chain(numbered).find(is_free);
        TrailEntry {
            id: id.unwrap_or(slug),
            name,
            reference: ReferenceName {
                fingerprint: reference.map_or_else(String::new, |file| file.key().to_owned()),
                file,
                ..ReferenceName::default()
            },
            ..TrailEntry::default()
        }
    }
}

impl Trail<'_> {
    /// What a person says of a run, and what its recording says where they say nothing.
    pub fn note(&self, run: &TrailRun) -> RunNote {
        let mut note = self.entry.runs.get(&run.name).cloned().unwrap_or_default();
        if note.date.is_empty() {
            run.recorded_date().clone_into(&mut note.date);
        }
        note
    }
}

/// A name as part of an address: lower case letters and figures joined by `-`.
pub fn slug(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "trail".to_owned() } else { slug }
}

/// Which recordings are of one trail: those that maps connect.
struct Groups<'a> {
    keys: BTreeMap<&'a str, usize>,
    parents: Vec<usize>,
}

impl<'a> Groups<'a> {
    fn of(runs: &'a [TrailRun]) -> Self {
        let mut groups = Self {
            keys: BTreeMap::new(),
            parents: Vec::new(),
        };
        for run in runs {
            let reference = groups.number(run.reference_key());
            // A run that was not aligned may be of another trail, whatever it was compared with.
            if run.warp.is_some() && !run.new_key().is_empty() && !run.reference_key().is_empty() {
                let new = groups.number(run.new_key());
                let (a, b) = (groups.top(reference), groups.top(new));
                let (low, high) = (a.min(b), a.max(b));
                if let Some(parent) = groups.parents.get_mut(high) {
                    *parent = low;
                }
            }
        }
        groups
    }

    fn number(&mut self, key: &'a str) -> usize {
        let next = self.parents.len();
        let number = *self.keys.entry(key).or_insert(next);
        if number == next {
            self.parents.push(next);
        }
        number
    }

    fn top(&self, number: usize) -> usize {
        let mut top = number;
        while let Some(&parent) = self.parents.get(top).filter(|parent| **parent != top) {
            top = parent;
        }
        top
    }

    fn of_key(&self, key: &str) -> Option<usize> {
        self.keys.get(key).map(|number| self.top(*number))
    }

    fn of_run(&self, run: &TrailRun) -> Option<usize> {
        self.of_key(run.reference_key())
    }
}
