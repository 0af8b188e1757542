//! Recordings made for a measurement, kept in the system's temporary folder.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use mtbsync_formats::fingerprint;

/// A black recording: pixels, frames per second, frames between key frames. As little as the program accepts.
const BLACK_SIZE: &str = "64x36";
const BLACK_FPS: &str = "2";
const BLACK_KEY_FRAME_EVERY: &str = "2";

/// A copy of `recording` that ffmpeg changed with `args`; `change` names it.
pub fn changed(recording: &Path, change: &str, args: &[&str]) -> Result<PathBuf> {
    let name = fingerprint(&[recording])?.replace(':', "-");
    let mut hasher = DefaultHasher::new();
    args.hash(&mut hasher);
    let input = recording.to_string_lossy();
    made(
        &format!("{name}-{change}-{:016x}.mp4", hasher.finish()),
        &[&["-i", &*input], args].concat(),
    )
}

/// Width and height of a recording's picture, pixels.
pub fn size(recording: &Path) -> Result<(u32, u32)> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0"])
        .args(["-show_entries", "stream=width,height", "-of", "csv=p=0"])
        .arg(recording)
        .output()
        .context("the ffprobe program is needed")?;
    parse_size(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| format!("{} has no picture", recording.display()))
}

fn parse_size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text
        .lines()
        .next()?
        .trim()
        .trim_end_matches(',')
        .split_once(',')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// A file named `name` that holds `bytes`.
pub fn kept(name: &str, bytes: &[u8]) -> Result<PathBuf> {
    written(name, |path| Ok(fs::write(path, bytes)?))
}

/// `recording` with a key frame every 10 frames and none that refers to a later one, as cameras write them:
/// only key frames are decoded of it. Frames keep their times, and telemetry is kept.
pub fn with_key_frames(recording: &Path) -> Result<PathBuf> {
    let streams = ["-map", "0:v", "-map", "0:d?", "-c:d", "copy", "-copy_unknown"];
    let codec = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18"];
    let frames = ["-g", "10", "-keyint_min", "10", "-sc_threshold", "0", "-bf", "0"];
    let times = ["-fps_mode", "passthrough", "-enc_time_base", "-1"];
    changed(
        recording,
        "key-frames",
        &[&streams[..], &codec, &frames, &times].concat(),
    )
}

/// A recording in which nothing is to be seen.
pub fn black(secs: u32) -> Result<PathBuf> {
    let picture = format!("color=black:s={BLACK_SIZE}:r={BLACK_FPS}:d={secs}");
    let codec = [
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-g",
        BLACK_KEY_FRAME_EVERY,
    ];
    made(
        &format!("black-{secs}s.mp4"),
        &[&["-f", "lavfi", "-i", &picture][..], &codec].concat(),
    )
}

/// Pictures of `recording` black from the first to the second time, its telemetry kept.
pub fn blacked_out(recording: &Path, (from_secs, to_secs): (f64, f64)) -> Result<PathBuf> {
    let filter =
        format!("drawbox=x=0:y=0:w=iw:h=ih:t=fill:color=black:enable='between(t,{from_secs},{to_secs})'");
    let streams = ["-map", "0:v", "-map", "0:d", "-c:d", "copy", "-copy_unknown"];
    let codec = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10"];
    changed(
        recording,
        &format!("black-{from_secs}-{to_secs}"),
        &[&["-vf", &filter][..], &streams, &codec].concat(),
    )
}

/// `recording` cut at the key frame after `at_secs` and named as a camera names chapters, in `folder`; the
/// first of them.
pub fn chapters(recording: &Path, at_secs: f64, folder: &Path) -> Result<PathBuf> {
    let cut = format!("{at_secs}");
    let pattern = folder.join("GX0%d0123.MP4");
    let (input, pattern) = (recording.to_string_lossy(), pattern.to_string_lossy());
    let streams = ["-map", "0:v", "-map", "0:d", "-c", "copy", "-copy_unknown"];
    let times = ["-segment_times", &cut, "-reset_timestamps", "1"];
    let names = ["-segment_start_number", "1", "-segment_format", "mp4", &pattern];
    ffmpeg(&[&["-i", &*input][..], &streams, &["-f", "segment"], &times, &names].concat())?;
    if !folder.join("GX020123.MP4").is_file() {
        bail!("{} has no key frame after {at_secs} s", recording.display());
    }
    Ok(folder.join("GX010123.MP4"))
}

/// The file that `ffmpeg args... FILE` writes, made once.
fn made(name: &str, args: &[&str]) -> Result<PathBuf> {
    written(name, |path| ffmpeg(&[args, &[&*path.to_string_lossy()]].concat()))
}

/// The file that `write` makes, unless it is there.
fn written(name: &str, write: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join("mtbsync-accuracy");
    fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    if path.is_file() {
        return Ok(path);
    }
    let unfinished = folder.join(format!("{}-{name}", std::process::id()));
    write(&unfinished)?;
    fs::rename(&unfinished, &path)?;
    Ok(path)
}

fn ffmpeg(args: &[&str]) -> Result<()> {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(args)
        .status()
        .context("the ffmpeg program is needed")?;
    if !status.success() {
        bail!("ffmpeg failed: {}", args.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_ffprobe_prints_them() {
        assert_eq!(parse_size("640,360\n"), Some((640, 360)));
        assert_eq!(parse_size("960,540,\n960,540\n"), Some((960, 540)));
        assert_eq!((parse_size(""), parse_size("N/A,360")), (None, None));
    }
}
