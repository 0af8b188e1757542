//! Which recordings of a folder belong together (docs/reference/cli.md#batch).
//!
//! Either by name (`trail7_ref.mp4` and `trail7_new.mp4`), or one reference against every other recording.
//! Tracks and markers beside the recordings go with them. Nothing is opened here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use mtbsync_media::gopro::GoProName;
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::files::folder_of;
use serde::{Deserialize, Serialize};

use super::error::BatchProblem;

/// File name extensions of recordings.
pub const VIDEO_EXTENSIONS: [&str; 7] = ["mp4", "mov", "mkv", "m4v", "avi", "mts", "360"];
/// File name extensions of tracks, the preferred first.
const TRACK_EXTENSIONS: [&str; 3] = ["gpx", "fit", "tcx"];
/// Folders below the input that are searched; more is a link loop or a whole disk.
const MAX_DEPTH: usize = 32;
/// Files looked at; more is not a folder of recordings.
pub(super) const MAX_FILES: usize = 200_000;
/// Names in the output folder that no pair may take.
const RESERVED: [&str; 8] = [
    "",
    ".",
    "..",
    "batch_summary.csv",
    "quality_history.json",
    "quality_history.json.bad",
    "regression.json",
    "benchmark_out",
];

/// Where pairs are looked for and how they are told.
#[derive(Clone, Debug)]
pub struct PairingSettings {
    /// The folder.
    pub input_dir: PathBuf,
    /// Folder of the results, never searched.
    pub out_dir: PathBuf,
    /// How names of reference recordings end.
    pub ref_suffix: String,
    /// How names of new recordings end.
    pub new_suffix: String,
    /// This recording against every other one, instead of suffixes.
    pub reference: Option<PathBuf>,
    /// Search subfolders.
    pub recursive: bool,
    /// Chapters are recordings of their own.
    pub single_file: bool,
    /// Markers for pairs that have none beside them; with `reference` for all pairs.
    pub ref_markers: Option<PathBuf>,
}

/// Two recordings and what lies beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPair {
    /// Name of the pair and of its folder.
    pub name: String,
    /// Reference recording.
    pub reference: PathBuf,
    /// New recording.
    pub new: PathBuf,
    /// Track of the reference.
    pub ref_track: Option<PathBuf>,
    /// Track of the new run.
    pub new_track: Option<PathBuf>,
    /// Markers of the reference.
    pub ref_markers: Option<PathBuf>,
}

/// All pairs, in order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The pairs.
    pub pairs: Vec<PlannedPair>,
    /// Lines for the person: recordings without a partner.
    pub warnings: Vec<String>,
}

/// Finds the pairs.
///
/// # Errors
/// The folder is missing, or holds no pair; suffixes that are the same.
pub fn plan(settings: &PairingSettings) -> Result<Plan, PipelineError> {
    let reach = if settings.recursive {
        Reach::Below
    } else {
        Reach::Folder
    };
    let folders = Folders::read(&settings.input_dir, &settings.out_dir, reach)?;
    let mut plan = match &settings.reference {
        Some(reference) => against_one(settings, reference, &folders)?,
        None => by_suffix(settings, &folders)?,
    };
    if plan.pairs.is_empty() {
        return Err(no_pairs(settings, &plan.warnings));
    }
    if settings.reference.is_none() {
        plan.warnings.extend(unnamed(settings, &folders));
    }
    name_pairs(&mut plan.pairs);
    Ok(plan)
}

fn no_pairs(settings: &PairingSettings, warnings: &[String]) -> PipelineError {
    let problem = match &settings.reference {
        Some(_) => BatchProblem::NoNew,
        None => BatchProblem::NoPairs {
            ref_suffix: settings.ref_suffix.clone(),
            new_suffix: settings.new_suffix.clone(),
        },
    };
    PipelineError::from(problem)
        .at(&settings.input_dir)
        .with_hint(warnings.first().cloned())
}

/// How far files are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In the folder itself.
    Folder,
    /// In its subfolders as well.
    Below,
    /// In those that this person may read: disks have folders of the system's own.
    BelowWhereAllowed,
}

/// Files by folder: name in lower case and path, in order. Hidden ones are left out.
pub(crate) struct Folders(BTreeMap<PathBuf, BTreeSet<(String, PathBuf)>>);

impl Folders {
    /// The files in `root`, and as far below as `reach` says but for `out_dir`.
    ///
    /// # Errors
    /// It is missing, cannot be read, or holds too much.
    pub fn read(root: &Path, out_dir: &Path, reach: Reach) -> Result<Self, PipelineError> {
        if !root.exists() {
            return Err(PipelineError::from(BatchProblem::NoFolder).at(root));
        }
        if !root.is_dir() {
            return Err(PipelineError::from(BatchProblem::NotAFolder).at(root));
        }
        let mut found = Self(BTreeMap::new());
        let out_dir = out_dir.canonicalize().ok();
        let depth = if reach == Reach::Folder { 0 } else { MAX_DEPTH };
        let mut left = MAX_FILES;
        found.collect(root, depth, out_dir.as_deref(), reach, &mut left)?;
        Ok(found)
    }

    fn collect(
        &mut self,
        folder: &Path,
        depth_left: usize,
        out_dir: Option<&Path>,
        reach: Reach,
        files_left: &mut usize,
    ) -> Result<(), PipelineError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error)
                if reach == Reach::BelowWhereAllowed
                    && depth_left < MAX_DEPTH
                    && error.kind() == ErrorKind::PermissionDenied =>
            {
                return Ok(());
            }
            Err(error) => return Err(PipelineError::from(TaskProblem::Unreadable(error)).at(folder)),
        };
        let mut subfolders = BTreeSet::new();
        for entry in entries.flatten() {
            *files_left = files_left
                .checked_sub(1)
                .ok_or_else(|| PipelineError::from(BatchProblem::ManyFiles).at(folder))?;
            let (path, name) = (entry.path(), entry.file_name());
            // Hidden files are no recordings: macOS leaves `._GX010001.MP4` beside each.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                subfolders.insert(path);
            } else if path.is_file() {
                let files = self.0.entry(folder.to_owned()).or_default();
                files.insert((name.to_string_lossy().to_lowercase(), path));
            }
        }
        for subfolder in subfolders.into_iter().filter(|_| depth_left > 0) {
            if out_dir.is_none() || subfolder.canonicalize().ok().as_deref() != out_dir {
                self.collect(&subfolder, depth_left - 1, out_dir, reach, files_left)?;
            }
        }
        Ok(())
    }

    /// A file of this name in `folder`, whatever its case.
    fn find(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        let lower = name.to_lowercase();
        let mut from = self.0.get(folder)?.range((lower.clone(), PathBuf::new())..);
        from.next()
            .filter(|(found, _)| *found == lower)
            .map(|(_, path)| path.clone())
    }

    /// A track called `stem` in `folder`.
    fn track(&self, folder: &Path, stem: &str) -> Option<PathBuf> {
        TRACK_EXTENSIONS
            .iter()
            .find_map(|extension| self.find(folder, &format!("{stem}.{extension}")))
    }

    /// All recordings, in order.
    pub fn recordings(&self) -> impl Iterator<Item = &PathBuf> {
        self.files().filter(|path| is_recording(path))
    }

    /// All files, in order.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.values().flatten().map(|(_, path)| path)
    }
}

/// Whether the file is called a recording.
pub(crate) fn is_recording(path: &Path) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|extension| VIDEO_EXTENSIONS.contains(&extension.to_lowercase().as_str()))
}

/// One side of the naming scheme.
struct Suffix {
    /// Lower case, without the extension when that stands for any recording.
    tail: String,
    any_extension: bool,
}

impl Suffix {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        match lower.strip_suffix(".mp4") {
            Some(tail) => Self {
                tail: tail.to_owned(),
                any_extension: true,
            },
            None => Self {
                tail: lower,
                any_extension: false,
            },
        }
    }

    /// What is before the suffix in the name of `path`, as written; `None` for another name.
    fn stem_of(&self, path: &Path) -> Option<String> {
        let name = if self.any_extension {
            path.file_stem()?.to_str()?
        } else {
            path.file_name()?.to_str()?
        };
        let at = name.len().checked_sub(self.tail.len())?;
        let (stem, tail) = (name.get(..at)?, name.get(at..)?);
        (tail.to_lowercase() == self.tail).then(|| stem.to_owned())
    }
}

/// Recordings of one folder and beginning.
#[derive(Default)]
struct Sides {
    reference: Vec<PathBuf>,
    new: Vec<PathBuf>,
}

fn by_suffix(settings: &PairingSettings, folders: &Folders) -> Result<Plan, PipelineError> {
    let (of_ref, of_new) = (
        Suffix::new(&settings.ref_suffix),
        Suffix::new(&settings.new_suffix),
    );
    if of_ref.tail == of_new.tail {
        return Err(BatchProblem::SameSuffix.into());
    }
    let mut sides: BTreeMap<(String, PathBuf), Sides> = BTreeMap::new();
    for path in folders.recordings() {
        let folder = folder_of(path).to_owned();
        // One suffix may end with the other (`.mp4`, `_new.mp4`): the longer one says more.
        let (as_ref, as_new) = (of_ref.stem_of(path), of_new.stem_of(path));
        let ref_wins = as_new.is_none() || of_ref.tail.len() > of_new.tail.len();
        match (as_ref, as_new) {
            (Some(stem), _) if ref_wins => sides
                .entry((stem, folder))
                .or_default()
                .reference
                .push(path.clone()),
            (_, Some(stem)) => sides.entry((stem, folder)).or_default().new.push(path.clone()),
            _ => {}
        }
    }
    let mut plan = Plan::default();
    for ((stem, folder), mut sides) in sides {
        for side in [&mut sides.reference, &mut sides.new] {
            side.sort_by_key(|path| !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mp4")));
            for extra in side.iter().skip(1) {
                plan.warnings.push(format!(
                    "second recording of the same name left out: {}",
                    extra.display()
                ));
            }
        }
        match (sides.reference.first(), sides.new.first()) {
            (Some(reference), Some(new)) => {
                let beside = |path: &Path, side: &str| {
                    let own = stem_text(path);
                    folders
                        .track(&folder, &own)
                        .or_else(|| folders.track(&folder, &format!("{stem}{side}")))
                };
                let markers = folders
                    .find(&folder, &format!("{}_markers.csv", stem_text(reference)))
                    .or_else(|| folders.find(&folder, &format!("{stem}_ref_markers.csv")));
                plan.pairs.push(PlannedPair {
                    name: stem.clone(),
                    ref_track: beside(reference, "_ref"),
                    new_track: beside(new, "_new"),
                    ref_markers: markers.or_else(|| settings.ref_markers.clone()),
                    reference: reference.clone(),
                    new: new.clone(),
                });
            }
            (Some(alone), None) | (None, Some(alone)) => {
                plan.warnings.push(format!("no partner for {}", alone.display()));
            }
            (None, None) => {}
        }
    }
    Ok(plan)
}

/// A line for each recording that has neither suffix.
fn unnamed(settings: &PairingSettings, folders: &Folders) -> Vec<String> {
    let suffixes = [&settings.ref_suffix, &settings.new_suffix].map(|text| Suffix::new(text));
    let is_unnamed = |path: &&PathBuf| suffixes.iter().all(|suffix| suffix.stem_of(path).is_none());
    let unnamed = folders.recordings().filter(is_unnamed);
    unnamed
        .map(|path| {
            format!(
                "left out, neither *{} nor *{}: {}",
                settings.ref_suffix,
                settings.new_suffix,
                path.display()
            )
        })
        .collect()
}

fn against_one(
    settings: &PairingSettings,
    reference: &Path,
    folders: &Folders,
) -> Result<Plan, PipelineError> {
    let Ok(canonical) = reference.canonicalize() else {
        return Err(PipelineError::from(BatchProblem::NoReference).at(reference));
    };
    let mut shared = OneReference::new(reference, &settings.input_dir, folders);
    if let Some(markers) = &settings.ref_markers {
        shared.markers = Some(markers.clone());
    }
    let of_reference = |path: &Path| {
        path.canonicalize().ok().as_ref() == Some(&canonical)
            || (!settings.single_file && same_recording(path, &canonical))
    };
    let mut plan = Plan::default();
    for path in folders.recordings() {
        if of_reference(path) || (!settings.single_file && continues_another(path, folders)) {
            continue;
        }
        plan.pairs.push(shared.pair(path, folders));
    }
    Ok(plan)
}

/// A recording that others are compared with, and what lies beside it.
pub(crate) struct OneReference {
    /// The recording.
    pub path: PathBuf,
    /// Its track.
    pub track: Option<PathBuf>,
    /// Its markers.
    pub markers: Option<PathBuf>,
}

impl OneReference {
    /// What is its own is looked for in its folder, and then in `input_dir`.
    pub fn new(path: &Path, input_dir: &Path, folders: &Folders) -> Self {
        let stem = stem_text(path);
        let home = folder_of(path);
        let beside = |name: &str| {
            let there = folders.find(home, name).or_else(|| folders.find(input_dir, name));
            there.or_else(|| Some(home.join(name)).filter(|path| path.is_file()))
        };
        Self {
            path: path.to_owned(),
            track: TRACK_EXTENSIONS
                .iter()
                .find_map(|extension| beside(&format!("{stem}.{extension}"))),
            markers: beside(&format!("{stem}_markers.csv")),
        }
    }

    /// The recording at `new` against it; the pair is called as that file.
    pub fn pair(&self, new: &Path, folders: &Folders) -> PlannedPair {
        let own_stem = stem_text(new);
        PlannedPair {
            new_track: folders.track(folder_of(new), &own_stem),
            name: own_stem,
            reference: self.path.clone(),
            new: new.to_owned(),
            ref_track: self.track.clone(),
            ref_markers: self.markers.clone(),
        }
    }
}

fn stem_text(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether both are chapters of one GoPro recording in one folder.
fn same_recording(path: &Path, canonical: &Path) -> bool {
    let same_folder = folder_of(path).canonicalize().ok().as_deref() == canonical.parent();
    let names = GoProName::parse(path).zip(GoProName::parse(canonical));
    same_folder && names.is_some_and(|(a, b)| a.same_series(&b))
}

/// Whether the chapter before this one is there, so that this one is read with it.
fn continues_another(path: &Path, folders: &Folders) -> bool {
    let Some(name) = GoProName::parse(path) else {
        return false;
    };
    let before = name
        .chapter
        .checked_sub(1)
        .map(|chapter| name.with_chapter(chapter));
    before.is_some_and(|before| folders.find(folder_of(path), &before.file_name()).is_some())
}

/// Gives every pair a folder name of its own, doubles `_2`, `_3`, and sorts by it. File systems that do not
/// tell cases apart must keep them apart as well.
fn name_pairs(pairs: &mut [PlannedPair]) {
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    pairs.sort_by(|a, b| (&a.name, &a.new).cmp(&(&b.name, &b.new)));
    for pair in pairs.iter_mut() {
        let wanted = match pair.name.trim_matches('.') {
            "" => "pair".to_owned(),
            _ => pair.name.clone(),
        };
        let mut name = wanted.clone();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = format!("{wanted}_{number}");
        }
        pair.name = name;
    }
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
}

#[cfg(test)]
#[path = "pairing_tests.rs"]
mod tests;
