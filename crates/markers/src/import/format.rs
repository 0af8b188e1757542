//! The formats markers can be read from.

/// A format markers can be read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportFormat {
    /// DaVinci Resolve's timeline markers EDL.
    ResolveEdl,
    /// CMX3600 EDL.
    Edl,
    /// Final Cut Pro XML.
    Fcpxml,
    /// Final Cut Pro 7 XML, as Premiere writes it.
    Xmeml,
    /// OpenTimelineIO JSON.
    Otio,
    /// Avid Media Composer's marker list.
    Avid,
    /// A chapter list of a video description.
    Youtube,
    /// FFmpeg metadata.
    Ffmetadata,
    /// This program's JSON.
    Json,
    /// Any table with a time column.
    Csv,
}

impl ImportFormat {
    /// Every format.
    pub const ALL: [Self; 10] = [
        Self::ResolveEdl,
        Self::Edl,
        Self::Fcpxml,
        Self::Xmeml,
        Self::Otio,
        Self::Avid,
        Self::Youtube,
        Self::Ffmetadata,
        Self::Json,
        Self::Csv,
    ];

    /// The name, as in `--format` and the `source` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResolveEdl => "resolve-edl",
            Self::Edl => "edl",
            Self::Fcpxml => "fcpxml",
            Self::Xmeml => "premiere",
            Self::Otio => "otio",
            Self::Avid => "avid",
            Self::Youtube => "youtube",
            Self::Ffmetadata => "ffmetadata",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// The format of this name; `xml` and `xmeml` mean [`Xmeml`](Self::Xmeml).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "xml" | "xmeml" => Some(Self::Xmeml),
            "cmx3600" => Some(Self::Edl),
            "premiere-csv" => Some(Self::Csv),
            _ => Self::ALL.into_iter().find(|format| format.name() == name),
        }
    }
}
