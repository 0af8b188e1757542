//! The movie a rendering writes: frame after frame, at its place when it is complete.

use std::ffi::OsStr;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_markers::time::Rate;
use mtbsync_media::encode::{
    EncodeError, MovieFormat, MovieWriter, SoundSettings, VideoCodec, VideoSettings,
};
use mtbsync_media::scale::{ColourMatrix, YuvPicture};
use mtbsync_media::{Rational, mark_as_own};
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::progress::Stage;

use super::error::RenderProblem;
use crate::context::Context;

/// Key frames of the result are at most this far apart: jumping in a player stays quick.
const KEY_FRAMES_SECS: f64 = 2.0;

/// What the movie is to be like.
pub struct FilmSettings<'a> {
    /// Where it goes.
    pub out: &'a Path,
    /// Its container.
    pub format: MovieFormat,
    /// What it may replace.
    pub may: Replaces,
    /// Codec of the pictures.
    pub codec: VideoCodec,
    /// Constant quality, 0 best to 51 worst.
    pub quality: u32,
    /// Width and height in pixels.
    pub size: (usize, usize),
    /// Frames per second.
    pub rate: Rate,
    /// How many frames there will be.
    pub frames: u64,
    /// What the sound is like; `None`: there is none.
    pub sound: Option<SoundSettings>,
}

/// A movie being written. Dropped before [`finish`](Self::finish), it leaves nothing.
pub struct Film<'a> {
    out: &'a Path,
    writer: MovieWriter,
    staged: StagedFile,
    written: u64,
    context: &'a Context<'a>,
}

/// The container that the name of a movie asks for.
///
/// # Errors
/// It names none.
pub fn movie_format(out: &Path) -> Result<MovieFormat, PipelineError> {
    let extension = out.extension().map(OsStr::to_ascii_lowercase);
    match extension.as_deref().and_then(OsStr::to_str) {
        Some("mp4") => Ok(MovieFormat::Mp4),
        Some("mov") => Ok(MovieFormat::Mov),
        _ => Err(PipelineError::from(RenderProblem::Suffix).at(out)),
    }
}

impl<'a> Film<'a> {
    /// Starts it, and the progress of the work.
    ///
    /// # Errors
    /// No encoder, or no room where it goes.
    pub fn start(settings: &FilmSettings<'a>, context: &'a Context<'a>) -> Result<Self, PipelineError> {
        let staged = StagedFile::create(settings.out, settings.may)?;
        let rate = settings.rate;
        let frame_rate = Rational {
            num: rate.num(),
            den: rate.den(),
        };
        let video = VideoSettings {
            codec: settings.codec,
            size: settings.size,
            time_base: frame_rate.recip(),
            frame_rate,
            quality: settings.quality,
            key_frame_distance: (rate.as_f64() * KEY_FRAMES_SECS).ceil() as u32,
            matrix: ColourMatrix::Bt709,
        };
        let path = staged.temporary_path();
        let writer = MovieWriter::create(path, settings.format, &video, settings.sound)
            .map_err(|error| cannot_encode(error, settings.out, context))?;
        let duration_secs = settings.frames as f64 / rate.as_f64();
        context
            .task
            .progress
            .start(Stage::Render, Some(settings.frames), Some(duration_secs));
        Ok(Self {
            out: settings.out,
            writer,
            staged,
            written: 0,
            context,
        })
    }

    /// Adds the next frame, and the sound from where the last one ended, one list of samples per channel.
    ///
    /// # Errors
    /// The encoder gives up, or the file cannot be written.
    pub fn add(&mut self, picture: &YuvPicture, samples: &[Vec<f32>]) -> Result<(), PipelineError> {
        let pts = i64::try_from(self.written).unwrap_or(i64::MAX);
        let mut added = self.writer.picture(picture, pts);
        if !samples.is_empty() {
            added = added.and_then(|()| self.writer.samples(samples));
        }
        added.map_err(|error| cannot_encode(error, self.out, self.context))?;
        self.written += 1;
        self.context.task.progress.advance(Stage::Render, self.written);
        Ok(())
    }

    /// Puts the movie to its place.
    ///
    /// # Errors
    /// It cannot be written, or somebody asked to stop.
    pub fn finish(mut self) -> Result<(), PipelineError> {
        self.writer
            .finish()
            .map_err(|error| cannot_encode(error, self.out, self.context))?;
        self.staged
            .seek(SeekFrom::End(0))
            .and_then(|_| mark_as_own(&mut self.staged))
            .map_err(|error| WriteError::from_io(self.out, error))?;
        self.context.task.cancel.check()?;
        self.context.task.progress.finish(Stage::Render);
        let mut set = FileSet::new();
        set.push(self.staged);
        set.commit()?;
        Ok(())
    }
}

fn cannot_encode(error: EncodeError, out: &Path, context: &Context<'_>) -> PipelineError {
    match error {
        // Temporary files go when the program is told to stop, and writing them fails.
        _ if context.task.cancel.is_requested() => TaskProblem::Interrupted.into(),
        EncodeError::Write(error) => PipelineError::from(WriteError::from_io(out, error)),
        error => RenderProblem::Encode(error).into(),
    }
}
