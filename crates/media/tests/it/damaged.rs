//! Files that are not recordings, or only partly.

use std::path::Path;

use crate::common::{Folder, MOVING, decode, everything, open};
use mtbsync_media::{FrameOptions, OpenError, OpenOptions, Recording, SampleRequest};

fn open_error(path: &Path) -> OpenError {
    Recording::open(path, &OpenOptions::default())
        .map(|recording| recording.info().clone())
        .expect_err("must not open")
}

#[test]
fn what_is_no_recording_says_so() {
    let folder = Folder::new();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path(name);
        std::fs::write(&path, bytes).expect("writes");
        path
    };
    let cases = [
        (folder.path("missing.mp4"), OpenError::NotFound, "file not found"),
        (folder.path(""), OpenError::IsFolder, "is a folder"),
        (write("empty.mp4", b""), OpenError::Empty, "is empty"),
        (
            write("text.mp4", b"dear diary, today we rode a lot\n"),
            OpenError::Unreadable,
            "not a video (unreadable)",
        ),
        (
            write("playlist.mp4", b"ffconcat version 1.0\nfile x.mp4\n"),
            OpenError::Unreadable,
            "not a video (unreadable)",
        ),
        (
            write("GOPR0001.THM", b"\xff\xd8"),
            OpenError::Thumbnail,
            "not a video (thumbnail picture)",
        ),
        (
            write("GS010001.360", b"x"),
            OpenError::Spherical,
            "unsupported 360-degree recording",
        ),
    ];
    for (path, expected, text) in cases {
        let error = open_error(&path);
        assert_eq!(
            (&error, error.to_string().as_str()),
            (&expected, text),
            "{}",
            path.display()
        );
        assert!(error.hint().is_some(), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_utf8_opens() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let clip = folder.h264("-frames:v 2", "clip.mp4");
    let odd = clip.with_file_name(std::ffi::OsStr::from_bytes(b"r\xe9f: 100%.mp4"));
    std::fs::rename(&clip, &odd).expect("renames");
    assert_eq!(open(&odd).timeline().len(), 2);
}

#[test]
fn sound_alone_has_no_video_track() {
    let folder = Folder::new();
    let sound = folder.ffmpeg("-f lavfi -i sine=duration=1 -c:a aac", "sound.m4a");
    assert_eq!(open_error(&sound), OpenError::NoVideoTrack);
    folder.ffmpeg(&format!("-f lavfi -i {MOVING} -frames:v 1"), "cover.png");
    let covered = folder.ffmpeg(
        "-i @sound.m4a -i @cover.png -map 0 -map 1 -c copy -disposition:v attached_pic",
        "covered.m4a",
    );
    assert_eq!(open_error(&covered), OpenError::NoVideoTrack);
}

#[test]
fn a_cover_picture_is_not_the_recording() {
    let folder = Folder::new();
    folder.h264("", "clip.mp4");
    folder.ffmpeg("-f lavfi -i testsrc2=size=640x480 -frames:v 1", "cover.png");
    let args = "-i @cover.png -i @clip.mp4 -map 0 -map 1 -c copy -disposition:v:0 attached_pic";
    let info = open(&folder.ffmpeg(args, "covered.mp4")).info().clone();
    assert_eq!(
        (info.codec.as_str(), info.width, info.frame_count),
        ("h264", 160, 60)
    );
}

#[test]
fn one_frame_is_a_recording() {
    let folder = Folder::new();
    let recording = open(&folder.h264("-frames:v 1", "one.mp4"));
    assert_eq!(recording.timeline().len(), 1);
    let plan = recording.plan(&SampleRequest {
        analysed_fps: 3.0,
        fine_fps: Some(10.0),
        dense: false,
    });
    let frames = decode(&recording, &plan, 1);
    assert_eq!((frames.len(), frames[0].t_secs), (1, 0.0));
    assert!((recording.info().duration_secs - 1.0 / 30.0).abs() < 1e-6);
}

#[test]
fn without_moov_the_hint_names_the_camera() {
    let folder = Folder::new();
    let bytes = std::fs::read(folder.h264("", "clip.mp4")).expect("reads");
    let cut = folder.path("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("writes");
    let error = open_error(&cut);
    assert_eq!(
        (error.clone(), error.to_string().as_str()),
        (OpenError::NoMoov, "recording is cut off (no moov box)")
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("camera")));
}

#[test]
fn a_cut_file_gives_what_is_there() {
    let folder = Folder::new();
    let whole = folder.h264("-g 10 -bf 0 -movflags +faststart", "whole.mp4");
    let bytes = std::fs::read(&whole).expect("reads");
    let whole = open(&whole);
    let cut = folder.path("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() * 6 / 10]).expect("writes");
    let recording = open(&cut);
    assert!(recording.info().is_truncated);
    let count = recording.timeline().len();
    assert!((10..60).contains(&count), "{count}");
    let frames = decode(&recording, &everything(&recording), 2);
    assert_eq!(frames.len(), count);
    assert!(frames == decode(&whole, &everything(&whole), 2)[..count]);
}

#[test]
fn unreadable_frames_are_counted_and_passed() {
    let folder = Folder::new();
    let path = folder.h264("-preset medium -g 10 -bf 0 -sc_threshold 0", "clip.mp4");
    let whole = open(&path);
    let plan = whole.plan(&SampleRequest {
        analysed_fps: 3.0,
        fine_fps: None,
        dense: false,
    });
    let good = decode(&whole, &plan, 1);
    // The second key frame: overwrite its middle with noise that is no valid slice.
    let (offset, size) = packet_bytes(&path, 10);
    let mut bytes = std::fs::read(&path).expect("reads");
    bytes[offset + 4..offset + size].fill(0xff);
    let broken = folder.path("broken.mp4");
    std::fs::write(&broken, bytes).expect("writes");
    let recording = open(&broken);
    for threads in [1, 4] {
        let mut stream = recording.frames(
            &plan,
            &FrameOptions {
                max_dim: 4096,
                threads,
            },
        );
        let frames: Vec<_> = stream.by_ref().map(|frame| frame.expect("decodes")).collect();
        assert_eq!(
            (frames.len(), stream.skipped(), recording.info().is_truncated),
            (good.len() - 1, 1, false)
        );
        for frame in &frames {
            assert!(good.contains(frame), "frame {} is not the good one", frame.index);
        }
    }
}

#[test]
fn after_damage_times_are_right_and_threads_do_not_matter() {
    let folder = Folder::new();
    for (name, codec) in [
        ("a.mp4", "-c:v libx264 -preset medium"),
        ("b.mp4", "-c:v libx265 -x265-params log-level=none"),
    ] {
        let path = folder.ffmpeg(&format!("-f lavfi -i {MOVING} {codec} -g 15 -bf 2"), name);
        let good = {
            let whole = open(&path);
            decode(&whole, &everything(&whole), 1)
        };
        let mut bytes = std::fs::read(&path).expect("reads");
        // One packet turned into noise, one cut off in the middle.
        let (offset, size) = packet_bytes(&path, 20);
        bytes[offset + 4..offset + size].fill(0xff);
        let (offset, size) = packet_bytes(&path, 34);
        bytes[offset + size / 2..offset + size].fill(0);
        std::fs::write(&path, bytes).expect("writes");
        let recording = open(&path);
        let plan = everything(&recording);
        let frames = decode(&recording, &plan, 1);
        for threads in [2, 3, 0] {
            assert!(
                frames == decode(&recording, &plan, threads),
                "{name} with {threads} threads"
            );
        }
        // All outside of the two damaged groups is there and the same as before.
        let intact = good.iter().filter(|frame| !(13..46).contains(&frame.index));
        for expected in intact {
            assert!(frames.contains(expected), "{name} frame {}", expected.index);
        }
        assert!(frames.len() < good.len());
    }
}

#[test]
fn noise_instead_of_pictures() {
    let folder = Folder::new();
    let path = folder.h264("-g 10", "clip.mp4");
    let mut bytes = std::fs::read(&path).expect("reads");
    let start = bytes
        .windows(4)
        .position(|kind| kind == b"mdat")
        .expect("has mdat")
        + 4;
    let end = bytes
        .windows(4)
        .position(|kind| kind == b"moov")
        .expect("has moov")
        - 4;
    bytes[start..end].fill(0xff);
    std::fs::write(&path, bytes).expect("writes");
    assert_eq!(open_error(&path), OpenError::NoDecodableFrame);
}

#[test]
fn no_prefix_of_a_file_makes_it_panic() {
    let folder = Folder::new();
    let bytes = std::fs::read(folder.h264("-frames:v 5 -movflags +faststart", "clip.mp4")).expect("reads");
    let cut = folder.path("cut.mp4");
    for length in (1..bytes.len()).step_by(bytes.len() / 40) {
        std::fs::write(&cut, &bytes[..length]).expect("writes");
        if let Ok(recording) = Recording::open(&cut, &OpenOptions::default()) {
            decode(&recording, &everything(&recording), 1);
        }
    }
}

/// Offset and size in the file of the `number`-th video packet, by ffprobe.
fn packet_bytes(path: &Path, number: usize) -> (usize, usize) {
    let output = std::process::Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "packet=size,pos",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let text = String::from_utf8(output.stdout).expect("utf-8");
    let line = text.lines().nth(number).expect("that many packets");
    let (size, offset) = line.trim_end_matches(',').split_once(',').expect("two fields");
    (offset.parse().expect("number"), size.parse().expect("number"))
}
