//! The alignment overlay: for every moment of the new run, the moment of the
//! reference that shows the same place.
//!
//! One look answers four questions: is there a map at all, where does it come
//! from (the pairs), how sure is it (the band and the distances of the pairs),
//! and where do the markers end up. Both axes have the same scale, so a run
//! ridden at the same pace is parallel to the grey diagonal.

mod layout;
mod markers;
mod panel;
mod picture;
mod residuals;

use crate::font::{self, Weight};
use crate::png::{self, PlotError};
use crate::svg::{Rect, Svg, TextStyle, fill, layout_size};
use crate::theme;
use layout::OverlayLayout;

/// One point of the map, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Time in the new run.
    pub t_new: f64,
    /// Time in the reference run.
    pub t_ref: f64,
    /// Lower end of the 90 % band of `t_ref`.
    pub low: f64,
    /// Upper end of the 90 % band of `t_ref`.
    pub high: f64,
}

/// A matched pair of moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairPoint {
    /// Time in the new run, s.
    pub t_new: f64,
    /// Time in the reference run, s.
    pub t_ref: f64,
    /// Probability that the pair is right, 0..1.
    pub confidence: f64,
}

/// A marker and where it went.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkerPoint {
    /// Name as the person wrote it.
    pub name: String,
    /// Time in the reference run, s.
    pub t_ref: f64,
    /// Time in the new run, s; `None` when it has no counterpart.
    pub t_new: Option<f64>,
    /// Lower end of the 90 % interval of `t_new`, s.
    pub low: Option<f64>,
    /// Upper end of the 90 % interval of `t_new`, s.
    pub high: Option<f64>,
    /// Whether a person should look at it.
    pub needs_review: bool,
    /// Probability that it is right, 0..1.
    pub confidence: f64,
}

/// Which rider stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rider {
    /// The rider of the new run; the curve is flat.
    New,
    /// The rider of the reference run; the curve is steep.
    Reference,
}

/// A stop, in seconds of the recording it happened in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopSpan {
    /// Who stood still.
    pub side: Rider,
    /// Start, s.
    pub from: f64,
    /// End, s.
    pub to: f64,
}

/// Whether the map can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayVerdict {
    /// All gates passed.
    Aligned,
    /// A gate failed or nothing common was found; `reasons` say why.
    NotAligned,
}

/// Everything the picture shows. Non-finite numbers are left out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// First line, such as `new.mp4 on ref.mp4`.
    pub title: String,
    /// Second line; may be empty.
    pub subtitle: String,
    /// Length of the new recording, s; 0 when unknown.
    pub new_duration_secs: f64,
    /// Length of the reference recording, s; 0 when unknown.
    pub ref_duration_secs: f64,
    /// The map, one list per segment, ascending in `t_new`.
    pub curve: Vec<Vec<CurvePoint>>,
    /// Matched pairs.
    pub pairs: Vec<PairPoint>,
    /// Transferred markers.
    pub markers: Vec<MarkerPoint>,
    /// Stops of either rider.
    pub stops: Vec<StopSpan>,
    /// Whether the map can be trusted.
    pub verdict: OverlayVerdict,
    /// Why not; one line each.
    pub reasons: Vec<String>,
    /// Numbers worth reading beside the picture: (what, value), such as
    /// `("Coverage", "93 %")`.
    pub facts: Vec<(String, String)>,
    /// Picture size in pixels, width and height.
    pub size: (u32, u32),
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            title: String::new(),
            subtitle: String::new(),
            new_duration_secs: 0.0,
            ref_duration_secs: 0.0,
            curve: Vec::new(),
            pairs: Vec::new(),
            markers: Vec::new(),
            stops: Vec::new(),
            verdict: OverlayVerdict::Aligned,
            reasons: Vec::new(),
            facts: Vec::new(),
            size: crate::DEFAULT_SIZE,
        }
    }
}

impl Overlay {
    /// The picture as SVG text.
    pub fn svg(&self) -> String {
        let data = self.finite();
        let page = layout_size(self.size);
        let banner = Banner::of(&data, page.0);
        let layout = OverlayLayout::new(&data, page, banner.height());

        let mut svg = Svg::new(self.size, page);
        data.draw_heading(&mut svg, page.0);
        banner.draw(&mut svg, page.0);
        let names_left_out = picture::draw(&mut svg, &data, &layout);
        panel::draw(&mut svg, &data, &layout, names_left_out);
        if let Some(area) = layout.residuals {
            residuals::draw(&mut svg, &data, area);
        }
        svg.finish()
    }

    /// The picture as PNG bytes of `size` pixels.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        png::render(&self.svg(), self.size)
    }

    fn draw_heading(&self, svg: &mut Svg, page_width: f64) {
        let width = page_width - 2.0 * layout::MARGIN;
        let title = font::fit(&self.title, width, theme::TITLE_SIZE, Weight::SemiBold);
        let subtitle = font::fit(&self.subtitle, width, theme::TEXT_SIZE, Weight::Regular);
        svg.text(
            (layout::MARGIN, 40.0),
            TextStyle::new(theme::TITLE_SIZE, theme::INK).bold(),
            &title,
        );
        svg.text(
            (layout::MARGIN, 62.0),
            TextStyle::new(theme::TEXT_SIZE, theme::MUTED),
            &subtitle,
        );
    }

    /// A copy without numbers that cannot be drawn, each curve ascending, and
    /// durations that cover the data when they are unknown.
    fn finite(&self) -> Self {
        let mut data = self.clone();
        for segment in &mut data.curve {
            segment.retain(|p| [p.t_new, p.t_ref, p.low, p.high].iter().all(|v| v.is_finite()));
            segment.sort_by(|a, b| a.t_new.total_cmp(&b.t_new));
        }
        data.curve.retain(|segment| segment.len() > 1);
        data.pairs.retain(|p| p.t_new.is_finite() && p.t_ref.is_finite());
        data.markers.retain(|m| m.t_ref.is_finite());
        data.markers.sort_by(|a, b| a.t_ref.total_cmp(&b.t_ref));
        data.stops
            .retain(|s| s.from.is_finite() && s.to.is_finite() && s.to > s.from);
        let mapped = || data.curve.iter().flatten();
        let last_new = mapped()
            .map(|p| p.t_new)
            .chain(data.pairs.iter().map(|p| p.t_new))
            .fold(0.0, f64::max);
        let last_ref = mapped()
            .map(|p| p.t_ref)
            .chain(data.pairs.iter().map(|p| p.t_ref))
            .fold(0.0, f64::max);
        data.new_duration_secs = known_duration(self.new_duration_secs, last_new);
        data.ref_duration_secs = known_duration(self.ref_duration_secs, last_ref);
        data
    }

    /// Where the map puts `t_new`, inside a segment.
    fn ref_from_new(&self, t_new: f64) -> Option<CurvePoint> {
        let segment = self.curve.iter().find(|segment| {
            matches!((segment.first(), segment.last()),
                (Some(first), Some(last)) if first.t_new <= t_new && t_new <= last.t_new)
        })?;
        let next = segment.partition_point(|p| p.t_new < t_new).max(1);
        let (a, b) = (segment.get(next - 1)?, segment.get(next)?);
        let span = b.t_new - a.t_new;
        let part = if span > 0.0 { (t_new - a.t_new) / span } else { 0.0 };
        let between = |from: f64, to: f64| from + (to - from) * part;
        Some(CurvePoint {
            t_new,
            t_ref: between(a.t_ref, b.t_ref),
            low: between(a.low, b.low),
            high: between(a.high, b.high),
        })
    }
}

fn known_duration(stated: f64, last_seen: f64) -> f64 {
    if stated.is_finite() && stated > 0.0 {
        stated
    } else if last_seen > 0.0 {
        last_seen
    } else {
        1.0
    }
}

/// The red note across the page that says the runs are not aligned.
struct Banner {
    lines: Vec<String>,
}

const BANNER_TOP: f64 = 78.0;
const BANNER_LINE: f64 = 19.0;
const BANNER_SIZE: f64 = 14.0;
const BANNER_MAX_LINES: usize = 4;

impl Banner {
    fn of(data: &Overlay, page_width: f64) -> Self {
        if data.verdict == OverlayVerdict::Aligned {
            return Self { lines: Vec::new() };
        }
        let text = if data.reasons.is_empty() {
            "Not aligned".to_owned()
        } else {
            format!("Not aligned: {}", data.reasons.join("; "))
        };
        let width = page_width - 2.0 * layout::MARGIN - 40.0;
        Self {
            lines: font::wrap(&text, width, BANNER_MAX_LINES, BANNER_SIZE, Weight::SemiBold),
        }
    }

    /// Height it takes below the heading, with the space after it.
    fn height(&self) -> f64 {
        if self.lines.is_empty() {
            0.0
        } else {
            self.box_height() + 14.0
        }
    }

    fn box_height(&self) -> f64 {
        self.lines.len() as f64 * BANNER_LINE + 15.0
    }

    fn draw(&self, svg: &mut Svg, page_width: f64) {
        if self.lines.is_empty() {
            return;
        }
        let rect = Rect::new(
            layout::MARGIN,
            BANNER_TOP,
            page_width - 2.0 * layout::MARGIN,
            self.box_height(),
        );
        svg.rect(rect, &format!("rx=\"6\" {}", fill(theme::BAD_FILL)));
        svg.rect(
            Rect::new(rect.x, rect.y, 5.0, rect.height),
            &format!("rx=\"2.5\" {}", fill(theme::BAD)),
        );
        let style = TextStyle::new(BANNER_SIZE, theme::BAD).bold();
        for (i, line) in self.lines.iter().enumerate() {
            svg.text(
                (rect.x + 20.0, rect.y + 21.0 + i as f64 * BANNER_LINE),
                style,
                line,
            );
        }
    }
}

#[cfg(test)]
mod tests;
