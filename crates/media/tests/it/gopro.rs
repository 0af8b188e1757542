//! GoPro chapters, proxies, identities and telemetry, on files made to look like a camera's.

use std::path::{Path, PathBuf};

use crate::common::{Folder, decode, everything, open};
use mtbsync_media::gopro::MediaId;
use mtbsync_media::{FrameOptions, OpenOptions, PlanMode, Recording, SampleRequest, read_user_data};

/// A chapter as a camera writes it: 29.97 fps, no B-frames, a key frame every 10 frames, `frames` of a
/// picture that starts `offset_secs` into the source.
fn chapter(folder: &Folder, name: &str, offset_secs: f64, frames: u32, extra: &str) -> PathBuf {
    let source = "testsrc2=size=160x120:rate=30000/1001:duration=9";
    let codec = "-c:v libx264 -preset ultrafast -bf 0 -g 10 -video_track_timescale 90000";
    // The muxer picks its format by the extension, which .LRV does not tell.
    let args = format!("-f lavfi -ss {offset_secs} -i {source} -frames:v {frames} {codec} {extra} -f mp4");
    folder.ffmpeg(&args, name)
}

/// Adds a `udta` box with a media id to the `moov` box at the end of the file.
fn set_media_id(path: &Path, id: u8) {
    let mut bytes = std::fs::read(path).expect("reads");
    let moov = bytes
        .windows(4)
        .rposition(|kind| kind == b"moov")
        .expect("has moov")
        - 4;
    let udta = [
        &48_u32.to_be_bytes()[..],
        b"udta",
        &40_u32.to_be_bytes(),
        b"MUID",
        &[id; 32],
    ]
    .concat();
    bytes.extend_from_slice(&udta);
    let size = u32::try_from(bytes.len() - moov).expect("small");
    bytes[moov..moov + 4].copy_from_slice(&size.to_be_bytes());
    std::fs::write(path, bytes).expect("writes");
}

fn warnings(recording: &Recording) -> Vec<String> {
    recording.warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn chapters_become_one_timeline() {
    let folder = Folder::new();
    let first = chapter(&folder, "GX010007.MP4", 0.0, 40, "");
    chapter(&folder, "GX020007.MP4", 2.0, 35, "");
    chapter(&folder, "GX030007.MP4", 4.0, 30, "");
    let recording = open(&first);
    assert_eq!(warnings(&recording), [""; 0]);
    assert_eq!(recording.timeline().len(), 105);
    let starts: Vec<(i64, usize)> = recording
        .chapters()
        .iter()
        .map(|part| (part.start.0, part.first_index))
        .collect();
    assert_eq!(starts, [(0, 0), (40 * 3003, 40), (75 * 3003, 75)]);
    assert_eq!(recording.timeline().end().0, 105 * 3003);
    assert!(recording.info().is_constant_rate);
    assert_eq!(recording.info().frame_count, 105);

    let frames = decode(&recording, &everything(&recording), 2);
    let alone = Recording::open(
        &recording.chapters()[1].path,
        &OpenOptions {
            single_file: true,
            no_proxy: false,
        },
    );
    let alone = alone.expect("opens");
    assert_eq!(alone.timeline().len(), 35);
    assert_eq!(decode(&alone, &everything(&alone), 1)[3].data, frames[43].data);
    assert!(frames.iter().enumerate().all(|(i, frame)| frame.index == i));

    let keys = recording.plan(&SampleRequest {
        analysed_fps: 3.0,
        fine_fps: None,
        dense: false,
    });
    assert_eq!(keys.mode(), PlanMode::KeyFramesOnly);
    assert!(
        decode(&recording, &keys, 1)
            .iter()
            .all(|frame| frame.data == frames[frame.index].data)
    );
}

#[test]
fn any_chapter_opens_the_whole_recording() {
    let folder = Folder::new();
    chapter(&folder, "GX010007.MP4", 0.0, 40, "");
    let second = chapter(&folder, "GX020007.MP4", 2.0, 35, "");
    chapter(&folder, "GX030007.MP4", 4.0, 30, "");
    let recording = open(&second);
    assert_eq!((recording.chapters().len(), recording.timeline().len()), (3, 105));
    assert_eq!(recording.chapters()[1].path, second);
    let whole =
        "GX020007.MP4 is one chapter of a recording: all of it is used, from GX010007.MP4 to GX030007.MP4";
    assert_eq!(warnings(&recording), [whole]);
    // An earlier chapter that is no part of it is left out, and said.
    chapter(&folder, "GX010007.MP4", 0.0, 10, "-r 25");
    let recording = open(&second);
    assert_eq!(recording.timeline().len(), 65);
    let other = "GX010007.MP4 and earlier chapters are not included: it has another frame rate";
    assert_eq!(warnings(&recording), [other]);
}

#[test]
fn joining_ends_where_files_do_not_continue() {
    let cases = [
        ("-r 25", "it has another frame rate"),
        ("-vf scale=80:60", "it has another picture size"),
        ("-c:v libx265 -x265-params log-level=none", "it has another codec"),
        ("-video_track_timescale 30000", "it has another time scale"),
    ];
    for (extra, reason) in cases {
        let folder = Folder::new();
        let first = chapter(&folder, "GH010007.MP4", 0.0, 10, "");
        chapter(&folder, "GH020007.MP4", 0.0, 10, extra);
        chapter(&folder, "GH030007.MP4", 0.0, 10, "");
        let recording = open(&first);
        assert_eq!(recording.chapters().len(), 1);
        assert_eq!(
            warnings(&recording),
            [format!(
                "GH020007.MP4 and later chapters are not included: {reason}"
            )]
        );
    }
}

#[test]
fn a_bad_or_foreign_chapter_is_only_a_warning() {
    let folder = Folder::new();
    let first = chapter(&folder, "GX010007.MP4", 0.0, 10, "");
    let second = chapter(&folder, "GX020007.MP4", 0.0, 10, "");
    set_media_id(&first, 1);
    set_media_id(&second, 2);
    assert_eq!(MediaId::read(&first).unwrap().muid, Some([1; 32]));
    let foreign = "GX020007.MP4 and later chapters are not included: it belongs to another recording";
    assert_eq!(warnings(&open(&first)), [foreign]);
    std::fs::write(&second, b"").expect("writes");
    assert_eq!(
        warnings(&open(&first)),
        ["GX020007.MP4 and later chapters are not included: is empty"]
    );
}

#[test]
fn a_proxy_is_decoded_at_the_original_times() {
    let folder = Folder::new();
    let original = chapter(&folder, "GX010007.MP4", 0.0, 90, "");
    // Two frames short, as one camera writes it, and with key frames of its own.
    let proxy = chapter(&folder, "GL010007.LRV", 0.0, 88, "-vf scale=80:60 -g 8");
    let recording = open(&original);
    assert_eq!(warnings(&recording), [""; 0]);
    assert_eq!(recording.chapters()[0].proxy.as_ref(), Some(&proxy));
    assert_eq!((recording.timeline().len(), recording.info().width), (90, 160));
    assert_eq!(recording.timeline().key_frame_spacing().count, 9);
    let plan = recording.plan(&SampleRequest {
        analysed_fps: 3.0,
        fine_fps: None,
        dense: false,
    });
    assert_eq!(plan.mode(), PlanMode::KeyFramesOnly);
    let by_proxy = decode(&recording, &plan, 1);
    assert!(
        by_proxy
            .iter()
            .all(|frame| frame.width == 80 && frame.index % 8 == 0)
    );
    assert!(
        by_proxy
            .iter()
            .all(|frame| frame.t_secs == recording.timeline().pts_secs(frame.index))
    );

    let without = Recording::open(
        &original,
        &OpenOptions {
            no_proxy: true,
            single_file: false,
        },
    )
    .expect("opens");
    assert_eq!(without.chapters()[0].proxy, None);
    let options = FrameOptions {
        max_dim: 80,
        threads: 1,
    };
    let shrunk: Vec<_> = without
        .frames(&everything(&without), &options)
        .map(|frame| frame.expect("decodes"))
        .collect();
    for frame in &by_proxy {
        let differences = frame
            .data
            .iter()
            .zip(&shrunk[frame.index].data)
            .map(|(a, b)| u64::from(a.abs_diff(*b)));
        let mean = differences.sum::<u64>() / frame.data.len() as u64;
        assert!(mean < 12, "frame {} is off by {mean}", frame.index);
    }
    // Named itself, the proxy is a recording.
    assert_eq!(open(&proxy).info().frame_count, 88);
}

#[test]
fn a_proxy_of_half_the_rate_shows_every_other_frame() {
    let folder = Folder::new();
    let original = chapter(&folder, "GX010007.MP4", 0.0, 60, "");
    chapter(&folder, "GL010007.LRV", 0.0, 30, "-r 15000/1001");
    let recording = open(&original);
    assert!(
        recording.chapters()[0].proxy.is_some(),
        "{:?}",
        warnings(&recording)
    );
    let plan = everything(&recording);
    let indices: Vec<usize> = plan.frames().iter().map(|frame| frame.index).collect();
    assert_eq!(indices, (0..30).map(|i| 2 * i).collect::<Vec<_>>());
}

#[test]
fn unfit_proxies_are_ignored() {
    let cases = [
        (70, "", "it has another length"),
        (90, "-r 25", "it has another frame rate"),
        (90, "-vf transpose", "its picture lies differently"),
    ];
    for (frames, extra, reason) in cases {
        let folder = Folder::new();
        let original = chapter(&folder, "GH010007.MP4", 0.0, 90, "");
        chapter(&folder, "GL010007.LRV", 0.0, frames, extra);
        let recording = open(&original);
        assert_eq!(recording.chapters()[0].proxy, None);
        assert_eq!(
            warnings(&recording),
            [format!("proxy GL010007.LRV is not used: {reason}")]
        );
    }
}

#[test]
fn windows_decode_only_what_they_need() {
    let folder = Folder::new();
    let recording = open(&chapter(&folder, "ride.mp4", 0.0, 120, ""));
    let plan = recording.plan_windows(&[(1.0, 1.2), (3.0, 3.1)], 15.0);
    let frames = decode(&recording, &plan, 1);
    let all = decode(&recording, &everything(&recording), 1);
    assert_eq!(
        frames.iter().map(|frame| frame.index).collect::<Vec<_>>(),
        [30, 32, 34, 90, 92]
    );
    assert!(frames.iter().all(|frame| frame.data == all[frame.index].data));
}

#[test]
fn files_without_user_data_have_none() {
    let folder = Folder::new();
    let path = chapter(&folder, "ride.mp4", 0.0, 5, "");
    assert_eq!(read_user_data(&path).expect("reads").get(b"GPMF"), None);
    assert!(read_user_data(&folder.path("missing.mp4")).is_err());
}
