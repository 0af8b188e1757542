//! The track of one recording and what is known of its clock.

use serde::Serialize;

use super::OffsetEstimate;
use crate::track::Track;

/// What is known of a track's clock against its recording's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum TrackClock {
    /// The camera's own GPS: the same clock.
    Recording,
    /// Given by a person: track time at video zero and 1-sigma error, seconds.
    Given(f64, f64),
    /// What UTC or creation time allow, most plausible first; empty when nothing is known.
    Guessed(Vec<OffsetEstimate>),
}

impl TrackClock {
    /// Track and recording belong together: the camera or a person says so.
    pub fn is_vouched_for(&self) -> bool {
        matches!(self, Self::Recording | Self::Given(..))
    }

    /// The offset has to be searched for.
    pub fn is_guessed(&self) -> bool {
        matches!(self, Self::Guessed(_))
    }
}

/// A usable track of one side, on its own clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideTrack {
    /// Cleaned points.
    pub track: Track,
    /// How to put it on the recording's clock.
    pub clock: TrackClock,
}
