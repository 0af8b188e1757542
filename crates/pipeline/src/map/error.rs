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
            Self::NoPairs => "give the pairs.csv of a sync",
            Self::NoSuchMarker(_) => "give names of its markers to ‹sections›",
            Self::FewGates(_) => "give at least two markers at different times",
            Self::NoRun => "give ‹timewarp-json› or ‹root›",
            Self::NoUsableRun => "align the runs again with mtbsync sync",
            Self::NoAnchors(_) => "run mtbsync sync with ‹warp-model› monotone",
            Self::NothingLeft => "remove the last anchor",
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::NoUsableRun => Failure::NotAligned,
            Self::NoRun | Self::Plot(PlotError::Size { .. }) => Failure::Usage,
            _ => Failure::Failed,
        }
    }
}
