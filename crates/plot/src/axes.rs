//! The frame around a plot: grid, tick marks, tick texts and axis titles.

use crate::scale::{Scale, Tick};
use crate::svg::{Rect, Svg, TextAnchor, TextStyle, fill, stroke};
use crate::theme;

/// Draws the background and the grid lines; call before the data.
pub fn grid(svg: &mut Svg, area: Rect, (x, y): (&Scale, &Scale), (x_ticks, y_ticks): (&[Tick], &[Tick])) {
    svg.rect(area, &fill(theme::PLOT_FILL));
    let style = stroke(theme::GRID, 1.0);
    for tick in x_ticks {
        let at = x.at(tick.value);
        svg.line((at, area.y), (at, area.bottom()), &style);
    }
    for tick in y_ticks {
        let at = y.at(tick.value);
        svg.line((area.x, at), (area.right(), at), &style);
    }
}

/// Draws the frame, tick marks and texts; call after the data.
pub fn frame(svg: &mut Svg, area: Rect, (x, y): (&Scale, &Scale), (x_ticks, y_ticks): (&[Tick], &[Tick])) {
    svg.rect(area, &stroke(theme::FRAME, 1.0));
    let style = stroke(theme::FRAME, 1.0);
    let text = TextStyle::new(theme::SMALL_SIZE, theme::MUTED);
    for tick in x_ticks {
        let at = x.at(tick.value);
        svg.line((at, area.bottom()), (at, area.bottom() + 5.0), &style);
        svg.text(
            (at, area.bottom() + 19.0),
            text.anchored(TextAnchor::Middle),
            &tick.text,
        );
    }
    for tick in y_ticks {
        let at = y.at(tick.value);
        svg.line((area.x - 5.0, at), (area.x, at), &style);
        svg.text(
            (area.x - 9.0, at + 4.0),
            text.anchored(TextAnchor::End),
            &tick.text,
        );
    }
}

/// Writes both axis titles.
pub fn titles(svg: &mut Svg, area: Rect, x_title: &str, y_title: &str) {
    let style = TextStyle::new(theme::TEXT_SIZE, theme::INK);
    let middle = area.x + area.width / 2.0;
    svg.text(
        (middle, area.bottom() + 42.0),
        style.anchored(TextAnchor::Middle),
        x_title,
    );
    svg.text_upwards((area.x - 58.0, area.y + area.height / 2.0), style, y_title);
}
