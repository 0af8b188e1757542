//! Every temporary file that is on the disk right now, for the day the program is told to stop.
//!
//! The lock is held while a set renames its files, so an interruption finds a set either untouched or
//! complete. After [`cleanup_all`] no file can be staged or committed any more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(super) struct Registry {
    closed: bool,
    temporary: BTreeSet<PathBuf>,
}

static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);

/// Exclusive access to the registry. A panic while it was held leaves a usable set of paths behind.
pub(super) struct Locked(MutexGuard<'static, Option<Registry>>);

pub(super) fn lock() -> Locked {
    Locked(REGISTRY.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Locked {
    fn registry(&mut self) -> &mut Registry {
        self.0.get_or_insert_default()
    }

    pub fn is_closed(&mut self) -> bool {
        self.registry().closed
    }

    pub fn add(&mut self, path: &Path) {
        self.registry().temporary.insert(path.to_owned());
    }

    pub fn remove(&mut self, path: &Path) {
        self.registry().temporary.remove(path);
    }
}

/// Removes every temporary file and lets no further one be created or committed: for the moment a signal
/// arrives, right before the process ends. Waits for a running commit, so a set is never left half renamed.
/// It takes a lock: call it from a thread that waits for signals, not from inside a raw signal handler.
pub fn cleanup_all() {
    let mut locked = lock();
    let registry = locked.registry();
    registry.closed = true;
    for path in std::mem::take(&mut registry.temporary) {
        // Nothing is left to report to; the file may be gone already.
        let _ = std::fs::remove_file(path);
    }
}
