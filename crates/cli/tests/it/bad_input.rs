//! Damaged, wrong and odd recordings: one clear line, the right exit code, nothing left behind
//! (docs/reference/cli.md#errors-and-outputs).

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{Place, Said, clip, data, straight_warp};

/// `index` and `sync` (as new run) of `file` must fail alike, with one line that says `what` and names the
/// file, and leave nothing behind.
#[track_caller]
fn assert_refused(place: &Place, file: &str, what: &str) {
    let reference = data("sample/reference.mp4");
    let out = ["--out", "new_folder"];
    let runs: [(&str, &dyn Fn() -> Said); 3] = [
        ("index", &|| {
            place.run_args(&["index", "--reference", file, "--out", "new_folder/i.npz"])
        }),
        ("sync, new run", &|| place.sync(&reference, file, &out)),
        ("sync, reference", &|| place.sync(file, &reference, &out)),
    ];
    for (name, run) in runs {
        let said = run();
        let line = said.error(1);
        assert!(
            line.starts_with(&format!("error: {what}")) && line.contains(file),
            "{name}: {line}"
        );
        assert!(
            said.stdout.lines().all(|line| line.starts_with("Settings: ")),
            "{}",
            said.stdout
        );
        assert!(!place.path("new_folder").exists(), "{name} left its folder");
    }
}

#[test]
fn files_that_are_no_recordings() {
    let place = Place::sharing_cache();
    place.write("empty.mp4", "");
    place.write(
        "text.mp4",
        "This is not a video, whatever its name says.\n".repeat(100),
    );
    fs::create_dir(place.path("folder.mp4")).unwrap();
    assert_refused(&place, "missing.mp4", "file not found");
    assert_refused(&place, "empty.mp4", "is empty");
    assert_refused(&place, "text.mp4", "not a video");
    assert_refused(&place, "folder.mp4", "is a folder");
}

#[test]
fn a_recording_without_its_index() {
    let place = Place::sharing_cache();
    let whole = fs::read(data("race-lap/pass1.mp4")).unwrap();
    let moov = whole.windows(4).position(|four| four == b"moov").unwrap() - 4;
    let is_last = moov > whole.len() / 2;
    let without = if is_last {
        whole[..moov].to_vec()
    } else {
        no_moov(&whole, moov)
    };
    place.write("no_moov.mp4", without);
    assert_refused(&place, "no_moov.mp4", "recording is cut off (no moov box)");
}

/// The file with its moov box turned into free space.
fn no_moov(whole: &[u8], moov: usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let size = u32::from_be_bytes(whole[moov..moov + 4].try_into().unwrap()) as usize;
    bytes[moov + 4..moov + 8].copy_from_slice(b"free");
    bytes[moov + 8..moov + size].fill(0);
    bytes
}

#[test]
fn sound_alone_and_a_single_frame() {
    let place = Place::sharing_cache();
    let audio = clip(
        "audio.mp4",
        &["-f", "lavfi", "-i", "sine=duration=5", "-f", "mp4"],
    );
    assert_refused(&place, &audio, "no video track");
    let single = clip(
        "single.mp4",
        &[
            "-i",
            &data("sample/new.mp4"),
            "-frames:v",
            "1",
            "-an",
            "-f",
            "mp4",
        ],
    );
    assert_refused(&place, &single, "");
}

#[test]
fn a_recording_cut_short_is_used_as_far_as_it_goes() {
    let place = Place::sharing_cache();
    let whole = fs::read(clip(
        "faststart.mp4",
        &[
            "-i",
            &data("sample/new.mp4"),
            "-c",
            "copy",
            "-an",
            "-movflags",
            "+faststart",
            "-f",
            "mp4",
        ],
    ))
    .unwrap();
    place.write("cut.mp4", &whole[..whole.len() * 2 / 3]);
    let said = place.run("index --reference cut.mp4 --out i.npz --json");
    match said.code {
        0 => assert!(
            said.json()["result"]["last_sec"].as_f64().unwrap() > 5.0,
            "{}",
            said.stdout
        ),
        _ => assert!(said.error(1).contains("cut.mp4")),
    }
    assert!(!said.stderr.contains("panicked"));
}

#[test]
fn a_black_recording_has_nothing_to_align() {
    let place = Place::sharing_cache();
    let black = clip(
        "black.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "color=black:s=640x360:r=30:d=12",
            "-g",
            "15",
            "-f",
            "mp4",
        ],
    );
    let said = place.sync(&data("sample/reference.mp4"), &black, &["--out", "o"]);
    assert_eq!(said.code, 3, "{}{}", said.stdout, said.stderr);
    let verdicts = said
        .stderr
        .lines()
        .filter(|line| line.starts_with("not aligned: "))
        .count();
    assert_eq!(verdicts, 1, "{}", said.stderr);
    assert!(!place.path("o/warp.npz").exists());
}

#[test]
fn a_turned_recording_is_aligned_upright() {
    let place = Place::sharing_cache();
    // The pixels are turned by 90 degrees and the flag in the file says so: a player shows the picture
    // upright.
    let turned = clip(
        "turned_pixels.mp4",
        &[
            "-i",
            &data("sample/new.mp4"),
            "-vf",
            "transpose=clock",
            "-an",
            "-g",
            "15",
            "-f",
            "mp4",
        ],
    );
    let flagged = clip(
        "turned.mp4",
        &[
            "-i",
            &turned,
            "-c",
            "copy",
            "-metadata:s:v:0",
            "rotate=90",
            "-f",
            "mp4",
        ],
    );
    let shown = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_entries",
            "stream_side_data=rotation",
            "-of",
            "csv=p=0",
            &flagged,
        ])
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&shown.stdout).contains("90"),
        "the clip carries a rotation"
    );
    let said = place.sync(
        &data("sample/reference.mp4"),
        &flagged,
        &[
            "--ref-markers",
            &data("sample/reference_markers.csv"),
            "--out",
            "o",
        ],
    );
    said.ok();
    let truth = fs::read_to_string(data("sample/marker_truth.csv")).unwrap();
    for (found, truth) in place.read("o/new_markers.csv").lines().zip(truth.lines()).skip(1) {
        let number = |line: &str, cell: usize| line.split(',').nth(cell).unwrap().parse::<f64>().unwrap();
        assert!(
            (number(found, 4) - number(truth, 2)).abs() < 0.15,
            "{found} {truth}"
        );
    }
}

#[test]
fn bad_markers_are_found_before_the_work_starts() {
    let place = Place::sharing_cache();
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    place.write("bad.csv", "name,t_ref\nA,1\nB,2\nC,3\nD,4\nE,5\nF,six\n");
    let said = place.sync(&reference, &new, &["--ref-markers", "bad.csv", "--out", "o"]);
    assert!(
        said.error(1)
            .contains("not a number (line 7, column t_ref): bad.csv"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("read new run") && !place.path("o").exists());
    let said = place.sync(&reference, &new, &["--ref-markers", "no.csv", "--out", "o"]);
    assert!(
        said.error(1).contains("file not found: no.csv"),
        "{}",
        said.stderr
    );
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_the_work_starts() {
    let place = Place::sharing_cache();
    place.write("file", "x");
    let (reference, new) = (data("sample/reference.mp4"), data("sample/new.mp4"));
    let said = place.sync(&reference, &new, &["--out", "file/o"]);
    assert!(said.error(1).contains("file"), "{}", said.stderr);
    assert!(!said.stderr.contains("read new run"), "{}", said.stderr);
}

#[test]
fn a_full_disk_leaves_the_older_results_untouched() {
    let Some(disk) = SmallDisk::mount() else {
        println!("SKIPPED: a_full_disk_leaves_the_older_results_untouched needs root and tmpfs");
        return;
    };
    let place = Place::sharing_cache();
    let old = Path::new(&disk.path).join("timewarp.json");
    let older = straight_warp(true);
    fs::write(&old, &older).unwrap();
    let said = place.sync(
        &data("sample/reference.mp4"),
        &data("sample/new.mp4"),
        &["--out", &disk.path],
    );
    assert!(said.error(1).contains("disk full"), "{}", said.stderr);
    assert_eq!(fs::read_to_string(&old).unwrap(), older);
    let left: Vec<_> = fs::read_dir(&disk.path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["timewarp.json"]);
}

/// A file system with room for a few kilobytes.
struct SmallDisk {
    path: String,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let path = folder.path().to_str()?.to_owned();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs", &path])
            .output()
            .ok()?;
        mounted.status.success().then_some(Self {
            path,
            _folder: folder,
        })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}
