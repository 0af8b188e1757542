//! `render`: both runs in one video, locked by place or by time (docs/reference/cli.md#render).
//!
//! The way of a frame: `schedule` says which moment of each recording an output frame shows, `side` decodes
//! those frames in order, `canvas` puts them where `geometry` wants them, `overlays` writes on them, and the
//! movie writer encodes. `soundtrack` cuts the sound to the same schedule. Everything streams: memory does
//! not grow with the length of the runs.

mod canvas;
mod error;
mod geometry;
mod markers;
mod overlays;
mod request;
mod schedule;
mod side;
mod soundtrack;

use crate::markers::mux::OWN_MOVIE;
use mtbsync_artefacts::run_set::changed;
use mtbsync_formats::atomic::Replaces;
use mtbsync_media::mark_as_own;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;

use canvas::Canvas;
use geometry::Geometry;
use mtbsync_align::TimeWarp;
use mtbsync_artefacts::time_warp::{RecordingFile, TimeWarpFile};
use mtbsync_formats::atomic::{FileSet, StagedFile, WriteError};
use mtbsync_index::describe::{self, Opened};
use mtbsync_markers::time::Rate;
use mtbsync_media::encode::{EncodeError, MovieWriter, SoundSettings, VideoSettings};
use mtbsync_media::scale::{ColourMatrix, ColourOptions};
use mtbsync_media::{Rational, SoundReader};
use mtbsync_task::error::{PipelineError, TaskProblem};
use mtbsync_task::progress::Stage;

use self::error::RenderProblem;
use crate::context::Context;
use crate::markers::export::RateChoice;
use crate::markers::transfer::read_same_warp;
use crate::markers::transfer::refuse_failed;
pub use mtbsync_media::encode::VideoCodec as Codec;
use overlays::{Overlays, Texts};
pub use request::{
    Audio, DEFAULT_GHOST_OPACITY, DEFAULT_QUALITY, Layout, Lock, Look, RenderReport, RenderRequest, Side,
    Stops, Timing,
};
use schedule::Schedule;
use side::SidePictures;
use soundtrack::Soundtrack;

/// Key frames of the result are at most this far apart: jumping in a player stays quick.
const KEY_FRAMES_SECS: f64 = 2.0;

/// Renders.
///
/// # Errors
/// Flags that contradict each other or leave nothing to show; a map whose gates failed
/// ([`Failure::NotAligned`], unless forced) or that was made of other recordings; unreadable recordings; no
/// encoder; an output that cannot be written; a wish to stop. Nothing is left behind then.
///
/// [`Failure::NotAligned`]: mtbsync_task::error::Failure::NotAligned
pub fn render(request: &RenderRequest, context: &Context<'_>) -> Result<RenderReport, PipelineError> {
    let format = request.movie_format()?;
    let job = RenderJob::prepare(request, context)?;
    let mut staged = StagedFile::create(&request.out, job.may)?;
    let failed = |error: EncodeError| job.cannot_encode(error, context);
    let (movie, track) = job.open_movie(staged.temporary_path(), format).map_err(failed)?;
    context.task.progress.start(
        Stage::Render,
        Some(job.schedule.frames()),
        Some(job.schedule.duration_secs()),
    );
    let movie = job.draw(movie, track, context)?;
    movie.finish().map_err(failed)?;
    staged
        .seek(SeekFrom::End(0))
        .and_then(|_| mark_as_own(&mut staged))
        .map_err(|error| WriteError::from_io(&request.out, error))?;
    context.task.cancel.check()?;
    context.task.progress.finish(Stage::Render);
    let mut set = FileSet::new();
    set.push(staged);
    set.commit()?;
    Ok(RenderReport {
        frames: job.schedule.frames(),
        duration_secs: job.schedule.duration_secs(),
        size: job.geometry.size,
        out: request.out.clone(),
        warnings: job.warnings,
    })
}

/// Everything that was found out before the first frame is decoded.
struct RenderJob<'a> {
    request: &'a RenderRequest,
    reference: Opened,
    new: Opened,
    schedule: Schedule,
    geometry: Geometry,
    texts: Texts,
    /// What the movie may replace.
    may: Replaces,
    warnings: Vec<String>,
}

impl<'a> RenderJob<'a> {
    fn prepare(request: &'a RenderRequest, context: &Context<'_>) -> Result<RenderJob<'a>, PipelineError> {
        request.check()?;
        let file = read_same_warp(&request.warps, Some(&request.out))?;
        let warp_path = request.warps.first().map(PathBuf::as_path);
        refuse_failed(&file, warp_path, context.force)?;
        let mut warnings = Vec::new();
        if !file.ok {
            warnings.push(format!("the runs are not aligned ({})", file.reasons.join("; ")));
        }
        warnings.extend(warp_path.and_then(changed));
        let warp = usable_warp(&file, warp_path)?;
        context.task.progress.start(Stage::Open, None, None);
        let reference = open(
            &request.reference,
            file.reference.as_ref(),
            context,
            &mut warnings,
        )?;
        let new = open(&request.new, file.new.as_ref(), context, &mut warnings)?;
        context.task.progress.finish(Stage::Open);
        let inputs = [&reference, &new]
            .into_iter()
            .flat_map(|opened| opened.recording.chapters());
        let inputs = inputs.map(|chapter| chapter.path.as_path());
        let named = [&request.reference, &request.new].map(PathBuf::as_path);
        let may = context
            .outputs(inputs.chain(named))
            .check(&request.out, OWN_MOVIE)?;
        let rate = match request.timing.rate {
            RateChoice::Fixed(rate) => rate,
            RateChoice::Auto => master_rate(request.timing.master, &reference, &new),
        };
        let schedule = Schedule::new(
            &request.timing,
            rate,
            warp,
            [&reference.recording, &new.recording],
        )?;
        let size = |opened: &Opened| (opened.source.width, opened.source.height);
        let geometry = Geometry::new(
            request.look.layout,
            [size(&reference), size(&new)],
            request.look.size,
        )?;
        let texts = Texts::new(request, &schedule, &mut warnings)?;
        Ok(RenderJob {
            request,
            reference,
            new,
            schedule,
            geometry,
            texts,
            may,
            warnings,
        })
    }

    fn opened(&self, side: Side) -> &Opened {
        match side {
            Side::Reference => &self.reference,
            Side::New => &self.new,
        }
    }

    /// Starts the movie, with sound when it is wanted and there is any.
    fn open_movie(
        &self,
        path: &Path,
        format: mtbsync_media::encode::MovieFormat,
    ) -> Result<(MovieWriter, Option<Soundtrack>), EncodeError> {
        let rate = self.schedule.rate();
        let frame_rate = Rational {
            num: rate.num(),
            den: rate.den(),
        };
        let settings = VideoSettings {
            codec: self.request.codec,
            size: self.geometry.size,
            time_base: frame_rate.recip(),
            frame_rate,
            quality: self.request.quality,
            key_frame_distance: (rate.as_f64() * KEY_FRAMES_SECS).ceil() as u32,
            matrix: ColourMatrix::Bt709,
        };
        let track = match self.request.sound_side() {
            Some(side) => {
                SoundReader::open(&self.opened(side).recording)?.map(|reader| Soundtrack::new(reader, side))
            }
            None => None,
        };
        let sound = track.as_ref().map(|track| SoundSettings {
            rate: track.rate(),
            channels: track.channels(),
        });
        Ok((MovieWriter::create(path, format, &settings, sound)?, track))
    }

    /// Draws all frames.
    fn draw(
        &self,
        mut movie: MovieWriter,
        mut track: Option<Soundtrack>,
        context: &Context<'_>,
    ) -> Result<MovieWriter, PipelineError> {
        thread::scope(|scope| {
            let pictures = |side: Side| {
                let options = ColourOptions {
                    size: self.geometry.picture_size(side),
                    matrix: Some(ColourMatrix::Bt709),
                    full_range: false,
                    // Both sides decode at the same time, and each thread holds a few large pictures.
                    threads: (context.task.threads / 2).max(1),
                };
                let recording = &self.opened(side).recording;
                SidePictures::start(
                    scope,
                    recording.colour_frames(&self.schedule.indices(side), &options),
                )
            };
            let mut reference = pictures(Side::Reference);
            let mut new = pictures(Side::New);
            let mut canvas = Canvas::new(&self.geometry, self.request.look.ghost_opacity);
            let mut overlays = Overlays::new(&self.texts, &self.geometry);
            for number in 0..self.schedule.frames() {
                context.task.cancel.check()?;
                let moment = self.schedule.moment(number);
                let undecodable = |side: Side| {
                    let path = Path::new(&self.opened(side).source.path);
                    move |error: RenderProblem| PipelineError::from(error).at(path)
                };
                canvas.clear();
                let left = reference
                    .shown(moment.reference)
                    .map_err(undecodable(Side::Reference))?;
                let right = new.shown(moment.new).map_err(undecodable(Side::New))?;
                canvas.draw(left, right);
                overlays.draw(&mut canvas, &moment)?;
                let failed = |error| self.cannot_encode(error, context);
                let pts = i64::try_from(number).unwrap_or(i64::MAX);
                movie.picture(canvas.picture(), pts).map_err(failed)?;
                if let Some(track) = &mut track {
                    let samples = track.up_to_frame(number + 1, &self.schedule);
                    let samples = samples.map_err(|error| failed(error.into()))?;
                    movie.samples(&samples).map_err(failed)?;
                }
                context.task.progress.advance(Stage::Render, number + 1);
            }
            Ok(movie)
        })
    }

    fn cannot_encode(&self, error: EncodeError, context: &Context<'_>) -> PipelineError {
        match error {
            // Temporary files go when the program is told to stop, and writing them fails.
            _ if context.task.cancel.is_requested() => TaskProblem::Interrupted.into(),
            EncodeError::Write(error) => PipelineError::from(WriteError::from_io(&self.request.out, error)),
            // Pictures are asked for elsewhere, so this is the sound.
            EncodeError::Source(error) => {
                let side = self.request.sound_side().unwrap_or(Side::Reference);
                let path = Path::new(&self.opened(side).source.path);
                PipelineError::from(RenderProblem::Frame(error)).at(path)
            }
            error => RenderProblem::Encode(error).into(),
        }
    }
}

fn usable_warp(file: &TimeWarpFile, path: Option<&Path>) -> Result<TimeWarp, PipelineError> {
    let warp = file.warp().filter(|warp| !warp.segments().is_empty());
    warp.ok_or_else(|| {
        let error = PipelineError::from(RenderProblem::EmptyMap);
        match path {
            Some(path) => error.at(path),
            None => error,
        }
    })
}

/// The frame rate of the recording that is the master.
fn master_rate(master: Side, reference: &Opened, new: &Opened) -> Rate {
    let opened = match master {
        Side::Reference => reference,
        Side::New => new,
    };
    let rate = opened.recording.info().frame_rate;
    Rate::new(rate.num, rate.den)
        .or_else(|| Rate::nearest(rate.as_f64()))
        .unwrap_or(Rate::whole(30))
}

/// Opens a recording and makes sure that it is the one the map was made of: with all its chapters,
/// or alone.
fn open(
    path: &Path,
    mapped: Option<&RecordingFile>,
    context: &Context<'_>,
    warnings: &mut Vec<String>,
) -> Result<Opened, PipelineError> {
    let opened = describe::open(path, false, true)?;
    let Some(expected) = mapped
        .map(|file| &file.fingerprint)
        .filter(|print| !print.is_empty())
    else {
        return Ok(opened);
    };
    if opened.source.fingerprint == *expected {
        warnings.extend(opened.warnings.iter().cloned());
        return Ok(opened);
    }
    if opened.source.chapters.len() > 1 {
        let alone = describe::open(path, true, true)?;
        if alone.source.fingerprint == *expected {
            return Ok(alone);
        }
    }
    if !context.force {
        return Err(PipelineError::from(RenderProblem::AnotherRecording).at(path));
    }
    warnings.push(format!(
        "{} is not the recording the map was made of",
        path.display()
    ));
    Ok(opened)
}
