//! A run in a few numbers (RUN of docs/reference/http.md#reading).

use std::fs;
use std::path::Path;

use mtbsync_artefacts::edits;
use mtbsync_artefacts::time_warp::{RecordingFile, TimeWarpFile, read_warp};
use mtbsync_formats::csv::{Row, Table};
use mtbsync_formats::read_bounded;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::catalogue::MARKER_COLUMNS;

/// Most bytes read of a table or a JSON file (docs/reference/http.md#limits).
pub const MAX_FILE_BYTES: u64 = 32 << 20;
/// Most rows of a table.
pub const MAX_ROWS: usize = 100_000;

/// Markers per status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Sure.
    pub ok: usize,
    /// To be looked at.
    pub review: usize,
    /// Without a counterpart.
    pub outside: usize,
}

impl Counts {
    /// Counts by the column `status`, else by `needs_review` and the presence of a time.
    pub fn of(table: &Table) -> Self {
        let status = table.column(&["status"]);
        let time = table.column(&["t_new", "t_new_est"]);
        let review = table.column(&["needs_review"]);
        let mut counts = Self::default();
        for row in &table.rows {
            let text = |column: Option<usize>| column.map_or("", |column| row.text(column)).trim();
            let word = match text(status) {
                "" if time.is_some() && text(time).is_empty() => "outside",
                "" if matches!(text(review), "true" | "1" | "yes") => "review",
                word => word,
            };
            match word {
                "outside" => counts.outside += 1,
                "review" => counts.review += 1,
                _ => counts.ok += 1,
            }
        }
        counts
    }
}

/// What is kept of a timewarp.json for lists.
#[derive(Clone, Debug, PartialEq)]
pub struct WarpSummary {
    /// Gates passed.
    pub ok: bool,
    /// `monotone` or `affine`.
    pub model: String,
    /// Mapped share of the new run.
    pub coverage: Option<f64>,
    /// Share of inliers.
    pub inlier_frac: Option<f64>,
    /// 90th percentile of the residuals, seconds.
    pub p90: Option<f64>,
    /// Deviation of the slope from 1.
    pub ppm: Option<f64>,
    /// Why not ok.
    pub reasons: Vec<String>,
    /// The reference recording.
    pub reference: Option<RecordingFile>,
    /// The new recording.
    pub new: Option<RecordingFile>,
}

impl From<TimeWarpFile> for WarpSummary {
    fn from(file: TimeWarpFile) -> Self {
        Self {
            ok: file.ok,
            coverage: file.coverage,
            inlier_frac: file.inlier_frac,
            p90: file.residuals.and_then(|residuals| residuals.p90),
            ppm: file.ppm,
            reasons: file.reasons,
            reference: file.reference,
            new: file.new,
            model: file.model,
        }
    }
}

/// One recording of a run as JSON.
pub fn recording_json(file: &RecordingFile, media: &str) -> Value {
    let name = Path::new(&file.path)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let fps = Some(&file.fps).filter(|fps| !fps.is_empty());
    json!({
        "name": name,
        "media": Some(media).filter(|_| !file.path.is_empty()),
        "duration": Some(file.duration).filter(|secs| *secs > 0.0),
        "fps": fps,
    })
}

/// Reads a warp file that is not larger than is read here.
///
/// # Errors
/// What is wrong with it, without its path.
pub fn read_timewarp(path: &Path) -> Result<TimeWarpFile, String> {
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > MAX_FILE_BYTES {
        return Err(format!("larger than {} MiB", MAX_FILE_BYTES >> 20));
    }
    read_warp(path).map_err(|error| error.what())
}

/// Reads a JSON file of any shape.
///
/// # Errors
/// What is wrong with it, without its path.
pub fn read_json(path: &Path) -> Result<Value, String> {
    let bytes = read_bounded(path, MAX_FILE_BYTES).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map_err(|_| "is not valid JSON".to_owned())
}

/// A table as it was read; cut off after [`MAX_ROWS`] rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedTable {
    /// The table.
    pub table: Table,
    /// There were more rows.
    pub truncated: bool,
}

impl BoundedTable {
    /// Reads the table at `path`; `known` are names its header may hold.
    ///
    /// # Errors
    /// What is wrong with it, without its path.
    pub fn read(path: &Path, known: &[&str]) -> Result<Self, String> {
        let bytes = read_bounded(path, MAX_FILE_BYTES).map_err(|error| error.to_string())?;
        Self::parse(&bytes, known)
    }

    /// Reads a table of markers as a person has left it.
    ///
    /// # Errors
    /// What is wrong with it, without its path.
    pub fn read_markers(path: &Path) -> Result<Self, String> {
        let bytes = edits::read_table(path, MAX_FILE_BYTES).map_err(|error| error.what())?;
        Self::parse(&bytes, &MARKER_COLUMNS)
    }

    /// Reads a table; `known` are names its header may hold.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8], known: &[&str]) -> Result<Self, String> {
        let mut table = Table::parse(bytes, known).map_err(|error| error.to_string())?;
        let truncated = table.rows.len() > MAX_ROWS;
        table.rows.truncate(MAX_ROWS);
        Ok(Self { table, truncated })
    }

    /// `headers` and `rows` of an answer; every cell is text.
    pub fn to_json(&self) -> Map<String, Value> {
        let headers = &self.table.headers;
        let row = |row: &Row| -> Value {
            let cells = headers.iter().enumerate();
            let cells = cells.map(|(column, name)| (name.clone(), Value::from(row.text(column))));
            Value::Object(cells.collect())
        };
        let rows: Vec<Value> = self.table.rows.iter().map(row).collect();
        let mut object = Map::new();
        object.insert("headers".to_owned(), json!(headers));
        object.insert("rows".to_owned(), Value::from(rows));
        if self.truncated {
            object.insert("truncated".to_owned(), Value::Bool(true));
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_counted_with_and_without_status() {
        let table = |text: &str| Table::parse(text.as_bytes(), &["name", "t_new"]).unwrap();
        let full = table("name,t_new,status\na,1,ok\nb,2,review\nc,,outside\nd,4,ok\n");
        let expected = Counts {
            ok: 2,
            review: 1,
            outside: 1,
        };
        assert_eq!(Counts::of(&full), expected);
        let bare = table("name,t_new,needs_review\na,1,false\nb,2,true\nc,,true\nd,4,\n");
        assert_eq!(Counts::of(&bare), expected);
    }
}
