//! Captions, marker names and the delta bar. Each is drawn anew only when it says something else.

use std::path::Path;

use mtbsync_artefacts::edits::Edits;
use mtbsync_plot::Pixels;
use mtbsync_plot::PlotError;
use mtbsync_plot::caption::{Caption, DeltaBar};
use mtbsync_task::error::PipelineError;

use super::canvas::{Canvas, Stamp};
use super::error::RenderProblem;
use super::geometry::Geometry;
use super::markers::MarkerNames;
use super::request::{Layout, RenderRequest, Side};
use super::schedule::{FrameMoment, Schedule};
use crate::recordings::clock;

/// Moments at which the largest delta is looked for.
const DELTA_SAMPLES: u64 = 500;
/// The bar is never full at less than this, seconds.
const MIN_FULL_SECS: f64 = 1.0;
/// Steps of the bar: tenths of a second, as the text counts.
const DELTA_STEPS_PER_SEC: f64 = 10.0;
/// The bar is this much higher than a caption.
const BAR_HEIGHT: f64 = 1.4;

/// What is written onto the frames.
pub struct Texts {
    /// Names of reference and new run; `None`: no captions.
    labels: Option<[String; 2]>,
    markers: Option<MarkerNames>,
    /// Delta that fills half of the bar; `None`: no bar.
    full_secs: Option<f64>,
}

impl Texts {
    /// Reads what has to be read.
    pub fn new(
        request: &RenderRequest,
        schedule: &Schedule,
        warnings: &mut Vec<String>,
    ) -> Result<Texts, PipelineError> {
        let name = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let labels = [
            format!("Reference · {}", name(&request.reference)),
            format!("New · {}", name(&request.new)),
        ];
        let markers = request.look.markers.as_deref();
        let edits = request
            .warps
            .first()
            .map(|path| Edits::beside(path))
            .transpose()?;
        let edits = edits.unwrap_or_default();
        Ok(Texts {
            labels: request.look.labels.then_some(labels),
            markers: markers
                .map(|path| MarkerNames::read(path, &edits, schedule, warnings))
                .transpose()?,
            full_secs: request.look.delta_bar.then(|| largest_delta_secs(schedule)),
        })
    }
}

/// Full scale of the bar: the largest delta, rounded up to whole seconds.
fn largest_delta_secs(schedule: &Schedule) -> f64 {
    let step = schedule.frames().div_ceil(DELTA_SAMPLES).max(1);
    let deltas = (0..schedule.frames())
        .step_by(usize::try_from(step).unwrap_or(1))
        .filter_map(|number| schedule.moment(number).delta_secs);
    deltas
        .fold(MIN_FULL_SECS, |largest, delta| largest.max(delta.abs()))
        .ceil()
}

/// Draws the texts.
pub struct Overlays<'a> {
    texts: &'a Texts,
    geometry: Geometry,
    labels: [Drawn<String>; 2],
    marker: Drawn<String>,
    bar: Drawn<Option<i64>>,
}

/// A stamp and what it says.
pub struct Drawn<T>(Option<(T, Stamp)>);

impl<T> Default for Drawn<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq> Drawn<T> {
    /// The stamp for `content`, drawn when it is not the last one.
    pub fn get(
        &mut self,
        content: T,
        draw: impl FnOnce(&T) -> Result<Pixels, PlotError>,
    ) -> Result<&Stamp, PipelineError> {
        let kept = match self.0.take() {
            Some(kept) if kept.0 == content => kept,
            _ => {
                let pixels = draw(&content).map_err(RenderProblem::Plot)?;
                (content, Stamp::new(&pixels))
            }
        };
        Ok(&self.0.insert(kept).1)
    }
}

impl<'a> Overlays<'a> {
    /// For frames of this geometry.
    pub fn new(texts: &'a Texts, geometry: &Geometry) -> Overlays<'a> {
        Overlays {
            texts,
            geometry: *geometry,
            labels: Default::default(),
            marker: Drawn::default(),
            bar: Drawn::default(),
        }
    }

    /// Writes onto the frame what belongs to `moment`.
    pub fn draw(&mut self, canvas: &mut Canvas, moment: &FrameMoment) -> Result<(), PipelineError> {
        self.draw_labels(canvas, moment)?;
        let bar_height = self.draw_bar(canvas, moment)?;
        self.draw_marker(canvas, moment, bar_height)
    }

    fn draw_labels(&mut self, canvas: &mut Canvas, moment: &FrameMoment) -> Result<(), PipelineError> {
        let Some(names) = &self.texts.labels else {
            return Ok(());
        };
        let height = self.geometry.caption_height();
        let sides = [
            (Side::Reference, moment.t_ref_secs),
            (Side::New, moment.t_new_secs),
        ];
        for (((side, t_secs), name), drawn) in sides.into_iter().zip(names).zip(&mut self.labels) {
            let area = self.geometry.area(side);
            let time = t_secs.map_or_else(|| "no counterpart".to_owned(), clock);
            let stamp = drawn.get(format!("{name} · {time}"), |text| {
                caption(text, height, area.width)
            })?;
            // Over each other, the new run's caption goes below the reference's.
            let below = self.geometry.layout == Layout::Ghost && side == Side::New;
            let y = area.y + if below { height + 2 } else { 0 };
            canvas.stamp(stamp, area.x, y);
        }
        Ok(())
    }

    /// Draws the bar at the lower edge and gives its height.
    fn draw_bar(&mut self, canvas: &mut Canvas, moment: &FrameMoment) -> Result<usize, PipelineError> {
        let Some(full_secs) = self.texts.full_secs else {
            return Ok(0);
        };
        let (width, frame_height) = self.geometry.size;
        let height = (self.geometry.caption_height() as f64 * BAR_HEIGHT) as usize & !1;
        let steps = moment
            .delta_secs
            .map(|secs| (secs * DELTA_STEPS_PER_SEC).round() as i64);
        let stamp = self.bar.get(steps, |steps| {
            DeltaBar {
                delta_secs: steps.map(|steps| steps as f64 / DELTA_STEPS_PER_SEC),
                full_secs,
                size: (side(width), side(height)),
            }
            .pixels()
        })?;
        canvas.stamp(stamp, 0, frame_height.saturating_sub(stamp.height()));
        Ok(stamp.height())
    }

    fn draw_marker(
        &mut self,
        canvas: &mut Canvas,
        moment: &FrameMoment,
        bar_height: usize,
    ) -> Result<(), PipelineError> {
        let markers = self.texts.markers.as_ref();
        let Some(name) = markers.and_then(|markers| markers.at(moment.master_secs)) else {
            return Ok(());
        };
        let (width, frame_height) = self.geometry.size;
        let height = self.geometry.caption_height();
        let stamp = self
            .marker
            .get(name.to_owned(), |text| caption(text, height, width))?;
        let x = (width.saturating_sub(stamp.width()) / 2) & !1;
        let y = frame_height.saturating_sub(bar_height + 2 * height) & !1;
        canvas.stamp(stamp, x, y);
        Ok(())
    }
}

/// A line of text in a box.
pub fn caption(text: &str, height: usize, max_width: usize) -> Result<Pixels, PlotError> {
    Caption {
        text: text.to_owned(),
        height: side(height),
        max_width: side(max_width),
    }
    .pixels()
}

fn side(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
