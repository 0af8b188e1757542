//! What is known of every recording in the folder: since when it stands still, and what became of it.
//!
//! Times are on a clock of the caller's that only goes forward. A recording under another name or in another
//! place is another one here; that it is the same is found out by its content.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mtbsync_task::files::folder_of;

use super::folder::{FileState, Look, Seen};

/// What is to be done about a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It stands still, or not yet.
    Written,
    /// It stood still and was not whole.
    NotWhole,
    /// Nothing, until it changes.
    Closed,
}

/// One recording.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its files.
    pub seen: Seen,
    /// Since when they look like that.
    since: Duration,
    state: State,
    /// The person knows that it is waited for.
    is_waiting_said: bool,
}

/// All recordings in the folder.
#[derive(Debug, Default)]
pub struct Roster {
    items: BTreeMap<PathBuf, Item>,
    /// Since when all recordings and proxies of a folder look like that.
    folders: BTreeMap<PathBuf, (Vec<FileState>, Duration)>,
    settle: Duration,
    patience: Duration,
}

impl Roster {
    /// An empty one. A recording is written when it did not change for `settle`, and broken when it is not
    /// whole after `patience`.
    pub fn new(settle: Duration, patience: Duration) -> Self {
        Self {
            settle,
            patience: patience.max(settle),
            ..Self::default()
        }
    }

    /// Takes in what was seen at `now`; gives the names of recordings that were seen to be written.
    pub fn update(&mut self, look: &Look, now: Duration) -> Vec<String> {
        self.folders
            .retain(|folder, _| look.by_folder.contains_key(folder));
        for (folder, files) in &look.by_folder {
            let known = self.folders.get(folder).is_some_and(|(known, _)| known == files);
            if !known {
                self.folders.insert(folder.clone(), (files.clone(), now));
            }
        }
        self.items.retain(|key, _| look.recordings.contains_key(key));
        let mut written = Vec::new();
        for (key, seen) in &look.recordings {
            let known = self.items.get(key);
            if known.is_some_and(|item| item.seen == *seen) {
                continue;
            }
            let was_said = known.is_some_and(|item| item.is_waiting_said && item.state != State::Closed);
            let is_waiting_said = known.is_some();
            if is_waiting_said && !was_said {
                written.push(seen.name());
            }
            let item = Item {
                seen: seen.clone(),
                since: now,
                state: State::Written,
                is_waiting_said,
            };
            self.items.insert(key.clone(), item);
        }
        written
    }

    /// The first recording that is to be looked into at `now`.
    pub fn ready(&self, now: Duration) -> Option<PathBuf> {
        let ready = self
            .items
            .iter()
            .find(|(_, item)| self.due(item).is_some_and(|due| due <= now));
        ready.map(|(key, _)| key.clone())
    }

    /// How long after `now` the next recording is to be looked into, if none changes.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        let due = self.items.values().filter_map(|item| self.due(item)).min()?;
        Some(due.saturating_sub(now))
    }

    fn due(&self, item: &Item) -> Option<Duration> {
        let still_since = self.still_since(item);
        match item.state {
            State::Written => Some(still_since + self.settle),
            State::NotWhole => Some(still_since + self.patience),
            State::Closed => None,
        }
    }

    /// Chapters are copied one after the other, those of other recordings in between: whether one more comes
    /// is known when nothing in their folder changes.
    fn still_since(&self, item: &Item) -> Duration {
        let first = item.seen.files.first().filter(|_| item.seen.has_chapters);
        let folder = first.and_then(|file| self.folders.get(folder_of(&file.path)));
        folder.map_or(item.since, |(_, since)| item.since.max(*since))
    }

    /// A recording by its key.
    pub fn get(&self, key: &Path) -> Option<&Item> {
        self.items.get(key)
    }

    /// It is not whole. `true`: and it had its time, so that it is broken and let be until it changes.
    pub fn is_broken(&mut self, key: &Path, now: Duration) -> bool {
        let Some(item) = self.items.get(key) else {
            return false;
        };
        let is_broken = self.still_since(item) + self.patience <= now;
        if let Some(item) = self.items.get_mut(key) {
            item.state = if is_broken { State::Closed } else { State::NotWhole };
        }
        is_broken
    }

    /// Whether the person is to be told, now and not again, that the recording is waited for.
    pub fn say_waiting(&mut self, key: &Path) -> bool {
        let item = self.items.get_mut(key);
        item.is_some_and(|item| !std::mem::replace(&mut item.is_waiting_said, true))
    }

    /// Nothing more is to be done about it until it changes.
    pub fn close(&mut self, key: &Path) {
        if let Some(item) = self.items.get_mut(key) {
            item.state = State::Closed;
        }
    }

    /// It was taken away: when it is there again, it is new.
    pub fn forget(&mut self, key: &Path) {
        self.items.remove(key);
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.items.values().all(|item| item.state == State::Closed)
    }
}
