//! What can go wrong with a finished map.

use mtbsync_plot::PlotError;
use mtbsync_task::error::{Failure, Problem};

/// What can go wrong with a finished map.
#[derive(Debug, thiserror::Error)]
pub enum MapProblem {
    /// A picture that cannot be drawn.
    #[error(transparent)]
    Plot(PlotError),
    /// A pairs table without a row.
    #[error("no usable pairs")]
    NoPairs,
    /// A table without a column it needs.
    #[error("column {column} missing (line {line})")]
    ColumnMissing {
        /// Its name.
        column: &'static str,
        /// Line of the header, from 1.
        line: usize,
    },
    /// A gate that is no marker.
    #[error("no marker is named {0}")]
    NoSuchMarker(String),
    /// Fewer gates than a section has.
    #[error("sections need two gates, found {0}")]
    FewGates(usize),
    /// More steps than a table can hold.
    #[error("the continuous delta would have more than a million rows")]
    StepTooSmall,
    /// No run carried markers over, and none were named.
    #[error("the run has no markers, and none are given")]
    NoMarkers,
    /// Markers for runs of several references.
    #[error("the runs are of several references, and none of those is known to have these markers")]
    WhoseMarkers,
    /// A path that names nothing.
    #[error("folder not found")]
    RunNotFound,
    /// A folder without a map.
    #[error("is no run: it holds no timewarp.json")]
    NotARun,
    /// A map that names no recording for this setting.
    #[error("the map does not name the {0} recording")]
    RecordingUnknown(&'static str),
    /// A recording that is no longer where it was; its setting.
    #[error("the {0} recording of the run is no longer there")]
    RecordingGone(&'static str),
    /// No map was given.
    #[error("no run to compare")]
    NoRun,
    /// Only maps whose gates failed.
    #[error("no usable run")]
    NoUsableRun,
    /// A model that is not fitted through anchors.
    #[error("the {0} model cannot meet anchors")]
    NoAnchors(String),
    /// Anchors that leave no segment.
    #[error("nothing of the map would be left")]
    NothingLeft,
}

impl Problem for MapProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Plot(error) => return error.hint(),
            Self::ColumnMissing { .. } => return None,
            Self::RecordingUnknown(setting) | Self::RecordingGone(setting) => {
                return Some(format!("say where it is with ‹{setting}›"));
            }
            Self::StepTooSmall => "give a larger ‹step›",
            Self::NoMarkers => "give those of the reference with ‹ref-markers›",
            Self::WhoseMarkers => "name the runs of one reference",
            Self::NotARun | Self::RunNotFound => "name a folder that mtbsync sync wrote",
            Self::NoPairs => "give the pairs.csv of a sync",
            Self::NoSuchMarker(_) => "give names of its markers to ‹sections›",
            Self::FewGates(_) => "give at least two markers at different times",
            Self::NoRun => "name folders of runs",
            Self::NoUsableRun => "align the runs again with mtbsync sync",
            Self::NoAnchors(_) => "run mtbsync sync with ‹warp-model› monotone",
            Self::NothingLeft => "remove the last anchor",
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::NoUsableRun => Failure::NotAligned,
            Self::NoRun | Self::StepTooSmall | Self::Plot(PlotError::Size { .. }) => Failure::Usage,
            _ => Failure::Failed,
        }
    }
}
