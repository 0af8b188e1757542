//! The main picture: what has no counterpart, stops, pairs, the curve with its
//! band, and the markers.

use std::collections::BTreeMap;

use super::layout::OverlayLayout;
use super::markers;
use super::{CurvePoint, Overlay, PairPoint, Rider};
use crate::axes;
use crate::svg::{Rect, Svg, TextAnchor, TextStyle, fill, number, stroke};
use crate::theme;

/// Draws the picture; returns how many marker names found no place.
pub fn draw(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout) -> usize {
    let scales = (&layout.x, &layout.y);
    let ticks = (layout.x_ticks.as_slice(), layout.y_ticks.as_slice());
    axes::grid(svg, layout.area, scales, ticks);
    svg.begin_clip("plot", layout.area);
    draw_gaps(svg, data, layout);
    draw_stops(svg, data, layout);
    draw_diagonal(svg, layout);
    draw_pairs(svg, &data.pairs, |p| layout.at(p.t_new, p.t_ref));
    let curve = draw_curve(svg, data, layout);
    svg.end();
    draw_recording_ends(svg, data, layout);
    axes::frame(svg, layout.area, scales, ticks);
    axes::titles(
        svg,
        layout.area,
        &format!("Time in the new run ({})", layout.unit),
        &format!("Time in the reference run ({})", layout.unit),
    );
    markers::draw(svg, data, layout, &curve)
}

/// Stretches of `0..duration` outside all `mapped` ranges.
fn gaps(mapped: impl Iterator<Item = (f64, f64)>, duration: f64) -> Vec<(f64, f64)> {
    let mut mapped: Vec<_> = mapped.collect();
    mapped.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out = Vec::new();
    let mut reached = 0.0f64;
    for (from, to) in mapped {
        if from > reached {
            out.push((reached, from));
        }
        reached = reached.max(to);
    }
    if duration > reached {
        out.push((reached, duration));
    }
    out
}

fn ends(segment: &[CurvePoint], of: impl Fn(&CurvePoint) -> f64) -> Option<(f64, f64)> {
    Some((of(segment.first()?), of(segment.last()?)))
}

fn draw_gaps(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout) {
    let new_gaps = gaps(
        data.curve.iter().filter_map(|s| ends(s, |p| p.t_new)),
        data.new_duration_secs,
    );
    let ref_gaps = gaps(
        data.curve.iter().filter_map(|s| ends(s, |p| p.t_ref)),
        data.ref_duration_secs,
    );
    // Only the recordings themselves are shaded, not the axis beyond their ends.
    let (left, right) = (layout.x.at(0.0), layout.x.at(data.new_duration_secs));
    let (top, bottom) = (layout.y.at(data.ref_duration_secs), layout.y.at(0.0));
    // One group, so that crossing stretches do not get darker.
    svg.raw("<g opacity=\"0.17\">");
    for (from, to) in new_gaps {
        let (x0, x1) = (layout.x.at(from), layout.x.at(to));
        svg.rect(Rect::new(x0, top, x1 - x0, bottom - top), &fill(theme::GAP));
    }
    for (from, to) in ref_gaps {
        let (y0, y1) = (layout.y.at(to), layout.y.at(from));
        svg.rect(Rect::new(left, y0, right - left, y1 - y0), &fill(theme::GAP));
    }
    svg.end();
}

/// Thickness of the bar on the axis that marks a stop.
const STOP_BAR: f64 = 6.0;

fn draw_stops(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout) {
    let area = layout.area;
    let pale = format!("{} opacity=\"0.16\"", fill(theme::STOP));
    for stop in &data.stops {
        let (band, bar) = match stop.side {
            Rider::New => {
                let (x0, x1) = (layout.x.at(stop.from), layout.x.at(stop.to));
                let width = (x1 - x0).max(1.0);
                (
                    Rect::new(x0, area.y, width, area.height),
                    Rect::new(x0, area.bottom() - STOP_BAR, width, STOP_BAR),
                )
            }
            Rider::Reference => {
                let (y0, y1) = (layout.y.at(stop.to), layout.y.at(stop.from));
                let height = (y1 - y0).max(1.0);
                (
                    Rect::new(area.x, y0, area.width, height),
                    Rect::new(area.x, y0, STOP_BAR, height),
                )
            }
        };
        svg.rect(band, &pale);
        svg.rect(bar, &fill(theme::STOP));
    }
}

/// Where both runs would show the same time.
fn draw_diagonal(svg: &mut Svg, layout: &OverlayLayout) {
    let end = layout.x.range().1.min(layout.y.range().1);
    let style = format!("{} stroke-dasharray=\"5 5\"", stroke(theme::DIAGONAL, 1.25));
    svg.line(layout.at(0.0, 0.0), layout.at(end, end), &style);
}

/// A line where a recording ends before its axis does.
fn draw_recording_ends(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout) {
    let area = layout.area;
    let line = stroke(theme::MUTED, 1.25);
    let text = TextStyle::new(theme::SMALL_SIZE, theme::MUTED);
    let x = layout.x.at(data.new_duration_secs);
    if x < area.right() - 1.0 {
        svg.line((x, area.y), (x, area.bottom()), &line);
        svg.text((x + 8.0, area.y + 18.0), text, "new run ends");
    }
    let y = layout.y.at(data.ref_duration_secs);
    if y > area.y + 1.0 {
        svg.line((area.x, y), (area.right(), y), &line);
        let at = (area.right() - 8.0, y - 7.0);
        svg.text(at, text.anchored(TextAnchor::End), "reference run ends");
    }
}

/// Dots nearer than this share a dot, so that long runs stay small files.
const DOT_GRID: f64 = 0.75;
/// Radius of a dot; with more dots than `CROWD` they shrink by the root of the
/// excess, down to the smallest that is still seen.
const DOT_RADIUS: f64 = 2.1;
const MIN_DOT_RADIUS: f64 = 0.7;
const CROWD: f64 = 1500.0;

/// Draws pairs as dots where `at` puts them, the sure ones on top.
pub fn draw_pairs(svg: &mut Svg, pairs: &[PairPoint], at: impl Fn(&PairPoint) -> (f64, f64)) {
    let mut cells: BTreeMap<(i64, i64), u8> = BTreeMap::new();
    for pair in pairs {
        let (x, y) = at(pair);
        let level = level(pair.confidence);
        cells
            .entry(((x / DOT_GRID).round() as i64, (y / DOT_GRID).round() as i64))
            .and_modify(|best| *best = level.max(*best))
            .or_insert(level);
    }
    let mut dots: Vec<_> = cells.into_iter().collect();
    let radius = (DOT_RADIUS * (CROWD / dots.len().max(1) as f64).sqrt()).clamp(MIN_DOT_RADIUS, DOT_RADIUS);
    dots.sort_by_key(|(cell, level)| (*level, *cell));
    for ((column, row), level) in dots {
        let centre = (column as f64 * DOT_GRID, row as f64 * DOT_GRID);
        svg.circle(centre, radius, &dot_style(f64::from(level) / LEVELS));
    }
}

/// Confidence is drawn in this many steps.
const LEVELS: f64 = 10.0;

fn level(confidence: f64) -> u8 {
    if confidence.is_finite() {
        (confidence.clamp(0.0, 1.0) * LEVELS).round() as u8
    } else {
        0
    }
}

/// From a pale orange for 0 to a full teal for 1.
pub fn dot_style(confidence: f64) -> String {
    const UNSURE: [f64; 3] = [222.0, 120.0, 52.0];
    const SURE: [f64; 3] = [15.0, 125.0, 120.0];
    let mut colour = String::from("#");
    for (from, to) in UNSURE.iter().zip(SURE) {
        let channel = (from + (to - from) * confidence).round() as u8;
        colour.push_str(&format!("{channel:02x}"));
    }
    format!(
        "{} opacity=\"{}\"",
        fill(&colour),
        number(0.35 + 0.4 * confidence)
    )
}

/// Draws the band and the line of each segment; returns the lines in layout units.
fn draw_curve(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout) -> Vec<Vec<(f64, f64)>> {
    let band = format!("{} opacity=\"0.2\"", fill(theme::CURVE));
    let line = format!(
        "{} stroke-linejoin=\"round\" stroke-linecap=\"round\"",
        stroke(theme::CURVE, 2.25)
    );
    data.curve
        .iter()
        .map(|segment| {
            let points = thinned(segment, |p| layout.at(p.t_new, p.t_ref));
            svg.polygon(
                &band_outline(segment, |p, t_ref| layout.at(p.t_new, t_ref)),
                &band,
            );
            svg.polyline(&points, &line);
            points
        })
        .collect()
}

/// Outline of the 90 % band: along the upper ends and back along the lower ones.
pub fn band_outline(segment: &[CurvePoint], at: impl Fn(&CurvePoint, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut outline = thinned(segment, |p| at(p, p.high));
    let mut lower = thinned(segment, |p| at(p, p.low));
    lower.reverse();
    outline.append(&mut lower);
    outline
}

/// Positions along a segment at least a quarter unit apart, both ends kept.
pub fn thinned(segment: &[CurvePoint], at: impl Fn(&CurvePoint) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (i, point) in segment.iter().enumerate() {
        let (x, y) = at(point);
        let near = out.last().is_some_and(|(px, py)| (x - px).hypot(y - py) < 0.25);
        if !near || i + 1 == segment.len() {
            out.push((x, y));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::gaps;

    #[test]
    fn gaps_are_what_no_segment_covers() {
        assert_eq!(gaps([].into_iter(), 5.0), [(0.0, 5.0)]);
        assert_eq!(
            gaps([(6.0, 8.0), (1.0, 3.0)].into_iter(), 10.0),
            [(0.0, 1.0), (3.0, 6.0), (8.0, 10.0)]
        );
        assert!(gaps([(0.0, 10.0)].into_iter(), 10.0).is_empty());
    }
}
