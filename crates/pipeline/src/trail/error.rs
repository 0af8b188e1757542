//! What can go wrong with the runs of a trail.

use mtbsync_task::error::{Failure, Problem};

/// What can go wrong with the runs of a trail.
#[derive(Debug, thiserror::Error)]
pub enum TrailProblem {
    /// A root that is no folder.
    #[error("no such folder")]
    NoRoot,
    /// No run below the root.
    #[error("no run below it")]
    NoRun,
    /// A name that no run has.
    #[error("no run {name} below it")]
    NoSuchRun {
        /// The name.
        name: String,
        /// Names of the runs there are.
        known: String,
    },
    /// An id that no trail has.
    #[error("no trail {id} here")]
    NoSuchTrail {
        /// The id.
        id: String,
        /// The ids there are.
        known: String,
    },
    /// Several trails where one is meant.
    #[error("several trails here: {0}")]
    SeveralTrails(String),
    /// No run of the trail has a map.
    #[error("no run of the trail is aligned")]
    NothingAligned,
    /// No run leads to the recording that places are told on.
    #[error("no run of the trail leads to its reference {0} any more")]
    ReferenceApart(String),
    /// A rider of whom no run is shown.
    #[error("no run of {0} on the board")]
    NoSuchRider(String),
    /// A run that passes no section.
    #[error("{0} passes no section of the trail")]
    PassesNothing(String),
    /// A gate before the beginning or after the end of the reference.
    #[error("the gate {0} lies outside of the reference recording")]
    GateOutside(String),
    /// Fewer gates than a section has.
    #[error("sections need two gates, and the trail has {0}")]
    FewGates(usize),
    /// More gates than the trail has room for, or fewer than two.
    #[error("the trail has no room for {0} gates")]
    ManyGates(usize),
    /// Sections, by number and gates, that no run has a sure time for.
    #[error("there is no ideal run: no sure time for {0}")]
    NoIdeal(String),
    /// Recordings that maps name, with their runs.
    #[error("no longer there: {0}")]
    RecordingsGone(String),
    /// Runs that were never at the same place.
    #[error("{a} and {b} have no part of the trail in common")]
    NothingInCommon {
        /// One run.
        a: String,
        /// The other.
        b: String,
    },
    /// The reference recording is not where any run says.
    #[error("the reference {0} is no longer there")]
    ReferenceGone(String),
    /// A map that does not say of which recording it is.
    #[error("the map of {0} does not name its recording")]
    NoRecording(String),
    /// A run without a map to others.
    #[error("{0} is not aligned, so nothing is known of its places")]
    NotAligned(String),
    /// A value that is none.
    #[error("{0}")]
    Value(&'static str),
}

impl Problem for TrailProblem {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRoot => "name the folder that holds the folders of your runs",
            Self::NoRun => "make runs with mtbsync sync or mtbsync batch",
            Self::NoSuchRun { known, .. } => return Some(format!("runs here: {known}")),
            Self::NoSuchTrail { known, .. } => return Some(format!("trails here: {known}")),
            Self::SeveralTrails(_) => "say which with ‹trail›",
            Self::NothingAligned | Self::NotAligned(_) => "align runs with mtbsync sync",
            Self::ReferenceApart(_) => "make one of its runs the reference with mtbsync trail reference",
            Self::NoSuchRider(_) => "say who rode with mtbsync trail set",
            Self::PassesNothing(_) => return None,
            Self::GateOutside(_) => "gates are seconds of the reference",
            Self::FewGates(_) => "set gates with mtbsync trail gates",
            Self::ManyGates(_) => "ask for at least two, a second of the trail apart",
            Self::NoIdeal(_) => "set the moments of its gates in mtbsync compare, or sync more runs",
            Self::RecordingsGone(_) => {
                "put them back, make their runs again with mtbsync sync, or hide the runs with mtbsync trail set"
            }
            Self::NothingInCommon { .. } => return None,
            Self::ReferenceGone(_) => "put it back where the runs name it",
            Self::NoRecording(_) => "make the run again with mtbsync sync",
            Self::Value(_) => return None,
        };
        Some(hint.to_owned())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::SeveralTrails(_) | Self::ManyGates(_) | Self::GateOutside(_) | Self::Value(_) => {
                Failure::Usage
            }
            Self::NothingAligned
            | Self::NotAligned(_)
            | Self::FewGates(_)
            | Self::ReferenceApart(_)
            | Self::PassesNothing(_)
            | Self::NoIdeal(_)
            | Self::NothingInCommon { .. } => Failure::NotAligned,
            _ => Failure::Failed,
        }
    }
}
