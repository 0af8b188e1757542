//! What was read of files, kept as long as they stay the same, and read with a time limit: a file on a disk
//! that does not answer must not keep a list of a hundred good ones from its reader.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Most files remembered; beyond that the memory starts anew.
const MAX_REMEMBERED: usize = 4096;
/// Most files being read at once, those that hang among them.
const MAX_READERS: usize = 64;

/// Files being read at the moment, by all memories.
static READERS: AtomicUsize = AtomicUsize::new(0);

/// Size and time of change of a file.
pub type Stamp = (u64, Option<SystemTime>);

/// The file was not read within the time there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSlow;

/// Results of reading files, kept as long as size and time of change stay.
#[derive(Debug)]
pub struct Remembered<T> {
    limit: Duration,
    kept: Mutex<BTreeMap<PathBuf, Kept<T>>>,
}

type Kept<T> = (Stamp, Arc<Slot<T>>);

/// The result of one reading, once it is there.
#[derive(Debug)]
struct Slot<T> {
    started: Instant,
    value: Mutex<Option<Arc<T>>>,
    filled: Condvar,
    /// The reader has ended, with or without a value.
    ended: AtomicBool,
}

/// Says that a reader has ended when it is dropped, also by a panic.
struct Ending<'a>(&'a AtomicBool, &'a Condvar);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        self.1.notify_all();
    }
}

/// Counts a reader for as long as it lives.
struct Reader;

impl Reader {
    fn new() -> Option<Self> {
        let before = READERS.fetch_add(1, Ordering::SeqCst);
        let reader = Self;
        (before < MAX_READERS).then_some(reader)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Send + Sync + 'static> Remembered<T> {
    /// Each file may take `limit`.
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            kept: Mutex::default(),
        }
    }

    /// Begins to read the file at `path` with `read`, unless it is known as it is, or being read.
    pub fn begin(&self, path: &Path, read: impl FnOnce(&Path) -> T + Send + 'static) {
        let _ = self.slot(path, read);
    }

    /// What `read` makes of the file at `path`, or made of it when it last changed.
    ///
    /// # Errors
    /// It is not there in time. The reading goes on, and its result is there for who asks later.
    pub fn get(
        &self,
        path: &Path,
        read: impl FnOnce(&Path) -> T + Send + 'static,
    ) -> Result<Arc<T>, TooSlow> {
        let slot = self.slot(path, read)?;
        let left = self.limit.saturating_sub(slot.started.elapsed());
        let waited = slot.filled.wait_timeout_while(lock(&slot.value), left, |value| {
            value.is_none() && !slot.ended.load(Ordering::SeqCst)
        });
        let (value, _) = waited.unwrap_or_else(PoisonError::into_inner);
        value.clone().ok_or(TooSlow)
    }

    fn slot(
        &self,
        path: &Path,
        read: impl FnOnce(&Path) -> T + Send + 'static,
    ) -> Result<Arc<Slot<T>>, TooSlow> {
        let stamp = fs::metadata(path).map_or((0, None), |m| (m.len(), m.modified().ok()));
        let mut kept = lock(&self.kept);
        if let Some((known, slot)) = kept.get(path)
            && if slot.ended.load(Ordering::SeqCst) {
                *known == stamp && lock(&slot.value).is_some()
            } else {
                true
            }
        {
            return Ok(Arc::clone(slot));
        }
        let reader = Reader::new().ok_or(TooSlow)?;
        let slot = Arc::new(Slot {
            started: Instant::now(),
            value: Mutex::new(None),
            filled: Condvar::new(),
            ended: AtomicBool::new(false),
        });
        let (own, filled) = (path.to_owned(), Arc::clone(&slot));
        let started = thread::Builder::new().spawn(move || {
            let end = Ending(&filled.ended, &filled.filled);
            let value = Arc::new(read(&own));
            *lock(&filled.value) = Some(value);
            drop((end, reader));
        });
        started.map_err(|_| TooSlow)?;
        if kept.len() >= MAX_REMEMBERED {
            kept.clear();
        }
        kept.insert(path.to_owned(), (stamp, Arc::clone(&slot)));
        Ok(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    /// Longer than reading a small file takes anywhere.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn unchanged_files_are_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let remembered = Remembered::new(PATIENCE);
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        fs::write(&path, "one").unwrap();
        assert_eq!(*remembered.get(&path, read).unwrap(), "one");
        assert_eq!(*remembered.get(&path, |_| "not read".to_owned()).unwrap(), "one");
        fs::write(&path, "three").unwrap();
        assert_eq!(*remembered.get(&path, read).unwrap(), "three");
    }

    #[test]
    fn a_reader_that_breaks_off_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "x").unwrap();
        let remembered = Remembered::new(PATIENCE);
        assert_eq!(remembered.get(&path, |_| panic!("broken")), Err(TooSlow));
        assert_eq!(*remembered.get(&path, |_| "read".to_owned()).unwrap(), "read");
    }

    #[test]
    fn a_file_that_hangs_is_given_up_and_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "x").unwrap();
        let (release, held) = channel::<()>();
        let impatient = Remembered::new(Duration::from_millis(1));
        let hang = move |_: &Path| {
            let _ = held.recv();
            "late".to_owned()
        };
        assert_eq!(impatient.get(&path, hang), Err(TooSlow));
        // Not a second reader, although the file has changed.
        fs::write(&path, "changed").unwrap();
        assert_eq!(impatient.get(&path, |_| "read again".to_owned()), Err(TooSlow));
        release.send(()).unwrap();
        let slot = impatient.kept.lock().unwrap().get(&path).unwrap().1.clone();
        let value = slot.value.lock().unwrap();
        let value = slot.filled.wait_while(value, |value| value.is_none()).unwrap();
        assert_eq!(**value.as_ref().unwrap(), "late");
    }
}
