//! The text column: verdict, numbers and legend.

use super::layout::OverlayLayout;
use super::markers::{self, MarkerKind};
use super::picture::dot_style;
use super::{Overlay, OverlayVerdict};
use crate::font::{self, Weight};
use crate::svg::{Rect, Svg, TextAnchor, TextStyle, fill, stroke};
use crate::theme;

const LINE: f64 = 21.0;
const SWATCH: f64 = 30.0;
const MAX_FACTS: usize = 10;

pub fn draw(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout, names_left_out: usize) {
    let panel = layout.panel;
    let mut y = panel.y;
    if data.verdict == OverlayVerdict::Aligned {
        y = draw_verdict(svg, panel, y);
    }
    y = draw_facts(svg, data, panel, y);
    y = draw_legend(svg, data, panel, y);
    draw_notes(svg, data, layout, names_left_out, y);
}

fn draw_verdict(svg: &mut Svg, panel: Rect, y: f64) -> f64 {
    let text = "Aligned";
    let style = TextStyle::new(theme::TEXT_SIZE, theme::GOOD).bold();
    let width = font::width(text, style.size, style.weight) + 28.0;
    svg.rect(
        Rect::new(panel.x, y, width, 26.0),
        &format!("rx=\"13\" {}", fill(theme::GOOD_FILL)),
    );
    svg.text((panel.x + 14.0, y + 17.5), style, text);
    y + 26.0 + 18.0
}

fn draw_facts(svg: &mut Svg, data: &Overlay, panel: Rect, mut y: f64) -> f64 {
    let label = TextStyle::new(theme::TEXT_SIZE, theme::MUTED);
    let value = TextStyle::new(theme::TEXT_SIZE, theme::INK)
        .bold()
        .anchored(TextAnchor::End);
    for (what, number) in data.facts.iter().take(MAX_FACTS) {
        let number = font::fit(number, panel.width * 0.6, value.size, value.weight);
        let room = panel.width - font::width(&number, value.size, value.weight) - 10.0;
        let what = font::fit(what, room, label.size, label.weight);
        svg.text((panel.x, y + 12.0), label, &what);
        svg.text((panel.right(), y + 12.0), value, &number);
        svg.line(
            (panel.x, y + 18.5),
            (panel.right(), y + 18.5),
            &stroke(theme::GRID, 1.0),
        );
        y += LINE + 2.0;
    }
    if data.facts.is_empty() { y } else { y + 14.0 }
}

type Swatch = fn(&mut Svg, (f64, f64));

/// Legend entries for what the picture really holds, in drawing order.
fn entries(data: &Overlay) -> Vec<(&'static str, Swatch)> {
    let mut entries: Vec<(&'static str, Swatch)> = Vec::new();
    if !data.curve.is_empty() {
        entries.push(("Same place, with 90 % band", |svg, (x, y)| {
            let band = Rect::new(x, y - 6.0, SWATCH, 12.0);
            svg.rect(band, &format!("{} opacity=\"0.2\"", fill(theme::CURVE)));
            svg.line((x, y), (x + SWATCH, y), &stroke(theme::CURVE, 2.25));
        }));
    }
    if !data.pairs.is_empty() {
        entries.push(("Matched pairs, unsure to sure", |svg, (x, y)| {
            for i in 0..5 {
                let part = f64::from(i) / 4.0;
                svg.circle((x + 3.0 + part * (SWATCH - 6.0), y), 2.8, &dot_style(part));
            }
        }));
    }
    let has = |kind: MarkerKind| data.markers.iter().any(|m| MarkerKind::of(m) == kind);
    if has(MarkerKind::Sure) {
        entries.push(("Marker", |svg, (x, y)| {
            markers::draw_symbol(svg, MarkerKind::Sure, (x + SWATCH / 2.0, y), None);
        }));
    }
    if has(MarkerKind::Review) {
        entries.push(("Marker to review (confidence)", |svg, (x, y)| {
            markers::draw_symbol(svg, MarkerKind::Review, (x + SWATCH / 2.0, y), None);
        }));
    }
    if has(MarkerKind::Outside) {
        entries.push(("Marker without counterpart", |svg, (x, y)| {
            markers::draw_symbol(svg, MarkerKind::Outside, (x + SWATCH / 2.0 - 3.0, y), None);
        }));
    }
    if !data.stops.is_empty() {
        entries.push(("A rider stands still", |svg, (x, y)| {
            let pale = format!("{} opacity=\"0.2\"", fill(theme::STOP));
            svg.rect(Rect::new(x, y - 7.0, SWATCH, 10.0), &pale);
            svg.rect(Rect::new(x, y + 3.0, SWATCH, 4.0), &fill(theme::STOP));
        }));
    }
    entries.push(("No counterpart in the other run", |svg, (x, y)| {
        let shade = format!("{} opacity=\"0.17\"", fill(theme::GAP));
        svg.rect(Rect::new(x, y - 7.0, SWATCH, 14.0), &shade);
    }));
    entries.push(("Same time in both runs", |svg, (x, y)| {
        let style = format!("{} stroke-dasharray=\"5 5\"", stroke(theme::DIAGONAL, 1.25));
        svg.line((x, y), (x + SWATCH, y), &style);
    }));
    entries
}

fn draw_legend(svg: &mut Svg, data: &Overlay, panel: Rect, mut y: f64) -> f64 {
    let style = TextStyle::new(theme::TEXT_SIZE, theme::INK);
    for (text, swatch) in entries(data) {
        swatch(svg, (panel.x, y + 8.0));
        let text = font::fit(text, panel.width - SWATCH - 10.0, style.size, style.weight);
        svg.text((panel.x + SWATCH + 10.0, y + 12.5), style, &text);
        y += LINE + 1.0;
    }
    y + 8.0
}

/// What the picture could not show.
fn draw_notes(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout, names_left_out: usize, mut y: f64) {
    let (_, last_ref) = layout.y.range();
    let beyond = data
        .markers
        .iter()
        .filter(|m| !(0.0..=last_ref).contains(&m.t_ref))
        .count();
    let mut notes = Vec::new();
    if names_left_out > 0 {
        notes.push(format!(
            "{names_left_out} marker {} not shown",
            plural(names_left_out, "name", "names")
        ));
    }
    if beyond > 0 {
        notes.push(format!(
            "{beyond} {} beyond the reference run",
            plural(beyond, "marker", "markers")
        ));
    }
    let style = TextStyle::new(theme::SMALL_SIZE, theme::MUTED);
    for note in notes {
        let note = font::fit(&note, layout.panel.width, style.size, Weight::Regular);
        svg.text((layout.panel.x, y + 10.0), style, &note);
        y += 17.0;
    }
}

const fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
