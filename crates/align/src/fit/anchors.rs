//! Points of the map that a person has set.

use thiserror::Error;

/// A pair set by a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Time in the new recording, seconds.
    pub t_new_secs: f64,
    /// Time in the reference, seconds.
    pub t_ref_secs: f64,
}

/// Two anchors that no forward ride can both meet; indices into the given list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("anchors contradict each other")]
pub struct ContradictoryAnchors {
    /// The earlier one in the new recording.
    pub first: usize,
    /// The later one, which lies no later in the reference.
    pub second: usize,
}

/// Sort anchors by new time.
///
/// # Errors
/// When two of them are not strictly increasing in both times.
pub fn sort_anchors(anchors: &[Anchor]) -> Result<Vec<Anchor>, ContradictoryAnchors> {
    let mut order: Vec<usize> = (0..anchors.len()).collect();
    order.sort_by(|&a, &b| {
        anchors[a]
            .t_new_secs
            .total_cmp(&anchors[b].t_new_secs)
            .then(anchors[a].t_ref_secs.total_cmp(&anchors[b].t_ref_secs))
    });
    for w in order.windows(2) {
        let (a, b) = (anchors[w[0]], anchors[w[1]]);
        if a.t_new_secs >= b.t_new_secs || a.t_ref_secs >= b.t_ref_secs {
            return Err(ContradictoryAnchors {
                first: w[0],
                second: w[1],
            });
        }
    }
    Ok(order.into_iter().map(|i| anchors[i]).collect())
}
