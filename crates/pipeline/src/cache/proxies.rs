//! Copies of recordings for browsers, kept in the cache: `proxy/<stem>.mp4`, entries of the register like
//! indexes.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use mtbsync_formats::atomic::{FileSet, Replaces, StagedFile, WriteError};
use mtbsync_formats::seal::{is_whole, seal};
use mtbsync_task::error::PipelineError;
use rusqlite::params;

use super::{Cache, db, size_of};

/// What the keys of copies begin with; those of indexes are hex digits.
pub(crate) const KEY_PREFIX: &str = "proxy-";
/// Folder of the copies.
pub(super) const FOLDER: &str = "proxy";

/// Whether a copy is what was written. It is read once in the life of the process, not for every page that
/// shows it.
///
/// # Errors
/// It is not there, or the system cannot read it.
fn is_whole_once(path: &Path) -> io::Result<bool> {
    static WHOLE: Mutex<BTreeSet<(PathBuf, u64, SystemTime)>> = Mutex::new(BTreeSet::new());
    let file = path.metadata()?;
    let (length, changed) = (file.len(), file.modified()?);
    let version = (path.to_owned(), length, changed);
    let known = || WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
    if known().contains(&version) {
        return Ok(true);
    }
    let is_whole = is_whole(path)?;
    if is_whole {
        known().insert(version);
    }
    Ok(is_whole)
}

impl Cache {
    pub(super) fn proxy_folder(&self) -> PathBuf {
        self.folder.join(FOLDER)
    }

    /// The copy of that key, if it is there; it counts as used.
    pub fn find_proxy(&self, key: &str, now_utc: &str) -> Option<PathBuf> {
        let path = self.path(key);
        match is_whole_once(&path) {
            Ok(true) => {}
            Ok(false) => {
                // Damaged: it is made again.
                let _ = std::fs::remove_file(&path);
                return None;
            }
            Err(_) => return None,
        }
        if let Ok(db) = db::open(&self.folder) {
            // The register is a help for eviction; the copy is as good without.
            let _ = db.execute(
                "UPDATE index_entry SET last_used = ?2 WHERE key = ?1",
                params![key, now_utc],
            );
        }
        Some(path)
    }

    /// Starts the file of a copy; it appears with [`keep_proxy`](Self::keep_proxy).
    ///
    /// # Errors
    /// The cache cannot be written to.
    pub fn stage_proxy(&self, key: &str) -> Result<StagedFile, PipelineError> {
        db::make_private_folder(&self.folder)?;
        db::make_private_folder(&self.proxy_folder())?;
        self.sweep();
        let staged = StagedFile::create(&self.path(key), Replaces::ANYTHING)?;
        db::make_private(staged.temporary_path());
        Ok(staged)
    }

    /// Keeps a finished copy of `source`, whose content is `fingerprint`; what was not used for longest goes
    /// when there is no room.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be written to.
    pub fn keep_proxy(
        &self,
        key: &str,
        (source, fingerprint): (&Path, &str),
        mut staged: StagedFile,
        now_utc: &str,
    ) -> Result<PathBuf, PipelineError> {
        let db = db::open(&self.folder)?;
        seal(&mut staged).map_err(|error| WriteError::from_io(&self.path(key), error))?;
        let mut set = FileSet::new();
        set.push(staged);
        set.commit()?;
        let path = self.path(key);
        let unusable = |error| db::failed(&self.folder, &error);
        db.execute(
            "INSERT OR REPLACE INTO index_entry
             (key, fingerprint, params, program, source, created, last_used, bytes)
             VALUES (?1, ?2, '{}', ?3, ?4, ?5, ?5, ?6)",
            params![
                key,
                fingerprint,
                env!("CARGO_PKG_VERSION"),
                source.to_string_lossy(),
                now_utc,
                size_of(&path),
            ],
        )
        .map_err(unusable)?;
        self.evict(&db, key).map_err(unusable)?;
        Ok(path)
    }
}
