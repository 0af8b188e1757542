//! Colour pictures against ffmpeg's own conversion, and frames in the middle of a file against decoding all
//! of it.

use std::path::Path;
use std::process::Command;

use crate::common::{Folder, MOVING, open};
use mtbsync_media::scale::{ColourMatrix, ColourOptions, YuvPicture};

/// All frames at `indices`, in the recording's own size.
fn colour(path: &Path, indices: &[usize], matrix: Option<ColourMatrix>) -> Vec<(usize, YuvPicture)> {
    let recording = open(path);
    let options = ColourOptions {
        size: (recording.info().width, recording.info().height),
        matrix,
        full_range: false,
        threads: 2,
    };
    let frames = recording.colour_frames(indices, &options);
    frames
        .map(|frame| frame.unwrap())
        .map(|frame| (frame.index, frame.picture))
        .collect()
}

/// All frames as ffmpeg shows them: turned, limited-range 8-bit 4:2:0.
fn ffmpeg_yuv(path: &Path, filter: &str, frame_bytes: usize) -> Vec<Vec<u8>> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-vf", filter])
        .args(["-pix_fmt", "yuv420p", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    output.stdout.chunks(frame_bytes).map(<[u8]>::to_vec).collect()
}

fn mean_difference(picture: &YuvPicture, expected: &[u8]) -> f64 {
    let own: Vec<u8> = (0..3).flat_map(|plane| picture.plane(plane).to_vec()).collect();
    assert_eq!(own.len(), expected.len());
    let sum: u64 = own
        .iter()
        .zip(expected)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / own.len() as f64
}

#[test]
fn eight_and_ten_bit_full_range_and_turned_pictures_look_as_ffmpeg_shows_them() {
    let folder = Folder::new();
    let source = format!("-f lavfi -i {MOVING} -t 0.3");
    let cases = [
        (format!("{source} -c:v libx264 -pix_fmt yuv420p"), "eight.mp4"),
        (
            format!("{source} -c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=none"),
            "ten.mp4",
        ),
        (
            format!("{source} -vf scale=out_range=full -c:v libx264 -pix_fmt yuvj420p -color_range pc"),
            "full.mp4",
        ),
    ];
    for (args, name) in &cases {
        let path = folder.ffmpeg(args, name);
        let pictures = colour(&path, &[0, 5, 8], None);
        let expected = ffmpeg_yuv(&path, "scale=out_range=limited", 160 * 120 * 3 / 2);
        for (index, picture) in &pictures {
            let off = mean_difference(picture, &expected[*index]);
            assert!(off < 1.5, "{name}, frame {index}: off by {off}");
        }
        assert_eq!(pictures.len(), 3);
    }
    let turned = folder.ffmpeg("-i @eight.mp4 -c copy -metadata:s:v:0 rotate=90", "turned.mp4");
    let pictures = colour(&turned, &[4], None);
    assert_eq!((pictures[0].1.width(), pictures[0].1.height()), (120, 160));
    let expected = ffmpeg_yuv(&turned, "null", 160 * 120 * 3 / 2);
    assert!(mean_difference(&pictures[0].1, &expected[4]) < 1.5);
}

#[test]
fn the_matrix_can_be_changed() {
    let folder = Folder::new();
    let path = folder.ffmpeg(
        "-f lavfi -i color=red:size=64x64:rate=10:duration=0.3 -vf scale=out_color_matrix=bt709 -c:v libx264 \
         -pix_fmt yuv420p -colorspace bt709",
        "red.mp4",
    );
    let luma = |matrix| colour(&path, &[0], matrix)[0].1.plane(0)[0];
    // Pure red in limited range: 16 + 219 * 0.2126 and 16 + 219 * 0.299.
    assert!(luma(None).abs_diff(63) <= 2, "{}", luma(None));
    assert!(luma(Some(ColourMatrix::Bt601)).abs_diff(81) <= 2);
}

#[test]
fn a_frame_in_the_middle_is_the_same_whether_or_not_the_frames_before_it_are_read() {
    let folder = Folder::new();
    for (extra, name) in [
        ("-bf 2 -g 15", "reordered.mp4"),
        ("-bf 0 -g 10", "plain.mp4"),
        ("-x264-params open-gop=1:bframes=3:keyint=12", "open.mp4"),
        ("-bf 2 -g 15", "other.mkv"),
    ] {
        let path = folder.h264(extra, name);
        let everything: Vec<usize> = (0..open(&path).timeline().len()).collect();
        let whole = colour(&path, &everything, None);
        assert_eq!(whole.len(), everything.len(), "{name}");
        for index in [14, 15, 16, 36, 37, 44, 59] {
            let alone = colour(&path, &[index], None);
            assert!(alone == [whole[index].clone()], "{name}, frame {index}");
        }
    }
}
