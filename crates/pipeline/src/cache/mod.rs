//! Indexes kept between runs, found by content: the same recording with the same parameters is never
//! described twice.
//!
//! A cached index is an ordinary index file, `index/<key>.npz`; the register `cache.db` beside them knows
//! when each was last used, so that the oldest go when the cache is full. Several processes may use it at
//! once and any of it may be deleted at any time: what is missing, damaged or of something else is a miss,
//! and a cache that cannot be used costs time and nothing else. The register also lists finished runs
//! ([`runs`]). Copies of recordings for browsers ([`proxies`]), alignments ([`alignments`]) and learned
//! descriptors ([`learned`]) are entries like indexes.

pub mod alignments;
mod contents;
mod db;
mod learned;
pub mod proxies;
pub mod runs;
#[cfg(test)]
mod tests;

use mtbsync_formats::atomic::{Replaces, leftovers, sweep};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

pub use db::CacheError;
use mtbsync_index::features::{Features, IndexParams};
use mtbsync_index::file as index_file;
use mtbsync_task::error::{PipelineError, optional};
use mtbsync_task::files::exists;
use mtbsync_task::progress::{Stage, Task};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Changes when what an index holds does: older cached indexes are then misses.
const INDEX_REVISION: u32 = 8;
/// Folder of the indexes.
const INDEX_FOLDER: &str = "index";
/// Bytes of a gigabyte as disks are sold, the unit of the configured limit.
pub const BYTES_PER_GB: f64 = 1e9;
/// When an index was last used that nobody registered: before everything else.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// A cache on disk; opened anew for every use, so it can be shared by threads and processes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// Its folder.
    pub folder: PathBuf,
    /// Largest size of all entries.
    pub max_bytes: u64,
}

/// What the cache has of a recording.
#[derive(Debug, PartialEq)]
pub enum Lookup {
    /// Its features.
    Found(Box<Features>),
    /// Nothing.
    Missing,
    /// A file that does not read, or is of something else; it is gone now.
    Damaged,
}

/// What tells one index from another: content of the recording, parameters, version.
pub fn key(fingerprint: &str, proxy: Option<&str>, params: IndexParams) -> String {
    let text = format!(
        "{INDEX_REVISION}|{fingerprint}|{}|{}|{}|{}|{}",
        proxy.unwrap_or_default(),
        params.fps,
        params.n_features,
        params.clahe,
        params.precise
    );
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

impl Cache {
    /// Where the file of a key lies, or would.
    pub fn path(&self, key: &str) -> PathBuf {
        let (room, stem) = contents::room_of(key);
        self.folder
            .join(room.folder)
            .join(format!("{stem}.{}", room.suffix))
    }

    fn index_folder(&self) -> PathBuf {
        self.folder.join(INDEX_FOLDER)
    }

    /// The folder for working files of a run; `None` when there can be none.
    pub fn work_folder(&self) -> Option<&Path> {
        db::make_private_folder(&self.folder).ok()?;
        Some(&self.folder)
    }

    /// The cached features, if there are any that fit; a file that does not is removed.
    ///
    /// # Errors
    /// The cache is of a newer program, or the system cannot read it.
    pub fn find(
        &self,
        key: &str,
        fingerprint: &str,
        wanted: IndexParams,
        now_utc: &str,
    ) -> Result<Lookup, PipelineError> {
        let path = self.path(key);
        let Some(db) = self.open_or_go_without()? else {
            return Ok(Lookup::Missing);
        };
        if !exists(&path)? {
            let _ = db.execute("DELETE FROM index_entry WHERE key = ?1", [key]);
            return Ok(Lookup::Missing);
        }
        let features = optional(index_file::read(&path))?
            .filter(|found| found.source.fingerprint == fingerprint && found.params == wanted);
        // The register is a help for eviction; that it could not be brought up to date is no reason to miss.
        let _ = match &features {
            Some(found) => self.touch(&db, key, found, now_utc),
            None => self.remove(&db, key),
        };
        Ok(match features {
            Some(found) => Lookup::Found(Box::new(found)),
            None => Lookup::Damaged,
        })
    }

    fn touch(&self, db: &Connection, key: &str, found: &Features, now_utc: &str) -> rusqlite::Result<()> {
        let known = db.execute(
            "UPDATE index_entry SET last_used = ?2 WHERE key = ?1",
            params![key, now_utc],
        )?;
        if known == 0 {
            self.register(db, key, found, now_utc)?;
        }
        Ok(())
    }

    fn register(
        &self,
        db: &Connection,
        key: &str,
        features: &Features,
        now_utc: &str,
    ) -> rusqlite::Result<()> {
        let p = features.params;
        let settings = serde_json::json!({
            "fps": p.fps, "n_features": p.n_features, "clahe": p.clahe, "precise": p.precise,
        });
        db.execute(
            "INSERT OR REPLACE INTO index_entry
             (key, fingerprint, params, program, source, created, last_used, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
            params![
                key,
                features.source.fingerprint,
                settings.to_string(),
                env!("CARGO_PKG_VERSION"),
                features.source.path,
                now_utc,
                size_of(&self.path(key)),
            ],
        )?;
        Ok(())
    }

    /// Keeps features for the next run; the least recently used indexes go when there is no room. Gives the
    /// written file and its size.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be written to.
    pub fn keep(
        &self,
        key: &str,
        features: &Features,
        now_utc: &str,
    ) -> Result<(PathBuf, u64), PipelineError> {
        let db = db::open(&self.folder)?;
        db::make_private_folder(&self.index_folder())?;
        let path = self.path(key);
        let bytes = index_file::write(&path, Replaces::ANYTHING, features, now_utc)?;
        db::make_private(&path);
        self.register(&db, key, features, now_utc)
            .map_err(|e| db::failed(&self.folder, &e))?;
        self.evict(&db, key).map_err(|e| db::failed(&self.folder, &e))?;
        Ok((path, bytes))
    }

    /// Removes the least recently used indexes until the rest fits. `newest` stays whatever its size: its run
    /// is about to read it.
    fn evict(&self, db: &Connection, newest: &str) -> rusqlite::Result<()> {
        self.adopt(db)?;
        loop {
            let total: i64 = db.query_row("SELECT COALESCE(SUM(bytes), 0) FROM index_entry", [], |r| {
                r.get(0)
            })?;
            if u64::try_from(total).unwrap_or(0) <= self.max_bytes {
                return Ok(());
            }
            let oldest: Option<String> = db
                .query_row(
                    "SELECT key FROM index_entry WHERE key <> ?1 ORDER BY last_used, created, key LIMIT 1",
                    [newest],
                    |row| row.get(0),
                )
                .optional()?;
            match oldest {
                Some(key) => self.remove(db, &key)?,
                None => return Ok(()),
            }
        }
    }

    /// Registers files that nobody did: their process was killed in between, or they are older than the
    /// register.
    fn adopt(&self, db: &Connection) -> rusqlite::Result<()> {
        for key in self.files(false) {
            db.execute(
                "INSERT OR IGNORE INTO index_entry
                 (key, fingerprint, params, program, source, created, last_used, bytes)
                 VALUES (?1, '', '{}', '', '', ?2, ?2, ?3)",
                params![key, NEVER, size_of(&self.path(&key))],
            )?;
        }
        Ok(())
    }

    /// Keys of all files that are the cache's by name and content, in order: its folder may be one that holds
    /// other things as well. With `unread` also those that the system cannot read.
    fn files(&self, unread: bool) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for room in &contents::ROOMS {
            let stems = stems(&self.folder.join(room.folder), room.suffix);
            let key = stems.iter().map(|stem| format!("{}{stem}", room.key_prefix));
            keys.extend(key.filter(|key| room.holds(&self.path(key), unread)));
        }
        keys
    }

    fn remove(&self, db: &Connection, key: &str) -> rusqlite::Result<()> {
        // Gone already is as good as removed.
        let _ = fs::remove_file(self.path(key));
        db.execute("DELETE FROM index_entry WHERE key = ?1", [key])?;
        Ok(())
    }

    /// The register; `None` when there can be none, which costs time only.
    fn open_or_go_without(&self) -> Result<Option<Connection>, PipelineError> {
        match db::open(&self.folder) {
            Ok(db) => Ok(Some(db)),
            Err(error @ CacheError::Newer { .. }) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// What is in the cache.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be read.
    pub fn status(&self) -> Result<CacheStatus, PipelineError> {
        let mut status = CacheStatus {
            folder: self.folder.clone(),
            entries: 0,
            bytes: 0,
            leftovers: 0,
            max_bytes: self.max_bytes,
            oldest_use: None,
        };
        if !self.folder.is_dir() {
            return Ok(status);
        }
        status.leftovers = self.folders().iter().map(|folder| leftovers(folder).len()).sum();
        let db = db::open(&self.folder)?;
        for entry in self.entries(&db).map_err(|e| db::failed(&self.folder, &e))? {
            status.entries += 1;
            status.bytes += entry.bytes;
            let used = (entry.last_used != NEVER).then_some(entry.last_used);
            status.oldest_use = match (status.oldest_use, used) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(status)
    }

    /// Entries with a file, after those without one were removed and files without an entry adopted.
    fn entries(&self, db: &Connection) -> rusqlite::Result<Vec<Entry>> {
        self.adopt(db)?;
        let files = self.files(false);
        let mut statement =
            db.prepare("SELECT key, last_used, bytes FROM index_entry ORDER BY last_used, key")?;
        let rows = statement.query_map([], |row| {
            Ok(Entry {
                key: row.get(0)?,
                last_used: row.get(1)?,
                bytes: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
            })
        })?;
        let mut entries = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        for gone in entries.extract_if(.., |entry| !files.contains(&entry.key)) {
            db.execute("DELETE FROM index_entry WHERE key = ?1", [&gone.key])?;
        }
        Ok(entries)
    }

    fn folders(&self) -> Vec<PathBuf> {
        let rooms = contents::ROOMS.iter().map(|room| self.folder.join(room.folder));
        rooms.chain([self.folder.clone()]).collect()
    }

    /// Removes what killed processes have left half written; says how many files.
    pub fn sweep(&self) -> usize {
        self.folders().iter().map(|folder| sweep(folder)).sum()
    }

    /// Reads every entry and compares it with its checksum. Nothing is changed: a damaged entry is made again
    /// when it is needed.
    ///
    /// # Errors
    /// The cache is of a newer program; a disk that cannot be read; a wish to stop.
    pub fn check(&self, task: &Task<'_>) -> Result<Checked, PipelineError> {
        let mut checked = Checked::default();
        if !self.folder.is_dir() {
            return Ok(checked);
        }
        let keys = self.files(true);
        task.progress.start(Stage::Check, Some(keys.len() as u64), None);
        for key in keys {
            task.cancel.check()?;
            let (room, _) = contents::room_of(&key);
            let path = self.path(&key);
            checked.entries += 1;
            if !room.is_whole(&path)? {
                checked.damaged.push(path);
            }
            task.progress.advance(Stage::Check, checked.entries as u64);
        }
        task.progress.finish(Stage::Check);
        Ok(checked)
    }

    /// Removes the entries that were not used for `unused_for`; all of them when it is `None`. With `dry_run`
    /// nothing is removed.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be written to.
    pub fn clear(
        &self,
        unused_for: Option<Duration>,
        dry_run: bool,
        now_utc: &str,
    ) -> Result<Cleared, PipelineError> {
        let mut cleared = Cleared::default();
        if !self.folder.is_dir() {
            return Ok(cleared);
        }
        let limit = unused_for.and_then(|age| before(now_utc, age));
        if unused_for.is_some() && limit.is_none() {
            return Ok(cleared);
        }
        if dry_run {
            cleared.leftovers = self.folders().iter().map(|folder| leftovers(folder).len()).sum();
        } else {
            cleared.leftovers = self.sweep();
        }
        let db = db::open(&self.folder)?;
        for entry in self.entries(&db).map_err(|e| db::failed(&self.folder, &e))? {
            if limit.as_ref().is_some_and(|limit| entry.last_used >= *limit) {
                continue;
            }
            cleared.entries += 1;
            cleared.bytes += entry.bytes;
            if !dry_run {
                self.remove(&db, &entry.key)
                    .map_err(|e| db::failed(&self.folder, &e))?;
            }
        }
        Ok(cleared)
    }
}

struct Entry {
    key: String,
    last_used: String,
    bytes: u64,
}

/// What `cache status` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheStatus {
    /// The folder.
    pub folder: PathBuf,
    /// Indexes, alignments and copies.
    pub entries: usize,
    /// Their size.
    pub bytes: u64,
    /// Files that a killed process has left half written.
    pub leftovers: usize,
    /// Size above which the least recently used go.
    pub max_bytes: u64,
    /// Use of the index that nobody used for longest, RFC 3339.
    pub oldest_use: Option<String>,
}

/// What `cache check` found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries that were read.
    pub entries: usize,
    /// Files of those that are not what was written.
    pub damaged: Vec<PathBuf>,
}

/// What `cache clear` removed, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Indexes, alignments and copies.
    pub entries: usize,
    /// Their size.
    pub bytes: u64,
    /// Files that a killed process had left half written.
    pub leftovers: usize,
}

/// The time `age` before `now_utc`, in the same form; texts of this form sort by time.
fn before(now_utc: &str, age: Duration) -> Option<String> {
    let now = OffsetDateTime::parse(now_utc, &Rfc3339).ok()?;
    now.checked_sub(age)?.format(&Rfc3339).ok()
}

/// Names without their ending of the files in `folder` that have this one.
fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension() == Some(OsStr::new(extension)))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn size_of(path: &Path) -> i64 {
    fs::metadata(path).map_or(0, |metadata| i64::try_from(metadata.len()).unwrap_or(i64::MAX))
}
