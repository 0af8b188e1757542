//! Reliability diagram: of the answers said to be right with probability p, how
//! many were?
//!
//! Points on the diagonal are honest confidences; below it the program claims
//! more than it knows. Under the diagram the bars show how many answers each
//! point stands for, because a point of three answers means little.

use crate::axes;
use crate::font::{self, Weight};
use crate::png::{self, PlotError};
use crate::scale::{self, Scale};
use crate::svg::{Rect, Svg, TextAnchor, TextStyle, fill, layout_size, stroke};
use crate::theme;

/// Answers of about the same stated confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Mean stated confidence, 0..1.
    pub predicted: f64,
    /// Share that was right, 0..1.
    pub observed: f64,
    /// How many answers.
    pub count: u64,
}

/// The diagram.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// First line.
    pub title: String,
    /// Bins in ascending confidence; empty ones may be left out.
    pub bins: Vec<Bin>,
    /// Expected calibration error: mean of |predicted - observed| weighted by count.
    pub ece: f64,
    /// Picture size in pixels.
    pub size: (u32, u32),
}

const COUNT_HEIGHT: f64 = 90.0;

impl Reliability {
    /// The picture as SVG text.
    pub fn svg(&self) -> String {
        let bins: Vec<Bin> = self
            .bins
            .iter()
            .copied()
            .filter(|b| b.count > 0 && b.predicted.is_finite() && b.observed.is_finite())
            .collect();
        let page = layout_size(self.size);
        let mut svg = Svg::new(self.size, page);
        let side = (page.1 - 84.0 - 70.0 - COUNT_HEIGHT - 34.0).min(page.0 - 140.0);
        let area = Rect::new((page.0 - side) / 2.0 + 20.0, 84.0, side, side);
        let counts = Rect::new(area.x, area.bottom() + 34.0, side, COUNT_HEIGHT);

        let title = font::fit(&self.title, page.0 - 56.0, theme::TITLE_SIZE, Weight::SemiBold);
        svg.text(
            (28.0, 40.0),
            TextStyle::new(theme::TITLE_SIZE, theme::INK).bold(),
            &title,
        );
        let total: u64 = bins.iter().map(|b| b.count).sum();
        svg.text(
            (28.0, 62.0),
            TextStyle::new(theme::TEXT_SIZE, theme::MUTED),
            &format!("{total} answers, expected calibration error {:.3}", self.ece),
        );
        draw_diagram(&mut svg, &bins, area);
        draw_counts(&mut svg, &bins, counts);
        svg.finish()
    }

    /// The picture as PNG bytes of `size` pixels.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        png::render(&self.svg(), self.size)
    }
}

/// 90 % interval of a share seen in `count` answers (Wilson, 1927).
fn wilson_interval(observed: f64, count: u64) -> (f64, f64) {
    const Z: f64 = 1.645;
    let n = count as f64;
    let z2 = Z * Z / n;
    let middle = (observed + z2 / 2.0) / (1.0 + z2);
    let half = Z / (1.0 + z2) * (observed * (1.0 - observed) / n + z2 / (4.0 * n)).max(0.0).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

fn draw_diagram(svg: &mut Svg, bins: &[Bin], area: Rect) {
    let x = Scale::new((0.0, 1.0), (area.x, area.right()));
    let y = Scale::new((0.0, 1.0), (area.bottom(), area.y));
    let y_ticks = scale::number_ticks(&y, 60.0, false);
    let x_ticks = scale::number_ticks(&x, 60.0, false);
    axes::grid(svg, area, (&x, &y), (&x_ticks, &y_ticks));
    let dashed = format!("{} stroke-dasharray=\"5 5\"", stroke(theme::DIAGONAL, 1.25));
    svg.line((x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)), &dashed);
    let quiet = TextStyle::new(theme::SMALL_SIZE, theme::MUTED);
    svg.text(
        (area.x + 14.0, area.y + 22.0),
        quiet,
        "more often right than said",
    );
    svg.text(
        (area.right() - 14.0, area.bottom() - 12.0),
        quiet.anchored(TextAnchor::End),
        "less often right than said",
    );

    let line: Vec<_> = bins
        .iter()
        .map(|b| (x.at(b.predicted), y.at(b.observed)))
        .collect();
    svg.polyline(&line, &stroke(theme::CURVE, 2.0));
    for bin in bins {
        let at = (x.at(bin.predicted), y.at(bin.observed));
        let (low, high) = wilson_interval(bin.observed, bin.count);
        svg.line((at.0, y.at(low)), (at.0, y.at(high)), &stroke(theme::CURVE, 1.25));
        svg.circle(
            at,
            5.0,
            &format!(
                "{} stroke=\"{}\" stroke-width=\"1.5\"",
                fill(theme::CURVE),
                theme::PAPER
            ),
        );
    }
    axes::frame(svg, area, (&x, &y), (&[], &y_ticks));
    let style = TextStyle::new(theme::TEXT_SIZE, theme::INK);
    svg.text_upwards(
        (area.x - 58.0, area.y + area.height / 2.0),
        style,
        "Share that was right",
    );
}

fn draw_counts(svg: &mut Svg, bins: &[Bin], area: Rect) {
    let largest = bins.iter().map(|b| b.count).max().unwrap_or(1);
    let x = Scale::new((0.0, 1.0), (area.x, area.right()));
    let y = Scale::new((0.0, largest as f64 * 1.25), (area.bottom(), area.y));
    let x_ticks = scale::number_ticks(&x, 60.0, false);
    let width = (area.width / bins.len().max(10) as f64 * 0.7).min(36.0);
    let text = TextStyle::new(theme::SMALL_SIZE, theme::MUTED).anchored(TextAnchor::Middle);
    for bin in bins {
        let (at, top) = (x.at(bin.predicted), y.at(bin.count as f64));
        let left = (at - width / 2.0).clamp(area.x, area.right() - width);
        svg.rect(
            Rect::new(left, top, width, area.bottom() - top),
            &format!("{} opacity=\"0.35\"", fill(theme::CURVE)),
        );
        svg.text((left + width / 2.0, top - 4.0), text, &bin.count.to_string());
    }
    axes::frame(svg, area, (&x, &y), (&x_ticks, &[]));
    axes::titles(svg, area, "Stated confidence", "Answers");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_interval_holds_the_share_and_narrows_with_more_answers() {
        let (low, high) = wilson_interval(0.9, 20);
        assert!(low < 0.9 && 0.9 < high && high <= 1.0);
        let (low_many, high_many) = wilson_interval(0.9, 2000);
        assert!(high_many - low_many < (high - low) / 5.0);
        assert_eq!(wilson_interval(1.0, 5).1, 1.0);
    }

    #[test]
    fn empty_and_broken_bins_still_make_a_picture() {
        let plot = Reliability {
            title: "x <&> 🚵".to_owned(),
            bins: vec![Bin {
                predicted: f64::NAN,
                observed: 0.5,
                count: 3,
            }],
            ece: f64::NAN,
            size: (600, 600),
        };
        assert!(plot.png().is_ok_and(|png| png.len() > 1000));
    }
}
