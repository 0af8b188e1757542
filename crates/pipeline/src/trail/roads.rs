//! The ways between recordings: over one map or several, by the surest.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use mtbsync_align::TimeWarp;
use mtbsync_align::compose::{Composition, Edge, Step, surest_path, typical_variance};

use super::runs::TrailRun;

/// A map between two recordings.
struct Road {
    new_key: String,
    ref_key: String,
    warp: Arc<TimeWarp>,
    /// Square seconds.
    variance: f64,
}

impl Road {
    fn edge(&self) -> Edge<'_> {
        Edge {
            new_key: &self.new_key,
            ref_key: &self.ref_key,
            variance: self.variance,
        }
    }
}

/// All maps between recordings, and the ways that were looked for.
pub(super) struct Roads {
    roads: Vec<Road>,
    found: RefCell<BTreeMap<(String, String), Option<Composition>>>,
}

impl Roads {
    /// The maps of aligned runs.
    pub fn of(runs: &[TrailRun]) -> Self {
        let roads = runs.iter().filter_map(|run| {
            let warp = run.warp.as_ref()?;
            let is_named = !run.new_key().is_empty() && !run.reference_key().is_empty();
            is_named.then(|| Road {
                new_key: run.new_key().to_owned(),
                ref_key: run.reference_key().to_owned(),
                warp: Arc::clone(warp),
                variance: typical_variance(warp).unwrap_or(f64::INFINITY),
            })
        });
        Self {
            roads: roads.collect(),
            found: RefCell::default(),
        }
    }

    /// The surest way from one recording to another; `None` where none leads there.
    pub fn between(&self, from: &str, to: &str) -> Option<Composition> {
        if from == to {
            return Some(Composition::identity());
        }
        let key = (from.to_owned(), to.to_owned());
        let mut found = self.found.borrow_mut();
        found.entry(key).or_insert_with(|| self.look(from, to)).clone()
    }

    fn look(&self, from: &str, to: &str) -> Option<Composition> {
        let edges: Vec<Edge<'_>> = self.roads.iter().map(Road::edge).collect();
        let legs = surest_path(&edges, from, to)?;
        let steps = legs.iter().filter_map(|leg| {
            let road = self.roads.get(leg.edge)?;
            Some(Step::new(Arc::clone(&road.warp), leg.direction))
        });
        Some(Composition::new(steps.collect()))
    }
}
