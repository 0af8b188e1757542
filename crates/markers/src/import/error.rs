//! Why a file gives no markers.

use crate::read::ReadMarkersError;
use crate::time::TimecodeError;

use super::format::ImportFormat;

/// A file without usable markers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Over [`MAX_IMPORT_BYTES`](super::MAX_IMPORT_BYTES).
    #[error("too large for a marker file")]
    TooLarge,
    /// No reader recognises the content.
    #[error("not a known marker file")]
    UnknownFormat,
    /// Entities and external definitions can make a small file read others or grow without end.
    #[error("XML with entities or an external DTD is refused")]
    XmlEntities,
    /// Nothing of the file can be read.
    #[error("is damaged: {0}")]
    Json(#[from] serde_json::Error),
    /// Nothing of the file can be read.
    #[error("is damaged: no XML element")]
    NoXmlElement,
    /// Readable, but without a marker.
    #[error("no markers found")]
    NoMarkers {
        /// What was skipped on the way.
        warnings: Vec<String>,
    },
    /// Not a usable marker table.
    #[error(transparent)]
    Table(#[from] ReadMarkersError),
    /// Rate, counting or timeline start do not fit together.
    #[error(transparent)]
    Timecode(#[from] TimecodeError),
}

impl ImportError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFormat => {
                let names: Vec<&str> = ImportFormat::ALL.iter().map(|format| format.name()).collect();
                Some(format!("readable formats are {}", names.join(", ")))
            }
            Self::NoMarkers { warnings } => warnings.first().cloned(),
            Self::Table(error) => error.hint(),
            Self::Timecode(error) => error.hint(),
            Self::TooLarge | Self::XmlEntities | Self::Json(_) | Self::NoXmlElement => None,
        }
    }
}
