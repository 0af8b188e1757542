//! What is on the disk before, during and after writing a set of outputs.

use std::fs;
use std::io::Write;
use std::path::Path;

use mtbsync_formats::atomic::{
    FileSet, Replaces, StagedFile, WriteErrorKind, check_writable, leftovers, sweep,
};

const ANYTHING: Replaces = Replaces::ANYTHING;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_set_appears_at_once_and_replaces_older_files() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b, stale) = (
        folder.path().join("a"),
        folder.path().join("b"),
        folder.path().join("old"),
    );
    fs::write(&a, "older").unwrap();
    fs::write(&stale, "older").unwrap();
    let mut set = FileSet::new();
    set.write(&a, ANYTHING, b"one").unwrap();
    let mut file = StagedFile::create(&b, ANYTHING).unwrap();
    file.write_all(b"two").unwrap();
    set.push(file);
    set.remove_stale(&stale, ANYTHING);
    set.remove_stale(&a, ANYTHING);
    assert_eq!(fs::read(&a).unwrap(), b"older");
    assert!(!b.exists() && stale.exists());
    assert_eq!(set.commit().unwrap(), [a.clone(), b.clone()]);
    assert_eq!(names(folder.path()), ["a", "b"]);
    assert_eq!(
        (fs::read(&a).unwrap(), fs::read(&b).unwrap()),
        (b"one".to_vec(), b"two".to_vec())
    );
}

#[test]
fn a_dropped_set_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    fs::write(&target, "older").unwrap();
    let mut set = FileSet::new();
    set.write(&target, ANYTHING, b"newer").unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    drop(set);
    assert_eq!(names(folder.path()), ["a"]);
    assert_eq!(fs::read(&target).unwrap(), b"older");
}

#[test]
fn impossible_targets_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |path: &Path| StagedFile::create(path, ANYTHING).unwrap_err().kind;
    assert!(matches!(kind(folder.path()), WriteErrorKind::IsFolder));
    assert!(matches!(
        kind(&folder.path().join("no/x")),
        WriteErrorKind::FolderNotFound
    ));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(kind(&file.join("x")), WriteErrorKind::NotAFolder));
    assert!(matches!(
        check_writable(&file).unwrap_err().kind,
        WriteErrorKind::NotAFolder
    ));
    assert!(check_writable(&folder.path().join("new/sub")).is_ok());
    assert!(names(&folder.path().join("new/sub")).is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_devices_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::write(&real, "older").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut set = FileSet::new();
    set.write(&link, ANYTHING, b"newer").unwrap();
    set.commit().unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"newer");
    let device = StagedFile::create(Path::new("/dev/null"), ANYTHING).unwrap_err();
    assert!(matches!(device.kind, WriteErrorKind::NotRegular));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_recognised() {
    let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = full.write_all(&[0; 16]).unwrap_err();
    let error = mtbsync_formats::atomic::WriteError::from_io(Path::new("x"), error);
    assert_eq!(error.to_string(), "disk full");
    assert!(error.hint().is_some());
}

/// A table as the tests write them.
const OWN: Replaces = Replaces::own(|ends| ends.has_header("a,b"));

#[test]
fn only_files_of_the_same_kind_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.csv");
    let write = |replaces| {
        let mut set = FileSet::new();
        set.write(&target, replaces, b"a,b\n1,2\n")?;
        set.commit()
    };
    fs::write(&target, "").unwrap();
    write(OWN).unwrap();
    write(OWN).unwrap();
    fs::write(&target, "a recording").unwrap();
    let refused = write(OWN).unwrap_err();
    assert!(matches!(refused.kind, WriteErrorKind::NotOurs));
    assert!(refused.hint().unwrap().contains("‹overwrite›"));
    assert_eq!(fs::read(&target).unwrap(), b"a recording");
    assert_eq!(names(folder.path()), ["out.csv"]);
    let mut set = FileSet::new();
    set.remove_stale(&target, OWN);
    set.commit().unwrap();
    assert!(target.exists());
    write(ANYTHING).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"a,b\n1,2\n");
}

/// A file can be given the name of an empty folder made meanwhile as little as that of any other.
#[test]
fn a_rename_that_fails_takes_those_before_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a", "old"] {
        fs::write(path(name), "older").unwrap();
    }
    let mut set = FileSet::new();
    for name in ["a", "b", "c"] {
        set.write(&path(name), ANYTHING, b"newer").unwrap();
    }
    set.remove_stale(&path("old"), ANYTHING);
    fs::create_dir(path("c")).unwrap();
    assert!(set.commit().is_err());
    assert_eq!(names(folder.path()), ["a", "c", "old"]);
    assert_eq!(fs::read(path("a")).unwrap(), b"older");
}

#[test]
fn only_what_the_dead_have_left_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    let mut living = StagedFile::create(&target, ANYTHING).unwrap();
    living.write_all(b"whole").unwrap();
    let dead = folder.path().join(".a1234.mtbsync-tmp");
    let other = folder.path().join("mine.mtbsync-tmp");
    for path in [&dead, &other] {
        fs::write(path, "cut").unwrap();
    }
    assert_eq!(leftovers(folder.path()), [dead]);
    assert_eq!(sweep(folder.path()), 1);
    assert!(other.exists());
    let mut set = FileSet::new();
    set.push(living);
    set.commit().unwrap();
    assert_eq!(names(folder.path()), ["a", "mine.mtbsync-tmp"]);
}

#[cfg(unix)]
#[test]
fn what_the_disk_cannot_tell_of_is_neither_replaced_nor_taken_for_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    // A link to itself: there is something, and neither its kind nor its content can be had.
    std::os::unix::fs::symlink(&path, &path).unwrap();
    assert!(StagedFile::create(&path, Replaces::NOTHING).is_err());
    let mut set = FileSet::new();
    set.remove_stale(&path, Replaces::NOTHING);
    assert!(set.commit().is_err());
    assert!(path.symlink_metadata().is_ok());
}
