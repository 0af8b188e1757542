//! GPS in the alignment: which tracks there are, on which clock they run, and how much they may say.
//!
//! Pictures and GPS fail in different ways: pictures in fog, in the dark and where all trees look alike, GPS under
//! those trees. So neither is trusted alone where the other is there. A first look at the pictures says where the runs
//! are together; the tracks are put on the recordings' clocks and compared with that ([`evidence`]). Tracks that
//! contradict a sure picture weigh nothing. Tracks that agree become evidence of the sequence model, and afterwards
//! pairs: alone where no picture can be compared, averaged by precision where one can.
//!
//! - [`tracks`]: what the two sides have, read and checked before anything expensive;
//! - [`mtbsync_telemetry::clock`]: offsets of external files, from UTC, creation time, and what the pictures show;
//! - [`evidence`]: log-likelihood ratios and pairs, which [`mtbsync_align::fusion`] joins with those by pictures.

pub mod evidence;
pub mod signal;
pub mod tracks;

use std::path::PathBuf;

/// Track time at video zero minus video clock.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum TrackOffset {
    /// Find it.
    #[default]
    Auto,
    /// Given by a person, seconds.
    Secs(f64),
}

/// An external track of one side.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackRequest {
    /// GPX, FIT or TCX.
    pub path: PathBuf,
    /// Its clock.
    pub offset: TrackOffset,
}

/// Which tracks are wanted.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct GpsSettings {
    /// External track of the reference; wins over the one in the recording.
    pub reference: Option<TrackRequest>,
    /// External track of the new run.
    pub new: Option<TrackRequest>,
    /// Ignore tracks inside the recordings.
    pub ignore_recorded: bool,
}
