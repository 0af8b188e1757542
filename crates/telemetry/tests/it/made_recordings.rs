//! MP4 files made here: timecode and chapters by `ffmpeg`, and GoPro headers put together by hand.

use std::fs::File;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;

use mtbsync_telemetry::FileTelemetry;
use mtbsync_telemetry::mp4::StartTimecode;

/// Runs `ffmpeg` in the test's own folder and reads what it wrote.
fn made_by_ffmpeg(name: &str, arguments: &[&str]) -> FileTelemetry {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let status = Command::new("ffmpeg")
        .args([
            "-y",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x64:rate=30000/1001:duration=4",
        ])
        .args(arguments)
        .args(["-c:v", "mpeg4"])
        .arg(&out)
        .status()
        .unwrap();
    assert!(status.success());
    FileTelemetry::read(&mut File::open(out).unwrap()).unwrap()
}

#[test]
fn start_timecode_and_creation_time() {
    let recording = made_by_ffmpeg(
        "timecode.mp4",
        &[
            "-timecode",
            "01:00:00;00",
            "-metadata",
            "creation_time=2024-06-01T10:00:00Z",
        ],
    );
    // One hour of drop-frame counting is 107892 frames.
    let expected = StartTimecode {
        frames: 107_892,
        drop_frame: true,
        rate: (30_000, 1001),
    };
    assert_eq!(recording.timecode, Some(expected));
    assert_eq!(recording.creation_unix_secs, Some(1_717_236_000.0));
    assert!(
        (recording.duration_secs - 4.004).abs() < 0.04,
        "{}",
        recording.duration_secs
    );
    assert!(recording.telemetry.is_none() && recording.hilights.is_empty());
    assert_eq!(recording.not_real_time, None);
}

#[test]
fn chapters_with_titles_in_front_moov_and_behind() {
    let list = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("chapters.txt");
    let chapter = |from: u32, to: u32, title: &str| {
        format!("[CHAPTER]\nTIMEBASE=1/1000\nSTART={from}\nEND={to}\ntitle={title}\n")
    };
    let text = format!(
        ";FFMETADATA1\n{}{}",
        chapter(0, 1500, "Start"),
        chapter(1500, 4000, "Drop \u{e9}")
    );
    std::fs::write(&list, text).unwrap();
    for (name, flags) in [("chapters.mp4", "+faststart"), ("chapters.mov", "+disable_chpl")] {
        let arguments = [
            "-i",
            list.to_str().unwrap(),
            "-map_metadata",
            "1",
            "-movflags",
            flags,
        ];
        let chapters = made_by_ffmpeg(name, &arguments).chapters;
        let seen: Vec<_> = chapters
            .iter()
            .map(|c| (c.start_secs, c.title.as_str()))
            .collect();
        assert_eq!(seen, [(0.0, "Start"), (1.5, "Drop \u{e9}")], "{name}");
    }
}

fn mp4_box(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&((body.len() + 8) as u32).to_be_bytes(), name.as_slice(), body].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A recording with one telemetry payload, behind 64-bit offsets and a delay of half a second.
fn camera_file(udta: &[Vec<u8>]) -> Vec<u8> {
    let path = format!("{}/tests/data/gpmf/hero5.raw", env!("CARGO_MANIFEST_DIR"));
    let payload = std::fs::read(path).unwrap();
    let mdat = mp4_box(b"mdat", &payload);
    let head = mp4_box(b"ftyp", b"mp41\0\0\0\0");
    let size = payload.len() as u32;
    let stbl = [
        mp4_box(b"stsd", &[words(&[0, 1]), mp4_box(b"gpmd", &[0; 8])].concat()),
        mp4_box(b"stts", &words(&[0, 1, 1, 1001])),
        mp4_box(b"stsc", &words(&[0, 1, 1, 1, 1])),
        mp4_box(b"stsz", &words(&[0, size, 1])),
        mp4_box(b"co64", &words(&[0, 1, 0, head.len() as u32 + 8])),
    ];
    let mdia = [
        mp4_box(b"mdhd", &words(&[0, 0, 0, 1000, 1001, 0])),
        mp4_box(b"hdlr", &[words(&[0, 0]), b"meta".to_vec(), vec![0; 13]].concat()),
        mp4_box(b"minf", &mp4_box(b"stbl", &stbl.concat())),
    ];
    let edit = words(&[0, 2, 500, u32::MAX, 0x1_0000, 1001, 0, 0x1_0000]);
    let trak = [
        mp4_box(b"tkhd", &words(&[0, 0, 0, 1, 0, 0])),
        mp4_box(b"edts", &mp4_box(b"elst", &edit)),
        mp4_box(b"mdia", &mdia.concat()),
    ];
    let mvhd = mp4_box(b"mvhd", &words(&[0, 0, 0, 1000, 1001]));
    let moov = [
        mvhd,
        mp4_box(b"udta", &udta.concat()),
        mp4_box(b"trak", &trak.concat()),
    ];
    [head, mdat, mp4_box(b"moov", &moov.concat())].concat()
}

#[test]
fn camera_header_with_both_kinds_of_tags() {
    let path = format!(
        "{}/tests/data/gpmf/telemetry-mp4header.raw",
        env!("CARGO_MANIFEST_DIR")
    );
    let gpmf = std::fs::read(path).unwrap();
    let hmmt = mp4_box(b"HMMT", &words(&[2, 100, 900, 0]));
    let ids = [
        mp4_box(b"FIRM", b"HD7.01.01.90.00"),
        mp4_box(b"MUID", &[7; 32]),
        mp4_box(b"GUMI", &[0; 16]),
    ];

    let old = camera_file(&[ids.concat(), hmmt.clone()]);
    let recording = FileTelemetry::read(&mut Cursor::new(old)).unwrap();
    assert_eq!(
        recording
            .hilights
            .iter()
            .map(|tag| tag.time_secs)
            .collect::<Vec<_>>(),
        [0.1, 0.9]
    );
    assert_eq!(recording.identity.firmware.as_deref(), Some("HD7.01.01.90.00"));
    assert_eq!(recording.identity.media_id, Some(vec![7; 32]));
    assert_eq!(recording.identity.global_id, None, "zeros are no id");
    let gps = recording.telemetry.unwrap().gps.unwrap();
    assert_eq!(gps.samples.len(), 18);
    assert_eq!(gps.samples[0].time_secs, 0.5, "the edit list delays telemetry");

    let new = camera_file(&[mp4_box(b"GPMF", &gpmf), hmmt]);
    let recording = FileTelemetry::read(&mut Cursor::new(new)).unwrap();
    assert_eq!(recording.hilights[0].time_secs, 0.8, "HLMT before HMMT");
    assert_eq!(recording.identity.model.as_deref(), Some("HERO7 Black"));
    assert_eq!(
        recording.lenses.only().map(|lens| lens.words()).as_deref(),
        Some("wide")
    );
}
