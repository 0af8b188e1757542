//! The built-in presets (the table of editors.md section 2).

use super::Exporter;
use super::csv::CsvExporter;
use super::json::JsonExporter;
use super::resolve_edl::ResolveEdl;

/// A format markers can be exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Preset {
    /// DaVinci Resolve's timeline markers EDL.
    ResolveEdl,
    /// All columns as CSV.
    Csv,
    /// All columns as JSON.
    Json,
}

impl Preset {
    /// Every preset, in the order they are listed to people.
    pub const ALL: [Self; 3] = [Self::ResolveEdl, Self::Csv, Self::Json];

    /// The preset of this name or alias.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == name || preset.aliases().contains(&name))
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResolveEdl => "resolve-edl",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// Other names it is known by.
    pub fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::ResolveEdl | Self::Csv | Self::Json => &[],
        }
    }

    /// What follows the input's stem in the default output name.
    pub fn default_suffix(self) -> &'static str {
        match self {
            Self::ResolveEdl => ".edl",
            Self::Csv => "_export.csv",
            Self::Json => ".json",
        }
    }

    /// Default timecode of the first frame.
    pub fn default_start(self) -> &'static str {
        match self {
            Self::ResolveEdl => "01:00:00:00",
            Self::Csv | Self::Json => "00:00:00:00",
        }
    }

    /// Whether positions are frames of a timeline that is counted in timecode.
    pub fn has_timecode(self) -> bool {
        !matches!(self, Self::Csv | Self::Json)
    }

    /// Whether positions are frames.
    pub fn has_frames(self) -> bool {
        self.has_timecode()
    }

    pub(super) fn exporter(self) -> &'static dyn Exporter {
        match self {
            Self::ResolveEdl => &ResolveEdl,
            Self::Csv => &CsvExporter,
            Self::Json => &JsonExporter,
        }
    }
}
