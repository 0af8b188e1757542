//! Which maps lead from one recording to another with the least error.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::carry::Direction;
use crate::warp::TimeWarp;

/// Longest chain looked for: four references between two runs.
pub const MAX_STEPS: usize = 8;

/// A map between two recordings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge<'a> {
    /// Key of the new recording.
    pub new_key: &'a str,
    /// Key of the reference.
    pub ref_key: &'a str,
    /// [`typical_variance`] of the map, square seconds. An edge without a finite one that is not negative is
    /// left out.
    pub variance: f64,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Index of the edge.
    pub edge: usize,
    /// How its map is read.
    pub direction: Direction,
}

#[derive(Clone)]
struct Path<'a> {
    variance: f64,
    /// Keys of the recordings from the first to the last.
    keys: Vec<&'a str>,
    legs: Vec<Leg>,
}

/// Median of the squared errors of all knots, square seconds; `None` without any.
pub fn typical_variance(warp: &TimeWarp) -> Option<f64> {
    let errors = warp.segments().iter().flat_map(|s| s.sigma());
    let mut variances: Vec<f64> = errors.map(|s| s * s).collect();
    variances.sort_by(f64::total_cmp);
    variances.get(variances.len() / 2).copied()
}

/// The chain from one recording to another with the smallest sum of variances, of at most [`MAX_STEPS`]: of
/// equals the one with fewer steps, then the first in the order of the keys it goes through. `None` where no
/// chain leads there.
pub fn surest_path(edges: &[Edge], from: &str, to: &str) -> Option<Vec<Leg>> {
    surest_paths(edges, from).remove(to)
}

/// [`surest_path`] from one recording to every other that is reached, by key.
pub fn surest_paths<'a>(edges: &[Edge<'a>], from: &'a str) -> BTreeMap<&'a str, Vec<Leg>> {
    let start = Path {
        variance: 0.0,
        keys: vec![from],
        legs: Vec::new(),
    };
    let mut best = BTreeMap::from([(from, start.clone())]);
    let mut newest = BTreeMap::from([(from, start)]);
    for _ in 0..MAX_STEPS {
        let mut next: BTreeMap<&str, Path> = BTreeMap::new();
        for (edge, leg, [here, there]) in edges.iter().enumerate().flat_map(ways) {
            let Some(path) = newest.get(here) else { continue };
            let longer = || path.keys.iter().chain([&there]);
            let variance = path.variance + edge.variance;
            let is_better = next.get(there).is_none_or(|other| {
                let order = variance.total_cmp(&other.variance);
                order.then_with(|| longer().cmp(&other.keys)) == Ordering::Less
            });
            if is_better {
                let path = Path {
                    variance,
                    keys: longer().copied().collect(),
                    legs: path.legs.iter().copied().chain([leg]).collect(),
                };
                next.insert(there, path);
            }
        }
        next.retain(|key, path| best.get(key).is_none_or(|other| path.variance < other.variance));
        best.extend(next.iter().map(|(key, path)| (*key, path.clone())));
        newest = next;
    }
    best.into_iter().map(|(key, path)| (key, path.legs)).collect()
}

/// An edge either way: the step, and the keys it leads from and to.
fn ways<'e, 'a>(
    (index, edge): (usize, &'e Edge<'a>),
) -> impl Iterator<Item = (&'e Edge<'a>, Leg, [&'a str; 2])> {
    let is_usable = edge.variance.is_finite() && edge.variance >= 0.0;
    let keys = [edge.new_key, edge.ref_key];
    let way = move |direction, keys| {
        (
            edge,
            Leg {
                edge: index,
                direction,
            },
            keys,
        )
    };
    let both = [
        way(Direction::Forwards, keys),
        way(Direction::Backwards, [keys[1], keys[0]]),
    ];
    both.into_iter().filter(move |_| is_usable)
}
