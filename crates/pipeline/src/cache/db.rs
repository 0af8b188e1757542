//! `cache.db`: the SQLite register of the cache, its layout and versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mtbsync_task::error::Problem;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

/// Name of the file.
const DB_FILE: &str = "cache.db";
/// How long a process waits for another one that is writing; a write takes milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Steps from an empty file to the present layout; `user_version` says how many were taken. Never change one,
/// add one.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE index_entry (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        params TEXT NOT NULL,
        program TEXT NOT NULL,
        source TEXT NOT NULL,
        created TEXT NOT NULL,
        last_used TEXT NOT NULL,
        bytes INTEGER NOT NULL
    );
    CREATE INDEX index_entry_by_use ON index_entry (last_used);
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        ts TEXT NOT NULL,
        command TEXT NOT NULL,
        folder TEXT NOT NULL,
        ref_fingerprint TEXT,
        ref_name TEXT NOT NULL,
        new_fingerprint TEXT,
        new_name TEXT NOT NULL,
        ok INTEGER NOT NULL,
        reasons TEXT NOT NULL,
        p90 REAL,
        ppm REAL,
        inlier_frac REAL,
        coverage REAL,
        timings TEXT NOT NULL,
        peak_rss_mb REAL
    );
    CREATE INDEX run_by_folder ON run (folder, ts);
"];

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Its register has a layout that this program does not know.
    #[error("cache was written by a newer mtbsync")]
    Newer {
        /// The folder.
        folder: PathBuf,
    },
    /// A database of another program has the name of the register.
    #[error("{DB_FILE} in this folder is another program's")]
    OfAnother {
        /// The folder.
        folder: PathBuf,
    },
    /// SQLite or the file system says no.
    #[error("cache cannot be used ({reason})")]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What was said.
        reason: String,
    },
}

impl Problem for CacheError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some("update mtbsync, or use another ‹cache-dir› or ‹no-cache›".to_owned()),
            Self::OfAnother { .. } => Some("choose another folder with ‹cache-dir›".to_owned()),
            Self::Unusable { .. } => Some("see ‹cache-dir› and ‹no-cache›".to_owned()),
        }
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::Newer { folder } | Self::OfAnother { folder } | Self::Unusable { folder, .. } => {
                Some(folder)
            }
        }
    }
}

/// An error of SQLite, in words.
pub fn failed(folder: &Path, error: &rusqlite::Error) -> CacheError {
    CacheError::Unusable {
        folder: folder.to_owned(),
        reason: error.to_string(),
    }
}

/// Opens the register in `folder`, both created where missing. One that is damaged, or no register, is put
/// aside under another name: all that ours holds can be made again, and what is not ours stays.
pub fn open(folder: &Path) -> Result<Connection, CacheError> {
    let unusable = |reason: String| CacheError::Unusable {
        folder: folder.to_owned(),
        reason,
    };
    make_private_folder(folder).map_err(|error| unusable(error.to_string()))?;
    let path = folder.join(DB_FILE);
    match connect(&path, folder) {
        Err(CacheOpen::Damaged) => {
            for name in [
                DB_FILE.to_owned(),
                format!("{DB_FILE}-wal"),
                format!("{DB_FILE}-shm"),
            ] {
                let _ = fs::rename(folder.join(&name), folder.join(format!("{name}.damaged")));
            }
            connect(&path, folder).map_err(|error| match error {
                CacheOpen::Damaged => unusable("its register is damaged and cannot be replaced".to_owned()),
                CacheOpen::Failed(error) => error,
            })
        }
        Err(CacheOpen::Failed(error)) => Err(error),
        Ok(db) => Ok(db),
    }
}

enum CacheOpen {
    Damaged,
    Failed(CacheError),
}

fn connect(path: &Path, folder: &Path) -> Result<Connection, CacheOpen> {
    let of = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => CacheOpen::Damaged,
        _ => CacheOpen::Failed(failed(folder, &error)),
    };
    create_private(path).map_err(|error| {
        CacheOpen::Failed(CacheError::Unusable {
            folder: folder.to_owned(),
            reason: error.to_string(),
        })
    })?;
    let mut db = Connection::open(path).map_err(of)?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(of)?;
    let version = user_version(&db).map_err(of)?;
    if version == 0 && has_tables(&db).map_err(of)? {
        return Err(CacheOpen::Failed(CacheError::OfAnother {
            folder: folder.to_owned(),
        }));
    }
    if version > MIGRATIONS.len() {
        return Err(CacheOpen::Failed(CacheError::Newer {
            folder: folder.to_owned(),
        }));
    }
    // Where the file system cannot do write-ahead logging, SQLite keeps its older journal by itself. While
    // another process is switching, SQLite does not wait for it but says busy; the mode stands in the file,
    // so one switch is enough.
    match db.pragma_update(None, "journal_mode", "WAL") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
        other => other.map_err(of)?,
    }
    db.pragma_update(None, "synchronous", "NORMAL").map_err(of)?;
    if version < MIGRATIONS.len() {
        migrate(&mut db).map_err(of)?;
    }
    Ok(db)
}

/// Whether there is anything in a register that has no layout of ours yet.
fn has_tables(db: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = db.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))?;
    // Another process may have been quicker in making ours.
    Ok(tables > 0 && user_version(db)? == 0)
}

fn user_version(db: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Takes the missing steps; of several processes at once, one does and the others find it done.
fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = user_version(&transaction)?;
    for step in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    if version < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    transaction.commit()
}

/// Creates `folder` for its owner only; one that exists is left as it is.
pub fn make_private_folder(folder: &Path) -> Result<(), CacheError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|error| CacheError::Unusable {
        folder: folder.to_owned(),
        reason: error.to_string(),
    })
}

/// SQLite gives its journal files the mode of the database.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}

/// Lets only the owner read a file of the cache; its folder is closed already.
pub fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    }
    #[cfg(not(unix))]
    let _ = path;
}
