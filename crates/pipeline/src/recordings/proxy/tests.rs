//! Copies of small recordings made with the ffmpeg program.

use std::fs;
use std::process::Command;

use mtbsync_task::error::Failure;

use super::*;

const NOW: &str = "2026-06-01T09:00:00Z";

fn cache(folder: &Path) -> Cache {
    Cache {
        folder: folder.join("cache"),
        max_bytes: u64::MAX,
    }
}

/// A recording of uneven frame times in HEVC of 10 bit, with sound.
fn recording(folder: &Path) -> PathBuf {
    let path = folder.join("r.mp4");
    let args = "-f lavfi -i testsrc2=size=320x180:rate=30:duration=3 -f lavfi -i sine=frequency=500:duration=3 -vf \
                select=mod(n\\,7) -fps_mode vfr -c:v libx265 -pix_fmt yuv420p10le -preset ultrafast -x265-params \
                log-level=none -c:a aac";
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error"])
        .args(args.split_whitespace())
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    path
}

fn open(path: &Path) -> Recording {
    Recording::open(path, &OpenOptions::default()).unwrap()
}

#[test]
fn a_copy_has_the_times_of_its_recording_and_goes_with_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let (path, cache) = (recording(folder.path()), cache(folder.path()));
    let original = open(&path);
    assert!(is_needed(original.info()));
    let id = identify(&path).unwrap();
    assert_eq!(cache.find_proxy(&id.key, NOW), None);
    let mut seen = Vec::new();
    let made = make(&cache, &path, &id, NOW, &mut |done, total| {
        seen.push((done, total));
        true
    })
    .unwrap();
    let frames = original.timeline().len() as u64;
    assert_eq!(seen.last(), Some(&(frames, frames)));
    assert_eq!(cache.find_proxy(&id.key, NOW), Some(made.clone()));

    let copy = open(&made);
    assert!(!is_needed(copy.info()) && copy.info().has_audio);
    assert_eq!((copy.info().width, copy.info().height), (320, 180));
    let (ours, theirs) = (original.timeline(), copy.timeline());
    assert_eq!(ours.len(), theirs.len());
    for index in 0..ours.len() {
        let off = (ours.pts_secs(index) - theirs.pts_secs(index)).abs();
        assert!(off < 1e-3, "frame {index} is off by {off} s");
    }
    assert!(theirs.key_frame_spacing().max_secs < 0.7);
    assert_eq!(copy.info().container_start_secs, 0.0);

    let status = cache.status().unwrap();
    assert_eq!(
        (status.entries, status.bytes),
        (1, fs::metadata(&made).unwrap().len())
    );
    assert_eq!(cache.clear(None, false, NOW).unwrap().entries, 1);
    assert!(!made.exists());
}

#[test]
fn the_oldest_copy_goes_when_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let tight = Cache {
        max_bytes: 5,
        ..cache(folder.path())
    };
    let put = |name: &str, now: &str| {
        let source = folder.path().join(name);
        fs::write(&source, name).unwrap();
        let id = identify(&source).unwrap();
        let staged = tight.stage_proxy(&id.key).unwrap();
        fs::write(staged.temporary_path(), "1234").unwrap();
        tight
            .keep_proxy(&id.key, (&source, &id.fingerprint), staged, now)
            .unwrap()
    };
    let first = put("a", NOW);
    let second = put("b", "2026-06-01T10:00:00Z");
    assert!(!first.exists() && second.exists());
}

#[test]
fn a_stopped_copy_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, cache) = (recording(folder.path()), cache(folder.path()));
    let id = identify(&path).unwrap();
    let error = make(&cache, &path, &id, NOW, &mut |done, _| done < 10).unwrap_err();
    assert_eq!(error.failure(), Failure::Interrupted);
    let left = fs::read_dir(cache.folder.join("proxy")).unwrap().count();
    assert_eq!((left, cache.find_proxy(&id.key, NOW)), (0, None));
}
