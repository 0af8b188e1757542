//! Which pairs are measured, and which must be refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use mtbsync_formats::fingerprint;

use crate::footage;
use crate::truth::Truth;

/// Two recordings of one trail and what is true of them.
pub struct TestPair {
    /// Name in the table.
    pub name: String,
    /// The reference recording.
    pub reference: PathBuf,
    /// The new recording.
    pub new: PathBuf,
    /// Where the new recording is at a moment of the reference.
    pub truth: Truth,
    /// Both cameras recorded their position.
    pub has_camera_gps: bool,
}

/// Two recordings that must not be aligned.
pub struct WrongPair {
    /// Name in the table.
    pub name: String,
    /// The reference recording.
    pub reference: PathBuf,
    /// The new recording.
    pub new: PathBuf,
}

/// Root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// More data beside the repository, where there is; not all of it may be part of the repository.
pub fn shared_data() -> PathBuf {
    root().join("../shared/data")
}

/// Folders looked into unless told otherwise: those of the repository, and more beside it where there are.
pub fn default_folders() -> Vec<PathBuf> {
    let (root, shared) = (root(), shared_data());
    let mut folders = vec![root.join("data/sample"), root.join("data/race-lap")];
    folders.extend(subfolders(&shared.join("rendered")));
    folders.extend(Some(shared.join("race-lap")).filter(|folder| folder.is_dir()));
    folders
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// The pairs in `folders`, each pair of recordings once.
pub fn find(folders: &[PathBuf]) -> Result<Vec<TestPair>> {
    let mut pairs = Vec::new();
    let mut seen = BTreeSet::new();
    for folder in folders {
        for pair in pairs_in(folder)? {
            let identity = [&pair.reference, &pair.new].map(|path| fingerprint(&[path]).ok());
            if seen.insert(identity) {
                pairs.push(pair);
            }
        }
    }
    if pairs.is_empty() {
        bail!("no pair with a truth file in {folders:?}");
    }
    Ok(pairs)
}

fn pairs_in(folder: &Path) -> Result<Vec<TestPair>> {
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let file = |name: &str| folder.join(name);
    // The lap has a truth.csv as well, but its recordings are passes of one camera.
    if file("truth.csv").is_file() && !file("pass1.mp4").is_file() {
        let truth = Truth::of_frames(&file("truth.csv"))?;
        return Ok(vec![TestPair {
            name,
            reference: file("reference.mp4"),
            new: file("new.mp4"),
            truth,
            has_camera_gps: false,
        }]);
    }
    if file("lap_gt.csv").is_file() {
        let (pass1, pass2) = (file("pass1.mp4"), file("pass2.mp4"));
        let forward = Truth::of_lap(&file("lap_gt.csv"), false)?;
        let backward = Truth::of_lap(&file("lap_gt.csv"), true)?;
        return Ok(vec![
            TestPair {
                name: name.clone(),
                reference: pass1.clone(),
                new: pass2.clone(),
                truth: forward,
                has_camera_gps: true,
            },
            TestPair {
                name: format!("{name} swapped"),
                reference: pass2,
                new: pass1,
                truth: backward,
                has_camera_gps: true,
            },
        ]);
    }
    bail!("{}: neither truth.csv nor lap_gt.csv", folder.display())
}

/// Pairs made of the first rendered recording, the first real one, and the former played backwards.
pub fn without_common_stretch(pairs: &[TestPair]) -> Result<Vec<WrongPair>> {
    let wrong = |name: &str, reference: &Path, new: &Path| WrongPair {
        name: name.to_owned(),
        reference: reference.to_owned(),
        new: new.to_owned(),
    };
    let lap = pairs.iter().find(|pair| pair.name.starts_with("race-lap"));
    let Some(ride) = pairs.iter().find(|pair| !pair.name.starts_with("race-lap")) else {
        return Ok(Vec::new());
    };
    let backwards = footage::changed(
        &ride.reference,
        "backwards",
        &["-vf", "reverse", "-an", "-g", "15"],
    )?;
    let mut found = vec![wrong("reference, backwards", &ride.reference, &backwards)];
    if let Some(lap) = lap {
        found.push(wrong("reference, race-lap", &ride.reference, &lap.reference));
        found.push(wrong("race-lap, reference", &lap.reference, &ride.reference));
    }
    Ok(found)
}
