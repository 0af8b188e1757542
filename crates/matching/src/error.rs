//! What can go wrong between features and pairs.

use mtbsync_task::error::Problem;

/// What can go wrong between features and pairs.
#[derive(Debug, thiserror::Error)]
pub enum MatchingProblem {
    /// Arrays of an index that contradict one another.
    #[error("index is inconsistent")]
    Inconsistent,
    /// An index without the pictures that learned features are computed from.
    #[error("the index holds no pictures for learned features")]
    NoPictures,
}

impl Problem for MatchingProblem {
    fn hint(&self) -> Option<String> {
        Some("rebuild it with mtbsync index".to_owned())
    }
}
