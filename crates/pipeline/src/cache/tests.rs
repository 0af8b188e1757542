use std::thread;
use std::time::SystemTime;

use mtbsync_align::pair::{Candidate, Pair, PairOrigin};
use mtbsync_index::column::Column;
use mtbsync_index::features::{KEYPOINT_BYTES, LOCAL_BYTES, SourceRecording, keypoint_bytes};
use mtbsync_index::tracks::Tracks;
use mtbsync_matching::align::Alignment;
use mtbsync_matching::settings::MatchSettings;
use mtbsync_telemetry::clock::Offsets;
use mtbsync_telemetry::place::ClockSigmas;
use mtbsync_vision::dense::DESCRIPTOR_LEN;
use mtbsync_vision::structure::HOG_GRID_LEN;

use super::alignments::Kept;
use super::*;

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
        source: SourceRecording {
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
        keypoints: Column::of_bytes(KEYPOINT_BYTES, keypoint_bytes(&[1.0, 2.0, 0.5]).to_vec()),
        descriptors: Column::of_bytes(LOCAL_BYTES, vec![9; LOCAL_BYTES]),
        picture: (640, 360),
        mask: index_mask(),
        fine_t_secs: Vec::new(),
        fine_dense: Column::of_bytes(DESCRIPTOR_LEN, Vec::new()),
        detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
        fine_detail: Column::of_bytes(HOG_GRID_LEN, Vec::new()),
        luma: Default::default(),
        view: None,
        track: Vec::new(),
        lenses: Default::default(),
        skipped_frames: 0,
    }
}

/// Everything moves.
fn index_mask() -> Vec<u8> {
    mtbsync_vision::mask::MaskSums::default().mask()
}

fn put(cache: &Cache, name: &str, now: &str) -> String {
    let key = key(name, None, wanted());
    cache.keep(&key, &features(name), now).unwrap();
    key
}

fn has(cache: &Cache, name: &str, now: &str) -> bool {
    let key = key(name, None, wanted());
    matches!(cache.find(&key, name, wanted(), now).unwrap(), Lookup::Found(_))
}

fn last_used(cache: &Cache, key: &str) -> String {
    db::open(&cache.folder)
        .unwrap()
        .query_row("SELECT last_used FROM index_entry WHERE key = ?1", [key], |row| {
            row.get(0)
        })
        .unwrap()
}

#[test]
fn what_was_kept_is_found_by_content_and_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    assert!(!has(&cache, "a", NOW));
    let kept = put(&cache, "a", NOW);
    assert_eq!(
        cache.find(&kept, "a", wanted(), NOW).unwrap(),
        Lookup::Found(Box::new(features("a")))
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

fn alignment() -> Kept {
    let pair = |t: f64| Pair {
        t_new_secs: t,
        t_ref_secs: t / 3.0,
        sigma_secs: 0.1,
        certainty: 1.0 - t / 7.0,
    };
    Kept {
        alignment: Alignment {
            candidates: vec![Candidate {
                t_new_secs: 0.1,
                t_ref_secs: 0.2,
                score: 0.3,
                n_inliers: 4,
            }],
            pairs: vec![pair(0.1), pair(0.7)],
            origins: vec![
                PairOrigin {
                    model: 'H',
                    verified: Some((31, 1.25)),
                },
                PairOrigin {
                    model: 'D',
                    verified: None,
                },
            ],
            reversed: false,
            retrieval: std::time::Duration::ZERO,
            refine: std::time::Duration::ZERO,
            gps_offsets: Some(Offsets {
                ref_secs: 1.0 / 3.0,
                new_secs: -2.0,
                sigmas: ClockSigmas {
                    ref_secs: 0.5,
                    new_secs: 0.25,
                },
            }),
            gps: std::time::Duration::ZERO,
            geometry: None,
            learned: true,
            warnings: vec!["a line".to_owned()],
        },
        analysed: 2,
        skipped: [0, 3],
    }
}

#[test]
fn an_alignment_is_found_again_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    let settings = MatchSettings::default();
    let key = alignments::key(["a", "b"], &settings, &Tracks::default()).unwrap();
    assert!(cache.find_alignment(&key, NOW).unwrap().is_none());
    let kept = alignment();
    cache.keep_alignment(&key, "sha256:a", &kept, NOW).unwrap();
    let found = cache.find_alignment(&key, NOW).unwrap().unwrap();
    assert_eq!((found.analysed, found.skipped), (kept.analysed, kept.skipped));
    let (found, kept) = (found.alignment, kept.alignment);
    assert_eq!((found.pairs, found.origins), (kept.pairs, kept.origins));
    assert_eq!(
        (found.gps_offsets, found.reversed),
        (kept.gps_offsets, kept.reversed)
    );
    assert_eq!(found.warnings, kept.warnings);
    assert_eq!(found.candidates[0].score, kept.candidates[0].score);
    assert_eq!(cache.status().unwrap().entries, 1);
    fs::write(cache.path(&key), b"{\"pairs\":[]").unwrap();
    assert!(cache.find_alignment(&key, NOW).unwrap().is_none());
    assert!(!cache.path(&key).exists());
}

#[test]
fn whatever_the_pairs_depend_on_makes_another_alignment() {
    let (settings, none) = (MatchSettings::default(), Tracks::default());
    let key = |indexes, settings: &MatchSettings, tracks: &Tracks| {
        alignments::key(indexes, settings, tracks).unwrap()
    };
    let first = key(["a", "b"], &settings, &none);
    let anchored = MatchSettings {
        anchors: Some("anchors.csv".into()),
        ..settings.clone()
    };
    assert_eq!(first, key(["a", "b"], &anchored, &none));
    let stricter = MatchSettings {
        min_inliers: 21,
        ..settings.clone()
    };
    let warned = Tracks {
        warnings: vec!["poor".to_owned()],
        ..Tracks::default()
    };
    for other in [
        key(["b", "a"], &settings, &none),
        key(["a", "c"], &settings, &none),
        key(["a", "b"], &stricter, &none),
        key(["a", "b"], &settings, &warned),
    ] {
        assert_ne!(first, other);
    }
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
    put(&cache, "a", NOW);
    fs::remove_file(cache.folder.join("cache.db")).unwrap();
    let _ = fs::remove_file(cache.folder.join("cache.db-wal"));
    let status = cache.status().unwrap();
    assert_eq!((status.entries, status.oldest_use), (1, None));
    assert!(has(&cache, "a", NOW));
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
    assert!(error.what().contains("newer") && error.hint().unwrap().contains("‹no-cache›"));
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

#[test]
fn learned_descriptors_are_entries_like_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder, u64::MAX);
    put(&cache, "a", NOW);
    let learned = cache.learned_folder().unwrap();
    let (file, unfinished) = (
        learned.join("0123456789abcdef0123456789abcdef.maps"),
        learned.join("0123456789abcdef0123456789abcdef.part"),
    );
    for path in [&file, &unfinished] {
        fs::write(path, [0; 100]).unwrap();
    }
    cache.keep_learned(SystemTime::UNIX_EPOCH, NOW).unwrap();
    cache.keep_learned(SystemTime::UNIX_EPOCH, NOW).unwrap();
    assert_eq!(cache.status().unwrap().entries, 2);
    // One that was read a day later is no older than that, one that was not is.
    cache
        .keep_learned(SystemTime::UNIX_EPOCH, "2026-06-02T09:00:00Z")
        .unwrap();
    let long_ago = fs::File::options().append(true).open(&file).unwrap();
    long_ago.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    cache
        .keep_learned(SystemTime::now(), "2026-06-09T09:00:00Z")
        .unwrap();
    assert_eq!(
        last_used(&cache, "learned-0123456789abcdef0123456789abcdef"),
        "2026-06-02T09:00:00Z"
    );
    cache.clear(None, false, NOW).unwrap();
    assert!(!file.exists() && unfinished.exists());
}
