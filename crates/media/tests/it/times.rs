//! Presentation times agree with ffprobe's for everything a container can do to them.

use crate::common::{Folder, assert_times_match_ffprobe, decode, everything, open};
use mtbsync_media::Rational;

#[test]
fn constant_rate_with_b_frames() {
    let folder = Folder::new();
    let path = folder.h264("-preset medium -bf 3 -g 250", "b.mp4");
    assert_times_match_ffprobe(&path);
    let recording = open(&path);
    assert_eq!(recording.info().frame_rate, Rational { num: 30, den: 1 });
    assert_eq!(
        (recording.info().frame_count, recording.info().duration_secs),
        (60, 2.0)
    );
    assert!(recording.info().is_constant_rate);
}

#[test]
fn edit_list_from_a_cut_between_key_frames() {
    let folder = Folder::new();
    folder.h264("-preset medium -bf 2 -g 20", "whole.mp4");
    let cut = folder.ffmpeg("-ss 0.9 -i @whole.mp4 -c copy", "cut.mp4");
    let recording = open(&cut);
    // The copy starts at the key frame at 0.667 s; its edit list hides the frames before 0.9 s.
    assert_eq!(recording.timeline().len(), 33);
    assert!(!recording.timeline().is_key(0));
    assert_times_match_ffprobe(&cut);
}

#[test]
fn edit_list_content_is_the_shown_one() {
    let folder = Folder::new();
    let whole = open(&folder.h264("-g 20", "whole.mp4"));
    let cut = open(&folder.ffmpeg("-ss 0.9 -i @whole.mp4 -c copy", "cut.mp4"));
    let shown = decode(&cut, &everything(&cut), 1);
    let original = decode(&whole, &everything(&whole), 1);
    assert_eq!(shown[0].data, original[27].data);
    assert_eq!(
        shown.last().map(|frame| &frame.data),
        original.last().map(|frame| &frame.data)
    );
}

#[test]
fn late_start_becomes_zero() {
    let folder = Folder::new();
    folder.h264("", "clip.mp4");
    let late = folder.ffmpeg(
        "-f lavfi -i sine=duration=3 -itsoffset 1.5 -i @clip.mp4 -map 0 -map 1 -c:v copy -c:a aac",
        "late.mp4",
    );
    assert_times_match_ffprobe(&late);
    let info = open(&late).info().clone();
    assert!(
        (info.container_start_secs - 1.5).abs() < 0.05,
        "{}",
        info.container_start_secs
    );
    assert!(info.has_audio);
}

#[test]
fn variable_frame_rate() {
    let folder = Folder::new();
    let filter = "-vf select='not(eq(mod(n\\,7)\\,3))*not(between(n\\,20\\,29))' -fps_mode vfr";
    let path = folder.h264(filter, "vfr.mp4");
    assert_times_match_ffprobe(&path);
    let info = open(&path).info().clone();
    assert!(!info.is_constant_rate);
    assert_eq!(info.frame_rate, Rational { num: 30, den: 1 });
}

#[test]
fn ntsc_rates_are_exact_fractions_in_any_time_base() {
    let folder = Folder::new();
    for (rate, num) in [
        ("30000/1001", 30000),
        ("60000/1001", 60000),
        ("24000/1001", 24000),
    ] {
        for name in ["n.mp4", "n.mkv"] {
            let path = folder.ffmpeg(
                &format!("-f lavfi -i testsrc2=size=64x48:rate={rate}:duration=4 -c:v libx264"),
                name,
            );
            assert_eq!(
                open(&path).info().frame_rate,
                Rational { num, den: 1001 },
                "{rate} {name}"
            );
        }
    }
}

#[test]
fn other_containers() {
    let folder = Folder::new();
    folder.h264("-preset medium -bf 2 -g 10", "clip.mp4");
    let fragmented = folder.ffmpeg(
        "-i @clip.mp4 -c copy -movflags frag_keyframe+empty_moov",
        "fragmented.mp4",
    );
    for path in [fragmented, folder.ffmpeg("-i @clip.mp4 -c copy", "clip.mkv")] {
        assert_times_match_ffprobe(&path);
    }
    assert_times_match_ffprobe(&folder.ffmpeg("-i @clip.mp4 -c copy", "clip.ts"));
}

#[test]
fn timecode_of_the_first_frame() {
    let folder = Folder::new();
    let drop_frame = folder.ffmpeg(
        "-f lavfi -i testsrc2=size=64x48:rate=30000/1001:duration=1 -c:v libx264 -timecode 01:02:03;04",
        "tc.mov",
    );
    assert_eq!(
        open(&drop_frame).info().start_timecode.as_deref(),
        Some("01:02:03;04")
    );
    let plain = folder.h264("-timecode 10:00:00:00", "tc.mp4");
    assert_eq!(open(&plain).info().start_timecode.as_deref(), Some("10:00:00:00"));
}
