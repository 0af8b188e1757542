//! How many pairs came out how.

use mtbsync_quality::batch_summary::BatchRow;

/// What became of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairStatus {
    /// A map that passed its gates.
    Aligned,
    /// The run finished, its gates failed.
    NotAligned,
    /// The run ended in an error.
    Failed,
}

impl PairStatus {
    /// Of a row of the summary.
    pub fn of(row: &BatchRow) -> Self {
        match (row.ok, row.timewarp_ok) {
            (false, _) => Self::Failed,
            (true, Some(true)) => Self::Aligned,
            (true, _) => Self::NotAligned,
        }
    }
}

/// Counts of pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All pairs.
    pub pairs: usize,
    /// Aligned ones.
    pub aligned: usize,
    /// Pairs without a trustworthy alignment.
    pub not_aligned: usize,
    /// Pairs that ended in an error.
    pub failed: usize,
}

impl Totals {
    /// Count a pair.
    pub fn add(&mut self, status: PairStatus) {
        self.pairs += 1;
        match status {
            PairStatus::Aligned => self.aligned += 1,
            PairStatus::NotAligned => self.not_aligned += 1,
            PairStatus::Failed => self.failed += 1,
        }
    }
}
