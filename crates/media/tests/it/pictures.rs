//! The luma pictures agree with what ffmpeg shows, whatever the format, range, turn or pixel shape.

use crate::common::{Folder, MOVING, assert_pictures_match_ffmpeg, decode, everything, open};
use mtbsync_media::{FrameOptions, FrameRole, OpenOptions, PlanMode, Recording, SampleRequest};

#[test]
fn limited_and_full_range() {
    let folder = Folder::new();
    let limited = folder.h264("-pix_fmt yuv420p", "limited.mp4");
    assert_pictures_match_ffmpeg(&limited);
    let full = folder.h264("-pix_fmt yuvj420p", "full.mp4");
    assert_pictures_match_ffmpeg(&full);
    assert!(!open(&limited).info().full_range);
    assert!(open(&full).info().full_range);
}

#[test]
fn every_luma_layout() {
    let folder = Folder::new();
    for format in [
        "yuv422p",
        "yuv444p",
        "gray",
        "yuv420p10le",
        "yuv422p10le",
        "gray10le",
    ] {
        let path = folder.h264(&format!("-frames:v 5 -pix_fmt {format}"), "clip.mp4");
        assert_pictures_match_ffmpeg(&path);
    }
    for format in ["uyvy422", "yuyv422"] {
        let path = folder.ffmpeg(
            &format!("-f lavfi -i {MOVING} -frames:v 5 -c:v rawvideo -pix_fmt {format}"),
            "raw.mkv",
        );
        assert_pictures_match_ffmpeg(&path);
    }
}

#[test]
fn hevc_with_8_10_and_12_bits() {
    let folder = Folder::new();
    for (format, depth) in [("yuv420p", 8), ("yuv420p10le", 10), ("yuv420p12le", 12)] {
        let args = format!(
            "-f lavfi -i {MOVING} -frames:v 12 -c:v libx265 -preset ultrafast -x265-params log-level=none"
        );
        let path = folder.ffmpeg(&format!("{args} -pix_fmt {format}"), "clip.mp4");
        let info = open(&path).info().clone();
        assert_eq!((info.codec.as_str(), info.bit_depth), ("hevc", depth));
        assert_pictures_match_ffmpeg(&path);
    }
}

#[test]
fn other_codecs() {
    let folder = Folder::new();
    for (codec, name) in [
        ("mpeg4 -bf 2", "a.mp4"),
        ("mjpeg -pix_fmt yuvj420p", "b.mov"),
        ("mpeg4", "c.avi"),
    ] {
        let path = folder.ffmpeg(
            &format!("-f lavfi -i {MOVING} -frames:v 20 -q:v 2 -c:v {codec}"),
            name,
        );
        assert_pictures_match_ffmpeg(&path);
    }
}

#[test]
fn rgb_is_refused() {
    let folder = Folder::new();
    let path = folder.ffmpeg(
        &format!("-f lavfi -i {MOVING} -frames:v 3 -c:v libx264rgb"),
        "rgb.mp4",
    );
    let error = Recording::open(&path, &OpenOptions::default()).expect_err("no luma in RGB");
    assert_eq!(error.to_string(), "unsupported pixel format (gbrp)");
    assert!(error.hint().is_some());
}

#[test]
fn turned_upright() {
    let folder = Folder::new();
    folder.h264("-frames:v 10", "flat.mp4");
    for degrees in [90, 180, 270] {
        let args = format!("-i @flat.mp4 -c copy -metadata:s:v rotate={degrees}");
        let path = folder.ffmpeg(&args, "turned.mp4");
        let info = open(&path).info().clone();
        // ffmpeg's metadata turns the other way round; the pictures below are the judge.
        assert_eq!(info.rotation_deg, 360 - degrees);
        let expected = if degrees == 180 { (160, 120) } else { (120, 160) };
        assert_eq!(
            (info.width, info.height, info.coded_width, info.coded_height),
            (expected.0, expected.1, 160, 120)
        );
        assert_pictures_match_ffmpeg(&path);
    }
}

#[test]
fn pixels_become_square() {
    let folder = Folder::new();
    let recording = open(&folder.h264("-frames:v 3 -vf setsar=4/3", "wide.mp4"));
    assert_eq!((recording.info().width, recording.info().height), (213, 120));
    let plan = everything(&recording);
    let size = |max_dim| {
        let frame = recording
            .frames(&plan, &FrameOptions { max_dim, threads: 1 })
            .next()
            .expect("one")
            .expect("good");
        assert_eq!(frame.data.len(), frame.width * frame.height);
        (frame.width, frame.height)
    };
    assert_eq!(size(4096), (160, 90));
    assert_eq!(size(80), (80, 45));
}

#[test]
fn shrinking_averages_everything() {
    let folder = Folder::new();
    // A fine checkerboard must become even grey, not a pattern of picked pixels.
    let board = "-f lavfi -i nullsrc=size=160x120:rate=30,geq=lum='255*mod(X+Y\\,2)':cb=128:cr=128";
    let recording = open(&folder.ffmpeg(
        &format!("{board} -frames:v 1 -pix_fmt gray -c:v ffv1"),
        "board.mkv",
    ));
    let options = FrameOptions {
        max_dim: 40,
        threads: 1,
    };
    let frame = recording
        .frames(&everything(&recording), &options)
        .next()
        .expect("one")
        .expect("good");
    assert_eq!((frame.width, frame.height), (40, 30));
    assert!(
        frame.data.iter().all(|value| (120..=136).contains(value)),
        "{:?}",
        &frame.data[..40]
    );
}

#[test]
fn key_frames_alone_give_the_same_pictures() {
    let folder = Folder::new();
    let x265 = "-c:v libx265 -x265-params log-level=none:keyint=10:min-keyint=10:scenecut=0:open-gop=1";
    let clips = [
        folder.h264("-preset medium -g 10 -bf 2 -sc_threshold 0", "closed.mp4"),
        folder.h264(
            "-preset medium -g 10 -bf 2 -sc_threshold 0 -x264-params open-gop=1",
            "open.mp4",
        ),
        folder.h264("-g 10 -bf 0 -sc_threshold 0", "gopro.mp4"),
        folder.ffmpeg(
            &format!("-f lavfi -i {MOVING} -preset ultrafast -bf 2 {x265}"),
            "open_hevc.mp4",
        ),
    ];
    for path in clips {
        let recording = open(&path);
        let request = SampleRequest {
            analysed_fps: 3.0,
            fine_fps: Some(10.0),
            dense: false,
        };
        let plan = recording.plan(&request);
        assert_eq!(
            (plan.mode(), plan.count(FrameRole::Fine)),
            (PlanMode::KeyFramesOnly, 0)
        );
        let keys = decode(&recording, &plan, 1);
        assert_eq!(keys.len(), 6, "{}", path.display());
        let all = decode(&recording, &everything(&recording), 2);
        for key in &keys {
            assert!(recording.timeline().is_key(key.index));
            assert_eq!(
                key.data,
                all[key.index].data,
                "{} frame {}",
                path.display(),
                key.index
            );
        }
        let dense = recording.plan(&SampleRequest {
            dense: true,
            ..request
        });
        assert_eq!(
            (dense.mode(), dense.count(FrameRole::Analysed)),
            (PlanMode::WholeGops, 6)
        );
        // Both grids share the frames at 0 s and 1 s.
        assert_eq!(dense.count(FrameRole::Fine), 18);
    }
}

#[test]
fn wide_key_frames_mean_decoding_everything() {
    let folder = Folder::new();
    let recording = open(&folder.h264("-g 250", "wide.mp4"));
    assert_eq!(recording.timeline().key_frame_spacing().count, 1);
    let plan = recording.plan(&SampleRequest {
        analysed_fps: 3.0,
        fine_fps: None,
        dense: false,
    });
    assert_eq!(plan.mode(), PlanMode::WholeGops);
    let times: Vec<f64> = decode(&recording, &plan, 1)
        .iter()
        .map(|frame| frame.t_secs)
        .collect();
    let grid: Vec<f64> = (0..6).map(|k| f64::from(k) / 3.0).collect();
    assert!(
        times
            .iter()
            .zip(&grid)
            .all(|(time, grid)| (time - grid).abs() < 1e-9),
        "{times:?}"
    );
}

#[test]
fn threads_change_nothing() {
    let folder = Folder::new();
    let clips = [
        folder.h264("-preset medium -g 15 -bf 2", "a.mp4"),
        folder.ffmpeg(
            &format!("-f lavfi -i {MOVING} -c:v libx265 -x265-params log-level=none"),
            "b.mp4",
        ),
    ];
    for path in clips {
        let recording = open(&path);
        for fps in [1.0, 7.0] {
            let plan = recording.plan(&SampleRequest {
                analysed_fps: fps,
                fine_fps: Some(12.0),
                dense: false,
            });
            let one = decode(&recording, &plan, 1);
            assert!(one == decode(&recording, &plan, 4) && one == decode(&recording, &plan, 0));
        }
    }
}
