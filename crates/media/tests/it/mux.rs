//! Chapters written into recordings: every stream stays as it is, and foreign readers find the chapters.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;

use crate::common::Folder;
use mtbsync_media::{ChapterError, ChapterMark, copy_with_chapters, read_user_data};

fn marks(list: &[(f64, &str)]) -> Vec<ChapterMark> {
    list.iter()
        .map(|(start_secs, title)| ChapterMark {
            start_secs: *start_secs,
            title: (*title).to_owned(),
        })
        .collect()
}

fn with_chapters(bytes: &[u8], list: &[(f64, &str)]) -> Result<Vec<u8>, ChapterError> {
    let mut out = Vec::new();
    copy_with_chapters(&mut Cursor::new(bytes), &marks(list), &mut out).map(|()| out)
}

fn run(program: &str, args: &[&str], path: &Path) -> String {
    let output = Command::new(program)
        .args(args)
        .arg(path)
        .output()
        .expect("is installed");
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("utf-8")
}

/// Start in ms, end in ms and title of each chapter, by ffprobe.
fn chapters(path: &Path) -> Vec<String> {
    let entries = "chapter=start_time,end_time:chapter_tags=title";
    let text = run(
        "ffprobe",
        &["-v", "error", "-show_entries", entries, "-of", "csv=p=0"],
        path,
    );
    text.lines().map(str::to_owned).collect()
}

/// A hash over the bytes and times of every packet of video and sound, by ffmpeg.
fn packets(path: &Path) -> String {
    let entries = "packet=pts,dts,duration,size,flags,data_hash";
    let streams = |kind| {
        run(
            "ffprobe",
            &[
                "-v",
                "error",
                "-select_streams",
                kind,
                "-show_data_hash",
                "md5",
                "-show_entries",
                entries,
                "-of",
                "csv",
            ],
            path,
        )
    };
    [streams("v"), streams("a")].concat()
}

const LIST: [(f64, &str); 3] = [(0.0, "Start"), (0.5008, "Brücke = 🚵; \\"), (1.25, "Drop")];

fn assert_chapters_in(folder: &Folder, source: &Path) {
    let bytes = fs::read(source).expect("reads");
    let target = folder.path("with.mp4");
    fs::write(&target, with_chapters(&bytes, &LIST).expect("writes")).expect("writes");
    assert_eq!(
        chapters(&target),
        [
            "0.000000,0.501000,Start",
            "0.501000,1.250000,Brücke = 🚵; \\",
            "1.250000,2.000000,Drop"
        ]
    );
    let before = packets(source);
    assert_eq!((packets(&target) == before, before.is_empty()), (true, false));
    // A second time: the chapters are replaced, not added to.
    let again = with_chapters(&fs::read(&target).expect("reads"), &LIST[..2]).expect("writes");
    fs::write(&target, &again).expect("writes");
    assert_eq!(chapters(&target).len(), 2);
    let streams = run(
        "ffprobe",
        &[
            "-v",
            "error",
            "-show_entries",
            "stream=codec_type",
            "-of",
            "csv=p=0",
        ],
        &target,
    );
    let data = streams
        .lines()
        .filter(|kind| ["data", "subtitle"].contains(kind))
        .count();
    assert_eq!(data, 1, "one track of titles: {streams}");
    assert!(packets(&target) == before);
}

#[test]
fn chapters_are_added_and_replaced_wherever_the_index_lies() {
    let folder = Folder::new();
    let sound = "-f lavfi -i sine=duration=2 -c:a aac -shortest";
    let video = format!(
        "-f lavfi -i {} {sound} -c:v libx264 -preset ultrafast",
        crate::common::MOVING
    );
    let index_last = folder.ffmpeg(&video, "last.mp4");
    assert_chapters_in(&folder, &index_last);
    let index_first = folder.ffmpeg(&format!("{video} -movflags +faststart"), "first.mp4");
    assert_chapters_in(&folder, &index_first);
    assert_chapters_in(&folder, &folder.ffmpeg(&video, "quicktime.mov"));
}

#[test]
fn what_ffmpeg_wrote_before_is_replaced() {
    let folder = Folder::new();
    let mut file = fs::File::create(folder.path("old.ffmeta")).expect("creates");
    for (start, end) in [(0, 700), (700, 1500), (1500, 2000)] {
        writeln!(
            file,
            ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle=old"
        )
        .expect("writes");
    }
    let plain = folder.h264("", "plain.mp4");
    let old = folder.ffmpeg("-i @plain.mp4 -i @old.ffmeta -map_metadata 1 -c copy", "old.mp4");
    assert_eq!(chapters(&old).len(), 3);
    assert_chapters_in(&folder, &old);
    drop(plain);
}

#[test]
fn the_cameras_own_boxes_stay() {
    let folder = Folder::new();
    let mut bytes = fs::read(folder.h264("", "plain.mp4")).expect("reads");
    let at = bytes.windows(4).rposition(|kind| kind == b"moov").expect("moov") - 4;
    let mut tags = 412_u32.to_be_bytes().to_vec();
    tags.extend(b"FIRM");
    tags.resize(412, 7);
    let mut user_data = 420_u32.to_be_bytes().to_vec();
    user_data.extend(b"udta");
    user_data.extend(&tags);
    let size = u32::try_from(bytes.len() - at + user_data.len()).expect("small");
    bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    bytes.extend(user_data);
    let target = folder.path("with.mp4");
    fs::write(&target, with_chapters(&bytes, &LIST).expect("writes")).expect("writes");
    assert_eq!(
        read_user_data(&target).expect("reads").get(b"FIRM"),
        Some(&[7; 404][..])
    );
    assert_eq!(chapters(&target).len(), 3);
}

#[test]
fn other_files_are_refused() {
    let folder = Folder::new();
    let plain = fs::read(folder.h264("", "plain.mp4")).expect("reads");
    let fragmented =
        fs::read(folder.h264("-movflags frag_keyframe+empty_moov", "pieces.mp4")).expect("reads");
    assert!(matches!(
        with_chapters(&fragmented, &LIST),
        Err(ChapterError::Fragmented)
    ));
    assert!(matches!(
        with_chapters(&plain, &[]),
        Err(ChapterError::NoChapters)
    ));
    let matroska = fs::read(folder.h264("", "other.mkv")).expect("reads");
    assert!(matches!(
        with_chapters(&matroska, &LIST),
        Err(ChapterError::NotMp4)
    ));
    let sound = folder.ffmpeg("-f lavfi -i sine=duration=1 -c:a aac", "sound.mp4");
    let sound = fs::read(sound).expect("reads");
    assert!(matches!(
        with_chapters(&sound, &LIST),
        Err(ChapterError::NoVideoTrack)
    ));
    for cut in [0, 7, 20, 40, plain.len() / 2, plain.len() - 1] {
        assert!(with_chapters(&plain[..cut], &LIST).is_err(), "cut at {cut}");
    }
}

#[test]
fn damage_anywhere_in_the_index_is_survived() {
    let folder = Folder::new();
    let plain = fs::read(folder.h264("", "plain.mp4")).expect("reads");
    let at = plain.windows(4).rposition(|kind| kind == b"moov").expect("moov") - 4;
    for offset in at..plain.len() {
        let mut bytes = plain.clone();
        bytes[offset] ^= 0xff;
        // Refused or copied: what counts is that nothing breaks.
        if let Ok(copy) = with_chapters(&bytes, &LIST) {
            assert_eq!(copy.get(..at.min(32)), plain.get(..at.min(32)));
        }
    }
}
