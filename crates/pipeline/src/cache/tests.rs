use std::thread;

use super::*;
use crate::column::Column;
use crate::features::{LOCAL_BYTES, Source, keypoint_column};
use mtbsync_vision::dense::DESCRIPTOR_LEN;

const NOW: &str = "2026-06-01T09:00:00Z";

fn cache(folder: &tempfile::TempDir, max_bytes: u64) -> Cache {
    Cache {
        folder: folder.path().join("c"),
        max_bytes,
    }
}

fn wanted() -> IndexParams {
    IndexParams {
        fps: 3.0,
        n_features: 800,
        clahe: true,
        precise: false,
    }
}

fn features(fingerprint: &str) -> Features {
    Features {
        source: Source {
            path: "/v/ref.mp4".to_owned(),
            fingerprint: fingerprint.to_owned(),
            chapters: vec!["ref.mp4".to_owned()],
            proxy: None,
            duration_secs: 2.0,
            fps: "30/1".to_owned(),
            width: 640,
            height: 360,
            rotation: 0,
            timecode: None,
        },
        params: wanted(),
        t_secs: vec![0.0, 0.5],
        dense: Column::of_bytes(DESCRIPTOR_LEN, vec![7; 2 * DESCRIPTOR_LEN]),
        offsets: vec![0, 1, 1],
        keypoints: keypoint_column(&[[1.0, 2.0, 31.0, 45.0, 0.5]]),
        descriptors: Column::of_bytes(LOCAL_BYTES, vec![9; LOCAL_BYTES]),
        picture: (640, 360),
        mask: index_mask(),
        fine_t_secs: Vec::new(),
        fine_dense: Column::of_bytes(DESCRIPTOR_LEN, Vec::new()),
        skipped_frames: 0,
    }
}

/// Everything moves.
fn index_mask() -> Vec<u8> {
    mtbsync_vision::mask::static_mask(&[])
}

fn put(cache: &Cache, name: &str, now: &str) -> String {
    let key = key(name, None, wanted());
    cache.keep(&key, &features(name), now).unwrap();
    key
}

fn has(cache: &Cache, name: &str, now: &str) -> bool {
    let key = key(name, None, wanted());
    cache.find(&key, name, wanted(), now).unwrap().is_some()
}

#[test]
fn what_was_kept_is_found_by_content_and_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    assert!(!has(&cache, "a", NOW));
    let kept = put(&cache, "a", NOW);
    assert_eq!(
        cache.find(&kept, "a", wanted(), NOW).unwrap(),
        Some(features("a"))
    );
    let finer = IndexParams { fps: 5.0, ..wanted() };
    for other in [
        key("b", None, wanted()),
        key("a", Some("a.LRV"), wanted()),
        key("a", None, finer),
    ] {
        assert_ne!(other, kept);
    }
    let status = cache.status().unwrap();
    assert_eq!((status.entries, status.oldest_use.as_deref()), (1, Some(NOW)));
    assert_eq!(status.bytes, fs::metadata(cache.path(&kept)).unwrap().len());
}

#[test]
fn damaged_and_missing_files_are_misses_and_leave_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    let (damaged, missing) = (put(&cache, "a", NOW), put(&cache, "b", NOW));
    fs::write(cache.path(&damaged), b"PK\x03\x04 nonsense").unwrap();
    fs::remove_file(cache.path(&missing)).unwrap();
    assert!(!has(&cache, "a", NOW) && !has(&cache, "b", NOW));
    assert!(!cache.path(&damaged).exists());
    assert_eq!(cache.status().unwrap().entries, 0);
    // A file that belongs to something else is no better.
    fs::rename(cache.path(&put(&cache, "c", NOW)), cache.path(&damaged)).unwrap();
    assert!(!has(&cache, "a", NOW));
}

#[test]
fn the_least_recently_used_goes_first_and_the_newest_never() {
    let folder = tempfile::tempdir().unwrap();
    let roomy = cache(&folder, u64::MAX);
    let one = fs::metadata(roomy.path(&put(&roomy, "a", "2026-06-01T09:00:00Z")))
        .unwrap()
        .len();
    put(&roomy, "b", "2026-06-01T09:00:01Z");
    assert!(has(&roomy, "a", "2026-06-01T09:00:02Z"));
    let tight = cache(&folder, one * 5 / 2);
    put(&tight, "c", "2026-06-01T09:00:03Z");
    assert!(has(&tight, "a", NOW) && !has(&tight, "b", NOW) && has(&tight, "c", NOW));
    let tiny = cache(&folder, 1);
    put(&tiny, "d", "2026-06-01T09:00:04Z");
    assert!(has(&tiny, "d", NOW));
    assert_eq!(tiny.status().unwrap().entries, 1);
}

#[test]
fn files_that_nobody_registered_are_counted_and_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    let key = put(&cache, "a", NOW);
    fs::remove_file(cache.folder.join("cache.db")).unwrap();
    let _ = fs::remove_file(cache.folder.join("cache.db-wal"));
    let status = cache.status().unwrap();
    assert_eq!((status.entries, status.oldest_use), (1, None));
    assert!(cache.find(&key, "a", wanted(), NOW).unwrap().is_some());
}

#[test]
fn clearing_by_age_keeps_what_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    put(&cache, "old", "2026-04-01T00:00:00Z");
    put(&cache, "new", "2026-05-31T00:00:00Z");
    let month = Some(Duration::days(30));
    assert_eq!(cache.clear(month, true, NOW).unwrap().entries, 1);
    assert_eq!(cache.status().unwrap().entries, 2);
    assert_eq!(cache.clear(month, false, NOW).unwrap().entries, 1);
    assert!(!has(&cache, "old", NOW) && has(&cache, "new", NOW));
    assert_eq!(cache.clear(None, false, NOW).unwrap().entries, 1);
    assert_eq!(cache.status().unwrap().bytes, 0);
}

#[test]
fn a_newer_register_is_refused_and_a_damaged_one_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    put(&cache, "a", NOW);
    let db = cache.folder.join("cache.db");
    let connection = Connection::open(&db).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    connection.close().unwrap();
    let key = key("a", None, wanted());
    let error = cache.find(&key, "a", wanted(), NOW).unwrap_err();
    assert!(error.what.contains("newer") && error.hint.unwrap().contains("--no-cache"));
    fs::write(&db, vec![b'x'; 8192]).unwrap();
    assert!(has(&cache, "a", NOW), "the index itself was whole");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    let key = put(&cache, "a", NOW);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache.folder), 0o700);
    assert_eq!(mode(&cache.folder.join("index")), 0o700);
    assert_eq!(mode(&cache.folder.join("cache.db")), 0o600);
    assert_eq!(mode(&cache.path(&key)), 0o600);
}

#[test]
fn many_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    thread::scope(|scope| {
        for worker in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for i in 0..8 {
                    put(cache, &format!("{}", (worker * 3 + i) % 12), NOW);
                    assert!(has(cache, &format!("{}", (worker * 3 + i) % 12), NOW));
                }
            });
        }
    });
    assert_eq!(cache.status().unwrap().entries, 12);
}
