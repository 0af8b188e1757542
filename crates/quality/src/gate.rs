//! `quality_gate.json` and `quality_gate.txt`: the verdict as a CI job wants it
//! (docs/reference/files.md#quality_gatejson).
//!
//! A gate never fails a young history: under `min_history` runs a FAIL is shown as a warning, because a
//! baseline of a dozen runs says little. No data is no failure either, only an error is.

use std::path::{Path, PathBuf};

use mtbsync_formats::atomic::{FileSet, Replaces};
use mtbsync_formats::json;
use serde::{Deserialize, Serialize};

use crate::regression::{RegressionError, RegressionReport, RegressionStatus};
use crate::thresholds::Thresholds;
pub use crate::tuning::DEFAULT_MIN_HISTORY;

/// Name of the JSON file.
pub const GATE_JSON_FILE: &str = "quality_gate.json";
/// Name of the text file.
pub const GATE_TEXT_FILE: &str = "quality_gate.txt";

/// Verdict of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GateStatus {
    /// Nothing worse than allowed, or still learning.
    Pass,
    /// Worse than allowed, or a failure in a young history.
    Warn,
    /// Much worse than allowed.
    Fail,
    /// Nothing to judge.
    NoData,
}

impl GateStatus {
    const fn shown(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
            Self::NoData => "NO_DATA",
        }
    }

    /// The number in the file: the exit code of `quality-check` without `--ci`.
    const fn recorded_exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::NoData => 2,
            Self::Warn => 10,
            Self::Fail => 20,
        }
    }
}

/// The three judged metrics.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GateNumbers {
    /// p90 residual, s.
    pub p90_sec: Option<f64>,
    /// Deviation of the slope from 1, in millionths.
    pub ppm: Option<f64>,
    /// Share of inliers.
    pub inlier_frac: Option<f64>,
}

const OWN_TEXT: Replaces = Replaces::own(|ends| ends.has_header("Quality Gate: "));
const OWN_JSON: Replaces = Replaces::own(|ends| ends.has_keys(&["status", "min_history"]));

/// The comparison behind the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRegression {
    /// `ok`, `warn` or `fail`; learning is `ok`.
    pub severity: RegressionStatus,
    /// The judged run.
    pub current: GateNumbers,
    /// Medians of the runs before.
    pub baseline: GateNumbers,
    /// Current minus baseline.
    pub deltas: GateNumbers,
    /// Thresholds used.
    pub thresholds: Thresholds,
    /// One line per finding.
    pub reasons: Vec<String>,
}

/// Content of `quality_gate.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityGate {
    /// Verdict.
    pub status: GateStatus,
    /// Code that belongs to the status: 0, 10, 20 or 2; 0 for a warning that would be a failure later.
    pub exit_code: u8,
    /// When the check ran, RFC 3339.
    pub timestamp: String,
    /// The comparison; `None` when there was none.
    pub regression: Option<GateRegression>,
    /// Whether the history is too young for a hard verdict.
    pub learning: bool,
    /// Usable records.
    pub history_size: usize,
    /// Records needed for a FAIL.
    pub min_history: usize,
    /// `WARN_LEARNING` for a failure in a young history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_status: Option<String>,
    /// Why there is no comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl QualityGate {
    /// The gate for a comparison.
    pub fn judged(report: &RegressionReport, timestamp: &str, min_history: usize) -> Self {
        let young = report.n_history < min_history;
        let spared = report.status == RegressionStatus::Fail && young;
        let status = match report.status {
            RegressionStatus::Learning | RegressionStatus::Ok => GateStatus::Pass,
            RegressionStatus::Warn => GateStatus::Warn,
            RegressionStatus::Fail if spared => GateStatus::Warn,
            RegressionStatus::Fail => GateStatus::Fail,
        };
        Self {
            status,
            exit_code: if spared { 0 } else { status.recorded_exit_code() },
            timestamp: timestamp.to_owned(),
            regression: Some(GateRegression::of(report)),
            learning: spared || report.status == RegressionStatus::Learning,
            history_size: report.n_history,
            min_history,
            display_status: spared.then(|| "WARN_LEARNING".to_owned()),
            message: None,
        }
    }

    /// The gate when there is nothing to judge.
    pub fn no_data(message: &str, timestamp: &str, min_history: usize) -> Self {
        Self {
            status: GateStatus::NoData,
            exit_code: GateStatus::NoData.recorded_exit_code(),
            timestamp: timestamp.to_owned(),
            regression: None,
            learning: false,
            history_size: 0,
            min_history,
            display_status: None,
            message: Some(message.to_owned()),
        }
    }

    /// The word to show: the status, or `WARN_LEARNING`.
    pub fn shown_status(&self) -> &str {
        self.display_status
            .as_deref()
            .unwrap_or_else(|| self.status.shown())
    }

    /// Content of `quality_gate.txt`.
    pub fn text(&self) -> String {
        let mut text = format!("Quality Gate: {}\n", self.shown_status());
        if let Some(regression) = &self.regression {
            text.push('\n');
            text.push_str(&metric_table(
                &regression.current,
                &regression.baseline,
                &regression.deltas,
            ));
            text.push('\n');
            for reason in &regression.reasons {
                text.push_str(&format!("\u{2192} {reason}\n"));
            }
        }
        if let Some(message) = &self.message {
            text.push_str(&format!("\n{message}\n"));
        }
        if self.learning {
            text.push_str(&format!(
                "\nLearning mode: Only {} runs in history (need {} for hard-fail)\n",
                self.history_size, self.min_history
            ));
        }
        text
    }

    /// Writes both files into `folder`; returns their paths. Other files of their names are replaced only
    /// with `overwrite`.
    ///
    /// # Errors
    /// The folder does not allow writing.
    pub fn write(&self, folder: &Path, overwrite: bool) -> Result<Vec<PathBuf>, RegressionError> {
        let may = |own| if overwrite { Replaces::ANYTHING } else { own };
        let mut outputs = FileSet::new();
        outputs.write(
            &folder.join(GATE_TEXT_FILE),
            may(OWN_TEXT),
            self.text().as_bytes(),
        )?;
        outputs.write(&folder.join(GATE_JSON_FILE), may(OWN_JSON), &json::to_vec(self)?)?;
        Ok(outputs.commit()?)
    }
}

impl GateRegression {
    fn of(report: &RegressionReport) -> Self {
        Self {
            severity: match report.status {
                RegressionStatus::Learning => RegressionStatus::Ok,
                judged => judged,
            },
            current: GateNumbers::current(report),
            baseline: GateNumbers::baseline(report),
            deltas: GateNumbers::deltas(report),
            thresholds: report.thresholds,
            reasons: report.reasons.clone(),
        }
    }
}

impl GateNumbers {
    /// Numbers of the judged run.
    pub fn current(report: &RegressionReport) -> Self {
        Self {
            p90_sec: Some(report.current.p90),
            ppm: Some(report.current.ppm),
            inlier_frac: Some(report.current.inlier_frac),
        }
    }

    /// Medians of the runs before.
    pub fn baseline(report: &RegressionReport) -> Self {
        Self {
            p90_sec: report.baseline.p90_baseline,
            ppm: report.baseline.ppm_baseline,
            inlier_frac: report.baseline.inlier_baseline,
        }
    }

    /// Current minus baseline.
    pub fn deltas(report: &RegressionReport) -> Self {
        Self {
            p90_sec: report.deltas.p90_delta,
            ppm: report.deltas.ppm_delta,
            inlier_frac: report.deltas.inlier_delta,
        }
    }
}

/// The table Metric / Current / Baseline / Delta.
pub(crate) fn metric_table(current: &GateNumbers, baseline: &GateNumbers, deltas: &GateNumbers) -> String {
    let rows = [
        ("P90 (s)", 3, current.p90_sec, baseline.p90_sec, deltas.p90_sec),
        ("PPM", 1, current.ppm, baseline.ppm, deltas.ppm),
        (
            "Inlier Frac",
            3,
            current.inlier_frac,
            baseline.inlier_frac,
            deltas.inlier_frac,
        ),
    ];
    let mut table = format!(
        "{:<12} {:>10} {:>10} {:>10}\n",
        "Metric", "Current", "Baseline", "Delta"
    );
    table.push_str(&format!("{:-<45}\n", ""));
    for (name, decimals, current, baseline, delta) in rows {
        let plain = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.decimals$}"));
        let signed =
            |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{:+.decimals$}", v + 0.0));
        table.push_str(&format!(
            "{name:<12} {:>10} {:>10} {:>10}\n",
            plain(current),
            plain(baseline),
            signed(delta)
        ));
    }
    table
}
