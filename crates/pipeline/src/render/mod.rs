//! `render`: both runs in one video, locked by place or by time (docs/reference/cli.md#render).
//!
//! The way of a frame: `schedule` says which moment of each recording an output frame shows, `side` decodes
//! those frames in order, `canvas` puts them where `geometry` wants them, `overlays` writes on them, and
//! `film` encodes. `soundtrack` cuts the sound to the same schedule. Everything streams: memory does not
//! grow with the length of the runs. `ideal` shows one picture at a time: the best sections of a trail.

mod canvas;
mod error;
mod film;
mod geometry;
pub mod ideal;
mod markers;
mod overlays;
mod request;
mod schedule;
mod side;
mod soundtrack;

use crate::markers::mux::OWN_MOVIE;
use mtbsync_artefacts::run_set::changed;
use mtbsync_formats::atomic::Replaces;
use std::path::{Path, PathBuf};
use std::thread;

use canvas::{Canvas, Sides};
use film::{Film, FilmSettings, movie_format};
use geometry::Geometry;
use mtbsync_align::TimeWarp;
use mtbsync_artefacts::time_warp::{RecordingFile, TimeWarpFile};
use mtbsync_index::describe::{self, Opened};
use mtbsync_markers::time::Rate;
use mtbsync_media::SoundReader;
use mtbsync_media::scale::{ColourMatrix, ColourOptions};
use mtbsync_task::error::PipelineError;
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

/// Renders.
///
/// # Errors
/// Flags that contradict each other or leave nothing to show; a map whose gates failed
/// ([`Failure::NotAligned`], unless forced) or that was made of other recordings; unreadable recordings; no
/// encoder; an output that cannot be written; a wish to stop. Nothing is left behind then.
///
/// [`Failure::NotAligned`]: mtbsync_task::error::Failure::NotAligned
pub fn render(request: &RenderRequest, context: &Context<'_>) -> Result<RenderReport, PipelineError> {
    let format = movie_format(&request.out)?;
    let job = RenderJob::prepare(request, context)?;
    let track = job.soundtrack()?;
    let settings = FilmSettings {
        out: &request.out,
        format,
        may: job.may,
        codec: request.codec,
        quality: request.quality,
        size: job.geometry.size,
        rate: job.schedule.rate(),
        frames: job.schedule.frames(),
        sound: track.as_ref().map(Soundtrack::settings),
    };
    let mut film = Film::start(&settings, context)?;
    job.draw(&mut film, track, context)?;
    film.finish()?;
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
            RateChoice::Auto => own_rate(match request.timing.master {
                Side::Reference => &reference,
                Side::New => &new,
            }),
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

    /// An error of the recording of `side`.
    fn unreadable(&self, side: Side) -> impl Fn(RenderProblem) -> PipelineError + use<'_> {
        let path = Path::new(&self.opened(side).source.path);
        move |error| PipelineError::from(error).at(path)
    }

    /// The sound, when it is wanted and there is any.
    fn soundtrack(&self) -> Result<Option<Soundtrack>, PipelineError> {
        let Some(side) = self.request.sound_side() else {
            return Ok(None);
        };
        let reader = SoundReader::open(&self.opened(side).recording)
            .map_err(RenderProblem::Frame)
            .map_err(self.unreadable(side))?;
        Ok(reader.map(|reader| Soundtrack::new(reader, side)))
    }

    /// Draws all frames.
    fn draw(
        &self,
        film: &mut Film<'_>,
        mut track: Option<Soundtrack>,
        context: &Context<'_>,
    ) -> Result<(), PipelineError> {
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
            let sides = Sides::new(&self.geometry, self.request.look.ghost_opacity);
            let mut canvas = Canvas::new(self.geometry.size);
            let mut overlays = Overlays::new(&self.texts, &self.geometry);
            for number in 0..self.schedule.frames() {
                context.task.cancel.check()?;
                let moment = self.schedule.moment(number);
                canvas.clear();
                let left = reference
                    .shown(moment.reference)
                    .map_err(self.unreadable(Side::Reference))?;
                let right = new.shown(moment.new).map_err(self.unreadable(Side::New))?;
                sides.draw(&mut canvas, left, right);
                overlays.draw(&mut canvas, &moment)?;
                let samples = match &mut track {
                    Some(track) => track
                        .up_to_frame(number + 1, &self.schedule)
                        .map_err(RenderProblem::Frame)
                        .map_err(self.unreadable(track.side()))?,
                    None => Vec::new(),
                };
                film.add(canvas.picture(), &samples)?;
            }
            Ok(())
        })
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

/// The frame rate of a recording.
fn own_rate(opened: &Opened) -> Rate {
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
