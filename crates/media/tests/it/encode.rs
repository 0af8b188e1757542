//! Movies and JPEGs that were written, as ffprobe and this crate's own reader see them.

use std::f32::consts::TAU;
use std::path::Path;

use crate::common::{Folder, assert_times_match_ffprobe, ffprobe_times_secs, open};
use mtbsync_media::encode::{MovieFormat, MovieWriter, SoundSettings, VideoCodec, VideoSettings, jpeg};
use mtbsync_media::scale::{ColourMatrix, ColourOptions, YuvPicture};
use mtbsync_media::{Rational, SoundReader};

const RATE: u32 = 48_000;

fn settings(codec: VideoCodec) -> VideoSettings {
    VideoSettings {
        codec,
        size: (64, 48),
        time_base: Rational { num: 1, den: 1000 },
        frame_rate: Rational { num: 30, den: 1 },
        quality: 18,
        key_frame_distance: 5,
        matrix: ColourMatrix::Bt709,
    }
}

/// A click at `at_secs` in `secs` of silence.
fn click(at_secs: f32, secs: f32) -> Vec<f32> {
    let sample = |n: u32| {
        let t = n as f32 / RATE as f32 - at_secs;
        if (0.0..0.01).contains(&t) {
            (TAU * 1000.0 * t).sin() * 0.8
        } else {
            0.0
        }
    };
    (0..(secs * RATE as f32) as u32).map(sample).collect()
}

/// Frames of growing brightness at uneven times, and a click at 0.5 s.
fn write(path: &Path, codec: VideoCodec, times_ms: &[i64]) {
    std::fs::write(path, "").unwrap();
    let sound = SoundSettings {
        rate: RATE,
        channels: 2,
    };
    let mut movie = MovieWriter::create(path, MovieFormat::Mp4, &settings(codec), Some(sound)).unwrap();
    for (number, time) in times_ms.iter().enumerate() {
        movie
            .picture(&YuvPicture::grey(64, 48, 40 + 10 * number as u8), *time)
            .unwrap();
    }
    let samples = click(0.5, 1.0);
    for chunk in samples.chunks(700) {
        movie.samples(&[chunk.to_vec(), chunk.to_vec()]).unwrap();
    }
    movie.finish().unwrap();
}

#[test]
fn uneven_times_pictures_and_sound_come_back() {
    let folder = Folder::new();
    let times_ms = [0, 33, 80, 200, 210, 300, 420, 500, 640, 900];
    for (codec, name) in [
        (VideoCodec::H264, "h264"),
        (VideoCodec::Hevc, "hevc"),
        (VideoCodec::Av1, "av1"),
    ] {
        let path = folder.path(&format!("{name}.mp4"));
        write(&path, codec, &times_ms);
        let found = ffprobe_times_secs(&path);
        let expected: Vec<f64> = times_ms.iter().map(|ms| *ms as f64 / 1000.0).collect();
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-4,
                "{name}: {found} instead of {expected}"
            );
        }
        let recording = open(&path);
        assert_eq!(
            (recording.info().codec.as_str(), found.len()),
            (name, times_ms.len())
        );
        let options = ColourOptions {
            size: (64, 48),
            matrix: None,
            full_range: false,
            threads: 1,
        };
        for frame in recording.colour_frames(&(0..times_ms.len()).collect::<Vec<_>>(), &options) {
            let frame = frame.unwrap();
            let luma = frame.picture.plane(0)[64 * 24 + 32];
            assert!(luma.abs_diff(40 + 10 * frame.index as u8) <= 3, "{name}: {luma}");
        }
    }
    assert_times_match_ffprobe(&folder.path("h264.mp4"));
    assert!(
        open(&folder.path("h264.mp4")).timeline().is_key(5),
        "key frames are as close as asked"
    );
}

#[test]
fn a_click_is_heard_where_it_was() {
    let folder = Folder::new();
    let path = folder.path("click.mp4");
    write(&path, VideoCodec::H264, &[0, 500, 999]);
    let recording = open(&path);
    let mut sound = SoundReader::open(&recording).unwrap().unwrap();
    assert_eq!((sound.rate(), sound.channels()), (RATE, 2));
    let whole = sound.window(-100, 48_100).unwrap();
    let loudest = |samples: &[f32]| {
        let found = samples
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        found.map(|(at, _)| at as i64).unwrap()
    };
    let at = loudest(&whole[1]) - 100;
    assert!((24_000..24_500).contains(&at), "{at}");
    // Asked for late, the same samples come.
    let mut late = SoundReader::open(&recording).unwrap().unwrap();
    let window = late.window(23_000, 3000).unwrap();
    let difference = window[0]
        .iter()
        .zip(&whole[0][23_100..])
        .map(|(a, b)| (a - b).abs());
    assert!(difference.fold(0.0, f32::max) < 1e-4);
    assert!(
        late.window(200_000, 10).unwrap()[0]
            .iter()
            .all(|sample| *sample == 0.0),
        "silence behind the end"
    );
}

#[test]
fn mono_integer_sound_of_a_late_track_is_where_it_belongs() {
    let folder = Folder::new();
    let path = folder.ffmpeg(
        "-f lavfi -i testsrc2=size=64x48:rate=25:duration=2 -itsoffset 0.5 -f lavfi -i \
         sine=frequency=500:sample_rate=32000:duration=1 -c:v libx264 -c:a pcm_s16le -ac 1",
        "late.mov",
    );
    let mut sound = SoundReader::open(&open(&path)).unwrap().unwrap();
    assert_eq!((sound.rate(), sound.channels()), (32_000, 1));
    let samples = sound.window(0, 64_000).unwrap().remove(0);
    let first = samples.iter().position(|sample| sample.abs() > 0.01).unwrap();
    let last = samples.iter().rposition(|sample| sample.abs() > 0.01).unwrap();
    assert!(first.abs_diff(16_000) < 400, "{first}");
    assert!(last.abs_diff(48_000) < 400, "{last}");
}

#[test]
fn a_jpeg_shows_its_picture() {
    let folder = Folder::new();
    let bytes = jpeg(&YuvPicture::grey(80, 60, 200)).unwrap();
    assert!(bytes.starts_with(&[0xff, 0xd8]) && bytes.ends_with(&[0xff, 0xd9]));
    let path = folder.path("p.jpg");
    std::fs::write(&path, &bytes).unwrap();
    let grey = crate::common::ffmpeg_gray(&path, 80 * 60);
    assert!(grey[0].iter().all(|value| value.abs_diff(200) <= 2));
}
