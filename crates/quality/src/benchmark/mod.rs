//! `benchmark-quality`: all run folders of a root in one table (docs/reference/files.md#benchmark-reports).
//!
//! [`scan`] reads, [`Benchmark::summary`] counts, [`Benchmark::write`] makes the report files. A run that
//! cannot be read is a row with the status `error`; only a root that cannot be read is a failure.

mod export;
mod glob;
mod html;
mod residuals;
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mtbsync_artefacts::pairs::{PAIRS_FILE, PAIRS_RAW_FILE};
use mtbsync_artefacts::time_warp::TIMEWARP_FILE;
use mtbsync_formats::atomic::{FileSet, Replaces, WriteError, check_writable};
use mtbsync_formats::json::JsonError;

use crate::perf::PERF_FILE;
use crate::stats::mean;
pub use run::{RunRow, RunStatus, perf_field};

/// A folder that holds one of these is a run folder.
const ARTEFACTS: [&str; 4] = [TIMEWARP_FILE, PERF_FILE, PAIRS_FILE, PAIRS_RAW_FILE];

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchmarkSettings {
    /// Glob on folder names: `*`, `?`, `[a-z]`, `[!a-z]`.
    pub pattern: String,
    /// At most this many runs, newest first.
    pub limit: usize,
    /// Columns taken from perf.json; `a.b` names a key inside an object.
    pub fields: Vec<String>,
}

impl Default for BenchmarkSettings {
    fn default() -> Self {
        Self {
            pattern: "*".to_owned(),
            limit: 2000,
            fields: ["fps", "cpu_pct", "gpu_util", "gpu_mem_mb", "rss_mb"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

/// Which report files to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportFormats {
    /// `benchmark_quality.csv`.
    pub csv: bool,
    /// `benchmark_quality.json`.
    pub json: bool,
    /// `benchmark_quality.html` and `report.html`.
    pub html: bool,
}

impl Default for ReportFormats {
    fn default() -> Self {
        Self {
            csv: true,
            json: true,
            html: false,
        }
    }
}

/// All runs of a root.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// Name of the root folder, for headings.
    pub root_name: String,
    /// Names of the perf columns, without repetitions and names of fixed columns.
    pub fields: Vec<String>,
    /// One row per run, newest folder first.
    pub runs: Vec<RunRow>,
}

/// The numbers of the summary and of the cards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BenchmarkSummary {
    /// Run folders.
    pub total: usize,
    /// Runs whose gates passed.
    pub ok: usize,
    /// Runs that pass the strict rule as well.
    pub strict_ok: usize,
    /// Mean p90 residual of the runs that have one, s.
    pub mean_p90: Option<f64>,
    /// Mean ppm of the runs that have one.
    pub mean_ppm: Option<f64>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchmarkError {
    /// The root is missing or not readable.
    #[error("root folder not found or not readable: {source}")]
    Root {
        /// The root.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A report cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A report has no JSON form.
    #[error(transparent)]
    Json(#[from] JsonError),
}

impl BenchmarkError {
    /// The file or folder it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Root { path, .. } => Some(path),
            Self::Write(error) => Some(&error.path),
            Self::Json(_) => None,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Root { .. } => Some("check ‹root›".to_owned()),
            Self::Write(error) => error.hint(),
            Self::Json(error) => error.hint(),
        }
    }
}

/// Reads every run folder: direct children of `root`, or `root` itself, that hold an artefact and whose name
/// matches the pattern; `out_dir` is never one. `progress` is told how many of how many are read.
///
/// # Errors
/// `root` is missing or not readable.
pub fn scan(
    root: &Path,
    out_dir: &Path,
    settings: &BenchmarkSettings,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Benchmark, BenchmarkError> {
    let folders = run_folders(root, out_dir, settings)?;
    let fields = export::distinct_fields(&settings.fields);
    let total = folders.len();
    let mut runs = Vec::with_capacity(total);
    for (done, (name, folder)) in folders.into_iter().enumerate() {
        runs.push(run::read_run(&folder, name, &fields));
        progress(done + 1, total);
    }
    Ok(Benchmark {
        root_name: folder_name(root),
        fields,
        runs,
    })
}

fn run_folders(
    root: &Path,
    out_dir: &Path,
    settings: &BenchmarkSettings,
) -> Result<Vec<(String, PathBuf)>, BenchmarkError> {
    let entries = fs::read_dir(root).map_err(|source| BenchmarkError::Root {
        path: root.to_owned(),
        source,
    })?;
    let excluded = out_dir.canonicalize().ok();
    let wanted = glob::pattern(&settings.pattern);
    let mut found: Vec<(SystemTime, String, PathBuf)> = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .chain(std::iter::once((folder_name(root), root.to_owned())))
        .filter(|(name, _)| wanted.as_ref().is_some_and(|wanted| wanted.matches(name)))
        .filter(|(_, path)| ARTEFACTS.iter().any(|artefact| path.join(artefact).is_file()))
        .filter(|(_, path)| excluded.is_none() || path.canonicalize().ok() != excluded)
        .map(|(name, path)| {
            let modified = fs::metadata(&path).and_then(|m| m.modified());
            (modified.unwrap_or(SystemTime::UNIX_EPOCH), name, path)
        })
        .collect();
    found.sort_by(|(a_time, a, _), (b_time, b, _)| b_time.cmp(a_time).then_with(|| a.cmp(b)));
    found.truncate(settings.limit);
    Ok(found.into_iter().map(|(_, name, path)| (name, path)).collect())
}

/// Last part of a path, also for `.` and `..`.
fn folder_name(path: &Path) -> String {
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    resolved.file_name().map_or_else(
        || resolved.to_string_lossy().into_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

const OWN_CSV: Replaces = Replaces::own(|ends| ends.has_header("run_id,status,ok,strict_ok,"));
const OWN_JSON: Replaces = Replaces::own(|ends| ends.has_keys(&["run_id", "strict_ok"]));
const OWN_HTML: Replaces = Replaces::own(|ends| ends.head_holds("<title>Alignment quality: "));

impl Benchmark {
    /// Counts and means.
    pub fn summary(&self) -> BenchmarkSummary {
        let count =
            |flag: fn(&RunRow) -> Option<bool>| self.runs.iter().filter(|r| flag(r) == Some(true)).count();
        BenchmarkSummary {
            total: self.runs.len(),
            ok: count(|r| r.ok),
            strict_ok: count(|r| r.strict_ok),
            mean_p90: mean(self.runs.iter().filter_map(|r| r.res_p90)),
            mean_ppm: mean(self.runs.iter().filter_map(|r| r.ppm)),
        }
    }

    /// Writes the reports into `out_dir`, which is created; returns their paths. Other files of their names
    /// are replaced only with `overwrite`.
    ///
    /// # Errors
    /// The folder does not allow writing.
    pub fn write(
        &self,
        out_dir: &Path,
        formats: ReportFormats,
        overwrite: bool,
        generated_utc: &str,
    ) -> Result<Vec<PathBuf>, BenchmarkError> {
        check_writable(out_dir)?;
        let may = |own| if overwrite { Replaces::ANYTHING } else { own };
        let mut outputs = FileSet::new();
        if formats.csv {
            outputs.write(
                &out_dir.join("benchmark_quality.csv"),
                may(OWN_CSV),
                &export::to_csv(self),
            )?;
        }
        if formats.json {
            outputs.write(
                &out_dir.join("benchmark_quality.json"),
                may(OWN_JSON),
                &export::to_json(self)?,
            )?;
        }
        if formats.html {
            let page = self.html(generated_utc);
            outputs.write(
                &out_dir.join("benchmark_quality.html"),
                may(OWN_HTML),
                page.as_bytes(),
            )?;
            outputs.write(&out_dir.join("report.html"), may(OWN_HTML), page.as_bytes())?;
        }
        Ok(outputs.commit()?)
    }

    /// The report as one page of HTML without outside resources. `generated_utc` is shown as it is.
    pub fn html(&self, generated_utc: &str) -> String {
        html::page(self, generated_utc)
    }
}

impl BenchmarkSummary {
    /// `count` as a share of all runs, in percent.
    pub fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.total.max(1) as f64
    }

    /// The summary lines; with `strict` also the strict count.
    pub fn text(&self, strict: bool) -> String {
        let share = |count: usize| format!("{count} ({:.1}%)", self.percent(count));
        let mut text = format!("Total runs: {}\nOK: {}\n", self.total, share(self.ok));
        if strict {
            text.push_str(&format!("Strict OK: {}\n", share(self.strict_ok)));
        }
        let number = |v: Option<f64>, unit: &str, decimals: usize| {
            v.map_or_else(|| "-".to_owned(), |v| format!("{v:.decimals$}{unit}"))
        };
        text.push_str(&format!("Mean P90: {}\n", number(self.mean_p90, " s", 3)));
        text.push_str(&format!("Mean PPM: {}\n", number(self.mean_ppm, "", 1)));
        text
    }
}

#[cfg(test)]
mod tests;
