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

/// Further rides of one trail beside the repository, where there are.
pub fn trail_folders() -> Vec<PathBuf> {
    subfolders(&shared_data().join("trail"))
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
    let truth = folder.join("truth.csv");
    if !truth.is_file() {
        bail!("{}: no truth.csv", folder.display());
    }
    if folder.join("pass1.mp4").is_file() {
        laps_in(folder, &truth)
    } else {
        Ok(vec![ride_in(folder, &truth)?])
    }
}

/// A rendered ride; several rides of one trail share the reference of the folder around theirs.
pub fn ride_in(folder: &Path, truth: &Path) -> Result<TestPair> {
    let (own, around) = (folder, folder.parent().unwrap_or(folder));
    let (home, name) = if own.join("reference.mp4").is_file() {
        (own, file_name(own))
    } else {
        (around, format!("{} {}", file_name(around), file_name(own)))
    };
    Ok(TestPair {
        name,
        reference: home.join("reference.mp4"),
        new: own.join("new.mp4"),
        truth: Truth::of_frames(truth)?,
        has_camera_gps: false,
    })
}

/// Two passes of one camera, either way round.
fn laps_in(folder: &Path, truth: &Path) -> Result<Vec<TestPair>> {
    let [pass1, pass2] = ["pass1.mp4", "pass2.mp4"].map(|name| folder.join(name));
    let pair = |name: String, reference: &Path, new: &Path, swapped| -> Result<TestPair> {
        Ok(TestPair {
            name,
            reference: reference.to_owned(),
            new: new.to_owned(),
            truth: Truth::of_lap(truth, swapped)?,
            has_camera_gps: true,
        })
    };
    let name = file_name(folder);
    Ok(vec![
        pair(name.clone(), &pass1, &pass2, false)?,
        pair(format!("{name} swapped"), &pass2, &pass1, true)?,
    ])
}

fn file_name(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rides_of_one_trail_share_the_reference_of_the_folder_around() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("trail/run1");
        fs::create_dir_all(&run).unwrap();
        assert!(pairs_in(&run).is_err());
        fs::write(
            run.join("truth.csv"),
            "t_new,t_ref,t_ref_first,t_ref_last\n0,1,,\n0.1,1.1,,\n",
        )
        .unwrap();
        let shared = pairs_in(&run).unwrap();
        assert_eq!(shared[0].name, "trail run1");
        assert_eq!(shared[0].reference, place.path().join("trail/reference.mp4"));
        fs::write(run.join("reference.mp4"), "").unwrap();
        let own = pairs_in(&run).unwrap();
        assert_eq!(
            (own[0].name.as_str(), &own[0].reference),
            ("run1", &run.join("reference.mp4"))
        );
    }

    #[test]
    fn two_laps_are_a_pair_either_way_round() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("pass1.mp4"), "").unwrap();
        fs::write(place.path().join("truth.csv"), "t_new,t_ref\n9.3,0.3\n9.5,0.5\n").unwrap();
        let pairs = pairs_in(place.path()).unwrap();
        assert_eq!(pairs.len(), 2);
        assert_eq!(
            (&pairs[0].reference, &pairs[0].new),
            (&pairs[1].new, &pairs[1].reference)
        );
        assert!(pairs[1].name.ends_with(" swapped"));
    }
}
