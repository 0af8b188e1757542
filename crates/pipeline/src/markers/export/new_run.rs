//! The recording the markers are in, as editors are told about it.

use std::path::{Path, PathBuf};

use mtbsync_artefacts::time_warp::TIMEWARP_FILE;
use mtbsync_formats::open_file;
use mtbsync_markers::export::{AudioInfo, ClipInfo};
use mtbsync_markers::retime::Retime;
use mtbsync_markers::time::Rate;
use mtbsync_media::{OpenOptions, Recording};
use mtbsync_task::error::{PipelineError, TaskProblem, optional};
use mtbsync_telemetry::mp4::{Mp4Error, Mp4File};
use serde::Deserialize;

use crate::markers::error::MarkerProblem;

/// Lengths of one recording in two files differ by less, seconds: maps are written with six decimals. Files
/// before the named one that are shorter than this together move no marker visibly.
const SAME_LENGTH_SECS: f64 = 0.05;

/// What is known of the recording the markers are in.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NewRun {
    /// Its frame rate.
    pub rate: Option<Rate>,
    /// Its length, seconds.
    pub duration_secs: Option<f64>,
    /// The clip, where the file itself was given.
    pub clip: Option<ClipInfo>,
    /// The reference, to be put on the timeline in its place, and the map by which the new run is shown
    /// beside it.
    pub retime: Option<Retime>,
    /// What is odd about the recordings.
    pub warnings: Vec<String>,
}

impl NewRun {
    /// Facts of an opened recording, as the clip editors are told about: its first file.
    ///
    /// # Errors
    /// The system cannot read it.
    pub fn of(recording: &Recording) -> Result<Self, PipelineError> {
        let info = recording.info();
        let rate = Rate::new(info.frame_rate.num, info.frame_rate.den);
        let (path, frames) = recording.chapters().first().map_or_else(
            || (PathBuf::new(), info.frame_count),
            |first| (first.path.clone(), first.frame_count),
        );
        let audio = if info.has_audio { audio_of(&path)? } else { None };
        let path = std::path::absolute(&path).unwrap_or(path);
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let clip = rate.map(|rate| ClipInfo {
            path: path.to_string_lossy().into_owned(),
            frames: i64::try_from(frames).unwrap_or(i64::MAX),
            rate,
            width: side(info.width),
            height: side(info.height),
            start_timecode: info.start_timecode.clone(),
            audio,
        });
        Ok(Self {
            rate,
            duration_secs: Some(info.duration_secs),
            clip,
            ..Self::default()
        })
    }

    /// Opens the file `video`, whose first frame is where times of markers begin. `told_secs` is the length
    /// of the recording they are in, as its map tells. Where that is more than this file, later files are not
    /// part of the clip; a warning says so.
    ///
    /// # Errors
    /// It is no readable video, or a later file of the recording.
    pub fn open(video: &Path, told_secs: Option<f64>) -> Result<Self, PipelineError> {
        let options = OpenOptions {
            single_file: true,
            no_proxy: true,
        };
        let open = |options| {
            Recording::open(video, options)
                .map_err(|error| PipelineError::from(MarkerProblem::Open(error)).at(video))
        };
        let recording = open(&options)?;
        let mut run = Self::of(&recording)?;
        let own_secs = recording.info().duration_secs;
        if told_secs.is_some_and(|told| (told - own_secs).abs() < SAME_LENGTH_SECS) {
            return Ok(run);
        }
        let whole = open(&OpenOptions {
            single_file: false,
            ..options
        })?;
        let files = whole.chapters();
        match files.first() {
            Some(first) if first.path != video => {
                let first = first.path.clone();
                return Err(PipelineError::from(MarkerProblem::LaterFile(first)).at(video));
            }
            _ if files.len() > 1 => run.warnings.push(format!(
                "{} is the first of {} files of its recording: join them first, or markers beyond it are moved into it",
                video.display(),
                files.len()
            )),
            _ => {}
        }
        Ok(run)
    }

    /// What a timewarp.json in `folder` says about the new recording.
    ///
    /// # Errors
    /// It is there, and the system cannot read it.
    pub(super) fn beside(folder: &Path) -> Result<Self, PipelineError> {
        #[derive(Deserialize)]
        struct Warp {
            new: Option<New>,
        }
        #[derive(Deserialize)]
        struct New {
            fps: Option<String>,
            duration: Option<f64>,
        }
        let warp: Option<Warp> = optional(mtbsync_formats::json::read(&folder.join(TIMEWARP_FILE)))?;
        let Some(new) = warp.and_then(|warp| warp.new) else {
            return Ok(Self::default());
        };
        Ok(Self {
            rate: new.fps.and_then(|fps| Rate::parse(&fps).ok()),
            duration_secs: new.duration.filter(|secs| secs.is_finite() && *secs > 0.0),
            ..Self::default()
        })
    }

    /// The rate a timeline has unless it is told: that of the recording at normal speed.
    pub(super) fn timeline_rate(&self) -> Option<Rate> {
        self.retime
            .as_ref()
            .map(|retime| retime.reference.rate)
            .or(self.rate)
    }
}

/// The length of the new recording by the map in `folder`, seconds.
///
/// # Errors
/// It is there, and the system cannot read it.
pub(super) fn told_secs(folder: Option<&Path>) -> Result<Option<f64>, PipelineError> {
    let run = folder.map(NewRun::beside).transpose()?;
    Ok(run.and_then(|run| run.duration_secs))
}

/// The sound of an MP4; a file of another kind has none that an editor needs to be told about.
fn audio_of(path: &Path) -> Result<Option<AudioInfo>, PipelineError> {
    let mut file = open_file(path)?;
    let mp4 = match Mp4File::read(&mut file) {
        Ok(mp4) => mp4,
        Err(Mp4Error::Io(error)) => return Err(PipelineError::from(TaskProblem::Unreadable(error)).at(path)),
        Err(_) => return Ok(None),
    };
    let format = mp4.audio().and_then(|track| track.audio_format());
    Ok(format.map(|(channels, sample_rate)| AudioInfo {
        channels,
        sample_rate,
    }))
}
