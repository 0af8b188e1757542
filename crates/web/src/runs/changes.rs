//! Numbers for what changed below the root, so that a client that comes back can say what it has seen. Times
//! of files would not do: two files change within one tick of the clock, and a copied file is older than its
//! arrival.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use mtbsync_formats::walk::MAX_ENTRIES;

use super::scan::FoundFile;
use crate::clock::now_unix;
use crate::http::etag;

/// Hex digits that tell this server from an earlier one.
const ERA_DIGITS: usize = 8;

/// Which change, of which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeId {
    era: String,
    /// From 1, in the order in which changes were found.
    pub number: u64,
}

impl ChangeId {
    /// The id as text.
    pub fn text(&self) -> String {
        format!("{}-{}", self.era, self.number)
    }

    /// Whether a client that has seen the change of the text `last` has seen this one: never when that text
    /// is of another server.
    pub fn is_seen(&self, last: &str) -> bool {
        let last = last.split_once('-').filter(|(era, _)| *era == self.era);
        last.and_then(|(_, number)| number.parse().ok())
            .is_some_and(|number: u64| self.number <= number)
    }
}

/// The numbers given so far.
#[derive(Debug)]
pub struct Changes {
    era: String,
    known: Mutex<KnownFiles>,
}

#[derive(Debug, Default)]
struct KnownFiles {
    count: u64,
    files: BTreeMap<String, (FoundFile, u64)>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            era: etag::hex(format!("{:.6}", now_unix()).as_bytes(), ERA_DIGITS),
            known: Mutex::default(),
        }
    }
}

impl Changes {
    /// The number of a file in its present state; a new one when it changed.
    pub fn id(&self, file: &FoundFile) -> ChangeId {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, number)) = known.files.get(&file.rel)
            && before == file
        {
            return self.with(*number);
        }
        // Files that are gone are forgotten, all at once; the others get new numbers and are told once more.
        if known.files.len() >= 2 * MAX_ENTRIES {
            known.files.clear();
        }
        known.count += 1;
        let number = known.count;
        known.files.insert(file.rel.clone(), (file.clone(), number));
        self.with(number)
    }

    /// The id before all others.
    pub fn first(&self) -> ChangeId {
        self.with(0)
    }

    fn with(&self, number: u64) -> ChangeId {
        ChangeId {
            era: self.era.clone(),
            number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::time::SystemTime;

    fn file(rel: &str, size: u64) -> FoundFile {
        FoundFile {
            rel: rel.to_owned(),
            path: PathBuf::from(rel),
            size,
            modified: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_changes_get_numbers() {
        let changes = Changes::default();
        let (a, b) = (changes.id(&file("a", 1)), changes.id(&file("b", 1)));
        assert_eq!((a.number, b.number, changes.id(&file("a", 1)).number), (1, 2, 1));
        assert_eq!(changes.id(&file("a", 2)).number, 3);
    }

    #[test]
    fn what_was_seen_is_known_by_its_server() {
        let changes = Changes::default();
        let (a, b) = (changes.id(&file("a", 1)), changes.id(&file("b", 1)));
        assert!(a.is_seen(&b.text()) && a.is_seen(&a.text()) && !b.is_seen(&a.text()));
        for text in ["", "7", "ffffffff-9", "-9", &changes.first().text()] {
            assert!(!a.is_seen(text), "{text}");
        }
    }
}
