//! The registry is one per process and closing it is final, hence a test program of its own.
#![allow(clippy::unwrap_used)]

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteErrorKind, cleanup_all};

#[test]
fn after_the_clean_up_nothing_is_left_and_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    let mut set = FileSet::new();
    set.write(&target, Replaces::ANYTHING, b"x").unwrap();
    cleanup_all();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(matches!(
        set.commit().unwrap_err().kind,
        WriteErrorKind::Interrupted
    ));
    assert!(matches!(
        StagedFile::create(&target, Replaces::ANYTHING).unwrap_err().kind,
        WriteErrorKind::Interrupted
    ));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
