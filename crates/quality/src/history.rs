//! `quality_history.json`: one record per aligned run, oldest first, the newest 2000 kept
//! (docs/reference/files.md#quality_historyjson).
//!
//! Many runs may end at the same time in one folder, so an append locks, reads, adds and replaces the file
//! atomically: no record is lost and the file is valid JSON at every moment. The lock is a file of its own
//! because the history is replaced, not written into. Records are kept as they were found, with keys of newer
//! programs and all; only what has the required numbers takes part in judging.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use mtbsync_align::WarpModel;
use mtbsync_formats::atomic::{FileSet, Replaces, WriteError};
use mtbsync_formats::json::{self, JsonError};
use mtbsync_formats::{ReadError, ReadErrorKind};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Name of the history file in a root folder.
pub const HISTORY_FILE: &str = "quality_history.json";
/// Where a damaged history is kept.
pub const DAMAGED_FILE: &str = "quality_history.json.bad";
/// Locked while the history is changed; empty, and left in place.
const LOCK_FILE: &str = ".quality_history.lock";
/// Newest records kept (docs/reference/files.md#quality_historyjson).
pub const MAX_RECORDS: usize = 2000;

/// What is remembered of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryRecord {
    /// End of the run, RFC 3339.
    pub ts: String,
    /// `sync:<new file name>` or `batch:<pair name>`.
    pub run_id: String,
    /// p90 residual, s.
    pub p90: f64,
    /// Deviation of the slope from 1, in millionths.
    pub ppm: f64,
    /// Share of pairs within the inlier distance.
    pub inlier_frac: f64,
    /// New frames analysed per second of retrieval.
    pub fps: Option<f64>,
    /// Process CPU time over wall time, percent.
    pub cpu_pct: Option<f64>,
    /// GPU use, percent.
    pub gpu_util: Option<f64>,
    /// Shape of the map. Of a line ppm is a property of the clocks and is judged, of a curve only reported.
    pub model: WarpModel,
    /// Mapped share of the new run.
    pub coverage: Option<f64>,
}

impl HistoryRecord {
    /// The record in `value`, if it has all that is required: text `ts` and `run_id`, finite numbers `p90`,
    /// `ppm` and `inlier_frac`. Anything else that is missing or odd is left out.
    fn from_value(value: &Value) -> Option<Self> {
        let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
        let number = |key: &str| value.get(key)?.as_f64().filter(|v| v.is_finite());
        Some(Self {
            ts: text("ts")?,
            run_id: text("run_id")?,
            p90: number("p90")?,
            ppm: number("ppm")?,
            inlier_frac: number("inlier_frac")?,
            fps: number("fps"),
            cpu_pct: number("cpu_pct"),
            gpu_util: number("gpu_util"),
            model: match value.get("model").and_then(Value::as_str) {
                Some("monotone") => WarpModel::Monotone,
                _ => WarpModel::Affine,
            },
            coverage: number("coverage"),
        })
    }
}

/// A history as read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Usable records, oldest first.
    pub records: Vec<HistoryRecord>,
    /// How many records lack required fields.
    pub ignored: usize,
    /// Whether the newest entry that names a run has no usable numbers.
    pub newest_is_unusable: bool,
}

impl History {
    fn from_values(mut values: Vec<Value>) -> Self {
        sort_by_time(&mut values);
        let newest_run = values.iter().rev().find(|v| v.get("run_id").is_some());
        let newest_is_unusable = newest_run.is_some_and(|v| HistoryRecord::from_value(v).is_none());
        let records: Vec<_> = values.iter().filter_map(HistoryRecord::from_value).collect();
        Self {
            ignored: values.len() - records.len(),
            newest_is_unusable,
            records,
        }
    }

    /// A line about records that were left out, if any were.
    pub fn warning(&self) -> Option<String> {
        (self.ignored > 0).then(|| {
            format!(
                "{} of {} history records ignored: ts, run_id, p90, ppm or inlier_frac missing",
                self.ignored,
                self.ignored + self.records.len()
            )
        })
    }
}

/// Why a history could not be read or extended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// There is no history.
    #[error("no quality history")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Not JSON, or not an array.
    #[error("not a quality history: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// The lock, or the copy of a damaged history, could not be made.
    #[error("cannot lock the quality history: {source}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The new history cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A record has no JSON form.
    #[error(transparent)]
    Json(JsonError),
}

impl HistoryError {
    /// The file it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Missing { path } | Self::Damaged { path, .. } | Self::Lock { path, .. } => Some(path),
            Self::Read(error) => Some(&error.path),
            Self::Write(error) => Some(&error.path),
            Self::Json(_) => None,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("run sync or batch first, or check ‹root›".to_owned()),
            Self::Damaged { .. } => Some(format!(
                "the next sync or batch keeps it as {DAMAGED_FILE} and starts a new one"
            )),
            Self::Read(error) => error.hint(),
            Self::Lock { .. } => Some("make the folder writable or use ‹regression-off›".to_owned()),
            Self::Write(error) => error.hint(),
            Self::Json(_) => None,
        }
    }
}

/// Reads the history in `root`.
///
/// # Errors
/// Missing, unreadable or not an array of JSON.
pub fn read(root: &Path) -> Result<History, HistoryError> {
    read_values(&root.join(HISTORY_FILE)).map(History::from_values)
}

/// What an append did.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// The history with the new records.
    pub history: History,
    /// Lines for the person: a damaged file that was put aside, records that were ignored.
    pub warnings: Vec<String>,
}

/// Adds `records`, in this order, to the history in `root`, under a lock that other processes respect.
///
/// # Errors
/// The folder does not allow writing, or an existing history cannot be read (a damaged one is put aside).
pub fn append(root: &Path, records: &[HistoryRecord]) -> Result<Appended, HistoryError> {
    let path = root.join(HISTORY_FILE);
    let _lock = lock(&root.join(LOCK_FILE))?;
    let mut warnings = Vec::new();
    let mut values = match read_values(&path) {
        Ok(values) => values,
        Err(HistoryError::Missing { .. }) => Vec::new(),
        Err(HistoryError::Damaged { reason, .. }) => {
            let kept_as = root.join(DAMAGED_FILE);
            fs::rename(&path, &kept_as).map_err(|error| WriteError::from_io(&kept_as, error))?;
            warnings.push(format!(
                "quality history was damaged ({reason}); kept as {DAMAGED_FILE}, a new one is started"
            ));
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    for record in records {
        let value = serde_json::to_value(record).map_err(|e| HistoryError::Json(JsonError::Serialize(e)))?;
        values.push(value);
    }
    sort_by_time(&mut values);
    values.drain(..values.len().saturating_sub(MAX_RECORDS));

    let mut outputs = FileSet::new();
    // What is there was read, or kept under another name.
    outputs.write(
        &path,
        Replaces::ANYTHING,
        &json::to_vec(&values).map_err(HistoryError::Json)?,
    )?;
    outputs.commit()?;
    let history = History::from_values(values);
    warnings.extend(history.warning());
    Ok(Appended { history, warnings })
}

fn lock(path: &Path) -> Result<File, HistoryError> {
    let fail = |source| HistoryError::Lock {
        path: path.to_owned(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(file)
}

fn read_values(path: &Path) -> Result<Vec<Value>, HistoryError> {
    let damaged = |reason: String| HistoryError::Damaged {
        path: path.to_owned(),
        reason,
    };
    match json::read::<Value>(path) {
        Ok(Value::Array(values)) => Ok(values),
        Ok(_) => Err(damaged("not a JSON array".to_owned())),
        Err(JsonError::Read(error)) => match error.kind {
            ReadErrorKind::NotFound => Err(HistoryError::Missing {
                path: path.to_owned(),
            }),
            ReadErrorKind::TooLarge { .. } => Err(damaged(error.to_string())),
            _ => Err(HistoryError::Read(error)),
        },
        Err(error) => Err(damaged(error.to_string())),
    }
}

/// Oldest first; records of the same moment keep their order, those without a readable time come first.
fn sort_by_time(values: &mut [Value]) {
    values.sort_by_cached_key(|value| {
        let ts = value.get("ts").and_then(Value::as_str).unwrap_or_default();
        let instant = OffsetDateTime::parse(ts, &Rfc3339).ok();
        (instant.map(OffsetDateTime::unix_timestamp_nanos), ts.to_owned())
    });
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
