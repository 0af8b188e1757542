//! A small writer of SVG text.
//!
//! Numbers are written with at most two decimals, so pictures are small and the
//! same on every machine; whatever came from a file goes through [`escape`].
//! Attribute strings (`style`) are written by this crate only.

use std::fmt::Write as _;

use mtbsync_formats::escape_markup_with;

use crate::font::{self, Weight};
use crate::theme;

/// A rectangle in layout units, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub fn contains(&self, inner: &Self) -> bool {
        inner.x >= self.x
            && inner.y >= self.y
            && inner.right() <= self.right()
            && inner.bottom() <= self.bottom()
    }
}

/// Which end of the text its x position names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextAnchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct TextStyle {
    pub size: f64,
    pub weight: Weight,
    pub anchor: TextAnchor,
    pub colour: &'static str,
}

impl TextStyle {
    pub const fn new(size: f64, colour: &'static str) -> Self {
        Self {
            size,
            weight: Weight::Regular,
            anchor: TextAnchor::Start,
            colour,
        }
    }

    pub const fn bold(self) -> Self {
        Self {
            weight: Weight::SemiBold,
            ..self
        }
    }

    pub const fn anchored(self, anchor: TextAnchor) -> Self {
        Self { anchor, ..self }
    }
}

/// A picture being written.
pub struct Svg {
    text: String,
}

/// Layout never gets narrower or lower than this; smaller pictures are the same
/// layout scaled down.
const MIN_LAYOUT: (f64, f64) = (900.0, 640.0);
/// Layout never gets wider than this; larger pictures are the layout scaled up,
/// so that text stays readable.
const MAX_LAYOUT_WIDTH: f64 = 1800.0;

/// Layout width and height for a picture of `size` pixels.
pub fn layout_size(size: (u32, u32)) -> (f64, f64) {
    let (width, height) = (f64::from(size.0.max(1)), f64::from(size.1.max(1)));
    let up = (MIN_LAYOUT.0 / width).max(MIN_LAYOUT.1 / height).max(1.0);
    let down = (MAX_LAYOUT_WIDTH / width).min(1.0);
    let factor = if up > 1.0 {
        up
    } else {
        down.max(MIN_LAYOUT.1 / height)
    };
    (width * factor, height * factor)
}

impl Svg {
    /// Opens a white picture of `size` pixels, drawn in units of `layout`.
    pub fn new(size: (u32, u32), layout: (f64, f64)) -> Self {
        let mut svg = Self::transparent(size, layout);
        svg.rect(Rect::new(0.0, 0.0, layout.0, layout.1), &fill(theme::PAPER));
        svg
    }

    /// The same without the white.
    pub fn transparent(size: (u32, u32), layout: (f64, f64)) -> Self {
        let mut svg = Self { text: String::new() };
        let _ = writeln!(
            svg.text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" \
             font-family=\"{}, sans-serif\">",
            size.0,
            size.1,
            number(layout.0),
            number(layout.1),
            font::FAMILY,
        );
        svg
    }

    /// Opens a picture in a page: no size of its own, colours and font from the style sheet of the page.
    pub fn in_page(layout: (f64, f64), class: &str, title: &str) -> Self {
        let mut svg = Self { text: String::new() };
        let _ = writeln!(
            svg.text,
            "<svg class=\"{class}\" viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title>",
            number(layout.0),
            number(layout.1),
            escape(title),
        );
        svg
    }

    /// Text in a page, with attributes made by this crate.
    pub fn label(&mut self, at: (f64, f64), attributes: &str, text: &str) {
        let _ = writeln!(
            self.text,
            "<text x=\"{}\" y=\"{}\"{attributes}>{}</text>",
            number(at.0),
            number(at.1),
            escape(text),
        );
    }

    /// Writes markup made by this crate, such as a `<defs>` block.
    pub fn raw(&mut self, markup: &str) {
        self.text.push_str(markup);
        self.text.push('\n');
    }

    pub fn rect(&mut self, rect: Rect, style: &str) {
        let _ = writeln!(
            self.text,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {style}/>",
            number(rect.x),
            number(rect.y),
            number(rect.width.max(0.0)),
            number(rect.height.max(0.0)),
        );
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let _ = writeln!(
            self.text,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {style}/>",
            number(from.0),
            number(from.1),
            number(to.0),
            number(to.1),
        );
    }

    pub fn circle(&mut self, centre: (f64, f64), radius: f64, style: &str) {
        let _ = writeln!(
            self.text,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {style}/>",
            number(centre.0),
            number(centre.1),
            number(radius),
        );
    }

    pub fn polyline(&mut self, points: &[(f64, f64)], style: &str) {
        self.points("polyline", points, style);
    }

    pub fn polygon(&mut self, points: &[(f64, f64)], style: &str) {
        self.points("polygon", points, style);
    }

    fn points(&mut self, element: &str, points: &[(f64, f64)], style: &str) {
        if points.len() < 2 {
            return;
        }
        let list: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", number(*x), number(*y)))
            .collect();
        let _ = writeln!(self.text, "<{element} points=\"{}\" {style}/>", list.join(" "));
    }

    /// One line of text with its baseline at `at`.
    pub fn text(&mut self, at: (f64, f64), style: TextStyle, text: &str) {
        self.text_with(at, style, "", text);
    }

    /// Text read from bottom to top, centred on `at`.
    pub fn text_upwards(&mut self, at: (f64, f64), style: TextStyle, text: &str) {
        let turn = format!("transform=\"rotate(-90 {} {})\" ", number(at.0), number(at.1));
        self.text_with(at, style.anchored(TextAnchor::Middle), &turn, text);
    }

    fn text_with(&mut self, at: (f64, f64), style: TextStyle, extra: &str, text: &str) {
        let anchor = match style.anchor {
            TextAnchor::Start => "",
            TextAnchor::Middle => "text-anchor=\"middle\" ",
            TextAnchor::End => "text-anchor=\"end\" ",
        };
        let weight = match style.weight {
            Weight::Regular => "",
            Weight::SemiBold => "font-weight=\"600\" ",
        };
        let _ = writeln!(
            self.text,
            "<text x=\"{}\" y=\"{}\" {extra}{anchor}{weight}font-size=\"{}\" fill=\"{}\">{}</text>",
            number(at.0),
            number(at.1),
            number(style.size),
            style.colour,
            escape(text),
        );
    }

    /// Everything until [`Svg::end`] is cut to `rect`. `id` is unique in the picture.
    pub fn begin_clip(&mut self, id: &str, rect: Rect) {
        self.clip(id, rect);
        let _ = writeln!(self.text, "<g clip-path=\"url(#{id})\">");
    }

    /// What elements with `clip-path="url(#id)"` are cut to. `id` is unique in the picture or page.
    pub fn clip(&mut self, id: &str, rect: Rect) {
        let _ = writeln!(
            self.text,
            "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>",
            number(rect.x),
            number(rect.y),
            number(rect.width),
            number(rect.height),
        );
    }

    pub fn end(&mut self) {
        self.text.push_str("</g>\n");
    }

    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// `fill="colour"`.
pub fn fill(colour: &str) -> String {
    format!("fill=\"{colour}\"")
}

/// An outline of `width` without filling.
pub fn stroke(colour: &str, width: f64) -> String {
    format!(
        "fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\"",
        number(width)
    )
}

/// Coordinates farther out than this many layout units are drawn here: several pictures away, and inside what
/// the rasteriser's fixed-point edges can hold.
const FAR: f64 = 20_000.0;

/// A length or coordinate with at most two decimals and no negative zero, at most [`FAR`] either way.
pub fn number(value: f64) -> String {
    let rounded = (value.clamp(-FAR, FAR) * 100.0).round() / 100.0;
    if !rounded.is_finite() || rounded == 0.0 {
        return "0".to_owned();
    }
    format!("{rounded}")
}

/// Text for element content and quoted attributes; characters XML 1.0 does not
/// allow are dropped.
pub fn escape(text: &str) -> String {
    let is_allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    escape_markup_with(text, |c| Some(c).filter(is_allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_break_the_markup() {
        assert_eq!(number(1.0 / 3.0), "0.33");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(f64::NAN), "0");
        assert_eq!(number(12.50), "12.5");
        assert_eq!(number(-1e12), "-20000");
    }

    #[test]
    fn markup_in_names_is_escaped() {
        assert_eq!(
            escape("<a b='\"'>&\u{1}\u{ffff}"),
            "&lt;a b=&#39;&quot;&#39;&gt;&amp;"
        );
    }

    #[test]
    fn small_pictures_are_scaled_layouts_of_the_same_shape() {
        assert_eq!(layout_size((1200, 900)), (1200.0, 900.0));
        let (width, height) = layout_size((300, 300));
        assert!(width >= 900.0 && (width - height).abs() < 1e-9);
        assert_eq!(layout_size((3600, 2700)), (1800.0, 1350.0));
    }
}
