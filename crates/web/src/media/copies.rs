//! Copies for browsers: which there are, and the one thread that makes those that are missing.
//!
//! A page asks for the facts of a recording; when it needs a copy that is not in the cache, making it is
//! queued. One is made at a time, by a child at low priority, so that playing is not disturbed; the end of
//! the server ends it, and nothing of it is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mtbsync_pipeline::cache::Cache;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::library::OpenRecording;
use crate::decoder::protocol::{Ask, StandIn};
use crate::decoder::{DecodeError, Decoders};
use mtbsync_task::clock::now_utc;

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
    key: String,
    path: PathBuf,
}

/// Copies that are queued, being made, or failed; finished ones are found in the cache.
type Unfinished = Arc<Mutex<BTreeMap<String, CopyState>>>;

/// All copies.
pub struct Copies {
    cache: Option<Cache>,
    decoders: Arc<Decoders>,
    unfinished: Unfinished,
    queue: Mutex<Option<Sender<CopyRequest>>>,
    stopping: watch::Receiver<bool>,
}

impl Copies {
    /// Copies are kept in `cache`; without one there are only those of the camera. Ends when `stopping`
    /// becomes true.
    pub fn new(cache: Option<Cache>, decoders: Arc<Decoders>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            cache,
            decoders,
            unfinished: Unfinished::default(),
            queue: Mutex::new(None),
            stopping,
        }
    }

    /// The copy of one file of a recording.
    pub fn find(&self, opened: &OpenRecording, chapter: usize) -> Option<PathBuf> {
        match &opened.facts.chapters.get(chapter)?.stand_in {
            StandIn::Camera(path) => Some(path.clone()),
            StandIn::Made(key) => self.cache.as_ref()?.find_proxy(key, &now_utc()),
            StandIn::NotNeeded => None,
        }
    }

    /// How things stand; what is missing is queued.
    pub fn state_of(&self, opened: &OpenRecording) -> CopyState {
        let mut done = 0.0;
        for (number, chapter) in opened.facts.chapters.iter().enumerate() {
            if self.find(opened, number).is_some() {
                done += 100.0;
                continue;
            }
            let StandIn::Made(key) = &chapter.stand_in else {
                return CopyState::None;
            };
            match self.ask_for(key, &chapter.path) {
                CopyState::Making(percent) => done += percent,
                CopyState::Ready => done += 100.0,
                other => return other,
            }
        }
        let percent = done / opened.facts.chapters.len().max(1) as f64;
        if percent >= 100.0 {
            CopyState::Ready
        } else {
            CopyState::Making(percent)
        }
    }

    /// State of a copy that is not in the cache; queued when it is not already.
    fn ask_for(&self, key: &str, path: &Path) -> CopyState {
        let Some(cache) = &self.cache else {
            return CopyState::None;
        };
        if let Some(state) = lock(&self.unfinished).get(key) {
            return state.clone();
        }
        lock(&self.unfinished).insert(key.to_owned(), CopyState::Making(0.0));
        let wanted = CopyRequest {
            key: key.to_owned(),
            path: path.to_owned(),
        };
        let mut queue = lock(&self.queue);
        let sender = queue.get_or_insert_with(|| {
            let (sender, wanted) = channel();
            let (cache, decoders) = (cache.clone(), Arc::clone(&self.decoders));
            let (unfinished, stopping) = (Arc::clone(&self.unfinished), self.stopping.clone());
            thread::spawn(move || work(&cache, &decoders, &unfinished, &stopping, &wanted));
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
    decoders: &Decoders,
    unfinished: &Unfinished,
    stopping: &watch::Receiver<bool>,
    wanted: &Receiver<CopyRequest>,
) {
    for CopyRequest { key, path } in wanted {
        if *stopping.borrow() {
            return;
        }
        // Asked for again at the moment it was finished.
        if cache.find_proxy(&key, &now_utc()).is_some() {
            lock(unfinished).remove(&key);
            continue;
        }
        let ask = Ask::Copy {
            path,
            key: key.clone(),
            cache: cache.folder.clone(),
            max_bytes: cache.max_bytes,
        };
        let made = decoders.copy(&ask, &mut |frames| {
            if let Some((done, total)) = frames {
                let percent = done as f64 * 100.0 / total.max(1) as f64;
                // 100 is said once the file is in the cache.
                lock(unfinished).insert(key.clone(), CopyState::Making(percent.min(99.0)));
            }
            !*stopping.borrow()
        });
        match made {
            Ok(()) => {
                lock(unfinished).remove(&key);
            }
            Err(DecodeError::Stopped) => return,
            // Asked for again, it may be made.
            Err(error) if !error.is_lasting() => {
                lock(unfinished).remove(&key);
            }
            Err(error) => {
                lock(unfinished).insert(key, CopyState::Failed(error.to_string()));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
