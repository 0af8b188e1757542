//! What can go wrong with markers.

use std::path::{Path, PathBuf};

use mtbsync_markers::ReadMarkersError;
use mtbsync_markers::export::{ExportError, Preset};
use mtbsync_markers::import::ImportError;
use mtbsync_media::{ChapterError, OpenError};
use mtbsync_task::error::{Failure, PipelineError, Problem};
use mtbsync_telemetry::mp4::Mp4Error;

use crate::markers::import::InputFormat;

/// What can go wrong with markers.
#[derive(Debug, thiserror::Error)]
pub enum MarkerProblem {
    /// A marker table that is none.
    #[error(transparent)]
    Table(ReadMarkersError),
    /// A file without usable markers.
    #[error(transparent)]
    Import(ImportError),
    /// An export that cannot be made.
    #[error(transparent)]
    Export(ExportError),
    /// A recording that cannot be opened.
    #[error(transparent)]
    Open(OpenError),
    /// Markers count from the first file of a recording; this is a later one.
    #[error("is not the first file of its recording, on whose clock the markers are")]
    LaterFile(
        /// The first one.
        PathBuf,
    ),
    /// A recording whose tags cannot be read.
    #[error(transparent)]
    Tags(Mp4Error),
    /// A recording that cannot be given chapters.
    #[error(transparent)]
    Chapters(ChapterError),
    /// Tags are read at several places of a file.
    #[error("a recording cannot be read from stdin")]
    StdinRecording,
    /// No file to name the output after.
    #[error("markers come from stdin, so the output needs a name")]
    OutputUnnamed,
    /// No preset of this name.
    #[error("unknown preset `{name}`")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// All names.
        known: Vec<String>,
    },
    /// Several files cannot go to stdout.
    #[error("more than 999 markers need several files")]
    SeveralFiles,
    /// A preset that holds no chapters of a recording.
    #[error("only the preset ffmetadata can be written into a recording")]
    NoMuxPreset,
    /// A copy of a recording without a name.
    #[error("‹mux› needs a file to write")]
    MuxUnnamed,
    /// New times on a timeline of the reference.
    #[error("‹retime› makes a timeline of the reference, on which `{0}` has no place")]
    NewTimeColumn(String),
    /// No map to retime by.
    #[error("‹retime› needs the map of the sync")]
    RetimeWithoutMap,
    /// A map without a segment.
    #[error("the map is empty")]
    MapEmpty,
    /// Nothing is known of the new recording.
    #[error("the new recording is not known")]
    NewUnknown,
    /// Nothing is known of the reference.
    #[error("the reference is not known")]
    ReferenceUnknown,
    /// Files beside an output on stdout.
    #[error("‹vis-json› and ‹plot-overlay› need ‹out› with a file name")]
    FilesBesideStdout,
    /// No map to carry markers over by.
    #[error("no warp given")]
    NoWarp,
    /// Two maps where one was asked for.
    #[error("the two warps describe different maps")]
    MapsDiffer,
    /// A map whose gates failed: why.
    #[error("not aligned ({})", if .0.is_empty() { "gates failed".to_owned() } else { .0.join("; ") })]
    NotAligned(Vec<String>),
}

impl MarkerProblem {
    /// The problem of the map in `path`, where it comes from a file.
    pub(super) fn of_map(self, path: Option<&Path>) -> PipelineError {
        let error = PipelineError::from(self);
        match path {
            Some(path) => error.at(path),
            None => error,
        }
    }
}

impl Problem for MarkerProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Import(ImportError::UnknownFormat) => {
                return Some(format!("readable formats are {}", InputFormat::names()));
            }
            Self::UnknownPreset { name, known } => {
                let meant = Preset::meant_by(name);
                let meant =
                    meant.map_or_else(String::new, |meant| format!("did you mean `{}`? ", meant.name()));
                return Some(format!("{meant}presets are {}", known.join(", ")));
            }
            Self::LaterFile(first) => {
                return Some(format!("name {}, or join the files first", first.display()));
            }
            Self::Table(error) => return error.hint(),
            Self::Import(error) => return error.hint(),
            Self::Export(error) => return error.hint(),
            Self::Open(error) => return error.hint(),
            Self::Tags(error) => return error.hint(),
            Self::Chapters(error) => return error.hint(),
            Self::FilesBesideStdout => return None,
            Self::StdinRecording => "name the file",
            Self::OutputUnnamed => "give ‹out›",
            Self::SeveralFiles => "name a file with ‹out›",
            Self::NoMuxPreset => "add ‹preset› ffmetadata, or drop ‹mux›",
            Self::MuxUnnamed => "name it with ‹out›",
            Self::NewTimeColumn(_) => "drop ‹time-column›",
            Self::RetimeWithoutMap => "give ‹timewarp-json›",
            Self::MapEmpty => "run mtbsync sync again",
            Self::NewUnknown => "give it with ‹video›",
            Self::ReferenceUnknown => "give it with ‹reference-video›",
            Self::NoWarp => "give ‹timewarp-json› or ‹warp›",
            Self::MapsDiffer => "give one of them",
            Self::NotAligned(_) => "run mtbsync sync again, or use the warp all the same with ‹force›",
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::NotAligned(_) => Failure::NotAligned,
            Self::Export(error) if !error.is_usage() => Failure::Failed,
            Self::Import(ImportError::Timecode(_)) => Failure::Usage,
            Self::Table(_)
            | Self::Import(_)
            | Self::Open(_)
            | Self::Tags(_)
            | Self::Chapters(_)
            | Self::MapEmpty
            | Self::NewUnknown
            | Self::ReferenceUnknown
            | Self::MapsDiffer => Failure::Failed,
            _ => Failure::Usage,
        }
    }
}
