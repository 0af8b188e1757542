//! How far the pairs lie from the curve, on a scale on which it can be seen.
//!
//! In the main picture a tenth of a second is less than a pixel; here the curve
//! is the zero line, with the same band and the same dots.

use super::picture::{band_outline, draw_pairs};
use super::{CurvePoint, Overlay, PairPoint};
use crate::axes;
use crate::scale::{self, Scale};
use crate::svg::{Rect, Svg, TextStyle, fill, stroke};
use crate::theme;

/// The vertical axis covers at least this much, so that a perfect fit does not
/// look ragged, and at most that much, so that one outlier does not hide the rest.
const SPAN_SECS: (f64, f64) = (0.1, 2.0);
/// Share of the pairs inside the vertical axis, if the limits above allow it.
const INSIDE_SHARE: f64 = 0.98;

pub fn draw(svg: &mut Svg, data: &Overlay, area: Rect) {
    let residuals: Vec<PairPoint> = data
        .pairs
        .iter()
        .filter_map(|p| {
            Some(PairPoint {
                t_ref: p.t_ref - data.ref_from_new(p.t_new)?.t_ref,
                ..*p
            })
        })
        .collect();
    let span = span_secs(&residuals, data);
    let x = Scale::new((0.0, data.new_duration_secs), (area.x, area.right()));
    let y = Scale::new((-span, span), (area.bottom(), area.y));
    let step = scale::time_step(data.new_duration_secs, area.width, 62.0);
    let x_ticks = scale::time_ticks(&x, step);
    let y_ticks = scale::number_ticks(&y, 36.0, true);

    axes::grid(svg, area, (&x, &y), (&x_ticks, &y_ticks));
    svg.begin_clip("residuals", area);
    let band = format!("{} opacity=\"0.18\"", fill(theme::CURVE));
    for segment in &data.curve {
        let at = |p: &CurvePoint, t_ref: f64| (x.at(p.t_new), y.at(t_ref - p.t_ref));
        svg.polygon(&band_outline(segment, at), &band);
        if let (Some(first), Some(last)) = (segment.first(), segment.last()) {
            svg.line(
                at(first, first.t_ref),
                at(last, last.t_ref),
                &stroke(theme::CURVE, 1.6),
            );
        }
    }
    draw_pairs(svg, &residuals, |p| (x.at(p.t_new), y.at(p.t_ref)));
    svg.end();
    axes::frame(svg, area, (&x, &y), (&x_ticks, &y_ticks));
    let heading = TextStyle::new(theme::TEXT_SIZE, theme::INK).bold();
    svg.text((area.x - 36.0, area.y - 14.0), heading, "Pairs minus curve (s)");
}

fn span_secs(residuals: &[PairPoint], data: &Overlay) -> f64 {
    let mut distances: Vec<f64> = residuals.iter().map(|p| p.t_ref.abs()).collect();
    distances.sort_by(f64::total_cmp);
    let rank = (distances.len().saturating_sub(1) as f64 * INSIDE_SHARE).round() as usize;
    let pairs = distances.get(rank).copied().unwrap_or(0.0);
    let mut bands: Vec<f64> = data
        .curve
        .iter()
        .flatten()
        .map(|p| (p.high - p.low) / 2.0)
        .collect();
    bands.sort_by(f64::total_cmp);
    let band = bands.get(bands.len() / 2).copied().unwrap_or(0.0);
    (1.15 * pairs.max(band)).clamp(SPAN_SECS.0, SPAN_SECS.1)
}
