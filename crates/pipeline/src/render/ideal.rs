//! `render --ideal`: the best sections of a trail one after the other, each from the run that was fastest
//! there (docs/reference/cli.md#render).
//!
//! `schedule` says which moment of which run a frame shows. One recording is decoded at a time, and its
//! pictures go through the same canvas, captions and movie as those of two runs.

mod schedule;
mod sound;

use std::path::{Path, PathBuf};
use std::thread;

use mtbsync_formats::atomic::Replaces;
use mtbsync_index::describe::Opened;
use mtbsync_media::encode::{MovieFormat, VideoCodec};
use mtbsync_media::scale::{ColourMatrix, ColourOptions};
use mtbsync_task::error::PipelineError;
use mtbsync_task::progress::Stage;

use super::canvas::Canvas;
use super::error::RenderProblem;
use super::film::{Film, FilmSettings, movie_format};
use super::geometry::OneByOne;
use super::overlays::{Drawn, caption};
use super::side::SidePictures;
use super::{RenderReport, open, own_rate};
use crate::context::Context;
use crate::markers::export::RateChoice;
use crate::markers::mux::OWN_MOVIE;
use crate::trail::best::{BestSection, BestSections};
use schedule::{IdealSchedule, Section, Stretch};
use sound::IdealSound;

/// Lead of less than this is none, seconds: captions count hundredths.
const LEVEL_SECS: f64 = 0.005;

/// One call of `render --ideal`.
#[derive(Clone, Debug, PartialEq)]
pub struct IdealRequest {
    /// Folder of the runs.
    pub root: PathBuf,
    /// Id of the trail; `None`: the only one.
    pub trail: Option<String>,
    /// The video, `.mp4` or `.mov`.
    pub out: PathBuf,
    /// Frames per second; by default those of the first recording.
    pub rate: RateChoice,
    /// Width and height of the video; `None`: those of the first recording, at most 1920 wide.
    pub size: Option<(u32, u32)>,
    /// Say which section it is, whose, and how far ahead.
    pub labels: bool,
    /// Codec.
    pub codec: VideoCodec,
    /// Constant quality, 0 best to 51 worst.
    pub quality: u32,
    /// With the sound of each recording.
    pub sound: bool,
}

/// Renders.
///
/// # Errors
/// As [`BestSections::read`]; recordings that are not those of the maps (unless forced), or unreadable; no
/// encoder; an output that cannot be written; a wish to stop. Nothing is left behind then.
pub fn render_ideal(request: &IdealRequest, context: &Context<'_>) -> Result<RenderReport, PipelineError> {
    let format = movie_format(&request.out)?;
    let job = IdealJob::prepare(request, context)?;
    let sound = job.sound()?;
    let settings = job.film_settings(format, sound.as_ref());
    let mut film = Film::start(&settings, context)?;
    job.draw(&mut film, sound, context)?;
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
struct IdealJob<'a> {
    request: &'a IdealRequest,
    recordings: Vec<Opened>,
    schedule: IdealSchedule,
    geometry: OneByOne,
    /// Lines over each section, where they are wanted.
    captions: Vec<Vec<String>>,
    /// What the movie may replace.
    may: Replaces,
    warnings: Vec<String>,
}

impl<'a> IdealJob<'a> {
    fn prepare(request: &'a IdealRequest, context: &Context<'_>) -> Result<IdealJob<'a>, PipelineError> {
        let best = BestSections::read(&request.root, request.trail.as_deref())?;
        let mut warnings = best.warnings;
        context.task.progress.start(Stage::Open, None, None);
        let (mut recordings, mut runs) = (Vec::new(), Vec::new());
        for (run, file) in &best.recordings {
            context.task.cancel.check()?;
            recordings.push(open(Path::new(&file.path), Some(file), context, &mut warnings)?);
            runs.push(run);
        }
        context.task.progress.finish(Stage::Open);
        let chapters = recordings
            .iter()
            .flat_map(|opened| opened.recording.chapters())
            .map(|chapter| chapter.path.as_path());
        let may = context
            .outputs(chapters.chain(best.inputs.iter().map(PathBuf::as_path)))
            .check(&request.out, OWN_MOVIE)?;
        let sections: Vec<Section> = best
            .sections
            .iter()
            .filter_map(|section| {
                Some(Section {
                    recording: runs.iter().position(|run| **run == section.run)?,
                    t_secs: section.t_secs,
                })
            })
            .collect();
        let first = recordings.first().ok_or(RenderProblem::EmptyMap)?;
        let rate = match request.rate {
            RateChoice::Fixed(rate) => rate,
            RateChoice::Auto => own_rate(first),
        };
        let geometry = OneByOne::new((first.source.width, first.source.height), request.size)?;
        let captions = if request.labels {
            lines(&best.sections, best.fastest.as_deref())
        } else {
            Vec::new()
        };
        Ok(IdealJob {
            request,
            schedule: IdealSchedule::new(&sections, rate),
            geometry,
            captions,
            may,
            warnings,
            recordings,
        })
    }

    fn film_settings(&self, format: MovieFormat, sound: Option<&IdealSound>) -> FilmSettings<'a> {
        FilmSettings {
            out: &self.request.out,
            format,
            may: self.may,
            codec: self.request.codec,
            quality: self.request.quality,
            size: self.geometry.size,
            rate: self.schedule.rate(),
            frames: self.schedule.frames(),
            sound: sound.map(IdealSound::settings),
        }
    }

    /// An error of recording `number`.
    fn unreadable(&self, number: usize, error: RenderProblem) -> PipelineError {
        let error = PipelineError::from(error);
        match self.recordings.get(number) {
            Some(opened) => error.at(Path::new(&opened.source.path)),
            None => error,
        }
    }

    fn sound(&self) -> Result<Option<IdealSound>, PipelineError> {
        if !self.request.sound {
            return Ok(None);
        }
        IdealSound::of(self.recordings.iter().map(|opened| &opened.recording))
            .map_err(|(number, error)| self.unreadable(number, RenderProblem::Frame(error)))
    }

    /// Draws all frames.
    fn draw(
        &self,
        film: &mut Film<'_>,
        mut sound: Option<IdealSound>,
        context: &Context<'_>,
    ) -> Result<(), PipelineError> {
        let mut canvas = Canvas::new(self.geometry.size);
        let mut captions = Captions::default();
        let shown = self.schedule.stretches().iter();
        for stretch in shown.filter(|stretch| stretch.first < stretch.end) {
            self.draw_stretch(stretch, &mut canvas, &mut captions, context, |canvas, number| {
                let samples = match &mut sound {
                    Some(sound) => self.samples(sound, number + 1)?,
                    None => Vec::new(),
                };
                film.add(canvas.picture(), &samples)
            })?;
        }
        Ok(())
    }

    /// Draws the frames of a stretch; `done` gets each with its number.
    fn draw_stretch(
        &self,
        stretch: &Stretch,
        canvas: &mut Canvas,
        captions: &mut Captions,
        context: &Context<'_>,
        mut done: impl FnMut(&Canvas, u64) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let Some(opened) = self.recordings.get(stretch.recording) else {
            return Ok(());
        };
        let timeline = opened.recording.timeline();
        let index_at = |number| timeline.shown_at(self.schedule.moment(stretch, number).t_secs);
        let mut indices: Vec<usize> = (stretch.first..stretch.end).map(index_at).collect();
        indices.dedup();
        let area = self.geometry.area((opened.source.width, opened.source.height));
        let options = ColourOptions {
            size: (area.width, area.height),
            matrix: Some(ColourMatrix::Bt709),
            full_range: false,
            threads: context.task.threads,
        };
        thread::scope(|scope| {
            let frames = opened.recording.colour_frames(&indices, &options);
            let mut pictures = SidePictures::start(scope, frames);
            for number in stretch.first..stretch.end {
                context.task.cancel.check()?;
                canvas.clear();
                let shown = pictures.shown(Some(index_at(number)));
                let shown = shown.map_err(|error| self.unreadable(stretch.recording, error))?;
                if let Some(picture) = shown {
                    canvas.put(picture, area);
                }
                let section = self.schedule.moment(stretch, number).section;
                if let Some(lines) = self.captions.get(section) {
                    captions.draw(lines, canvas, &self.geometry)?;
                }
                done(canvas, number)?;
            }
            Ok(())
        })
    }

    /// The sound up to the beginning of frame `number`.
    fn samples(&self, sound: &mut IdealSound, number: u64) -> Result<Vec<Vec<f32>>, PipelineError> {
        let stretches = self.schedule.stretches();
        let number_of = |piece: usize| stretches.get(piece).map(|stretch| stretch.recording);
        let recording_of = |piece| Some(&self.recordings.get(number_of(piece)?)?.recording);
        sound
            .up_to_frame(number, &self.schedule, recording_of)
            .map_err(|(piece, error)| {
                let number = number_of(piece).unwrap_or_default();
                self.unreadable(number, RenderProblem::Frame(error))
            })
    }
}

/// Lines of text below each other, drawn anew when they say something else.
#[derive(Default)]
struct Captions(Vec<Drawn<String>>);

impl Captions {
    fn draw(
        &mut self,
        lines: &[String],
        canvas: &mut Canvas,
        geometry: &OneByOne,
    ) -> Result<(), PipelineError> {
        let height = geometry.caption_height();
        self.0.resize_with(lines.len().max(self.0.len()), Drawn::default);
        let mut y = 0;
        for (line, drawn) in lines.iter().zip(&mut self.0) {
            let stamp = drawn.get(line.clone(), |text| caption(text, height, geometry.size.0))?;
            canvas.stamp(stamp, 0, y);
            y += height + 2;
        }
        Ok(())
    }
}

/// What stands over each section.
fn lines(sections: &[BestSection], fastest: Option<&str>) -> Vec<Vec<String>> {
    let count = sections.len();
    let numbered = sections.iter().enumerate();
    let lines = numbered.map(|(k, section)| {
        let [from, to] = &section.gates;
        let [from_secs, to_secs] = section.t_secs;
        let who = [section.run.as_str(), section.rider.as_str()]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>();
        let mut lines = vec![
            format!("{}/{count} · {from} – {to}", k + 1),
            format!("{} · {:.2} s", who.join(" · "), to_secs - from_secs),
        ];
        if let Some((ahead_secs, fastest)) = section.ahead_secs.zip(fastest) {
            lines.push(format!("At {to} {} {fastest}, the fastest run", lead(ahead_secs)));
        }
        lines
    });
    lines.collect()
}

fn lead(ahead_secs: f64) -> String {
    if ahead_secs.abs() < LEVEL_SECS {
        "level with".to_owned()
    } else if ahead_secs > 0.0 {
        format!("{ahead_secs:.2} s ahead of")
    } else {
        format!("{:.2} s behind", -ahead_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_say_whose_section_it_is_and_what_is_won() {
        let section = |ahead_secs, rider: &str| BestSection {
            gates: ["Fork".to_owned(), "Barn".to_owned()],
            run: "monday".to_owned(),
            rider: rider.to_owned(),
            t_secs: [3.0, 4.5],
            ahead_secs,
        };
        let sections = [
            section(Some(0.001), "Ana"),
            section(Some(1.234), ""),
            section(Some(-0.04), ""),
            section(None, ""),
        ];
        let found = lines(&sections, Some("friday"));
        assert_eq!(
            found[0],
            [
                "1/4 · Fork – Barn",
                "monday · Ana · 1.50 s",
                "At Barn level with friday, the fastest run"
            ]
        );
        assert_eq!(found[1][1], "monday · 1.50 s");
        assert_eq!(found[1][2], "At Barn 1.23 s ahead of friday, the fastest run");
        assert_eq!(found[2][2], "At Barn 0.04 s behind friday, the fastest run");
        assert_eq!(found[3].len(), 2, "nobody knows");
    }
}
