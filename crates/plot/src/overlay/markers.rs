//! Markers as points with names, leader lines and their 90 % intervals.

use super::layout::OverlayLayout;
use super::{MarkerPoint, Overlay};
use crate::font::{self, Weight};
use crate::labels::{self, LABEL_HEIGHT, Wish};
use crate::svg::{Rect, Svg, TextStyle, fill, stroke};
use crate::theme;

/// Longest name shown, in layout units.
const MAX_NAME_WIDTH: f64 = 150.0;
/// More names than this are not tried: nobody reads them in a picture.
const MAX_NAMES: usize = 160;
const RADIUS: f64 = 4.6;
/// Of more markers than this, neighbours that hide one another are drawn once.
const CROWD: usize = 2000;
/// Intervals narrower than the symbol itself are not drawn.
const MIN_INTERVAL: f64 = 2.5 * RADIUS;

/// What a marker's symbol tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerKind {
    Sure,
    Review,
    Outside,
}

impl MarkerKind {
    pub fn of(marker: &MarkerPoint) -> Self {
        match marker.t_new {
            Some(t) if t.is_finite() && marker.needs_review => Self::Review,
            Some(t) if t.is_finite() => Self::Sure,
            _ => Self::Outside,
        }
    }

    pub const fn colour(self) -> &'static str {
        match self {
            Self::Sure => theme::GOOD,
            Self::Review => theme::REVIEW,
            Self::Outside => theme::MUTED,
        }
    }
}

/// Draws all markers; returns how many names were left out.
pub fn draw(svg: &mut Svg, data: &Overlay, layout: &OverlayLayout, curve: &[Vec<(f64, f64)>]) -> usize {
    let mut shown: Vec<(&MarkerPoint, MarkerKind, (f64, f64))> = data
        .markers
        .iter()
        .filter_map(|m| Some((m, MarkerKind::of(m), position(m, layout)?)))
        .collect();
    let found = shown.len();
    if found > CROWD {
        shown.dedup_by_key(|(_, kind, at)| (*kind, cell(*at)));
    }

    let mut keep_free: Vec<Rect> = curve
        .iter()
        .flat_map(|line| labels::along(line, layout.area, 6.0, 3.0))
        .collect();
    keep_free.extend(shown.iter().map(|(_, _, at)| labels::around(*at, RADIUS + 1.5)));

    let style = TextStyle::new(theme::LABEL_SIZE, theme::INK);
    let texts: Vec<(usize, String)> = shown
        .iter()
        .enumerate()
        .map(|(i, (marker, kind, _))| (i, label(marker, *kind)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let wishes: Vec<Wish> = texts
        .iter()
        .take(MAX_NAMES)
        .filter_map(|(i, text)| {
            let (_, _, point) = shown.get(*i)?;
            Some(Wish {
                point: *point,
                width: font::width(text, style.size, style.weight) + 4.0,
            })
        })
        .collect();
    let placed = labels::place(&wishes, layout.area, &keep_free);

    for (wish, place) in wishes.iter().zip(&placed) {
        if let Some(place) = place {
            svg.line(wish.point, place.leader_end, &stroke(theme::FRAME, 0.9));
        }
    }
    for (marker, kind, at) in &shown {
        draw_symbol(svg, *kind, *at, interval(marker, layout));
    }
    for ((i, text), place) in texts.iter().zip(&placed) {
        let (Some(place), Some((_, kind, _))) = (place, shown.get(*i)) else {
            continue;
        };
        let colour = if *kind == MarkerKind::Sure {
            theme::INK
        } else {
            kind.colour()
        };
        let baseline = place.rect.y + LABEL_HEIGHT * 0.76;
        svg.rect(
            place.rect,
            &format!("{} opacity=\"0.72\"", fill(theme::PLOT_FILL)),
        );
        svg.text(
            (place.rect.x + 2.0, baseline),
            TextStyle { colour, ..style },
            text,
        );
    }
    texts.len() + found - shown.len() - placed.iter().flatten().count()
}

/// Where a symbol lies, so roughly that it hides another one there.
fn cell((x, y): (f64, f64)) -> (i64, i64) {
    ((x / RADIUS).round() as i64, (y / RADIUS).round() as i64)
}

/// Where the symbol goes; markers without counterpart sit on the reference axis.
fn position(marker: &MarkerPoint, layout: &OverlayLayout) -> Option<(f64, f64)> {
    let (_, last_ref) = layout.y.range();
    if !(0.0..=last_ref).contains(&marker.t_ref) {
        return None;
    }
    let t_new = marker.t_new.filter(|t| t.is_finite()).unwrap_or(0.0);
    let (_, last_new) = layout.x.range();
    Some(layout.at(t_new.clamp(0.0, last_new), marker.t_ref))
}

fn label(marker: &MarkerPoint, kind: MarkerKind) -> String {
    let name = font::fit(&marker.name, MAX_NAME_WIDTH, theme::LABEL_SIZE, Weight::Regular);
    if kind == MarkerKind::Review && marker.confidence.is_finite() {
        let percent = (marker.confidence.clamp(0.0, 1.0) * 100.0).round();
        return format!("{name} ({percent} %)").trim_start().to_owned();
    }
    name
}

fn interval(marker: &MarkerPoint, layout: &OverlayLayout) -> Option<(f64, f64)> {
    let (low, high) = (marker.low?, marker.high?);
    let (_, last_new) = layout.x.range();
    let finite = low.is_finite() && high.is_finite() && low <= high;
    finite.then(|| {
        (
            layout.x.at(low.clamp(0.0, last_new)),
            layout.x.at(high.clamp(0.0, last_new)),
        )
    })
}

/// Draws the symbol of `kind` at `at`, with its interval where it is wide enough.
pub fn draw_symbol(svg: &mut Svg, kind: MarkerKind, (x, y): (f64, f64), interval: Option<(f64, f64)>) {
    let outline = format!(
        "{} stroke=\"{}\" stroke-width=\"1.4\"",
        fill(kind.colour()),
        theme::PAPER
    );
    if let Some((low, high)) = interval.filter(|(low, high)| high - low > MIN_INTERVAL) {
        let style = stroke(kind.colour(), 1.6);
        svg.line((low, y), (high, y), &style);
        for end in [low, high] {
            svg.line((end, y - 4.0), (end, y + 4.0), &style);
        }
    }
    match kind {
        MarkerKind::Sure => svg.circle((x, y), RADIUS, &outline),
        MarkerKind::Review => {
            let r = RADIUS * 1.35;
            svg.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], &outline);
        }
        MarkerKind::Outside => {
            let hollow = format!(
                "fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"",
                theme::PAPER,
                kind.colour()
            );
            svg.polygon(&[(x - 1.0, y - 5.0), (x + 8.0, y), (x - 1.0, y + 5.0)], &hollow);
        }
    }
}
