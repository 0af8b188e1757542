//! Learned descriptors kept between runs: `learned/<name>.maps`, written by whoever computed them
//! ([`mtbsync_index::learned`]), entries of the register like indexes.

use std::path::PathBuf;
use std::time::SystemTime;

use mtbsync_index::learned::LEARNED_SUFFIX;
use mtbsync_task::error::PipelineError;
use rusqlite::params;

use super::{Cache, db, size_of, stems};

/// What the keys of learned descriptors begin with; those of indexes are hex digits.
pub(super) const KEY_PREFIX: &str = "learned-";
/// Their folder.
pub(super) const FOLDER: &str = "learned";

impl Cache {
    pub(super) fn learned_keys(&self) -> impl Iterator<Item = String> {
        let stems = stems(&self.folder.join(FOLDER), LEARNED_SUFFIX);
        stems.into_iter().map(|stem| format!("{KEY_PREFIX}{stem}"))
    }

    /// The folder where learned descriptors are kept; `None` when there can be none, which costs time only.
    pub fn learned_folder(&self) -> Option<PathBuf> {
        let folder = self.folder.join(FOLDER);
        db::make_private_folder(&self.folder).ok()?;
        db::make_private_folder(&folder).ok()?;
        Some(folder)
    }

    /// Registers descriptors that were computed or read since `begun`; the least recently used entries go
    /// when there is no room.
    ///
    /// # Errors
    /// The cache is of a newer program, or cannot be written to.
    pub fn keep_learned(&self, begun: SystemTime, now_utc: &str) -> Result<(), PipelineError> {
        let mut newest = None;
        let db = db::open(&self.folder)?;
        let failed = |error| db::failed(&self.folder, &error);
        for key in self.learned_keys() {
            let path = self.path(&key);
            let used = std::fs::metadata(&path).and_then(|file| file.modified());
            if !used.is_ok_and(|used| used >= begun) {
                continue;
            }
            db.execute(
                "INSERT INTO index_entry
                 (key, fingerprint, params, program, source, created, last_used, bytes)
                 VALUES (?1, '', '{}', ?2, '', ?3, ?3, ?4)
                 ON CONFLICT(key) DO UPDATE SET last_used = ?3",
                params![key, env!("CARGO_PKG_VERSION"), now_utc, size_of(&path)],
            )
            .map_err(failed)?;
            db::make_private(&path);
            newest = Some(key);
        }
        if let Some(key) = newest {
            self.evict(&db, &key).map_err(failed)?;
        }
        Ok(())
    }
}
