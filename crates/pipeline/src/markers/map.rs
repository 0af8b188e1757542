//! A map in the form in which markers are carried over.

use mtbsync_align::TimeWarp;
use mtbsync_markers::{InverseMap, TimeEstimate};

/// A warp as the markers crate wants it.
pub struct MarkerMap<'a> {
    /// The map.
    pub warp: &'a TimeWarp,
    /// Length of the new recording, seconds.
    pub new_duration_secs: f64,
}

impl InverseMap for MarkerMap<'_> {
    fn locate(&self, t_ref_secs: f64) -> Option<TimeEstimate> {
        self.warp
            .locate(t_ref_secs, self.new_duration_secs)
            .map(|p| TimeEstimate {
                t_new_secs: p.t_new_secs,
                low_secs: p.low_secs,
                high_secs: p.high_secs,
                confidence: p.confidence,
                in_stop: p.in_stop,
            })
    }
}
