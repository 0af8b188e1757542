//! Pairs of times at which both recordings are at the same place, and what is reported about them.

use crate::isotonic::isotonic;

/// One measurement of the path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Time in the new recording, seconds.
    pub t_new_secs: f64,
    /// Time in the reference, seconds.
    pub t_ref_secs: f64,
    /// One-sigma error of `t_ref_secs`, seconds, above 0.
    pub sigma_secs: f64,
    /// Probability, 0..1, that the pair belongs to the true path at all; shared by its neighbours, so it is
    /// not improved by averaging.
    pub certainty: f64,
}

/// A candidate of `pairs_raw.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// New time, seconds.
    pub t_new_secs: f64,
    /// Reference time, seconds.
    pub t_ref_secs: f64,
    /// Similarity, 0..1.
    pub score: f64,
    /// Geometric inliers; 0 when not checked.
    pub n_inliers: usize,
}

/// What stands behind a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairOrigin {
    /// Letter of the `model` column.
    pub model: char,
    /// Inliers and mean reprojection error in pixels, of verified pairs.
    pub verified: Option<(usize, f64)>,
}

/// Isotonic regression: the least-squares non-decreasing reference times, weighted by precision
/// `1 / sigma^2`; pairs in order of new time. Pairs that are pooled and disagree beyond their errors have
/// claimed too much: with `chi^2 = sum ((y_i - mean) / sigma_i)^2` of `n` of them, their errors grow by the
/// Birge ratio `sqrt(chi^2 / (n - 1))` where that is above 1 (Birge 1932).
pub fn make_increasing(pairs: &mut [Pair]) {
    let precision = |p: &Pair| 1.0 / (p.sigma_secs * p.sigma_secs);
    let pooled = isotonic(pairs.iter().map(|p| (p.t_ref_secs, precision(p))));
    let mut from = 0;
    for block in pooled.chunk_by(|a, b| a == b) {
        let members = &mut pairs[from..from + block.len()];
        from += block.len();
        let moved = members.iter().zip(block);
        let chi2: f64 = moved
            .map(|(p, y)| (p.t_ref_secs - y).powi(2) * precision(p))
            .sum();
        let freedom = block.len().saturating_sub(1).max(1) as f64;
        let ratio = (chi2 / freedom).sqrt().max(1.0);
        for (pair, &t_ref_secs) in members.iter_mut().zip(block) {
            pair.t_ref_secs = t_ref_secs;
            pair.sigma_secs *= ratio;
        }
    }
}
