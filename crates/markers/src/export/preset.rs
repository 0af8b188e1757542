//! The built-in presets (the table in docs/reference/exporters.md).

use super::Exporter;
use super::avid::Avid;
use super::cmx3600::Cmx3600;
use super::csv::CsvExporter;
use super::fcpxml::Fcpxml;
use super::ffmetadata::Ffmetadata;
use super::json::JsonExporter;
use super::otio::Otio;
use super::premiere::Premiere;
use super::premiere_csv::PremiereCsv;
use super::resolve_edl::ResolveEdl;
use super::youtube::Youtube;

/// A format markers can be exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// DaVinci Resolve's timeline markers EDL.
    ResolveEdl,
    /// CMX3600 EDL with locators.
    Edl,
    /// Final Cut Pro XML 1.10.
    Fcpxml,
    /// Final Cut Pro 7 XML, the way into Premiere.
    Premiere,
    /// Premiere's marker list, for people and spreadsheets.
    PremiereCsv,
    /// Avid Media Composer's marker list.
    Avid,
    /// OpenTimelineIO.
    Otio,
    /// Chapters for a YouTube description.
    Youtube,
    /// Chapters for FFmpeg.
    Ffmetadata,
    /// All columns as CSV.
    Csv,
    /// All columns as JSON.
    Json,
}

impl Preset {
    /// Every preset, in the order they are listed to people.
    pub const ALL: [Self; 11] = [
        Self::ResolveEdl,
        Self::Edl,
        Self::Fcpxml,
        Self::Premiere,
        Self::PremiereCsv,
        Self::Avid,
        Self::Otio,
        Self::Youtube,
        Self::Ffmetadata,
        Self::Csv,
        Self::Json,
    ];

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
            Self::Edl => "edl",
            Self::Fcpxml => "fcpxml",
            Self::Premiere => "premiere",
            Self::PremiereCsv => "premiere-csv",
            Self::Avid => "avid",
            Self::Otio => "otio",
            Self::Youtube => "youtube",
            Self::Ffmetadata => "ffmetadata",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// Other names it is known by.
    pub fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Edl => &["cmx3600"],
            Self::Premiere => &["xml", "xmeml"],
            _ => &[],
        }
    }

    /// What follows the input's stem in the default output name.
    pub fn default_suffix(self) -> &'static str {
        match self {
            Self::ResolveEdl => ".edl",
            Self::Edl => "_cmx.edl",
            Self::Fcpxml => ".fcpxml",
            Self::Premiere => ".xml",
            Self::PremiereCsv => "_premiere.csv",
            Self::Avid => "_avid.txt",
            Self::Otio => ".otio",
            Self::Youtube => "_youtube.txt",
            Self::Ffmetadata => ".ffmeta",
            Self::Csv => "_export.csv",
            Self::Json => ".json",
        }
    }

    /// Default timecode of the timeline's first frame: editors that think in tape start at one hour.
    pub fn default_start(self) -> &'static str {
        match self {
            Self::ResolveEdl | Self::Edl | Self::Avid | Self::Otio => "01:00:00:00",
            _ => "00:00:00:00",
        }
    }

    /// Whether positions are frames of a timeline that is counted in timecode.
    pub fn has_timecode(self) -> bool {
        !matches!(self, Self::Youtube | Self::Ffmetadata | Self::Csv | Self::Json)
    }

    /// Whether the format can show the new run retimed onto the reference.
    pub fn has_retiming(self) -> bool {
        matches!(self, Self::Fcpxml | Self::Premiere | Self::Otio)
    }

    /// Whether positions are frames.
    pub fn has_frames(self) -> bool {
        self.has_timecode() || self == Self::Ffmetadata
    }

    pub(super) fn exporter(self) -> &'static dyn Exporter {
        match self {
            Self::ResolveEdl => &ResolveEdl,
            Self::Edl => &Cmx3600,
            Self::Fcpxml => &Fcpxml,
            Self::Premiere => &Premiere,
            Self::PremiereCsv => &PremiereCsv,
            Self::Avid => &Avid,
            Self::Otio => &Otio,
            Self::Youtube => &Youtube,
            Self::Ffmetadata => &Ffmetadata,
            Self::Csv => &CsvExporter,
            Self::Json => &JsonExporter,
        }
    }
}
