//! What is not decoded, and files that do not stay as they were opened.

use std::fs;
use std::io::Write;

use mtbsync_media::{FrameError, FrameOptions, OpenError, OpenOptions, Recording};

use crate::common::{Folder, MOVING, everything, open};

const OPTIONS: FrameOptions = FrameOptions {
    max_dim: 160,
    threads: 1,
};

fn refusal(folder: &Folder, args: &str, name: &str) -> OpenError {
    let path = folder.ffmpeg(args, name);
    let error = Recording::open(&path, &OpenOptions::default()).expect_err(name);
    assert!(error.hint().is_some());
    error
}

#[test]
fn codecs_that_no_camera_writes() {
    let folder = Folder::new();
    for codec in ["png", "qtrle", "gif"] {
        let error = refusal(
            &folder,
            &format!("-f lavfi -i {MOVING} -frames:v 5 -c:v {codec}"),
            "clip.mov",
        );
        assert_eq!(error, OpenError::UnsupportedCodec(codec.to_owned()));
    }
}

#[test]
fn rows_of_fewer_bytes_than_pixels() {
    let folder = Folder::new();
    // Six bytes for four pixels: FFmpeg cannot make such pictures, and its description of them says too much.
    fs::write(folder.path("raw.yuv"), vec![0; 640 * 480 * 3 / 2 * 5]).unwrap();
    for name in ["clip.avi", "clip.mkv"] {
        let error = refusal(
            &folder,
            "-f rawvideo -pix_fmt uyyvyy411 -video_size 640x480 -framerate 30 -i @raw.yuv -c copy",
            name,
        );
        assert!(
            matches!(error, OpenError::UnsupportedPixelFormat(_)),
            "{name}: {error:?}"
        );
    }
    let error = refusal(
        &folder,
        &format!("-f lavfi -i {MOVING} -frames:v 5 -c:v rawvideo -pix_fmt rgb24"),
        "rgb.mov",
    );
    assert_eq!(error, OpenError::UnsupportedPixelFormat("rgb24".to_owned()));
}

#[test]
fn pictures_above_8k() {
    let folder = Folder::new();
    let of =
        |size| format!("-f lavfi -i color=gray:size={size}:rate=1 -frames:v 1 -c:v mjpeg -pix_fmt yuvj420p");
    let error = refusal(&folder, &of("8192x4336"), "large.mov");
    assert_eq!(error, OpenError::TooLarge(8192, 4336));
    assert_eq!(
        open(&folder.ffmpeg(&of("8192x4320"), "8k.mov")).timeline().len(),
        1
    );
}

#[test]
fn a_stream_may_change_its_size() {
    let folder = Folder::new();
    let small = folder.ffmpeg(
        &format!("-f lavfi -i {MOVING} -frames:v 10 -c:v mjpeg -pix_fmt yuvj420p -f mjpeg"),
        "small.mjpeg",
    );
    let other = folder.ffmpeg(
        "-f lavfi -i testsrc2=size=96x256:rate=30 -frames:v 10 -c:v mjpeg -pix_fmt yuvj444p -f mjpeg",
        "other.mjpeg",
    );
    let joined = [fs::read(small).unwrap(), fs::read(other).unwrap()].concat();
    fs::write(folder.path("joined.mjpeg"), joined).unwrap();
    let path = folder.ffmpeg("-f mjpeg -framerate 30 -i @joined.mjpeg -c copy", "joined.mkv");
    let recording = open(&path);
    let frames: Result<Vec<_>, _> = recording.frames(&everything(&recording), &OPTIONS).collect();
    let frames = frames.unwrap();
    assert_eq!(frames.len(), 20);
    assert!(frames.iter().all(|frame| frame.data.len() == 160 * 120));
}

/// Decoding after `change` has been made to the file of an open recording.
fn error_after(change: impl Fn(&std::path::Path)) -> FrameError {
    let folder = Folder::new();
    let path = folder.h264("-g 10", "clip.mp4");
    let recording = open(&path);
    let plan = everything(&recording);
    assert!(recording.frames(&plan, &OPTIONS).all(|frame| frame.is_ok()));
    change(&path);
    let last = recording.frames(&plan, &OPTIONS).last();
    last.unwrap().map(|frame| frame.index).expect_err("changed")
}

#[test]
fn a_file_that_changes_between_two_readings() {
    let changed = FrameError::Open(OpenError::Changed);
    let shortened = error_after(|path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(fs::metadata(path).unwrap().len() / 2).unwrap();
    });
    assert_eq!(shortened, changed);
    let replaced = error_after(|path| {
        let beside = path.with_extension("new");
        fs::copy(path, &beside).unwrap();
        fs::rename(&beside, path).unwrap();
    });
    assert_eq!(replaced, changed);
}

#[test]
fn a_file_that_changes_while_it_is_decoded() {
    let folder = Folder::new();
    let long = "-f lavfi -i testsrc2=size=320x240:rate=30:duration=10 -c:v libx264 -preset ultrafast -g 10";
    for grow in [false, true] {
        let path = folder.ffmpeg(long, "clip.mp4");
        let recording = open(&path);
        let mut frames = recording.frames(&everything(&recording), &OPTIONS);
        assert!(frames.next().unwrap().is_ok());
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        if grow {
            file.write_all(b"more").unwrap();
        } else {
            file.set_len(fs::metadata(&path).unwrap().len() / 2).unwrap();
        }
        let last = frames.last().unwrap();
        let error = last.map(|frame| frame.index).expect_err("changed");
        assert_eq!(error, FrameError::Open(OpenError::Changed), "{grow}");
    }
}
