//! The built-in presets (the table in docs/reference/exporters.md).

use super::job::{ExportFormat, Positions};
use super::{avid, columns, edl, fcpxml, ffmetadata, otio, premiere, premiere_csv, youtube};

/// A format markers can be exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
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
            .find(|preset| preset.name() == name || preset.format().aliases.contains(&name))
    }

    /// The preset that a person means who names the editor in other words; `None`: nobody knows.
    pub fn meant_by(name: &str) -> Option<Self> {
        match name.to_lowercase().replace([' ', '_'], "-").as_str() {
            "davinci" | "davinci-resolve" | "resolve" => Some(Self::ResolveEdl),
            "final-cut" | "final-cut-pro" | "finalcut" | "fcp" | "fcpx" => Some(Self::Fcpxml),
            "adobe" | "premiere-pro" => Some(Self::Premiere),
            "media-composer" => Some(Self::Avid),
            "opentimelineio" => Some(Self::Otio),
            "ffmpeg" | "chapters" => Some(Self::Ffmetadata),
            other => Self::from_name(other).filter(|_| other != name),
        }
    }

    pub(super) fn format(self) -> &'static ExportFormat {
        // The table is in the order of the variants, which a test holds it to.
        &TABLE[self as usize]
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.format().name
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        self.format().title
    }

    /// What follows the input's stem in the default output name.
    pub fn default_suffix(self) -> &'static str {
        self.format().suffix
    }

    /// Whether positions are frames of a timeline that is counted in timecode.
    pub fn has_timecode(self) -> bool {
        self.format().positions == Positions::Timecode
    }

    /// Whether the format can show the new run retimed onto the reference.
    pub fn has_retiming(self) -> bool {
        self.format().has_retiming
    }

    /// Whether positions are frames.
    pub fn has_frames(self) -> bool {
        self.format().positions != Positions::Seconds
    }
}

/// Editors that think in tape start at one hour.
const TAPE_START: &str = "01:00:00:00";
const ZERO_START: &str = "00:00:00:00";

#[rustfmt::skip]
static TABLE: [ExportFormat; 11] = [
    ExportFormat { name: "resolve-edl", title: "DaVinci Resolve (EDL)", aliases: &[], suffix: ".edl", positions: Positions::Timecode, start: TAPE_START, has_retiming: false, write: edl::write_resolve },
    ExportFormat { name: "edl", title: "CMX3600 EDL", aliases: &["cmx3600"], suffix: "_cmx.edl", positions: Positions::Timecode, start: TAPE_START, has_retiming: false, write: edl::write_cmx3600 },
    ExportFormat { name: "fcpxml", title: "Final Cut Pro", aliases: &[], suffix: ".fcpxml", positions: Positions::Timecode, start: ZERO_START, has_retiming: true, write: fcpxml::write },
    ExportFormat { name: "premiere", title: "Premiere Pro (XML)", aliases: &["xml", "xmeml"], suffix: ".xml", positions: Positions::Timecode, start: ZERO_START, has_retiming: true, write: premiere::write },
    ExportFormat { name: "premiere-csv", title: "Premiere Pro (CSV)", aliases: &[], suffix: "_premiere.csv", positions: Positions::Timecode, start: ZERO_START, has_retiming: false, write: premiere_csv::write },
    ExportFormat { name: "avid", title: "Avid Media Composer", aliases: &[], suffix: "_avid.txt", positions: Positions::Timecode, start: TAPE_START, has_retiming: false, write: avid::write },
    ExportFormat { name: "otio", title: "OpenTimelineIO", aliases: &[], suffix: ".otio", positions: Positions::Timecode, start: TAPE_START, has_retiming: true, write: otio::write },
    ExportFormat { name: "youtube", title: "YouTube chapters", aliases: &[], suffix: "_youtube.txt", positions: Positions::Seconds, start: ZERO_START, has_retiming: false, write: youtube::write },
    ExportFormat { name: "ffmetadata", title: "FFmpeg metadata", aliases: &[], suffix: ".ffmeta", positions: Positions::Frames, start: ZERO_START, has_retiming: false, write: ffmetadata::write },
    ExportFormat { name: "csv", title: "CSV, all columns", aliases: &[], suffix: "_export.csv", positions: Positions::Seconds, start: ZERO_START, has_retiming: false, write: columns::write_csv },
    ExportFormat { name: "json", title: "JSON, all columns", aliases: &[], suffix: ".json", positions: Positions::Seconds, start: ZERO_START, has_retiming: false, write: columns::write_json },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_row() {
        for preset in Preset::ALL {
            let name = preset.name().replace('-', "");
            assert_eq!(name, format!("{preset:?}").to_lowercase());
            assert_eq!(Preset::from_name(preset.name()), Some(preset));
        }
    }
}
