//! Where everything goes on the page.

use super::Overlay;
use crate::scale::{self, Scale, Tick};
use crate::svg::Rect;

/// Blank border of the page.
pub const MARGIN: f64 = 28.0;

const HEADING_HEIGHT: f64 = 82.0;
const LEFT_AXIS: f64 = 70.0;
const BOTTOM_AXIS: f64 = 58.0;
const PANEL_MIN_WIDTH: f64 = 250.0;
/// Wider, the numbers stand too far from their names.
const PANEL_MAX_WIDTH: f64 = 380.0;
const PANEL_GAP: f64 = 32.0;
/// A recording much shorter than the other still gets an axis this long,
/// as a share of the room.
const MIN_SHARE: f64 = 0.35;
/// Least height below the picture that is worth a plot of the distances.
const STRIP_MIN_HEIGHT: f64 = 190.0;
const TICK_SPACING: f64 = 72.0;

/// Areas, scales and ticks of one picture.
pub struct OverlayLayout {
    /// The plot area.
    pub area: Rect,
    /// t_new in seconds to layout x.
    pub x: Scale,
    /// t_ref in seconds to layout y.
    pub y: Scale,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    pub unit: &'static str,
    /// The text column on the right.
    pub panel: Rect,
    /// The plot of distances between pairs and curve.
    pub residuals: Option<Rect>,
}

impl OverlayLayout {
    pub fn new(data: &Overlay, (page_width, page_height): (f64, f64), banner_height: f64) -> Self {
        let left = MARGIN + LEFT_AXIS;
        let top = HEADING_HEIGHT + banner_height;
        let room = (
            page_width - left - PANEL_GAP - PANEL_MIN_WIDTH - MARGIN,
            page_height - top - BOTTOM_AXIS - MARGIN / 2.0,
        );
        let (new_secs, ref_secs) = (data.new_duration_secs, data.ref_duration_secs);
        let per_sec = (room.0 / new_secs).min(room.1 / ref_secs);
        let width = (new_secs * per_sec).clamp(room.0 * MIN_SHARE, room.0);
        let height = (ref_secs * per_sec).clamp(room.1 * MIN_SHARE, room.1);
        let area = Rect::new(left, top, width, height);

        let (x_to, y_to) = (width / per_sec, height / per_sec);
        let x = Scale::new((0.0, x_to), (area.x, area.right()));
        let y = Scale::new((0.0, y_to), (area.bottom(), area.y));
        let step = scale::time_step(x_to.max(y_to), width.max(height), TICK_SPACING);

        let panel_x = area.right() + PANEL_GAP;
        let panel = Rect::new(
            panel_x,
            top,
            page_width - MARGIN - panel_x,
            page_height - top - MARGIN,
        );
        let text_width = panel.width.min(PANEL_MAX_WIDTH);
        let below = page_height - area.bottom() - 2.0 * BOTTOM_AXIS;
        let residuals = if data.curve.is_empty() || data.pairs.is_empty() {
            None
        } else if below >= STRIP_MIN_HEIGHT {
            Some(Rect::new(
                area.x,
                area.bottom() + BOTTOM_AXIS + 34.0,
                area.width,
                (below - 48.0).min(260.0),
            ))
        } else {
            let height = (panel.height * 0.32).min(240.0);
            let bottom = page_height - BOTTOM_AXIS - MARGIN / 2.0;
            Some(Rect::new(
                panel.x + 40.0,
                bottom - height,
                panel.width - 40.0,
                height,
            ))
        };
        Self {
            area,
            x,
            y,
            x_ticks: scale::time_ticks(&x, step),
            y_ticks: scale::time_ticks(&y, step),
            unit: scale::clock_unit(step, x_to.max(y_to)),
            panel: Rect {
                width: text_width,
                ..panel
            },
            residuals,
        }
    }

    /// Position on the page of a point of the map.
    pub fn at(&self, t_new: f64, t_ref: f64) -> (f64, f64) {
        (self.x.at(t_new), self.y.at(t_ref))
    }
}
