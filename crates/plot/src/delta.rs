//! Time lost and won along the trail: one curve per run over the reference clock.
//!
//! Above zero the run is slower than the reference. Pale bands are 90 %
//! intervals; a curve is broken where the run has no counterpart.

use crate::axes;
use crate::font::{self, Weight};
use crate::png::{self, PlotError};
use crate::scale::{self, Scale};
use crate::svg::{Rect, Svg, TextStyle, fill, layout_size, stroke};
use crate::theme;

/// One value of the delta, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeltaPoint {
    /// Time in the reference run.
    pub t_ref: f64,
    /// New minus reference time since the first gate; not finite = no counterpart.
    pub delta: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end of the 90 % interval.
    pub high: f64,
}

/// The curve of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct DeltaRun {
    /// Name in the legend.
    pub name: String,
    /// Values in ascending `t_ref`.
    pub points: Vec<DeltaPoint>,
}

/// The plot.
#[derive(Clone, Debug, PartialEq)]
pub struct DeltaPlot {
    /// First line.
    pub title: String,
    /// Runs, drawn in order; colours repeat after seven.
    pub runs: Vec<DeltaRun>,
    /// Picture size in pixels.
    pub size: (u32, u32),
}

const LEGEND_WIDTH: f64 = 210.0;
const LEGEND_LINE: f64 = 22.0;

impl DeltaPlot {
    /// The picture as SVG text.
    pub fn svg(&self) -> String {
        let page = layout_size(self.size);
        let mut svg = Svg::new(self.size, page);
        let title = font::fit(&self.title, page.0 - 56.0, theme::TITLE_SIZE, Weight::SemiBold);
        svg.text(
            (28.0, 40.0),
            TextStyle::new(theme::TITLE_SIZE, theme::INK).bold(),
            &title,
        );
        let area = Rect::new(
            98.0,
            68.0,
            page.0 - 98.0 - LEGEND_WIDTH - 56.0,
            page.1 - 68.0 - 72.0,
        );
        self.draw_curves(&mut svg, area);
        self.draw_legend(
            &mut svg,
            Rect::new(area.right() + 28.0, area.y, LEGEND_WIDTH, area.height),
        );
        svg.finish()
    }

    /// The picture as PNG bytes of `size` pixels.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        png::render(&self.svg(), self.size)
    }

    fn draw_curves(&self, svg: &mut Svg, area: Rect) {
        let (x, y) = self.scales(area);
        let (from, to) = x.range();
        let step = scale::time_step(to - from, area.width, 80.0);
        let x_ticks = scale::time_ticks(&x, step);
        let y_ticks = scale::number_ticks(&y, 46.0, true);
        axes::grid(svg, area, (&x, &y), (&x_ticks, &y_ticks));
        svg.line(
            (area.x, y.at(0.0)),
            (area.right(), y.at(0.0)),
            &stroke(theme::DIAGONAL, 1.5),
        );
        svg.begin_clip("plot", area);
        for (run, colour) in self.runs.iter().zip(theme::SERIES.iter().cycle()) {
            for piece in pieces(&run.points) {
                let mut band: Vec<_> = piece.iter().map(|p| (x.at(p.t_ref), y.at(p.high))).collect();
                band.extend(piece.iter().rev().map(|p| (x.at(p.t_ref), y.at(p.low))));
                svg.polygon(&band, &format!("{} opacity=\"0.16\"", fill(colour)));
                let line: Vec<_> = piece.iter().map(|p| (x.at(p.t_ref), y.at(p.delta))).collect();
                svg.polyline(
                    &line,
                    &format!("{} stroke-linejoin=\"round\"", stroke(colour, 2.0)),
                );
            }
        }
        svg.end();
        axes::frame(svg, area, (&x, &y), (&x_ticks, &y_ticks));
        let unit = scale::clock_unit(step, to);
        axes::titles(
            svg,
            area,
            &format!("Time in the reference run ({unit})"),
            "Time lost (+) or won (\u{2212}) (s)",
        );
    }

    /// Axes over all values; zero is always in sight.
    fn scales(&self, area: Rect) -> (Scale, Scale) {
        let drawn = || {
            self.runs
                .iter()
                .flat_map(|run| pieces(&run.points).into_iter().flatten())
        };
        let ends = |values: &mut dyn Iterator<Item = f64>, start: (f64, f64)| {
            values.fold(start, |(low, high), v| (low.min(v), high.max(v)))
        };
        let (first, last) = ends(&mut drawn().map(|p| p.t_ref), (f64::INFINITY, f64::NEG_INFINITY));
        let (low, high) = ends(&mut drawn().flat_map(|p| [p.low, p.high]), (0.0, 0.0));
        let border = ((high - low) * 0.06).max(0.1);
        (
            Scale::new((first, last), (area.x, area.right())),
            Scale::new((low - border, high + border), (area.bottom(), area.y)),
        )
    }

    fn draw_legend(&self, svg: &mut Svg, area: Rect) {
        let style = TextStyle::new(theme::TEXT_SIZE, theme::INK);
        let rows = (area.height / LEGEND_LINE) as usize;
        for (i, (run, colour)) in self
            .runs
            .iter()
            .zip(theme::SERIES.iter().cycle())
            .take(rows)
            .enumerate()
        {
            let y = area.y + 8.0 + i as f64 * LEGEND_LINE;
            svg.line((area.x, y), (area.x + 24.0, y), &stroke(colour, 3.0));
            let name = font::fit(&run.name, area.width - 34.0, style.size, style.weight);
            svg.text((area.x + 34.0, y + 4.5), style, &name);
        }
    }
}

/// Runs of drawable values between gaps.
pub(crate) fn pieces(points: &[DeltaPoint]) -> Vec<&[DeltaPoint]> {
    points
        .split(|p| ![p.t_ref, p.delta, p.low, p.high].iter().all(|v| v.is_finite()))
        .filter(|piece| piece.len() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(t_ref: f64, delta: f64) -> DeltaPoint {
        DeltaPoint {
            t_ref,
            delta,
            low: delta - 0.1,
            high: delta + 0.1,
        }
    }

    #[test]
    fn a_gap_breaks_the_curve() {
        let points = [
            point(0.0, 0.0),
            point(1.0, 0.2),
            point(2.0, f64::NAN),
            point(3.0, 0.1),
            point(4.0, 0.3),
        ];
        assert_eq!(pieces(&points).len(), 2);
        let plot = DeltaPlot {
            title: String::new(),
            runs: vec![DeltaRun {
                name: "A & B".to_owned(),
                points: points.to_vec(),
            }],
            size: (900, 640),
        };
        let svg = plot.svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("A &amp; B"));
        assert!(plot.png().is_ok());
    }

    #[test]
    fn no_runs_still_make_a_picture() {
        let plot = DeltaPlot {
            title: "nothing".to_owned(),
            runs: Vec::new(),
            size: crate::DEFAULT_SIZE,
        };
        assert!(plot.png().is_ok());
    }
}
