//! References that several pairs of a batch share: each is described once.
//!
//! Pairs run at the same time, so the second one that needs a reference waits until the first has described it. With
//! a cache the second then reads it from there; without one it is handed over in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::describe::DescribeTimes;
use crate::error::PipelineError;
use crate::features::Features;

/// A reference being described, or described already.
type Slot = Arc<Mutex<Option<Arc<Features>>>>;
/// What describing a recording gives; no times when nothing had to be described.
type Described = Result<(Features, Option<DescribeTimes>), PipelineError>;

/// The references of a batch.
#[derive(Debug)]
pub struct SharedReferences {
    slots: Mutex<VecDeque<(String, Slot)>>,
    capacity: usize,
    in_memory: bool,
}

impl SharedReferences {
    /// For `jobs` pairs at the same time. `in_memory`: keep what was described, because there is no cache that would.
    pub fn new(jobs: usize, in_memory: bool) -> Self {
        Self {
            slots: Mutex::new(VecDeque::new()),
            capacity: jobs.max(1),
            in_memory,
        }
    }

    /// The features under `key`: those of an earlier call, else what `describe` gives. Calls with the same key wait
    /// for each other; a failure is not remembered.
    pub fn get(&self, key: &str, describe: impl FnOnce() -> Described) -> Described {
        let slot = self.slot(key);
        let mut described = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(features) = described.as_deref() {
            return Ok((features.clone(), None));
        }
        let (features, times) = describe()?;
        if self.in_memory {
            *described = Some(Arc::new(features.clone()));
        }
        Ok((features, times))
    }

    /// The slot of a key, the most recently used last. More than one per running pair are never kept, so memory does
    /// not grow with the number of references.
    fn slot(&self, key: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots.iter().position(|(k, _)| k == key);
        let entry = found
            .and_then(|at| slots.remove(at))
            .unwrap_or_else(|| (key.to_owned(), Slot::default()));
        let slot = Arc::clone(&entry.1);
        slots.push_back(entry);
        if slots.len() > self.capacity {
            slots.pop_front();
        }
        slot
    }
}
