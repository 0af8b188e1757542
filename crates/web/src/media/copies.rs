//! Copies for browsers: which there are, and the one thread that makes those that are missing.
//!
//! A page asks for the facts of a recording; when it needs a copy that is not in the cache, making it is
//! queued. One is made at a time, at low priority, so that playing is not disturbed; the end of the server
//! ends it, and nothing of it is left.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mtbsync_pipeline::cache::Cache;
use mtbsync_pipeline::recordings::proxy::{self, ProxyId};
use mtbsync_task::clock::now_utc;
use mtbsync_task::error::Failure;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::library::{OpenRecording, StandIn};

/// How things stand with the copy of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyState {
    /// There is none, and none is being made.
    None,
    /// Being made, or waiting for its turn; 0..100.
    Making(f64),
    /// All files have one.
    Ready,
    /// It cannot be made; says why.
    Failed(String),
}

impl CopyState {
    /// The field `proxy` of the facts.
    pub fn to_json(&self) -> Value {
        match self {
            Self::None => json!({ "state": "none", "percent": null }),
            Self::Making(percent) => json!({ "state": "making", "percent": percent.floor() }),
            Self::Ready => json!({ "state": "ready", "percent": 100 }),
            Self::Failed(why) => json!({ "state": "failed", "percent": null, "error": why }),
        }
    }
}

/// A copy to be made.
struct CopyRequest {
    id: ProxyId,
    path: PathBuf,
}

/// Copies that are queued, being made, or failed; finished ones are found in the cache.
type Unfinished = Arc<Mutex<BTreeMap<String, CopyState>>>;

/// All copies.
pub struct Copies {
    cache: Option<Cache>,
    unfinished: Unfinished,
    queue: Mutex<Option<Sender<CopyRequest>>>,
    stopping: watch::Receiver<bool>,
}

impl Copies {
    /// Copies are kept in `cache`; without one there are only those of the camera. Ends when `stopping`
    /// becomes true.
    pub fn new(cache: Option<Cache>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            cache,
            unfinished: Unfinished::default(),
            queue: Mutex::new(None),
            stopping,
        }
    }

    /// The copy of one file of a recording.
    pub fn find(&self, opened: &OpenRecording, chapter: usize) -> Option<PathBuf> {
        match &opened.chapters.get(chapter)?.stand_in {
            StandIn::Camera(path) => Some(path.clone()),
            StandIn::Made(id) => self.cache.as_ref()?.find_proxy(&id.key, &now_utc()),
            StandIn::NotNeeded => None,
        }
    }

    /// How things stand; what is missing is queued.
    pub fn state_of(&self, opened: &OpenRecording) -> CopyState {
        let mut done = 0.0;
        for (number, chapter) in opened.chapters.iter().enumerate() {
            if self.find(opened, number).is_some() {
                done += 100.0;
                continue;
            }
            let StandIn::Made(id) = &chapter.stand_in else {
                return CopyState::None;
            };
            match self.ask_for(id, &chapter.path) {
                CopyState::Making(percent) => done += percent,
                CopyState::Ready => done += 100.0,
                other => return other,
            }
        }
        let percent = done / opened.chapters.len().max(1) as f64;
        if percent >= 100.0 {
            CopyState::Ready
        } else {
            CopyState::Making(percent)
        }
    }

    /// State of a copy that is not in the cache; queued when it is not already.
    fn ask_for(&self, id: &ProxyId, path: &std::path::Path) -> CopyState {
        let Some(cache) = &self.cache else {
            return CopyState::None;
        };
        if let Some(state) = lock(&self.unfinished).get(&id.key) {
            return state.clone();
        }
        lock(&self.unfinished).insert(id.key.clone(), CopyState::Making(0.0));
        let wanted = CopyRequest {
            id: id.clone(),
            path: path.to_owned(),
        };
        let mut queue = lock(&self.queue);
        let sender = queue.get_or_insert_with(|| {
            let (sender, wanted) = channel();
            let (cache, unfinished, stopping) =
                (cache.clone(), Arc::clone(&self.unfinished), self.stopping.clone());
            thread::spawn(move || work(&cache, &unfinished, &stopping, &wanted));
            sender
        });
        if sender.send(wanted).is_err() {
            return CopyState::Failed("the server is ending".to_owned());
        }
        CopyState::Making(0.0)
    }
}

/// Makes what is wanted, one copy after the other, until the server ends.
fn work(
    cache: &Cache,
    unfinished: &Unfinished,
    stopping: &watch::Receiver<bool>,
    wanted: &Receiver<CopyRequest>,
) {
    lower_priority();
    for CopyRequest { id, path } in wanted {
        if *stopping.borrow() {
            return;
        }
        // Asked for again at the moment it was finished.
        if cache.find_proxy(&id.key, &now_utc()).is_some() {
            lock(unfinished).remove(&id.key);
            continue;
        }
        let made = proxy::make(cache, &path, &id, &now_utc(), &mut |done, total| {
            let percent = done as f64 * 100.0 / total.max(1) as f64;
            // 100 is said once the file is in the cache.
            lock(unfinished).insert(id.key.clone(), CopyState::Making(percent.min(99.0)));
            !*stopping.borrow()
        });
        match made {
            Ok(_) => {
                lock(unfinished).remove(&id.key);
            }
            Err(error) if error.failure() == Failure::Interrupted => return,
            Err(error) => {
                lock(unfinished).insert(id.key.clone(), CopyState::Failed(error.what()));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets this thread, and those it starts, wait for others.
#[cfg(target_os = "linux")]
fn lower_priority() {
    /// As `nice` does without a number.
    const NICENESS: i32 = 10;
    // SAFETY: the call takes plain numbers and touches no memory; on Linux, 0 names the calling thread. That
    // it may be refused only means that nothing changes.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS);
    }
}

/// Elsewhere priorities belong to whole processes.
#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn priority_is_lowered_for_one_thread_only() {
        // SAFETY: plain numbers, no memory; 0 names the calling thread.
        let niceness = || unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let before = niceness();
        let lowered = thread::spawn(move || {
            lower_priority();
            niceness()
        });
        assert_eq!((lowered.join().unwrap(), niceness()), (before.max(10), before));
    }
}
