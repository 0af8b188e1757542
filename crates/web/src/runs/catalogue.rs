//! The list of runs, and the way from an id in an address to files on the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use mtbsync_artefacts::anchors::ANCHORS_FILE;
use mtbsync_artefacts::annotations::ANNOTATIONS_FILE;
use mtbsync_artefacts::pairs::PAIRS_FILE;
use mtbsync_artefacts::time_warp::{NEW_MARKERS_FILE, RecordingFile, TIMEWARP_FILE, WARP_FILE};
use mtbsync_formats::read_bounded;
use mtbsync_quality::history::HISTORY_FILE;
use mtbsync_quality::perf::PERF_FILE;
use serde_json::{Value, json};

use super::changes::Changes;
use super::describe::{BoundedTable, Counts, WarpSummary, read_timewarp, recording_json};
use super::ids;
use super::recordings::{AllowedPlaces, MediaFile, Role};
use super::remembered::{Remembered, TooSlow};
use super::scan::{FoundFile, Scan, scan, unix_secs};
use crate::config::{NamedFiles, ServerConfig};
use crate::error::{ApiError, Kind};
use crate::media::library::Library;

/// How long a scan is good for: streams look twice a second, pages ask for several lists at once.
const SCAN_AGE: Duration = Duration::from_millis(400);
/// Most bytes of a perf.json; real ones have one kilobyte.
const MAX_PERF_BYTES: u64 = 1 << 20;
/// Files that make a folder a run.
const RUN_FILES: [&str; 3] = [TIMEWARP_FILE, PAIRS_FILE, PERF_FILE];
/// Files in the folder of a run that are found by their names alone, by the server or by what it calls.
const FIXED_FILES: [&str; 8] = [
    TIMEWARP_FILE,
    WARP_FILE,
    PAIRS_FILE,
    PERF_FILE,
    NEW_MARKERS_FILE,
    ANNOTATIONS_FILE,
    ANCHORS_FILE,
    HISTORY_FILE,
];
/// Columns of a marker table, one of which its header holds.
pub const MARKER_COLUMNS: [&str; 6] = ["marker_id", "id", "name", "t_ref", "t_new", "t_new_est"];

/// The files of a run. Those that are `None` are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Short hash of `rel`.
    pub id: String,
    /// Folder below the root, `.` for the root; `None` for files named on the command line that lie
    /// elsewhere.
    pub rel: Option<String>,
    /// Name for people.
    pub name: String,
    /// Where notes and anchors go.
    pub folder: Option<PathBuf>,
    /// timewarp.json.
    pub timewarp: Option<PathBuf>,
    /// pairs.csv.
    pub pairs: Option<PathBuf>,
    /// perf.json.
    pub perf: Option<PathBuf>,
    /// new_markers.csv.
    pub markers: Option<PathBuf>,
    /// Time of the newest of its files.
    pub modified: SystemTime,
    /// Recordings named on the command line, which win over those the map names.
    pub given: NamedFiles,
    /// A file of a run that is no file: its name.
    pub odd: Option<String>,
}

impl Run {
    fn new(id: String, rel: Option<String>, name: String, folder: Option<PathBuf>) -> Self {
        Self {
            id,
            rel,
            name,
            folder,
            timewarp: None,
            pairs: None,
            perf: None,
            markers: None,
            modified: SystemTime::UNIX_EPOCH,
            given: NamedFiles::default(),
            odd: None,
        }
    }

    /// The map.
    ///
    /// # Errors
    /// The run has none.
    pub fn timewarp(&self) -> Result<&Path, ApiError> {
        self.timewarp
            .as_deref()
            .ok_or_else(|| ApiError::not_found(TIMEWARP_FILE).with("ok", Value::Bool(false)))
    }

    /// Where notes and anchors go.
    ///
    /// # Errors
    /// The run has no folder.
    pub fn folder(&self) -> Result<&Path, ApiError> {
        self.folder
            .as_deref()
            .ok_or_else(|| ApiError::not_found("folder of the run"))
    }
}

/// All runs a server knows.
#[derive(Debug)]
pub struct Catalogue {
    root: PathBuf,
    root_name: String,
    inputs: NamedFiles,
    places: AllowedPlaces,
    library: Arc<Library>,
    latest: Mutex<Option<(Instant, Arc<Scan>)>>,
    warps: Remembered<Result<WarpSummary, String>>,
    counts: Remembered<Option<Counts>>,
    perfs: Remembered<Option<Value>>,
    changes: Changes,
}

impl Catalogue {
    /// A catalogue of the server's root; `library` opens recordings.
    pub fn new(config: &ServerConfig, library: Arc<Library>) -> Self {
        let real = |path: &Option<PathBuf>| {
            let path = path.as_deref()?;
            Some(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
        };
        let inputs = NamedFiles {
            reference: real(&config.inputs.reference),
            new: real(&config.inputs.new),
            ref_markers: real(&config.inputs.ref_markers),
            new_markers: real(&config.inputs.new_markers),
            timewarp: real(&config.inputs.timewarp),
            pairs: real(&config.inputs.pairs),
        };
        Self {
            root: config.root.clone(),
            root_name: root_name(&config.root),
            places: AllowedPlaces::new(config),
            library,
            inputs,
            latest: Mutex::default(),
            warps: Remembered::new(config.limits.file),
            counts: Remembered::new(config.limits.file),
            perfs: Remembered::new(config.limits.file),
            changes: Changes::default(),
        }
    }

    /// Numbers of what changed.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The root, canonical.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What lies below the root, at most `SCAN_AGE` old.
    pub fn scan(&self) -> Arc<Scan> {
        // Held while scanning: others wait for this scan instead of making their own.
        let mut latest = self.latest();
        if let Some((made, known)) = latest.as_ref()
            && made.elapsed() < SCAN_AGE
        {
            return Arc::clone(known);
        }
        let found = Arc::new(scan(&self.root));
        *latest = Some((Instant::now(), Arc::clone(&found)));
        found
    }

    /// Something was written: scan again for the next who asks.
    pub fn forget(&self) {
        *self.latest() = None;
    }

    fn latest(&self) -> MutexGuard<'_, Option<(Instant, Arc<Scan>)>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All runs, newest first. The one of the command line is the first.
    pub fn runs(&self) -> Vec<Run> {
        let found = self.scan();
        let mut folders: BTreeMap<&str, Run> = BTreeMap::new();
        for file in found.files.iter().filter(|file| RUN_FILES.contains(&file.name())) {
            let rel = file.folder_rel();
            let run = folders.entry(rel).or_insert_with(|| self.run_at(rel));
            run.modified = run.modified.max(file.modified);
            *match file.name() {
                TIMEWARP_FILE => &mut run.timewarp,
                PAIRS_FILE => &mut run.pairs,
                _ => &mut run.perf,
            } = Some(file.path.clone());
        }
        for file in found.files.iter().filter(|file| file.name() == NEW_MARKERS_FILE) {
            if let Some(run) = folders.get_mut(file.folder_rel()) {
                run.markers = Some(file.path.clone());
            }
        }
        for rel in &found.odd {
            let (folder, name) = rel.rsplit_once('/').unwrap_or((".", rel));
            if RUN_FILES.contains(&name) {
                let run = folders.entry(folder).or_insert_with(|| self.run_at(folder));
                run.odd = Some(name.to_owned());
            }
        }
        let mut runs: Vec<Run> = folders.into_values().collect();
        runs.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.rel.cmp(&b.rel)));
        self.apply_inputs(&mut runs);
        runs
    }

    fn run_at(&self, rel: &str) -> Run {
        let (folder, name) = if rel == "." {
            (self.root.clone(), self.root_name.clone())
        } else {
            (
                self.root.join(rel),
                rel.rsplit('/').next().unwrap_or(rel).to_owned(),
            )
        };
        Run::new(ids::run_id(rel), Some(rel.to_owned()), name, Some(folder))
    }

    /// Puts what was named on the command line into the run it belongs to, or into one of its own.
    fn apply_inputs(&self, runs: &mut Vec<Run>) {
        let inputs = &self.inputs;
        if inputs.is_empty() {
            return;
        }
        let named = inputs.timewarp.as_ref().or(inputs.new_markers.as_ref());
        let folder = named.and_then(|path| path.parent()).map(Path::to_owned);
        let is_it = |run: &Run| match &inputs.timewarp {
            Some(path) => run.timewarp.as_ref() == Some(path),
            None => folder.is_some() && run.folder == folder,
        };
        let mut run = match runs.iter().position(is_it) {
            Some(index) => runs.remove(index),
            None => Run::new(ids::command_line_id(), None, "command line".to_owned(), folder),
        };
        if let Some(path) = &inputs.timewarp {
            run.timewarp = Some(path.clone());
            let beside = path.with_file_name(PAIRS_FILE);
            run.pairs = run.pairs.or_else(|| Some(beside).filter(|path| path.is_file()));
        }
        if let Some(path) = &inputs.pairs {
            run.pairs = Some(path.clone());
        }
        if let Some(path) = &inputs.new_markers {
            run.markers = Some(path.clone());
        }
        run.given = inputs.clone();
        runs.insert(0, run);
    }

    /// The run that the command line is about.
    pub fn preset(&self) -> Option<Run> {
        if self.inputs.is_empty() {
            return None;
        }
        self.runs().into_iter().next()
    }

    /// The run of that id.
    ///
    /// # Errors
    /// There is none, or one of its files is a link out of the root.
    pub fn run(&self, id: &str) -> Result<Run, ApiError> {
        let found = self.runs().into_iter().find(|run| run.id == id);
        let run = found.ok_or_else(|| ApiError::not_found("run"))?;
        match self.link_out(&run) {
            Some(name) => Err(ApiError::new(Kind::OutsideRoot, link_in_words(name))),
            None => Ok(run),
        }
    }

    /// A file in the folder of a run that is a link to where nothing may be read.
    fn link_out(&self, run: &Run) -> Option<&'static str> {
        let folder = run.folder.as_deref()?;
        FIXED_FILES
            .into_iter()
            .find(|name| self.leads_out(&folder.join(name)))
    }

    /// Whether something is a link to where nothing may be read.
    pub fn leads_out(&self, path: &Path) -> bool {
        let is_link = path.symlink_metadata().is_ok_and(|m| m.is_symlink());
        is_link && path.canonicalize().is_ok_and(|real| !self.allows(&real))
    }

    /// The recording of that id, resolved and allowed.
    ///
    /// # Errors
    /// Unknown, gone, or not to be served.
    pub fn media(&self, id: &str) -> Result<MediaFile, ApiError> {
        for run in self.runs() {
            for role in Role::ALL {
                if ids::media_id(&run.id, role) == id {
                    return self.resolve(&run, role);
                }
            }
        }
        Err(ApiError::not_found("recording"))
    }

    /// What the id of a recording, or of a file named on the command line, stands for.
    pub fn input(&self, id: &str) -> Option<PathBuf> {
        let named = [
            ("ref_markers", &self.inputs.ref_markers),
            ("new_markers", &self.inputs.new_markers),
            ("timewarp", &self.inputs.timewarp),
        ];
        let named = named.into_iter().find(|(name, _)| ids::input_id(name) == id);
        named
            .and_then(|(_, path)| path.clone())
            .or_else(|| self.media(id).ok().map(|media| media.path))
    }

    /// Whether a canonical path may be read: it lies in a place, or is a file, that was named when the server
    /// was started.
    pub fn allows(&self, real: &Path) -> bool {
        let inputs = &self.inputs;
        let named = [
            &inputs.ref_markers,
            &inputs.new_markers,
            &inputs.timewarp,
            &inputs.pairs,
        ];
        self.places.holds(real) || named.into_iter().flatten().any(|path| path == real)
    }

    fn resolve(&self, run: &Run, role: Role) -> Result<MediaFile, ApiError> {
        let named = self
            .recording(run, role)
            .ok_or_else(|| ApiError::new(Kind::NotFound, "the run does not say where its recording is"))?;
        let path = Path::new(&named.path);
        let path = run
            .folder
            .as_deref()
            .map_or_else(|| path.to_owned(), |folder| folder.join(path));
        let fingerprint = Some(named.fingerprint.as_str()).filter(|text| !text.is_empty());
        Ok(MediaFile {
            run_id: run.id.clone(),
            role,
            path: self.places.resolve(&path, fingerprint, &self.library)?,
        })
    }

    /// What is known of a recording of a run.
    fn recording(&self, run: &Run, role: Role) -> Option<RecordingFile> {
        let summary = self
            .summary(run)
            .and_then(|read| read.ok()?.as_ref().clone().ok());
        let (given, named) = match role {
            Role::Reference => (
                &run.given.reference,
                summary.and_then(|summary| summary.reference),
            ),
            Role::New => (&run.given.new, summary.and_then(|summary| summary.new)),
        };
        let Some(given) = given else {
            return named.filter(|named| !named.path.is_empty());
        };
        Some(RecordingFile {
            path: given.to_string_lossy().into_owned(),
            ..named.unwrap_or_default()
        })
    }

    fn summary(&self, run: &Run) -> Option<Result<Arc<Result<WarpSummary, String>>, TooSlow>> {
        Some(self.warps.get(run.timewarp.as_deref()?, read_summary))
    }

    /// Markers of a run per status; `None` without a readable table.
    fn counts(&self, run: &Run) -> Result<Option<Counts>, TooSlow> {
        match run.markers.as_deref() {
            Some(path) => Ok(*self.counts.get(path, read_counts)?),
            None => Ok(None),
        }
    }

    /// The object in the perf.json at `path`; `None` for one that is damaged, only half written, or not read
    /// in time.
    pub fn perf(&self, path: &Path) -> Option<Value> {
        let read = self.perfs.get(path, |path| {
            let bytes = read_bounded(path, MAX_PERF_BYTES).ok()?;
            serde_json::from_slice(&bytes).ok().filter(Value::is_object)
        });
        read.ok()?.as_ref().clone()
    }

    /// RUN of each of `runs`. What has to be read is read at the same time, so that several files that hang
    /// take as long as one.
    pub fn describe_all(&self, runs: &[Run]) -> Vec<Value> {
        for run in runs.iter().filter(|run| self.link_out(run).is_none()) {
            if let Some(path) = &run.timewarp {
                self.warps.begin(path, read_summary);
            }
            if let Some(path) = &run.markers {
                self.counts.begin(path, read_counts);
            }
        }
        runs.iter().map(|run| self.describe(run)).collect()
    }

    /// RUN of docs/reference/http.md#reading.
    pub fn describe(&self, run: &Run) -> Value {
        let side = |role| {
            self.recording(run, role)
                .map(|file| recording_json(&file, &ids::media_id(&run.id, role)))
        };
        let link = self.link_out(run);
        let read = if link.is_some() { None } else { self.summary(run) };
        let counts = if link.is_some() {
            Ok(None)
        } else {
            self.counts(run)
        };
        let slow = |name: &str| format!("{name}: reading takes too long; is its disk there?");
        let summary = read
            .as_ref()
            .and_then(|read| read.as_ref().ok()?.as_ref().as_ref().ok());
        let error = match (link, &run.odd, &read) {
            (Some(name), ..) => Some(link_in_words(name)),
            (_, Some(name), _) => Some(format!("{name} is no file: a folder or a pipe has its name")),
            (.., None) => Some(format!("{TIMEWARP_FILE} is missing")),
            (.., Some(Err(TooSlow))) => Some(slow(TIMEWARP_FILE)),
            (.., Some(Ok(read))) => match read.as_ref() {
                Err(what) => Some(format!("{TIMEWARP_FILE}: {what}")),
                Ok(_) if counts.is_err() => Some(slow(NEW_MARKERS_FILE)),
                Ok(_) => None,
            },
        };
        let mut value = json!({
            "id": run.id,
            "name": run.name,
            "path": run.rel,
            "mtime": unix_secs(run.modified),
            "ok": summary.map(|s| s.ok),
            "model": summary.map(|s| &s.model),
            "coverage": summary.and_then(|s| s.coverage),
            "inlier_frac": summary.and_then(|s| s.inlier_frac),
            "p90": summary.and_then(|s| s.p90),
            "ppm": summary.and_then(|s| s.ppm),
            "reasons": summary.map_or(&[][..], |s| s.reasons.as_slice()),
            "markers": counts.unwrap_or_default(),
            "has_pairs": run.pairs.is_some(),
            "reference": side(Role::Reference),
            "new": side(Role::New),
        });
        if let (Some(error), Some(object)) = (error, value.as_object_mut()) {
            object.insert("error".to_owned(), Value::from(error));
        }
        value
    }
}

fn link_in_words(name: &str) -> String {
    format!("{name} is a link that leads out of this folder; it is not followed")
}

fn read_summary(path: &Path) -> Result<WarpSummary, String> {
    read_timewarp(path).map(WarpSummary::from)
}

fn read_counts(path: &Path) -> Option<Counts> {
    let read = BoundedTable::read_markers(path).ok()?;
    Some(Counts::of(&read.table))
}

/// The name of a root folder for people.
pub fn root_name(root: &Path) -> String {
    root.file_name()
        .map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Tables of new markers, shallow ones first, then by name.
pub fn marker_tables(found: &Scan) -> Vec<&FoundFile> {
    let mut tables: Vec<&FoundFile> = found
        .files
        .iter()
        .filter(|file| super::artefacts::is_marker_table(file.name()))
        .collect();
    tables.sort_by(|a, b| a.depth().cmp(&b.depth()).then_with(|| a.rel.cmp(&b.rel)));
    tables
}
