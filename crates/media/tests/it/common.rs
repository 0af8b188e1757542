//! Makes small clips with the `ffmpeg` program and asks `ffprobe` what they are, as an independent opinion.

use std::path::{Path, PathBuf};
use std::process::Command;

use mtbsync_media::{FrameOptions, LumaFrame, OpenOptions, Recording, SamplePlan, SampleRequest};
use tempfile::TempDir;

/// A moving picture in which every frame is different.
pub const MOVING: &str = "testsrc2=size=160x120:rate=30:duration=2";

pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(TempDir::new().expect("temp folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `ffmpeg ARGS NAME` and gives the path of NAME. Words `@name` become paths in this folder.
    pub fn ffmpeg(&self, args: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        let args = args.split_whitespace().map(|arg| match arg.strip_prefix('@') {
            Some(file) => self.path(file).into_os_string(),
            None => arg.into(),
        });
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y"])
            .args(args)
            .arg(&path)
            .output()
            .expect("ffmpeg is installed");
        assert!(
            output.status.success(),
            "ffmpeg: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        path
    }

    /// The usual clip: H.264, 30 fps, 2 s, with these extra arguments.
    pub fn h264(&self, extra: &str, name: &str) -> PathBuf {
        self.ffmpeg(
            &format!("-f lavfi -i {MOVING} -c:v libx264 -preset ultrafast {extra}"),
            name,
        )
    }
}

pub fn open(path: &Path) -> Recording {
    Recording::open(path, &OpenOptions::default()).expect("opens")
}

/// Frame times in seconds by ffprobe's decoder, the first as 0.
pub fn ffprobe_times_secs(path: &Path) -> Vec<f64> {
    let entries = [
        "-show_entries",
        "frame=pts:stream=time_base",
        "-of",
        "default=nokey=1:noprint_wrappers=1",
    ];
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0"])
        .args(entries)
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let text = String::from_utf8(output.stdout).expect("utf-8");
    let (bases, ticks): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.contains('/'));
    let (num, den) = bases[0].split_once('/').expect("a fraction");
    let tick_secs = num.parse::<f64>().expect("number") / den.parse::<f64>().expect("number");
    let ticks: Vec<i64> = ticks.iter().map(|line| line.parse().expect("ticks")).collect();
    ticks
        .iter()
        .map(|tick| (tick - ticks[0]) as f64 * tick_secs)
        .collect()
}

/// All frames as ffmpeg shows them: turned, 8-bit full-range grey.
pub fn ffmpeg_gray(path: &Path, frame_bytes: usize) -> Vec<Vec<u8>> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args([
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-pix_fmt",
            "gray",
            "-f",
            "rawvideo",
            "-",
        ])
        .output()
        .expect("ffmpeg is installed");
    output.stdout.chunks(frame_bytes).map(<[u8]>::to_vec).collect()
}

/// Every frame, in full size.
pub fn everything(recording: &Recording) -> SamplePlan {
    recording.plan(&SampleRequest {
        analysed_fps: 1000.0,
        fine_fps: None,
        dense: true,
    })
}

pub fn decode(recording: &Recording, plan: &SamplePlan, threads: usize) -> Vec<LumaFrame> {
    let options = FrameOptions {
        max_dim: 4096,
        threads,
    };
    let mut stream = recording.frames(plan, &options);
    let frames = stream.by_ref().collect::<Result<Vec<_>, _>>().expect("decodes");
    assert_eq!(frames.len() + stream.skipped(), plan.frames().len());
    frames
}

pub fn assert_times_match_ffprobe(path: &Path) {
    let recording = open(path);
    let expected = ffprobe_times_secs(path);
    let timeline = recording.timeline();
    let times: Vec<f64> = (0..timeline.len())
        .map(|index| timeline.pts_secs(index))
        .collect();
    assert_eq!(times.len(), expected.len());
    for (index, (time, expected)) in times.iter().zip(&expected).enumerate() {
        assert!(
            (time - expected).abs() < 1e-9,
            "frame {index}: {time} instead of {expected}"
        );
    }
    let decoded = decode(&recording, &everything(&recording), 1);
    assert_eq!(
        decoded.iter().map(|frame| frame.t_secs).collect::<Vec<_>>(),
        times
    );
}

/// The decoded pictures agree with ffmpeg's own grey ones to rounding.
pub fn assert_pictures_match_ffmpeg(path: &Path) {
    let recording = open(path);
    let frames = decode(&recording, &everything(&recording), 2);
    let (width, height) = (recording.info().width, recording.info().height);
    let expected = ffmpeg_gray(path, width * height);
    assert_eq!(frames.len(), expected.len());
    for (frame, expected) in frames.iter().zip(&expected) {
        assert_eq!(
            (frame.width, frame.height, frame.data.len()),
            (width, height, expected.len())
        );
        let worst = frame.data.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(2), "frame {}: off by {worst:?}", frame.index);
    }
}
