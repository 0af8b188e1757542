//! Copies of recordings for browsers, kept in the cache: `proxy/<stem>.mp4`, entries of the register like
//! indexes.

use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{FileSet, StagedFile};
use mtbsync_task::error::PipelineError;
use rusqlite::params;

use super::{Cache, db, size_of};

/// What the keys of copies begin with; those of indexes are hex digits.
pub(crate) const KEY_PREFIX: &str = "proxy-";

impl Cache {
    pub(super) fn proxy_folder(&self) -> PathBuf {
        self.folder.join("proxy")
    }

    /// The copy of that key, if it is there; it counts as used.
    pub fn find_proxy(&self, key: &str, now_utc: &str) -> Option<PathBuf> {
        let path = self.path(key);
        if size_of(&path) == 0 {
            return None;
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
        let staged = StagedFile::create(&self.path(key))?;
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
        staged: StagedFile,
        now_utc: &str,
    ) -> Result<PathBuf, PipelineError> {
        let db = db::open(&self.folder)?;
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
