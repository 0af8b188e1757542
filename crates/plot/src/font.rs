//! The embedded font: its bytes, its widths, and which characters it can draw.
//!
//! Layout needs the width of a text before it is drawn, so widths are read from
//! the same two font files that the rasteriser uses.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Family name under which both faces are registered.
pub const FAMILY: &str = "Inter";

pub const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.otf");
pub const SEMI_BOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.otf");

/// Stands for one or more characters the font has no glyph for.
const MISSING: char = '\u{25a1}';
const ELLIPSIS: char = '\u{2026}';

/// Advance taken for a character when the font file gives none, in ems.
const FALLBACK_ADVANCE_EM: f64 = 0.6;

/// Longest text that is looked at, in characters; a picture never shows more.
const MAX_CHARS: usize = 400;

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    SemiBold,
}

struct Face(Option<FontRef<'static>>);

static REGULAR_FACE: LazyLock<Face> = LazyLock::new(|| Face(FontRef::new(REGULAR).ok()));
static SEMI_BOLD_FACE: LazyLock<Face> = LazyLock::new(|| Face(FontRef::new(SEMI_BOLD).ok()));

impl Face {
    fn of(weight: Weight) -> &'static Self {
        match weight {
            Weight::Regular => &REGULAR_FACE,
            Weight::SemiBold => &SEMI_BOLD_FACE,
        }
    }

    fn has(&self, c: char) -> bool {
        self.0
            .as_ref()
            .is_some_and(|font| font.charmap().map(c).is_some())
    }

    fn width_em(&self, text: &str) -> f64 {
        let Some(font) = &self.0 else {
            return text.chars().count() as f64 * FALLBACK_ADVANCE_EM;
        };
        let charmap = font.charmap();
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units_per_em = f64::from(
            font.metrics(Size::unscaled(), LocationRef::default())
                .units_per_em,
        );
        text.chars()
            .map(|c| {
                charmap
                    .map(c)
                    .and_then(|glyph| metrics.advance_width(glyph))
                    .map_or(FALLBACK_ADVANCE_EM, |advance| f64::from(advance) / units_per_em)
            })
            .sum()
    }
}

/// Width of `text` drawn at `size`, in the unit of `size`. Kerning is ignored.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    Face::of(weight).width_em(text) * size
}

/// `text` as it can be drawn on one line: white space runs become one blank,
/// control and formatting characters (which include the ones that switch the
/// writing direction) are dropped, runs of other characters without a glyph
/// become one box.
pub fn drawable(text: &str) -> String {
    let face = Face::of(Weight::Regular);
    let mut out = String::new();
    for c in text.trim().chars().take(MAX_CHARS) {
        let shown = if c.is_whitespace() {
            ' '
        } else if is_invisible(c) {
            continue;
        } else if face.has(c) {
            c
        } else {
            MISSING
        };
        if (shown == ' ' || shown == MISSING) && out.ends_with(shown) {
            continue;
        }
        out.push(shown);
    }
    out
}

/// [`drawable`] text cut to at most `max_width`, ending in an ellipsis when cut.
pub fn fit(text: &str, max_width: f64, size: f64, weight: Weight) -> String {
    let mut text = drawable(text);
    if width(&text, size, weight) <= max_width {
        return text;
    }
    while text.pop().is_some() {
        let shortened = format!("{}{ELLIPSIS}", text.trim_end());
        if width(&shortened, size, weight) <= max_width {
            return shortened;
        }
    }
    text
}

/// `text` broken at blanks into at most `max_lines` lines of at most `max_width`.
pub fn wrap(text: &str, max_width: f64, max_lines: usize, size: f64, weight: Weight) -> Vec<String> {
    let text = drawable(text);
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() && lines.len() < max_lines {
        if lines.len() + 1 == max_lines {
            lines.push(fit(rest, max_width, size, weight));
            break;
        }
        let cut = longest_prefix(rest, max_width, size, weight);
        let (line, tail) = rest.split_at(cut);
        lines.push(fit(line, max_width, size, weight));
        rest = tail.trim_start();
    }
    lines
}

/// Byte length of the longest run of whole words that fits, at least one word.
fn longest_prefix(text: &str, max_width: f64, size: f64, weight: Weight) -> usize {
    let mut best = None;
    let ends = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .chain(std::iter::once(text.len()));
    for end in ends {
        let fits = text
            .get(..end)
            .is_some_and(|line| width(line, size, weight) <= max_width);
        if !fits {
            return best.unwrap_or(end);
        }
        best = Some(end);
    }
    text.len()
}

/// Characters that have no shape of their own: controls, joiners, direction
/// marks, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_load_and_measure() {
        let regular = width("mmmm", 10.0, Weight::Regular);
        assert!((25.0..50.0).contains(&regular), "{regular}");
        assert!(width("mmmm", 10.0, Weight::SemiBold) > regular);
        assert!(width("iiii", 10.0, Weight::Regular) < regular / 2.0);
    }

    #[test]
    fn latin_greek_and_cyrillic_are_drawn_as_they_are() {
        for text in [
            "Zürich Ålesund Łódź",
            "Ελλάδα",
            "Тропа №3",
            "a ≤ b → c − 1 % • “x”",
        ] {
            assert_eq!(drawable(text), text);
        }
    }

    #[test]
    fn what_the_font_lacks_becomes_one_box() {
        assert_eq!(drawable("go 🚵‍♂️🚵 now"), "go □ now");
        assert_eq!(drawable("שלום עולם"), "□ □");
        assert_eq!(drawable("a\u{202e}b\u{0}c\n\td"), "abc d");
    }

    #[test]
    fn long_text_is_cut_to_the_measured_width() {
        let cut = fit("The very long name of a rock garden", 90.0, 12.0, Weight::Regular);
        assert!(cut.ends_with('…') && cut.starts_with("The very"));
        assert!(width(&cut, 12.0, Weight::Regular) <= 90.0);
        assert_eq!(fit("short", 90.0, 12.0, Weight::Regular), "short");
    }

    #[test]
    fn wrapped_lines_fit_and_lose_no_word_while_there_is_room() {
        let text = "too few pairs (5) and no common stretch between the two runs";
        let lines = wrap(text, 120.0, 9, 12.0, Weight::Regular);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|l| width(l, 12.0, Weight::Regular) <= 120.0));
        let two = wrap(text, 120.0, 2, 12.0, Weight::Regular);
        assert_eq!(two.len(), 2);
        assert!(two.last().is_some_and(|l| l.ends_with('…')));
    }
}
