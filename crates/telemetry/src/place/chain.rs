//! Longest chains of matches, by dynamic programming: does one ride follow the other at all?
//!
//! ```text
//! best(i, k) = w_k + max(0, max over j, m of best(j, m) - cost(j, m))      i - SKIP <= j < i
//! cost(j, m) = PACE * ln(dt_ref / dt_new)^2 + SKIP_COST * (i - j - 1)
//! ```
//!
//! over candidates `k` of samples `i` of the new run, about a second apart; `w` is [`PlaceMatch::weight`],
//! and steps that no rider could make are left out. A track that is shifted by 100 m, or of another trail,
//! touches the reference here and there, but such touches do not continue one another. Before and after the
//! best chain further ones are looked for, because a detour parts the runs for a while.

use super::PlaceMatch;
use crate::tuning::{
    CHAIN_MAX_SKIP, CHAIN_MIN_MATCHES, CHAIN_PACE_COST, CHAIN_RATIO_LIMITS, CHAIN_RATIO_SLACK_SECS,
    CHAIN_SKIP_COST,
};

/// All candidates of one sample of the new run.
pub(super) struct ChainColumn {
    pub t_new_secs: f64,
    pub candidates: Vec<PlaceMatch>,
}

/// Most chains of one pair; a ride with more detours than this is another ride.
const MAX_CHAINS: usize = 32;

/// Columns and reference times in which to look for a chain.
type Window<'a> = (&'a [ChainColumn], (f64, f64));

/// All chains, in order of both times. Columns are in order of new time.
pub(super) fn chains(columns: &[ChainColumn]) -> Vec<Vec<PlaceMatch>> {
    let mut found: Vec<Vec<PlaceMatch>> = Vec::new();
    let mut windows: Vec<Window<'_>> = vec![(columns, (f64::NEG_INFINITY, f64::INFINITY))];
    while let Some((window, limits_secs)) = windows.pop() {
        let chain = best_chain(window, limits_secs);
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
            continue;
        };
        if chain.len() < CHAIN_MIN_MATCHES || found.len() == MAX_CHAINS {
            continue;
        }
        let before = window.partition_point(|column| column.t_new_secs < first.t_new_secs);
        let after = window.partition_point(|column| column.t_new_secs <= last.t_new_secs);
        windows.extend(
            window
                .get(..before)
                .map(|rest| (rest, (limits_secs.0, first.t_ref_secs))),
        );
        windows.extend(
            window
                .get(after..)
                .map(|rest| (rest, (last.t_ref_secs, limits_secs.1))),
        );
        found.push(chain);
    }
    let start = |chain: &[PlaceMatch]| chain.first().map_or(0.0, |first| first.t_new_secs);
    found.sort_by(|a, b| start(a).total_cmp(&start(b)));
    found
}

/// Score of the best chain that ends in a candidate, and the column and candidate it came from.
type Ending = (f64, Option<(usize, usize)>);

/// The best chain whose reference times lie within the limits.
fn best_chain(columns: &[ChainColumn], limits_secs: (f64, f64)) -> Vec<PlaceMatch> {
    // best[i][j] belongs to candidate j of column i.
    let mut best: Vec<Vec<Ending>> = Vec::with_capacity(columns.len());
    let mut end: Option<(f64, usize, usize)> = None;
    for (i, column) in columns.iter().enumerate() {
        let mut scores = Vec::with_capacity(column.candidates.len());
        for (j, candidate) in column.candidates.iter().enumerate() {
            let allowed = (limits_secs.0..=limits_secs.1).contains(&candidate.t_ref_secs);
            let own = if allowed {
                candidate.weight()
            } else {
                f64::NEG_INFINITY
            };
            let mut choice = (own, None);
            for (back, earlier) in columns
                .iter()
                .enumerate()
                .take(i)
                .skip(i.saturating_sub(CHAIN_MAX_SKIP))
            {
                let Some(earlier_best) = best.get(back) else {
                    continue;
                };
                for (k, (from, (score, _))) in earlier.candidates.iter().zip(earlier_best).enumerate() {
                    let Some(cost) = step_cost(from, candidate) else {
                        continue;
                    };
                    let total = score + own - cost - CHAIN_SKIP_COST * (i - back - 1) as f64;
                    if total > choice.0 {
                        choice = (total, Some((back, k)));
                    }
                }
            }
            if allowed && end.is_none_or(|(score, _, _)| choice.0 > score) {
                end = Some((choice.0, i, j));
            }
            scores.push(choice);
        }
        best.push(scores);
    }
    let mut chain = Vec::new();
    let mut at = end.map(|(_, i, j)| (i, j));
    while let Some((i, j)) = at {
        let Some(candidate) = columns.get(i).and_then(|column| column.candidates.get(j)) else {
            break;
        };
        chain.push(*candidate);
        at = best
            .get(i)
            .and_then(|scores| scores.get(j))
            .and_then(|(_, from)| *from);
    }
    chain.reverse();
    chain
}

/// Cost of going from one match to the next; `None` when no rider could.
fn step_cost(from: &PlaceMatch, to: &PlaceMatch) -> Option<f64> {
    let new_secs = to.t_new_secs - from.t_new_secs;
    // Standing in the reference makes its time free within the stop.
    let ref_secs = to.t_ref_range_secs.1 - from.t_ref_range_secs.0;
    let least_ref_secs = to.t_ref_range_secs.0 - from.t_ref_range_secs.1;
    let slack_secs = CHAIN_RATIO_SLACK_SECS + from.sigma_t_secs.min(to.sigma_t_secs);
    if to.t_ref_secs < from.t_ref_secs
        || least_ref_secs > CHAIN_RATIO_LIMITS.1 * new_secs + slack_secs
        || ref_secs < CHAIN_RATIO_LIMITS.0 * new_secs - slack_secs && !from.new_stands && !to.new_stands
    {
        return None;
    }
    let pace = ((to.t_ref_secs - from.t_ref_secs + slack_secs) / (new_secs + slack_secs)).ln();
    Some(CHAIN_PACE_COST * pace * pace)
}
