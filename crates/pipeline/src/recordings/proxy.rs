//! Copies of recordings that every browser plays and scrubs well: H.264, 8 bit, small, with many key frames.
//!
//! Each picture of a copy is shown at the time of the picture it was made of, counted from the first one, so
//! that places found in the recording are right in the copy as well. Copies are made file by file (a
//! recording of several chapters has several) and kept in the cache under the content of their file.

use std::path::{Path, PathBuf};

use mtbsync_formats::ReadError;
use mtbsync_formats::atomic::WriteError;
use mtbsync_index::error::IndexProblem;
use mtbsync_media::encode::{
    EncodeError, MovieFormat, MovieWriter, SoundSettings, VideoCodec, VideoSettings,
};
use mtbsync_media::scale::{ColourMatrix, ColourOptions, fit_inside};
use mtbsync_media::{FrameError, OpenOptions, Recording, SoundReader, VideoInfo};
use mtbsync_task::error::{PipelineError, TaskProblem};
use sha2::{Digest, Sha256};

use super::error::RecordingProblem;
use crate::cache::Cache;
use crate::cache::proxies::KEY_PREFIX;

/// Changes when copies are made differently: older ones are then not found.
const REVISION: u32 = 1;
/// Short and long side of the largest copy, pixels.
const MAX_SIDES: (usize, usize) = (720, 1280);
/// Plain recordings with a shorter side above this are too much to scrub through: more than 1440p.
const MAX_PLAIN_SIDE: usize = 1440;
/// Distance of key frames: a browser decodes from the last one when it jumps.
const KEY_FRAMES_SECS: f64 = 0.5;
/// Constant quality: good enough to judge a line by, a tenth of the camera's size.
const QUALITY: u32 = 26;

/// A copy that is or can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyId {
    /// Its key in the cache.
    pub key: String,
    fingerprint: String,
}

/// Whether browsers may fail to play a recording, or play it badly: anything but 8-bit H.264, and very large
/// pictures.
pub fn is_needed(info: &VideoInfo) -> bool {
    info.codec != "h264" || info.bit_depth > 8 || info.width.min(info.height) > MAX_PLAIN_SIDE
}

/// Identifies the copy of the file at `path` by content.
///
/// # Errors
/// The file cannot be read.
pub fn identify(path: &Path) -> Result<ProxyId, ReadError> {
    let fingerprint = mtbsync_formats::fingerprint(&[path])?;
    let digest = Sha256::digest(format!("{REVISION}|{fingerprint}").as_bytes());
    let stem: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(ProxyId {
        key: format!("{KEY_PREFIX}{stem}"),
        fingerprint,
    })
}

/// Makes the copy of the file at `path` and keeps it in the cache. `progress` is told frames done and in all,
/// and says whether to go on.
///
/// # Errors
/// The recording cannot be read, there is no encoder, the cache cannot be written to, or `progress` said no.
pub fn make(
    cache: &Cache,
    path: &Path,
    id: &ProxyId,
    now_utc: &str,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<PathBuf, PipelineError> {
    let options = OpenOptions {
        single_file: true,
        no_proxy: true,
    };
    let recording = Recording::open(path, &options)
        .map_err(|error| PipelineError::from(IndexProblem::Open(error)).at(path))?;
    let staged = cache.stage_proxy(&id.key)?;
    write(&recording, staged.temporary_path(), progress).map_err(|error| match error {
        EncodeError::Stopped => TaskProblem::Interrupted.into(),
        EncodeError::Write(error) => PipelineError::from(WriteError::from_io(staged.target(), error)),
        error => PipelineError::from(RecordingProblem::Encode(error)).at(path),
    })?;
    cache.keep_proxy(&id.key, (path, &id.fingerprint), staged, now_utc)
}

/// Writes the copy of `recording` into the file at `out`.
fn write(
    recording: &Recording,
    out: &Path,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), EncodeError> {
    let (info, timeline) = (recording.info(), recording.timeline());
    let (short, long) = MAX_SIDES;
    let bounds = if info.width >= info.height {
        (long, short)
    } else {
        (short, long)
    };
    let size = fit_inside((info.width, info.height), bounds);
    let settings = VideoSettings {
        codec: VideoCodec::H264,
        size,
        time_base: timeline.time_base(),
        frame_rate: info.frame_rate,
        quality: QUALITY,
        key_frame_distance: (info.frame_rate.as_f64() * KEY_FRAMES_SECS).round().max(1.0) as u32,
        matrix: ColourMatrix::Bt709,
    };
    let mut sound = Sound::open(recording)?;
    let mut movie = MovieWriter::create(
        out,
        MovieFormat::Mp4,
        &settings,
        sound.as_ref().map(Sound::settings),
    )?;
    let options = ColourOptions {
        size,
        matrix: Some(ColourMatrix::Bt709),
        full_range: false,
        // Somebody may be watching meanwhile.
        threads: 1,
    };
    let all: Vec<usize> = (0..timeline.len()).collect();
    for frame in recording.colour_frames(&all, &options) {
        let frame = frame?;
        let pts = timeline.pts(frame.index).map_or(0, |pts| pts.0);
        movie.picture(&frame.picture, pts)?;
        if let Some(sound) = &mut sound {
            movie.samples(&sound.up_to(timeline.pts_secs(frame.index + 1))?)?;
        }
        let done = frame.index as u64 + 1;
        if !progress(done, timeline.len() as u64) {
            return Err(EncodeError::Stopped);
        }
    }
    movie.finish()
}

/// The sound of a recording, read along with its pictures.
struct Sound {
    reader: SoundReader,
    made: i64,
}

impl Sound {
    /// `None` without a sound that can be copied.
    fn open(recording: &Recording) -> Result<Option<Sound>, FrameError> {
        let reader = SoundReader::open(recording)?;
        let copied = reader.filter(|reader| SoundSettings::RATES.contains(&reader.rate()));
        Ok(copied.map(|reader| Sound { reader, made: 0 }))
    }

    fn settings(&self) -> SoundSettings {
        SoundSettings {
            rate: self.reader.rate(),
            channels: self.reader.channels(),
        }
    }

    /// The samples from where the last call ended to `t_secs`.
    fn up_to(&mut self, t_secs: f64) -> Result<Vec<Vec<f32>>, FrameError> {
        let until = (t_secs * f64::from(self.reader.rate())).round() as i64;
        let length = usize::try_from(until - self.made).unwrap_or(0);
        let samples = self.reader.window(self.made, length)?;
        self.made = self.made.max(until);
        Ok(samples)
    }
}

#[cfg(test)]
mod tests;
