//! Marker colours: eleven canonical ones, what people and programs call them, and what each editor calls them
//! (the table in docs/reference/exporters.md#colours).

/// A canonical marker colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Colour {
    Red,
    Orange,
    Yellow,
    Green,
    Cyan,
    Blue,
    Purple,
    Magenta,
    Pink,
    White,
    Black,
}

/// One row of the table.
struct ColourRow {
    colour: Colour,
    name: &'static str,
    also: &'static [&'static str],
    resolve: &'static str,
    /// 0xAABBGGRR as a decimal, as Premiere stores it.
    ppro: u32,
    avid: &'static str,
    otio: &'static str,
    /// What people mean by the name on a screen (CSS), for `#rrggbb`.
    rgb: [u8; 3],
}

#[rustfmt::skip]
const TABLE: [ColourRow; 11] = [
    ColourRow { colour: Colour::Red, name: "red", also: &[], resolve: "Red", ppro: 4_281_740_498, avid: "RED", otio: "RED", rgb: [255, 0, 0] },
    ColourRow { colour: Colour::Orange, name: "orange", also: &["sand"], resolve: "Sand", ppro: 4_280_578_025, avid: "YELLOW", otio: "ORANGE", rgb: [255, 165, 0] },
    ColourRow { colour: Colour::Yellow, name: "yellow", also: &["lemon"], resolve: "Yellow", ppro: 4_281_049_552, avid: "YELLOW", otio: "YELLOW", rgb: [255, 255, 0] },
    ColourRow { colour: Colour::Green, name: "green", also: &["mint"], resolve: "Green", ppro: 4_281_828_977, avid: "GREEN", otio: "GREEN", rgb: [0, 128, 0] },
    ColourRow { colour: Colour::Cyan, name: "cyan", also: &["sky"], resolve: "Cyan", ppro: 4_292_277_273, avid: "CYAN", otio: "CYAN", rgb: [0, 255, 255] },
    ColourRow { colour: Colour::Blue, name: "blue", also: &[], resolve: "Blue", ppro: 4_294_741_314, avid: "BLUE", otio: "BLUE", rgb: [0, 0, 255] },
    ColourRow { colour: Colour::Purple, name: "purple", also: &["lavender"], resolve: "Purple", ppro: 4_289_825_711, avid: "MAGENTA", otio: "PURPLE", rgb: [128, 0, 128] },
    ColourRow { colour: Colour::Magenta, name: "magenta", also: &["fuchsia"], resolve: "Fuchsia", ppro: 4_289_825_711, avid: "MAGENTA", otio: "MAGENTA", rgb: [255, 0, 255] },
    ColourRow { colour: Colour::Pink, name: "pink", also: &["rose"], resolve: "Pink", ppro: 4_289_825_711, avid: "MAGENTA", otio: "PINK", rgb: [255, 192, 203] },
    ColourRow { colour: Colour::White, name: "white", also: &["cream"], resolve: "Cream", ppro: 4_294_967_295, avid: "WHITE", otio: "WHITE", rgb: [255, 255, 255] },
    ColourRow { colour: Colour::Black, name: "black", also: &["cocoa", "brown"], resolve: "Cocoa", ppro: 4_294_967_295, avid: "BLACK", otio: "BLACK", rgb: [0, 0, 0] },
];

/// Resolve's own names: a marker that came with one keeps it.
const RESOLVE_NAMES: [&str; 16] = [
    "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint",
    "Lemon", "Sand", "Cocoa", "Cream",
];

/// What a marker without a colour gets in each editor.
const RESOLVE_NONE: &str = "Blue";
const AVID_NONE: &str = "RED";
const OTIO_NONE: &str = "GREEN";

impl Colour {
    fn line(self) -> &'static ColourRow {
        // The table is in the order of the variants, which a test holds it to.
        &TABLE[self as usize]
    }

    /// The canonical name.
    pub fn name(self) -> &'static str {
        self.line().name
    }

    /// The canonical colour nearest to what a person sees as `rgb`.
    pub fn nearest(rgb: [u8; 3]) -> Self {
        nearest(|line| line.rgb, rgb)
    }

    /// The canonical colour nearest to a `pproColor`.
    pub fn from_ppro(ppro: u32) -> Self {
        nearest(|line| ppro_rgb(line.ppro), ppro_rgb(ppro))
    }
}

fn ppro_rgb(ppro: u32) -> [u8; 3] {
    let [red, green, blue, _] = ppro.to_le_bytes();
    [red, green, blue]
}

fn nearest(of_line: impl Fn(&ColourRow) -> [u8; 3], rgb: [u8; 3]) -> Colour {
    let distance = |line: &ColourRow| -> i32 {
        let channels = of_line(line).into_iter().zip(rgb);
        channels.map(|(a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
    };
    TABLE
        .iter()
        .min_by_key(|line| distance(line))
        .map_or(Colour::Red, |line| line.colour)
}

/// The colour of a marker as it goes to an editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MarkerColour {
    canonical: Option<Colour>,
    resolve: Option<&'static str>,
}

/// A colour text that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown colour `{text}`")]
pub struct UnknownColour {
    /// What was given.
    pub text: String,
}

impl MarkerColour {
    /// Reads a colour name (without regard to case, blanks, hyphens and the prefix `ResolveColor`) or
    /// `#rrggbb`; empty is no colour.
    ///
    /// # Errors
    /// A text that is none of these.
    pub fn parse(text: &str) -> Result<Self, UnknownColour> {
        let mut name: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_lowercase)
            .collect();
        if let Some(rest) = name.strip_prefix("resolvecolor") {
            name = rest.to_owned();
        }
        if name.is_empty() {
            return Ok(Self::default());
        }
        if let Some(rgb) = parse_hex(&name) {
            return Ok(Colour::nearest(rgb).into());
        }
        let line = TABLE
            .iter()
            .find(|line| line.name == name || line.also.contains(&name.as_str()));
        let line = line.ok_or_else(|| UnknownColour {
            text: text.to_owned(),
        })?;
        let resolve = RESOLVE_NAMES
            .into_iter()
            .find(|own| own.eq_ignore_ascii_case(&name));
        Ok(Self {
            canonical: Some(line.colour),
            resolve,
        })
    }

    /// The canonical colour, `None` without a colour.
    pub fn canonical(self) -> Option<Colour> {
        self.canonical
    }

    /// The name in marker files of this program: Resolve's own where it came with one, else the canonical
    /// one, empty without a colour.
    pub fn own_name(self) -> String {
        let canonical = self.canonical.map_or("", Colour::name);
        self.resolve.unwrap_or(canonical).to_ascii_lowercase()
    }

    /// Resolve's name.
    pub fn resolve(self) -> &'static str {
        let own = self
            .resolve
            .or(self.canonical.map(|colour| colour.line().resolve));
        own.unwrap_or(RESOLVE_NONE)
    }

    /// Premiere's number; `None` = leave the tag out.
    pub fn ppro(self) -> Option<u32> {
        self.canonical.map(|colour| colour.line().ppro)
    }

    /// Avid's name, also that of LOC lines.
    pub fn avid(self) -> &'static str {
        self.canonical.map_or(AVID_NONE, |colour| colour.line().avid)
    }

    /// OpenTimelineIO's name.
    pub fn otio(self) -> &'static str {
        self.canonical.map_or(OTIO_NONE, |colour| colour.line().otio)
    }
}

impl From<Colour> for MarkerColour {
    fn from(colour: Colour) -> Self {
        Self {
            canonical: Some(colour),
            resolve: None,
        }
    }
}

fn parse_hex(name: &str) -> Option<[u8; 3]> {
    let digits = name
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> MarkerColour {
        MarkerColour::parse(text).unwrap()
    }

    #[test]
    fn every_variant_has_its_line() {
        for line in &TABLE {
            assert_eq!(line.colour.name(), line.name);
            assert_eq!(parse(line.name).canonical(), Some(line.colour));
            assert_eq!(MarkerColour::from(line.colour).resolve(), line.resolve);
        }
    }

    #[test]
    fn names_are_forgiving_and_resolves_own_are_kept() {
        assert_eq!(parse("ResolveColorGreen").canonical(), Some(Colour::Green));
        assert_eq!(
            (parse(" Sky ").canonical(), parse("Sky").resolve()),
            (Some(Colour::Cyan), "Sky")
        );
        assert_eq!(
            (parse("brown").canonical(), parse("brown").resolve()),
            (Some(Colour::Black), "Cocoa")
        );
        assert_eq!(parse("Resolve-Color Lemon").resolve(), "Lemon");
        assert_eq!(parse("magenta").resolve(), "Fuchsia");
        assert!(MarkerColour::parse("beige").is_err());
        assert!(MarkerColour::parse("#12345").is_err());
    }

    #[test]
    fn no_colour_has_a_default_in_each_editor() {
        let none = parse("");
        assert_eq!(
            (none.resolve(), none.ppro(), none.avid(), none.otio()),
            ("Blue", None, "RED", "GREEN")
        );
    }

    #[test]
    fn numbers_go_to_the_nearest_colour() {
        for (text, colour) in [
            ("#ff0000", Colour::Red),
            ("#00FF00", Colour::Green),
            ("#f5f5f5", Colour::White),
            ("#ffa000", Colour::Orange),
            ("#101010", Colour::Black),
        ] {
            assert_eq!(parse(text).canonical(), Some(colour), "{text}");
        }
        assert_eq!(Colour::from_ppro(4_281_740_498), Colour::Red);
        assert_eq!(Colour::from_ppro(4_281_740_499), Colour::Red);
        assert_eq!(Colour::from_ppro(4_281_828_977), Colour::Green);
    }
}
