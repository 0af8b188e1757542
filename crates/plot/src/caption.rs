//! What is written onto video pictures: captions and the bar of time lost and won.
//!
//! Unlike the plots these come as pixels, to be blended over a picture: premultiplied red, green, blue and
//! opacity. They are drawn anew only when what they say changes.

use crate::font::{self, Weight};
use crate::pixels::Pixels;
use crate::png::{self, PlotError};
use crate::svg::{Rect, Svg, TextAnchor, TextStyle, fill};

/// Background that keeps text readable on any picture.
const VEIL: &str = "#000000";
const VEIL_OPACITY: f64 = 0.55;
const TEXT: &str = "#ffffff";
/// New run faster than the reference; with the sign and the word the colour is not the only hint.
const AHEAD: &str = "#5fd38d";
const BEHIND: &str = "#ff8a65";
/// Height of the letters and space beside them, as shares of the strip's height.
const TEXT_SHARE: f64 = 0.6;
const BASELINE_SHARE: f64 = 0.71;
const BORDER_SHARE: f64 = 0.4;
/// Share of the bar's width that the text in its middle takes.
const TEXT_WIDTH_SHARE: f64 = 0.3;

/// One line of text in a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The text; shortened to fit.
    pub text: String,
    /// Height of the box in pixels.
    pub height: u32,
    /// Largest width of the box in pixels.
    pub max_width: u32,
}

impl Caption {
    /// Draws it; the box is as wide as the text needs, whichever digits stand in it.
    ///
    /// # Errors
    /// A size that is out of range.
    pub fn pixels(&self) -> Result<Pixels, PlotError> {
        let height = f64::from(self.height);
        let (size, border) = (height * TEXT_SHARE, height * BORDER_SHARE);
        let room = (f64::from(self.max_width) - 2.0 * border).max(0.0);
        let text = font::fit(&self.text, room, size, Weight::SemiBold);
        // Digits differ in width; a clock must not make its box tremble.
        let widest: String = text
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        let needed = font::width(&widest, size, Weight::SemiBold).min(room);
        let width = (needed + 2.0 * border).ceil().max(1.0);
        let mut svg = Svg::transparent((width as u32, self.height), (width, height));
        veil(&mut svg, Rect::new(0.0, 0.0, width, height));
        svg.text(
            (border, height * BASELINE_SHARE),
            TextStyle::new(size, TEXT).bold(),
            &text,
        );
        png::pixels(&svg.finish(), (width as u32, self.height))
    }
}

/// How far the new run is behind or ahead of the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeltaBar {
    /// Seconds the new run has lost (above zero) or won; `None` where there is nothing to compare with.
    pub delta_secs: Option<f64>,
    /// Delta that fills half of the bar, above zero.
    pub full_secs: f64,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

impl DeltaBar {
    /// Draws it: from the middle to the right what is lost, to the left what is won.
    ///
    /// # Errors
    /// A size that is out of range.
    pub fn pixels(&self) -> Result<Pixels, PlotError> {
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let mut svg = Svg::transparent(self.size, (width, height));
        veil(&mut svg, Rect::new(0.0, 0.0, width, height));
        let middle = width / 2.0;
        if let Some(delta_secs) = self.delta_secs {
            let share = (delta_secs / self.full_secs).clamp(-1.0, 1.0);
            let length = share.abs() * middle * (1.0 - TEXT_WIDTH_SHARE);
            let text_edge = middle * TEXT_WIDTH_SHARE;
            let (x, colour) = if share < 0.0 {
                (middle - text_edge - length, AHEAD)
            } else {
                (middle + text_edge, BEHIND)
            };
            svg.rect(Rect::new(x, height * 0.25, length, height * 0.5), &fill(colour));
        }
        let style = TextStyle::new(height * TEXT_SHARE, TEXT)
            .bold()
            .anchored(TextAnchor::Middle);
        let text = font::fit(&self.text(), width * TEXT_WIDTH_SHARE, style.size, style.weight);
        svg.text((middle, height * BASELINE_SHARE), style, &text);
        png::pixels(&svg.finish(), self.size)
    }

    /// The delta in words, to a tenth of a second.
    fn text(&self) -> String {
        match self.delta_secs.map(|secs| (secs * 10.0).round() / 10.0) {
            None => "no counterpart".to_owned(),
            Some(secs) if secs > 0.0 => format!("+{secs:.1} s behind"),
            Some(secs) if secs < 0.0 => format!("\u{2212}{:.1} s ahead", -secs),
            Some(_) => "0.0 s level".to_owned(),
        }
    }
}

fn veil(svg: &mut Svg, area: Rect) {
    svg.rect(area, &format!("{} opacity=\"{VEIL_OPACITY}\"", fill(VEIL)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(delta_secs: Option<f64>) -> Pixels {
        let bar = DeltaBar {
            delta_secs,
            full_secs: 2.0,
            size: (200, 20),
        };
        bar.pixels().unwrap()
    }

    /// Colour of the bar's pixel at `x` in its middle row.
    fn colour(pixels: &Pixels, x: usize) -> [u8; 4] {
        let at = (pixels.height / 2 * pixels.width + x) * 4;
        pixels.rgba[at..at + 4].try_into().unwrap()
    }

    #[test]
    fn lost_time_goes_right_and_won_time_left() {
        let veil = colour(&bar(None), 5);
        assert_eq!(veil[..3], [0, 0, 0]);
        let (lost, won) = (bar(Some(1.9)), bar(Some(-1.9)));
        assert_eq!((colour(&lost, 5), colour(&won, 195)), (veil, veil));
        assert!(colour(&lost, 150)[0] > 200 && colour(&won, 50)[1] > 180);
    }

    #[test]
    fn the_sign_is_said_in_words() {
        let text = |delta_secs| {
            let bar = DeltaBar {
                delta_secs,
                full_secs: 1.0,
                size: (64, 20),
            };
            bar.text()
        };
        let texts = [Some(1.26), Some(-0.26), Some(-0.04), None].map(text);
        assert_eq!(
            texts,
            [
                "+1.3 s behind",
                "\u{2212}0.3 s ahead",
                "0.0 s level",
                "no counterpart"
            ]
        );
    }

    #[test]
    fn captions_fit_and_do_not_tremble() {
        let caption = |text: &str| Caption {
            text: text.to_owned(),
            height: 24,
            max_width: 160,
        };
        let width = |text: &str| caption(text).pixels().unwrap().width;
        assert_eq!(width("1:11.1"), width("2:08.4"));
        assert!(width("a very long name of a recording.mp4") <= 160);
        assert!(width("") >= 1);
        assert!(
            caption("x")
                .pixels()
                .unwrap()
                .rgba
                .chunks(4)
                .any(|pixel| pixel[0] > 200)
        );
    }
}
